/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Safe points of a cluster: how far history may be collected.
 *
 * The txn safe point is inclusive: a transaction that starts at or above it may continue. It is
 *
 *     max(old, min(now - life time, every live server's record, every barrier))
 *
 * and the server that holds the leader's key advances it. The gc safe point follows as far as every
 * live server has acknowledged the txn safe point: every version that no reader at or above it can
 * see may be deleted. Neither ever goes back (G3), and neither passes a transaction whose checks
 * still succeed (G2, G8), no matter which servers compute it, how many do so at once, and what
 * their clocks show.
 *
 * Since the txn safe point is inclusive, a client that resolves locks that older transactions left
 * behind resolves those of transactions up to the txn safe point - 1.
 *
 * Keys below the prefix:
 *
 *     safepoint/txn            the txn safe point (decimal)
 *     safepoint/gc             the gc safe point (decimal)
 *     safepoint/leader         the leader's server id, under its lease
 *     safepoint/pass           servers are asked to give up holders below it (decimal)
 *     safepoint/barrier/NAME   a barrier (decimal), under a lease of its own
 *     server/ack/ID            the txn safe point that a server has acknowledged, under its lease
 *
 * A server with a record and without an acknowledgement, such as a TiDB server, needs nothing
 * below its record; that counts as acknowledged. From a server's first acknowledgement under a
 * lease until that lease ends, the gc safe point is nowhere above roster_txn_safe_point() there.
 */
#ifndef ROSTER_SAFE_POINT_H
#define ROSTER_SAFE_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <roster/export.h>
#include <roster/oracle.h>
#include <roster/store.h>
#include <roster/syncer.h>

ROSTER_BEGIN_DECLS

/* A cluster's safe points, as one process sees and advances them. */
struct roster_safe_point;

/* The kind of a safe point's blocker. */
enum roster_blocker_kind {
    ROSTER_BLOCKER_NONE = 0,
    ROSTER_BLOCKER_SERVER,     /* a server's record */
    ROSTER_BLOCKER_BARRIER,    /* a barrier */
    ROSTER_BLOCKER_UNREADABLE, /* a key that holds no timestamp, or one that has gone back */
    ROSTER_BLOCKER_ACK,        /* a server that has not acknowledged the txn safe point */
    ROSTER_BLOCKER_IMPOSSIBLE  /* a key with a value that no correct server can have written */
};

/*
 * The treatment of abandoned holders: barriers without a time to live, and records of live servers
 * that do not advance, whose timestamp is older than `abandoned_ms`.
 *
 * Nothing is lost silently (G8). A barrier is deleted before the safe point passes it: a client
 * that reads under one checks after its reads, with roster_barrier_list(), that it still stands. A
 * server is asked to give up what it holds: its transactions and pins that are too old fail their
 * checks
 * (-ESTALE) before its record rises, and so before anything is collected. Nothing else on that
 * server is affected. A server that does not follow continues to hold the safe points and is
 * reported:
 * its own mode is not ROSTER_ABANDONED_PASS, it cannot report, or it is not a Roster server.
 */
enum roster_abandoned {
    ROSTER_ABANDONED_OFF = 0, /* they hold the safe points */
    ROSTER_ABANDONED_WARN,    /* the same, and the leader names them: log, events, state */
    ROSTER_ABANDONED_PASS     /* the leader passes them, and this server gives up when asked to */
};

/* One more than the greatest of these numbers. */
#define ROSTER_ABANDONED_MODES 3

/* Bytes of the longest name with its final zero. */
#define ROSTER_BLOCKER_NAME 320

/* The blocker of a safe point. */
struct roster_blocker {
    enum roster_blocker_kind kind;
    char name[ROSTER_BLOCKER_NAME]; /* server id, barrier, or the unreadable key */
    uint64_t ts;                    /* the record, the barrier, what was acknowledged; or 0 */
    uint64_t age_ms; /* how far that is behind the target; 0 for the smallest timestamps, such as 1,
                        which denote no time */
    char holder[32]; /* of a server: "transaction" or the pin's kind; "" when it did not report
                        one; of a barrier: "endless" when it never expires */
    uint64_t session_id; /* of the holder, 0 for none */
    uint64_t pin_id;     /* of the holder, 0 for a transaction */
};

/*
 * Describes a blocker in words, and what to do.
 *
 * `blocker`: the blocker; `text`: receives a line without newline, cut if necessary; `size`:
 * bytes at `text`.
 * Returns `text`.
 */
ROSTER_API const char *roster_blocker_describe(const struct roster_blocker *blocker, char *text,
                                               size_t size);

/* The result of an attempt to advance a safe point. */
struct roster_safe_point_result {
    size_t size;                   /* sizeof(struct roster_safe_point_result), set by the caller */
    uint64_t before;               /* the safe point before, 0 for none */
    uint64_t after;                /* the safe point after */
    uint64_t target;               /* the requested value */
    struct roster_blocker blocker; /* why `after` is less */
};

/* The safe points of its cluster, as a process knows them. */
struct roster_safe_point_state {
    size_t size;           /* sizeof(struct roster_safe_point_state), set by the caller */
    uint64_t txn;          /* the txn safe point, 0 for none */
    uint64_t gc;           /* the gc safe point, 0 for none */
    uint64_t acknowledged; /* the txn safe point that this server has acknowledged */
    bool leads;            /* this server moves them */
    int last_error;        /* of the operation below that failed last; 0: none fails */
    uint64_t rounds;       /* times this server has computed them as leader */
    uint64_t failures;     /* of them, ended with an error */
    uint64_t conflicts;    /* compare-and-swaps lost to another server */
    struct roster_blocker txn_blocker;   /* of the newest round that this server computed; none once
                                            it has ceased to lead */
    struct roster_blocker gc_blocker;    /* likewise */
    char leader[129];                    /* the leader, as far as it is known here; "" for none */
    struct roster_failing leading;       /* computing them, or finding out who does */
    struct roster_failing following;     /* watching them */
    struct roster_failing acknowledging; /* acknowledging them */
    /* Values of the safe points' keys that no leader can have written: above the oracle's now, or
     * above what this server protects or has acknowledged. They are not used; a server is fenced,
     * see roster_syncer_stats(). */
    uint64_t rejected;
    uint64_t rejected_value;                /* the newest of them */
    char rejected_key[ROSTER_BLOCKER_NAME]; /* and the key that held it; "" for none */
    /* Attempts of these operations that failed, by enum roster_error_class. */
    uint64_t errors[ROSTER_ERROR_CLASSES_ROOM];
    enum roster_abandoned abandoned_mode; /* as the options say */
    uint64_t abandoned_ms;                /* likewise */
    /* Holders that were too old in the newest round; 0 once this server has ceased to lead. */
    uint64_t abandoned;
    struct roster_blocker abandoned_holder; /* the oldest of them; kind ROSTER_BLOCKER_NONE: none */
    uint64_t passed_barriers;     /* barriers that this server has deleted, as they were too old */
    uint64_t passed_servers;      /* times it has asked a server to give up what it holds */
    struct roster_blocker passed; /* the newest of both; kind ROSTER_BLOCKER_NONE: none */
    int64_t passed_ns;            /* when, CLOCK_BOOTTIME */
};

/* Called when a safe point has advanced, or this server has begun or ceased to lead: one call at a
 * time, and no safe point is less than in the call before. Changes during a call are reported by
 * the next one. No lock is held; must not stop or destroy the safe points. */
typedef void roster_safe_point_change_fn(const struct roster_safe_point_state *state, void *arg);

/* Options of safe points. Begin with ROSTER_SAFE_POINT_OPTIONS_INIT; a member that is 0 or NULL has
 * its default. */
struct roster_safe_point_options {
    size_t size; /* sizeof(struct roster_safe_point_options) */

    const char *prefix; /* of all keys, as for the syncer ("/roster"); copied */
    /* The server's syncer, under whose lease it acknowledges and leads. NULL: do neither, only
     * look, and move by hand. It must be destroyed later than the safe points. */
    struct roster_syncer *syncer;
    roster_oracle_fn *oracle; /* where a leader's now comes from; needed with a syncer */
    void *oracle_arg;         /* its argument */

    uint64_t life_time_ms; /* how far the safe points stay behind now; at least 600000 (600000) */
    bool any_life_time;    /* accept a shorter one, 0 included: for tests and demonstrations */
    uint32_t interval_ms;  /* between two rounds of the leader, at least 10 (600000) */
    uint32_t timeout_ms;   /* for one call of the store (5000) */

    roster_safe_point_change_fn *change; /* called after changes, or NULL */
    void *change_arg;                    /* its last argument */
    roster_store_log_fn *log;            /* takes lines for the log, or NULL */
    void *log_arg;                       /* its last argument */

    enum roster_abandoned abandoned; /* what becomes of holders that are too old (off) */
    /* How old is too old, of their timestamps, and how long a barrier must have stood; at least
     * 600000, unless any_life_time; at most 31536000000 (86400000). By CLOCK_BOOTTIME of the server
     * that leads, from when it began to. */
    uint64_t abandoned_ms;
};

#define ROSTER_SAFE_POINT_OPTIONS_INIT ROSTER_SIZED(struct roster_safe_point_options)

/*
 * Creates a handle for a cluster's safe points. Does not contact the store, which must stay open.
 *
 * Returns 0 when created; -EINVAL for NULL, a value out of range or a struct of an unknown size;
 * -ECHILD in a forked child; -E2BIG for larger options with something unknown in them; -ENOMEM.
 */
ROSTER_API ROSTER_MUST_CHECK int
roster_safe_point_create(struct roster_store *store,
                         const struct roster_safe_point_options *options,
                         struct roster_safe_point **safe_point);

/*
 * Starts two threads: one follows the safe points and acknowledges, one leads when it is this
 * server's turn. They block all signals.
 *
 * Returns 0 when started; -EINVAL for NULL; -ECHILD in a forked child; -EBUSY when it was started
 * or stopped before; -EAGAIN when no thread could be started (it may be tried again).
 */
ROSTER_API ROSTER_MUST_CHECK int roster_safe_point_start(struct roster_safe_point *safe_point);

/*
 * Performs the work that is due, in place of roster_safe_point_start(), for a server with its own
 * loop.
 *
 * `safe_point`: the safe points (threads that call this at once take turns); `wait_ms`: receives
 * the time until work is due (may be NULL).
 *
 * Returns 0 when done, whatever the results; -EINVAL for NULL; -ECHILD in a forked child; -EBUSY
 * when it has threads, or was stopped, or this is called by itself.
 */
ROSTER_API int roster_safe_point_run_once(struct roster_safe_point *safe_point, uint32_t *wait_ms);

/*
 * Ends the threads and gives up the lead, so that another server takes it. Reading and advancing
 * manually are still possible.
 *
 * Any thread, also several at once: one does it, and the others return when it is done. Afterwards
 * callbacks run only for later manual calls.
 *
 * Returns 0 when it is, or was, stopped; -EINVAL for NULL; -ECHILD in a forked child; -EDEADLK when
 * called from one of its own callbacks or threads (it continues as before).
 */
ROSTER_API int roster_safe_point_stop(struct roster_safe_point *safe_point);

/* Stops and destroys; NULL is ignored. */
ROSTER_API void roster_safe_point_destroy(struct roster_safe_point *safe_point);

/*
 * The gc safe point, as far as it is known here: every version that no reader at or above it can
 * see may be deleted. 0 while none is known. Any thread; one load.
 */
ROSTER_API uint64_t roster_gc_safe_point(const struct roster_safe_point *safe_point);

/* The txn safe point, as far as it is known here. Any thread; one load. */
ROSTER_API uint64_t roster_txn_safe_point(const struct roster_safe_point *safe_point);

/*
 * Reads both safe points from the store.
 *
 * Returns 0 when read; -EINVAL for NULL; -ECHILD in a forked child; -EBADMSG when one of them is
 * not a timestamp, or not one that a leader can have written: see roster_safe_point_state()
 * (nothing is known that was not known before); and errors of the store or of the oracle.
 */
ROSTER_API int roster_safe_point_refresh(struct roster_safe_point *safe_point);

/*
 * Advances the txn safe point towards a target, as far as records and barriers allow. Any server
 * may, not only the leader.
 *
 * `safe_point`: the safe points; `target`: where to; `result`: what came of it (may be NULL).
 *
 * Returns 0 when moved, or blocked: the result says which; -EINVAL for NULL, a timestamp of 0 or
 * ROSTER_TS_MAX, or a struct smaller than the first version's; -ECHILD in a forked child; -E2BIG
 * for a larger result with something unknown in it; -ERANGE when the target is below the txn safe
 * point, or above the oracle's now (nothing changed); -EBADMSG when a key holds no timestamp, or
 * one that no server can have written (the result's blocker names it; nothing changed); -ENODATA
 * when the oracle gave no timestamp; -EREMCHG when the store's safe points are behind what was seen
 * here: a key was deleted or a backup restored (nothing changed, and nothing will until the servers
 * are restarted); -ERESTART when it lost too many compare-and-swap races (nothing changed); and
 * errors of the store or of the oracle (after -EINPROGRESS it may have moved).
 */
ROSTER_API int roster_safe_point_advance_txn(struct roster_safe_point *safe_point, uint64_t target,
                                             struct roster_safe_point_result *result);

/*
 * Advances the gc safe point to a target. For callers that know that all servers have acknowledged
 * it; the leader does this automatically.
 *
 * Returns 0 when it has moved, or was there already; -ERANGE when the target is below the gc or
 * above the txn safe point, or above what this server has acknowledged (nothing changed); as
 * roster_safe_point_advance_txn(); -ECHILD in a forked child.
 */
ROSTER_API int roster_safe_point_advance_gc(struct roster_safe_point *safe_point, uint64_t target,
                                            struct roster_safe_point_result *result);

/*
 * Computes and advances both safe points once, as the leader does, whether this server leads or
 * not.
 *
 * `safe_point`: the safe points (with an oracle); `txn`: what came of the txn safe point (may be
 * NULL); `gc`: what came of the gc safe point (may be NULL).
 *
 * Returns 0 when both moved, or were blocked; -EINVAL for NULL or a struct smaller than the first
 * version's, or there is no oracle; -ECHILD in a forked child; -ENODATA when the oracle gave no
 * timestamp; and the oracle's errors; as roster_safe_point_advance_txn(), -ERANGE excepted.
 */
ROSTER_API int roster_safe_point_round(struct roster_safe_point *safe_point,
                                       struct roster_safe_point_result *txn,
                                       struct roster_safe_point_result *gc);

/*
 * Reads the state. Any thread.
 *
 * Returns 0 when filled in; -EINVAL for NULL or a struct smaller than the first version's; -ECHILD
 * in a forked child; -E2BIG for a larger one with something unknown in it.
 */
ROSTER_API int roster_safe_point_state(struct roster_safe_point *safe_point,
                                       struct roster_safe_point_state *state);

/*
 * The cluster functions that libroster-status calls, as pointers, so that an endpoint depends
 * neither on this library nor on its dependencies. Pass it on unchanged.
 */
struct roster_cluster_calls {
    size_t size; /* sizeof(struct roster_cluster_calls) */
    int (*syncer_stats)(struct roster_syncer *syncer, struct roster_syncer_stats *stats);
    const char *(*syncer_state_name)(enum roster_syncer_state state);
    int (*safe_point_state)(struct roster_safe_point *safe_point,
                            struct roster_safe_point_state *state);
    const char *(*blocker_describe)(const struct roster_blocker *blocker, char *text, size_t size);
};

/*
 * The calls of this library, for roster_status_options.cluster. Any thread; never NULL, and valid
 * as long as the library is loaded.
 */
ROSTER_API const struct roster_cluster_calls *roster_cluster_calls(void);

ROSTER_END_DECLS

#endif
