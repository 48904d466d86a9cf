/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The memory store's table, its transactions and its history. */

#include "store/base/bytes.h"
#include "store/memory/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct memory_store *store_of_engine(struct store_engine *engine)
{
    return (struct memory_store *)(void *)((char *)engine - offsetof(struct memory_store, engine));
}

int rst_memory_reserve(void *array_pointer, size_t *room, size_t count, size_t item_size)
{
    void **array = array_pointer;
    size_t larger = *room == 0 ? 16 : *room * 2;
    void *moved;

    if (count < *room)
        return 0;
    moved = reallocarray(*array, larger, item_size);
    if (!moved)
        return -ENOMEM;
    *array = moved;
    *room = larger;
    return 0;
}

static struct memory_item *item_new(const struct roster_store_kv *kv)
{
    struct memory_item *item = malloc(sizeof(*item) + kv->key.size + kv->value.size);
    unsigned char *data;

    if (!item)
        return NULL;
    data = (unsigned char *)(item + 1);
    item->references = 1;
    item->kv = *kv;
    memcpy(data, kv->key.data, kv->key.size);
    item->kv.key.data = data;
    if (kv->value.size > 0)
        memcpy(data + kv->key.size, kv->value.data, kv->value.size);
    item->kv.value.data = data + kv->key.size;
    return item;
}

static void item_put(struct memory_item *item)
{
    if (item && --item->references == 0)
        free(item);
}

/* The place of the first item whose key is not less. */
static size_t lower_bound(const struct memory_table *table, struct roster_store_bytes key)
{
    size_t low = 0, high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (rst_store_bytes_compare(table->items[middle]->kv.key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct memory_item *lookup(const struct memory_table *table, struct roster_store_bytes key,
                                  size_t *place)
{
    *place = lower_bound(table, key);
    if (*place < table->count && rst_store_bytes_equal(table->items[*place]->kv.key, key))
        return table->items[*place];
    return NULL;
}

/* There must be room. */
static void insert_at(struct memory_table *table, size_t place, struct memory_item *item)
{
    memmove(&table->items[place + 1], &table->items[place],
            (table->count - place) * sizeof(table->items[0]));
    table->items[place] = item;
    table->count++;
}

static void remove_at(struct memory_table *table, size_t place)
{
    table->count--;
    memmove(&table->items[place], &table->items[place + 1],
            (table->count - place) * sizeof(table->items[0]));
}

/* Allocates what the commit or roll-back of one change needs. */
static int reserve_change(struct memory_store *store)
{
    struct memory_history *history = &store->history;
    size_t pending = history->start + history->count + store->changes.count;
    int err = rst_memory_reserve(&store->changes.items, &store->changes.room, store->changes.count,
                                 sizeof(store->changes.items[0]));

    if (!err)
        err = rst_memory_reserve(&store->table.items, &store->table.room, store->table.count,
                                 sizeof(store->table.items[0]));
    if (!err)
        err =
            rst_memory_reserve(&history->items, &history->room, pending, sizeof(history->items[0]));
    return err;
}

/* Takes over both references. */
static void note_change(struct memory_store *store, struct memory_item *before,
                        struct memory_item *after)
{
    struct memory_change *change = &store->changes.items[store->changes.count++];

    change->before = before;
    change->after = after;
}

static int find(struct store_engine *engine, struct roster_store_bytes key,
                struct roster_store_kv *kv)
{
    size_t place;
    struct memory_item *item = lookup(&store_of_engine(engine)->table, key, &place);

    if (!item)
        return 0;
    *kv = item->kv;
    return 1;
}

static int walk(struct store_engine *engine, const struct roster_store_keys *keys,
                store_visit_fn *visit, void *arg)
{
    const struct memory_table *table = &store_of_engine(engine)->table;
    size_t place = lower_bound(table, rst_store_keys_first(keys));
    int stop = 0;

    if (keys->prefix && keys->after.size > 0 && place < table->count &&
        rst_store_bytes_equal(table->items[place]->kv.key, keys->after))
        place++;
    for (; place < table->count && stop == 0; place++) {
        if (!rst_store_keys_match(keys, table->items[place]->kv.key))
            break;
        stop = visit(arg, &table->items[place]->kv);
    }
    return stop;
}

static int check_lease(struct store_engine *engine, int64_t lease)
{
    return rst_memory_lease_exists(store_of_engine(engine), lease) ? 0 : -EKEYEXPIRED;
}

static int put(struct store_engine *engine, const struct roster_store_op *op)
{
    struct memory_store *store = store_of_engine(engine);
    struct roster_store_kv kv = {.key = op->keys.key, .value = op->value, .lease = op->lease};
    size_t place;
    struct memory_item *before = lookup(&store->table, op->keys.key, &place);
    struct memory_item *after;
    int err = reserve_change(store);

    if (err)
        return err;
    kv.mod_revision = store->revision + 1;
    kv.create_revision = before ? before->kv.create_revision : kv.mod_revision;
    kv.version = before ? before->kv.version + 1 : 1;
    after = item_new(&kv);
    if (!after)
        return -ENOMEM;
    after->references++; /* one for the table, one for the note */
    if (before)
        store->table.items[place] = after;
    else
        insert_at(&store->table, place, after);
    note_change(store, before, after);
    return 0;
}

static int erase_at(struct memory_store *store, size_t place)
{
    struct memory_item *before = store->table.items[place];
    struct roster_store_kv kv = {.key = before->kv.key, .mod_revision = store->revision + 1};
    struct memory_item *after;
    int err = reserve_change(store);

    if (err)
        return err;
    after = item_new(&kv);
    if (!after)
        return -ENOMEM;
    remove_at(&store->table, place);
    note_change(store, before, after);
    return 0;
}

static int erase(struct store_engine *engine, const struct roster_store_keys *keys,
                 int64_t *deleted)
{
    struct memory_store *store = store_of_engine(engine);
    size_t place = lower_bound(&store->table, keys->key);
    int err = 0;

    while (!err && place < store->table.count &&
           rst_store_keys_match(keys, store->table.items[place]->kv.key)) {
        err = erase_at(store, place);
        *deleted += !err;
    }
    return err;
}

bool rst_memory_lease_is_used(const struct memory_store *store, int64_t lease)
{
    size_t place;

    for (place = 0; place < store->table.count; place++)
        if (store->table.items[place]->kv.lease == lease)
            return true;
    return false;
}

int rst_memory_erase_lease(struct memory_store *store, int64_t lease)
{
    size_t place = 0;
    int err = 0;

    while (!err && place < store->table.count) {
        if (store->table.items[place]->kv.lease == lease)
            err = erase_at(store, place);
        else
            place++;
    }
    return err;
}

/* Forgets the oldest revisions beyond the option history. */
static void trim_history(struct memory_store *store)
{
    struct memory_history *history = &store->history;
    int64_t oldest = store->revision - (int64_t)store->base.options.history;

    while (history->count > 0 && history->items[history->start]->kv.mod_revision <= oldest) {
        store->compacted = history->items[history->start]->kv.mod_revision;
        item_put(history->items[history->start]);
        history->start++;
        history->count--;
    }
    if (history->start <= history->count)
        return;
    memmove(history->items, &history->items[history->start],
            history->count * sizeof(history->items[0]));
    history->start = 0;
}

void rst_memory_commit(struct memory_store *store)
{
    struct memory_history *history = &store->history;
    size_t i;

    if (store->changes.count == 0)
        return;
    for (i = 0; i < store->changes.count; i++) {
        item_put(store->changes.items[i].before);
        history->items[history->start + history->count++] = store->changes.items[i].after;
    }
    store->changes.count = 0;
    store->revision++;
    trim_history(store);
    pthread_cond_broadcast(&store->changed);
}

void rst_memory_roll_back(struct memory_store *store)
{
    while (store->changes.count > 0) {
        struct memory_change *change = &store->changes.items[--store->changes.count];
        size_t place;
        struct memory_item *now = lookup(&store->table, change->after->kv.key, &place);

        if (now)
            remove_at(&store->table, place);
        item_put(now);
        if (change->before)
            insert_at(&store->table, place, change->before);
        item_put(change->after);
    }
}

void rst_memory_table_free(struct memory_store *store)
{
    size_t i;

    for (i = 0; i < store->table.count; i++)
        item_put(store->table.items[i]);
    for (i = 0; i < store->history.count; i++)
        item_put(store->history.items[store->history.start + i]);
    free(store->table.items);
    free(store->changes.items);
    free(store->history.items);
}

const struct store_engine rst_memory_engine = {
    .find = find, .walk = walk, .check_lease = check_lease, .put = put, .erase = erase};
