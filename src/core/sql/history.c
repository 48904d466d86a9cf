/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transaction history: a tree of the C library whose entries are also in a list, most recently seen
 * first. The limits that decide whether an entry is needed are read without the lock.
 */
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/base/rcu.h"
#include "core/roster/digests.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <errno.h>
#include <pthread.h>
#include <roster/history.h>
#include <roster/timestamp.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

struct kind {
    uint64_t hash; /* first, so that it stands for its kind in the tree */
    struct cds_list_head seen;
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
    void *tree;                /* of kinds, as tsearch() has them */
    struct cds_list_head seen; /* the kind that was seen last is the first */
};

static int compare(const void *one, const void *other)
{
    const uint64_t *a = one, *b = other;

    return (*a > *b) - (*a < *b);
}

static void forget_oldest(struct roster_history *history)
{
    struct kind *oldest = cds_list_entry(history->seen.prev, struct kind, seen);

    tdelete(oldest, &history->tree, compare);
    cds_list_del(&oldest->seen);
    history->count--;
    free(oldest);
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
    made = malloc(sizeof(*made));
    if (!made)
        return -ENOMEM;
    *made = (struct roster_history){.lock = PTHREAD_MUTEX_INITIALIZER,
                                    .process = rst_process_number(),
                                    .min_duration_ms = min_duration_ms,
                                    .capacity = capacity,
                                    .seen = CDS_LIST_HEAD_INIT(made->seen)};
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
    free(history);
}

int roster_history_set(struct roster_history *history, uint32_t capacity, uint64_t min_duration_ms)
{
    if (!history)
        return -EINVAL;
    if (rst_process_is_other(history->process))
        return -ECHILD;
    pthread_mutex_lock(&history->lock);
    while (history->count > capacity)
        forget_oldest(history);
    rst_store(&history->capacity, capacity);
    rst_store(&history->min_duration_ms, min_duration_ms);
    pthread_mutex_unlock(&history->lock);
    return 0;
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
    struct kind **known, *kind;

    if (!history->capacity)
        return 0;
    known = tfind(&hash, &history->tree, compare);
    kind = known ? *known : new_kind(digests, hash);
    if (!kind)
        return -ENOMEM;
    if (known) {
        cds_list_del(&kind->seen);
    } else if (!tsearch(kind, &history->tree, compare)) {
        free(kind);
        return -ENOMEM;
    } else if (history->count == history->capacity) {
        forget_oldest(history);
    }
    history->count += !known;
    cds_list_add(&kind->seen, &history->seen);
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
    const struct kind *kind;
    char *text;

    cds_list_for_each_entry (kind, &history->seen, seen)
        size += kind->json_length + 1;
    list = malloc(size);
    if (!list)
        return NULL;
    entry = (struct roster_history_entry *)(void *)(list + 1);
    text = (char *)(entry + history->count);
    list->count = history->count;
    list->entries = entry;
    cds_list_for_each_entry (kind, &history->seen, seen) {
        entry->hash = kind->hash;
        entry->count = kind->count;
        entry->max_duration_ms = kind->max_duration_ms;
        entry->dropped = kind->dropped;
        entry->all_digests = memcpy(text, kind->json, kind->json_length + 1);
        text += kind->json_length + 1;
        entry++;
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
