/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The options of an endpoint: their defaults, what they take, and what is said of one that is
 * refused.
 */
#include "core/base/struct_size.h"
#include "status/status.h"

#include <errno.h>
#include <roster/error.h>
#include <roster/safe_point.h>
#include <roster/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CONNECTIONS 64
#define MAX_CONNECTIONS 1024
#define DEFAULT_REQUEST_MS 30000
#define DEFAULT_MEMORY ((uint64_t)64 << 20)
#define LEAST_MEMORY ((uint64_t)1 << 20)
#define DEFAULT_OLD_MS 600000
#define DEFAULT_BLOCKED_MS 5000
#define DEFAULT_STUCK_MS 10000
#define TOKEN_LEAST 16 /* bytes of one that others than this machine may try */

int rst_status_refuse(const struct roster_status_options *options, int err, const char *format, ...)
{
    char text[ROSTER_STATUS_ERROR_SIZE];
    va_list args;

    if (!options || options->size < sizeof(*options) || !options->error || !options->error_size)
        return err;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)roster_text_show(text, strlen(text), options->error, options->error_size);
    return err;
}

/* Whether a client can send it in a header, and another one not guess it. */
static bool is_strong(const char *token)
{
    size_t n;

    for (n = 0; token[n]; n++)
        if (token[n] <= ' ' || token[n] > '~')
            return false;
    return n >= TOKEN_LEAST;
}

/* The token of the remote entrance crosses a network, so it must not be the one that kills. */
static int check_remote(const struct roster_status_options *options)
{
    if (!options->metrics_address)
        return options->metrics_token || options->metrics_cert || options->metrics_key
                   ? rst_status_refuse(options, -EINVAL,
                                       "metrics_token, metrics_cert and metrics_key need "
                                       "metrics_address")
                   : 0;
    if (!options->metrics_token || !is_strong(options->metrics_token))
        return rst_status_refuse(options, -EINVAL,
                                 "metrics_token takes %d printable characters or more without a "
                                 "space, and metrics_address needs it",
                                 TOKEN_LEAST);
    if (options->token && !strcmp(options->token, options->metrics_token))
        return rst_status_refuse(options, -EINVAL,
                                 "metrics_token is the token that kills; take another one, since "
                                 "it crosses a network");
    return !options->metrics_cert == !options->metrics_key
               ? 0
               : rst_status_refuse(options, -EINVAL, "%s is missing: it goes with %s",
                                   options->metrics_cert ? "metrics_key" : "metrics_cert",
                                   options->metrics_cert ? "metrics_cert" : "metrics_key");
}

static int check(const struct roster_status_options *options)
{
    if (options->max_connections > MAX_CONNECTIONS)
        return rst_status_refuse(options, -EINVAL, "max_connections is %u: it takes at most %d",
                                 options->max_connections, MAX_CONNECTIONS);
    if ((options->max_memory && options->max_memory < LEAST_MEMORY) ||
        options->max_memory > SIZE_MAX)
        return rst_status_refuse(options, -EINVAL, "max_memory takes bytes, at least 1 MiB");
    if ((options->syncer || options->safe_point) &&
        (!options->cluster || options->cluster->size < sizeof(*options->cluster)))
        return rst_status_refuse(options, -EINVAL,
                                 "syncer and safe_point need cluster: roster_cluster_calls(), of "
                                 "the same version of the libraries");
    if (options->token && !*options->token)
        return rst_status_refuse(options, -EINVAL,
                                 "token is empty; leave it NULL, and no client may kill with one");
    return check_remote(options);
}

static void set_defaults(struct roster_status_options *known)
{
    if (!known->max_connections)
        known->max_connections = DEFAULT_CONNECTIONS;
    if (!known->max_per_client)
        known->max_per_client = (known->max_connections + 1) / 2;
    if (!known->max_memory)
        known->max_memory = DEFAULT_MEMORY;
    if (!known->request_ms)
        known->request_ms = DEFAULT_REQUEST_MS;
    if (!known->old_ms)
        known->old_ms = DEFAULT_OLD_MS;
    if (!known->blocked_ms)
        known->blocked_ms = DEFAULT_BLOCKED_MS;
    if (!known->stuck_ms)
        known->stuck_ms = DEFAULT_STUCK_MS;
    if (!known->address)
        known->address = "127.0.0.1:0";
    if (!known->name)
        known->name = "roster";
}

int rst_status_options_get(struct roster_status_options *known,
                           const struct roster_status_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return rst_status_refuse(options, err, "size: %s", roster_strerror(err));
    if (known->error && known->error_size)
        *known->error = '\0';
    err = check(known);
    if (!err)
        set_defaults(known);
    return err;
}

int rst_status_cannot_listen(const struct roster_status_options *options,
                             const struct entrance *entrance, int err)
{
    const char *option = entrance->is_remote ? "metrics_address" : "address";
    const char *address = entrance->is_remote ? options->metrics_address : options->address;

    if (entrance->listener.address && err == -EINVAL)
        return rst_status_refuse(options, err,
                                 "metrics_cert and metrics_key take a certificate and its own "
                                 "private key, PEM without a passphrase; libmicrohttpd takes them "
                                 "if it was built with TLS");
    switch (err) {
    case -EINVAL:
        return rst_status_refuse(options, err, "%s \"%s\": it takes %s, of this host", option,
                                 address,
                                 entrance->is_remote ? "IPV4:PORT or [IPV6]:PORT"
                                                     : "127.0.0.1:PORT, [::1]:PORT or unix:PATH");
    case -EADDRINUSE:
        return rst_status_refuse(options, err,
                                 "%s \"%s\": another server listens there, or a file that is no "
                                 "socket is in the way; choose another one",
                                 option, address);
    case -EACCES:
        return rst_status_refuse(options, err, "%s \"%s\": this user may not make a socket there",
                                 option, address);
    case -ENOENT:
        return rst_status_refuse(options, err, "%s \"%s\": there is no such directory; create it",
                                 option, address);
    default:
        return rst_status_refuse(options, err, "%s \"%s\": %s", option, address,
                                 roster_strerror(err));
    }
}
