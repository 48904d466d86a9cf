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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_MICROHTTPD
#define PEM_MOST 65536

/* What is read from files, until the endpoint has its copies. */
struct secrets {
    char token[512], metrics_token[512];
    char cert[PEM_MOST], key[PEM_MOST];
};

static int on_drain_wanted(void *arg)
{
    struct server *server = arg;

    if (__atomic_exchange_n(&server->draining, 1, __ATOMIC_RELAXED))
        return -EALREADY;
    kill(getpid(), SIGTERM); /* main() waits for it */
    return 0;
}

static const char *read_pem(const char *path, char *pem)
{
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(pem, 1, PEM_MOST, file) : 0;

    if (file)
        fclose(file);
    if (length && length < PEM_MOST) {
        pem[length] = '\0';
        return pem;
    }
    fprintf(stderr, "roster-kv: %s is no PEM file of less than %d bytes\n", path, PEM_MOST);
    return NULL;
}

/* An option that names no file needs none. */
static bool read_secrets(const struct options *named, struct secrets *secrets,
                         struct roster_status_options *options)
{
    options->token = named->token_file ? server_read_line(named->token_file, secrets->token,
                                                          sizeof(secrets->token))
                                       : NULL;
    options->metrics_token =
        named->metrics_token_file
            ? server_read_line(named->metrics_token_file, secrets->metrics_token,
                               sizeof(secrets->metrics_token))
            : NULL;
    options->metrics_cert =
        named->metrics_cert_file ? read_pem(named->metrics_cert_file, secrets->cert) : NULL;
    options->metrics_key =
        named->metrics_key_file ? read_pem(named->metrics_key_file, secrets->key) : NULL;
    return !named->token_file == !options->token &&
           !named->metrics_token_file == !options->metrics_token &&
           !named->metrics_cert_file == !options->metrics_cert &&
           !named->metrics_key_file == !options->metrics_key;
}

static int start(struct server *server, struct roster_status_options *options)
{
    struct secrets *secrets = calloc(1, sizeof(*secrets));
    int err = secrets ? -EINVAL : -ENOMEM;

    if (secrets && read_secrets(&server->options, secrets, options))
        err = roster_status_start(server->roster, options, &server->status);
    if (secrets)
        explicit_bzero(secrets, sizeof(*secrets));
    free(secrets);
    options->token = options->metrics_token = options->metrics_cert = options->metrics_key = NULL;
    return err;
}

int endpoint_start(struct server *server)
{
    struct roster_status_options *options = &server->options.endpoint;
    const char *metrics = options->metrics_address;
    char what[256];
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
    if (!err && metrics)
        printf("roster-kv: metrics on %s\n", roster_status_metrics_address(server->status));
    snprintf(what, sizeof(what), "%s%s%s", options->address, metrics ? " or " : "",
             metrics ? metrics : "");
    return server_check(what, err);
}

void endpoint_stop(struct server *server)
{
    roster_status_stop(server->status);
}

const char *endpoint_address(const struct server *server)
{
    return roster_status_address(server->status);
}
#else
int endpoint_start(struct server *server)
{
    return server->options.endpoint.address ? server_check("--status: built without it", -ENOTSUP)
                                            : 0;
}

void endpoint_stop(struct server *server)
{
}

const char *endpoint_address(const struct server *server)
{
    return NULL;
}
#endif
