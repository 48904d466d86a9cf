/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The watchdog: walks all sessions a few times a second, kills statements, transactions and
 * connections that exceed a limit, and reports expensive ones. It reads views without a lock;
 * owners pay nothing for it.
 */
#ifndef ROSTER_WATCHDOG_H
#define ROSTER_WATCHDOG_H

#include <roster/export.h>
#include <roster/kill.h>
#include <roster/limits.h>
#include <roster/session.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* A roster may have several; each knows only its own limits. */
struct roster_watchdog;

enum roster_event_kind {
    ROSTER_EVENT_STATEMENT = 1, /* a statement has run for longer than statement_ms */
    ROSTER_EVENT_TXN = 2,       /* a transaction is older than txn_ms */
    ROSTER_EVENT_KILL = 3,      /* the watchdog has killed */
    ROSTER_EVENT_STUCK = 4,     /* it was killed stuck_ms ago, and has not ended */
    ROSTER_EVENT_ERROR = 5,     /* a walk failed: `result` says why; ages of transactions could not
                                   be computed, or no session could be looked at */
};

/* What the watchdog reports. Texts are cut to fit, and empty when not known. */
struct roster_event {
    enum roster_event_kind kind;
    enum roster_session_kind session_kind;
    uint64_t session_id;
    uint64_t stmt_seq; /* 0 between statements */
    uint64_t start_ts; /* 0 without a valid transaction */
    uint64_t age_ms;   /* of what was measured: statement, transaction, idleness, or the kill */
    uint64_t limit;    /* what it exceeds: milliseconds, or bytes for memory */
    uint64_t memory;   /* what the session uses */
    enum roster_kill_reason reason; /* for ROSTER_EVENT_KILL and _STUCK */
    enum roster_kill_target target; /* the same */
    int result;                     /* for ROSTER_EVENT_KILL what roster_kill() returned */
    char user[64];
    char digest[65];
    char text[256];
};

/*
 * Called with events, in the thread that walks, after the walk: it may block, and the watchdog
 * waits for it. It must not call a function of the same watchdog.
 */
typedef void roster_event_fn(const struct roster_event *event, void *arg);

/* Returns how much memory the server uses. Called in the thread that walks, under the read lock;
 * must not block long, nor call a function of the same watchdog. */
typedef uint64_t roster_memory_fn(void *arg);

/* For options.interval_ms: no thread, the server calls roster_watchdog_run_once() itself. */
#define ROSTER_WATCHDOG_MANUAL (-1)

/* Number of server_memory kills that are kept. */
#define ROSTER_MEMORY_KILLS 50

/*
 * Options of a watchdog. Begin with ROSTER_WATCHDOG_OPTIONS_INIT; a member that is 0 has its
 * default, ROSTER_LIMIT_NONE switches what has one off. The limits hold for user sessions that
 * have none of their own; other sessions have only their own (roster_session_set_limit()).
 * Background sessions without ROSTER_SESSION_KILLABLE are reported, and never killed.
 */
struct roster_watchdog_options {
    size_t size;         /* sizeof(struct roster_watchdog_options) */
    int32_t interval_ms; /* between two walks; default: 100; at most 60000;
                            ROSTER_WATCHDOG_MANUAL */
    uint32_t reserved;
    uint64_t execution_ms;        /* a statement runs longer: it is killed; default: none */
    uint64_t idle_ms;             /* a session is idle longer: its connection is; default: none */
    uint64_t txn_idle_ms;         /* inside a transaction: that is killed; default: idle_ms */
    uint64_t txn_age_ms;          /* open for longer: the transaction is; default: none */
    uint64_t memory;              /* a session uses more: its statement is; default: none */
    uint64_t statement_ms;        /* report a statement that runs longer; default: 60000 */
    uint64_t statement_repeat_ms; /* and again after this time; default: 60000 */
    uint64_t txn_ms;              /* report a transaction that is older; default: 600000 */
    uint64_t txn_repeat_ms;       /* and again after this time; default: 600000 */
    uint64_t stuck_ms;      /* report what has not ended this long after a kill; default: 10000 */
    uint64_t server_memory; /* all use more: the largest statement is killed; default: none */
    uint64_t server_memory_least; /* but none that uses less than this; default: 128 MiB */
    /* Its connection, when it has not ended after this time; default: 60000. */
    uint64_t server_memory_force_ms;
    roster_memory_fn *memory_used; /* default: the sum of what the sessions use */
    void *memory_used_arg;
    roster_event_fn *event; /* may be NULL */
    void *event_arg;
};

#define ROSTER_WATCHDOG_OPTIONS_INIT ROSTER_SIZED(struct roster_watchdog_options)

/*
 * Starts a watchdog, with a thread that blocks all signals unless interval_ms is
 * ROSTER_WATCHDOG_MANUAL. `options` may be NULL: all defaults, which kill nothing. Any thread.
 *
 * Every kill hits only the statement or transaction that was measured (G5): if it has already
 * ended, the next one is not killed in its place. A connection is killed for idleness if it is
 * still idle after the decision; a statement that begins in the
 * same microsecond finds the connection killed. Limits are strict: a duration equal to the limit is
 * allowed. Times are measured by the roster's coarse clock, so they may be one tick too
 * long, and no step of the wall clock changes them. Only in sessions with
 * ROSTER_SESSION_NON_PINNING is a transaction's age measured by its start timestamp and the
 * roster's oracle, which is asked once a walk: there a step of the wall clock makes transactions
 * that were open before it older, or younger, by as much.
 *
 * Returns 0 and stores it in `*watchdog`; -EINVAL for NULL, a struct smaller than the first
 * version's, or an interval out of range; -E2BIG for a larger one with something unknown in it;
 * -ENOMEM; -EAGAIN when no thread could be started; -ECHILD.
 */
ROSTER_API int roster_watchdog_start(struct roster *roster,
                                     const struct roster_watchdog_options *options,
                                     struct roster_watchdog **watchdog) ROSTER_MUST_CHECK;

/*
 * Stops a watchdog and frees it; a walk under way ends first, by whichever thread. Before
 * roster_destroy(). Any thread but from the watchdog's own functions. NULL is allowed and does
 * nothing. Returns 0; -ECHILD; -EDEADLK from one of its own functions: it goes on.
 */
ROSTER_API int roster_watchdog_stop(struct roster_watchdog *watchdog);

/*
 * Walks once, also in addition to the watchdog's thread. Any thread; walks take turns. One walk
 * reports at most 1024 sessions; the next walk reports the others.
 *
 * Returns 0; -EINVAL for NULL; the oracle's error when ages of transactions could not be computed,
 * while everything else was done; -EPERM and -ENOMEM when the kernel refuses the membarrier that
 * kills need, and no session was looked at; -ECHILD.
 */
ROSTER_API int roster_watchdog_run_once(struct roster_watchdog *watchdog);

/* A kill for options.server_memory. Texts are cut to fit, and empty when not known. */
struct roster_memory_kill {
    uint64_t at_ms; /* milliseconds since the Unix epoch */
    uint64_t session_id;
    uint64_t stmt_seq;
    uint64_t start_ts;
    uint64_t memory; /* what the session used */
    uint64_t used;   /* what the server used */
    uint64_t limit;  /* options.server_memory */
    bool forced;     /* the connection was killed, because killing the statement had no effect */
    char user[64];
    char digest[65];
    char text[256];
};

/*
 * Copies the newest kills for options.server_memory, newest first: at most `*count` of them and
 * ROSTER_MEMORY_KILLS, and stores in `*count` how many. Any thread.
 * Returns 0; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_watchdog_memory_kills(struct roster_watchdog *watchdog,
                                            struct roster_memory_kill *kills, size_t *count);

ROSTER_END_DECLS

#endif /* ROSTER_WATCHDOG_H */
