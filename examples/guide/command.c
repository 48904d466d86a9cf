/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Statements: every client request runs inside one, so that it can be listed and killed. And the
 * socket that clients find.
 */
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int command_listen(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, SOMAXCONN) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    printf("port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

__attribute__((format(printf, 2, 3))) static void say(struct reply *reply, const char *format, ...)
{
    size_t room = sizeof(reply->text) - reply->length;
    va_list args;
    int n;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the line above does it */
    n = vsnprintf(reply->text + reply->length, room, format, args);
    va_end(args);
    if (n > 0)
        reply->length += (size_t)n < room ? (size_t)n : room - 1;
}

static void say_result(struct reply *reply, int err)
{
    say(reply, err ? "error: %s\n" : "ok\n", roster_strerror(err));
}

static void begin(struct roster_session *session, struct reply *reply)
{
    uint64_t start_ts;
    int err = roster_txn_begin(session, &start_ts);

    if (err)
        say_result(reply, err);
    else
        say(reply, "begun %" PRIu64 "\n", start_ts);
}

/* [work] */
/* A long statement checks for kills wherever it can stop. */
static void work(struct roster_session *session, const char *ms, struct reply *reply)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    unsigned long left = strtoul(ms, NULL, 10);

    while (left-- && !roster_killed(session))
        nanosleep(&millisecond, NULL);
    say(reply, "done\n");
}
/* [work] */

/* [list] */
static int list_one(const struct roster_session *session, const struct roster_shown *shown,
                    void *arg)
{
    const char *user = roster_identity_user(shown->identity);

    say(arg, "%" PRIu64 " %s %s %.*s\n", roster_session_id(session), user ? user : "-",
        roster_txn_state_name(shown->txn_state),
        shown->statement ? (int)shown->statement->text_length : 0,
        shown->statement ? shown->statement->text : "");
    return 0;
}

static void list(struct roster *roster, struct reply *reply)
{
    int err = roster_read_lock(roster);

    if (!err) {
        err = roster_for_each(roster, list_one, reply);
        roster_read_unlock(roster); /* the identities that list_one() saw may be freed now */
    }
    say_result(reply, err);
}
/* [list] */

static void minimum(struct roster *roster, struct reply *reply)
{
    struct roster_min min = {.size = sizeof(min)};
    int err = roster_min_advance(roster, 0, &min);

    if (err)
        say_result(reply, err);
    else
        say(reply, "minimum %" PRIu64 " held by %" PRIu64 "\n", min.min_start_ts,
            min.holder.session_id);
}

static void kill_statement(struct roster *roster, const char *id, struct reply *reply)
{
    say_result(reply, roster_kill(roster, strtoull(id, NULL, 10), ROSTER_KILL_TARGET_STATEMENT,
                                  ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED));
}

/* [read] */
/* The check comes after the reads and before the reply: it vouches for what was read. */
static void read_value(struct roster_session *session, struct reply *reply)
{
    int err = roster_txn_check(session);

    if (err)
        say_result(reply, err);
    else
        say(reply, "value\n");
}
/* [read] */

static void execute(struct roster *roster, struct roster_session *session, const char *line,
                    struct reply *reply)
{
    if (strcmp(line, "begin") == 0)
        begin(session, reply);
    else if (strcmp(line, "read") == 0)
        read_value(session, reply);
    else if (strcmp(line, "finish") == 0)
        say_result(reply, roster_txn_finish(session));
    else if (strncmp(line, "work ", 5) == 0)
        work(session, line + 5, reply);
    else if (strcmp(line, "list") == 0)
        list(roster, reply);
    else if (strncmp(line, "kill ", 5) == 0)
        kill_statement(roster, line + 5, reply);
    else if (strcmp(line, "minimum") == 0)
        minimum(roster, reply);
    else
        say(reply, "unknown command\n");
}

/* [statement] */
bool command_run(struct roster *roster, struct roster_session *session, const char *line,
                 struct reply *reply)
{
    int err, killed;

    reply->length = 0;
    err = roster_stmt_begin(session, ROSTER_COMMAND_QUERY, line, strlen(line), NULL, 0);
    if (err) {
        say_result(reply, err);
        return err != -ECANCELED; /* the connection was killed */
    }
    execute(roster, session, line, reply);
    killed = roster_stmt_end(session); /* from here on no kill can hit this statement */
    if (killed > 0) {
        reply->length = 0;
        say(reply, "killed: %s\n", roster_kill_reason_name(roster_killed_reason(killed)));
    }
    if (roster_killed_transaction(killed))
        (void)roster_txn_finish(session); /* what it wrote is undone; the connection stays */
    return !roster_killed_connection(killed);
}
/* [statement] */
