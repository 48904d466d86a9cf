/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Draining a server: new sessions are refused, idle ones leave at once, open work may finish, then
 * everything is killed. Owners tear their sessions down themselves (G6).
 */
#ifndef ROSTER_DRAIN_H
#define ROSTER_DRAIN_H

#include <roster/export.h>
#include <roster/kill.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

enum roster_drain_phase {
    ROSTER_DRAIN_FINISHING = 1, /* idle sessions are asked to leave, the others may finish */
    ROSTER_DRAIN_KILLING = 2,   /* all are asked to leave */
};

/* The progress of a drain. */
struct roster_drain_progress {
    enum roster_drain_phase phase;
    uint64_t sessions;   /* still there; the sum of the three below */
    uint64_t leaving;    /* asked to leave */
    uint64_t in_txn;     /* inside a transaction, running a statement or not */
    uint64_t running;    /* running a statement outside a transaction */
    uint64_t elapsed_ms; /* since the drain began */
};

/*
 * Called after every walk over the sessions, in the draining thread. Returns 0 to continue;
 * anything else ends the phase: sessions that may still finish are killed now, and killed sessions
 * are not waited for.
 */
typedef int roster_drain_fn(const struct roster_drain_progress *progress, void *arg);

/* For options: without a deadline. */
#define ROSTER_DRAIN_FOR_EVER UINT64_MAX

/* Options of a drain. Begin with ROSTER_DRAIN_OPTIONS_INIT; a member that is 0 has its default. */
struct roster_drain_options {
    size_t size;               /* sizeof(struct roster_drain_options) */
    uint64_t finish_ms;        /* time for open work to finish; default: 15000 */
    uint64_t kill_ms;          /* time to wait for killed sessions; default: 5000 */
    uint32_t kinds;            /* ROSTER_KIND_BIT()s of the sessions that go; default: users */
    uint32_t poll_ms;          /* between two looks; default: 10; at most 1000 */
    roster_drain_fn *progress; /* may be NULL */
    void *progress_arg;
    const char *by; /* the origin, for the event log; may be NULL */
};

#define ROSTER_DRAIN_OPTIONS_INIT ROSTER_SIZED(struct roster_drain_options)

/* A session that did not leave. */
struct roster_drain_left {
    uint64_t session_id;
    uint64_t stmt_seq;    /* 0 between statements */
    uint64_t start_ts;    /* 0 without a valid transaction */
    uint64_t state_since; /* CLOCK_MONOTONIC, ns */
    enum roster_session_kind kind;
    enum roster_run_state run_state;
};

/* Number of them that are named. */
#define ROSTER_DRAIN_NAMED 32

/* The result of a drain. */
struct roster_drain_report {
    size_t size;         /* sizeof(struct roster_drain_report), set by the caller */
    uint64_t sessions;   /* there when the drain began */
    uint64_t idle;       /* asked to leave because they were idle, at first or after finishing */
    uint64_t killed;     /* killed because they had not finished in time */
    uint64_t remaining;  /* that have not left, or were still being opened */
    uint64_t elapsed_ms; /* how long the drain took */
    struct roster_drain_left left[ROSTER_DRAIN_NAMED]; /* the first of the remaining ones */
};

/*
 * Drains the server and returns when all sessions of options.kinds have left, or when their time is
 * over. From the call on, roster_session_open() refuses such sessions with -ESHUTDOWN, also after
 * the return and while sessions of other kinds are drained. A session between statements and
 * without a transaction is asked to leave at once, the others when they reach that state; after
 * finish_ms all are asked. Asking means killing the connection with ROSTER_KILL_REASON_SHUTDOWN:
 * the owner wakes, sees it in roster_killed(), and closes its session. A transaction that begins in
 * the microsecond between the check and the kill is killed, too.
 *
 * Blocks the calling thread, which must not own a session that is to leave. `options` may be NULL:
 * all defaults. `report` may be NULL, and is filled when the result is 0 or -ETIMEDOUT.
 *
 * Returns 0 when all have left; -ETIMEDOUT when some remain; -EALREADY while another thread
 * drains; -EINVAL for a NULL roster, an unknown kind, poll_ms out of range, or a struct smaller
 * than the first version's; -E2BIG for a larger one with something unknown in it; -EPERM and
 * -ENOMEM when the kernel refuses the membarrier, and no session was asked to leave: new ones are
 * accepted as before; -ECHILD.
 */
ROSTER_API int roster_drain(struct roster *roster, const struct roster_drain_options *options,
                            struct roster_drain_report *report);

/*
 * Accepts new sessions again, after a drain that was not final. Any thread. Returns 0; -EINVAL
 * for NULL; -EALREADY while a thread drains; -ECHILD.
 */
ROSTER_API int roster_drain_undo(struct roster *roster);

ROSTER_END_DECLS

#endif /* ROSTER_DRAIN_H */
