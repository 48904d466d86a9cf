/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * pointers: immutable records behind pointers, as TiDB lists its sessions. A change makes a new
 * record and puts it in the place of the old one; a list collects the records under the table's
 * read lock and reads them afterwards, so nothing is copied. TiDB has a garbage collector for the
 * old ones, here each has a count of references (GLib's, atomic), which is what C and C++ servers
 * do.
 */
#include "engine.h"
#include "strings.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct record {
    struct fields fields;
    char text[];
};

struct session {
    uint64_t id;
    pthread_mutex_t mutex; /* of the pointer: a reader takes its reference under it */
    struct record *record;
};

struct world {
    struct oracle *oracle;
    pthread_rwlock_t lock;
    GHashTable *sessions;
};

/* Kept from list to list, so that no list pays for growing it. */
static __thread GPtrArray *collected;

static const char *version(void)
{
    static char text[32];

    g_snprintf(text, sizeof(text), "GLib %u.%u.%u", glib_major_version, glib_minor_version,
               glib_micro_version);
    return text;
}

static int create(const struct engine_setup *setup, void **world)
{
    struct world *made = calloc(1, sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->oracle = setup->oracle;
    pthread_rwlock_init(&made->lock, NULL);
    made->sessions = g_hash_table_new(g_int64_hash, g_int64_equal);
    *world = made;
    return 0;
}

static void destroy(void *world)
{
    struct world *it = world;

    g_hash_table_destroy(it->sessions);
    pthread_rwlock_destroy(&it->lock);
    free(it);
}

static void thread_leave(void *world)
{
    (void)world;
    if (collected)
        g_ptr_array_free(collected, TRUE);
    collected = NULL;
}

/* A record like the session's, with room for a text. Its owner alone changes the pointer. */
static struct record *next_record(const struct session *session, size_t text_length)
{
    struct record *next = g_atomic_rc_box_alloc(sizeof(*next) + text_length);

    next->fields = session->record->fields;
    next->fields.since = engine_since();
    next->fields.text_length = (uint32_t)text_length;
    return next;
}

static void publish(struct session *session, struct record *next)
{
    struct record *last = session->record;

    pthread_mutex_lock(&session->mutex);
    session->record = next;
    pthread_mutex_unlock(&session->mutex);
    g_atomic_rc_box_release(last);
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    struct session *made = malloc(sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->id = id;
    made->record = g_atomic_rc_box_alloc0(sizeof(*made->record));
    made->record->fields.id = id;
    who_copy(&made->record->fields.who, who);
    pthread_mutex_init(&made->mutex, NULL);
    pthread_rwlock_wrlock(&it->lock);
    g_hash_table_insert(it->sessions, &made->id, made);
    pthread_rwlock_unlock(&it->lock);
    *session = made;
    return 0;
}

static int close_session(void *world, void *session)
{
    struct world *it = world;
    struct session *closed = session;

    pthread_rwlock_wrlock(&it->lock);
    g_hash_table_remove(it->sessions, &closed->id);
    pthread_rwlock_unlock(&it->lock);
    pthread_mutex_destroy(&closed->mutex);
    g_atomic_rc_box_release(closed->record);
    free(closed);
    return 0;
}

/* The timestamp is asked for under the lock, so no scan can come in between. */
static int begin(void *world, void *session, uint64_t *start_ts)
{
    struct world *it = world;
    struct session *owned = session;
    struct record *last = owned->record, *next = next_record(owned, last->fields.text_length);

    memcpy(next->text, last->text, last->fields.text_length);
    next->fields.state = 1;
    pthread_mutex_lock(&owned->mutex);
    next->fields.start_ts = *start_ts = oracle_start_ts(it->oracle);
    owned->record = next;
    pthread_mutex_unlock(&owned->mutex);
    g_atomic_rc_box_release(last);
    return 0;
}

static int end(void *world, void *session)
{
    struct session *owned = session;
    struct record *next = next_record(owned, owned->record->fields.text_length);

    (void)world;
    memcpy(next->text, owned->record->text, next->fields.text_length);
    next->fields.start_ts = 0;
    next->fields.state = 0;
    publish(owned, next);
    return 0;
}

static int stmt_begin(void *world, void *session, const char *text, size_t length)
{
    struct session *owned = session;
    struct record *next = next_record(owned, length);

    (void)world;
    memcpy(next->text, text, length);
    publish(owned, next);
    return 0;
}

static int stmt_end(void *world, void *session)
{
    struct session *owned = session;

    (void)world;
    publish(owned, next_record(owned, 0));
    return 0;
}

static struct record *take(struct session *session)
{
    struct record *record;

    pthread_mutex_lock(&session->mutex);
    record = g_atomic_rc_box_acquire(session->record);
    pthread_mutex_unlock(&session->mutex);
    return record;
}

static void collect(struct world *it)
{
    GHashTableIter iter;
    gpointer session;

    if (!collected)
        collected = g_ptr_array_new_with_free_func(g_atomic_rc_box_release);
    g_ptr_array_set_size(collected, 0);
    pthread_rwlock_rdlock(&it->lock);
    g_hash_table_iter_init(&iter, it->sessions);
    while (g_hash_table_iter_next(&iter, NULL, &session))
        g_ptr_array_add(collected, take(session));
    pthread_rwlock_unlock(&it->lock);
}

static int oldest(void *world, uint64_t *ts)
{
    struct world *it = world;
    guint i;

    *ts = oracle_now(it->oracle);
    collect(it);
    for (i = 0; i < collected->len; i++) {
        const struct record *record = g_ptr_array_index(collected, i);

        if (record->fields.start_ts && record->fields.start_ts < *ts)
            *ts = record->fields.start_ts;
    }
    g_ptr_array_set_size(collected, 0);
    return 0;
}

static int list(void *world, struct reading *reading)
{
    guint i;

    collect(world);
    for (i = 0; i < collected->len; i++) {
        const struct record *record = g_ptr_array_index(collected, i);

        read_fields(&record->fields, record->text, reading);
    }
    g_ptr_array_set_size(collected, 0);
    return 0;
}

static int lookup(void *world, uint64_t id, struct reading *reading)
{
    struct world *it = world;
    struct session *session;
    struct record *record = NULL;

    pthread_rwlock_rdlock(&it->lock);
    session = g_hash_table_lookup(it->sessions, &id);
    if (session)
        record = take(session);
    pthread_rwlock_unlock(&it->lock);
    if (!record)
        return -ENOENT;
    read_fields(&record->fields, record->text, reading);
    g_atomic_rc_box_release(record);
    return 0;
}

static int hold(void *world, void (*wait)(void *arg), void *arg)
{
    collect(world);
    wait(arg);
    g_ptr_array_set_size(collected, 0);
    return 0;
}

const struct engine engine_pointers = {
    .name = "pointers",
    .title = "GHashTable, pthread_rwlock, immutable records",
    .can = CAN_TXN | CAN_TEXT | CAN_OLDEST | CAN_VALUE | CAN_LIST | CAN_LOOKUP | CAN_HOLD,
    ENGINE_CALLS,
    .create = create,
    .thread_leave = thread_leave,
};
