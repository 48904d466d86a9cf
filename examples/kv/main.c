/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A multi-threaded in-memory key-value server with snapshot isolation that speaks the Redis
 * protocol. Each connection is a session of Roster, each command a statement, and the minimum start
 * timestamp drives the collector of old versions. Here: the start, the collector, the watchdog, and
 * the drain before the end.
 *
 * To be read in this order: store.h and store.c, the versions and who sees them; server.h; conn.c,
 * a connection as a session; command.c, a command as a statement; this file; cluster.c; the rest.
 */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WATCH_MS 50

int server_check(const char *what, int err)
{
    if (err)
        fprintf(stderr, "roster-kv: %s: %s\n", what, roster_strerror(err));
    return err;
}

int server_scan(struct server *server, struct roster_min *min)
{
    min->size = sizeof(*min);
    return roster_min_advance(server->roster, server->options.txn_age_limit_s * 1000, min);
}

/* The main thread collects, in a background session, so that CLIENT LIST shows it. It needs no
 * transaction: it reads nothing. */
static void collect(struct server *server)
{
    static const char text[] = "collect old versions";
    struct roster_min min;
    int shown =
        roster_stmt_begin(server->collector, ROSTER_COMMAND_OTHER, text, sizeof(text) - 1, NULL, 0);

    if (!server_check("no minimum", server_scan(server, &min)))
        store_collect(server->store, server->safe_point ? roster_gc_safe_point(server->safe_point)
                                                        : roster_local_safe_point(server->roster));
    if (!shown)
        roster_stmt_end(server->collector);
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

static int create(struct server *server)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    char why[256];
    int err;

    server->front.arg = server;
    server->front.calls = &conn_calls;
    server->front.options = &server->options.front;
    server->front.listen_fd = -1;
    front_fit(&server->front);
    err = server_check("no oracle", roster_oracle_local_create(&server->oracle));
    /* Commits take their timestamps from the same oracle, so it is not left to the roster. */
    options.oracle = roster_oracle_local_read;
    options.oracle_arg = server->oracle;
    options.max_sessions = server->options.front.max_clients + 1; /* and the collector */
    options.text_limit = WORKER_TEXT;
    options.life_time_ms = server->options.store ? server->options.safe_point.life_time_ms : 0;
    err = err ?: server_check("no roster", roster_create(&options, &server->roster));
    if (!err && server->options.quota &&
        (err = roster_quota_set_text(server->roster, server->options.quota, why, sizeof(why))))
        fprintf(stderr, "roster-kv: --quota: %s\n", why);
    if (err)
        return err;
    server->store = store_create(server->oracle, server->options.max_memory);
    return server->store ? 0 : server_check("cannot start", -ENOMEM);
}

/* What operates it: history, watchdog, collector and status endpoint. */
static int start_operation(struct server *server)
{
    struct roster_activity_options activity = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct options *options = &server->options;
    struct roster_watchdog_options *watchdog = &options->watchdog;
    struct locks *locks = &server->store->locks;
    int err = roster_wait_event_register(ROSTER_WAIT_TIMEOUT, "DebugSleep", &server->sleep_event)
                  ?: roster_wait_event_register("Phase", "Sleeping", &server->sleep_phase)
                  ?: roster_wait_event_register(ROSTER_WAIT_LOCK, "Lock", &locks->event);

    locks->released = front_wake;
    locks->arg = &server->front;
    if (!err && options->history)
        err = roster_history_create((uint32_t)options->history, options->history_min_ms,
                                    &server->history);
    attr.kind = ROSTER_SESSION_BACKGROUND;
    attr.application = "collector";
    err = err ?: roster_session_open(server->roster, &attr, &server->collector);
    activity.interval_ms = (int32_t)options->activity_ms;
    if (!err && options->endpoint.address && activity.interval_ms)
        err = roster_activity_start(server->roster, &activity, &server->activity);
    watchdog->interval_ms = WATCH_MS;
    watchdog->event = on_event;
    if (!err &&
        (watchdog->execution_ms | watchdog->idle_ms | watchdog->txn_idle_ms | watchdog->txn_age_ms))
        err = roster_watchdog_start(server->roster, watchdog, &server->watchdog);
    return server_check("history, watchdog, activity or collector", err) ?: endpoint_start(server);
}

static int start(struct server *server)
{
    int err = front_listen(&server->front)
                  ?: cluster_create(server)
                  ?: start_operation(server)
                  ?: cluster_start(server, roster_status_address(server->status))
                  /* No client is served before the server is in its cluster. */
                  ?: front_start(&server->front);

    if (!err)
        printf("roster-kv: ready on %s port %" PRIu64 ", %" PRIu64 " threads\n",
               server->options.front.bind, server->options.front.port,
               server->options.front.threads);
    fflush(stdout);
    return err;
}

/* A second signal ends the wait. */
static int on_progress(const struct roster_drain_progress *progress, void *arg)
{
    sigset_t ends;

    collect(arg);
    sigpending(&ends);
    return sigismember(&ends, SIGTERM) || sigismember(&ends, SIGINT);
}

static void drain(struct server *server)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report report = {.size = sizeof(report)};
    int err;

    __atomic_store_n(&server->draining, 1, __ATOMIC_RELAXED);
    options.finish_ms = server->options.drain_ms ? server->options.drain_ms : 1;
    options.progress = on_progress;
    options.progress_arg = server;
    err = roster_drain(server->roster, &options, &report);
    server_check("drain", err == -ETIMEDOUT ? 0 : err);
    if (report.remaining)
        fprintf(stderr, "roster-kv: %" PRIu64 " clients did not leave\n", report.remaining);
}

/* First every session and its transaction; then nothing uses the roster any more. */
static int stop(struct server *server)
{
    int err;

    roster_status_stop(server->status);
    roster_watchdog_stop(server->watchdog);
    roster_activity_stop(server->activity);
    front_stop(&server->front);
    roster_history_destroy(server->history);
    roster_session_close(server->collector);
    cluster_stop(server);
    store_destroy(server->store);
    err = server_check("the roster is still in use", roster_destroy(server->roster));
    if (!err)
        roster_oracle_local_destroy(server->oracle);
    return err;
}

int main(int argc, char **argv)
{
    static struct server server = {.options = {
                                       .front.bind = "127.0.0.1",
                                       .meeting = ROSTER_STORE_OPTIONS_INIT,
                                       .syncer = ROSTER_SYNCER_OPTIONS_INIT,
                                       .safe_point = ROSTER_SAFE_POINT_OPTIONS_INIT,
                                       .endpoint = ROSTER_STATUS_OPTIONS_INIT,
                                       .watchdog = ROSTER_WATCHDOG_OPTIONS_INIT,
                                   }};
    struct timespec interval;
    sigset_t ends;
    int err, number = 0;

    options_parse(&server.options, argc, argv,
                  "An in-memory key-value server with snapshot isolation that speaks the Redis "
                  "protocol: an example of what Roster is for.",
                  roster_version());
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_DFL); /* a shell's "&" has it ignored */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* in all threads: main() waits for them */
    if (create(&server))
        return EXIT_FAILURE;
    err = start(&server);
    interval.tv_sec = (time_t)(server.options.gc_interval_ms / 1000);
    interval.tv_nsec = (long)(server.options.gc_interval_ms % 1000) * 1000000;
    while (!err && (number = sigtimedwait(&ends, NULL, &interval)) < 0)
        collect(&server);
    if (number == SIGTERM)
        drain(&server);
    return stop(&server) || err ? EXIT_FAILURE : EXIT_SUCCESS;
}
