/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * top_k SESSIONS: asks an endpoint of a roster with that many sessions for the first few of them,
 * as they are and in some orders, once each; top_k.sh counts what that takes. The endpoint has less
 * memory than a list of all ids needs. One thread, which is the endpoint and its client.
 */
#include <roster/roster.h>
#include <roster/status.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 100000
#define MEMORY (1 << 20)

static struct roster *roster;
static struct roster_status *status;
static struct roster_session *sessions[MOST];
static size_t count;

static void ok(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "top_k: %s\n", what);
    exit(1);
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)atoi(strrchr(roster_status_address(status), ':') + 1));
    ok(fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
    return fd;
}

/* All 20 rows, of all sessions. */
static void check(const char *reply)
{
    char matched[32];
    const char *at = reply;
    int rows = 0;

    snprintf(matched, sizeof(matched), "\"matched\":%zu", count);
    for (; (at = strstr(at, "\"id\":")); at++)
        rows++;
    if (strncmp(reply, "HTTP/1.1 200", 12) != 0 || !strstr(reply, matched) || rows != 20)
        fprintf(stderr, "%s\n", reply);
    ok(!strncmp(reply, "HTTP/1.1 200", 12) && strstr(reply, matched) && rows == 20, "the reply");
}

static void get(const char *path)
{
    char request[256], reply[65536];
    int fd = dial();
    ssize_t got = -1;
    size_t length =
        (size_t)snprintf(request, sizeof(request),
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);

    ok(write(fd, request, length) == (ssize_t)length, "write");
    for (length = 0; got; length += got > 0 ? (size_t)got : 0) {
        ok(!roster_status_run_once(status, 1), "run_once");
        got = recv(fd, reply + length, sizeof(reply) - 1 - length, MSG_DONTWAIT);
    }
    reply[length] = '\0';
    close(fd);
    check(reply);
}

/* Behind a call, which is no jump then: so its end is seen. */
static volatile unsigned ended;

static void list_plain(void)
{
    get("/processlist?columns=id&limit=20");
    ended++;
}

static void list_by_time(void)
{
    get("/processlist?columns=id&limit=20&sort=-time");
    ended++;
}

static void list_by_user(void)
{
    get("/processlist?columns=id&limit=20&sort=user");
    ended++;
}

static void list_backwards(void)
{
    get("/processlist?columns=id&limit=20&sort=-id");
    ended++;
}

/* Called over pointers, so that each is there under its name. */
static void (*const volatile lists[])(void) = {list_plain, list_by_time, list_by_user,
                                               list_backwards};

int main(int argc, char **argv)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_options of_roster = ROSTER_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char user[24];
    size_t n;

    count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    ok(count > 20 && count <= MOST, "SESSIONS are 21 to 100000");
    of_roster.tick_ms = ROSTER_TICK_MANUAL;
    ok(!roster_create(&of_roster, &roster), "create");
    attr.user = user;
    for (n = 0; n < count; n++) {
        snprintf(user, sizeof(user), "u%zu", n * 7919 % count);
        ok(!roster_session_open(roster, &attr, &sessions[n]), "open");
    }
    options.manual = true;
    options.max_memory = MEMORY;
    ok(!roster_status_start(roster, &options, &status), "start");
    get("/processlist?columns=id&limit=20"); /* what happens once is over */
    for (n = 0; n < sizeof(lists) / sizeof(lists[0]); n++)
        lists[n]();
    roster_status_stop(status);
    for (n = 0; n < count; n++)
        ok(!roster_session_close(sessions[n]), "close");
    ok(!roster_destroy(roster), "destroy");
    return 0;
}
