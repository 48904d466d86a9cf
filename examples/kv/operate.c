/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting and stopping what operates the server, and draining it. roster_drain() waits, so it has
 * a thread of its own, which tells the main loop when it is done.
 */
#include "config.h"

#include "operate.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <stdio.h>
#include <string.h>

#define WATCH_MS 50

static int fail(const char *what, int err)
{
    fprintf(stderr, "roster-kv: %s: %s\n", what, roster_strerror(err));
    return err;
}

static int get(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(int *flag)
{
    __atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

/* Whoever is in a hurry does not wait for anybody. */
static int on_progress(const struct roster_drain_progress *progress, void *arg)
{
    const struct operate *operate = arg;

    (void)progress;
    return get(&operate->hurry);
}

static void *drain_main(void *arg)
{
    struct server *server = arg;
    struct operate *operate = &server->operate;
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report report = {.size = sizeof(report)};
    int err;

    options.finish_ms = server->options.operate.drain_ms ? server->options.operate.drain_ms : 1;
    options.progress = on_progress;
    options.progress_arg = operate;
    err = roster_drain(server->roster, &options, &report);
    if (err && err != -ETIMEDOUT)
        fail("drain", err);
    if (report.remaining)
        fprintf(stderr, "roster-kv: %" PRIu64 " clients did not leave\n", report.remaining);
    set(&operate->done);
    uv_async_send(&operate->async);
    return NULL;
}

static void on_async(uv_async_t *async)
{
    struct server *server = async->data;
    struct operate *operate = &server->operate;

    if (get(&operate->done))
        operate->end(operate->end_arg);
    else if (get(&operate->wanted) && !operate->draining)
        operate_drain(server);
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
        operate->end(operate->end_arg); /* then without */
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

/* The first line of a file; NULL when there is none. */
static const char *read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    const char *read = file ? fgets(line, size, file) : NULL;

    if (file)
        fclose(file);
    if (read)
        line[strcspn(line, "\r\n")] = '\0';
    return read;
}

int operate_show(struct server *server)
{
    const struct operate_options *wanted = &server->options.operate;
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    char token[512];
    int err;

    if (!wanted->status)
        return 0;
    options.address = wanted->status;
    options.name = "roster-kv";
    options.peers = 1;
    options.history = server->operate.history;
    options.syncer = server->cluster.syncer;
    options.safepoint = server->cluster.safepoint;
    options.drain = on_drain_wanted;
    options.drain_arg = server;
    if (wanted->token_file &&
        !(options.token = read_line(wanted->token_file, token, sizeof(token)))) {
        fprintf(stderr, "roster-kv: cannot read a token from %s\n", wanted->token_file);
        return -EINVAL;
    }
    err = roster_status_start(server->roster, &options, &server->operate.status);
    if (err)
        return fail(wanted->status, err);
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
    if (!server->options.operate.status)
        return 0;
    fprintf(stderr, "roster-kv: --status: built without libmicrohttpd\n");
    return -ENOTSUP;
}

void operate_quiet(struct server *server)
{
    (void)server;
}
#endif

static void on_event(const struct roster_event *event, void *arg)
{
    (void)arg;
    if (event->kind == ROSTER_EVENT_KILL && !event->result)
        fprintf(stderr, "roster-kv: closed session %" PRIu64 ": %s, %" PRIu64 " ms\n",
                event->session_id, roster_kill_reason_name(event->reason), event->age_ms);
}

static int start_watchdog(struct server *server)
{
    const struct operate_options *wanted = &server->options.operate;
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    int err;

    if (!wanted->max_execution_ms && !wanted->idle_ms && !wanted->txn_idle_ms &&
        !wanted->txn_age_ms)
        return 0;
    options.interval_ms = WATCH_MS;
    options.execution_ms = wanted->max_execution_ms;
    options.idle_ms = wanted->idle_ms;
    options.txn_idle_ms = wanted->txn_idle_ms;
    options.txn_age_ms = wanted->txn_age_ms;
    options.event = on_event;
    err = roster_watchdog_start(server->roster, &options, &server->operate.watchdog);
    return err ? fail("watchdog", err) : 0;
}

static int start_history(struct server *server)
{
    const struct operate_options *wanted = &server->options.operate;
    int err;

    if (!wanted->history)
        return 0;
    err = roster_history_create((uint32_t)wanted->history, wanted->history_min_ms,
                                &server->operate.history);
    return err ? fail("history", err) : 0;
}

int operate_start(struct server *server, uv_loop_t *loop, void (*end)(void *arg), void *arg)
{
    struct operate *operate = &server->operate;
    int err = uv_async_init(loop, &operate->async, on_async);

    if (err)
        return fail("event loop", err);
    operate->async.data = server;
    operate->end = end;
    operate->end_arg = arg;
    err = start_history(server);
    if (!err)
        err = start_watchdog(server);
    return err;
}

void operate_stop(struct server *server)
{
    struct operate *operate = &server->operate;

    if (operate->draining)
        pthread_join(operate->drainer, NULL);
    operate_quiet(server);
    roster_watchdog_stop(operate->watchdog);
}
