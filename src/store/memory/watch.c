/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The memory store's watches: each looks into the table and the history that all share. */

#include "store/base/bytes.h"
#include "store/base/clock.h"
#include "store/base/events.h"
#include "store/memory/memory.h"

#include <errno.h>
#include <stdlib.h>

int rst_memory_watch_open(struct roster_store_watch *base, struct roster_store_watch **watch)
{
    struct roster_store_watch *w = malloc(sizeof(*w));

    if (!w)
        return -ENOMEM;
    *w = *base;
    *watch = w;
    return 0;
}

void rst_memory_watch_close(struct roster_store_watch *watch)
{
    free(watch);
}

void rst_memory_watch_wake(struct roster_store_watch *watch)
{
    struct memory_store *store = memory_store_of(watch->store);

    pthread_mutex_lock(&store->mutex);
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
}

/* The place in the history of the first change at or after a revision. */
static size_t first_change(const struct memory_history *history, int64_t revision)
{
    size_t low = 0, high = history->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (history->items[history->start + middle]->kv.mod_revision < revision)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int collect_changes(struct memory_store *store, struct roster_store_watch *watch,
                           struct store_event_list *list)
{
    const struct memory_history *history = &store->history;
    size_t i;
    int err = 0;

    for (i = first_change(history, watch->next); i < history->count && !err; i++) {
        const struct roster_store_kv *kv = &history->items[history->start + i]->kv;

        if (rst_store_event_list_full(list, kv->mod_revision))
            return 0;
        if (rst_store_keys_match(&watch->keys, kv->key))
            err = rst_store_event_list_add(list, kv);
    }
    list->revision = store->revision;
    return err;
}

/* 0 also when there is nothing to tell; then *events stays NULL. */
static int look(struct memory_store *store, struct roster_store_watch *watch,
                struct roster_store_events **events)
{
    struct store_event_list list;
    bool snapshot = watch->next == 0 || watch->next <= store->compacted;
    int err = rst_memory_expire(store);

    if (!err)
        err = rst_store_event_list_begin(&list, &store->base, snapshot);
    if (err)
        return err;
    if (snapshot) {
        list.revision = store->revision;
        err = store->engine.walk(&store->engine, &watch->keys, rst_store_event_list_visit, &list);
    } else {
        err = collect_changes(store, watch, &list);
    }
    return rst_store_event_list_end(&list, err, watch, events);
}

/* Waits for a change, for a lease that runs out, or for the deadline. */
static void wait_for_change(struct memory_store *store, int64_t deadline)
{
    int64_t expiry = rst_memory_next_expiry(store);
    int64_t until = deadline;

    if (expiry != STORE_FOREVER) {
        int64_t left = expiry - rst_store_boottime_ns();
        int64_t due = rst_store_time_add(rst_store_monotonic_ns(), left > 0 ? left : 0);

        until = due < until ? due : until;
    }
    rst_threads_wait(&store->changed, &store->mutex, until);
}

int rst_memory_watch_next(struct roster_store_watch *watch, int64_t deadline,
                          struct roster_store_events **events)
{
    struct memory_store *store = memory_store_of(watch->store);
    int err = 0;

    pthread_mutex_lock(&store->mutex);
    for (;;) {
        err = rst_store_watch_canceled(watch) ? -ECANCELED : look(store, watch, events);
        if (err || *events)
            break;
        if (!rst_store_remaining_ns(deadline)) {
            err = -ETIMEDOUT;
            break;
        }
        wait_for_change(store, deadline);
    }
    pthread_mutex_unlock(&store->mutex);
    return err;
}
