/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Lists of sessions: walked under the read lock, or copied; and a copy of one session.
 */
#ifndef ROSTER_LIST_H
#define ROSTER_LIST_H

#include <roster/export.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* Bytes of a statement's text and digest that a walk shows, including their NULs. */
#define ROSTER_WALK_TEXT 2048

/*
 * Called for one session with a look at it, which is valid until this returns; the session and the
 * identity are valid until the read lock is left. A text longer than ROSTER_WALK_TEXT is cut;
 * roster_session_look() returns all of it. Returns 0 to continue, anything else to stop.
 */
typedef int roster_each_fn(const struct roster_session *session, const struct roster_shown *shown,
                           void *arg);

/*
 * Walks all sessions, in no particular order. Under the read lock. A session that is open during
 * the whole walk is visited exactly once; one that is opened or closed during the walk once or not
 * at all. Never delays an owner, never allocates.
 *
 * Returns 0; what `fn` returned when it stopped the walk; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_for_each(struct roster *roster, roster_each_fn *fn, void *arg);

/*
 * One session in a copied list. Strings are NULL if unknown, and belong to the snapshot. The
 * members that every session has come first, in two cache lines; for an idle session the others are
 * 0.
 */
struct roster_entry {
    uint64_t id;
    enum roster_session_kind kind;
    uint32_t flags;
    uint64_t state_since; /* CLOCK_MONOTONIC, ns */
    enum roster_txn_state txn_state;
    enum roster_run_state run_state;
    enum roster_command command; /* ROSTER_COMMAND_SLEEP between statements */
    int killed;                  /* roster_session_killed() */
    const char *user;
    const char *host;
    const char *database;
    const char *application;
    const char *attributes;
    uint64_t memory; /* as the server reported, see roster/limits.h */
    uint64_t disk;
    uint64_t tag;      /* roster_session_tag() */
    uint64_t start_ts; /* 0 unless txn_state is ROSTER_TXN_VALID */
    const char *text;  /* NULL between statements */
    uint32_t text_length;
    uint32_t rest; /* private */

    uint32_t text_full_length;
    uint32_t digest_length; /* bytes in `digest`, which may contain NULs */
    const char *digest;     /* NULL when there is none */
    uint64_t stmt_seq;      /* 0 between statements */
    uint64_t stmt_since;
    uint64_t txn_since; /* roster_txn_since() */
    uint64_t txn_seq;   /* roster_txn_seq(); 0 without a transaction */
    uint32_t txn_flags; /* roster_txn_flags() */
    uint32_t schema_version;
    uint64_t entries;
    uint64_t entry_bytes;
    /* NULL without a valid transaction. May lack the owner's current change. */
    const char *all_digests;  /* JSON: the digests of its statements, the first 50; "[]" for none */
    const char *tables;       /* ids of the tables in use: "1,2,3"; "" for none */
    uint64_t digests_dropped; /* number of further digests */
    uint64_t blocked_since;   /* 0 unless waiting */
    const char *wait_class;   /* class of the wait, see roster/wait.h; NULL when not waiting */
    const char *wait_event;   /* its name */
    uint64_t wait_since;      /* CLOCK_MONOTONIC, ns */
    /* roster_session_last_statement(), for a session that is idle in a transaction. */
    const char *last_text; /* NULL when there is none */
    uint32_t last_text_length;
    uint32_t last_text_full_length;
    uint64_t last_seq;   /* its number; 0 when there is none */
    uint64_t last_since; /* when it began */
    enum roster_command last_command;
    uint32_t blocked_depth; /* how many waits lead to the root */
    /* For a session that waits for another one, from roster_session_blocked(); else 0 and NULL.
     */
    uint64_t blocker;          /* the session it waits for */
    uint64_t blocker_start_ts; /* of its transaction; 0: it has none, or it is gone */
    uint64_t root_blocker;     /* where the chain of waits ends; 0 for a circle, and after
                                  ROSTER_BLOCK_DEPTH waits */
    const char *blocked_on;    /* the object it waits for; NULL when unknown */
    /* roster_session_progress(); `phase` is NULL when none was set. */
    uint64_t progress_done;
    uint64_t progress_total;
    const char *phase;
    uint64_t reserved[4]; /* 0 */
};

/* A copied list. */
struct roster_snapshot {
    uint64_t taken_at;    /* CLOCK_MONOTONIC, ns: ages are taken_at - since */
    uint64_t taken_at_ms; /* the same moment in milliseconds since the Unix epoch */
    size_t count;
    const struct roster_entry *entries;
};

/*
 * Copies one session as of this moment, with all its strings, into `*entry` and the `size` bytes at
 * `room`, where the statement's text is cut if necessary. The copy does not depend on a lock. Any
 * thread, the read lock need not be held. `all_digests` and `tables` are NULL: roster_snapshot()
 * has them.
 *
 * Returns 0; -EINVAL for NULL; -ESRCH when no session has this id; -ENOBUFS when not even the
 * strings of its identity fit into `room`; -ECHILD. After an error `*entry` is unchanged.
 */
ROSTER_API int roster_look(struct roster *roster, uint64_t id, struct roster_entry *entry,
                           char *room, size_t size) ROSTER_MUST_CHECK;

/*
 * Copies the list of all sessions: it outlives the lock and the sessions. Any thread, the read
 * lock need not be held. Each entry is of one instant (G1).
 *
 * Returns 0 and stores it in `*snapshot`, to be freed with roster_snapshot_free(); -EINVAL for
 * NULL; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_snapshot(struct roster *roster,
                               struct roster_snapshot **snapshot) ROSTER_MUST_CHECK;

/*
 * Copies the sessions that have these ids, in this order; those that are not open are left out.
 * Purpose: to show a long list page by page without holding all of it. Choose the ids in a walk
 * (roster_for_each()), then copy some at a time. Any thread, the read lock need not be held. Each
 * entry is of one instant (G1). Takes time for `count` sessions, however many are open.
 *
 * Returns 0 and stores it in `*snapshot`, to be freed with roster_snapshot_free(); -EINVAL for
 * NULL; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_snapshot_ids(struct roster *roster, const uint64_t *ids, size_t count,
                                   struct roster_snapshot **snapshot) ROSTER_MUST_CHECK;

/*
 * Copies the list of all sessions into the memory of an earlier copy, of this roster or another
 * one. Purpose: a caller that lists repeatedly does not pay for new memory each time, which costs
 * more than the copy. The previous contents, including the strings, are overwritten. Memory far
 * beyond the list's needs is freed. Any thread, one at a time; the read lock need not be
 * held. Each entry is of one instant (G1).
 *
 * Returns 0; -EINVAL for NULL; -ENOMEM; -ECHILD. After -ENOMEM the list is empty; after any other
 * error it is unchanged. Free it as before.
 */
ROSTER_API int roster_snapshot_again(struct roster *roster,
                                     struct roster_snapshot *snapshot) ROSTER_MUST_CHECK;

/* Frees a copied list. NULL is allowed. Any thread, also after the roster was destroyed. */
ROSTER_API void roster_snapshot_free(struct roster_snapshot *snapshot);

ROSTER_END_DECLS

#endif /* ROSTER_LIST_H */
