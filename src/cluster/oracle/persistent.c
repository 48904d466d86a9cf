/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A hybrid clock with a high-water mark in a store: no timestamp at or above the mark is returned
 * before the store has acknowledged a higher mark. A new process begins at the mark it finds. The
 * mark's value is "TIMESTAMP OWNER", so that a process can determine whether an unanswered write
 * was its own.
 */

#include "cluster/keys/keys.h"
#include "cluster/oracle/oracle.h"
#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "store/base/clock.h"
#include "store/base/foreign.h"
#include "store/base/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <roster/timestamp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WINDOW_MS (24U * 3600 * 1000)
#define OWNER_SIZE 17
/* How long a failed early move of the mark is not repeated. */
#define PAUSE_NS (200 * STORE_NS_PER_MS)

struct roster_oracle_persistent {
    rst_word last; /* handed out last */
    rst_word mark; /* all timestamps returned are below it; never goes back */
    /* Constant. */
    struct roster_store *store;
    char *key;
    uint32_t window_ms;
    int timeout_ms;
    struct wall_clock clock;
    char owner[OWNER_SIZE];
    /* Under the lock. */
    pthread_mutex_t lock;
    int64_t revision; /* of the mark's last change */
    int64_t pause_until;
};

/* Divides a mark's value; the owner is what follows the blank. */
static int mark_parse(struct roster_store_bytes value, uint64_t *mark,
                      struct roster_store_bytes *owner)
{
    const char *blank = value.size == 0 ? NULL : memchr(value.data, ' ', value.size);
    struct roster_store_bytes number = {value.data, 0};

    if (!blank)
        return -EBADMSG;
    number.size = (size_t)(blank - (const char *)value.data);
    owner->data = blank + 1;
    owner->size = value.size - number.size - 1;
    return rst_record_parse(number, mark);
}

/* Reads the mark: what it is (0 for none), its revision, and whether it is ours. */
static int mark_read(struct roster_oracle_persistent *oracle, int64_t deadline, uint64_t *mark,
                     int64_t *revision, bool *ours)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(oracle->key));
    struct roster_store_bytes owner = {NULL, 0};
    struct roster_store_range *range = NULL;
    int err = roster_store_get(oracle->store, &keys, 1, rst_store_remaining_ms(deadline), &range);

    if (err)
        return err;
    *mark = 0;
    *revision = rst_record_revision(range);
    if (range->count != 0)
        err = mark_parse(range->kvs[0].value, mark, &owner);
    *ours =
        !err && owner.size == OWNER_SIZE - 1 && memcmp(owner.data, oracle->owner, owner.size) == 0;
    roster_store_free(range);
    return err;
}

/* Compare-and-swap on `oracle->revision`: 0, -ERESTART when it was another one, or an error. */
static int mark_write(struct roster_oracle_persistent *oracle, uint64_t mark, int64_t deadline)
{
    struct roster_store_bytes key = roster_store_text(oracle->key);
    struct roster_store_compare same =
        roster_store_if(key, ROSTER_STORE_MOD_REVISION, ROSTER_STORE_EQUAL, oracle->revision);
    char text[RECORD_SIZE + OWNER_SIZE];
    struct roster_store_op put;
    struct roster_store_txn txn = {&same, 1, &put, 1, NULL, 0};
    struct roster_store_txn_result *result = NULL;
    int err;

    snprintf(text, sizeof(text), "%" PRIu64 " %s", mark, oracle->owner);
    put = roster_store_put(key, roster_store_text(text), 0);
    err = roster_store_txn(oracle->store, &txn, rst_store_remaining_ms(deadline), &result);
    if (!err && result->succeeded)
        oracle->revision = result->revision;
    else if (!err)
        err = -ERESTART;
    roster_store_free(result);
    return err;
}

/* Writes the mark; settles whether an earlier, unanswered write was carried out. */
static int mark_move(struct roster_oracle_persistent *oracle, uint64_t mark, int64_t deadline)
{
    int64_t revision = 0;
    uint64_t found = 0;
    bool ours = false;
    int err;

    for (;;) {
        err = mark_write(oracle, mark, deadline);
        if (err != -ERESTART && err != -EINPROGRESS)
            return err;
        err = mark_read(oracle, deadline, &found, &revision, &ours);
        if (err)
            return err;
        if (!ours)
            return -EREMCHG;
        /* Only the revision of our own write: the next write must not replace another's mark. */
        oracle->revision = revision;
        if (found == mark)
            return 0;
        if (!rst_store_remaining_ns(deadline))
            return -ETIMEDOUT;
    }
}

static uint64_t mark_above(const struct roster_oracle_persistent *oracle, uint64_t ts)
{
    return roster_ts_compose(roster_ts_physical_ms(ts) + 1 + oracle->window_ms, 0);
}

/* Moves the mark a window above `ts`; with `early` only if no other thread does it. */
static int extend(struct roster_oracle_persistent *oracle, uint64_t ts, bool early)
{
    uint64_t mark = rst_load(&oracle->mark);
    int err = 0;

    if (!early)
        pthread_mutex_lock(&oracle->lock);
    else if (pthread_mutex_trylock(&oracle->lock))
        return 0;
    if ((!early || rst_store_monotonic_ns() >= oracle->pause_until) &&
        rst_load(&oracle->mark) == mark) {
        mark = mark_above(oracle, ts);
        err = mark_move(oracle, mark, rst_store_deadline_in(oracle->timeout_ms));
        /* Release: the store has it before any thread returns more; pairs with the load in get.
         */
        if (!err)
            rst_store_release(&oracle->mark, mark);
        else
            oracle->pause_until = rst_store_time_add(rst_store_monotonic_ns(), PAUSE_NS);
    }
    pthread_mutex_unlock(&oracle->lock);
    return err;
}

/* Takes over the mark from its last user. */
static int take_over(struct roster_oracle_persistent *oracle)
{
    int64_t deadline = rst_store_deadline_in(oracle->timeout_ms);
    uint64_t old = 0, wall = rst_wall_clock_ts(&oracle->clock), mark;
    bool ours = false;
    int err;

    do {
        err = mark_read(oracle, deadline, &old, &oracle->revision, &ours);
        if (err)
            return err;
        if (ours) { /* the unanswered write was carried out */
            mark = old;
            break;
        }
        if (rst_wall_clock_is_too_far(&oracle->clock, old))
            return -EOVERFLOW;
        rst_store(&oracle->last, old == 0 ? 0 : old - 1);
        mark = mark_above(oracle, old > wall ? old : wall);
        err = mark_write(oracle, mark, deadline);
    } while ((err == -ERESTART || err == -EINPROGRESS) && rst_store_remaining_ns(deadline) > 0);
    rst_store(&oracle->mark, mark);
    return err == -ERESTART || err == -EINPROGRESS ? -ETIMEDOUT : err;
}

int roster_oracle_persistent_create(struct roster_store *store,
                                    const struct roster_oracle_persistent_options *options,
                                    struct roster_oracle_persistent **oracle)
{
    RST_NOT_CANCELLED;
    struct roster_oracle_persistent_options known;
    struct roster_oracle_persistent *made;
    uint64_t owner;
    int err;

    if (!store || !oracle)
        return -EINVAL;
    if (rst_store_is_foreign(store))
        return -ECHILD;
    err = rst_struct_get(&known, sizeof(known), sizeof(known), options);
    if (err || known.timeout_ms < 0 || known.window_ms > MAX_WINDOW_MS)
        return err ? err : -EINVAL;
    err = rst_store_random(store, &owner);
    if (err)
        return err;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->store = store;
    made->window_ms = known.window_ms == 0 ? 3000 : known.window_ms;
    made->timeout_ms = known.timeout_ms == 0 ? 5000 : known.timeout_ms;
    made->clock = rst_wall_clock_choose(known.wall_clock, known.wall_arg, known.max_ahead_ms);
    snprintf(made->owner, sizeof(made->owner), "%016" PRIx64, owner);
    made->key = strdup(known.key ? known.key : "/roster/clock");
    made->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    if (!made->key) {
        free(made);
        return -ENOMEM;
    }
    err = take_over(made);
    if (err) {
        roster_oracle_persistent_destroy(made);
        return err;
    }
    *oracle = made;
    return 0;
}

void roster_oracle_persistent_destroy(struct roster_oracle_persistent *oracle)
{
    RST_NOT_CANCELLED;

    if (!oracle || rst_store_is_foreign(oracle->store))
        return;
    pthread_mutex_destroy(&oracle->lock);
    free(oracle->key);
    free(oracle);
}

int roster_oracle_persistent_allocate(void *arg, uint64_t *ts)
{
    RST_NOT_CANCELLED;
    struct roster_oracle_persistent *oracle = arg;
    uint64_t wall, last, next, mark;
    int err;

    if (!oracle || !ts)
        return -EINVAL;
    if (rst_store_is_foreign(oracle->store))
        return -ECHILD;
    for (;;) {
        wall = rst_wall_clock_ts(&oracle->clock);
        last = rst_load(&oracle->last);
        next = wall > last ? wall : last + 1;
        /* Pairs with the release in extend(). */
        mark = rst_load_acquire(&oracle->mark);
        if (next >= mark) {
            err = extend(oracle, next, false);
            if (err)
                return err;
        } else if (__atomic_compare_exchange_n(&oracle->last, &last, next, true, __ATOMIC_RELAXED,
                                               __ATOMIC_RELAXED)) {
            break;
        }
    }
    *ts = next;
    /* No caller has to wait for this; a failure shows when the end of the window is reached. */
    if (roster_ts_physical_ms(mark) - roster_ts_physical_ms(next) < oracle->window_ms / 2)
        (void)extend(oracle, next, true);
    return 0;
}

int roster_oracle_persistent_read(void *arg, uint64_t *ts)
{
    struct roster_oracle_persistent *oracle = arg;
    uint64_t last;

    if (!oracle || !ts)
        return -EINVAL;
    if (rst_store_is_foreign(oracle->store))
        return -ECHILD;
    last = rst_load(&oracle->last);
    if (rst_wall_clock_has_left(&oracle->clock, last))
        return roster_oracle_persistent_allocate(arg, ts);
    *ts = last;
    return 0;
}

uint64_t roster_oracle_persistent_ahead_ms(const struct roster_oracle_persistent *oracle)
{
    return oracle ? rst_wall_clock_ahead_ms(&oracle->clock, rst_load(&oracle->last)) : 0;
}
