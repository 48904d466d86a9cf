/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The verdict, for servers that really have what it tells of. */

#include "troubled.h"
#include "status/verdict.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>

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
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_lease_margin_seconds -");
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
    expect_worst("refused", "another live server uses this server_id", "safepoint",
                 "RosterRefused");
    roster_status_stop(fixture.status);
    fixture.status = NULL;
    roster_syncer_destroy(other);
    cr_assert_eq(roster_destroy(roster), 0);
    stop();
}

static void stuck_behind(const char *name, size_t size, const char *shown, const char *command)
{
    struct roster_safe_point_options moves = {
        .size = sizeof(moves), .oracle = server_now, .any_life_time = true};
    struct roster_store_op op;
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    static const char prefix[] = "/roster/safepoint/barrier/";
    char key[sizeof(prefix) + 320];
    struct roster_store_bytes bytes = {key, strlen(prefix) + size};

    serve(plain());
    join("one", 0);
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    memcpy(key, prefix, strlen(prefix));
    memcpy(key + strlen(prefix), name, size);
    op = roster_store_put(bytes, roster_store_text("5"), 0);
    cr_assert_eq(roster_store_txn(store, &txn, 1000, NULL), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    start();
    expect_worst("txn safe point stuck", shown, command, "RosterTxnSafePointStuck");
    stop();
}

static void stuck_behind_barrier(const char *name, const char *command)
{
    stuck_behind(name, strlen(name), name, command);
}

/* What a round has found is in the store until the next one, and cannot be ended twice. */
Test(status_verdict, a_holder_that_has_ended_since_the_round)
{
    struct roster_safe_point_options moves = {
        .size = sizeof(moves), .oracle = server_now, .any_life_time = true};
    struct roster_session *session;

    fixture.options.old_ms = 20000;
    ahead_ms = (uint64_t)-60000; /* it is old, and was not held for long */
    serve(plain());
    join("one", 0);
    session = fixture_open(&fixture, "a");
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    ahead_ms = 0;
    cr_assert_eq(roster_syncer_run_once(fixture.options.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    moves.syncer = fixture.options.syncer;
    cr_assert_eq(roster_safe_point_create(store, &moves, &fixture.options.safe_point), 0);
    cr_assert_eq(roster_safe_point_run_once(fixture.options.safe_point, NULL), 0);
    start();
    expect_worst("txn safe point stuck", "transaction of session 1; end that", "kill --transaction",
                 "RosterTxnSafePointStuck");
    cr_assert_eq(roster_txn_finish(session), 0);
    expect_worst(
        "txn safe point stuck",
        "the transaction of session 1 of this server has ended, waiting for the next round",
        " safepoint", "RosterTxnSafePointStuck");
    cr_assert_eq(roster_syncer_report(fixture.options.syncer), 0);
    cr_assert_eq(roster_safe_point_round(fixture.options.safe_point, NULL, NULL), 0);
    expect_healthy();
    cr_assert_eq(roster_session_close(session), 0);
    stop();
}

Test(status_verdict, a_barrier_that_was_forgotten)
{
    stuck_behind_barrier("forgotten",
                         "rosterctl --store=\"$ROSTER_STORE\" barrier delete forgotten");
}

/* A name in the store may be anything, and the command will be given to a shell. */
Test(status_verdict, a_barrier_whose_name_is_a_trap)
{
    stuck_behind_barrier("its'; reboot", "barrier delete 'its'\\''; reboot'");
}

Test(status_verdict, a_barrier_whose_name_is_an_option)
{
    stuck_behind_barrier("--server=x", "barrier delete -- '--server=x'");
}

/* What is cut short is another name, and perhaps that of another barrier. */
Test(status_verdict, a_barrier_whose_name_is_too_long_for_a_command)
{
    char name[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789012345678901234567890123456789";

    stuck_behind_barrier(name, " safepoint");
}

Test(status_verdict, a_barrier_whose_name_goes_on_behind_a_nul)
{
    stuck_behind("a\0b", 3, "a?b", "barrier delete 'a?b'");
}

/* Nor may a path be more than one word. */
Test(status_verdict, a_socket_whose_path_is_a_trap)
{
    char directory[] = "/tmp/roster-XXXXXX", address[128], command[160];

    cr_assert(mkdtemp(directory));
    snprintf(address, sizeof(address), "unix:%s/it's $(reboot)", directory);
    snprintf(command, sizeof(command), "rosterctl -s 'unix:%s/it'\\''s $(reboot)' safepoint",
             directory);
    fixture.options.address = address;
    serve(plain());
    join("one", 300);
    start();
    expect_worst("joining", "not registered", command, "RosterJoining");
    stop();
    fixture.options.address = NULL;
    cr_assert_eq(rmdir(directory), 0);
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
    expect_worst("minimum too old", "the transaction of session 1",
                 "kill --transaction=", "RosterMinimumOld");
    cr_assert_eq(roster_txn_finish(session), 0);
    expect_healthy();
    cr_assert_eq(roster_session_close(session), 0);
    stop();
}

/* A kill is named where it ends the holder: not of a pin that no session has any more, nor of a
 * session that takes none. */
Test(status_verdict, a_minimum_that_no_kill_frees)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;
    struct roster_pin *pin;

    fixture.options.old_ms = 20;
    serve(plain());
    start();
    session = fixture_open(&fixture, "a");
    cr_assert_eq(roster_pin_acquire(fixture.roster, session, 0, ROSTER_PIN_CURSOR, &pin), 0);
    pass(100);
    expect_worst("minimum too old", "cursor pin 1 of session 1 holds it", " kill 1",
                 "RosterMinimumOld");
    cr_assert_eq(roster_session_close(session), 0);
    expect_worst("minimum too old", "cursor pin 1 of session 1, which has closed, holds it", " min",
                 "RosterMinimumOld");
    cr_assert_eq(roster_pin_release(pin), 0);
    cr_assert_eq(roster_pin_acquire(fixture.roster, NULL, 0, ROSTER_PIN_BACKUP, &pin), 0);
    pass(100);
    expect_worst("minimum too old", "backup pin 2 holds it", " min", "RosterMinimumOld");
    cr_assert_eq(roster_pin_release(pin), 0);
    attr.kind = ROSTER_SESSION_BACKGROUND;
    cr_assert_eq(roster_session_open(fixture.roster, &attr, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    pass(100);
    expect_worst("minimum too old", "the transaction of session 2 holds it", " min",
                 "RosterMinimumOld");
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_session_close(session), 0);
    expect_healthy();
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

static struct roster_session *open_as(const char *user, int error)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    attr.user = user;
    cr_assert_eq(roster_session_open(fixture.roster, &attr, &session), error, "%s", user);
    return session;
}

static void set_quota(uint64_t limit)
{
    struct roster_quota_rule rule = ROSTER_QUOTA_RULE_INIT;

    rule.by = ROSTER_GROUP_USER;
    rule.limit = limit;
    cr_assert_eq(roster_quota_set(fixture.roster, &rule, 1), 0);
}

/* A user with all its places is no problem before one more is refused; and a name that a shell
 * would take apart is not in the command. */
Test(status_verdict, a_user_has_all_its_places)
{
    struct roster_session *plain_name, *hostile;

    serve(plain());
    start();
    set_quota(1);
    plain_name = open_as("report", 0);
    expect_healthy();
    (void)open_as("report", -EDQUOT);
    expect_worst(
        "quota reached",
        "user \"report\" has 1 session of 1 that its rule allows (0 reserved), 1 was refused",
        "ps --command=Sleep --sort=-time -n 20 --user=report", "RosterQuotaReached");
    expect_reply(&fixture, NULL, "/groups", NULL, 200,
                 "{\"by\":\"user\",\"value\":\"report\",\"cut\":false,\"sessions\":1,\"limit\":1,"
                 "\"reserved\":0,\"refused\":1}");
    expect_reply(&fixture, NULL, "/groups?x=1", NULL, 400, "unknown argument");
    cr_assert_eq(roster_session_close(plain_name), 0);
    expect_healthy();
    hostile = open_as("; reboot\n", 0);
    (void)open_as("; reboot\n", -EDQUOT);
    expect_worst("quota reached", "user \"; reboot \" has", " groups", "RosterQuotaReached");
    cr_assert_eq(roster_session_close(hostile), 0);
    stop();
}

/* One user takes all connections: the verdict names it, without any rule. */
Test(status_verdict, one_user_has_most_of_the_sessions)
{
    struct roster_session *sessions[10];
    struct roster_options options = plain();
    size_t n;

    options.max_sessions = 10;
    serve(options);
    start();
    for (n = 0; n < 10; n++)
        sessions[n] = open_as(n < 3 ? "other" : "greedy", 0);
    expect_worst("sessions near their limit", "; user \"greedy\" has 7 of them",
                 "ps --command=Sleep --sort=-time -n 20 --user=greedy", "RosterSessionsFull");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "\nroster_group_sessions{by=\"user\",group=\"top\",value=\"greedy\"} 7\n"
                 "roster_group_sessions{by=\"user\",group=\"top\",value=\"other\"} 3\n"
                 "roster_group_sessions{by=\"user\",group=\"others\",value=\"\"} 0\n"
                 "roster_group_sessions{by=\"user\",group=\"unknown\",value=\"\"} 0\n"
                 "roster_group_sessions{by=\"database\",group=\"others\",value=\"\"} 0\n"
                 "roster_group_sessions{by=\"database\",group=\"unknown\",value=\"\"} 10\n");
    for (n = 0; n < 10; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    stop();
}

/* Names that look alike as labels are one series: with the same one twice a scrape is refused. And
 * no more than ten, however many there are. */
Test(status_verdict, names_that_look_alike_are_one_series)
{
    static const char *const names[] = {"a\001", "a\002", "a\002", "\"", "\\"};
    struct roster_session *sessions[5 + 20];
    char name[8];
    size_t n;

    serve(plain());
    start();
    for (n = 0; n < 5; n++)
        sessions[n] = open_as(names[n], 0);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "{by=\"user\",group=\"top\",value=\"a?\"} 3\n"
                 "roster_group_sessions{by=\"user\",group=\"top\",value=\"\\\"\"} 1\n"
                 "roster_group_sessions{by=\"user\",group=\"top\",value=\"\\\\\"} 1\n"
                 "roster_group_sessions{by=\"user\",group=\"others\",value=\"\"} 0\n");
    for (; n < 25; n++) {
        snprintf(name, sizeof(name), "n%zu", n);
        sessions[n] = open_as(name, 0);
    }
    expect_reply(&fixture, NULL, "/metrics", NULL, 200,
                 "roster_group_sessions{by=\"user\",group=\"others\",value=\"\"} 14\n");
    for (n = 0; n < 25; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
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

/* In a chain: what ends it is the transaction of the session at its end, and none after that. */
Test(status_verdict, sessions_that_wait_for_another_one)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_session *sessions[3];
    char command[128];
    uint64_t start_ts;
    size_t n;

    fixture.options.blocked_ms = 20;
    serve(plain());
    start();
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &block.event), 0);
    for (n = 0; n < 3; n++)
        sessions[n] = fixture_open(&fixture, n ? "b" : "its\"; \n");
    cr_assert_eq(roster_txn_begin(sessions[0], &start_ts), 0);
    expect_healthy();
    for (n = 1; n < 3; n++) {
        block.holder_id = roster_session_id(sessions[n - 1]);
        cr_assert_eq(roster_block_begin(sessions[n], &block), 0);
    }
    pass(100);
    snprintf(command, sizeof(command), " kill --transaction=%llu 1", (unsigned long long)start_ts);
    expect_worst("sessions blocked",
                 "2 sessions have waited for another one for more than 20 ms; session 1 (user "
                 "\"its\";  \", idle in a transaction) blocks 2 of them",
                 command, "RosterSessionsBlocked");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_sessions_blocked 2\n");
    roster_wait_end(sessions[2]);
    cr_assert_eq(roster_txn_finish(sessions[0]), 0);
    expect_worst("sessions blocked", "1 session has waited", " kill 1", "RosterSessionsBlocked");
    block.holder_id = roster_session_id(sessions[1]);
    cr_assert_eq(roster_block_begin(sessions[0], &block), 0);
    pass(100);
    expect_worst("sessions blocked", "2 of them wait in a circle", " locks",
                 "RosterSessionsBlocked");
    for (n = 0; n < 2; n++)
        roster_wait_end(sessions[n]);
    expect_healthy();
    for (n = 0; n < 3; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    stop();
}

/* Who waited is to go on, and not to be ended, when what it waited for has let go. */
Test(status_verdict, a_minimum_that_is_held_by_one_that_waits)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_session *rescued, *blocker;

    fixture.options.blocked_ms = 20;
    fixture.options.old_ms = 20;
    serve(plain());
    start();
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &block.event), 0);
    rescued = fixture_open(&fixture, "a");
    blocker = fixture_open(&fixture, "b");
    cr_assert_eq(roster_txn_begin(rescued, NULL), 0);
    block.holder_id = roster_session_id(blocker);
    cr_assert_eq(roster_block_begin(rescued, &block), 0);
    pass(100);
    expect_reply(&fixture, NULL, "/status", NULL, 200,
                 "the transaction of session 1 holds it; it waits for session 2 itself");
    roster_wait_end(rescued);
    expect_worst("minimum too old", "holds it; sessions waited for another one until", " locks",
                 "RosterMinimumOld");
    cr_assert_eq(roster_txn_finish(rescued), 0);
    expect_healthy();
    cr_assert_eq(roster_session_close(rescued), 0);
    cr_assert_eq(roster_session_close(blocker), 0);
    stop();
}

static void kill_by(const char *by, uint64_t id, enum roster_kill_target target)
{
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .session_id = id,
                                    .target = target,
                                    .reason = ROSTER_KILL_REASON_INTERRUPTED,
                                    .by = by};

    cr_assert_eq(roster_kill_by(fixture.roster, &kill), 0);
}

/* Each kind of kill, until what it was for has ended: that alone, and not the next one. */
Test(status_verdict, kills_of_which_nothing_comes)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_session *a, *b, *c;

    fixture.options.stuck_ms = 20;
    serve(plain());
    start();
    a = fixture_open(&fixture, "a");
    b = fixture_open(&fixture, "b");
    c = fixture_open(&fixture, "c");
    cr_assert_eq(roster_stmt_begin(a, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    cr_assert_eq(roster_txn_begin(b, NULL), 0);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_kills_stuck 0\n");
    kill_by("me", 1, ROSTER_KILL_TARGET_STATEMENT);
    pass(5);
    kill_by("me", 2, ROSTER_KILL_TARGET_TRANSACTION);
    pass(5);
    kill_by("me", 3, ROSTER_KILL_TARGET_CONNECTION);
    pass(50);
    cr_assert_neq(roster_killed(a), 0); /* it has seen it, and goes on */
    expect_worst(
        "kills not acted upon",
        "3 kills were delivered more than 20 ms ago, and nothing came of them; the oldest: "
        "the statement of session 1 (user \"a\", Running), killed as interrupted",
        "ps --columns=id,user,killed,", "RosterKillsStuck");
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_kills_stuck 3\n");
    expect_reply(&fixture, NULL, "/processlist?columns=id,killed&sort=-killed", NULL, 200,
                 "[{\"id\":\"2\",\"killed\":\"transaction\"},{\"id\":\"1\",\"killed\":"
                 "\"statement\"},{\"id\":\"3\",\"killed\":\"connection\"}]");
    (void)roster_stmt_end(a);
    cr_assert_eq(roster_stmt_begin(a, ROSTER_COMMAND_QUERY, "y", 1, NULL, 0), 0);
    block.holder_id = 1;
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &block.event), 0);
    cr_assert_eq(roster_block_begin(b, &block), 0);
    expect_worst("kills not acted upon", "the oldest: the transaction of session 2", " locks",
                 "RosterKillsStuck");
    roster_wait_end(b);
    cr_assert_eq(roster_txn_finish(b), 0);
    cr_assert_eq(roster_txn_begin(b, NULL), 0);
    expect_worst("kills not acted upon",
                 "1 kill was delivered more than 20 ms ago, and nothing came of it; the oldest: "
                 "session 3 (user \"c\", idle)",
                 "ps --columns=id", "RosterKillsStuck");
    cr_assert_eq(roster_session_close(c), 0);
    expect_healthy();
    cr_assert_eq(roster_session_close(a), 0);
    cr_assert_eq(roster_session_close(b), 0);
    stop();
}

/* More than the event log keeps, between two looks, and then others that come to an end. */
Test(status_verdict, kills_that_the_log_has_no_more)
{
    enum { STUCK = ROSTER_EVENT_LOG_KILLS + 100 };
    struct roster_session *sessions[STUCK], *ended;
    static struct verdict verdict;
    size_t n;

    fixture.options.stuck_ms = 20;
    fixture.options.manual = true; /* it looks when this test does */
    serve(plain());
    start();
    for (n = 0; n < STUCK; n++)
        sessions[n] = fixture_open(&fixture, "a");
    for (n = 0; n < STUCK; n++)
        kill_by("me", roster_session_id(sessions[n]), ROSTER_KILL_TARGET_CONNECTION);
    for (n = 0; n < ROSTER_EVENT_LOG_KILLS; n++) {
        ended = fixture_open(&fixture, "b");
        kill_by("me", roster_session_id(ended), ROSTER_KILL_TARGET_CONNECTION);
        cr_assert_eq(roster_session_close(ended), 0);
        if (!n)
            rst_verdict(fixture.status, &verdict);
    }
    pass(50);
    rst_verdict(fixture.status, &verdict);
    cr_expect_eq(verdict.stuck, (uint64_t)STUCK);
    cr_assert_eq(verdict.count, 1u);
    cr_expect_str_eq(rst_problem_name(verdict.found[0].problem), "kills not acted upon");
    for (n = 0; n < STUCK; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
    rst_verdict(fixture.status, &verdict);
    cr_expect_eq(verdict.count, 0u);
    stop();
}

static int store_error;

static int store_fails(struct roster_safe_point *safe_point, struct roster_safe_point_state *state)
{
    (void)safe_point;
    state->following = (struct roster_failing){.times = 3, .error = store_error};
    snprintf(state->leader, sizeof(state->leader), "b");
    return 0;
}

/* What the log has of a problem is all of its evidence, and so are the words. */
static void expect_same_in_the_log(void)
{
    json_t *status = get_json(&fixture, "/status"), *events = get_json(&fixture, "/events");
    const json_t *found = json_array_get(json_object_get(status, "problems"), 0);
    const json_t *event = json_array_get(json_object_get(events, "rows"), 0);
    const char *evidence = json_string_value(json_object_get(found, "evidence"));
    const char *words = json_string_value(json_object_get(event, "words"));
    char wanted[1024];

    cr_assert(evidence && words);
    cr_expect_gt(strlen(evidence), 160u, "too short a text to be cut: %s", evidence);
    cr_expect_str_eq(json_string_value(json_object_get(event, "text")), evidence);
    snprintf(wanted, sizeof(wanted), "store failing appeared: %s", evidence);
    cr_expect_str_eq(words, wanted);
    json_decref(status);
    json_decref(events);
}

static void expect_for(int error, const char *evidence, const char *command)
{
    static struct roster_cluster_calls calls;
    char nothing;

    serve(plain());
    calls = *roster_cluster_calls();
    calls.safe_point_state = store_fails;
    store_error = error;
    fixture.options.cluster = &calls;
    fixture.options.safe_point = (struct roster_safe_point *)&nothing;
    start();
    expect_worst("store failing", evidence, command, "RosterStoreFailing");
    expect_same_in_the_log();
    fixture.options.safe_point = NULL;
    stop();
}

Test(status_verdict, a_store_whose_lock_another_process_holds)
{
    expect_for(-ENOLCK, "another process held the lock", "lslocks");
}

/* No command of the endpoint makes room. */
Test(status_verdict, a_store_that_is_full)
{
    expect_for(-ENOSPC, "is full", "etcdctl alarm list");
}

Test(status_verdict, a_clock_that_was_set_back)
{
    ahead_ms = 5000;
    serve(plain());
    start();
    expect_worst("clock ahead", "ahead of this server's clock", "timedatectl set-ntp true",
                 "RosterClockAhead");
    stop();
}
