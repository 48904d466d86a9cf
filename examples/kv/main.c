/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A multi-threaded in-memory key-value server with snapshot isolation that speaks the Redis
 * protocol. It shows what Roster is for: each connection is a session, each command a statement,
 * and the minimum start timestamp drives the collector of old versions.
 */
#include "config.h"

#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OTHER_FILES 64 /* descriptors for everything but clients */

int server_fail(const char *what, int err)
{
    fprintf(stderr, "roster-kv: %s: %s\n", what, roster_strerror(err));
    return err;
}

const char *server_read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    const char *read = file ? fgets(line, size, file) : NULL;

    if (file)
        fclose(file);
    if (read)
        line[strcspn(line, "\r\n")] = '\0';
    else
        fprintf(stderr, "roster-kv: cannot read a line from %s\n", path);
    return read;
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

static int create(struct server *server)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    int err = roster_oracle_local_create(&server->oracle);

    if (err)
        return err;
    /* Commits take their timestamps from the same oracle, so it is not left to the roster. */
    options.oracle = roster_oracle_local_read;
    options.oracle_arg = server->oracle;
    options.max_sessions = server->options.max_clients + 1; /* and the collector */
    options.text_limit = WORKER_TEXT;
    options.life_time_ms = server->options.store ? server->options.life_time_ms : 0;
    err = roster_create(&options, &server->roster);
    if (err)
        return err;
    server->started = time(NULL);
    server->store = store_create(server->oracle, server->options.max_memory);
    server->workers = calloc(server->options.threads, sizeof(*server->workers));
    return server->store && server->workers ? 0 : -ENOMEM;
}

static int start_threads(struct server *server)
{
    uint64_t n;
    int err = collector_start(server);

    for (n = 0; !err && n < server->options.threads; n++)
        err = worker_start(&server->workers[n], server);
    return err;
}

static void on_closed(uv_handle_t *handle)
{
    struct server *server = handle->data;

    if (handle == (uv_handle_t *)&server->listener) {
        close(server->listen_fd);
        close(server->spare_fd);
    }
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* Closes whatever the main loop has; it then ends by itself. */
void server_end(struct server *server)
{
    operate_quiet(server);
    uv_walk(&server->loop, close_handle, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct server *server = signal->data;

    if (number == SIGTERM || server->operate.draining)
        operate_drain(server);
    else
        server_end(server);
}

static int watch_signals(struct server *server)
{
    int err;

    server->term.data = server->interrupt.data = server;
    uv_signal_init(&server->loop, &server->term);
    uv_signal_init(&server->loop, &server->interrupt);
    err = uv_signal_start(&server->term, on_signal, SIGTERM);
    if (!err)
        err = uv_signal_start(&server->interrupt, on_signal, SIGINT);
    return err ? server_fail("signals", err) : 0;
}

static int serve(struct server *server)
{
    int err = uv_loop_init(&server->loop);

    if (err)
        return server_fail("event loop", err);
    err = listener_start(server);
    if (!err)
        err = watch_signals(server);
    if (!err)
        err = operate_start(server);
    if (!err)
        err = cluster_start(server);
    if (!err)
        err = operate_show(server);
    if (err)
        server_end(server);
    else
        printf("roster-kv: ready on %s port %" PRIu64 ", %" PRIu64 " threads\n",
               server->options.bind, server->options.port, server->options.threads);
    fflush(stdout);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    return err;
}

/* First every session and its transaction; then nobody uses the roster any more. */
static int stop(struct server *server)
{
    int err;

    operate_stop(server);
    workers_stop(server);
    roster_history_destroy(server->operate.history);
    collector_stop(server);
    cluster_stop(server);
    store_destroy(server->store);
    err = roster_destroy(server->roster);
    if (err)
        return server_fail("the roster is still in use", err);
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
    err = create(&server);
    if (!err)
        err = start_threads(&server);
    if (err) {
        server_fail("cannot start", err);
        return EXIT_FAILURE;
    }
    err = serve(&server);
    if (stop(&server))
        err = -EBUSY;
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
