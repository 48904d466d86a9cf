/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Clients that mean no good, or behave as if: each is refused, and the others are still served.
 */
#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void expect_alive(const struct fixture *fixture)
{
    expect_reply(fixture, NULL, "/status", NULL, 200, "\"sessions\":0");
}

Test(status_hostile, garbage_is_refused)
{
    static const char *const garbage[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03",
        "POST /kill HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /kill HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /kill HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        "GET /x%00%zz%ff?%=%&&&=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    };
    struct fixture fixture = {.options = {.request_ms = 500}};
    char text[4096];
    size_t n;

    fixture_start(&fixture);
    for (n = 0; n < sizeof(garbage) / sizeof(*garbage); n++) {
        int fd = dial(&fixture);

        cr_assert(send(fd, garbage[n], strlen(garbage[n]), MSG_NOSIGNAL) > 0);
        shutdown(fd, SHUT_WR);
        if (hear(fd, text, sizeof(text), 5000))
            cr_expect(!strstr(text, " 200 "), "%zu: %s", n, text);
        close(fd);
    }
    expect_alive(&fixture);
    fixture_stop(&fixture);
}

Test(status_hostile, huge_headers_are_refused)
{
    struct fixture fixture = {0};
    size_t size = (size_t)1 << 20;
    char *huge = malloc(size);
    char text[4096];
    int fd;

    fixture_start(&fixture);
    memset(huge, 'x', size);
    fd = dial(&fixture);
    cr_assert_gt(dprintf(fd, "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Huge: "), 0);
    (void)!send(fd, huge, size, MSG_NOSIGNAL);
    hear(fd, text, sizeof(text), 5000);
    cr_expect(!strstr(text, " 200 "), "%s", text);
    close(fd);
    fd = dial(&fixture);
    cr_assert_gt(dprintf(fd, "GET /"), 0);
    (void)!send(fd, huge, size, MSG_NOSIGNAL);
    hear(fd, text, sizeof(text), 5000);
    cr_expect(!strstr(text, " 200 "), "%s", text);
    close(fd);
    free(huge);
    expect_alive(&fixture);
    fixture_stop(&fixture);
}

/* A byte now and then would keep a place for ever, if only idleness was limited. */
Test(status_hostile, a_slow_request_has_a_deadline)
{
    const struct timespec pause = {0, 50000000};
    struct fixture fixture = {.options = {.request_ms = 500}};
    bool closed = false;
    int fd, tries;

    fixture_start(&fixture);
    fd = dial(&fixture);
    cr_assert_gt(dprintf(fd, "GET /status HTTP/1.1\r\nX: "), 0);
    for (tries = 0; tries < 100 && !closed; tries++) {
        closed = send(fd, "x", 1, MSG_NOSIGNAL) != 1 || is_closed(fd, 0);
        nanosleep(&pause, NULL);
    }
    cr_expect(closed, "it is open after %d bytes", tries);
    cr_expect_gt(tries, 5);
    close(fd);
    expect_alive(&fixture);
    fixture_stop(&fixture);
}

/* It asks for more than sockets hold and takes nothing. */
Test(status_hostile, a_slow_reader_has_a_deadline)
{
    enum { SESSIONS = 5000, REQUESTS = 30 };
    struct fixture fixture = {.options = {.request_ms = 500}};
    struct roster_session **sessions = calloc(SESSIONS, sizeof(*sessions));
    size_t size = (size_t)1 << 20, length = 0, more;
    char *text = malloc(size);
    int fd, n;

    fixture_start(&fixture);
    for (n = 0; n < SESSIONS; n++)
        sessions[n] = fixture_open(&fixture, "somebody with a name of some length");
    fd = dial(&fixture);
    for (n = 0; n < REQUESTS; n++)
        cr_assert_gt(
            dprintf(fd, "GET /processlist?limit=%d HTTP/1.1\r\nHost: [::1]\r\n\r\n", SESSIONS), 0);
    sleep(2);
    while ((more = hear(fd, text, size, 2000)))
        length += more;
    cr_expect_gt(length, 0);
    cr_expect_lt(length, (size_t)REQUESTS * SESSIONS * 300, "it got everything");
    close(fd);
    for (n = 0; n < SESSIONS; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    free(sessions);
    free(text);
    expect_alive(&fixture);
    fixture_stop(&fixture);
}

/* Of many that begin a request at once a limited number get an answer, and then others do. */
Test(status_hostile, connections_are_bounded)
{
    static const char request[] = "GET /status HTTP/1.1\r\nHost: [::1]\r\n\r\n";
    enum { MANY = 120, LIMIT = 16 };
    struct fixture fixture = {
        .options = {.max_connections = LIMIT, .max_per_client = LIMIT, .request_ms = 1000}};
    struct pollfd fds[MANY];
    int n, answered = 0;
    char text[16];

    fixture_start(&fixture);
    for (n = 0; n < MANY; n++) {
        fds[n].fd = dial(&fixture);
        fds[n].events = POLLIN;
        (void)!send(fds[n].fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
    }
    usleep(300000);
    cr_assert_geq(poll(fds, MANY, 0), 1);
    for (n = 0; n < MANY; n++)
        if (fds[n].revents && hear(fds[n].fd, text, 13, 0) == 12)
            answered++;
    cr_expect_gt(answered, 0);
    cr_expect_leq(answered, LIMIT, "%d were answered", answered);
    for (n = 0; n < MANY; n++)
        close(fds[n].fd);
    expect_alive(&fixture);
    fixture_stop(&fixture);
}

/* They hold all places and say nothing: after the deadline others are served again. */
Test(status_hostile, places_are_freed)
{
    enum { LIMIT = 8 };
    struct fixture fixture = {
        .options = {.max_connections = LIMIT, .max_per_client = LIMIT, .request_ms = 500}};
    int fds[LIMIT], n;

    fixture_start(&fixture);
    for (n = 0; n < LIMIT; n++)
        fds[n] = dial(&fixture);
    for (n = 0; n < LIMIT; n++)
        cr_expect(is_closed(fds[n], 5000));
    expect_alive(&fixture);
    for (n = 0; n < LIMIT; n++)
        close(fds[n]);
    fixture_stop(&fixture);
}

/* Stopping does not wait for those who are connected. */
Test(status_hostile, it_stops_with_clients_connected)
{
    struct fixture fixture = {0};
    int fd;

    fixture_start(&fixture);
    fd = dial(&fixture);
    cr_assert_gt(dprintf(fd, "GET /status HTTP/1.1\r\n"), 0);
    fixture_stop(&fixture);
    cr_expect(is_closed(fd, 5000));
    close(fd);
}

Test(status_hostile, a_server_may_run_it_itself)
{
    struct fixture fixture = {.options = {.manual = true}};
    char text[4096];
    int fd, n;

    fixture_start(&fixture);
    fd = dial(&fixture);
    cr_assert_gt(dprintf(fd, "GET /status HTTP/1.0\r\n\r\n"), 0);
    for (n = 0; n < 5; n++)
        cr_assert_eq(roster_status_run_once(fixture.status, 10), 0);
    hear(fd, text, sizeof(text), 1000);
    cr_expect(strstr(text, " 200 "), "%s", text);
    close(fd);
    fixture_stop(&fixture);
}
