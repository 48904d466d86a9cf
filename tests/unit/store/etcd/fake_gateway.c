/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "fake_gateway.h"

#include "../store_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define HEAD_SIZE 8192

struct connection {
    struct fake_gateway *gateway;
    int fd;
    char buffer[HEAD_SIZE + 1]; /* what was received and not used yet */
    size_t filled;
};

bool fake_send(struct fake_request *request, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(request->fd, bytes, size, MSG_NOSIGNAL);

        if (n <= 0) {
            request->close = true;
            return false;
        }
        atomic_fetch_add(&request->gateway->bytes_sent, n);
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool fake_send_text(struct fake_request *request, const char *text)
{
    return fake_send(request, text, strlen(text));
}

void fake_reply(struct fake_request *request, int status, const char *body)
{
    char *answer = NULL;
    int size = asprintf(&answer,
                        "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n"
                        "Location: http://127.0.0.1:1/\r\nContent-Length: %zu\r\n\r\n%s",
                        status, strlen(body), body);

    if (size < 0)
        abort();
    /* In one piece, or the second would wait for the first one's acknowledgement. */
    fake_send(request, answer, (size_t)size);
    free(answer);
}

void fake_begin_stream(struct fake_request *request)
{
    fake_send_text(request, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n");
}

bool fake_chunk(struct fake_request *request, const char *text)
{
    char size[32];

    snprintf(size, sizeof(size), "%zx\r\n", strlen(text));
    return fake_send_text(request, size) && fake_send_text(request, text) &&
           fake_send_text(request, "\r\n");
}

void fake_linger(struct fake_request *request, int ms)
{
    for (int waited = 0; waited < ms; waited += 10) {
        struct pollfd poller = {.fd = request->fd, .events = POLLRDHUP};

        if (atomic_load(&request->gateway->stopping) || poll(&poller, 1, 10) > 0)
            return;
    }
}

bool fake_is(const struct fake_request *request, const char *path)
{
    return strcmp(request->path, path) == 0;
}

/* Receives until the head of a request is complete; its length, or 0 at the end. */
static size_t receive_head(struct connection *c)
{
    for (;;) {
        const char *end;
        ssize_t n;

        c->buffer[c->filled] = '\0';
        end = strstr(c->buffer, "\r\n\r\n");
        if (end != NULL)
            return (size_t)(end - c->buffer) + 4;
        if (c->filled == HEAD_SIZE)
            return 0;
        n = recv(c->fd, c->buffer + c->filled, HEAD_SIZE - c->filled, 0);
        if (n <= 0)
            return 0;
        c->filled += (size_t)n;
    }
}

static void copy_field(const char *head, const char *name, char *value, size_t size)
{
    const char *at = strcasestr(head, name);

    value[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
}

/* Moves on to the body; what does not fit into the request is thrown away. */
static bool receive_body(struct connection *c, struct fake_request *request, size_t head,
                         size_t length)
{
    size_t kept = 0, gone = 0;

    while (gone < length) {
        size_t here = c->filled - head < length - gone ? c->filled - head : length - gone;
        ssize_t n;

        for (size_t i = 0; i < here && kept < sizeof(request->body) - 1; i++)
            request->body[kept++] = c->buffer[head + i];
        gone += here;
        c->filled -= here;
        memmove(c->buffer + head, c->buffer + head + here, c->filled - head);
        if (gone == length)
            break;
        n = recv(c->fd, c->buffer + head, HEAD_SIZE - head, 0);
        if (n <= 0)
            return false;
        c->filled = head + (size_t)n;
    }
    request->body[kept] = '\0';
    return true;
}

static bool receive(struct connection *c, struct fake_request *request)
{
    char length[32];
    size_t head = receive_head(c);

    if (head == 0 || sscanf(c->buffer, "%*s %63s", request->path) != 1)
        return false;
    copy_field(c->buffer, "\r\nContent-Length: ", length, sizeof(length));
    copy_field(c->buffer, "\r\nAuthorization: ", request->authorization,
               sizeof(request->authorization));
    if (!receive_body(c, request, head, strtoul(length, NULL, 10)))
        return false;
    c->filled -= head;
    memmove(c->buffer, c->buffer + head, c->filled);
    return true;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    struct fake_request request = {.gateway = c->gateway, .fd = c->fd};

    while (!request.close && receive(c, &request)) {
        request.number = atomic_fetch_add(&c->gateway->requests, 1) + 1;
        request.on_connection++;
        c->gateway->answer(&request);
    }
    shutdown(c->fd, SHUT_RDWR);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct fake_gateway *gateway = arg;
    int fd;

    while ((fd = accept(gateway->listener, NULL, NULL)) >= 0) {
        int i = atomic_load(&gateway->connections);
        struct connection *c = calloc(1, sizeof(*c));

        if (i == FAKE_MAX_CONNECTIONS || c == NULL)
            abort();
        c->gateway = gateway;
        c->fd = fd;
        gateway->fds[i] = fd;
        if (pthread_create(&gateway->threads[i], NULL, serve, c) != 0)
            abort();
        atomic_store(&gateway->connections, i + 1);
    }
    return NULL;
}

void fake_gateway_start(struct fake_gateway *gateway, fake_answer_fn *answer, void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    memset(gateway, 0, sizeof(*gateway));
    gateway->answer = answer;
    gateway->arg = arg;
    gateway->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(gateway->listener, 0);
    cr_assert_eq(bind(gateway->listener, (struct sockaddr *)&address, length), 0);
    cr_assert_eq(listen(gateway->listener, 64), 0);
    cr_assert_eq(getsockname(gateway->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(gateway->url, sizeof(gateway->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    cr_assert_eq(pthread_create(&gateway->acceptor, NULL, accept_all, gateway), 0);
}

void fake_gateway_stop(struct fake_gateway *gateway)
{
    int n;

    atomic_store(&gateway->stopping, true);
    shutdown(gateway->listener, SHUT_RDWR);
    pthread_join(gateway->acceptor, NULL);
    close(gateway->listener);
    n = atomic_load(&gateway->connections);
    for (int i = 0; i < n; i++)
        shutdown(gateway->fds[i], SHUT_RDWR);
    for (int i = 0; i < n; i++) {
        pthread_join(gateway->threads[i], NULL);
        close(gateway->fds[i]);
    }
}

struct roster_store *fake_store_open(struct fake_gateway *gateway, fake_answer_fn *answer,
                                     void *arg, const struct roster_store_options *options)
{
    fake_gateway_start(gateway, answer, arg);
    return open_etcd(gateway->url, options);
}

void fake_store_close(struct roster_store *store, struct fake_gateway *gateway)
{
    roster_store_close(store);
    fake_gateway_stop(gateway);
}
