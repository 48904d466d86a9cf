/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Who may do what: tokens, and requests that change something. */

#include "../unit/sized.h"
#include "client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const with_token[] = {"Authorization: Bearer s3cret", NULL};
static const char *const wrong_token[] = {"Authorization: Bearer s3cres", NULL};
static const char *const longer_token[] = {"Authorization: Bearer s3cretx", NULL};

Test(status_access, it_is_for_reading_only_by_default)
{
    struct fixture fixture = {0};
    struct roster_session *session;

    fixture_start(&fixture);
    session = fixture_open(&fixture, "a");
    expect_reply(&fixture, "POST", "/kill?id=1", NULL, 403, "read-only");
    expect_reply(&fixture, "POST", "/kill?id=1", with_token, 403, "read-only");
    expect_reply(&fixture, "POST", "/drain", NULL, 403, "read-only");
    cr_expect_eq(roster_killed(session), 0);
    cr_assert_eq(roster_session_close(session), 0);
    fixture_stop(&fixture);
}

static int drains;

static int drain(void *arg)
{
    int *calls = arg;

    return ++*calls == 1 ? 0 : -EALREADY;
}

Test(status_access, the_token_lets_kill_and_drain)
{
    struct fixture fixture = {.options = {.token = "s3cret", .drain = drain, .drain_arg = &drains}};
    struct roster_session *session;

    fixture_start(&fixture);
    session = fixture_open(&fixture, "a");
    expect_reply(&fixture, "POST", "/kill?id=1", NULL, 401, "token");
    expect_reply(&fixture, "POST", "/kill?id=1", wrong_token, 401, "token");
    expect_reply(&fixture, "POST", "/kill?id=1", longer_token, 401, "token");
    expect_reply(&fixture, "POST", "/drain", wrong_token, 401, "token");
    cr_expect_eq(roster_killed(session), 0);
    cr_expect_eq(drains, 0);
    expect_reply(&fixture, NULL, "/status", with_token, 200, "\"may_kill\":true");
    expect_reply(&fixture, "POST", "/drain", with_token, 200, "draining");
    expect_reply(&fixture, "POST", "/drain", with_token, 409, "already");
    expect_reply(&fixture, "POST", "/kill?id=1", with_token, 200, "delivered");
    cr_expect_eq(roster_killed(session), ROSTER_KILL_REASON_INTERRUPTED | ROSTER_KILLED_CONNECTION);
    cr_assert_eq(roster_session_close(session), 0);
    fixture_stop(&fixture);
}

/* Every answer of roster_kill() has one here. */
Test(status_access, kills_are_answered_truly)
{
    struct fixture fixture = {.options = {.token = "s3cret"}};
    struct roster_session *session;

    fixture_start(&fixture);
    session = fixture_open(&fixture, "a");
    expect_reply(&fixture, "POST", "/kill", with_token, 400, "id takes");
    expect_reply(&fixture, "POST", "/kill?id=1&target=x", with_token, 400, "target takes");
    expect_reply(&fixture, "POST", "/kill?id=7", with_token, 404, "no such session");
    expect_reply(&fixture, "POST", "/kill?id=1&target=statement", with_token, 409, "idle");
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    expect_reply(&fixture, "POST", "/kill?id=1&target=statement&statement=9", with_token, 409,
                 "stale");
    cr_expect_eq(roster_killed(session), 0);
    expect_reply(&fixture, "POST", "/kill?id=1&target=statement&statement=1", with_token, 200,
                 "delivered");
    cr_expect_eq(roster_killed(session), ROSTER_KILL_REASON_INTERRUPTED);
    expect_reply(&fixture, "POST", "/kill?id=1&target=statement", with_token, 409, "dying");
    expect_reply(&fixture, "POST", "/drain", with_token, 404, "not support draining");
    cr_assert_eq(roster_session_close(session), 0);
    fixture_stop(&fixture);
}

Test(status_access, a_body_is_refused)
{
    struct fixture fixture = {.options = {.token = "s3cret"}};
    char reply[512] = "";
    int fd;

    fixture_start(&fixture);
    fd = dial(&fixture);
    cr_assert_gt(dprintf(fd, "POST /kill?id=1 HTTP/1.0\r\nAuthorization: Bearer s3cret\r\n"
                             "Content-Length: 4\r\n\r\nid=1"),
                 0);
    cr_assert_gt(recv(fd, reply, sizeof(reply) - 1, MSG_WAITALL), 0);
    cr_expect(strstr(reply, " 413 "), "%s", reply);
    close(fd);
    fixture_stop(&fixture);
}

static void make_path(char *path, size_t size, char *directory)
{
    snprintf(directory, 64, "/tmp/roster-status.XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, size, "unix:%s/socket", directory);
}

Test(status_access, a_trusted_peer_needs_no_token)
{
    struct fixture fixture = {.options = {.peers = true}};
    struct roster_session *session;
    char path[80], directory[64];
    struct stat stat_now;

    make_path(path, sizeof(path), directory);
    fixture.options.address = path;
    fixture_start(&fixture);
    cr_expect_str_eq(roster_status_address(fixture.status), path);
    cr_assert_eq(stat(path + 5, &stat_now), 0);
    cr_expect_eq(stat_now.st_mode & 0777, 0600);
    session = fixture_open(&fixture, "a");
    expect_reply(&fixture, NULL, "/status", NULL, 200, "\"may_kill\":true");
    expect_reply(&fixture, "POST", "/kill?id=1", NULL, 200, "delivered");
    cr_assert_eq(roster_session_close(session), 0);
    fixture_stop(&fixture);
    cr_expect_neq(stat(path + 5, &stat_now), 0);
    rmdir(directory);
}

Test(status_access, unless_peers_are_not_asked_for)
{
    struct fixture fixture = {0};
    char path[80], directory[64];

    make_path(path, sizeof(path), directory);
    fixture.options.address = path;
    fixture_start(&fixture);
    expect_reply(&fixture, "POST", "/kill?id=1", NULL, 403, "read-only");
    fixture_stop(&fixture);
    rmdir(directory);
}

/* A socket that a crashed server left is replaced, one in use or a file of another kind is not. */
Test(status_access, a_stale_socket_is_replaced)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct fixture fixture = {0};
    struct roster_status *second = NULL;
    char path[80], directory[64];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    make_path(path, sizeof(path), directory);
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path + 5);
    cr_assert_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    close(fd);
    fixture.options.address = path;
    fixture_start(&fixture);
    cr_expect_eq(roster_status_start(fixture.roster, &fixture.options, &second), -EADDRINUSE);
    expect_reply(&fixture, NULL, "/status", NULL, 200, "sessions");
    roster_status_stop(fixture.status);
    fd = creat(path + 5, 0600);
    close(fd);
    cr_expect_eq(roster_status_start(fixture.roster, &fixture.options, &second), -EADDRINUSE);
    cr_assert_eq(unlink(path + 5), 0);
    cr_assert_eq(roster_destroy(fixture.roster), 0);
    rmdir(directory);
}

/* A page of another site whose name was made to lead here. */
Test(status_access, foreign_names_are_refused)
{
    static const char *const evil[] = {"Host: evil.example", NULL};
    static const char *const tricky[] = {"Host: localhost.evil.example", NULL};
    static const char *const local[] = {"Host: localhost:80", NULL};
    struct fixture fixture = {0};

    fixture_start(&fixture);
    expect_reply(&fixture, NULL, "/processlist", evil, 403, "localhost");
    expect_reply(&fixture, NULL, "/processlist", tricky, 403, "localhost");
    expect_reply(&fixture, NULL, "/processlist", local, 200, "rows");
    fixture_stop(&fixture);
}

static void expect_start(struct roster *roster, const char *address, int wanted)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status = NULL;
    int err;

    options.address = address;
    err = roster_status_start(roster, &options, &status);
    cr_expect_eq(err, wanted, "%s: %d", address, err);
    if (!err)
        roster_status_stop(status);
}

Test(status_access, only_loopback_is_listened_on)
{
    struct roster *roster = NULL;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    expect_start(roster, "127.0.0.1:0", 0);
    expect_start(roster, "127.1.2.3:0", 0);
    expect_start(roster, "0.0.0.0:0", -EINVAL);
    expect_start(roster, "10.0.0.1:0", -EINVAL);
    expect_start(roster, "[::]:0", -EINVAL);
    expect_start(roster, "localhost:0", -EINVAL);
    expect_start(roster, "127.0.0.1", -EINVAL);
    expect_start(roster, "127.0.0.1:x", -EINVAL);
    expect_start(roster, "127.0.0.1:65536", -EINVAL);
    expect_start(roster, "127.0.0.1:", -EINVAL);
    expect_start(roster, "unix:", -EINVAL);
    expect_start(roster, "unix:/nowhere/at/all", -ENOENT);
    cr_assert_eq(roster_destroy(roster), 0);
}

static struct roster *sized_roster;

static int sized_start(void *callers)
{
    struct roster_status *status;
    int err = roster_status_start(sized_roster, callers, &status);

    if (!err)
        roster_status_stop(status);
    return err;
}

Test(status_access, options_follow_the_one_rule)
{
    static const struct sized call = {"roster_status_start", sizeof(struct roster_status_options),
                                      sized_start, false};

    cr_assert_eq(roster_create(NULL, &sized_roster), 0);
    sized_check(&call);
    cr_assert_eq(roster_destroy(sized_roster), 0);
}

/* Each names what is wrong, and nothing is left of the one before. */
static void expect_refusal(struct roster *roster, struct roster_status_options options, int wanted,
                           const char *text)
{
    char error[ROSTER_STATUS_ERROR_SIZE] = "what was there before";
    struct roster_status *status = NULL;
    int err;

    options.error = error;
    options.error_size = sizeof(error);
    err = roster_status_start(roster, &options, &status);
    cr_expect_eq(err, wanted, "%s: %d", text, err);
    cr_expect(wanted ? strstr(error, text) != NULL : !*error, "\"%s\", should have \"%s\"", error,
              text);
    if (!err)
        roster_status_stop(status);
}

#define OPTIONS(...)                                                                               \
    ((struct roster_status_options){.size = sizeof(struct roster_status_options), __VA_ARGS__})

Test(status_access, which_option_is_wrong)
{
    struct roster *roster = NULL;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    expect_refusal(roster, OPTIONS(.max_connections = 1025), -EINVAL, "max_connections is 1025");
    expect_refusal(roster, OPTIONS(.max_memory = 7), -EINVAL, "max_memory takes bytes, at least");
    expect_refusal(roster, OPTIONS(.syncer = (void *)roster), -EINVAL, "need cluster");
    expect_refusal(roster, OPTIONS(.token = ""), -EINVAL, "token is empty");
    expect_refusal(roster, OPTIONS(.address = "10.0.0.1:0"), -EINVAL,
                   "address \"10.0.0.1:0\": it takes 127.0.0.1:PORT,");
    expect_refusal(roster, OPTIONS(.address = "\x1b[2J:0"), -EINVAL, "[2J:0\": it takes");
    expect_refusal(roster, OPTIONS(.address = "unix:/nowhere/at/all"), -ENOENT,
                   "address \"unix:/nowhere/at/all\": there is no such directory");
    expect_refusal(roster, OPTIONS(.metrics_cert = "x"), -EINVAL, "need metrics_address");
    expect_refusal(NULL, OPTIONS(0), -EINVAL, "roster is NULL");
    expect_refusal(roster, OPTIONS(0), 0, "");
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(status_access, misuse_is_told)
{
    struct {
        struct roster_status_options known;
        long unknown;
    } later = {ROSTER_STATUS_OPTIONS_INIT, 1};
    char error[ROSTER_STATUS_ERROR_SIZE] = "";
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status = NULL;
    struct roster *roster = NULL;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    later.known.size = sizeof(later);
    later.known.error = error;
    later.known.error_size = sizeof(error);
    cr_expect_eq(roster_status_start(roster, &later.known, &status), -E2BIG);
    cr_expect(strstr(error, "larger than this library knows"), "%s", error);
    cr_expect_eq(roster_status_start(NULL, NULL, &status), -EINVAL);
    cr_expect_eq(roster_status_start(roster, NULL, NULL), -EINVAL);
    options.size--;
    cr_expect_eq(roster_status_start(roster, &options, &status), -EINVAL);
    options.size++;
    options.max_connections = 100000;
    cr_expect_eq(roster_status_start(roster, &options, &status), -EINVAL);
    options.max_connections = 0;
    options.token = "";
    cr_expect_eq(roster_status_start(roster, &options, &status), -EINVAL);
    cr_expect_null(roster_status_address(NULL));
    cr_expect_eq(roster_status_run_once(NULL, 0), -EINVAL);
    roster_status_stop(NULL);
    cr_assert_eq(roster_status_start(roster, NULL, &status), 0);
    cr_expect_eq(roster_status_run_once(status, 0), -EBUSY);
    roster_status_stop(status);
    cr_assert_eq(roster_destroy(roster), 0);
}
