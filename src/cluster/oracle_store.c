/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The global oracle. Whoever asks puts himself into a queue. The first one leads: he takes the
 * queue as it stands, and only then asks the store for a range of that length, so nobody gets a
 * timestamp that was allotted before he asked. Whoever came meanwhile waits for the next range,
 * which the first of them gets when the leader is done.
 */

#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/options.h"
#include "cluster/oracle_allot.h"
#include "core/cancel.h"

enum turn { TURN_WAIT, TURN_LEAD, TURN_DONE };

struct waiter {
    struct waiter *next;
    pthread_cond_t woken;
    enum turn turn;
    uint64_t ts;
    int err;
};

struct roster_oracle_store {
    struct allotter allotter; /* the leader's */
    pthread_mutex_t lock;
    struct waiter *first; /* the queue, without those whom the leader has taken */
    struct waiter **end;
    bool led;
    uint64_t timestamps;
    uint64_t failures;
#ifdef ROSTER_CONTROL_STALE_RANGE
    uint64_t spare_from, spare_to; /* the fault that the linearizability test must find */
#endif
};

int roster_oracle_store_create(struct roster_store *store,
                               const struct roster_oracle_store_options *options,
                               struct roster_oracle_store **oracle)
{
    RST_NOT_CANCELLED;
    struct roster_oracle_store_options known = {.size = sizeof(known)};
    struct roster_oracle_store *made;
    int err = 0;

    if (store == NULL || oracle == NULL)
        return -EINVAL;
    if (options != NULL)
        err = options_copy(&known, sizeof(known), options);
    if (err != 0 || known.timeout_ms < 0)
        return err != 0 ? err : -EINVAL;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->allotter.store = store;
    made->allotter.timeout_ms = known.timeout_ms == 0 ? 5000 : known.timeout_ms;
    made->allotter.clock = wall_clock_choose(known.wall_clock, known.wall_arg);
    made->allotter.key = strdup(known.key == NULL ? "/roster/oracle" : known.key);
    made->end = &made->first;
    if (made->allotter.key == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made->allotter.key);
        free(made);
        return -ENOMEM;
    }
    *oracle = made;
    return 0;
}

void roster_oracle_store_destroy(struct roster_oracle_store *oracle)
{
    RST_NOT_CANCELLED;

    if (oracle == NULL)
        return;
    pthread_mutex_destroy(&oracle->lock);
    free(oracle->allotter.key);
    free(oracle);
}

static uint64_t length(const struct waiter *waiter)
{
    uint64_t n = 0;

    for (; waiter != NULL; waiter = waiter->next)
        n++;
    return n;
}

#ifdef ROSTER_CONTROL_STALE_RANGE
/* Allots more than was asked for, and serves whoever asks later from the rest. */
static int allot(struct roster_oracle_store *oracle, uint64_t n, uint64_t *first)
{
    int err = 0;

    if (oracle->spare_to - oracle->spare_from < n) {
        err = allotter_allot(&oracle->allotter, n + 64, &oracle->spare_from);
        oracle->spare_to = oracle->spare_from + (err == 0 ? n + 64 : 0);
    }
    *first = oracle->spare_from;
    oracle->spare_from += err == 0 ? n : 0;
    return err;
}
#else
static int allot(struct roster_oracle_store *oracle, uint64_t n, uint64_t *first)
{
    return allotter_allot(&oracle->allotter, n, first);
}
#endif

/* Tells everybody of the list what he got; under the lock, after which his waiter is gone. */
static void serve(struct roster_oracle_store *oracle, struct waiter *list, int err, uint64_t first)
{
    while (list != NULL) {
        struct waiter *waiter = list;

        list = waiter->next;
        waiter->ts = first++;
        waiter->err = err;
        *(err == 0 ? &oracle->timestamps : &oracle->failures) += 1;
        waiter->turn = TURN_DONE;
        pthread_cond_signal(&waiter->woken);
    }
}

/* Takes the queue, its first waiter being the caller, and serves it; under the lock. */
static void lead(struct roster_oracle_store *oracle)
{
    struct waiter *list = oracle->first;
    uint64_t first = 0;
    int err;

    oracle->led = true;
    oracle->first = NULL;
    oracle->end = &oracle->first;
    pthread_mutex_unlock(&oracle->lock);
    err = allot(oracle, length(list), &first);
    pthread_mutex_lock(&oracle->lock);
    serve(oracle, list, err, first);
    oracle->led = oracle->first != NULL;
    if (oracle->led) {
        oracle->first->turn = TURN_LEAD;
        pthread_cond_signal(&oracle->first->woken);
    }
}

int roster_oracle_store_get(void *arg, uint64_t *ts)
{
    RST_NOT_CANCELLED;
    struct roster_oracle_store *oracle = arg;
    struct waiter me = {NULL, PTHREAD_COND_INITIALIZER, TURN_WAIT, 0, 0};

    if (oracle == NULL || ts == NULL)
        return -EINVAL;
    pthread_mutex_lock(&oracle->lock);
    *oracle->end = &me;
    oracle->end = &me.next;
    if (!oracle->led)
        me.turn = TURN_LEAD;
    while (me.turn == TURN_WAIT)
        pthread_cond_wait(&me.woken, &oracle->lock);
    if (me.turn == TURN_LEAD)
        lead(oracle);
    pthread_mutex_unlock(&oracle->lock);
    pthread_cond_destroy(&me.woken);
    if (me.err == 0)
        *ts = me.ts;
    return me.err;
}

int roster_oracle_store_get_stats(struct roster_oracle_store *oracle,
                                  struct roster_oracle_store_stats *stats)
{
    struct allotter *allotter;
    int err;

    if (oracle == NULL || stats == NULL)
        return -EINVAL;
    err = options_check_size(stats->size, sizeof(*stats));
    if (err != 0)
        return err;
    allotter = &oracle->allotter;
    stats->transactions = atomic_load_explicit(&allotter->transactions, memory_order_relaxed);
    stats->conflicts = atomic_load_explicit(&allotter->conflicts, memory_order_relaxed);
    stats->ahead_ms = wall_clock_ahead_ms(
        &allotter->clock, atomic_load_explicit(&allotter->last, memory_order_relaxed));
    pthread_mutex_lock(&oracle->lock);
    stats->timestamps = oracle->timestamps;
    stats->failures = oracle->failures;
    pthread_mutex_unlock(&oracle->lock);
    return 0;
}
