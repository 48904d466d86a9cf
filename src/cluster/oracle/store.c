/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The global oracle. Callers queue up; the first becomes the leader. It takes the present queue and
 * only then requests a range of that length from the store, so no caller gets a timestamp that was
 * allotted before its call. Callers that only read take the last one of the range; if none
 * allocates, the leader only reads which was allotted last. Later callers wait for the next range;
 * the first of them becomes the next leader.
 *
 * Each caller waits on its own semaphore and needs no lock once it is woken. Served callers are
 * woken before the next leader, so that those that call again at once join the next range: of 64
 * threads one transaction then serves nearly all, instead of every other one.
 */

#include "cluster/oracle/oracle.h"
#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "store/base/foreign.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* On the caller's stack. The caller owns everything but `next`, until the leader wakes it. */
struct waiter {
    struct waiter *next;
    sem_t woken; /* posted once: served, or to lead */
    bool leads;
    bool reads;
    uint64_t ts;
    int err;
};

struct roster_oracle_store {
    struct allotter allotter; /* the leader's */
    pthread_mutex_t lock;
    struct waiter *first; /* the queue, without those that the leader has taken */
    struct waiter **end;
    bool led;
    rst_word timestamps; /* for statistics: they order nothing */
    rst_word failures;
#ifdef ROSTER_CONTROL_STALE_RANGE
    uint64_t spare_from, spare_to; /* the fault that the linearizability test must find */
#endif
};

int roster_oracle_store_create(struct roster_store *store,
                               const struct roster_oracle_store_options *options,
                               struct roster_oracle_store **oracle)
{
    RST_NOT_CANCELLED;
    struct roster_oracle_store_options known;
    struct roster_oracle_store *made;
    int err;

    if (!store || !oracle)
        return -EINVAL;
    if (rst_store_is_foreign(store))
        return -ECHILD;
    err = rst_struct_get(&known, sizeof(known), sizeof(known), options);
    if (err || known.timeout_ms < 0)
        return err ? err : -EINVAL;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->allotter.store = store;
    made->allotter.timeout_ms = known.timeout_ms == 0 ? 5000 : known.timeout_ms;
    made->allotter.clock =
        rst_wall_clock_choose(known.wall_clock, known.wall_arg, known.max_ahead_ms);
    made->allotter.key = strdup(known.key ? known.key : "/roster/oracle");
    made->end = &made->first;
    made->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    if (!made->allotter.key) {
        free(made);
        return -ENOMEM;
    }
    *oracle = made;
    return 0;
}

void roster_oracle_store_destroy(struct roster_oracle_store *oracle)
{
    RST_NOT_CANCELLED;

    if (!oracle || rst_store_is_foreign(oracle->allotter.store))
        return;
    pthread_mutex_destroy(&oracle->lock);
    free(oracle->allotter.key);
    free(oracle);
}

/* How many of the list allocate. */
static uint64_t count_allocating(const struct waiter *waiter)
{
    uint64_t n = 0;

    for (; waiter; waiter = waiter->next)
        n += !waiter->reads;
    return n;
}

static uint64_t length(const struct waiter *waiter)
{
    uint64_t n = 0;

    for (; waiter; waiter = waiter->next)
        n++;
    return n;
}

#ifdef ROSTER_CONTROL_STALE_RANGE
/* Allots more than requested, and serves later callers from the rest. */
static int allot(struct roster_oracle_store *oracle, uint64_t n, uint64_t *first)
{
    int err = 0;

    if (oracle->spare_to - oracle->spare_from < n) {
        err = rst_allotter_allot(&oracle->allotter, n + 64, &oracle->spare_from);
        oracle->spare_to = oracle->spare_from + (err ? 0 : n + 64);
    }
    *first = oracle->spare_from;
    oracle->spare_from += err ? 0 : n;
    return err;
}
#else
static int allot(struct roster_oracle_store *oracle, uint64_t n, uint64_t *first)
{
    return rst_allotter_allot(&oracle->allotter, n, first);
}
#endif

/* Takes the queue, which the leader is the first of, and leaves it empty. */
static struct waiter *take_queue(struct roster_oracle_store *oracle)
{
    struct waiter *list;

    pthread_mutex_lock(&oracle->lock);
    list = oracle->first;
    oracle->first = NULL;
    oracle->end = &oracle->first;
    pthread_mutex_unlock(&oracle->lock);
    return list;
}

/* Returns the new leader, or NULL. */
static struct waiter *next_leader(struct roster_oracle_store *oracle)
{
    struct waiter *next;

    pthread_mutex_lock(&oracle->lock);
    next = oracle->first;
    oracle->led = next != NULL;
    pthread_mutex_unlock(&oracle->lock);
    return next;
}

/* Delivers to every waiter of the list: `last` to those that read, one each from `first` to the
 * others on. All but `me` may be gone then. */
static void serve(struct waiter *list, const struct waiter *me, int err, uint64_t first,
                  uint64_t last)
{
    while (list) {
        struct waiter *waiter = list;

        list = waiter->next;
        waiter->ts = waiter->reads ? last : first++;
        waiter->err = err;
        if (waiter != me)
            sem_post(&waiter->woken);
    }
}

/* Serves all that wait now, the caller among them, and lets the next one lead. */
static void lead(struct roster_oracle_store *oracle, struct waiter *me)
{
    struct waiter *list = take_queue(oracle), *next;
    uint64_t n = count_allocating(list), first = 0, last = 0;
    int err = n == 0 ? rst_allotter_read(&oracle->allotter, &last) : allot(oracle, n, &first);

    if (n != 0)
        last = first + n - 1;
    rst_fetch_add(err ? &oracle->failures : &oracle->timestamps, length(list));
    serve(list, me, err, first, last);
    next = next_leader(oracle);
    if (!next)
        return;
    next->leads = true;
    sem_post(&next->woken);
}

/* Puts the caller into the queue. Returns whether it leads. */
static bool enqueue(struct roster_oracle_store *oracle, struct waiter *me)
{
    bool leads;

    pthread_mutex_lock(&oracle->lock);
    *oracle->end = me;
    oracle->end = &me->next;
    leads = !oracle->led;
    oracle->led = true;
    pthread_mutex_unlock(&oracle->lock);
    return leads;
}

/* Waits to be served, or to lead. Until then `me` is the leaders'. */
static bool is_to_lead(struct waiter *me)
{
    while (sem_wait(&me->woken))
        ; /* a signal came; it fails for no other reason */
    return me->leads;
}

static int get(struct roster_oracle_store *oracle, bool reads, uint64_t *ts)
{
    struct waiter me = {.reads = reads};

    if (!oracle || !ts)
        return -EINVAL;
    if (rst_store_is_foreign(oracle->allotter.store))
        return -ECHILD;
    sem_init(&me.woken, 0, 0);
    if (enqueue(oracle, &me) || is_to_lead(&me))
        lead(oracle, &me);
    sem_destroy(&me.woken);
    if (!me.err)
        *ts = me.ts;
    return me.err;
}

int roster_oracle_store_allocate(void *oracle, uint64_t *ts)
{
    RST_NOT_CANCELLED;

    return get(oracle, false, ts);
}

int roster_oracle_store_read(void *oracle, uint64_t *ts)
{
    RST_NOT_CANCELLED;

    return get(oracle, true, ts);
}

int roster_oracle_store_stats(struct roster_oracle_store *oracle,
                              struct roster_oracle_store_stats *stats)
{
    struct roster_oracle_store_stats now = {0};
    struct allotter *allotter;
    int err;

    if (!oracle || !stats)
        return -EINVAL;
    if (rst_store_is_foreign(oracle->allotter.store))
        return -ECHILD;
    err = rst_struct_check(stats, sizeof(*stats), sizeof(*stats));
    if (err)
        return err;
    allotter = &oracle->allotter;
    now.transactions = rst_load(&allotter->transactions);
    now.conflicts = rst_load(&allotter->conflicts);
    now.ahead_ms = rst_wall_clock_ahead_ms(&allotter->clock, rst_load(&allotter->last));
    now.timestamps = rst_load(&oracle->timestamps);
    now.failures = rst_load(&oracle->failures);
    rst_struct_put(stats, &now, sizeof(now));
    return 0;
}
