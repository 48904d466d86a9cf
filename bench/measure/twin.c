/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A twin of any server that uses Roster, with the list of sessions under one mutex, as MySQL's
 * LOCK_thd_list and PostgreSQL's ProcArrayLock have it. It is preloaded and stands before the
 * library: a change of what a list shows (open, close, begin, finish) takes the mutex, and reading
 * the list or computing the minimum keeps it for the whole walk.
 *
 * The walks and the records are those of Roster, so that nothing differs but the lock; owners pay
 * for both, which is tens of nanoseconds of a request that takes some microseconds. At its end it
 * writes to $TWIN_REPORT how often and how long owners have waited.
 */
#include "core/base/clock.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define SPINS 100 /* before it sleeps, as the mutexes of databases do */

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local unsigned depth; /* functions of the library call each other */

/* Under the lock. */
static uint64_t changes, waits, waited_ns, longest_wait_ns, walks, walked_ns, longest_walk_ns;

static void add(uint64_t since, uint64_t *count, uint64_t *sum, uint64_t *longest)
{
    uint64_t ns = rst_monotonic_ns() - since;

    *sum += ns;
    *longest = ns > *longest ? ns : *longest;
    ++*count;
}

static bool try_lock(void)
{
    unsigned n;

    for (n = 0; n < SPINS; n++)
        if (!pthread_mutex_trylock(&list_lock))
            return true;
    return false;
}

static void change_begin(void)
{
    uint64_t since;

    if (depth++)
        return;
    if (!try_lock()) {
        since = rst_monotonic_ns();
        pthread_mutex_lock(&list_lock);
        add(since, &waits, &waited_ns, &longest_wait_ns);
    }
    changes++;
}

static void change_end(void)
{
    if (!--depth)
        pthread_mutex_unlock(&list_lock);
}

static uint64_t walk_begin(void)
{
    if (!depth++)
        pthread_mutex_lock(&list_lock);
    return rst_monotonic_ns();
}

static void walk_end(uint64_t since)
{
    if (--depth)
        return;
    add(since, &walks, &walked_ns, &longest_walk_ns);
    pthread_mutex_unlock(&list_lock);
}

/* The library's own function. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real_##name;                                                          \
    __attribute__((constructor)) static void find_##name(void)                                     \
    {                                                                                              \
        *(void **)&real_##name = dlsym(RTLD_NEXT, #name);                                          \
    }

#define CHANGE(name, parameters, arguments)                                                        \
    REAL(name)                                                                                     \
    int name parameters                                                                            \
    {                                                                                              \
        int result;                                                                                \
                                                                                                   \
        change_begin();                                                                            \
        result = real_##name arguments;                                                            \
        change_end();                                                                              \
        return result;                                                                             \
    }

#define WALK(name, parameters, arguments)                                                          \
    REAL(name)                                                                                     \
    int name parameters                                                                            \
    {                                                                                              \
        uint64_t since = walk_begin();                                                             \
        int result = real_##name arguments;                                                        \
                                                                                                   \
        walk_end(since);                                                                           \
        return result;                                                                             \
    }

CHANGE(roster_session_open,
       (struct roster * roster, const struct roster_session_attr *attr, struct roster_session **it),
       (roster, attr, it))
CHANGE(roster_session_update,
       (struct roster_session * session, const struct roster_session_attr *attr), (session, attr))
CHANGE(roster_session_close, (struct roster_session * session), (session))
CHANGE(roster_stmt_begin,
       (struct roster_session * session, enum roster_command command, const char *text,
        size_t text_length, const char *digest, size_t digest_length),
       (session, command, text, text_length, digest, digest_length))
CHANGE(roster_stmt_end, (struct roster_session * session), (session))
CHANGE(roster_txn_begin, (struct roster_session * session, uint64_t *start_ts), (session, start_ts))
CHANGE(roster_txn_set_progress,
       (struct roster_session * session, uint64_t entries, uint64_t bytes, uint32_t schema_version),
       (session, entries, bytes, schema_version))
CHANGE(roster_txn_finish, (struct roster_session * session), (session))
WALK(roster_snapshot, (struct roster * roster, struct roster_snapshot **snapshot),
     (roster, snapshot))
WALK(roster_min_advance, (struct roster * roster, uint64_t max_age_ms, struct roster_min *min),
     (roster, max_age_ms, min))
WALK(roster_min_peek, (struct roster * roster, struct roster_min *min), (roster, min))

static _Thread_local uint64_t reading_since;

REAL(roster_read_lock)
int roster_read_lock(struct roster *roster)
{
    uint64_t since = walk_begin();
    int err = real_roster_read_lock(roster);

    reading_since = since;
    if (err)
        walk_end(since);
    return err;
}

REAL(roster_read_unlock)
void roster_read_unlock(struct roster *roster)
{
    real_roster_read_unlock(roster);
    walk_end(reading_since);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("TWIN_REPORT"); /* NOLINT(concurrency-mt-unsafe): at the end */
    FILE *file = path && changes ? fopen(path, "we") : NULL;

    if (!file)
        return;
    fprintf(file,
            "%" PRIu64 " walks, %.3f ms on average, the longest %.3f ms; of %" PRIu64
            " changes %" PRIu64 " slept for the lock, %.3f ms on average, the longest %.3f ms\n",
            walks, walks ? (double)walked_ns / (double)walks / 1e6 : 0,
            (double)longest_walk_ns / 1e6, changes, waits,
            waits ? (double)waited_ns / (double)waits / 1e6 : 0, (double)longest_wait_ns / 1e6);
    fclose(file);
}
