/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A multi-threaded in-memory key-value server with snapshot isolation that speaks the Redis
 * protocol. Each connection is a session of Roster, each command a statement, and the minimum start
 * timestamp drives the collector of old versions.
 */
#include "config.h"

#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/history.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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
        return server_fail("no oracle", err);
    /* Commits take their timestamps from the same oracle, so it is not left to the roster. */
    options.oracle = roster_oracle_local_read;
    options.oracle_arg = server->oracle;
    options.max_sessions = server->options.max_clients + 1; /* and the collector */
    options.text_limit = WORKER_TEXT;
    options.life_time_ms = server->options.store ? server->options.life_time_ms : 0;
    err = roster_create(&options, &server->roster);
    if (err)
        return server_fail("no roster", err);
    server->started = time(NULL);
    server->listen_fd = -1;
    server->store = store_create(server->oracle, server->options.max_memory);
    server->workers = calloc(server->options.threads, sizeof(*server->workers));
    return server->store && server->workers ? 0 : server_fail("cannot start", -ENOMEM);
}

static int start(struct server *server)
{
    int err = workers_listen(server);

    if (!err)
        err = cluster_start(server);
    if (!err)
        err = operate_start(server);
    if (!err)
        err = workers_start(server); /* no client is served before the server is in its cluster */
    if (!err)
        printf("roster-kv: ready on %s port %" PRIu64 ", %" PRIu64 " threads\n",
               server->options.bind, server->options.port, server->options.threads);
    fflush(stdout);
    return err;
}

/* First every session and its transaction; then nothing uses the roster any more. */
static int stop(struct server *server)
{
    int err;

    operate_stop(server);
    workers_stop(server);
    roster_history_destroy(server->history);
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
    sigset_t ends;
    int err, number;

    options_parse(&server.options, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_DFL); /* a shell's "&" has it ignored */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* in all threads: main() waits for them */
    fit_clients(&server.options);
    if (create(&server))
        return EXIT_FAILURE;
    err = start(&server);
    if (!err && !sigwait(&ends, &number) && number == SIGTERM)
        operate_drain(&server);
    return stop(&server) || err ? EXIT_FAILURE : EXIT_SUCCESS;
}
