/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Asking the server.
 */
#include "rosterctl/rosterctl.h"
#include "store/base/json.h"

#include <curl/curl.h>
#include <errno.h>
#include <roster/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TIMEOUT_S UINT64_C(30)
#define SILENCE_S                                                                                  \
    2L /* without a byte; what changes something is sent and answered in that time                 \
        */
#define URL_MOST 8192
#define PATH_MOST (URL_MOST - 1024)
#define MAX_BODY_BYTES ((size_t)256 << 20) /* of one page */
#define VALUE_BYTES 8                      /* of the most bytes of a body, for each of its values */

/* libcurl's numbers never change; before 7.85 it takes no list of protocols. */
#if LIBCURL_VERSION_NUM < 0x075500
#define CURLOPT_PROTOCOLS_STR ((CURLoption)10318)
#endif
#define ROWS_AT_ONCE 5000
#define SORTED_MOST 1000000 /* the most that a server gives */
#define PAGES_MOST 1000     /* of a list, which is five million rows */
#define MAX_LIST_BYTES ((size_t)1 << 30)

struct body {
    char *data;
    size_t length, most;
    bool over;     /* there was more */
    int own_error; /* of this process, not of the server: there was no memory or no socket */
};

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct body *body = arg;
    char *grown;

    body->over = size * count > body->most - body->length;
    if (body->over)
        return 0;
    grown = realloc(body->data, body->length + size * count + 1);
    if (!grown) {
        body->own_error = ENOMEM;
        return 0;
    }
    memcpy(grown + body->length, data, size * count);
    body->data = grown;
    body->length += size * count;
    grown[body->length] = '\0';
    return size * count;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct body *body = arg;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        body->own_error = errno;
    return fd;
}

static int code_of(long status)
{
    switch (status) {
    case 200:
        return CTL_OK;
    case 400:
        return CTL_USAGE;
    case 401:
    case 403:
        return CTL_FORBIDDEN;
    case 404:
        return CTL_NOT_FOUND;
    case 409:
        return CTL_NOT_DONE;
    default:
        return CTL_FAILED;
    }
}

/* How many values JSON has at least; more for invalid text. */
static size_t count_values(const char *text, size_t length)
{
    size_t n, values = 0;
    bool quoted = false;

    for (n = 0; n < length; n++)
        if (quoted && text[n] == '\\')
            n++;
        else if (text[n] == '"')
            quoted = !quoted;
        else if (!quoted && (text[n] == ',' || text[n] == '[' || text[n] == '{'))
            values++;
    return values;
}

/* Many small values take jansson some 25 times the bytes that they have in a body, so they are
 * counted first. A server's own have 14 bytes each. */
static void read_reply(struct reply *reply, long status, struct body *body)
{
    size_t most = body->most / VALUE_BYTES;

    if (body->data && count_values(body->data, body->length) > most) {
        reply->code = CTL_FAILED;
        snprintf(reply->error, sizeof(reply->error), "the answer has more than %zu values", most);
        return;
    }
    reply->code = code_of(status);
    reply->json = rst_json_parse(body->data ? body->data : "", body->length, JSON_ALLOW_NUL);
    if (reply->code == CTL_OK && reply->json)
        return;
    if (reply->code == CTL_OK)
        reply->code = CTL_FAILED;
    text_string(json_object_get(reply->json, "error"), reply->error, sizeof(reply->error));
    if (!*reply->error)
        snprintf(reply->error, sizeof(reply->error), "the answer is not that of a status endpoint");
}

/* What libcurl would otherwise decide by its defaults or by the environment: doc/defaults.md. */
static void set_defaults(CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, NULL);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, SILENCE_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
}

/* The header is NULL without a token; false: memory is out. */
static bool make_header(const struct options *options, struct curl_slist **header)
{
    char *line = NULL;

    *header = NULL;
    if (!options->token)
        return true;
    if (asprintf(&line, "Authorization: Bearer %s", options->token) < 0)
        return false;
    *header = curl_slist_append(NULL, line);
    free(line);
    return *header != NULL;
}

/* For a request: as long as one may take, and no longer than all may. */
static void set_time(CURL *curl, const struct options *options, bool changes)
{
    uint64_t most_ms = (changes ? (uint64_t)SILENCE_S : TIMEOUT_S) * 1000;
    uint64_t now_ms = rst_monotonic_ms();

    if (options->timeout_ms && options->timeout_ms < most_ms)
        most_ms = options->timeout_ms;
    if (options->deadline_ms && options->deadline_ms < now_ms + most_ms)
        most_ms = options->deadline_ms > now_ms ? options->deadline_ms - now_ms : 1;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)most_ms);
    if (options->timeout_ms)
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)options->timeout_ms);
}

static void set_options(CURL *curl, const struct options *options, const char *method,
                        struct body *body, struct curl_slist *header)
{
    set_defaults(curl);
    if (!strncmp(options->server, "unix:", 5))
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, options->server + 5);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    set_time(curl, options, strcmp(method, "GET") != 0);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, header);
}

/* False: it would be cut short. */
static bool make_url(const struct options *options, const char *path, char url[URL_MOST])
{
    int length =
        snprintf(url, URL_MOST, "http://%s%s",
                 strncmp(options->server, "unix:", 5) ? options->server : "localhost", path);

    return *path && length > 0 && length < URL_MOST;
}

/* What was sent may be read later. */
static void say_silence(struct reply *reply, CURLcode result, bool changes)
{
    snprintf(reply->error, sizeof(reply->error), "no server answers: %s%s",
             result == CURLE_OPERATION_TIMEDOUT
                 ? "not in time; it is stopped, or busy: ss -ltnp names the process that listens"
                 : curl_easy_strerror(result),
             changes && !reply->gone ? "; it may yet do what it was sent" : "");
}

struct reply ctl_ask(const struct options *options, const char *method, const char *path)
{
    struct reply reply = {.code = CTL_FAILED};
    struct body body = {.most = options->body_most ? options->body_most : MAX_BODY_BYTES};
    struct curl_slist *header = NULL;
    CURL *curl = curl_easy_init();
    CURLcode result;
    char url[URL_MOST];
    long status = 0, system_error = 0;

    if (!curl || !make_header(options, &header)) {
        snprintf(reply.error, sizeof(reply.error), "out of memory");
        curl_easy_cleanup(curl);
        return reply;
    }
    if (!make_url(options, path, url)) {
        reply.code = CTL_USAGE;
        snprintf(reply.error, sizeof(reply.error), "the arguments are too long for one request");
        curl_slist_free_all(header);
        curl_easy_cleanup(curl);
        return reply;
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    set_options(curl, options, method, &body, header);
    result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    reply.length = body.length;
    if (result == CURLE_OK) {
        reply.status = status;
        read_reply(&reply, status, &body);
    } else if (body.over) {
        snprintf(reply.error, sizeof(reply.error), "the answer is longer than %zu bytes",
                 body.most);
    } else if (body.own_error || result == CURLE_OUT_OF_MEMORY) {
        snprintf(reply.error, sizeof(reply.error), "the server was not asked to the end: %s here",
                 strerrordesc_np(body.own_error ? body.own_error : ENOMEM));
    } else {
        curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system_error);
        reply.code = CTL_NO_SERVER;
        reply.gone = result == CURLE_COULDNT_CONNECT &&
                     (system_error == ECONNREFUSED || system_error == ENOENT);
        say_silence(&reply, result, strcmp(method, "GET") != 0);
    }
    free(body.data);
    curl_slist_free_all(header);
    curl_easy_cleanup(curl);
    return reply;
}

void reply_free(struct reply *reply)
{
    json_decref(reply->json);
}

void reply_append(struct reply *all, struct reply *page)
{
    if (page->code != CTL_OK || !all->json) {
        reply_free(all);
        *all = *page;
        return;
    }
    json_array_extend(json_object_get(all->json, "rows"), json_object_get(page->json, "rows"));
    json_object_set(all->json, "next", json_object_get(page->json, "next"));
    all->length += page->length;
    reply_free(page);
}

bool ctl_for_program(const struct options *options)
{
    return options->json || options->csv;
}

/* With the server before all else, in a list in each of its rows. */
static json_t *with_server(const json_t *json, const char *server)
{
    json_t *named = json_is_array(json) ? json_array() : NULL;
    size_t n;

    for (n = 0; n < json_array_size(json); n++)
        json_array_append_new(named, with_server(json_array_get(json, n), server));
    if (json_is_object(json)) {
        named = json_pack("{s:s}", "server", server);
        json_object_update(named, (json_t *)(uintptr_t)json);
    }
    return named;
}

void ctl_print_json(const json_t *json, size_t flags)
{
    const char *server = table_server();
    json_t *named = *server ? with_server(json, server) : NULL;

    json_dumpf(named ? named : json, stdout, flags | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(named);
}

struct kept {
    char *text;
    size_t size;
};

static _Thread_local struct kept kept, kept_proposal;

void ctl_keep_errors(char *text, char *command, size_t size)
{
    kept = (struct kept){text, size};
    kept_proposal = (struct kept){command, size};
    if (text)
        *text = '\0';
    if (command)
        *command = '\0';
}

void ctl_propose(const char *command)
{
    if (!kept_proposal.text)
        ctl_error(CTL_OK, "run: %s", command);
    else if (!*kept_proposal.text)
        snprintf(kept_proposal.text, kept_proposal.size, "%s",
                 strlen(command) < kept_proposal.size ? command : ""); /* none rather than a part */
}

int ctl_error(int code, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* What it names may come from a server, a store, or the command line. */
    roster_text_show(text, strlen(text), text, sizeof(text));
    if (kept.text) {
        if (!*kept.text)
            snprintf(kept.text, kept.size, "%s", text);
        return code;
    }
    fprintf(stderr, "rosterctl: %s\n", text);
    return code;
}

int ctl_fail(const struct options *options, const struct reply *reply)
{
    char server[256];

    if (!*reply->error)
        return reply->code; /* it was printed */
    roster_text_redact(options->server, server, sizeof(server));
    return ctl_error(reply->code, "%s: %s", server, reply->error);
}

int ctl_finish(const struct options *options, struct reply *reply)
{
    int code = reply->code == CTL_OK ? reply->missing : ctl_fail(options, reply);

    reply_free(reply);
    return code;
}

/* A path that is cut short would ask for something else, so it becomes "", which ctl_ask() refuses.
 */
void ctl_add_argument(char *path, size_t size, const char *key, const char *value)
{
    size_t length = strlen(path);
    char *escaped;
    int more = -1;

    if (!value || !length)
        return;
    escaped = curl_easy_escape(NULL, value, 0);
    if (escaped)
        more = snprintf(path + length, size - length, "%c%s=%s", strchr(path, '?') ? '&' : '?', key,
                        escaped);
    if (more < 0 || (size_t)more >= size - length)
        *path = '\0';
    curl_free(escaped);
}

void ctl_add_who(char *path, size_t size, const struct options *options)
{
    ctl_add_argument(path, size, "user", options->user);
    ctl_add_argument(path, size, "db", options->db);
    ctl_add_argument(path, size, "kind", options->kind);
    ctl_add_argument(path, size, "state", options->state);
    ctl_add_argument(path, size, "application", options->application);
    ctl_add_argument(path, size, "wait", options->wait_event);
    ctl_add_argument(path, size, "digest", options->digest);
}

static void list_path(const struct options *options, const char *path, const char *limit,
                      const char *after, char *to, size_t size)
{
    snprintf(to, size, "%s", path);
    ctl_add_argument(to, size, "limit", limit);
    ctl_add_argument(to, size, "after", after);
    ctl_add_who(to, size, options);
    ctl_add_argument(to, size, "blocker", options->blocker);
    ctl_add_argument(to, size, "holder", options->holder);
    ctl_add_argument(to, size, "command", options->command);
    ctl_add_argument(to, size, "min_ms", options->min_ms);
    ctl_add_argument(to, size, "in_txn", options->in_txn ? "1" : NULL);
    ctl_add_argument(to, size, "full", options->full ? "1" : NULL);
    ctl_add_argument(to, size, "search", options->search);
    ctl_add_argument(to, size, "sort", options->sort);
    ctl_add_argument(to, size, "columns", options->columns);
}

/* The limit of the next page: what is still wanted, as far as a server gives so much at once. The
 * server sorts, and what is sorted comes in one page. A text that is not a number goes to the
 * server, which says so. */
static void page_limit(const struct options *options, size_t have, char *to, size_t size)
{
    unsigned long long most = options->sort ? SORTED_MOST : ROWS_AT_ONCE, wanted = most;
    char *end = NULL;

    if (options->limit)
        wanted = strtoull(options->limit, &end, 10);

    if (end && (*end || options->limit[0] < '0' || options->limit[0] > '9'))
        snprintf(to, size, "%.20s", options->limit);
    else if (options->limit && wanted - have < most)
        snprintf(to, size, "%llu", wanted - have);
    else
        snprintf(to, size, "%llu", most);
}

/* Pages are in the order of ids, so each begins behind the one before; 0: it is not a number. */
static unsigned long long id_of(const char *text)
{
    return text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : 0;
}

/* What answers need not be a server: a list that it never ends would have no end here. */
static struct reply endless(struct reply *all, size_t most)
{
    struct reply reply = {.code = CTL_FAILED};

    reply_free(all);
    snprintf(reply.error, sizeof(reply.error),
             "the list does not end, or is larger than %zu bytes: this is no status endpoint, or "
             "-n and filters are needed",
             most);
    return reply;
}

struct reply ctl_rows(const struct options *options, const char *path)
{
    struct reply all = {.code = CTL_OK}, page;
    char with_arguments[PATH_MOST], limit[24];
    unsigned long long after = 0;
    const char *next = NULL;
    size_t have = 0, pages = 0, most = options->body_most ? options->body_most : MAX_LIST_BYTES;

    do {
        if (next && (id_of(next) <= after || ++pages == PAGES_MOST || all.length > most))
            return endless(&all, most);
        after = id_of(next);
        page_limit(options, have, limit, sizeof(limit));
        list_path(options, path, limit, next, with_arguments, sizeof(with_arguments));
        page = ctl_ask(options, "GET", with_arguments);
        reply_append(&all, &page);
        have = json_array_size(json_object_get(all.json, "rows"));
        next = json_string_value(json_object_get(all.json, "next"));
    } while (all.code == CTL_OK && next &&
             (!options->limit || have < strtoull(options->limit, NULL, 10)));
    return all;
}
