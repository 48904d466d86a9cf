/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * ck: the textbook's design with Concurrency Kit: sessions in a ck_ht, views replaced and retired
 * through ck_epoch, one epoch record a thread. A ck_ht has one writer at a time, so opening and
 * closing take a mutex; iterating while it is written is not defined, so lists and scans take it
 * too. Lookups and owners do not. Debian's 0.7.1 has two errors in ck_epoch that were mended in
 * 2026: its figures are those of that version.
 */
#define VIEWS_BY_CK
#include "views.h"

#include <ck_ht.h>
#include <pthread.h>
#include <stddef.h>

#define FIRST_ENTRIES 1024
#define RETIRED_BEFORE_POLL 64

struct session {
    ck_epoch_entry_t entry; /* first */
    struct shown shown;
};

struct world {
    ck_epoch_t epoch;
    ck_ht_t table;
    pthread_mutex_t writer;
    struct oracle *oracle;
    /* Under the mutex. A registered record stays on the epoch's list for good. */
    ck_epoch_record_t *records[MAX_THREADS];
    size_t n_records;
};

/* What the table is made of, with room for its retirement in front. */
struct block {
    ck_epoch_entry_t entry; /* first */
    max_align_t memory[];
};

static __thread struct {
    ck_epoch_record_t *record;
    unsigned retired;
} self;

static const char *version(void)
{
    return "Concurrency Kit 0.7.1 (Debian)";
}

static void dispatch_free(ck_epoch_entry_t *entry)
{
    free(entry);
}

static void retire(void *world, ck_epoch_entry_t *object)
{
    (void)world;
    ck_epoch_call(self.record, object, dispatch_free);
    if (++self.retired >= RETIRED_BEFORE_POLL) {
        self.retired = 0;
        ck_epoch_poll(self.record);
    }
}

static void *table_malloc(size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);

    return block ? block->memory : NULL;
}

static void table_free(void *memory, size_t size, bool defer)
{
    struct block *block = memory ? (struct block *)memory - 1 : NULL;

    (void)size;
    if (block && defer)
        retire(NULL, &block->entry);
    else
        free(block);
}

static struct ck_malloc allocator = {.malloc = table_malloc, .free = table_free};

static int thread_enter(void *world)
{
    struct world *it = world;

    self.retired = 0;
    self.record = ck_epoch_recycle(&it->epoch, NULL);
    if (self.record)
        return 0;
    self.record = aligned_alloc(_Alignof(ck_epoch_record_t), sizeof(*self.record));
    if (!self.record)
        return -ENOMEM;
    pthread_mutex_lock(&it->writer);
    ck_epoch_register(&it->epoch, self.record, NULL);
    it->records[it->n_records++] = self.record;
    pthread_mutex_unlock(&it->writer);
    return 0;
}

static void thread_leave(void *world)
{
    (void)world;
    ck_epoch_barrier(self.record);
    ck_epoch_unregister(self.record);
}

static int create(const struct engine_setup *setup, void **world)
{
    struct world *made = calloc(1, sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->oracle = setup->oracle;
    pthread_mutex_init(&made->writer, NULL);
    ck_epoch_init(&made->epoch);
    if (!ck_ht_init(&made->table, CK_HT_MODE_DIRECT, NULL, &allocator, FIRST_ENTRIES, 6602834)) {
        free(made);
        return -ENOMEM;
    }
    *world = made;
    return 0;
}

static void destroy(void *world)
{
    struct world *it = world;
    size_t i;

    ck_ht_destroy(&it->table);
    for (i = 0; i < it->n_records; i++)
        free(it->records[i]);
    pthread_mutex_destroy(&it->writer);
    free(it);
}

static struct oracle *oracle_of(void *world)
{
    return ((struct world *)world)->oracle;
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    struct session *made = malloc(sizeof(*made));
    struct view *view = made ? view_new(0, 0, NULL) : NULL;
    ck_ht_entry_t entry;
    ck_ht_hash_t hash;
    bool done;

    if (!view) {
        free(made);
        return -ENOMEM;
    }
    made->shown.id = id;
    made->shown.view = view;
    who_copy(&made->shown.who, who);
    pthread_mutex_lock(&it->writer);
    ck_ht_hash_direct(&hash, &it->table, id);
    ck_ht_entry_set_direct(&entry, hash, id, (uintptr_t)&made->shown);
    done = ck_ht_put_spmc(&it->table, hash, &entry);
    pthread_mutex_unlock(&it->writer);
    if (!done) {
        free(view);
        free(made);
        return -ENOMEM;
    }
    *session = &made->shown;
    return 0;
}

static int close_session(void *world, void *session)
{
    struct world *it = world;
    struct shown *shown = session;
    struct session *closed = (struct session *)((char *)shown - offsetof(struct session, shown));
    ck_ht_entry_t entry;
    ck_ht_hash_t hash;

    pthread_mutex_lock(&it->writer);
    ck_ht_hash_direct(&hash, &it->table, shown->id);
    ck_ht_entry_key_set_direct(&entry, shown->id);
    ck_ht_remove_spmc(&it->table, hash, &entry);
    pthread_mutex_unlock(&it->writer);
    retire(world, &shown->view->retirement);
    retire(world, &closed->entry);
    return 0;
}

/* The table has the part of a session that readers want. */
static const struct shown *shown_in(ck_ht_entry_t *entry)
{
    return (const void *)ck_ht_entry_value_direct(entry);
}

static int oldest(void *world, uint64_t *ts)
{
    struct world *it = world;
    ck_ht_iterator_t iterator = CK_HT_ITERATOR_INITIALIZER;
    uint64_t min = oracle_now(it->oracle);
    ck_ht_entry_t *entry;

    pthread_mutex_lock(&it->writer);
    ck_epoch_begin(self.record, NULL);
    while (ck_ht_next(&it->table, &iterator, &entry))
        min = older(min, shown_in(entry));
    ck_epoch_end(self.record, NULL);
    pthread_mutex_unlock(&it->writer);
    *ts = min;
    return 0;
}

static int list(void *world, struct reading *reading)
{
    struct world *it = world;
    ck_ht_iterator_t iterator = CK_HT_ITERATOR_INITIALIZER;
    ck_ht_entry_t *entry;

    pthread_mutex_lock(&it->writer);
    ck_epoch_begin(self.record, NULL);
    while (ck_ht_next(&it->table, &iterator, &entry))
        read_shown(shown_in(entry), reading);
    ck_epoch_end(self.record, NULL);
    pthread_mutex_unlock(&it->writer);
    return 0;
}

static int lookup(void *world, uint64_t id, struct reading *reading)
{
    struct world *it = world;
    ck_ht_entry_t entry;
    ck_ht_hash_t hash;
    bool found;

    ck_ht_hash_direct(&hash, &it->table, id);
    ck_ht_entry_key_set_direct(&entry, id);
    ck_epoch_begin(self.record, NULL);
    found = ck_ht_get_spmc(&it->table, hash, &entry);
    if (found)
        read_shown(shown_in(&entry), reading);
    ck_epoch_end(self.record, NULL);
    return found ? 0 : -ENOENT;
}

static int hold(void *world, void (*wait)(void *arg), void *arg)
{
    (void)world;
    ck_epoch_begin(self.record, NULL);
    wait(arg);
    ck_epoch_end(self.record, NULL);
    return 0;
}

const struct engine engine_ck = {
    .name = "ck",
    .title = "ck_ht and ck_epoch",
    .can = CAN_TXN | CAN_TEXT | CAN_OLDEST | CAN_VALUE | CAN_LIST | CAN_LOOKUP | CAN_HOLD,
    ENGINE_CALLS,
    .create = create,
    .thread_enter = thread_enter,
    .thread_leave = thread_leave,
};
