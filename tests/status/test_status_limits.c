/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What all clients together may cost: however many lists are asked for and not read, memory stays
 * within its bound, and one client cannot take what others need.
 */
#include "client.h"
#include "core/base/clock.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST "Host: 127.0.0.1\r\n"
#define MIB (1 << 20)

static json_int_t number_at(const struct fixture *fixture, const char *key)
{
    json_t *json = get_json(fixture, "/status");
    json_int_t number = json_integer_value(json_object_get(json, key));

    json_decref(json);
    return number;
}

static size_t resident(void)
{
    unsigned long size, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    cr_assert(file && fscanf(file, "%lu %lu", &size, &pages) == 2);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* A client that reads next to nothing: asks, and has the kernel keep little for it. */
static int ask_slowly(const struct fixture *fixture, const char *path)
{
    int fd = dial(fixture), size = 4096;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    cr_assert_gt(dprintf(fd, "GET %s HTTP/1.1\r\n" HOST "\r\n", path), 0);
    return fd;
}

/* Once the server has seen that connections were closed. */
static void served_again(const struct fixture *fixture)
{
    struct reply reply;
    long status;

    do {
        reply = ask(fixture, NULL, "/status", NULL);
        status = reply.status;
        reply_free(&reply);
    } while (status != 200);
}

/* All have had the beginning of their answers. */
static void all_are_answered(const int *fds, size_t count)
{
    char text[16];
    size_t n;

    for (n = 0; n < count; n++) {
        cr_assert_gt(recv(fds[n], text, sizeof(text) - 1, 0), 0);
        cr_expect(!strncmp(text, "HTTP/1.1 200", 12), "%.12s", text);
    }
}

/* A list is made as it is read: 64 that are not read cost 64 buffers. */
Test(status_limits, slow_readers_cost_a_buffer_each)
{
    enum { SESSIONS = 10000, READERS = 64 };
    struct fixture fixture = {.options = {.max_connections = 80, .max_per_client = 80}};
    struct roster_session **sessions = calloc(SESSIONS, sizeof(*sessions));
    char text[1000];
    int fds[READERS];
    size_t n, before;

    fixture_start(&fixture);
    memset(text, 'x', sizeof(text));
    for (n = 0; n < SESSIONS; n++) {
        sessions[n] = fixture_open(&fixture, "somebody");
        cr_assert_eq(
            roster_stmt_begin(sessions[n], ROSTER_COMMAND_QUERY, text, sizeof(text), NULL, 0), 0);
    }
    before = resident();
    for (n = 0; n < READERS; n++)
        fds[n] = ask_slowly(&fixture, "/processlist?full&limit=10000");
    all_are_answered(fds, READERS);
    cr_expect_lt(number_at(&fixture, "endpoint_memory_bytes"), 16 * MIB);
    cr_expect_gt(number_at(&fixture, "endpoint_memory_bytes"), READERS * (16 << 10));
    /* A sanitizer keeps what was freed, 256 MiB of it; all lists would be 800 MiB. */
    cr_expect_lt(resident() - before, (size_t)400 * MIB, "%zu bytes more", resident() - before);
    for (n = 0; n < READERS; n++)
        close(fds[n]);
    served_again(&fixture);
    while (number_at(&fixture, "endpoint_memory_bytes") > MIB)
        ;
    for (n = 0; n < SESSIONS; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    free(sessions);
    fixture_stop(&fixture);
}

/* A row that does not fit ends its reply, in a way that the client notices; the others are served.
 */
Test(status_limits, what_does_not_fit_is_refused)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct fixture fixture = {.options = {.max_memory = MIB}};
    struct roster_session *session = NULL;
    struct reply reply;
    char *text = malloc(MIB);

    options.text_limit = MIB;
    cr_assert_eq(roster_create(&options, &fixture.roster), 0);
    fixture.options.size = sizeof(fixture.options);
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), 0);
    memset(text, 1, MIB);
    cr_assert_eq(roster_session_open(fixture.roster, NULL, &session), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, MIB, NULL, 0), 0);
    reply = ask(&fixture, NULL, "/processlist?full", NULL);
    cr_expect_eq(reply.status, 0, "it ended well: %zu bytes", reply.length);
    reply_free(&reply);
    expect_reply(&fixture, NULL, "/processlist", NULL, 200, "\"rows\":[{");
    cr_expect_lt(number_at(&fixture, "endpoint_memory_bytes"), 128 << 10);
    cr_assert_eq(roster_session_close(session), 0);
    free(text);
    fixture_stop(&fixture);
}

/* As another user, when this one may become it: the process's answer is the HTTP status, or 0. */
static int status_for_other_user(const struct fixture *fixture)
{
    pid_t child = fork();
    char text[64] = "";
    int status, fd;

    if (!child) {
        if (setgid(65534) || setuid(65534))
            _exit(1);
        fd = dial(fixture);
        dprintf(fd, "GET /status HTTP/1.1\r\n" HOST "\r\n");
        hear(fd, text, 13, 5000);
        _exit(strcmp(text, "HTTP/1.1 200") ? 2 : 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

Test(status_limits, one_client_cannot_starve_others)
{
    enum { MOST = 3, MORE = 20 };
    struct fixture fixture = {.options = {.max_connections = 8, .max_per_client = MOST}};
    char text[1024];
    int fds[MORE], n, refused = 0;

    fixture_start(&fixture);
    for (n = 0; n < MORE; n++) {
        fds[n] = dial(&fixture);
        if (n < MOST)
            continue;
        hear(fds[n], text, sizeof(text), 5000);
        refused += strstr(text, " 503 ") && strstr(text, "too many connections");
    }
    cr_expect_eq(refused, MORE - MOST);
    if (!geteuid())
        cr_expect_eq(status_for_other_user(&fixture), 0, "another user is not served");
    for (n = 0; n < MORE; n++)
        close(fds[n]);
    served_again(&fixture);
    cr_expect_geq(number_at(&fixture, "endpoint_refused"), MORE - MOST);
    fixture_stop(&fixture);
}

/* Sessions that come and go while a list is read: those that stay are in it once, in order. */
Test(status_limits, a_list_that_is_read_slowly_has_each_session_once)
{
    enum { SESSIONS = 3000 };
    struct fixture fixture = {0};
    struct roster_session *sessions[SESSIONS];
    size_t size = 4 * MIB, length = 0, n, seen = 0;
    char *text = malloc(size), *at;
    uint64_t id, last = 0;
    ssize_t more;
    int fd;

    fixture_start(&fixture);
    for (n = 0; n < SESSIONS; n++)
        sessions[n] = fixture_open(&fixture, "stays");
    fd = dial(&fixture);
    dprintf(fd, "GET /processlist?limit=10000 HTTP/1.0\r\n\r\n");
    for (n = 0; (more = recv(fd, text + length, length < 65536 ? 4096 : size - length - 1, 0)) > 0;
         n++) {
        length += (size_t)more;
        if (2 * n + 1 < SESSIONS) { /* every second one is replaced */
            cr_assert_eq(roster_session_close(sessions[2 * n + 1]), 0);
            sessions[2 * n + 1] = fixture_open(&fixture, "comes");
        }
    }
    text[length] = '\0';
    for (at = text; (at = strstr(at, "{\"id\":\"")); at++) {
        id = strtoull(at + 7, NULL, 10);
        cr_assert_gt(id, last);
        last = id;
        seen += id <= SESSIONS && id % 2 == 1;
    }
    cr_expect_eq(seen, SESSIONS / 2);
    cr_expect(strstr(text, "],\"next\":null}"));
    close(fd);
    for (n = 0; n < SESSIONS; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    free(text);
    fixture_stop(&fixture);
}

/* A process that has no descriptor left does not lose a processor as well to a client that it
 * cannot accept, and accepts it when it can. Both entrances. */
static void expect_patience(bool remote)
{
    struct fixture fixture = {.options = {.manual = true,
                                          .metrics_address = "127.0.0.1:0",
                                          .metrics_token = "0123456789abcdef"}};
    struct rlimit limit, none;
    struct pollfd answer = {.events = POLLIN};
    long began;
    int n;

    fixture_start(&fixture);
    fixture.remote = remote;
    answer.fd = dial(&fixture);
    cr_assert_gt(dprintf(answer.fd, "GET /metrics HTTP/1.0\r\n\r\n"), 0);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    n = dup(answer.fd); /* the lowest that is free */
    cr_assert_geq(n, 0);
    close(n);
    none.rlim_cur = (rlim_t)n;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    began = (long)rst_monotonic_ms();
    for (n = 0; n < 6; n++)
        (void)roster_status_run_once(fixture.status, 10000);
    began = (long)rst_monotonic_ms() - began;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_expect_gt(began, 500L, "six turns took %ld ms", began);
    for (n = 0; n < 1000 && poll(&answer, 1, 0) == 0; n++)
        (void)roster_status_run_once(fixture.status, 100);
    cr_expect_lt(n, 1000, "the client was forgotten");
    close(answer.fd);
    fixture_stop(&fixture);
}

Test(status_limits, without_descriptors_it_waits_for_one)
{
    expect_patience(false);
    expect_patience(true);
}
