/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transaction history: a hash table whose entries are also in a ring, most recently seen first. The
 * limits that decide whether an entry is needed are read without the lock.
 */
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/roster/digests.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <errno.h>
#include <pthread.h>
#include <roster/history.h>
#include <roster/timestamp.h>
#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

struct link {
    struct link *before;
    struct link *after;
};

struct kind {
    struct link ring; /* first, so that a link leads to its kind */
    struct kind *chain;
    uint64_t hash;
    uint64_t count;
    uint64_t max_duration_ms;
    uint64_t dropped;
    size_t json_length;
    char json[];
};

struct roster_history {
    pthread_mutex_t lock;
    unsigned process; /* that made it */
    rst_word min_duration_ms;
    uint32_t capacity;
    uint32_t count;
    size_t buckets; /* a power of two */
    struct kind **table;
    struct link ring; /* after: seen last; before: not seen for longest */
};

static void ring_remove(struct link *link)
{
    link->before->after = link->after;
    link->after->before = link->before;
}

static void ring_put_first(struct roster_history *history, struct link *link)
{
    link->before = &history->ring;
    link->after = history->ring.after;
    link->after->before = link;
    history->ring.after = link;
}

static struct kind **place_of(const struct roster_history *history, uint64_t hash)
{
    struct kind **place = &history->table[hash & (history->buckets - 1)];

    while (*place && (*place)->hash != hash)
        place = &(*place)->chain;
    return place;
}

static void forget_oldest(struct roster_history *history)
{
    struct kind *oldest = (struct kind *)(void *)history->ring.before;
    struct kind **place = &history->table[oldest->hash & (history->buckets - 1)];

    while (*place != oldest)
        place = &(*place)->chain;
    *place = oldest->chain;
    ring_remove(&oldest->ring);
    history->count--;
    free(oldest);
}

static size_t buckets_for(uint32_t capacity)
{
    size_t buckets = 16;

    while (buckets < capacity && buckets <= SIZE_MAX / 2)
        buckets *= 2;
    return buckets;
}

/* Makes room for `capacity` kinds and forgets what exceeds it. */
static int resize(struct roster_history *history, uint32_t capacity)
{
    size_t buckets = buckets_for(capacity);
    struct kind **table = calloc(buckets, sizeof(struct kind *));
    struct link *link;

    if (!table)
        return -ENOMEM;
    while (history->count > capacity)
        forget_oldest(history);
    free(history->table);
    history->table = table;
    history->buckets = buckets;
    for (link = history->ring.after; link != &history->ring; link = link->after) {
        struct kind *kind = (struct kind *)(void *)link;
        struct kind **bucket = &table[kind->hash & (buckets - 1)];

        kind->chain = *bucket;
        *bucket = kind;
    }
    rst_store(&history->capacity, capacity);
    return 0;
}

int roster_history_create(uint32_t capacity, uint64_t min_duration_ms,
                          struct roster_history **history)
{
    struct roster_history *made;
    int err;

    if (!history)
        return -EINVAL;
    err = rst_process_init();
    if (err)
        return err;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->process = rst_process_number();
    made->ring.before = &made->ring;
    made->ring.after = &made->ring;
    made->min_duration_ms = min_duration_ms;
    made->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    err = resize(made, capacity);
    if (err) {
        free(made);
        return err;
    }
    *history = made;
    return 0;
}

void roster_history_destroy(struct roster_history *history)
{
    if (!history || rst_process_is_other(history->process))
        return;
    while (history->count)
        forget_oldest(history);
    pthread_mutex_destroy(&history->lock);
    free(history->table);
    free(history);
}

int roster_history_set(struct roster_history *history, uint32_t capacity, uint64_t min_duration_ms)
{
    int err;

    if (!history)
        return -EINVAL;
    if (rst_process_is_other(history->process))
        return -ECHILD;
    pthread_mutex_lock(&history->lock);
    err = resize(history, capacity);
    if (!err)
        rst_store(&history->min_duration_ms, min_duration_ms);
    pthread_mutex_unlock(&history->lock);
    return err;
}

static uint64_t hash_of(const struct rst_digests *digests)
{
    uint64_t hash = FNV_OFFSET;
    size_t n, i;

    for (n = 0; n < digests->total && n < ROSTER_DIGESTS_KEPT; n++) {
        const unsigned char *bytes = (const unsigned char *)digests->kept[n].words;

        for (i = 0; i < digests->kept[n].length; i++)
            hash = (hash ^ bytes[i]) * FNV_PRIME;
    }
    return hash;
}

static struct kind *new_kind(const struct rst_digests *digests, uint64_t hash)
{
    /* The text may be larger than a thread's stack, and is mostly small. */
    struct kind *made = malloc(sizeof(*made) + RST_DIGESTS_JSON_MAX), *shrunk;

    if (!made)
        return NULL;
    memset(made, 0, sizeof(*made));
    made->hash = hash;
    made->json_length = rst_digests_json(digests, made->json);
    shrunk = realloc(made, sizeof(*made) + made->json_length + 1);
    return shrunk ? shrunk : made;
}

/* Under the lock. */
static int add(struct roster_history *history, const struct rst_digests *digests,
               uint64_t duration_ms)
{
    uint64_t hash = hash_of(digests);
    struct kind *kind;

    if (!history->capacity)
        return 0;
    kind = *place_of(history, hash);
    if (kind) {
        ring_remove(&kind->ring);
    } else {
        kind = new_kind(digests, hash);
        if (!kind)
            return -ENOMEM;
        if (history->count == history->capacity)
            forget_oldest(history);
        *place_of(history, hash) = kind;
        history->count++;
    }
    ring_put_first(history, &kind->ring);
    kind->count++;
    kind->dropped = digests->total > ROSTER_DIGESTS_KEPT ? digests->total - ROSTER_DIGESTS_KEPT : 0;
    if (kind->max_duration_ms < duration_ms)
        kind->max_duration_ms = duration_ms;
    return 0;
}

/* Of the owner's own transaction, in milliseconds; by its timestamp where nothing else is known. */
static uint64_t duration_of(const struct roster_session *session)
{
    const struct roster_shown *view = session->view;
    uint64_t since = roster_txn_since(session, view), began, now_ms;

    now_ms = since ? rst_monotonic_ms() : rst_wall_ms();
    began = since ? since / 1000000 : roster_ts_physical_ms(view->start_ts);
    return rst_since(now_ms, began);
}

int roster_history_add(struct roster_history *history, const struct roster_session *session)
{
    static const struct rst_digests none;
    const struct rst_digests *digests = &none;
    uint64_t duration_ms;
    int err;

    if (!history || !session)
        return -EINVAL;
    if (rst_process_is_other(history->process))
        return -ECHILD;
    if (session->gate.tag == RST_TAG_CLOSED)
        return -EBADF;
    if (session->gate.txn_state != ROSTER_TXN_VALID)
        return -EINVAL;
    duration_ms = duration_of(session);
    if (!rst_load(&history->capacity) || duration_ms < rst_load(&history->min_duration_ms))
        return 0;
    if (session->gate.remembers & RST_REMEMBERS_DIGESTS)
        digests = session->side->digests; /* the owner's own: no other thread writes it */
    pthread_mutex_lock(&history->lock);
    err = add(history, digests, duration_ms);
    pthread_mutex_unlock(&history->lock);
    return err;
}

/* One block: the list, its entries, then their texts. */
static struct roster_history_list *copy(const struct roster_history *history)
{
    struct roster_history_list *list;
    struct roster_history_entry *entry;
    size_t size = sizeof(*list) + history->count * sizeof(*entry);
    const struct link *link;
    char *text;

    for (link = history->ring.after; link != &history->ring; link = link->after)
        size += ((const struct kind *)(const void *)link)->json_length + 1;
    list = malloc(size);
    if (!list)
        return NULL;
    entry = (struct roster_history_entry *)(void *)(list + 1);
    text = (char *)(entry + history->count);
    list->count = history->count;
    list->entries = entry;
    for (link = history->ring.after; link != &history->ring; link = link->after, entry++) {
        const struct kind *kind = (const struct kind *)(const void *)link;

        entry->hash = kind->hash;
        entry->count = kind->count;
        entry->max_duration_ms = kind->max_duration_ms;
        entry->dropped = kind->dropped;
        entry->all_digests = memcpy(text, kind->json, kind->json_length + 1);
        text += kind->json_length + 1;
    }
    return list;
}

int roster_history_read(struct roster_history *history, struct roster_history_list **list)
{
    struct roster_history_list *made;

    if (!history || !list)
        return -EINVAL;
    if (rst_process_is_other(history->process))
        return -ECHILD;
    pthread_mutex_lock(&history->lock);
    made = copy(history);
    pthread_mutex_unlock(&history->lock);
    if (!made)
        return -ENOMEM;
    *list = made;
    return 0;
}

void roster_history_list_free(struct roster_history_list *list)
{
    free(list);
}
