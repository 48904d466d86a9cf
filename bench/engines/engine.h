/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Engines: Roster and what others do in its place, behind one table of functions, so that the same
 * workload code drives all of them and all do the same work.
 *
 * What the work is. A session has an id and three strings (user, host, database). begin() asks the
 * oracle for a start timestamp at the moment that the engine's protocol wants it, and lets others
 * see it together with the state and since when; end() takes that back. oldest() returns the
 * smallest start timestamp of all open transactions, or the oracle's now; list() and lookup() read
 * all that is known of sessions with read_facts(), at a moment when no thread writes it.
 *
 * An engine leaves out what its original cannot do (see can_*): LMDB and WiredTiger know nothing of
 * sessions but their transaction, the C++ hash tables nothing of transactions.
 */
#pragma once

#include "../measure/oracle.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum engine_can {
    CAN_TXN = 1,     /* begin, end */
    CAN_TEXT = 2,    /* stmt_begin, stmt_end */
    CAN_OLDEST = 4,  /* oldest */
    CAN_VALUE = 8,   /* ... returns the value; else the work is done, and the value stays inside */
    CAN_LIST = 16,   /* list, with all facts */
    CAN_LOOKUP = 32, /* lookup */
    CAN_HOLD = 64,   /* hold */
};

/* Who a session is. */
struct who {
    const char *user;
    const char *host;
    const char *database;
};

#define WHO_USER 16
#define WHO_HOST 24
#define WHO_DATABASE 16
#define TEXT_MAX 1024

/* All that is shown of one session. Strings are valid while the engine says so. */
struct facts {
    uint64_t id;
    uint64_t start_ts; /* 0: no transaction */
    uint64_t since;
    uint32_t state; /* 1: a transaction is open */
    uint32_t text_length;
    const char *text;
    struct who who;
};

/* Where list() and lookup() read to. */
struct reading {
    uint64_t sum;
    size_t count;
    void (*collect)(void *arg, const struct facts *facts); /* for tests; NULL when measured */
    void *arg;
};

static inline void read_facts(struct reading *reading, const struct facts *facts)
{
    uint64_t sum = facts->id + facts->start_ts + facts->since + facts->state;

    if (facts->text_length)
        sum += facts->text_length + (uint64_t)facts->text[0];
    sum += (uint64_t)facts->who.user[0] + (uint64_t)facts->who.host[0] +
           (uint64_t)facts->who.database[0];
    reading->sum += sum;
    reading->count++;
    if (__builtin_expect(reading->collect != NULL, 0)) {
        /* Member by member, so that what is not collected need not be in memory. */
        struct facts copy;

        copy.id = facts->id;
        copy.start_ts = facts->start_ts;
        copy.since = facts->since;
        copy.state = facts->state;
        copy.text_length = facts->text_length;
        copy.text = facts->text;
        copy.who.user = facts->who.user;
        copy.who.host = facts->who.host;
        copy.who.database = facts->who.database;
        reading->collect(reading->arg, &copy);
    }
}

/* "Since when": all engines read one coarse clock, as Roster's is. */
extern uint64_t engine_coarse_clock;

static inline uint64_t engine_since(void)
{
    return __atomic_load_n(&engine_coarse_clock, __ATOMIC_RELAXED);
}

struct engine_setup {
    struct oracle *oracle; /* of the kind thread; lives as long as the world */
    size_t sessions;       /* the most that will be open at once */
};

/* Functions return 0 or a negative errno. Those of a session are called by one thread at a time. */
struct engine {
    const char *name;
    const char *title;
    unsigned can;
    size_t most_sessions; /* 0: any number; why not more: see the engine */
    const char *(*version)(void);
    int (*create)(const struct engine_setup *setup, void **world);
    void (*destroy)(void *world);      /* all sessions are closed */
    int (*thread_enter)(void *world);  /* may be NULL; before a thread's first call */
    void (*thread_leave)(void *world); /* may be NULL; after its last */
    int (*open)(void *world, uint64_t id, const struct who *who, void **session);
    int (*close)(void *world, void *session); /* no transaction is open */
    int (*begin)(void *world, void *session, uint64_t *start_ts);
    int (*end)(void *world, void *session);
    int (*stmt_begin)(void *world, void *session, const char *text, size_t length);
    int (*stmt_end)(void *world, void *session);
    int (*oldest)(void *world, uint64_t *ts);
    int (*list)(void *world, struct reading *reading);
    int (*lookup)(void *world, uint64_t id, struct reading *reading); /* -ENOENT */
    /* Calls wait() inside a reader's section. */
    int (*hold)(void *world, void (*wait)(void *arg), void *arg);
    /* LMDB alone: a commit, after which transactions get a new timestamp; may be NULL. */
    int (*advance)(void *world);
};

/* The calls of an engine that has each under the name here, without create(): those of
 * transactions; of statements as well; all. */
#define ENGINE_TXNS                                                                                \
    .version = version, .destroy = destroy, .open = open_session, .close = close_session,          \
    .begin = begin, .end = end
#define ENGINE_STATEMENTS ENGINE_TXNS, .stmt_begin = stmt_begin, .stmt_end = stmt_end
#define ENGINE_CALLS                                                                               \
    ENGINE_STATEMENTS, .oldest = oldest, .list = list, .lookup = lookup, .hold = hold

/* All engines of this build, Roster first. */
extern const struct engine *const engines[];
extern const size_t n_engines;

/* NULL when this build has none of that name. */
const struct engine *engine_find(const char *name, size_t length);

extern const struct engine engine_roster, engine_roster_copy, engine_roster_again, engine_textbook,
    engine_textbook_free, engine_rwlock, engine_rwlock_id, engine_one_mutex, engine_pointers,
    engine_sharded, engine_dense, engine_lmdb, engine_wiredtiger, engine_wiredtiger_plain,
    engine_ck, engine_tbb, engine_cuckoo;

#ifdef __cplusplus
}
#endif
