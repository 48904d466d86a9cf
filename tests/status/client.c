/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "client.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void fixture_start(struct fixture *fixture)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    cr_assert_eq(roster_create(&options, &fixture->roster), 0);
    fixture->options.size = sizeof(fixture->options);
    cr_assert_eq(roster_status_start(fixture->roster, &fixture->options, &fixture->status), 0);
}

void fixture_stop(struct fixture *fixture)
{
    roster_status_stop(fixture->status);
    cr_assert_eq(roster_destroy(fixture->roster), 0);
}

struct roster_session *fixture_open(struct fixture *fixture, const char *user)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    attr.user = user;
    cr_assert_eq(roster_session_open(fixture->roster, &attr, &session), 0);
    return session;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct reply *reply = arg;
    char *body = realloc(reply->body, reply->length + size * count + 1);

    if (!body)
        return 0;
    memcpy(body + reply->length, data, size * count);
    reply->body = body;
    reply->length += size * count;
    body[reply->length] = '\0';
    return size * count;
}

static const char *address_of(const struct fixture *fixture)
{
    return fixture->remote ? roster_status_metrics_address(fixture->status)
                           : roster_status_address(fixture->status);
}

static CURL *prepare(const struct fixture *fixture, const char *method, const char *path,
                     struct reply *reply)
{
    const char *address = address_of(fixture);
    bool is_unix = strncmp(address, "unix:", 5) == 0;
    CURL *curl = curl_easy_init();
    char url[8192];

    cr_assert(curl);
    snprintf(url, sizeof(url), "http://%s%s", is_unix ? "localhost" : address, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    if (is_unix)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, address + 5);
    if (method && !strcmp(method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    return curl;
}

struct reply ask(const struct fixture *fixture, const char *method, const char *path,
                 const char *const *headers)
{
    struct reply reply = {0, calloc(1, 1), 0, ""};
    CURL *curl = prepare(fixture, method, path, &reply);
    struct curl_slist *list = NULL;
    const char *type = NULL;

    for (; headers && *headers; headers++)
        list = curl_slist_append(list, *headers);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    if (curl_easy_perform(curl) == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
        curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
        snprintf(reply.type, sizeof(reply.type), "%s", type ? type : "");
    }
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    return reply;
}

void reply_free(struct reply *reply)
{
    free(reply->body);
}

json_t *get_json(const struct fixture *fixture, const char *path)
{
    struct reply reply = ask(fixture, NULL, path, NULL);
    json_error_t error;
    json_t *json = json_loads(reply.body, 0, &error);

    cr_assert_eq(reply.status, 200, "%s: status %ld: %s", path, reply.status, reply.body);
    cr_assert(json, "%s: %s at %d in %s", path, error.text, error.position, reply.body);
    cr_expect_str_eq(reply.type, "application/json");
    reply_free(&reply);
    return json;
}

void expect_reply(const struct fixture *fixture, const char *method, const char *path,
                  const char *const *headers, long status, const char *text)
{
    struct reply reply = ask(fixture, method, path, headers);

    cr_expect_eq(reply.status, status, "%s: status %ld, should be %ld: %s", path, reply.status,
                 status, reply.body);
    cr_expect(strstr(reply.body, text), "%s: no \"%s\" in %s", path, text, reply.body);
    reply_free(&reply);
}

int dial_from(const struct fixture *fixture, unsigned n)
{
    const char *address = address_of(fixture);
    struct sockaddr_in to = {.sin_family = AF_INET}, from = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + n);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((in_port_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
    cr_assert(fd >= 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

int dial(const struct fixture *fixture)
{
    return dial_from(fixture, 1);
}

size_t hear(int fd, char *text, size_t size, int timeout_ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    size_t length = 0;
    ssize_t more = 1;

    while (length < size - 1 && more > 0 && poll(&wait, 1, timeout_ms) == 1) {
        more = recv(fd, text + length, size - 1 - length, 0);
        length += more > 0 ? (size_t)more : 0;
    }
    text[length] = '\0';
    return length;
}

bool is_closed(int fd, int timeout_ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    char byte;

    return poll(&wait, 1, timeout_ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

size_t speak(const struct fixture *fixture, const char *bytes, size_t length, char *text,
             size_t size)
{
    int fd = dial(fixture);

    cr_assert_eq(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
    shutdown(fd, SHUT_WR);
    length = hear(fd, text, size, 10000);
    close(fd);
    return length;
}
