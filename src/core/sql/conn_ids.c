/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The allocator of connection ids. See conn_ids.h.
 */
#include "core/sql/conn_ids.h"

#include "core/base/cancel.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/roster/thread.h"

#include <errno.h>
#include <roster/view.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_NARROW_PERCENT 50

static int options_get(struct roster_conn_ids_options *known,
                       const struct roster_conn_ids_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return err;
    if (known->server > ROSTER_CONN_SERVER_64_MAX || known->local_ids > ROSTER_CONN_LOCAL_32_MAX ||
        known->narrow_percent > 100 || known->reserved)
        return -EINVAL;
    if (!known->server)
        known->server = 1;
    if (!known->local_ids)
        known->local_ids = ROSTER_CONN_LOCAL_32_MAX;
    if (!known->narrow_percent)
        known->narrow_percent = DEFAULT_NARROW_PERCENT;
    return 0;
}

static int fill(struct roster_conn_ids *ids, const struct roster_conn_ids_options *options)
{
    uint64_t in_use = 100 - options->narrow_percent;

    memset(ids, 0, sizeof(*ids));
    ids->roster = options->roster;
    ids->server = options->server;
    ids->local_ids = options->local_ids;
    ids->narrow_at = (uint32_t)(in_use * options->local_ids / 100);
    ids->fresh = 1;
    ids->links = calloc((size_t)ids->local_ids + 1, sizeof(*ids->links));
    if (!ids->links)
        return -ENOMEM;
    return rst_id_queue_init(&ids->queue, ids->local_ids);
}

static void free_ids(struct roster_conn_ids *ids)
{
    rst_id_queue_destroy(&ids->queue);
    free(ids->links);
    free(ids);
}

static int create(const struct roster_conn_ids_options *options, struct roster_conn_ids **ids)
{
    struct roster_conn_ids *made = aligned_alloc(RST_CACHE_LINE, sizeof(*made));
    int err;

    if (!made)
        return -ENOMEM;
    err = fill(made, options);
    made->process = rst_process_number();
    if (err)
        free_ids(made);
    else
        *ids = made;
    return err;
}

int roster_conn_ids_create(const struct roster_conn_ids_options *options,
                           struct roster_conn_ids **ids)
{
    RST_NOT_CANCELLED;
    struct roster_conn_ids_options known;
    int err;

    if (!ids)
        return -EINVAL;
    err = options_get(&known, options);
    if (!err)
        err = rst_thread_process_init();
    if (!err)
        err = rst_reclaim_start(false);
    if (err)
        return err;
    err = create(&known, ids);
    if (err)
        rst_reclaim_end(false);
    return err;
}

int roster_conn_ids_destroy(struct roster_conn_ids *ids)
{
    RST_NOT_CANCELLED;

    if (!ids)
        return 0;
    if (rst_process_is_other(ids->process))
        return -ECHILD;
    do { /* each callback may start one more */
        int err = rst_rcu_barrier();

        if (err)
            return err;
    } while (rst_load_acquire(&ids->limbo) & RST_LIMBO_SCHEDULED);
    free_ids(ids);
    rst_reclaim_end(false);
    return 0;
}

/* A 32-bit local id, or 0 when there is none. */
static uint32_t take_32(struct roster_conn_ids *ids)
{
    uint32_t id = rst_load(&ids->fresh);

    while (id <= ids->local_ids)
        if (__atomic_compare_exchange_n(&ids->fresh, &id, id + 1, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            goto taken;
    id = rst_id_queue_take(&ids->queue);
    if (!id)
        return 0;
taken:
    rst_fetch_add(&ids->used, 1);
    rst_store_release(&ids->links[id], RST_LINK_OUT); /* pairs with the exchange in release_32() */
    return id;
}

/* Whether a session has the id: called only once 64-bit ids have wrapped around. */
static int is_borne(const struct roster_conn_ids *ids, uint64_t id, bool *borne)
{
    int err;

    *borne = false;
    if (!ids->roster)
        return 0;
    err = roster_read_lock(ids->roster);
    if (err)
        return err;
    *borne = roster_lookup(ids->roster, id) != NULL;
    roster_read_unlock(ids->roster);
    return 0;
}

static int next_64(struct roster_conn_ids *ids, uint32_t server, uint64_t *id)
{
    struct roster_conn_id parts = {0, server, 64};
    bool borne = false;
    int err;

    do {
        uint64_t n = rst_fetch_add(&ids->next_64, 1);

        parts.local = n % RST_CONN_LOCALS_64 + 1;
        err = roster_conn_id_compose(&parts, id);
        if (!err && n >= RST_CONN_LOCALS_64)
            err = is_borne(ids, *id, &borne);
    } while (!err && borne);
    if (!err)
        rst_fetch_add(&ids->open_64, 1);
    return err;
}

/* A local id that fits into 32 bits, or 0. */
static uint32_t next_32(struct roster_conn_ids *ids)
{
    uint32_t local;

    if (rst_load(&ids->wide) && rst_load(&ids->used) > ids->narrow_at)
        return 0;
    local = take_32(ids);
    if (local) {
        if (rst_load(&ids->wide))
            rst_store(&ids->wide, 0);
    } else if (!__atomic_exchange_n(&ids->wide, 1, __ATOMIC_RELAXED)) {
        rst_fetch_add(&ids->widenings, 1);
    }
    return local;
}

int roster_conn_ids_next(struct roster_conn_ids *ids, uint64_t *id)
{
    struct roster_conn_id parts = {0, 0, 32};
    uint64_t composed = 0;
    int err;

    if (!ids || !id)
        return -EINVAL;
    if (rst_process_is_other(ids->process))
        return -ECHILD;
    parts.server = rst_load(&ids->server);
    if (parts.server <= ROSTER_CONN_SERVER_32_MAX)
        parts.local = next_32(ids);
    err = parts.local ? roster_conn_id_compose(&parts, &composed)
                      : next_64(ids, parts.server, &composed);
    if (!err)
        *id = composed;
    return err;
}

/* The ids of a list, in the opposite order: limbo is a stack, the queue wants the first first. */
static uint32_t reverse(struct roster_conn_ids *ids, uint32_t list)
{
    uint32_t reversed = 0;

    while (list) {
        uint32_t next = rst_load(&ids->links[list]);

        rst_store(&ids->links[list], reversed);
        reversed = list;
        list = next;
    }
    return reversed;
}

static void put_waiting(struct roster_conn_ids *ids)
{
    uint32_t id, next;

    for (id = ids->waiting; id; id = next) {
        next = rst_load(&ids->links[id]);
        rst_fetch_sub(&ids->resting, 1);
        rst_fetch_sub(&ids->used, 1);
        rst_id_queue_put(&ids->queue, id);
    }
    ids->waiting = 0;
}

/* A grace period has passed for what was waiting; what came since waits for the next one. */
static void settle(struct rcu_head *head)
{
    struct roster_conn_ids *ids = caa_container_of(head, struct roster_conn_ids, rcu);
    uint64_t word, left;

    rst_callback_begin(head);
    put_waiting(ids);
    word = rst_load_acquire(&ids->limbo);
    do /* pairs with the exchange in release_32() */
        left = (uint32_t)word ? RST_LIMBO_SCHEDULED : 0;
    while (!__atomic_compare_exchange_n(&ids->limbo, &word, left, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
    if (left) { /* else the allocator may be gone by now */
        ids->waiting = reverse(ids, (uint32_t)word);
        rst_call_rcu(&ids->rcu, settle);
    }
    rst_callback_end();
}

static int release_32(struct roster_conn_ids *ids, uint32_t id)
{
    uint32_t out = RST_LINK_OUT;
    uint64_t word;

    if (id > ids->local_ids)
        return -EINVAL;
    if (!__atomic_compare_exchange_n(&ids->links[id], &out, 0, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return -EALREADY;
    rst_fetch_add(&ids->resting, 1);
    word = rst_load_acquire(&ids->limbo);
    do /* pairs with the exchange in settle() */
        rst_store(&ids->links[id], (uint32_t)word);
    while (!__atomic_compare_exchange_n(&ids->limbo, &word, RST_LIMBO_SCHEDULED | id, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    if (!(word & RST_LIMBO_SCHEDULED))
        rst_call_rcu(&ids->rcu, settle);
    return 0;
}

/* Which ones are out is not known, but how many. */
static int release_64(struct roster_conn_ids *ids)
{
    uint64_t open = rst_load(&ids->open_64);

    do
        if (!open)
            return -EALREADY;
    while (!__atomic_compare_exchange_n(&ids->open_64, &open, open - 1, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    return 0;
}

int roster_conn_ids_release(struct roster_conn_ids *ids, uint64_t id)
{
    struct roster_conn_id parts;
    int err;

    if (!ids)
        return -EINVAL;
    if (rst_process_is_other(ids->process))
        return -ECHILD;
    err = roster_conn_id_parse(id, &parts);
    if (err)
        return err;
    if (parts.width == 32)
        return release_32(ids, (uint32_t)parts.local);
    return parts.local > RST_CONN_LOCALS_64 ? -EINVAL : release_64(ids);
}

int roster_conn_ids_reserved(struct roster_conn_ids *ids, uint32_t n, uint64_t *id)
{
    struct roster_conn_id parts = {ROSTER_CONN_LOCAL_64_MAX - n, 0, 64};

    if (!ids || !id || n >= ROSTER_CONN_RESERVED)
        return -EINVAL;
    if (rst_process_is_other(ids->process))
        return -ECHILD;
    parts.server = rst_load(&ids->server);
    return roster_conn_id_compose(&parts, id);
}

int roster_conn_ids_set_server(struct roster_conn_ids *ids, uint32_t server)
{
    if (!ids || server - 1 >= ROSTER_CONN_SERVER_64_MAX)
        return -EINVAL;
    if (rst_process_is_other(ids->process))
        return -ECHILD;
    rst_store(&ids->server, server);
    return 0;
}

/* Both arrays are mapped as a whole, and come from the kernel a page at a time. */
static uint64_t memory_of(const struct roster_conn_ids *ids)
{
    uint64_t entries = UINT64_C(1) << ids->queue.order, put = rst_load(&ids->queue.tail) - entries;
    uint64_t fresh = rst_load(&ids->fresh);

    return sizeof(*ids) + fresh * sizeof(*ids->links) +
           (put < entries ? put : entries) * sizeof(*ids->queue.entries);
}

int roster_conn_ids_stats(struct roster_conn_ids *ids, struct roster_conn_ids_stats *stats)
{
    struct roster_conn_ids_stats now = {0};
    int err;

    if (!ids || !stats)
        return -EINVAL;
    err = rst_struct_check(stats, sizeof(now), sizeof(now));
    if (err)
        return err;
    if (rst_process_is_other(ids->process))
        return -ECHILD;
    now.local_ids = ids->local_ids;
    now.used_32 = rst_load(&ids->used);
    now.open_64 = rst_load(&ids->open_64);
    now.wide = rst_load(&ids->wide);
    now.widenings = rst_load(&ids->widenings);
    now.resting_32 = rst_load(&ids->resting);
    now.memory = memory_of(ids);
    rst_struct_put(stats, &now, sizeof(now));
    return 0;
}
