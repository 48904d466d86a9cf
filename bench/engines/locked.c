/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rwlock, one-mutex, sharded: tables of GLib under locks, as most servers have it.
 *
 * rwlock     One GHashTable under a pthread_rwlock, and a mutex in each session (TiDB's shape); an
 *            owner has its session at hand and takes the session's mutex alone.
 * rwlock-id  The same, but an owner finds its session by id, under the table's read lock.
 * one-mutex  One mutex for the table and for all sessions, which no large server has.
 * sharded    64 tables by id, each under a mutex that guards its sessions too.
 *
 * A list copies each session under its lock, so that no lock is held while the list is formatted.
 */
#include "engine.h"
#include "strings.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS 64

struct policy {
    size_t shards;
    bool rwlock; /* and a mutex in each session; else the shard's mutex guards all */
    bool by_id;
};

struct shard {
    pthread_rwlock_t rwlock;
    pthread_mutex_t mutex;
    GHashTable *sessions;
} own_lines;

struct session {
    struct shard *shard;
    pthread_mutex_t mutex;
    struct fields fields;
    char *text; /* of TEXT_MAX bytes, once a statement was begun */
};

/* A copied session; its text begins at an offset of the texts. */
struct copy {
    struct fields fields;
    size_t text;
};

struct world {
    const struct policy *policy;
    struct oracle *oracle;
    struct shard shards[];
};

/* Kept from list to list, so that no list pays for growing it. */
static __thread struct {
    struct copy *copies;
    size_t room;
    size_t n;
    char *texts;
    size_t texts_room;
    size_t texts_used;
} buffer;

static const char *version(void)
{
    static char text[32];

    g_snprintf(text, sizeof(text), "GLib %u.%u.%u", glib_major_version, glib_minor_version,
               glib_micro_version);
    return text;
}

static int create(const struct engine_setup *setup, const struct policy *policy, void **world)
{
    struct world *made = aligned_alloc(_Alignof(struct shard),
                                       sizeof(*made) + policy->shards * sizeof(struct shard));
    size_t i;

    if (!made)
        return -ENOMEM;
    made->policy = policy;
    made->oracle = setup->oracle;
    for (i = 0; i < policy->shards; i++) {
        pthread_rwlock_init(&made->shards[i].rwlock, NULL);
        pthread_mutex_init(&made->shards[i].mutex, NULL);
        made->shards[i].sessions = g_hash_table_new(g_int64_hash, g_int64_equal);
    }
    *world = made;
    return 0;
}

static void destroy(void *world)
{
    struct world *it = world;
    size_t i;

    for (i = 0; i < it->policy->shards; i++) {
        g_hash_table_destroy(it->shards[i].sessions);
        pthread_rwlock_destroy(&it->shards[i].rwlock);
        pthread_mutex_destroy(&it->shards[i].mutex);
    }
    free(it);
}

static struct shard *shard_of(struct world *it, uint64_t id)
{
    return &it->shards[it->policy->shards > 1 ? id % it->policy->shards : 0];
}

static void table_lock(const struct world *it, struct shard *shard, bool exclusive)
{
    if (!it->policy->rwlock)
        pthread_mutex_lock(&shard->mutex);
    else if (exclusive)
        pthread_rwlock_wrlock(&shard->rwlock);
    else
        pthread_rwlock_rdlock(&shard->rwlock);
}

static void table_unlock(const struct world *it, struct shard *shard)
{
    if (it->policy->rwlock)
        pthread_rwlock_unlock(&shard->rwlock);
    else
        pthread_mutex_unlock(&shard->mutex);
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    struct session *made = calloc(1, sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->fields.id = id;
    made->shard = shard_of(it, id);
    who_copy(&made->fields.who, who);
    pthread_mutex_init(&made->mutex, NULL);
    table_lock(it, made->shard, true);
    g_hash_table_insert(made->shard->sessions, &made->fields.id, made);
    table_unlock(it, made->shard);
    *session = made;
    return 0;
}

static int close_session(void *world, void *session)
{
    struct world *it = world;
    struct session *closed = session;

    table_lock(it, closed->shard, true);
    g_hash_table_remove(closed->shard->sessions, &closed->fields.id);
    table_unlock(it, closed->shard);
    pthread_mutex_destroy(&closed->mutex);
    free(closed->text);
    free(closed);
    return 0;
}

/* What an owner takes to change its session, and leaves afterwards. */
static struct session *owner_enter(const struct world *it, struct session *session)
{
    if (!it->policy->rwlock) {
        pthread_mutex_lock(&session->shard->mutex);
        return session;
    }
    if (it->policy->by_id) {
        uint64_t id = session->fields.id;

        pthread_rwlock_rdlock(&session->shard->rwlock);
        session = g_hash_table_lookup(session->shard->sessions, &id);
    }
    pthread_mutex_lock(&session->mutex);
    return session;
}

static void owner_leave(const struct world *it, struct session *session)
{
    if (!it->policy->rwlock) {
        pthread_mutex_unlock(&session->shard->mutex);
        return;
    }
    pthread_mutex_unlock(&session->mutex);
    if (it->policy->by_id)
        pthread_rwlock_unlock(&session->shard->rwlock);
}

/* The timestamp is asked for under the lock, so no scan can come in between. */
static int begin(void *world, void *session, uint64_t *start_ts)
{
    struct world *it = world;
    struct session *owned = owner_enter(it, session);

    owned->fields.start_ts = *start_ts = oracle_start_ts(it->oracle);
    owned->fields.since = engine_since();
    owned->fields.state = 1;
    owner_leave(it, owned);
    return 0;
}

static int end(void *world, void *session)
{
    struct world *it = world;
    struct session *owned = owner_enter(it, session);

    owned->fields.start_ts = 0;
    owned->fields.since = engine_since();
    owned->fields.state = 0;
    owner_leave(it, owned);
    return 0;
}

static int stmt_begin(void *world, void *session, const char *text, size_t length)
{
    struct world *it = world;
    struct session *owned = session;

    if (!owned->text && !(owned->text = malloc(TEXT_MAX)))
        return -ENOMEM;
    owned = owner_enter(it, session);
    memcpy(owned->text, text, length);
    owned->fields.text_length = (uint32_t)length;
    owned->fields.since = engine_since();
    owner_leave(it, owned);
    return 0;
}

static int stmt_end(void *world, void *session)
{
    struct world *it = world;
    struct session *owned = owner_enter(it, session);

    owned->fields.text_length = 0;
    owned->fields.since = engine_since();
    owner_leave(it, owned);
    return 0;
}

static int oldest(void *world, uint64_t *ts)
{
    struct world *it = world;
    uint64_t min = oracle_now(it->oracle);
    size_t i;

    for (i = 0; i < it->policy->shards; i++) {
        struct shard *shard = &it->shards[i];
        GHashTableIter iter;
        gpointer value;

        table_lock(it, shard, false);
        g_hash_table_iter_init(&iter, shard->sessions);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            struct session *session = value;
            uint64_t start_ts;

            if (it->policy->rwlock)
                pthread_mutex_lock(&session->mutex);
            start_ts = session->fields.start_ts;
            if (it->policy->rwlock)
                pthread_mutex_unlock(&session->mutex);
            if (start_ts && start_ts < min)
                min = start_ts;
        }
        table_unlock(it, shard);
    }
    *ts = min;
    return 0;
}

static int grow(void **memory, size_t *room, size_t size)
{
    void *grown = realloc(*memory, 2 * (*room + 1024) * size);

    if (!grown)
        return -ENOMEM;
    *memory = grown;
    *room = 2 * (*room + 1024);
    return 0;
}

static int copy_session(const struct session *session)
{
    struct copy *copy;

    if (buffer.n == buffer.room &&
        grow((void **)&buffer.copies, &buffer.room, sizeof(*buffer.copies)))
        return -ENOMEM;
    if (buffer.texts_used + session->fields.text_length > buffer.texts_room &&
        grow((void **)&buffer.texts, &buffer.texts_room, 1))
        return -ENOMEM;
    copy = &buffer.copies[buffer.n++];
    copy->fields = session->fields;
    copy->text = buffer.texts_used;
    if (session->fields.text_length)
        memcpy(buffer.texts + copy->text, session->text, session->fields.text_length);
    buffer.texts_used += session->fields.text_length;
    return 0;
}

static int copy_shard(const struct world *it, struct shard *shard)
{
    GHashTableIter iter;
    gpointer value;
    int err = 0;

    table_lock(it, shard, false);
    g_hash_table_iter_init(&iter, shard->sessions);
    while (!err && g_hash_table_iter_next(&iter, NULL, &value)) {
        struct session *session = value;

        if (it->policy->rwlock)
            pthread_mutex_lock(&session->mutex);
        err = copy_session(session);
        if (it->policy->rwlock)
            pthread_mutex_unlock(&session->mutex);
    }
    table_unlock(it, shard);
    return err;
}

static int list(void *world, struct reading *reading)
{
    struct world *it = world;
    size_t i;
    int err = 0;

    buffer.n = buffer.texts_used = 0;
    for (i = 0; i < it->policy->shards && !err; i++)
        err = copy_shard(it, &it->shards[i]);
    for (i = 0; i < buffer.n && !err; i++)
        read_fields(&buffer.copies[i].fields, buffer.texts + buffer.copies[i].text, reading);
    return err;
}

/* Read under the locks: nothing outlives them. */
static int lookup(void *world, uint64_t id, struct reading *reading)
{
    struct world *it = world;
    struct shard *shard = shard_of(it, id);
    struct session *session;

    table_lock(it, shard, false);
    session = g_hash_table_lookup(shard->sessions, &id);
    if (session) {
        if (it->policy->rwlock)
            pthread_mutex_lock(&session->mutex);
        read_fields(&session->fields, session->text, reading);
        if (it->policy->rwlock)
            pthread_mutex_unlock(&session->mutex);
    }
    table_unlock(it, shard);
    return session ? 0 : -ENOENT;
}

/* Stays inside the first shard. */
static int hold(void *world, void (*wait)(void *arg), void *arg)
{
    struct world *it = world;

    table_lock(it, &it->shards[0], false);
    wait(arg);
    table_unlock(it, &it->shards[0]);
    return 0;
}

#define ENGINE(variable, text, what, n_shards, has_rwlock, finds_by_id)                            \
    static int variable##_create(const struct engine_setup *setup, void **world)                   \
    {                                                                                              \
        static const struct policy policy = {n_shards, has_rwlock, finds_by_id};                   \
                                                                                                   \
        return create(setup, &policy, world);                                                      \
    }                                                                                              \
    const struct engine engine_##variable = {                                                      \
        .name = (text),                                                                            \
        .title = (what),                                                                           \
        .can = CAN_TXN | CAN_TEXT | CAN_OLDEST | CAN_VALUE | CAN_LIST | CAN_LOOKUP | CAN_HOLD,     \
        ENGINE_CALLS,                                                                              \
        .create = variable##_create,                                                               \
    }

ENGINE(rwlock, "rwlock", "GHashTable, pthread_rwlock, a mutex per session", 1, true, false);
ENGINE(rwlock_id, "rwlock-id", "rwlock, owners find their session by id", 1, true, true);
ENGINE(one_mutex, "one-mutex", "GHashTable and all sessions under one mutex", 1, false, false);
ENGINE(sharded, "sharded", "64 GHashTables, a mutex each", SHARDS, false, false);
