/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The verdict, for servers that really have what it tells of. */

#include "config.h"

#include "troubled.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>

TestSuite(status_verdict);

Test(status_verdict, a_server_without_a_cluster_is_healthy)
{
    serve(plain());
    start();
    expect_healthy();
    stop();
}

Test(status_verdict, a_server_that_joins_lives_and_is_fenced)
{
    serve(plain());
    join("one", 300);
    start();
    expect_worst("joining", "not registered", "safepoint", "RosterJoining");
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    pass(400); /* no keep-alive comes */
    expect_worst("fenced", "fail their checks", "safepoint", "RosterFenced");
    stop();
}

Test(status_verdict, a_registered_server_is_healthy)
{
    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    start();
    expect_healthy();
    stop();
}

Test(status_verdict, another_server_lives_under_the_id)
{
    struct roster_syncer *other;
    struct roster *roster;

    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    other = fixture.options.syncer;
    roster = fixture.roster;
    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    start();
    expect_worst("refused", "another server lives under this server_id", "safepoint",
                 "RosterRefused");
    roster_status_stop(fixture.status);
    fixture.status = NULL;
    roster_syncer_destroy(other);
    cr_assert_eq(roster_destroy(roster), 0);
    stop();
}

static void stuck_behind_barrier(const char *name, const char *command)
{
    struct roster_safe_point_options moves = {
        .size = sizeof(moves), .oracle = server_now, .any_life_time = true};
    struct roster_store_op op;
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    char key[128];

    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    snprintf(key, sizeof(key), "/roster/safepoint/barrier/%s", name);
    op = roster_store_put(roster_store_text(key), roster_store_text("5"), 0);
    cr_assert_eq(roster_store_txn(store, &txn, 1000, NULL), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    start();
    expect_worst("txn safe point stuck", name, command, "RosterTxnSafePointStuck");
    stop();
}

Test(status_verdict, a_barrier_that_was_forgotten)
{
    stuck_behind_barrier("forgotten", "rosterctl --store=STORE barrier delete forgotten");
}

/* A name in the store may be anything, and the command will be given to a shell. */
Test(status_verdict, a_barrier_whose_name_is_a_trap)
{
    stuck_behind_barrier("its'; reboot", "barrier delete 'its'\\''; reboot'");
}

Test(status_verdict, a_minimum_that_is_held_for_too_long)
{
    struct roster_session *session;

    fixture.options.old_ms = 20;
    serve(plain());
    start();
    session = fixture_open(&fixture, "a");
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    pass(100);
    expect_worst("minimum too old", "the transaction of session 1", "kill --transaction 1",
                 "RosterMinimumOld");
    cr_assert_eq(roster_txn_finish(session), 0);
    expect_healthy();
    cr_assert_eq(roster_session_close(session), 0);
    stop();
}

Test(status_verdict, sessions_near_their_limit)
{
    struct roster_session *sessions[9];
    struct roster_options options = plain();
    size_t n;

    options.max_sessions = 10;
    serve(options);
    start();
    for (n = 0; n < 9; n++) {
        expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_healthy 1\n");
        sessions[n] = fixture_open(&fixture, "a");
    }
    expect_worst("sessions near their limit", "9 of 10", "ps --command=Sleep",
                 "RosterSessionsFull");
    for (n = 0; n < 9; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    expect_healthy();
    stop();
}

Test(status_verdict, a_backlog_near_its_limit)
{
    struct roster_session *session;
    struct roster_options options = plain();

    options.backlog_limit = 1 << 20;
    serve(options);
    start();
    cr_assert_eq(roster_read_lock(fixture.roster), 0);
    while (roster_session_open(fixture.roster, NULL, &session) == 0)
        cr_assert_eq(roster_session_close(session), 0);
    expect_worst("backlog near its limit", "wait for a reader", "status", "RosterBacklogFull");
    roster_read_unlock(fixture.roster);
    stop();
}

Test(status_verdict, a_clock_that_was_set_back)
{
    ahead_ms = 5000;
    serve(plain());
    start();
    expect_worst("clock ahead", "ahead of this server's clock", "timesync", "RosterClockAhead");
    stop();
}
