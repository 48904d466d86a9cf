/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The status endpoint: HTTP on loopback or a Unix socket, for people, rosterctl and Prometheus; on
 * any address, for Prometheus alone.
 *
 *     GET  /             a page that shows all this, live
 *     GET  /status       the server, whether it is healthy, and its counts
 *     GET  /processlist  sessions     ?user= host= db= application= kind= command= state= search=
 *                                     wait= digest= blocker= min_ms= id= in_txn full sort= columns=
 *                                     limit= after=
 *     GET  /trx          transactions ?the same
 *     GET  /holders      what holds the minimum back  ?the same and holder=
 *     GET  /groups       the users, databases and applications with the most sessions, their limits
 *     GET  /locks        which sessions wait for which, as trees, and the newest deadlocks
 *                                     ?limit=
 *     GET  /minimum      the oldest pin, who holds it, how far it would advance if that ended
 *     GET  /safepoint    safe points, the state of the info-syncer, and the leader
 *     GET  /history      statements of long transactions
 *     GET  /activity     activity of sessions
 *                                     ?from= to= by= state= kind= wait= digest= user= db=
 *                                     application= limit= step=
 *     GET  /events       the event log ?since= limit=
 *     GET  /timeline     the last hour, a point for each second  ?after=
 *     GET  /metrics      for Prometheus, as OpenMetrics when it asks for that
 *     POST /kill         ?id= target=connection|transaction|statement statement= start_ts=
 *                                     transaction=
 *     POST /drain
 *
 * All but / and /metrics return JSON. Ids and timestamps are strings, because they have 64 bits; an
 * error is {"error": TEXT}. Text is UTF-8: U+FFFD replaces invalid bytes and NUL.
 *
 * Rows are sorted by id, or by the column named by `sort`, with "-" before it for the largest
 * first. The first `limit` matching rows in that order are sent (1000, at most 1000000); "matched"
 * is the number of all. In the order of ids, pass the member "next" as `after` to get more.
 * `columns` lists the columns to send, separated by commas. A filter takes the value of a column;
 * kinds, commands and states are accepted in any case, and a value that no row can have is an error
 * that lists the valid ones. `wait` is an event, a class or CLASS:EVENT; empty means none. `search`
 * looks in names, states, waits and the beginning of the statement, or of the last one ("last", for
 * a session that is idle in a transaction and has ROSTER_SESSION_LAST_STATEMENT). The ids of a
 * reply are chosen when it begins ("taken_at_ms"), and rows are produced while the client reads
 * them, so a slow client costs the server a buffer, not a list. Each row is of one instant;
 * different rows are of different instants. A session that is open and matches during the whole
 * reply, or all its pages, appears once; one that ends, begins or changes during the walk appears
 * once or not at all.
 *
 * "rows" of /holders are the open transactions that pin something and the pins, the oldest
 * timestamp first, with their session's activity. `holder` is transaction, pin, or the kind of a
 * pin (cursor, backup, ...). A pin is shown as of the beginning of the reply, with the session that
 * has its session's id now; that session's members are null if it has closed. `after` is not
 * supported.
 *
 * "rows" of /locks are trees: a session that blocks others without waiting, then the sessions that
 * wait for it, the longest wait first, each followed by those that wait for it in turn; "depth" is
 * the number of waits on the way to the root. The largest tree comes first; `limit` applies to that
 * order, and "matched" is the number of sessions in all trees.
 *
 * "healthy" in /status is true, or "problems" lists the problems, the worst first: name, time
 * ("since_ms" by the server's wall clock, null while that is known to be wrong, and "age_ms", at
 * least since the endpoint first saw it), evidence, and the command to run. /metrics has the same
 * as roster_healthy and roster_problem. The check for long waits costs nothing if no session has
 * ever waited for another one: see roster_blocking(). The check for kills looks only at sessions
 * whose kill was delivered and has not taken effect.
 *
 * /timeline has a row for each second of the last hour in which the endpoint ran, the oldest first:
 * "second" of CLOCK_BOOTTIME ("now" is the newest one, "now_ms" its wall-clock time), then the
 * members that "columns" names. If a second has no row, the process or the machine did not run;
 * null is an unknown value, such as a rate after such a gap. `after` selects later rows only. The
 * endpoint's thread wakes once a second for it, computes the verdict and the minimum, and spends at
 * most a tenth of its time on it: if the oracle is slow, points become rarer. It takes 113 KiB,
 * once.
 *
 * `from`, `to` and `since` take a point in time: -15m or -2h before now, 21:03 of today, or of
 * yesterday if that is in the future, 2026-11-29T10:00:00Z or with another offset, both without one
 * in the server's local time, milliseconds since the Unix epoch, or a timestamp.
 *
 * "rows" of /activity are those of roster/activity.h, the most frequent first, from `from` to `to`
 * (default: the last hour). `by` lists the members by which they are grouped, separated by commas:
 * state, wait, digest, user, db, application, kind. "samples" of a row by "times" is an average of
 * active sessions; "dropped" counts those of "active" that are in no row. With `step`, in
 * milliseconds, 1000 or more, the reply has "points" instead, at most 1000: one for each completed
 * step with a sample. "columns" names its members: the samples of each wait class ("CPU" means no
 * known wait) or, if `by` is given, of each of "groups", those with the most samples over the whole
 * time
 * (`limit`, at most 32), and of all others as "other". The step is rounded up to the sampled
 * resolution ("step_ms"), a minute beyond the last hour.
 *
 * "rows" of /events are those of roster/event_log.h whose id is greater than `since`, or that
 * happened at that time or later, the oldest first, at most `limit`; "words" describes the event
 * for people, after its kind. Pass "next" as `since` to get those after them; "missed" is the
 * number of events between `since` and "next" that were displaced; "restarted" is true if `since`
 * is from an earlier process of the server, and the rows then begin with the oldest. Nothing else
 * is lost.
 *
 * The endpoint reads views like any reader: owners never wait for it.
 *
 * With `metrics_address` it listens at a second address, which other machines may reach. It serves
 * GET /metrics to clients that send `metrics_token`; without the token every valid request gets
 * 401, with it every other path gets 404 and every other method 405. A request that is malformed,
 * has a body, has an Expect header or an unknown version is refused earlier, with 400, 413, 417 or
 * 505, regardless of its token: its token cannot be located reliably, and the reply states only
 * what is wrong. Clients cannot kill or drain there, not even with `token`, and no statement is
 * shown; names of users, databases and applications are. The limits of its clients are separate
 * from those of local ones: 16 connections, 8 of one address (of IPv6, of one network
 * of 64 bits), 4 MiB, `request_ms`, and at most a tenth of the thread's time, after local clients.
 * TLS is 1.2 or 1.3; a new certificate needs a new endpoint.
 */
#ifndef ROSTER_STATUS_H
#define ROSTER_STATUS_H

#include <roster/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;
struct roster_activity;
struct roster_cluster_calls;
struct roster_history;
struct roster_safe_point;
struct roster_syncer;

/* One endpoint. */
struct roster_status;

/* Called for POST /drain, in the endpoint's thread. It starts the drain and must not wait for it.
 * Returns 0 or a negative errno, which is sent to the client. */
typedef int roster_status_drain_fn(void *arg);

/* Bytes that hold every error text of roster_status_start(). */
#define ROSTER_STATUS_ERROR_SIZE 512

/* Options of an endpoint. Begin with ROSTER_STATUS_OPTIONS_INIT; a member that is 0 has its
 * default. Strings are copied. */
struct roster_status_options {
    size_t size;         /* sizeof(struct roster_status_options) */
    const char *address; /* "127.0.0.1:PORT", "[::1]:PORT" or "unix:PATH"; with port 0 the kernel
                            chooses one; default: "127.0.0.1:0" */
    const char *name;    /* of the server; default: "roster" */
    const char
        *token;  /* a client that sends it as bearer token may kill and drain; default: none */
    bool peers;  /* so may, over a Unix socket, root and the user the server runs as */
    bool manual; /* no thread: the server calls roster_status_run_once() itself */
    uint32_t max_connections;       /* at once; default: 64; at most 1024 */
    uint32_t request_ms;            /* for a request and its reply, or between two of them, before
                                       the connection is closed; default: 30000 */
    struct roster_history *history; /* for GET /history; may be NULL */
    struct roster_syncer *syncer;   /* for GET /safepoint; may be NULL */
    roster_status_drain_fn *drain;  /* NULL: there is no drain */
    void *drain_arg;
    struct roster_safe_point *safe_point; /* for GET /safepoint; may be NULL */
    uint32_t max_per_client;              /* connections of one user (over TCP where the kernel does
                                             not tell: of all); default: half of max_connections */
    uint64_t max_memory; /* bytes for connections and replies, at most half of them for one client;
                            requests beyond get 503; default: 64 MiB, at least 1 MiB */
    const struct roster_cluster_calls *cluster; /* roster_cluster_calls(), with a syncer or a
                                                   safe_point; else it may be NULL */
    uint64_t old_ms; /* a minimum that is held for longer, or a safe point that is further behind,
                        is a problem; default: 600000 */
    struct roster_activity *activity; /* for GET /activity; may be NULL */
    uint64_t blocked_ms; /* a session that waits for another one for longer is a problem; default:
                            5000 */
    uint64_t stuck_ms;   /* a kill that has had no effect for longer is a problem; default: 10000 */
    const char *metrics_address; /* "IPV4:PORT" or "[IPV6]:PORT", of any interface, for GET /metrics
                                    and nothing else; "[::]:PORT" is all of them; default: none */
    const char *metrics_token;   /* a client has to send it there as bearer token; must be set, have
                                    16 printable bytes or more, none a space, and not be `token` */
    const char *metrics_cert;    /* PEM, the server's own first: TLS is spoken there; default: HTTP,
                                    in which the token can be read on the way */
    const char *metrics_key;     /* PEM, the private key of metrics_cert */
    char *error; /* on error: which option is wrong and what to do; on success: an empty string; may
                    be NULL */
    size_t error_size; /* bytes at `error`; ROSTER_STATUS_ERROR_SIZE is enough */
};

#define ROSTER_STATUS_OPTIONS_INIT ROSTER_SIZED(struct roster_status_options)

/*
 * Starts an endpoint, with one thread that blocks all signals. The objects that the options name,
 * except `error`, must exist until roster_status_stop(). `options` may be NULL: all defaults. Any
 * thread.
 *
 * A file at the path of a Unix socket is removed if it is a socket on which no process listens.
 * Only this process's user can use the new socket; change its mode to let others read. While the
 * endpoint exists, PATH.lock is locked, so that two servers never take one path; a crash leaves an
 * empty file, which the next server takes.
 *
 * If descriptors 0 to 2 of the process are closed, they are first opened as /dev/null: otherwise
 * any output of the process could reach a client.
 *
 * After an error options.error holds the refused option and the reason, unless the struct is too
 * small to have that member.
 *
 * Returns 0 and stores it in `*status`; -EINVAL for NULL, an address that is malformed, not
 * loopback (`address`) or not available, a value out of range, a syncer or safe_point without
 * `cluster`, metrics_token, metrics_cert or metrics_key without metrics_address, this without a
 * token as said there, a certificate without its key or one that libmicrohttpd does not take, or a
 * struct smaller than the first version's; -E2BIG for a larger one with something unknown in it;
 * -EADDRINUSE when another process listens there, or a file is in the way; -EACCES when this user
 * may not create a socket there; -ENOENT when the directory of a Unix socket does not exist;
 * -ENOMEM, also for want of file descriptors; -EAGAIN when no thread could be started; -ECHILD in a
 * forked child.
 */
ROSTER_API int roster_status_start(struct roster *roster,
                                   const struct roster_status_options *options,
                                   struct roster_status **status) ROSTER_MUST_CHECK;

/*
 * Stops an endpoint and frees it: closes all connections. Before roster_destroy(). Any thread but
 * its own. NULL is allowed and does nothing.
 */
ROSTER_API void roster_status_stop(struct roster_status *status);

/*
 * Waits for clients up to `timeout_ms` and serves them, for servers with their own loop. One thread
 * at a time. Returns 0; -EINVAL for NULL; -EBUSY when it has a thread; -ECHILD.
 */
ROSTER_API int roster_status_run_once(struct roster_status *status, uint32_t timeout_ms);

/* The address at which it listens, as options.address, with the port that the kernel chose. Valid
 * until the stop; NULL for NULL. */
ROSTER_API const char *roster_status_address(const struct roster_status *status);

/* The same of options.metrics_address; NULL also when that was NULL. */
ROSTER_API const char *roster_status_metrics_address(const struct roster_status *status);

ROSTER_END_DECLS

#endif /* ROSTER_STATUS_H */
