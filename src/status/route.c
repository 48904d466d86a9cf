/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks for what, and whether he may.
 */
#include "config.h"

#include "status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* The name that libmicrohttpd has for it differs by version. */
#define HTTP_TOO_LARGE 413

static const struct route {
    const char *path;
    handler_fn *get;
    handler_fn *post;
} routes[] = {
    {"/", get_page, NULL},
    {"/status", get_status, NULL},
    {"/processlist", get_processlist, NULL},
    {"/trx", get_trx, NULL},
    {"/minimum", get_minimum, NULL},
    {"/safepoint", get_safepoint, NULL},
    {"/history", get_history, NULL},
    {"/metrics", get_metrics, NULL},
    {"/kill", NULL, post_kill},
    {"/drain", NULL, post_drain},
};

/* What stands in *per_request from the first call for a request to the last. */
static char no_body, some_body;

unsigned request_fail(struct request *request, unsigned status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(request->error, sizeof(request->error), format, args);
    va_end(args);
    return status;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Compares in a time that does not tell how much of it was right. */
static bool is_token(const char *token, const char *given)
{
    size_t length = strlen(token), n;
    unsigned char differs = 0;

    if (strlen(given) != length)
        return false;
    for (n = 0; n < length; n++)
        differs |= (unsigned char)(token[n] ^ given[n]);
    return !differs;
}

static bool is_trusted_peer(struct MHD_Connection *connection)
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) || length != sizeof(peer))
        return false;
    return peer.uid == 0 || peer.uid == geteuid();
}

static bool may_act(const struct roster_status *status, struct MHD_Connection *connection)
{
    const char *given = header(connection, MHD_HTTP_HEADER_AUTHORIZATION);

    if (status->options.peers && status->path && is_trusted_peer(connection))
        return true;
    return status->token && given && !strncasecmp(given, "Bearer ", 7) &&
           is_token(status->token, given + 7);
}

/* A page of another site may have its name resolve to this address, and then read what its visitors
 * may read here. Such a name is neither a number nor localhost. */
static bool is_own_host(struct MHD_Connection *connection)
{
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    size_t name;

    if (!host)
        return true; /* no browser */
    name = strcspn(host, ":");
    return (name == 9 && !strncasecmp(host, "localhost", 9)) ||
           !host[strspn(host, "0123456789.:")] || !strncmp(host, "[::1]", 5);
}

/* The answer of requests that went wrong. */
static void reply_error(struct request *request)
{
    text_free(&request->text);
    request->type = NULL;
    out_open(&request->text, NULL, '{');
    out_string(&request->text, "error", request->error);
    out_close(&request->text, '}');
}

static void add_headers(struct MHD_Response *response, const struct request *request,
                        unsigned status, const char *allow)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            request->type ? request->type : "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'; "
                            "script-src 'unsafe-inline'; connect-src 'self'; "
                            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
}

static enum MHD_Result reply(struct request *request, unsigned status, const char *allow)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (status == MHD_HTTP_OK && request->text.failed)
        status = request_fail(request, MHD_HTTP_INSUFFICIENT_STORAGE,
                              "the reply is too long; ask for less with limit");
    if (*request->error)
        reply_error(request);
    if (request->text.failed || !request->text.data) {
        text_free(&request->text);
        return MHD_NO; /* the connection is closed */
    }
    response = MHD_create_response_from_buffer(request->text.length, request->text.data,
                                               MHD_RESPMEM_MUST_FREE);
    if (!response) {
        text_free(&request->text);
        return MHD_NO;
    }
    add_headers(response, request, status, allow);
    result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static unsigned authorize(struct request *request)
{
    const struct roster_status *status = request->status;

    if (request->may)
        return 0;
    if (!status->token && !(status->options.peers && status->path))
        return request_fail(request, MHD_HTTP_FORBIDDEN, "this endpoint is for reading only");
    if (!status->token)
        return request_fail(request, MHD_HTTP_FORBIDDEN, "this user may only read");
    return request_fail(request, MHD_HTTP_UNAUTHORIZED, "a bearer token is needed for this");
}

static unsigned dispatch(struct request *request, const struct route *route, const char *method)
{
    bool reads = !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);
    unsigned status = 0;

    if (!is_own_host(request->connection))
        return request_fail(request, MHD_HTTP_FORBIDDEN, "ask by address or as localhost");
    if (!route)
        return request_fail(request, MHD_HTTP_NOT_FOUND, "there is no such page");
    if (reads && route->get)
        return route->get(request);
    if (reads || strcmp(method, MHD_HTTP_METHOD_POST) != 0 || !route->post)
        return request_fail(request, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method");
    status = authorize(request);
    return status ? status : route->post(request);
}

static const struct route *find(const char *url)
{
    size_t n;

    for (n = 0; n < sizeof(routes) / sizeof(*routes); n++)
        if (!strcmp(routes[n].path, url))
            return &routes[n];
    return NULL;
}

enum MHD_Result status_handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **per_request)
{
    struct request request = {.status = cls, .connection = connection};
    const struct route *route = find(url);
    unsigned status;

    (void)version;
    (void)upload;
    if (!*per_request) { /* the headers are there; the body may follow */
        *per_request = &no_body;
        return MHD_YES;
    }
    if (*upload_size) {
        *per_request = &some_body;
        *upload_size = 0;
        return MHD_YES;
    }
    request.accept = header(connection, MHD_HTTP_HEADER_ACCEPT);
    request.may = may_act(request.status, connection);
    if (*per_request == &some_body)
        status = request_fail(&request, HTTP_TOO_LARGE, "a request has no body here");
    else
        status = dispatch(&request, route, method);
    return reply(&request, status, route && route->post ? "POST" : "GET, HEAD");
}

void status_completed(void *cls, struct MHD_Connection *connection, void **per_request,
                      enum MHD_RequestTerminationCode why)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct peer *peer = info ? info->socket_context : NULL;

    (void)cls;
    (void)why;
    *per_request = NULL;
    if (peer)
        peer->since_ms = status_now_ms();
}
