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
 *     GET  /minimum      the oldest pin, who holds it, what ending it would gain
 *     GET  /safepoint    safe points, and what the info-syncer and the leader say
 *     GET  /history      what long transactions consisted of
 *     GET  /activity     what active sessions did
 *                                     ?from= to= by= state= kind= wait= digest= user= db=
 *                                     application= limit= step=
 *     GET  /events       what has happened  ?since= limit=
 *     GET  /timeline     the last hour, a point for each second  ?after=
 *     GET  /metrics      for Prometheus, as OpenMetrics when it asks for that
 *     POST /kill         ?id= target=connection|transaction|statement statement= start_ts=
 *                                     transaction=
 *     POST /drain
 *
 * All but / and /metrics are JSON. Ids and timestamps are strings there, because they have 64 bits;
 * an error is {"error": TEXT}. Text is UTF-8: U+FFFD stands for an invalid byte, and for NUL.
 *
 * Rows come in the order of their ids, or as `sort` says: a column that is compared, with "-"
 * before it for the largest first. Of what matches, the first `limit` in that order are sent (1000,
 * at most 1000000), and "matched" says how many there are. In the order of the ids the member
 * "next" is what to pass as `after` for more. `columns` names those that are sent, with commas
 * between them. A filter takes what a column shows, a kind, command or state in any case; what no
 * row can show is an error that lists what is valid. `wait` is an event, a class or CLASS:EVENT;
 * empty is none. `search` is looked for in names, states, waits and the beginning of the statement,
 * or of the last one ("last": of a session that is idle in a transaction, if it has
 * ROSTER_SESSION_LAST_STATEMENT). The ids of a reply are chosen when it begins ("taken_at_ms"), and
 * the rows are read while the client takes them, so a client that reads slowly costs the server a
 * buffer and not a list. Each row is of one instant, different rows are not of the same. A session
 * that is open and fits during the whole reply, or all the pages, is in it once; one that ends,
 * begins or changes during the walk is in it once or not at all.
 *
 * "rows" of /holders are the open transactions that pin something and the pins, the oldest
 * timestamp first, with what their session does. `holder` is transaction, pin, or what a pin is for
 * (cursor, backup, ...). A pin stands as it was when the reply began; its session is the one that
 * has its session's id now, and what is known of that alone is null when it has closed. `after` is
 * not taken.
 *
 * "rows" of /locks are trees: what blocks others without waiting, then those that wait for it, the
 * longest first, each followed by what waits for it in turn; "depth" says how many waits lead to
 * the root. The tree with the most sessions comes first; `limit` cuts behind that, and "matched"
 * says how many sessions there are in all trees.
 *
 * "healthy" in /status is true, or "problems" lists what is wrong, the worst first: its name, since
 * when ("since_ms", by the server's wall clock, null while that is known to be wrong, and "age_ms";
 * the endpoint has known it for so long where nothing says more), the evidence, and the command to
 * run. The same is at /metrics as roster_healthy and roster_problem. Whether sessions have waited
 * for another one for too long costs nothing unless some have ever waited so: see
 * roster_blocking(). Of kills those that were delivered are looked at until what they were for has
 * ended, no other session is.
 *
 * /timeline has a row for each second of the last hour in which the endpoint ran, the oldest first:
 * "second", a second of CLOCK_BOOTTIME ("now" is the newest one, "now_ms" its wall-clock time),
 * then what "columns" names. In a second without a row the process or the machine stood still; null
 * is an unknown value, such as a rate after such a gap. `after` asks for later ones only. The
 * endpoint's thread wakes once a second for it, computes the verdict with the minimum, and gives it
 * at most a tenth of its time: when the oracle is slow, points become rarer. It takes 113 KiB,
 * once.
 *
 * `from`, `to` and `since` take a point in time: -15m or -2h before now, 21:03 of today, or of
 * yesterday if that is to come, 2026-11-29T10:00:00Z or with another offset, both without one in
 * the server's local time, milliseconds since the Unix epoch, or a timestamp.
 *
 * "rows" of /activity are those of roster/activity.h, what was seen most first, for the time `from`
 * to `to` (the last hour). `by` names what distinguishes them, with commas between: state, wait,
 * digest, user, db, application, kind. "samples" of a row by "times" is an average of active
 * sessions; "dropped" of the "active" ones are in no row. With `step`, milliseconds from 1000 on,
 * there are "points" instead, at most 1000: one for each step that has passed and had a sample, as
 * "columns" names its members, with the samples of each class of waits ("CPU" is no known wait); or
 * where `by` is given of each of "groups", those with the most samples of the whole time (`limit`,
 * at most 32), and of all others as "other". The step is rounded up to what is sampled ("step_ms"),
 * which is a minute for what is older than an hour.
 *
 * "rows" of /events are those of roster/event_log.h whose id is greater than `since`, or that
 * happened then or later, the oldest first, at most `limit`; "words" says what happened as people
 * read it, behind the kind. "next" is what to pass as `since` for
 * those after them, "missed" how many between `since` and "next" had to make room; "restarted" is
 * true when `since` is from another life of the server, and the rows then begin with the oldest.
 * Nothing else is lost.
 *
 * It reads views like any reader: owners never wait for it.
 *
 * With `metrics_address` it listens at a second address, which other machines may reach. There is
 * GET /metrics for clients that send `metrics_token`; without it every request that HTTP allows is
 * 401, with it every other path is 404 and every other method 405. A request that is malformed, has
 * a body, expects something or is of an unknown version is refused before, with 400, 413, 417 or
 * 505, whatever it sends: which of its bytes are a token is not certain, and the answer says
 * nothing but what is wrong with it. No client can kill or drain there, not with `token` either,
 * and no statement is shown; names of users, databases and applications are. What its clients may
 * have is apart from what local ones may: 16 connections, 8 of one address (of IPv6, of one network
 * of 64 bits), 4 MiB, `request_ms`, and at most a tenth of the thread's time, after local clients.
 * TLS is 1.2 or 1.3; a new certificate needs a new endpoint.
 */
#ifndef ROSTER_STATUS_H
#define ROSTER_STATUS_H

#include <roster/export.h>
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

/* Called for POST /drain, in the endpoint's thread. It only sets the drain going: it must not wait
 * for it. Returns 0 or a negative errno, which is sent to the client. */
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
    const char *token;   /* a client that sends it as bearer token may kill and drain; default:
                            none may */
    int peers;  /* not 0: so may, over a Unix socket, root and the user the server runs as */
    int manual; /* not 0: no thread, the server calls roster_status_run_once() itself */
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
                            more is answered by 503; default: 64 MiB, at least 1 MiB */
    const struct roster_cluster_calls *cluster; /* roster_cluster_calls(), with a syncer or a
                                                   safe_point; else it may be NULL */
    uint64_t old_ms; /* a minimum that is held for longer, or a safe point that is blocked by
                        more, is a problem; default: 600000 */
    struct roster_activity *activity; /* for GET /activity; may be NULL */
    uint64_t blocked_ms; /* a session that waits for another one for longer is a problem; default:
                            5000 */
    uint64_t stuck_ms;   /* what was killed longer ago and goes on is a problem; default: 10000 */
    const char *metrics_address; /* "IPV4:PORT" or "[IPV6]:PORT", of any interface, for GET /metrics
                                    and nothing else; "[::]:PORT" is all of them; default: none */
    const char *metrics_token;   /* a client has to send it there as bearer token; must be set, have
                                    16 printable bytes or more, none a space, and not be `token` */
    const char *metrics_cert;    /* PEM, the server's own first: TLS is spoken there; default: HTTP,
                                    in which the token can be read on the way */
    const char *metrics_key;     /* PEM, the private key of metrics_cert */
    char *error;       /* receives on error which option is wrong and what to do, on success an
                          empty string; may be NULL */
    size_t error_size; /* bytes at `error`; ROSTER_STATUS_ERROR_SIZE is enough */
};

#define ROSTER_STATUS_OPTIONS_INIT ROSTER_SIZED(struct roster_status_options)

/*
 * Starts an endpoint, with one thread that blocks all signals. What the options name must stay
 * until roster_status_stop(), but for `error`. `options` may be NULL: all defaults. Any thread.
 *
 * A file in the way of a Unix socket is removed when it is a socket on which no process listens.
 * The new one can be used by this process's user alone; change its mode to let others read. While
 * the endpoint is there PATH.lock is locked, so that two servers never take one path; a crash
 * leaves an empty file, which the next server takes.
 *
 * Where the process has descriptors 0 to 2 closed, they become /dev/null first: what any part of it
 * prints would otherwise reach a client.
 *
 * After an error options.error says which option was refused, and why, unless the struct is too
 * small to have it.
 *
 * Returns 0 and stores it in `*status`; -EINVAL for NULL, an address that is malformed, not
 * loopback (`address`) or not to be had, a value out of range, a syncer or safe_point without
 * `cluster`, metrics_token, metrics_cert or metrics_key without metrics_address, this without a
 * token as said there, a certificate without its key or one that libmicrohttpd does not take, or a
 * struct smaller than the first version's; -E2BIG for a larger one with something unknown in it;
 * -EADDRINUSE when another one listens there, or a file is in the way; -EACCES when this user may
 * not make a socket there; -ENOENT when the directory of a Unix socket does not exist; -ENOMEM,
 * also for want of file descriptors; -EAGAIN when no thread could be started; -ECHILD in a forked
 * child.
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
 * Does what is due and waits for it up to `timeout_ms`: the twin of the thread for servers with
 * their own loop. One thread at a time. Returns 0; -EINVAL for NULL; -EBUSY when it has a thread;
 * -ECHILD.
 */
ROSTER_API int roster_status_run_once(struct roster_status *status, uint32_t timeout_ms);

/* Where it listens, as options.address, with the port that the kernel chose. Valid until the stop;
 * NULL for NULL. */
ROSTER_API const char *roster_status_address(const struct roster_status *status);

/* The same of options.metrics_address; NULL also when that was NULL. */
ROSTER_API const char *roster_status_metrics_address(const struct roster_status *status);

ROSTER_END_DECLS

#endif /* ROSTER_STATUS_H */
