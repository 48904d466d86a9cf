/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The status endpoint: its options, its secrets, and the drain that a client may ask for.
 */
#include "config.h"

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

/* Without a thread, so that nothing is served. */
static bool would_start(struct server *server, struct roster_status_options *options)
{
    struct roster_status *status = NULL;

    options->manual = 1;
    if (roster_status_start(server->roster, options, &status))
        return false;
    roster_status_stop(status);
    return true;
}

/* Which option was refused, with what it takes: one after the other is left out, until the rest
 * would do. The address is named where there may be two. */
static const char *refused(struct server *server, struct roster_status_options less)
{
    less.metrics_cert = less.metrics_key = NULL;
    if (would_start(server, &less))
        return "--metrics-cert, --metrics-key: take a certificate and its own private key, PEM "
               "without a passphrase";
    less.metrics_token = less.metrics_address ? "any-that-is-long-enough" : NULL;
    if (would_start(server, &less))
        return "--metrics-token: takes 16 printable characters or more without a space, and not "
               "the token of --status-token";
    less.metrics_address = less.metrics_token = NULL;
    if (would_start(server, &less))
        return "--metrics: takes IPV4:PORT or [IPV6]:PORT, of this host";
    less.token = NULL;
    if (would_start(server, &less))
        return "--status-token: the first line of the file is empty";
    return "--status: takes 127.0.0.1:PORT, [::1]:PORT or unix:PATH, of this host";
}

static int open_it(struct server *server, const struct roster_status_options *options)
{
    int err = roster_status_start(server->roster, options, &server->status);
    const char *what = err ? refused(server, *options) : NULL;

    if (err == -EINVAL)
        fprintf(stderr, "roster-kv: %s\n", what);
    else if (err)
        fprintf(stderr, "roster-kv: %.*s=%s: %s\n", (int)strcspn(what, ":"), what,
                strncmp(what, "--metrics", 9) ? options->address : options->metrics_address,
                roster_strerror(err));
    return err;
}

static int start(struct server *server, struct roster_status_options *options)
{
    const struct options *named = &server->options;
    const struct secret {
        const char *file, **to;
        bool line;
    } secrets[] = {
        {named->token_file, &options->token, true},
        {named->metrics_token_file, &options->metrics_token, true},
        {named->metrics_cert_file, &options->metrics_cert, false},
        {named->metrics_key_file, &options->metrics_key, false},
    };
    const struct secret *secret, *end = secrets + sizeof(secrets) / sizeof(secrets[0]);
    int err = 0;

    for (secret = secrets; secret < end; secret++)
        if (secret->file && !(*secret->to = option_file(secret->file, secret->line)))
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
    options->peers = 1;
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
