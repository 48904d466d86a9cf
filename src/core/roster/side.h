/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Cold per-session data, allocated on first use and outside of the session, so that this stays at
 * two cache lines. A session gets its side when it first needs one, and keeps it until a grace
 * period has passed after it was closed.
 *
 * Words are written by the owner and read by anyone under the read lock, one by one.
 */
#pragma once

#include "core/base/graced.h"
#include "core/base/heap.h"
#include "core/base/rcu.h"

#include "core/roster/last.h"

#include <roster/block.h>
#include <roster/limits.h>
#include <roster/session.h>
#include <roster/statement.h>
#include <stdbool.h>
#include <stdint.h>

/* Called once no wake callback of the session runs any more. */
struct rst_release {
    struct rcu_head head;
    struct rst_heap *heap;
    roster_release_fn *release;
    void *arg;
};

/* The tables that a transaction uses, see owner/tables.c. */
struct rst_table {
    uint64_t id;
    uint64_t version;
};

struct rst_tables {
    struct rcu_head rcu;
    struct rst_heap *heap;
    uint64_t txn_seq; /* of the transaction, which no other one has */
    uint32_t capacity;
    uint32_t count; /* grows; entries below it are constant */
    struct rst_table list[];
};

/* The session that one waits for, see block.h. */
#define RST_BLOCK_WORDS ((ROSTER_BLOCK_TEXT + 1) / sizeof(uint64_t))

_Static_assert((ROSTER_BLOCK_TEXT + 1) % sizeof(uint64_t) == 0, "a text is words");

struct rst_block {
    rst_word version; /* odd while the owner writes */
    rst_word holder_id;
    rst_word generation; /* of the holder; 0: any */
    rst_word txn;        /* of the holder; 0: none */
    rst_word what[RST_BLOCK_WORDS];
};

/* Statements that are suspended, see owner/nested.c. */
struct rst_suspended {
    struct rst_statement *statement;
    struct roster_shown *view; /* that has shown it, and will */
};

struct rst_nested {
    unsigned count;
    struct rst_suspended list[ROSTER_STMT_SUSPENDED];
};

static inline size_t rst_tables_bytes(uint32_t capacity)
{
    return sizeof(struct rst_tables) + capacity * sizeof(struct rst_table);
}

struct rst_side {
    roster_wake_fn *wake; /* constant while the session can be found, as the next two */
    roster_wake_kill_fn *wake_kill;
    void *wake_arg;
    struct rst_release *release; /* the owner's */
    rst_word tag;
    rst_word txn_flags;  /* ROSTER_TXN_* of the transaction whose number is above them */
    rst_word wait;       /* see wait_events.h */
    rst_word generation; /* unique among sessions with its id; 0: none assigned yet */
    rst_word deadlock;   /* the newest that it was in; written by who found that, under the lock of
                            deadlocks.h */
    rst_word txn_seq;    /* of a session that pins nothing: the number of its transaction */
    rst_word disk;
    rst_word progress_seq; /* of the statement that the next two are of, see owner/progress.c */
    rst_word progress_done;
    rst_word progress_total; /* with the phase above it */
    rst_word limits[ROSTER_LIMITS];
    struct rst_block *block; /* see block.h; NULL until it waits for a session */
    struct rst_tables *tables;
    struct rst_digests *digests; /* see digests.h; NULL unless it keeps them */
    struct rst_last last;        /* see last.h */
    struct rst_nested *nested;   /* the owner's, see owner/nested.c; NULL until needed */
    rst_word changing;           /* 1: its owner has shown another statement and has yet to look
                                    whether the one before was killed, see owner/nested.c */
};

/* For the owner: the session's side, created if necessary; NULL: out of memory. */
struct rst_side *rst_side_need(struct roster_session *session);

/* The same in two steps, for calls that may fail in between: a new side belongs to the session once
 * it is kept. */
struct rst_side *rst_side_make(const struct roster_session *session);
void rst_side_keep(struct roster_session *session, struct rst_side *side);
void rst_side_drop(const struct roster_session *session, struct rst_side *side);

/* For any thread, under the read lock: NULL if there is none. */
const struct rst_side *rst_side_of(const struct roster_session *session);

/* For the owner: the generation, assigned if necessary. */
uint64_t rst_side_generation(struct roster *roster, struct rst_side *side);

/* For any thread, under the read lock: whether a session found has this generation. */
bool rst_side_is_of(const struct roster_session *session, uint64_t generation);

/* Whether a session needs a side from the beginning. */
static inline bool rst_side_is_needed(const struct roster_session_attr *attr)
{
    return attr->wake || attr->wake_kill || attr->release || attr->tag ||
           attr->flags & (ROSTER_SESSION_NON_PINNING | ROSTER_SESSION_DIGESTS |
                          ROSTER_SESSION_LAST_STATEMENT);
}

/* Prepares that of a session that no other thread can find yet. Returns 0, -ENOMEM or -ENOBUFS. */
int rst_side_open(struct roster_session *session, const struct roster_session_attr *attr);

/* For the owner of a session that pins nothing: assigns the new transaction's number. */
rst_slow void rst_side_next_txn_slow(struct roster_session *session);

/* The owner's, of a session that no other thread can find any more: has its release called. */
rst_slow void rst_side_release_slow(struct rst_side *side);

/* The bytes of what a session holds on to beside its record: its identity and its side. */
size_t rst_session_held(const struct roster_session *session);

/* Drops that: no thread can see the session. As rst_graced_drop_fn. */
size_t rst_session_drop(struct rst_graced *sessions, void *object);
