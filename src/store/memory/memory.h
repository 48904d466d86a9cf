/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The memory store. One mutex protects all of it; it is held for the length of one transaction
 * and never while anything is waited for, except by the condition variable that wakes watches.
 *
 * Items are immutable and counted, since the table and the history share them. A transaction
 * changes the table at once and notes each change; commit moves the notes into the history,
 * roll-back walks them backwards. Whatever a roll-back needs was allocated before the change,
 * so it cannot fail.
 */
#pragma once

#include "store/base/eval.h"
#include "store/base/kind.h"

#include <pthread.h>

/* A key at a revision; with version 0 its deletion. Key and value follow the struct. */
struct memory_item {
    size_t references;
    struct roster_store_kv kv;
};

/* Items in the order of their keys. */
struct memory_table {
    struct memory_item **items;
    size_t count;
    size_t room;
};

/* A change that the current transaction has made. */
struct memory_change {
    struct memory_item *before; /* NULL when the key did not exist */
    struct memory_item *after;
};

struct memory_changes {
    struct memory_change *items;
    size_t count;
    size_t room;
};

/* Changes that were committed, oldest first; the first `start` places are empty. */
struct memory_history {
    struct memory_item **items;
    size_t start;
    size_t count;
    size_t room;
};

struct rst_memory_lease {
    int64_t id;
    int64_t granted_ms;
    int64_t expires_ns; /* CLOCK_BOOTTIME */
};

struct memory_leases {
    struct rst_memory_lease *items;
    size_t count;
    size_t room;
    int64_t last_id;
};

struct memory_store {
    struct roster_store base;
    struct store_engine engine;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* the revision grew, a lease became due earlier, a watch was ended */
    int64_t revision;       /* of the last transaction that changed something */
    int64_t compacted;      /* the history begins after this revision */
    struct memory_table table;
    struct memory_changes changes;
    struct memory_history history;
    struct memory_leases leases;
};

static inline struct memory_store *memory_store_of(struct roster_store *store)
{
    return (struct memory_store *)store;
}

/* memory/table.c; all with the mutex held */

extern const struct store_engine rst_memory_engine;
/* Grows an array so that it has room for one item more. 0 or -ENOMEM. */
int rst_memory_reserve(void *array_pointer, size_t *room, size_t count, size_t item_size);
/* Whether a key hangs on the lease. */
bool rst_memory_lease_is_used(const struct memory_store *store, int64_t lease);
/* Deletes every key that hangs on the lease, as a part of the current transaction. */
int rst_memory_erase_lease(struct memory_store *store, int64_t lease);
/* Makes the current transaction's changes the next revision, if there are any. */
void rst_memory_commit(struct memory_store *store);
void rst_memory_roll_back(struct memory_store *store);
void rst_memory_table_free(struct memory_store *store);

/* memory/lease.c; rst_memory_lease() takes the mutex, the others with it held */

int rst_memory_lease(struct roster_store *base, const struct store_lease_call *call,
                     int64_t deadline, struct roster_store_lease *lease);
bool rst_memory_lease_exists(const struct memory_store *store, int64_t id);
/* Ends the leases that have run out, each at a revision of its own. */
int rst_memory_expire(struct memory_store *store);
/* When the next lease runs out, CLOCK_BOOTTIME; STORE_FOREVER when there is none. */
int64_t rst_memory_next_expiry(const struct memory_store *store);

/* memory/watch.c */

int rst_memory_watch_open(struct roster_store_watch *base, struct roster_store_watch **watch);
int rst_memory_watch_next(struct roster_store_watch *watch, int64_t deadline,
                          struct roster_store_events **events);
void rst_memory_watch_wake(struct roster_store_watch *watch);
void rst_memory_watch_close(struct roster_store_watch *watch);

extern const struct store_kind rst_store_memory_kind;
