/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What operates the server: the status endpoint, the watchdog with its limits, the history of
 * transactions, and the drain before the end. roster_drain() waits, so it has a thread of its own,
 * which tells the main loop when it is done.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <stdio.h>

#define WATCH_MS 50

/* The flags lead from one thread to another what happened before they were set. */
static int get(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE); /* pairs with set() */
}

static void set(int *flag)
{
    __atomic_store_n(flag, 1, __ATOMIC_RELEASE); /* pairs with get() */
}

/* Whoever is in a hurry does not wait for anybody. */
static int on_progress(const struct roster_drain_progress *progress, void *arg)
{
    const struct server *server = arg;

    return get(&server->operate.hurry);
}

static void *drain_main(void *arg)
{
    struct server *server = arg;
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report report = {.size = sizeof(report)};
    int err;

    options.finish_ms = server->options.drain_ms ? server->options.drain_ms : 1;
    options.progress = on_progress;
    options.progress_arg = server;
    err = roster_drain(server->roster, &options, &report);
    if (err && err != -ETIMEDOUT)
        server_fail("drain", err);
    if (report.remaining)
        fprintf(stderr, "roster-kv: %" PRIu64 " clients did not leave\n", report.remaining);
    set(&server->operate.done);
    uv_async_send(&server->operate.async);
    return NULL;
}

void operate_drain(struct server *server)
{
    struct operate *operate = &server->operate;

    if (operate->draining) {
        set(&operate->hurry);
        return;
    }
    operate->draining = !pthread_create(&operate->drainer, NULL, drain_main, server);
    if (!operate->draining)
        server_end(server); /* then without */
}

static void on_async(uv_async_t *async)
{
    struct server *server = async->data;

    if (get(&server->operate.done))
        server_end(server);
    else if (get(&server->operate.wanted) && !server->operate.draining)
        operate_drain(server);
}

#ifdef HAVE_MICROHTTPD
static int on_drain_wanted(void *arg)
{
    struct server *server = arg;

    if (__atomic_exchange_n(&server->operate.wanted, 1, __ATOMIC_ACQ_REL))
        return -EALREADY;
    uv_async_send(&server->operate.async);
    return 0;
}

int operate_show(struct server *server)
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
    options.history = server->operate.history;
    options.syncer = server->cluster.syncer;
    options.safe_point = server->cluster.safe_point;
    options.cluster = roster_cluster_calls();
    options.drain = on_drain_wanted;
    options.drain_arg = server;
    if (token_file && !(options.token = server_read_line(token_file, token, sizeof(token))))
        return -EINVAL;
    err = roster_status_start(server->roster, &options, &server->operate.status);
    if (err)
        return server_fail(address, err);
    printf("roster-kv: status on %s\n", roster_status_address(server->operate.status));
    return 0;
}

void operate_quiet(struct server *server)
{
    roster_status_stop(server->operate.status);
    server->operate.status = NULL;
}
#else
int operate_show(struct server *server)
{
    return server->options.status ? server_fail("--status: built without it", -ENOTSUP) : 0;
}

void operate_quiet(struct server *server)
{
}
#endif

static void on_event(const struct roster_event *event, void *arg)
{
    if (event->kind == ROSTER_EVENT_KILL && !event->result)
        fprintf(stderr, "roster-kv: closed session %" PRIu64 ": %s, %" PRIu64 " ms\n",
                event->session_id, roster_kill_reason_name(event->reason), event->age_ms);
}

static int start_watchdog(struct server *server)
{
    const struct options *wanted = &server->options;
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;

    if (!(wanted->max_execution_ms | wanted->idle_ms | wanted->txn_idle_ms |
          wanted->txn_max_age_ms))
        return 0;
    options.interval_ms = WATCH_MS;
    options.execution_ms = wanted->max_execution_ms;
    options.idle_ms = wanted->idle_ms;
    options.txn_idle_ms = wanted->txn_idle_ms;
    options.txn_age_ms = wanted->txn_max_age_ms;
    options.event = on_event;
    return roster_watchdog_start(server->roster, &options, &server->operate.watchdog);
}

int operate_start(struct server *server)
{
    const struct options *wanted = &server->options;
    struct operate *operate = &server->operate;
    int err = uv_async_init(&server->loop, &operate->async, on_async);

    operate->async.data = server;
    if (!err && wanted->history)
        err = roster_history_create((uint32_t)wanted->history, wanted->history_min_ms,
                                    &operate->history);
    if (!err)
        err = start_watchdog(server);
    return err ? server_fail("history or watchdog", err) : 0;
}

void operate_stop(struct server *server)
{
    if (server->operate.draining)
        pthread_join(server->operate.drainer, NULL);
    operate_quiet(server);
    roster_watchdog_stop(server->operate.watchdog);
}
