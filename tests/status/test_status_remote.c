/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The second address, which other machines may reach: GET /metrics with the token, and nothing
 * else; and whatever its clients do, local ones are served.
 */
#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef"
#define BEARER "Authorization: Bearer "
#define MOST_OF_ONE 8 /* connections of an address */
#define MOST 16       /* of all */

static const char *const right[] = {BEARER TOKEN, NULL};
static const char *const kills[] = {BEARER "s3cret", NULL};

static struct fixture fixture, remote;

static void start(void)
{
    memset(&fixture, 0, sizeof(fixture));
    fixture.options.token = "s3cret";
    fixture.options.metrics_address = "0.0.0.0:0";
    fixture.options.metrics_token = TOKEN;
    fixture_start(&fixture);
    remote = fixture;
    remote.remote = true;
}

static void stop(void)
{
    fixture_stop(&fixture);
}

TestSuite(status_remote, .init = start, .fini = stop);

/* By whatever name the scraper calls this machine. */
Test(status_remote, metrics_are_served_to_those_with_the_token)
{
    static const char *const by_name[] = {BEARER TOKEN, "Host: db-3.example", NULL};
    static const char *const open_metrics[] = {
        BEARER TOKEN, "Accept: application/openmetrics-text;version=1.0.0", NULL};

    cr_expect(strstr(roster_status_metrics_address(fixture.status), "0.0.0.0:"));
    expect_reply(&remote, NULL, "/metrics", right, 200, "\nroster_healthy 1\n");
    expect_reply(&remote, NULL, "/metrics", by_name, 200, "\nroster_healthy 1\n");
    expect_reply(&remote, NULL, "/metrics", open_metrics, 200, "# EOF\n");
    expect_reply(&remote, "HEAD", "/metrics", right, 200, "");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_healthy 1\n");
}

Test(status_remote, without_it_nothing_is_said)
{
    static const char *const given[][2] = {
        {NULL},   {BEARER TOKEN "x"}, {BEARER "0123456789abcde"},      {BEARER "0123456789abcdeF"},
        {BEARER}, {BEARER "s3cret"},  {"Authorization: Basic " TOKEN}, {"Cookie: token=" TOKEN},
    };
    static const char *const paths[] = {"/metrics", "/", "/status", "/kill?id=1", "/none"};
    size_t n, path;

    for (n = 0; n < sizeof(given) / sizeof(*given); n++)
        for (path = 0; path < sizeof(paths) / sizeof(*paths); path++) {
            expect_reply(&remote, NULL, paths[path], given[n], 401, "token is needed");
            expect_reply(&remote, "POST", paths[path], given[n], 401, "token is needed");
        }
    expect_reply(&remote, NULL, "/metrics?token=" TOKEN, NULL, 401, "token is needed");
}

/* What HTTP refuses is refused first, with and without the token, and says no more. */
Test(status_remote, what_is_malformed_is_refused_before_it_is_asked_for_the_token)
{
    static const struct {
        const char *line, *rest, *status, *body;
    } refused[] = {
        {"GET /metrics HTTP/1.1", "", "400", "Host"}, /* libmicrohttpd 1.0 has its own words */
        {"GET /metrics%00 HTTP/1.1", "Host: x\r\n", "400", "percent-encoding"},
        {"GET /metrics HTTP/1.1", "Host: x\r\nContent-Length: 1\r\n", "413",
         "must not have a body"},
        {"GET /metrics HTTP/1.1", "Host: x\r\nExpect: x\r\n", "417", "100-continue"},
        {"GET /metrics HTTP/1.7", "Host: x\r\n", "505", "version"},
    };
    char request[256], text[2048];
    size_t n;

    for (n = 0; n < 2 * sizeof(refused) / sizeof(*refused); n++) {
        int length =
            snprintf(request, sizeof(request), "%s\r\nConnection: close\r\n%s%s\r\n",
                     refused[n / 2].line, n % 2 ? BEARER TOKEN "\r\n" : "", refused[n / 2].rest);

        speak(&remote, request, (size_t)length, text, sizeof(text));
        cr_expect(!strncmp(text, "HTTP/1.1 ", 9) && !strncmp(text + 9, refused[n / 2].status, 3) &&
                      strstr(text, refused[n / 2].body) && !strstr(text, "roster_"),
                  "%s: %s", request, text);
    }
}

Test(status_remote, there_is_nothing_else)
{
    static const char *const paths[] = {
        "/",        "/status",    "/processlist", "/trx",      "/groups", "/locks",    "/holders",
        "/minimum", "/safepoint", "/history",     "/activity", "/events", "/timeline", "/kill?id=1",
        "/drain",   "/metrics/",  "//metrics",    "/Metrics",  "/none"};
    struct roster_session *session = fixture_open(&fixture, "victim");
    size_t n;

    for (n = 0; n < sizeof(paths) / sizeof(*paths); n++) {
        expect_reply(&remote, NULL, paths[n], right, 404, "serves only /metrics");
        expect_reply(&remote, "POST", paths[n], right, 404, "serves only /metrics");
        expect_reply(&remote, "POST", paths[n], kills, 401, "token is needed");
    }
    expect_reply(&remote, "POST", "/metrics", right, 405, "method");
    expect_reply(&remote, "DELETE", "/metrics", right, 405, "method");
    expect_reply(&remote, NULL, "/metrics?full", right, 400, "full");
    expect_reply(&fixture, "POST", "/kill?id=1", right, 401, "token is needed");
    cr_expect_eq(roster_killed(session), 0);
    cr_assert_eq(roster_session_close(session), 0);
}

/* Whatever is refused is an option of this entrance, and is named. */
static void expect_start(const struct roster_status_options *change, int wanted)
{
    struct roster_status_options options = *change;
    char error[ROSTER_STATUS_ERROR_SIZE] = "";
    struct roster_status *status = NULL;
    int err;

    options.size = sizeof(options);
    options.error = error;
    options.error_size = sizeof(error);
    err = roster_status_start(fixture.roster, &options, &status);
    cr_expect_eq(err, wanted, "%s, %s: %d", options.metrics_address ? options.metrics_address : "",
                 options.metrics_token ? options.metrics_token : "", err);
    cr_expect(wanted ? !strncmp(error, "metrics_", 8) : !*error, "%d: \"%s\"", wanted, error);
    roster_status_stop(status);
}

#define OPTIONS(...)                                                                               \
    (&(struct roster_status_options){.metrics_address = "127.0.0.1:0", __VA_ARGS__})
#define RIGHT .metrics_token = TOKEN

Test(status_remote, it_is_not_opened_by_half)
{
    static const char *const addresses[] = {
        "127.0.0.1", "localhost:0",    "unix:/tmp/none", "[::1:0",
        "::1:0",     "[fe80::1%lo]:0", "192.0.2.1:0",    "",
        "[]:0",      "0.0.0.0:65536"};
    struct roster_status_options options = {.metrics_token = TOKEN};
    size_t n;

    expect_start(OPTIONS(RIGHT), 0);
    for (n = 0; n < sizeof(addresses) / sizeof(*addresses); n++) {
        options.metrics_address = addresses[n];
        expect_start(&options, -EINVAL);
    }
    options.metrics_address = roster_status_metrics_address(fixture.status);
    expect_start(&options, -EADDRINUSE);
    expect_start(OPTIONS(.token = "s3cret"), -EINVAL);
    expect_start(&(struct roster_status_options){.metrics_token = TOKEN}, -EINVAL);
    expect_start(&(struct roster_status_options){.metrics_cert = "c", .metrics_key = "k"}, -EINVAL);
    expect_start(OPTIONS(.metrics_token = ""), -EINVAL);
    expect_start(OPTIONS(.metrics_token = "0123456789abcde"), -EINVAL);
    expect_start(OPTIONS(.metrics_token = "0123456789 abcdef"), -EINVAL);
    expect_start(OPTIONS(.metrics_token = TOKEN "\n"), -EINVAL);
    expect_start(OPTIONS(RIGHT, .token = TOKEN), -EINVAL);
    expect_start(OPTIONS(RIGHT, .metrics_cert = "c"), -EINVAL);
    expect_start(OPTIONS(RIGHT, .metrics_key = "k"), -EINVAL);
    cr_expect_null(roster_status_metrics_address(NULL));
}

static int strays;

int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_close(int fd)
{
    int err = __real_close(fd);

    if (err && errno == EBADF)
        __atomic_fetch_add(&strays, 1, __ATOMIC_RELAXED);
    return err;
}

/* libmicrohttpd closes the socket when it does not take a certificate. By then the descriptor may
 * be another thread's, so that it must not be closed again. */
Test(status_remote, a_certificate_that_is_none_is_refused)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    expect_start(OPTIONS(RIGHT, .metrics_cert = pem, .metrics_key = pem), -EINVAL);
    expect_start(OPTIONS(RIGHT, .metrics_cert = "c", .metrics_key = "k"), -EINVAL);
    cr_expect_eq(strays, 0, "%d descriptors were closed twice", strays);
    expect_start(OPTIONS(RIGHT), 0);
}

Test(status_remote, it_listens_for_ipv6_too)
{
    struct roster_status_options options = {.metrics_address = "[::1]:0", .metrics_token = TOKEN};
    struct roster_status *status = NULL;
    int err;

    options.size = sizeof(options);
    err = roster_status_start(fixture.roster, &options, &status);
    if (err == -EINVAL)
        return; /* this machine has no IPv6 */
    cr_assert_eq(err, 0);
    cr_expect(strstr(roster_status_metrics_address(status), "[::1]:"));
    roster_status_stop(status);
}

static void expect_local(void)
{
    expect_reply(&fixture, NULL, "/status", NULL, 200, "\"healthy\":true");
    expect_reply(&fixture, NULL, "/", NULL, 200, "<!DOCTYPE html>");
}

/* One address cannot keep another one out, and all together not those of this machine. */
Test(status_remote, who_holds_all_places_starves_no_other)
{
    int fds[MOST_OF_ONE + MOST], n;
    char text[1024];

    for (n = 0; n < MOST_OF_ONE; n++)
        fds[n] = dial(&remote);
    fds[n] = dial(&remote);
    hear(fds[n], text, sizeof(text), 5000);
    cr_expect(strstr(text, " 503 ") && strstr(text, "this address has too many"), "%s", text);
    close(fds[n]);
    fds[n] = dial_from(&remote, 2);
    cr_assert_gt(dprintf(fds[n], "GET /metrics HTTP/1.0\r\n" BEARER TOKEN "\r\n\r\n"), 0);
    hear(fds[n], text, sizeof(text), 5000);
    cr_expect(!strncmp(text, "HTTP/1.1 200 ", 13), "%s", text);
    close(fds[n]);
    for (; n < MOST_OF_ONE + MOST; n++)
        fds[n] = dial_from(&remote, (unsigned)(3 + n / 4));
    for (n = 0; n < 10; n++)
        expect_local();
    for (n = 0; n < MOST_OF_ONE + MOST; n++)
        close(fds[n]);
}

static bool flooding;

static void *flood(void *arg)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    const unsigned *from = arg;
    char text[512];
    int fd;

    while (__atomic_load_n(&flooding, __ATOMIC_RELAXED)) {
        fd = dial_from(&remote, *from);
        (void)!send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
        (void)!send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
        hear(fd, text, sizeof(text), 100);
        close(fd);
    }
    return NULL;
}

Test(status_remote, a_flood_leaves_local_clients_alone)
{
    enum { FLOODS = 4 };
    static unsigned from[FLOODS] = {2, 3, 4, 5};
    pthread_t threads[FLOODS];
    int n;

    __atomic_store_n(&flooding, true, __ATOMIC_RELAXED);
    for (n = 0; n < FLOODS; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, flood, &from[n]), 0);
    for (n = 0; n < 25; n++)
        expect_local();
    __atomic_store_n(&flooding, false, __ATOMIC_RELAXED);
    for (n = 0; n < FLOODS; n++)
        pthread_join(threads[n], NULL);
    expect_reply(&remote, NULL, "/metrics", right, 200, "\nroster_healthy 1\n");
}
