/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What operates the server: the collector, the watchdog, the history, the status endpoint, and the
 * drain before the end.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <roster/drain.h>
#include <roster/history.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <roster/watchdog.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WATCH_MS 50

int collector_scan(struct server *server, struct roster_min *min)
{
    min->size = sizeof(*min);
    return roster_min_advance(server->roster, server->options.txn_age_limit_s * 1000, min);
}

static void collect(struct server *server, struct roster_session *session)
{
    static const char text[] = "collect old versions";
    struct roster_min min;
    int shown = roster_stmt_begin(session, ROSTER_COMMAND_OTHER, text, sizeof(text) - 1, NULL, 0);
    int err = collector_scan(server, &min);

    if (err)
        server_fail("no minimum", err);
    else
        store_collect(server->store, cluster_safe_point(server));
    if (!shown)
        roster_stmt_end(session);
    server_count(&server->counts.collections, 1);
}

/* A background session, so that CLIENT LIST shows it. It needs no transaction: it reads nothing. */
static void *collector_main(void *arg)
{
    struct server *server = arg;
    struct pollfd stop = {server->collector_stop, POLLIN, 0};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    int err;

    attr.kind = ROSTER_SESSION_BACKGROUND;
    attr.application = "collector";
    err = roster_session_open(server->roster, &attr, &session);
    if (err)
        server_fail("the collector is not shown", err);
    while (!poll(&stop, 1, (int)server->options.gc_interval_ms))
        collect(server, session);
    roster_session_close(session);
    return NULL;
}

static int collector_start(struct server *server)
{
    server->collector_stop = eventfd(0, EFD_CLOEXEC);
    if (server->collector_stop < 0)
        return -errno;
    return -pthread_create(&server->collector, NULL, collector_main, server);
}

void collector_stop(struct server *server)
{
    if (!server->collector)
        return;
    eventfd_write(server->collector_stop, 1);
    pthread_join(server->collector, NULL);
    close(server->collector_stop);
}

static void on_event(const struct roster_event *event, void *arg)
{
    if (event->kind == ROSTER_EVENT_KILL && !event->result)
        fprintf(stderr, "roster-kv: %s session %" PRIu64 ": %s, %" PRIu64 " ms\n",
                event->target == ROSTER_KILL_TARGET_TRANSACTION  ? "ended the transaction of"
                : event->target == ROSTER_KILL_TARGET_CONNECTION ? "closed"
                                                                 : "interrupted",
                event->session_id, roster_kill_reason_name(event->reason), event->age_ms);
}

static int start_watchdog(struct server *server)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;

    options.interval_ms = WATCH_MS;
    options.execution_ms = server->options.max_execution_ms;
    options.idle_ms = server->options.idle_ms;
    options.txn_idle_ms = server->options.txn_idle_ms;
    options.txn_age_ms = server->options.txn_max_age_ms;
    options.event = on_event;
    if (!(options.execution_ms | options.idle_ms | options.txn_idle_ms | options.txn_age_ms))
        return 0;
    return roster_watchdog_start(server->roster, &options, &server->watchdog);
}

#ifdef HAVE_MICROHTTPD
static int on_drain_wanted(void *arg)
{
    struct server *server = arg;

    if (__atomic_exchange_n(&server->draining, 1, __ATOMIC_RELAXED))
        return -EALREADY;
    kill(getpid(), SIGTERM); /* main() waits for it */
    return 0;
}

static int start_status(struct server *server)
{
    const char *address = server->options.status, *token_file = server->options.token_file;
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    char token[512];
    int err;

    if (!address)
        return 0;
    options.address = address;
    options.name = "roster-kv";
    options.peers = 1;
    options.history = server->history;
    options.syncer = server->syncer;
    options.safe_point = server->safe_point;
    options.cluster = roster_cluster_calls();
    options.drain = on_drain_wanted;
    options.drain_arg = server;
    if (token_file && !(options.token = server_read_line(token_file, token, sizeof(token))))
        return -EINVAL;
    err = roster_status_start(server->roster, &options, &server->status);
    if (err)
        return server_fail(address, err);
    printf("roster-kv: status on %s\n", roster_status_address(server->status));
    return 0;
}
#else
static int start_status(struct server *server)
{
    return server->options.status ? server_fail("--status: built without it", -ENOTSUP) : 0;
}
#endif

int operate_start(struct server *server)
{
    int err = roster_wait_event_register(ROSTER_WAIT_TIMEOUT, "DebugSleep", &server->sleep_event);

    if (!err && server->options.history)
        err = roster_history_create((uint32_t)server->options.history,
                                    server->options.history_min_ms, &server->history);
    if (!err)
        err = start_watchdog(server);
    if (!err)
        err = collector_start(server);
    return err ? server_fail("history, watchdog or collector", err) : start_status(server);
}

/* A second signal ends the wait. */
static int on_progress(const struct roster_drain_progress *progress, void *arg)
{
    sigset_t ends;

    sigpending(&ends);
    return sigismember(&ends, SIGTERM) || sigismember(&ends, SIGINT);
}

void operate_drain(struct server *server)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report report = {.size = sizeof(report)};
    int err;

    __atomic_store_n(&server->draining, 1, __ATOMIC_RELAXED);
    options.finish_ms = server->options.drain_ms ? server->options.drain_ms : 1;
    options.progress = on_progress;
    err = roster_drain(server->roster, &options, &report);
    if (err && err != -ETIMEDOUT)
        server_fail("drain", err);
    if (report.remaining)
        fprintf(stderr, "roster-kv: %" PRIu64 " clients did not leave\n", report.remaining);
}

void operate_stop(struct server *server)
{
#ifdef HAVE_MICROHTTPD
    roster_status_stop(server->status);
#endif
    roster_watchdog_stop(server->watchdog);
}
