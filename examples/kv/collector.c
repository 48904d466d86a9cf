/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The collector. It is a background session of the roster, so that it is seen in CLIENT LIST. It
 * opens no transaction: it needs no snapshot, it only takes away what no snapshot needs.
 */
#include "config.h"

#include "collector.h"

#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int server_scan(struct server *server, struct roster_min *min)
{
    uint64_t limit_ms = server->options.txn_age_limit_s * 1000, now, lower = 0;

    min->size = sizeof(*min);
    if (limit_ms) {
        roster_oracle_local_get(server->oracle, &now);
        lower = roster_ts_before(now, limit_ms);
    }
    return roster_min_start_ts(server->roster, lower, min);
}

static void collect(struct server *server, struct roster_session *session)
{
    static const char text[] = "collect old versions";
    struct roster_min min;
    int shown = roster_stmt_begin(session, ROSTER_COMMAND_OTHER, text, sizeof(text) - 1, NULL, 0);
    int err = server_scan(server, &min);

    if (err)
        fprintf(stderr, "roster-kv: no minimum: %s\n", roster_strerror(err));
    else
        store_collect(server->store, cluster_safe_point(server));
    if (!shown)
        roster_stmt_end(session);
}

/* Waits for the next run. Returns false when the server stops. */
static bool wait_interval(struct collector *collector)
{
    uint64_t ms = collector->server->options.gc_interval_ms;
    struct timespec until;
    bool stop;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&collector->lock);
    while (!collector->stop &&
           pthread_cond_timedwait(&collector->wake, &collector->lock, &until) != ETIMEDOUT)
        ;
    stop = collector->stop;
    pthread_mutex_unlock(&collector->lock);
    return !stop;
}

static void *run(void *arg)
{
    struct collector *collector = arg;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    int err;

    attr.kind = ROSTER_SESSION_BACKGROUND;
    attr.application = "collector";
    err = roster_session_open(collector->server->roster, &attr, &session);
    if (err)
        fprintf(stderr, "roster-kv: the collector is not shown: %s\n", roster_strerror(err));
    while (wait_interval(collector)) {
        collect(collector->server, session);
        server_count(&collector->runs);
    }
    roster_session_close(session);
    return NULL;
}

int collector_start(struct collector *collector, struct server *server)
{
    pthread_condattr_t attr;
    int err;

    memset(collector, 0, sizeof(*collector));
    collector->server = server;
    pthread_mutex_init(&collector->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&collector->wake, &attr);
    pthread_condattr_destroy(&attr);
    err = pthread_create(&collector->thread, NULL, run, collector);
    return -err;
}

void collector_stop(struct collector *collector)
{
    pthread_mutex_lock(&collector->lock);
    collector->stop = true;
    pthread_cond_signal(&collector->wake);
    pthread_mutex_unlock(&collector->lock);
    pthread_join(collector->thread, NULL);
    pthread_cond_destroy(&collector->wake);
    pthread_mutex_destroy(&collector->lock);
}
