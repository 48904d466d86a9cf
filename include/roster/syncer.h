/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The info-syncer: reports a roster's minimum to a store, under a lease, and fences the roster
 * before any server may take the lease for lost.
 *
 * While a server's record stands in the store, no txn safe point passes it. The record goes with
 * the lease, so a server keeps its own deadline: the time it sent the last keep-alive that was
 * acknowledged, plus the lease's time to live, less a margin. Past it, roster_txn_check() and
 * roster_pin_check() fail (G8), whether any thread of the syncer runs or not. The server recovers
 * by itself, with a new lease if necessary; transactions whose versions may have been collected by
 * then stay lost, and their checks continue to fail.
 *
 * Keys below the prefix, all under the lease:
 *
 *     server/info/ID         who the server is (JSON)
 *     server/minstartts/ID   the record (decimal)
 *     server/holder/ID       the holder of the minimum, if there is one (JSON)
 *
 * One more key has a lease of its own, which outlives the others by up to an hour if the server
 * ends without roster_syncer_stop(), so that `rosterctl --store status` can name it. Nothing
 * depends on it, and it is written at most once in keep_alive_ms:
 *
 *     server/seen/ID         when the server was last seen, with its record and address (JSON)
 *
 * With the prefix "/tidb" the first two are what a TiDB cluster reads.
 *
 * A transaction or pin at a chosen timestamp below the record makes the roster lower it first,
 * which the store refuses once the txn safe point has passed that timestamp. It must not be below
 * the roster's local safe point either, so give the roster a life_time_ms as long as the cluster's.
 */
#ifndef ROSTER_SYNCER_H
#define ROSTER_SYNCER_H

#include <stddef.h>
#include <stdint.h>

#include <roster/error.h>
#include <roster/export.h>
#include <roster/manager.h>
#include <roster/store.h>

ROSTER_BEGIN_DECLS

/* Reports one roster to one store. */
struct roster_syncer;

/* The state of a syncer. In all states but ROSTER_SYNCER_LIVE the roster is fenced. */
enum roster_syncer_state {
    ROSTER_SYNCER_JOINING = 1, /* not registered yet */
    ROSTER_SYNCER_LIVE,        /* registered, the lease is kept */
    ROSTER_SYNCER_FENCED,      /* the lease is, or may be, lost; recovering */
    ROSTER_SYNCER_REFUSED,     /* another live server has this id; retrying */
    ROSTER_SYNCER_BEHIND,      /* the oracle is behind the txn safe point; retrying */
    ROSTER_SYNCER_STOPPED      /* stopped */
};

/* One more than the greatest of these numbers. */
#define ROSTER_SYNCER_STATES 7

/* The name of a state ("live", ...). */
ROSTER_API const char *roster_syncer_state_name(enum roster_syncer_state state);

/* A change of state. */
struct roster_syncer_change {
    enum roster_syncer_state before;
    enum roster_syncer_state after;
    int reason; /* the negative errno that caused it, or 0 */
};

/*
 * Called after every change of state, in order, one at a time, in one of the syncer's threads or in
 * the thread that called it. No lock is held; it must not stop or destroy the syncer.
 */
typedef void roster_syncer_change_fn(const struct roster_syncer_change *change, void *arg);

/* A label of a server. */
struct roster_syncer_label {
    const char *key;
    const char *value;
};

/*
 * Options of a syncer. Begin with ROSTER_SYNCER_OPTIONS_INIT and set `server_id`; a member that is
 * 0 or NULL has its default. Strings are UTF-8 and copied.
 */
struct roster_syncer_options {
    size_t size; /* sizeof(struct roster_syncer_options) */

    const char *prefix;    /* of all keys, begins and does not end with a slash ("/roster") */
    const char *server_id; /* unique in the cluster; 1 to 128 bytes, no slash */

    uint32_t interval_ms; /* between reports, at least 10 (30000) */
    /* Of the lease, at least 100 (90000). A store may grant more; the deadline counts on no more.
     */
    uint32_t ttl_ms;
    uint32_t margin_ms;      /* how long before the lease's end to fence (a ninth of ttl_ms) */
    uint32_t keep_alive_ms;  /* between keep-alives (a third of ttl_ms) */
    uint32_t timeout_ms;     /* for one call of the store, at most ttl_ms (the least of 5000 and
                                ttl_ms / 3) */
    uint32_t backoff_min_ms; /* first pause after a failure (100) */
    uint32_t backoff_max_ms; /* longest pause (5000) */
    /* Pins older than this do not count and their checks fail; 600 s to 31536000 s (86400 s). */
    uint64_t max_age_ms;

    roster_syncer_change_fn *change; /* called after changes of state, or NULL */
    void *change_arg;                /* its last argument */
    roster_store_log_fn *log;        /* takes lines for the log, or NULL */
    void *log_arg;                   /* its last argument */

    const char *version;      /* of the server ("") */
    const char *git_hash;     /* that it was built from ("") */
    const char *ip;           /* where it listens ("") */
    uint32_t port;            /* and its port */
    uint32_t status_port;     /* the port of its status page */
    const char *schema_lease; /* TiDB's field "lease", such as "45s" ("") */
    uint64_t number;          /* TiDB's field "server_id", from which connection ids are made */
    const struct roster_syncer_label *labels; /* labels, or NULL */
    size_t n_labels;                          /* how many */
    /* Where its status endpoint listens, "127.0.0.1:PORT" or "unix:/PATH", for `rosterctl
     * --store`; at most 255 bytes (NULL: it has none). */
    const char *status_address;
};

#define ROSTER_SYNCER_OPTIONS_INIT ROSTER_SIZED(struct roster_syncer_options)

/*
 * Creates a syncer and fences the roster until it is registered. Does not contact the store; roster
 * and store must stay open until the syncer is destroyed.
 *
 * Returns 0 when created; -EINVAL for NULL, a value out of range, a struct of an unknown size, or
 * text that is not UTF-8 (out of range are also intervals, backoffs and a ttl_ms above 24 h, a
 * backoff_min_ms above backoff_max_ms, a status_address that is too long, and a margin_ms and
 * keep_alive_ms that together are not less than ttl_ms); -E2BIG for larger options with something
 * unknown in them; -EBUSY when the roster has a syncer; -ENOMEM; -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_syncer_create(struct roster *roster,
                                                      struct roster_store *store,
                                                      const struct roster_syncer_options *options,
                                                      struct roster_syncer **syncer);

/*
 * Sets the address of the server's status endpoint, in place of options.status_address: for an
 * endpoint that has the syncer in its options and a port chosen by the kernel. Call it before the
 * server is registered. Any thread.
 *
 * `address`: as options.status_address; copied; NULL: it has none.
 *
 * Returns 0 when it will be in server/info/ID; -EINVAL for NULL, or the address is too long or not
 * UTF-8; -ECHILD in a forked child; -EBUSY when the syncer was started, stopped or registered, or
 * this is called from one of its callbacks; -ENOMEM. After an error nothing has changed.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_syncer_set_status_address(struct roster_syncer *syncer,
                                                                  const char *address);

/*
 * Starts the syncer's threads: they register the server, report, keep the lease, watch it and
 * fence, and none of these waits for another. They block all signals.
 *
 * Returns 0 when started (roster_syncer_wait() returns when the server is registered); -EINVAL for
 * NULL; -ECHILD in a forked child; -EBUSY when it was started or stopped before; -EAGAIN when no
 * thread could be started (it may be tried again).
 */
ROSTER_API ROSTER_MUST_CHECK int roster_syncer_start(struct roster_syncer *syncer);

/*
 * Performs the work that is due, in place of roster_syncer_start(), for a server with its own loop.
 * Waits for the store, at most a few times timeout_ms.
 *
 * `syncer`: the syncer (threads that call this at once take turns); `wait_ms`: receives the time
 * until work is due (may be NULL).
 *
 * Returns 0 when done; for the results see roster_syncer_stats(); -EINVAL for NULL; -ECHILD in a
 * forked child; -EBUSY when it has threads, or was stopped, or this is called by itself.
 */
ROSTER_API int roster_syncer_run_once(struct roster_syncer *syncer, uint32_t *wait_ms);

/*
 * Reports now, without waiting for the interval. Any thread.
 *
 * Returns 0 when the store has acknowledged a record as high as the minimum, or holds it already;
 * -EINVAL for NULL; -ECHILD in a forked child; -ESTALE when the server is not registered; and
 * errors of the store or of the oracle.
 */
ROSTER_API int roster_syncer_report(struct roster_syncer *syncer);

/*
 * Waits until the syncer is in a state. Any thread.
 *
 * Returns 0 when it is, or was a moment ago; -ETIMEDOUT when it is not (a negative time-out means
 * without end); -EINVAL for NULL; -ECHILD in a forked child.
 */
ROSTER_API int roster_syncer_wait(struct roster_syncer *syncer, enum roster_syncer_state state,
                                  int timeout_ms);

/*
 * Stops in order: waits until nothing is pinned, fences, ends the threads and removes the server's
 * keys. A transaction that begins during this is fenced; the roster stays so until it gets another
 * syncer. Any thread, also several at once: one does it, and the others return when it is done.
 * Afterwards no callback of the syncer runs any more.
 *
 * `timeout_ms`: how long to wait for pins (0 does not wait, negative means without end).
 *
 * Returns 0 when stopped; -EINVAL for NULL; -ECHILD in a forked child; -EBUSY when something is
 * still pinned (the syncer continues as before); -EALREADY when it was stopped before, by this or
 * another thread: nothing is left to do; -EDEADLK when called from one of the syncer's own
 * callbacks or threads (it continues as before); and errors of the oracle: it continues as before
 * (errors of the store: it is stopped, but its keys stay until their leases end).
 */
ROSTER_API int roster_syncer_stop(struct roster_syncer *syncer, int timeout_ms);

/* Destroys a syncer; unless it was stopped, its keys stay until their leases end. NULL is ignored,
 * and so is a call from one of its own callbacks. No other call may be under way, but for a stop.
 */
ROSTER_API void roster_syncer_destroy(struct roster_syncer *syncer);

/* A failing operation; all members are 0 if its latest attempt succeeded. Times are CLOCK_BOOTTIME,
 * in nanoseconds. */
struct roster_failing {
    int error;        /* of the newest attempt */
    uint64_t times;   /* attempts that failed since it last succeeded */
    int64_t since_ns; /* when the first of them failed */
    int64_t last_ns;  /* and the newest */
};

/* The state and the counters of a syncer. Times are CLOCK_BOOTTIME, in nanoseconds. */
struct roster_syncer_stats {
    size_t size;                    /* sizeof(struct roster_syncer_stats), set by the caller */
    enum roster_syncer_state state; /* now */
    int last_error;                 /* of the operation below that failed last; 0: none fails */
    int64_t lease;                  /* the lease's id, 0 for none */
    int64_t deadline_ns;            /* when the roster is fenced without another keep-alive */
    int64_t reported_ns;          /* the time of the minimum in the newest report or registration */
    uint64_t record;              /* the record that the store has */
    uint64_t minimum;             /* of the newest scan */
    uint64_t expired;             /* pins too old to count in the newest scan */
    uint64_t reports;             /* that succeeded, also with nothing to change */
    uint64_t report_failures;     /* reports that failed */
    uint64_t keep_alives;         /* keep-alives acknowledged */
    uint64_t keep_alive_failures; /* keep-alives that failed */
    uint64_t registrations;       /* times the server was registered */
    uint64_t refusals;            /* times another server had its id */
    uint64_t fences;              /* times it was fenced after it had been live */
    uint64_t resumptions;         /* of them, the lease turned out to be alive */
    uint64_t lowered;             /* pins for which the record was lowered */
    uint64_t lower_refused;       /* pins refused because the txn safe point had passed them */
    uint64_t changes_dropped;     /* changes of state that were not delivered, for lack of room */
    /* Values in the store that no correct server can have written, such as a safe point above what
     * this server protects. Each one fences: it is not used, and transactions below it are lost. */
    uint64_t rejected;
    uint64_t rejected_value;         /* the newest of them */
    char rejected_key[320];          /* and the key that held it, or "lease ID"; "" for none */
    struct roster_failing joining;   /* registering */
    struct roster_failing keeping;   /* keeping the lease alive */
    struct roster_failing reporting; /* reporting the record */
    struct roster_failing watching;  /* watching the record */
    struct roster_failing lowering;  /* lowering it for a begin at a timestamp */
    int64_t granted_ms; /* the lease's time to live, which may be more than requested */
    /* Attempts of these operations that failed, by enum roster_error_class. */
    uint64_t errors[ROSTER_ERROR_CLASSES_ROOM];
    char server_id[136]; /* the syncer's, which distinguishes its endpoint from others */
    /* Times that this server gave up transactions or pins because the leader asked for it, see enum
     * roster_abandoned; for the last time, the timestamp below which, their number, and when. */
    uint64_t given_up;
    uint64_t given_up_ts;
    uint64_t given_up_pins;
    int64_t given_up_ns;
    uint64_t interval_ms; /* between reports: options.interval_ms */
};

/*
 * Reads them. Any thread.
 *
 * Returns 0 when filled in; -EINVAL for NULL or a struct smaller than the first version's; -ECHILD
 * in a forked child; -E2BIG for a larger one with something unknown in it.
 */
ROSTER_API int roster_syncer_stats(struct roster_syncer *syncer, struct roster_syncer_stats *stats);

ROSTER_END_DECLS

#endif
