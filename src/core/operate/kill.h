/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The part of killing used by kill_all.c, drain.c and watchdogs. kill.c and kill_txn.c have the
 * protocols.
 */
#pragma once

#include "core/roster/event_log.h"
#include "core/roster/kill_word.h"

#include <roster/metrics.h>

/* The bits of every kind of session. */
#define RST_KILL_ALL_KINDS (ROSTER_KIND_BIT(ROSTER_SESSION_KINDS) - 1)

static inline bool rst_kill_is_reason(enum roster_kill_reason reason)
{
    return (unsigned)reason - 1 < ROSTER_KILL_REASONS - 1;
}

/*
 * A kill of one session in progress. All kills take the same three steps under the kill lock, so
 * any number of them shares the second:
 *
 *     rst_kill_begin()     1 and 2 of kill.c, 0 and 1 of kill_txn.c
 *     rst_kill_barrier()   3 of kill.c, 2 of kill_txn.c
 *     rst_kill_end()       4 of kill.c, 3 to 5 of kill_txn.c
 */
struct rst_killing {
    struct roster_session *session;
    uint64_t seq; /* of the statement or transaction aimed at, 0: any; afterwards of the one hit */
    uint64_t start_ts;                      /* the same of a transaction */
    const struct roster_identity *identity; /* for rst_kill_record() */
    int result;                             /* what roster_kill() returns, or one of these */
};

enum {
    RST_KILL_INSTALLED = 1, /* by this killer, in the word */
    RST_KILL_STANDS,        /* an earlier one of the same statement */
};

/* Whether the session is a worker that never checks for kills. */
bool rst_kill_rejects(const struct roster_session *session, enum roster_kill_reason reason);

/* Whether the other steps follow. If not, the result is 0 or -errno. */
bool rst_kill_begin(struct rst_killing *killing, enum roster_kill_target target,
                    enum roster_kill_reason reason);
int rst_kill_barrier(const struct roster *roster);
/* `err` is the barrier's. */
void rst_kill_end(struct rst_killing *killing, enum roster_kill_target target,
                  enum roster_kill_reason reason, int err);

/* The transaction's. See kill_txn.c. */
int rst_kill_txn_begin(struct rst_killing *killing);
int rst_kill_txn_end(struct rst_killing *killing, enum roster_kill_reason reason, int err);

/* Fills in the target, or what was hit. */
void rst_kill_describe(struct roster_kill_info *kill, const struct rst_killing *killing);

/* How what roster_kill() returns is counted. */
enum roster_kill_result rst_kill_result(int err);

/* Counts and logs a kill of a session of this identity. Under the read lock. */
void rst_kill_record(struct roster *roster, const struct roster_identity *identity,
                     const struct roster_kill_info *kill, int err, struct rst_moment now);

/* Wakes the owner, if the kill concerns it. Between rst_keep_begin() and rst_keep_end(), but not
 * under the read lock: the server's callback may take long. */
void rst_kill_wake(const struct roster_session *session, const struct roster_kill_info *kill,
                   int err);

/*
 * As roster_kill() on a session found under the read lock, which is held, between rst_keep_begin()
 * and rst_keep_end(). The read lock is left while the owner is woken. `*kill` contains the target,
 * the reason and the number aimed at (0: any); what was hit is stored.
 */
int rst_kill_session(struct roster *roster, struct roster_session *session,
                     struct roster_kill_info *kill);

/* The aims of a kill: at a statement, at a transaction, at a connection. `by` may be NULL. */
static inline struct roster_kill_info rst_kill_aim(enum roster_kill_target target,
                                                   enum roster_kill_reason reason, const char *by)
{
    struct roster_kill_info kill = {
        .size = sizeof(kill), .target = target, .reason = reason, .by = by};

    return kill;
}
