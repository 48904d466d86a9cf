/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * HTTP exchanges by libcurl. A handle keeps its connections, so a call that takes the handle that
 * was used last finds them open. Each call has a handle of its own: no call waits for another.
 */

#include "store/base/signals.h"
#include "store/etcd/etcd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_HEADER_BYTES ((size_t)64 * 1024)
#define URL_SIZE 512

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode init_code;

static void init(void)
{
    init_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int rst_etcd_http_init(void)
{
    pthread_once(&once, init);
    return init_code == CURLE_OK ? 0 : -ENOMEM;
}

/* Called when the headers have been sent: from here on etcd may act. */
static size_t give_body(char *buffer, size_t size, size_t count, void *arg)
{
    struct etcd_http *http = arg;
    size_t left = http->body_size - http->body_sent;
    size_t n = size * count < left ? size * count : left;

    memcpy(buffer, http->body + http->body_sent, n);
    http->body_sent += n;
    return n;
}

/*
 * When a kept connection turns out to be dead, libcurl would send the request again by itself,
 * although etcd may have acted on it: a compare-and-swap that was done would then fail. It has
 * to rewind the body for that, and may not once some of it was sent. From 8.7 on it remembers a
 * rewind that was refused, and asks for it before the next request of the handle: nothing of that
 * was sent yet.
 */
static int rewind_unsent(void *arg, curl_off_t offset, int origin)
{
    const struct etcd_http *http = arg;

    (void)origin;
    return offset == 0 && http->body_sent == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t count_header(char *data, size_t size, size_t count, void *arg)
{
    struct etcd_http *http = arg;

    (void)data;
    if (size * count > MAX_HEADER_BYTES - http->header_size) {
        http->too_large = true;
        return 0;
    }
    http->header_size += size * count;
    return size * count;
}

static bool make_room(struct etcd_http *http, size_t size)
{
    size_t room = http->answer_room == 0 ? 4096 : http->answer_room;
    char *moved;

    while (room - http->answer_size <= size)
        room *= 2;
    if (room == http->answer_room)
        return true;
    moved = realloc(http->answer, room);
    if (!moved)
        return false;
    http->answer = moved;
    http->answer_room = room;
    return true;
}

static size_t take_answer(char *data, size_t size, size_t count, void *arg)
{
    struct etcd_http *http = arg;
    size_t n = size * count;

    if (n > http->answer_limit - http->answer_size) {
        http->too_large = true;
        return 0;
    }
    if (!make_room(http, n))
        return 0;
    memcpy(http->answer + http->answer_size, data, n);
    http->answer_size += n;
    http->answer[http->answer_size] = '\0';
    return n;
}

/*
 * libcurl looks a name up in a thread of its own, which inherits the signals that the caller lets
 * in. They are the server's, so the caller blocks all of them when libcurl is about to start that
 * thread, until it goes on with the address or gives up.
 */
static int look_up(void *resolver, void *reserved, void *arg)
{
    struct etcd_http *http = arg;

    (void)resolver;
    (void)reserved;
    if (!http->masked)
        rst_store_signals_block(&http->mask);
    http->masked = true;
    return 0;
}

static void looked_up(struct etcd_http *http)
{
    if (http->masked)
        pthread_sigmask(SIG_SETMASK, &http->mask, NULL);
    http->masked = false;
}

/* There is an address. What the host executes later is not to inherit the connection. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct etcd_http *http = arg;
    int fd;

    (void)purpose;
    looked_up(http);
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        http->no_socket |=
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return fd;
}

void rst_etcd_http_consume(struct etcd_http *http, size_t size)
{
    http->answer_size -= size;
    memmove(http->answer, http->answer + size, http->answer_size + 1);
}

/* What carries bytes to and from the struct. */
static void set_callbacks(struct etcd_http *http)
{
    CURL *easy = http->easy;

    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, http);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_unsent);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, http);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, look_up);
    curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, http);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
}

int rst_etcd_http_new(struct etcd_store *store, struct etcd_http **out)
{
    struct etcd_http *http = calloc(1, sizeof(*http));
    int err = -ENOMEM;

    *out = NULL;
    if (!http)
        return err;
    http->easy = curl_easy_init();
    if (http->easy)
        err = rst_etcd_settings_easy(http->easy, &store->base.options);
    if (err) {
        rst_etcd_http_free(http);
        return err;
    }
    http->answer_limit = store->base.options.max_result_bytes;
    set_callbacks(http);
    *out = http;
    return 0;
}

void rst_etcd_http_free(struct etcd_http *http)
{
    struct store_signal held;

    if (!http)
        return;
    /* TLS closes a connection that no peer may read any more. */
    held = rst_store_signal_hold(SIGPIPE);
    curl_easy_cleanup(http->easy);
    rst_store_signal_release(&held);
    curl_slist_free_all(http->headers);
    free(http->answer);
    free(http);
}

static int add_header(struct etcd_http *http, const char *line)
{
    struct curl_slist *headers = curl_slist_append(http->headers, line);

    if (!headers)
        return -ENOMEM;
    http->headers = headers;
    return 0;
}

static int add_token(struct etcd_http *http, const char *token)
{
    char *line = NULL;
    int err;

    if (asprintf(&line, "Authorization: %s", token) < 0)
        return -ENOMEM;
    err = add_header(http, line);
    free(line);
    return err;
}

static int set_headers(struct etcd_http *http, const char *token)
{
    int err;

    curl_slist_free_all(http->headers);
    http->headers = NULL;
    err = add_header(http, "Content-Type: application/json");
    if (!err)
        err = add_header(http, "Expect:"); /* would cost large requests a round trip */
    if (!err && token)
        err = add_token(http, token);
    curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers);
    return err;
}

int rst_etcd_http_prepare(struct etcd_http *http, const struct etcd_http_request *request)
{
    char url[URL_SIZE];
    int n = snprintf(url, sizeof(url), "%s%s", request->endpoint, request->path);
    int err = n < URL_SIZE ? set_headers(http, request->token) : -EINVAL;

    if (err)
        return err;
    http->body = request->body;
    http->body_size = strlen(request->body);
    http->body_sent = 0;
    http->answer_size = 0;
    http->header_size = 0;
    http->too_large = false;
    http->no_socket = false;
    http->error[0] = '\0';
    if (!make_room(http, 0))
        return -ENOMEM;
    http->answer[0] = '\0';
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->body_size);
    curl_easy_setopt(http->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(http->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    return curl_easy_setopt(http->easy, CURLOPT_URL, url) == CURLE_OK ? 0 : -ENOMEM;
}

CURLcode rst_etcd_http_perform(struct etcd_http *http)
{
    struct store_signal held;
    CURLcode code;

    held = rst_store_signal_hold(SIGPIPE);
    code = curl_easy_perform(http->easy);
    looked_up(http);
    rst_store_signal_release(&held);
    return code;
}

int rst_etcd_http_take(struct etcd_store *store, struct etcd_http **out)
{
    struct etcd_http *http;

    pthread_mutex_lock(&store->mutex);
    http = store->idle;
    if (http)
        store->idle = http->next;
    pthread_mutex_unlock(&store->mutex);
    *out = http;
    return http ? 0 : rst_etcd_http_new(store, out);
}

void rst_etcd_http_give(struct etcd_store *store, struct etcd_http *http)
{
    pthread_mutex_lock(&store->mutex);
    http->next = store->idle;
    store->idle = http;
    pthread_mutex_unlock(&store->mutex);
}
