/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A status endpoint whose start is refused something, each call of the environment in turn: it says
 * so by an errno of its header, leaves nothing behind, and starts when it is tried again.
 */
#include "../unit/store/scratch.h"
#include "refuse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <stdio.h>
#include <unistd.h>

static struct roster *roster;
static char dir[256], address[300];

static void set_up(void)
{
    scratch_dir(dir, sizeof(dir));
    snprintf(address, sizeof(address), "unix:%s/socket", dir);
    cr_assert_eq(roster_create(NULL, &roster), 0);
}

static void clear_up(void)
{
    cr_assert_eq(roster_destroy(roster), 0);
}

static int start_and_stop(const char *at)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status = NULL;
    int err;

    options.address = at;
    options.token = "token";
    options.metrics_address = "127.0.0.1:0";
    options.metrics_token = "0123456789abcdef";
    err = roster_status_start(roster, &options, &status);
    cr_expect_eq(err == 0, status != NULL);
    roster_status_stop(status);
    return err;
}

static bool is_documented(int err)
{
    return err == -ENOMEM || err == -EAGAIN || err == -EACCES || err == -EADDRINUSE;
}

/* Returns whether anything was refused. */
static bool attempt(const char *at, unsigned nth)
{
    const char *refused;
    int err;

    refuse_nth(nth);
    err = start_and_stop(at);
    refused = refuse_none();
    cr_expect(!err || (refused && is_documented(err)), "%s, %s (%u) refused: %d", at,
              refused ? refused : "nothing", nth, err);
    cr_expect_neq(access(address + 5, F_OK), 0, "after %s was refused the socket stays", refused);
    cr_expect_eq(start_and_stop(at), 0, "%s, after %s was refused", at, refused);
    return refused != NULL;
}

static void attempt_all(const char *at)
{
    unsigned files, nth = 1;
    long blocks;

    cr_assert_eq(start_and_stop(at), 0, "what is allocated once");
    blocks = refuse_blocks();
    files = refuse_files();
    while (attempt(at, nth))
        cr_assert_lt(++nth, 1000);
    cr_expect_gt(nth, 10);
    cr_expect_leq(refuse_blocks(), blocks, "%ld blocks leaked", refuse_blocks() - blocks);
    cr_expect_leq(refuse_files(), files, "files leaked");
}

Test(refused_status, each_call_of_the_environment, .init = set_up, .fini = clear_up)
{
    attempt_all("127.0.0.1:0");
    attempt_all(address);
}

static void expect(const char *function, int error, int wanted)
{
    int err;

    refuse_always(function, error);
    err = start_and_stop(address);
    cr_expect_not_null(refuse_none());
    cr_expect_eq(err, wanted, "%s refused by %d: %d", function, error, err);
}

Test(refused_status, each_is_said_in_the_headers_words, .init = set_up, .fini = clear_up)
{
    expect("bind", EACCES, -EACCES);
    expect("bind", EROFS, -EACCES);
    expect("bind", EADDRINUSE, -EADDRINUSE);
    expect("bind", EADDRNOTAVAIL, -EINVAL);
    expect("bind", ENOTDIR, -EINVAL);
    expect("socket", EAFNOSUPPORT, -EINVAL);
    expect("socket", ENFILE, -ENOMEM);
    expect("listen", EADDRINUSE, -EADDRINUSE);
    expect("pthread_create", EAGAIN, -EAGAIN);
    cr_expect_eq(start_and_stop("unix:/dev/null/none/socket"), -EINVAL);
    snprintf(address, sizeof(address), "unix:%s/none/socket", dir);
    cr_expect_eq(start_and_stop(address), -ENOENT);
}
