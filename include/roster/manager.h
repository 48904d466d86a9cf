/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster: one session manager. Its options, life and statistics.
 */
#ifndef ROSTER_MANAGER_H
#define ROSTER_MANAGER_H

#include <roster/export.h>
#include <roster/oracle.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* One session manager. A process may have several; they are independent of each other. */
struct roster;

/* For options.tick_ms: no ticker thread, the server calls roster_tick() itself. */
#define ROSTER_TICK_MANUAL (-1)

/*
 * For options.flags: no thread waits for grace periods, the server calls roster_reclaim() itself.
 * With ROSTER_TICK_MANUAL such a roster starts no thread at all, for libraries inside programs that
 * must not gain one. Its table of ids then stays small, so a lookup takes longer with far more than
 * ten thousand sessions.
 */
#define ROSTER_RECLAIM_MANUAL UINT64_C(1)

/*
 * Options of a roster. Begin with ROSTER_OPTIONS_INIT; a member that is 0 has its default.
 *
 * All structs of Roster that begin with `size`, options and results, grow by appending members and
 * follow the convention of Linux's openat2(). A caller built against a newer header may pass a
 * larger struct if the part unknown to this library is zero (else -E2BIG); in a result that part
 * stays zero. A struct smaller than the first version's is -EINVAL, one larger than 64 KiB -E2BIG.
 */
struct roster_options {
    size_t size;              /* sizeof(struct roster_options) */
    uint64_t max_sessions;    /* most sessions open at once; default: no limit */
    uint64_t backlog_limit;   /* bytes that may await a grace period before opening and updating
                                 sessions, pins, and tables of transactions are refused with
                                 -ENOBUFS; default: 256 MiB */
    uint64_t life_time_ms;    /* the local safe point stays this far behind now; default: 0 */
    roster_oracle_fn *oracle; /* default: reads a local hybrid clock of the roster's own */
    void *oracle_arg;         /* handed to `oracle` */
    uint32_t text_limit;      /* bytes of a statement's text that are kept; default: 1024;
                                 at most 1 MiB */
    int32_t tick_ms;          /* resolution of "since when" in views; default: 10 ms; at most
                                 1000; ROSTER_TICK_MANUAL */
    uint64_t flags;           /* ROSTER_RECLAIM_MANUAL; default: 0 */
};

#define ROSTER_OPTIONS_INIT ROSTER_SIZED(struct roster_options)

/*
 * Creates a roster. `options` may be NULL: all defaults. Any thread.
 *
 * Starts one small thread that ticks the roster's coarse clock (unless tick_ms is
 * ROSTER_TICK_MANUAL). The first roster of a process also starts the thread that waits for grace
 * periods, which ends with the last roster (rosters with ROSTER_RECLAIM_MANUAL do not count);
 * liburcu's call_rcu thread is left to the server. Both threads block all signals.
 *
 * Returns 0 and stores the roster in `*roster`; -EINVAL for a NULL pointer, a struct smaller than
 * the first version's, text_limit above 1 MiB, tick_ms out of range, or an unknown flag; -E2BIG for
 * a larger struct whose unknown part is not zero; -ENOMEM; -EBUSY inside a read-side section, as
 * roster_destroy(); -EAGAIN when no thread could be started; -EPERM when the kernel refuses
 * membarrier() although it allowed it when the program began (a seccomp filter was installed
 * later), so that liburcu cannot wait for readers, and always in a child that was forked inside a
 * read-side section or a wake callback; the oracle's error, or -ENODATA for an invalid timestamp,
 * when the oracle could not return the first floor.
 */
ROSTER_API int roster_create(const struct roster_options *options,
                             struct roster **roster) ROSTER_MUST_CHECK;

/*
 * Destroys a roster that is no longer in use: waits for current readers and for all grace periods
 * under way (some tens of milliseconds), then frees everything. Any thread. Other threads need not
 * have ended.
 *
 * Returns 0; -EINVAL for NULL; -EBUSY while a session or a pin is open, a watchdog, an activity
 * history, a drain or a syncer runs, and when the calling thread is inside a read-side section: of
 * any roster, or the server's own of liburcu's flavour bp, because no grace period could end then;
 * -EPERM and -ENOMEM when the kernel refuses the membarrier() that a grace period needs; -ECHILD in
 * a forked child. After an error the roster is as before.
 */
ROSTER_API int roster_destroy(struct roster *roster);

/*
 * Advances the coarse clock from which views take "since when" to now. Only for servers that chose
 * ROSTER_TICK_MANUAL: call it every few milliseconds from a timer. Any thread; wait-free.
 * Returns 0; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_tick(struct roster *roster);

/*
 * Reclaims in the calling thread: makes the memory of closed sessions and released pins available
 * again and runs release callbacks. Only for servers that chose ROSTER_RECLAIM_MANUAL: call it
 * after closing sessions, and from time to time; options.backlog_limit bounds the memory that
 * waits. Any thread. Waits until current readers have left and kills under way have woken their
 * owners, but not for other callers: one of them does the work. Costs one load if there is no work.
 * It may run release callbacks of other rosters of the process as well.
 *
 * Returns 0, also when there was nothing to do, another thread is reclaiming, or the process has
 * the thread for it; -EINVAL for NULL; -EBUSY inside a read-side section (as roster_destroy()) or a
 * wake callback; -EPERM and -ENOMEM when the kernel refuses the membarrier() that a grace period
 * needs; -ECHILD. After an error everything waits as before.
 */
ROSTER_API int roster_reclaim(struct roster *roster) ROSTER_MUST_CHECK;

/*
 * Sets how many sessions may be open at once, in place of options.max_sessions; 0: no limit. The
 * last `reserved` places are for internal and background sessions and for sessions with
 * ROSTER_SESSION_ADMIN; all others are refused when only these places are left. Purpose: to raise a
 * limit that was reached, and to let an administrator in when clients have used up their places.
 *
 * After it has returned, no session is opened beyond the limits, even if many threads open sessions
 * at once. Open sessions stay open, even if there are more of them. Any thread; wait-free.
 *
 * Returns 0; -EINVAL for NULL, or more reserved places than places; -ECHILD.
 */
ROSTER_API int roster_set_max_sessions(struct roster *roster, uint64_t max_sessions,
                                       uint64_t reserved);

/* The result of roster_stats(). All counts are since the roster was created unless said otherwise.
 */
struct roster_stats {
    size_t size;                  /* sizeof(struct roster_stats), set by the caller */
    uint64_t sessions;            /* open now */
    uint64_t sessions_peak;       /* the most open at once */
    uint64_t sessions_opened;     /* opened in all */
    uint64_t sessions_refused;    /* refused because of max_sessions */
    uint64_t txns_begun;          /* transactions that became valid */
    uint64_t txns_forced;         /* finished by roster_session_close() */
    uint64_t statements;          /* statements begun */
    uint64_t pins;                /* stand-alone pins held now */
    uint64_t scans;               /* minima computed */
    uint64_t expired;             /* pins that the newest scan found below its lower limit */
    uint64_t kills_delivered;     /* roster_kill() calls that returned 0 */
    uint64_t kills_refused;       /* calls that found their session and failed */
    uint64_t memory;              /* bytes held now: sessions with all that belongs to them,
                                     views, statements, pins, slots, contexts of threads, the table
                                     of ids, the roster with its log of events, deadlocks and
                                     rules, watchdogs, a history of activity; in use, or kept for
                                     reuse. Not objects that the caller frees (lists, histories of
                                     transactions, connection ids). Unused memory returns to the
                                     system within some seconds, except for a few objects that each
                                     living thread keeps */
    uint64_t backlog;             /* of these, bytes that wait for a grace period now: closed
                                     sessions and what belonged to them, identities, pins, lists of
                                     tables, slots; 0 at rest */
    uint64_t backlog_refused;     /* calls refused with -ENOBUFS */
    uint64_t threads;             /* per-thread contexts: living threads that have used the roster,
                                     and ended ones that left a transaction open */
    uint64_t membarrier;          /* 1 when owners run without fences, 0 for the fallback */
    uint64_t membarrier_failures; /* membarrier calls that the kernel has refused this process:
                                     minima, kills and readers that failed because of it */
    uint64_t membarrier_refused;  /* 1 while the newest call was refused: safe points are stuck */
    uint64_t looks_again;         /* looks that were repeated because the owner published something
                                     else */
    uint64_t max_sessions;        /* the limit now, see roster_set_max_sessions(); 0: none */
    uint64_t backlog_limit;       /* options.backlog_limit, or its default */
    uint64_t reserved_sessions;   /* of max_sessions, see roster_set_max_sessions() */
    uint64_t quota_refused;       /* opens and updates of sessions refused with -EDQUOT */
};

/*
 * Fills `*stats`. Any thread. The counts are read one after another while owners continue: each is
 * exact, but they are not of one instant. Returns 0; -EINVAL for NULL or a size below the first
 * version's; -E2BIG for a larger one with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_stats(struct roster *roster, struct roster_stats *stats);

ROSTER_END_DECLS

#endif /* ROSTER_MANAGER_H */
