/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A multi-threaded in-memory key-value server with snapshot isolation that speaks the Redis
 * protocol. It shows what Roster is for: each connection is a session, each command a statement,
 * and the minimum start timestamp drives the collector of old versions.
 */
#include "config.h"

#include "listener.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define OTHER_FILES 64 /* descriptors for everything but clients */

/* What the main thread runs: it accepts, and waits for a signal to end. */
struct front {
    uv_loop_t loop;
    struct listener listener;
    uv_signal_t term, interrupt;
};

static int fail(const char *what, int err)
{
    fprintf(stderr, "roster-kv: %s: %s\n", what, uv_strerror(err));
    return err;
}

/* As many descriptors as the clients may need, or as many clients as there are descriptors. */
static void fit_clients(struct options *options)
{
    struct rlimit limit;
    rlim_t wanted = options->max_clients + OTHER_FILES;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return;
    options->max_clients = limit.rlim_cur > OTHER_FILES ? limit.rlim_cur - OTHER_FILES : 1;
    fprintf(stderr,
            "roster-kv: only %" PRIu64 " clients, because the limit of open files is %" PRIu64 "\n",
            options->max_clients, (uint64_t)limit.rlim_cur);
}

static int create_roster(struct server *server)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    int err = roster_oracle_local_create(&server->oracle);

    if (err)
        return err;
    /* Commits take their timestamps from the same oracle, so it is not left to the roster. */
    options.oracle = roster_oracle_local_get;
    options.oracle_arg = server->oracle;
    options.max_sessions = server->options.max_clients + 1; /* and the collector */
    options.text_limit = WORKER_TEXT;
    options.life_time_ms = server->options.store ? server->options.life_time_ms : 0;
    err = roster_create(&options, &server->roster);
    if (err)
        roster_oracle_local_destroy(server->oracle);
    return err;
}

static int create(struct server *server)
{
    int err = create_roster(server);

    if (err)
        return err;
    server->store = store_create(server->oracle, server->options.max_memory);
    server->workers = calloc(server->options.threads, sizeof(*server->workers));
    return server->store && server->workers ? 0 : -ENOMEM;
}

static int start_workers(struct server *server)
{
    uint64_t n;
    int err = 0;

    for (n = 0; !err && n < server->options.threads; n++)
        err = worker_start(&server->workers[n], server);
    return err;
}

/* Ends every session and its transaction; then nobody uses the roster any more. */
static void stop_workers(struct server *server)
{
    uint64_t n;

    for (n = 0; n < server->options.threads; n++)
        worker_stop(&server->workers[n]);
    for (n = 0; n < server->options.threads; n++)
        worker_join(&server->workers[n]);
    for (n = 0; n < server->options.threads; n++)
        worker_destroy(&server->workers[n]);
    free(server->workers);
}

/* Closes whatever the main loop has; it then ends by itself. */
static void close_handle(uv_handle_t *handle, void *arg)
{
    struct front *front = arg;

    if (handle == (uv_handle_t *)&front->listener.poll)
        listener_stop(&front->listener);
    else
        uv_close(handle, NULL);
}

static void end(void *arg)
{
    struct front *front = arg;

    operate_quiet(front->listener.server);
    uv_walk(&front->loop, close_handle, front);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct front *front = signal->data;

    if (number == SIGTERM || front->listener.server->operate.draining)
        operate_drain(front->listener.server);
    else
        end(front);
}

static int watch_signals(struct front *front)
{
    int err;

    front->term.data = front->interrupt.data = front;
    uv_signal_init(&front->loop, &front->term);
    uv_signal_init(&front->loop, &front->interrupt);
    err = uv_signal_start(&front->term, on_signal, SIGTERM);
    return err ? err : uv_signal_start(&front->interrupt, on_signal, SIGINT);
}

static int open_front(struct front *front, struct server *server)
{
    int err = listener_start(&front->listener, server, &front->loop);

    if (err)
        fprintf(stderr, "roster-kv: cannot listen on %s port %" PRIu64 ": %s\n",
                server->options.bind, server->options.port, uv_strerror(err));
    if (err)
        return err;
    err = watch_signals(front);
    return err ? fail("signals", err) : operate_start(server, &front->loop, end, front);
}

static int serve(struct server *server)
{
    struct front front;
    int err = uv_loop_init(&front.loop);

    if (err)
        return fail("event loop", err);
    err = open_front(&front, server);
    if (!err)
        err = cluster_start(server);
    if (!err)
        err = operate_show(server);
    if (err)
        uv_walk(&front.loop, close_handle, &front);
    else
        printf("roster-kv: ready on %s port %" PRIu64 ", %" PRIu64 " threads\n",
               server->options.bind, server->options.port, server->options.threads);
    fflush(stdout);
    uv_run(&front.loop, UV_RUN_DEFAULT);
    uv_loop_close(&front.loop);
    return err;
}

static int stop(struct server *server)
{
    int err;

    operate_stop(server);
    stop_workers(server);
    roster_history_destroy(server->operate.history);
    collector_stop(&server->collector);
    cluster_stop(server);
    store_destroy(server->store);
    err = roster_destroy(server->roster);
    if (err)
        return fail("the roster is still in use", err);
    roster_oracle_local_destroy(server->oracle);
    return 0;
}

int main(int argc, char **argv)
{
    static struct server server;
    int err;

    options_parse(&server.options, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    fit_clients(&server.options);
    server.started = time(NULL);
    err = create(&server);
    if (!err)
        err = collector_start(&server.collector, &server);
    if (!err)
        err = start_workers(&server);
    if (err) {
        fail("cannot start", err);
        return EXIT_FAILURE;
    }
    err = serve(&server);
    if (stop(&server))
        err = -EBUSY;
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
