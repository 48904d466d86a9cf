/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server: what its threads share, and its parts. Functions that return int return 0 or a
 * negative errno; those that start something have then told the user why.
 */
#ifndef KV_SERVER_H
#define KV_SERVER_H

#include "options.h"
#include "store.h"

#include <roster/roster.h>
#include <time.h>
#include <uv.h>

struct worker;

/* As a member of a cluster; all NULL in a server of its own. */
struct cluster {
    struct roster_store *store;
    struct roster_syncer *syncer;
    struct roster_safe_point *safe_point; /* atomic: the collector is there before it */
};

/* What operates it. */
struct operate {
    struct roster_status *status;
    struct roster_watchdog *watchdog;
    struct roster_history *history; /* NULL: none is kept */
    uv_async_t async;               /* a drain is wanted, or done */
    pthread_t drainer;
    bool draining;
    int wanted, done, hurry; /* atomic */
};

struct server {
    struct options options;
    struct roster_oracle_local *oracle;
    struct roster *roster;
    struct store *store;
    struct cluster cluster;
    struct operate operate;
    struct worker *workers; /* options.threads */
    size_t next_worker;     /* that gets a connection */
    uv_loop_t loop;         /* of the main thread, which accepts and waits for signals */
    uv_signal_t term, interrupt;
    uv_poll_t listener;
    int listen_fd;
    int spare_fd; /* closed for a moment when no descriptor is left, to refuse a client properly */
    pthread_t collector;
    int collector_stop; /* an eventfd */
    time_t started;
    uint64_t buffered; /* bytes that clients have under way; atomic, relaxed */
    uint64_t sleeping; /* clients in DEBUG SLEEP; likewise */
    struct {           /* atomic, relaxed */
        uint64_t conflicts;
        uint64_t expired;
        uint64_t protocol_errors;
        uint64_t slow_readers;
        uint64_t buffer_hogs;
        uint64_t collections;
    } counts;
};

static inline void server_count(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static inline uint64_t server_counted(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* main.c: tells the user, and returns the error. */
int server_fail(const char *what, int err);

/* Ends the main loop. In the loop. */
void server_end(struct server *server);

/* The first line of a file; NULL, and the user has been told, when it cannot be read. */
const char *server_read_line(const char *path, char *line, int size);

/* listener.c: accepts connections and hands them to the workers in turn; options.port then is the
 * port in use. */
int listener_start(struct server *server);

/* collector.c: a thread that lets the minimum drive the deletion of versions. */
int collector_start(struct server *server);
void collector_stop(struct server *server);

/* Computes the minimum under the server's age limit. */
int collector_scan(struct server *server, struct roster_min *min);

/*
 * cluster.c: with --store the server reports its minimum, and what its collector deletes is decided
 * by all servers together. Until it is registered every read is answered with an error.
 */
int cluster_start(struct server *server);

/* Leaves it; no transaction is open any more. Also after cluster_start() has failed. */
void cluster_stop(struct server *server);

/* How far versions may be collected. */
uint64_t cluster_safe_point(struct server *server);

/* Whether the server may have lost its lease, so that nobody vouches for what it reads. */
bool cluster_fenced(struct server *server);

/* A section of INFO, and the first line of TRX LIST. */
int cluster_info(struct server *server, struct buf *out);
void cluster_line(struct server *server, struct buf *out);

/* operate.c: the watchdog with its limits and the history, if the options ask for them. */
int operate_start(struct server *server);

/* The status endpoint, likewise; the server is in its cluster by now. */
int operate_show(struct server *server);

/* It goes, so that nobody asks for a drain any more. In the loop. */
void operate_quiet(struct server *server);

/* Drains the server, then ends it; a second call ends it without further ado. In the loop. */
void operate_drain(struct server *server);

/* After the loop has ended; the history stays for the last transactions. */
void operate_stop(struct server *server);

#endif
