/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a request asks for, whether its sender may, and sending the reply.
 */
#include "status/query.h"
#include "status/status.h"

#include "core/base/ascii.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_BLOCK ((size_t)8 << 10)
#define STREAM_KEPT ((size_t)64 << 10) /* a larger buffer is freed when it is empty */

static const struct route {
    const char *path;
    handler_fn *get;
    handler_fn *post;
    unsigned takes; /* behind the question mark, see enum query_bit */
    enum list list; /* that it is */
} routes[] = {
    {"/", rst_status_get_page, NULL, QUERY_ANY, LIST_SESSIONS},
    {"/status", rst_status_get_status, NULL, 0, LIST_SESSIONS},
    {"/processlist", rst_status_get_rows, NULL, QUERY_ROWS, LIST_SESSIONS},
    {"/trx", rst_status_get_rows, NULL, QUERY_ROWS, LIST_TXNS},
    {"/holders", rst_status_get_rows, NULL, QUERY_ROWS | QUERY_HOLDERS, LIST_HOLDERS},
    {"/minimum", rst_status_get_minimum, NULL, QUERY_MIN, LIST_SESSIONS},
    {"/safepoint", rst_status_get_safe_point, NULL, 0, LIST_SESSIONS},
    {"/locks", rst_status_get_locks, NULL, QUERY_LOCKS, LIST_SESSIONS},
    {"/groups", rst_status_get_groups, NULL, 0, LIST_SESSIONS},
    {"/history", rst_status_get_history, NULL, 0, LIST_SESSIONS},
    {"/timeline", rst_status_get_timeline, NULL, QUERY_TIMELINE, LIST_SESSIONS},
    {"/activity", rst_status_get_activity, NULL, QUERY_ACTIVITY, LIST_TXNS},
    {"/events", rst_status_get_events, NULL, QUERY_EVENTS, LIST_SESSIONS},
    {"/metrics", rst_status_get_metrics, NULL, 0, LIST_SESSIONS},
    {"/kill", NULL, rst_status_post_kill, QUERY_KILL, LIST_SESSIONS},
    {"/drain", NULL, rst_status_post_drain, 0, LIST_SESSIONS},
};

unsigned rst_status_request_fail(struct request *request, unsigned status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(request->error, sizeof(request->error), format, args);
    va_end(args);
    return status;
}

unsigned rst_status_request_error(struct request *request, int err)
{
    return rst_status_request_fail(
        request, err == -ENOMEM ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR,
        "%s", roster_strerror(err));
}

/* Compares in a time that depends on what is given alone, not on how much of it is right. */
static bool is_token(const char *token, const char *given, size_t given_length)
{
    size_t length = strlen(token), n;
    size_t differs = given_length ^ length;

    for (n = 0; n < given_length; n++)
        differs |= (unsigned char)(token[n < length ? n : length] ^ given[n]);
    return !differs;
}

static bool has_token(const struct request *request)
{
    const char *token = request->entrance->token;
    const char *given = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                    MHD_HTTP_HEADER_AUTHORIZATION);
    size_t length = given ? rst_status_rules_length(given) : 0, at;

    if (!token || !given || !ascii_starts(given, length, "Bearer ", 7))
        return false;
    at = 7 + strspn(given + 7, " ");
    return is_token(token, given + at, length - at);
}

static bool trusts_peers(const struct request *request)
{
    return request->status->options.peers && request->entrance->listener.path;
}

/* Who the remote entrance's client is nothing here knows, and its token is for reading. */
static bool may_act(const struct request *request)
{
    uint64_t who = request->peer->client->who;

    if (request->entrance->is_remote)
        return false;
    return (trusts_peers(request) && (who == 0 || who == geteuid())) || has_token(request);
}

/* The answer of requests that went wrong. */
static void reply_error(struct request *request)
{
    rst_status_text_free(&request->text);
    rst_stream_free(request);
    request->type = NULL;
    rst_status_out_open(&request->text, NULL, '{');
    rst_status_out_string(&request->text, "error", request->error);
    rst_status_out_close(&request->text, '}');
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
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"roster\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (request->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* MHD_ContentReaderCallback: what the client reads next, made when it can take it. */
static ssize_t read_stream(void *cls, uint64_t at, char *to, size_t most)
{
    struct request *request = cls;
    struct text *text = &request->text;
    bool end = false;
    size_t length;

    (void)at;
    if (text->read == text->length) {
        text->read = text->length = 0;
        if (text->size > STREAM_KEPT)
            rst_status_text_free(text);
        if (rst_stream_more(request, &end) || text->failed)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (end)
            return MHD_CONTENT_READER_END_OF_STREAM;
    }
    length = text->length - text->read < most ? text->length - text->read : most;
    memcpy(to, text->data + text->read, length);
    text->read += length;
    return (ssize_t)length;
}

/* MHD_ContentReaderCallback: nothing. */
static ssize_t read_nothing(void *cls, uint64_t at, char *to, size_t most)
{
    (void)cls;
    (void)at;
    (void)to;
    (void)most;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* Of one that is never sent, and would have another length: without it, and so not in chunks, of
 * which libmicrohttpd would send the last one. */
static struct MHD_Response *make_bodiless(void)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL, NULL);

    if (response)
        MHD_set_response_options(response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
    return response;
}

static struct MHD_Response *make_response(struct request *request, unsigned status)
{
    if (status == MHD_HTTP_NOT_MODIFIED || (request->stream && request->head))
        return make_bodiless();
    if (request->stream)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                 request, NULL);
    /* It stays until rst_status_completed(). */
    return MHD_create_response_from_buffer(request->text.length, request->text.data,
                                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result reply(struct request *request, unsigned status, const char *allow)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (status == MHD_HTTP_OK && request->text.failed)
        status = rst_status_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                                         "replies under way use too much memory");
    if (*request->error)
        reply_error(request);
    if (request->text.failed || (!request->text.data && !request->stream))
        return MHD_NO; /* the connection is closed */
    response = make_response(request, status);
    if (!response)
        return MHD_NO;
    add_headers(response, request, status, allow);
    result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static unsigned authorize(struct request *request)
{
    const char *token = request->entrance->token;

    if (request->may)
        return 0;
    if (!token && !trusts_peers(request))
        return rst_status_request_fail(request, MHD_HTTP_FORBIDDEN, "this endpoint is read-only");
    if (!token)
        return rst_status_request_fail(request, MHD_HTTP_FORBIDDEN,
                                       "this user is not authorized to change anything");
    return rst_status_request_fail(request, MHD_HTTP_UNAUTHORIZED,
                                   "a bearer token is needed for this");
}

static bool is_reading(const char *method)
{
    return !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);
}

static unsigned run(struct request *request, const struct route *route, handler_fn *handler)
{
    struct query query;
    unsigned status = rst_status_query_parse(request, route->takes, route->list, &query);

    return status ? status : handler(request, &query);
}

/* The remote entrance reveals nothing without the token, not even which pages exist. The Host
 * header is not checked, as it has whatever name the scraper uses for this machine. */
static unsigned dispatch_remote(struct request *request, const struct route *route,
                                const char *method)
{
    unsigned status;

    if (!has_token(request))
        return rst_status_request_fail(request, MHD_HTTP_UNAUTHORIZED,
                                       "a bearer token is needed for this");
    if (!route || route->get != rst_status_get_metrics)
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND,
                                       "this address serves only /metrics");
    if (!is_reading(method))
        return rst_status_request_fail(request, MHD_HTTP_METHOD_NOT_ALLOWED,
                                       "not with this method");
    status = rst_status_rules_condition(request, true);
    return status ? status : run(request, route, route->get);
}

static unsigned dispatch(struct request *request, const struct route *route, const char *method)
{
    bool reads = is_reading(method);
    unsigned status = 0;

    if (!rst_status_rules_is_own_host(request->connection))
        return rst_status_request_fail(request, MHD_HTTP_FORBIDDEN,
                                       "ask by address or as localhost");
    if (!route)
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND, "there is no such page");
    if (reads && route->get) {
        status = rst_status_rules_condition(request, true);
        return status ? status : run(request, route, route->get);
    }
    if (reads || strcmp(method, MHD_HTTP_METHOD_POST) != 0 || !route->post)
        return rst_status_request_fail(request, MHD_HTTP_METHOD_NOT_ALLOWED,
                                       "not with this method");
    status = authorize(request);
    if (!status)
        status = rst_status_rules_condition(request, false);
    return status ? status : run(request, route, route->post);
}

static const struct route *find(const char *url)
{
    size_t n;

    for (n = 0; n < sizeof(routes) / sizeof(*routes); n++)
        if (!strcmp(routes[n].path, url))
            return &routes[n];
    return NULL;
}

static struct request *begin(struct entrance *entrance, struct MHD_Connection *connection)
{
    struct peer *peer = rst_status_peer(connection);
    struct request *request = peer && peer->client ? calloc(1, sizeof(*request)) : NULL;

    if (!request)
        return NULL;
    request->status = entrance->status;
    request->entrance = entrance;
    request->connection = connection;
    request->peer = peer;
    request->text.budget = &peer->client->budget;
    return request;
}

enum MHD_Result rst_status_handle(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **per_request)
{
    const struct route *route = find(url);
    struct request *request = *per_request;
    const char *allow = route && route->post ? "POST" : "GET, HEAD";
    unsigned status;

    (void)upload;
    if (!request) { /* the headers are there */
        *per_request = request = begin(cls, connection);
        if (!request)
            return MHD_NO;
        request->may = may_act(request);
        request->head = !strcmp(method, MHD_HTTP_METHOD_HEAD);
        status = rst_status_rules_check(request, method, version);
        if (!status)
            return MHD_YES;
    } else if (*upload_size) {
        return MHD_NO; /* the headers said that there is no body */
    } else if (request->status->site) {
        status = rst_site_dispatch(request, url, method, &allow);
        if (status == RST_SITE_LATER)
            return MHD_YES;
    } else if (request->entrance->is_remote) {
        status = dispatch_remote(request, route, method);
    } else {
        status = dispatch(request, route, method);
    }
    return reply(request, status, allow);
}

void rst_status_completed(void *cls, struct MHD_Connection *connection, void **per_request,
                          enum MHD_RequestTerminationCode why)
{
    struct request *request = *per_request;

    (void)cls;
    (void)connection;
    (void)why;
    if (!request)
        return;
    request->peer->since_ms = rst_monotonic_ms();
    request->peer->malformed = NULL;
    rst_status_text_free(&request->text);
    rst_stream_free(request);
    rst_site_job_free(request);
    free(request);
    *per_request = NULL;
}
