/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <errno.h>

#include "cluster/oracle_allot.h"
#include "cluster/record.h"
#include "cluster/store_backoff.h"
#include "cluster/store_clock.h"

/* A value beyond this one was written by nobody's oracle. */
#define LAST_SANE (UINT64_MAX / 4 * 3)

static void count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Learns the key's value and revision. */
static int learn(struct allotter *allotter, const struct roster_store_range *range)
{
    uint64_t next = 0;
    int err = record_of(range, &next);

    if (err == -ENOENT && allotter->seen)
        return -EREMCHG;
    if (err != 0 && err != -ENOENT)
        return err;
    if (next > LAST_SANE)
        return -EBADMSG;
    allotter->next = next;
    allotter->revision = record_revision(range);
    allotter->seen = range->count != 0;
    allotter->known = true;
    return 0;
}

static int look(struct allotter *allotter, int64_t deadline)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(allotter->key));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(allotter->store, &keys, 1, store_remaining_ms(deadline), &range);

    if (err == 0)
        err = learn(allotter, range);
    roster_store_free(range);
    return err;
}

/* One compare-and-swap to `end`: 1 done, 0 another was first, or an error. */
static int swap(struct allotter *allotter, uint64_t end, int64_t deadline)
{
    struct roster_store_bytes key = roster_store_text(allotter->key);
    char text[RECORD_SIZE];
    struct roster_store_compare same =
        roster_store_if(key, ROSTER_STORE_MOD_REVISION, ROSTER_STORE_EQUAL, allotter->revision);
    struct roster_store_op put = roster_store_put(key, record_format(end, text), 0);
    struct roster_store_op get = roster_store_read(roster_store_key(key), 1);
    struct roster_store_txn txn = {&same, 1, &put, 1, &get, 1};
    struct roster_store_txn_result *result = NULL;
    int err;

    allotter->known = false;
    count(&allotter->transactions);
    err = roster_store_txn(allotter->store, &txn, store_remaining_ms(deadline), &result);
    if (err == 0 && result->succeeded) {
        allotter->revision = result->revision;
        allotter->next = end;
        allotter->seen = true;
        allotter->known = true;
        err = 1;
    } else if (err == 0) {
        count(&allotter->conflicts);
        err = learn(allotter, &result->results[0].range);
    }
    roster_store_free(result);
    return err;
}

/* Where the next range begins: above all that were allotted, and not behind the wall clock. */
static uint64_t begin_at(const struct allotter *allotter)
{
    uint64_t wall = wall_clock_ts(&allotter->clock);

    return wall > allotter->next ? wall : allotter->next;
}

int allotter_allot(struct allotter *allotter, uint64_t n, uint64_t *first)
{
    int64_t deadline = store_deadline_in(allotter->timeout_ms);
    unsigned failures = 0;
    int err = 0;

    for (;;) {
        if (!allotter->known)
            err = look(allotter, deadline);
        if (err != 0)
            return err;
        *first = begin_at(allotter);
        err = swap(allotter, *first + n, deadline);
        if (err == 1)
            break;
        /* What became of an unknown swap does not matter: its range is nobody's. */
        if (err != 0 && err != -EINPROGRESS)
            return err;
        if (store_remaining_ns(deadline) == 0)
            return -ETIMEDOUT;
        err = 0;
        if (++failures > 1)
            store_sleep_until(store_monotonic_ns() + store_backoff_ns(1, 16, failures - 2));
    }
    atomic_store_explicit(&allotter->last, *first + n - 1, memory_order_relaxed);
    return 0;
}
