/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The status endpoint: its options, its secrets, and the drain that a client may ask for.
 */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int on_drain_wanted(void *arg)
{
    struct server *server = arg;

    if (__atomic_exchange_n(&server->draining, 1, __ATOMIC_RELAXED))
        return -EALREADY;
    kill(getpid(), SIGTERM); /* main() waits for it */
    return 0;
}

static int open_it(struct server *server, struct roster_status_options *options)
{
    char error[ROSTER_STATUS_ERROR_SIZE] = "";
    int err;

    options->error = error;
    options->error_size = sizeof(error);
    err = roster_status_start(server->roster, options, &server->status);
    options->error = NULL;
    if (err)
        fprintf(stderr, "roster-kv: the status endpoint: %s\n", error);
    return err;
}

static int start(struct server *server, struct roster_status_options *options)
{
    const struct options *named = &server->options;
    const struct secret {
        const char *file, **to;
        enum option_file_kind kind;
    } secrets[] = {
        {named->token_file, &options->token, OPTION_FILE_LINE},
        {named->metrics_token_file, &options->metrics_token, OPTION_FILE_LINE},
        {named->metrics_cert_file, &options->metrics_cert, OPTION_FILE_PUBLIC},
        {named->metrics_key_file, &options->metrics_key, OPTION_FILE_SECRET},
    };
    const struct secret *secret, *end = secrets + sizeof(secrets) / sizeof(secrets[0]);
    int err = 0;

    for (secret = secrets; secret < end; secret++)
        if (secret->file && !(*secret->to = option_file(secret->file, secret->kind)))
            err = -EINVAL;
    err = err ?: open_it(server, options);
    for (secret = secrets; secret < end; secret++) {
        option_file_forget(*secret->to);
        *secret->to = NULL; /* the endpoint has its copy */
    }
    return err;
}

int endpoint_start(struct server *server)
{
    struct roster_status_options *options = &server->options.endpoint;
    int err;

    if (!options->address)
        return 0;
    options->name = "roster-kv";
    options->peers = true;
    options->history = server->history;
    options->activity = server->activity;
    options->syncer = server->syncer;
    options->safe_point = server->safe_point;
    options->cluster = roster_cluster_calls();
    options->drain = on_drain_wanted;
    options->drain_arg = server;
    err = start(server, options);
    if (!err)
        printf("roster-kv: status on %s\n", roster_status_address(server->status));
    if (!err && options->metrics_address)
        printf("roster-kv: metrics on %s\n", roster_status_metrics_address(server->status));
    return err;
}
