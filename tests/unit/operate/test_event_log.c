/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The event log: what is written to it, in what order, and what becomes of a flood. */

#include "operate.h"

#include "core/roster/event_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define SECOND UINT64_C(1000000000)

static struct roster *roster;

static void start(void)
{
    roster = operate_roster(NULL);
}

static void stop(void)
{
    unit_destroy(roster);
}

TestSuite(event_log, .init = start, .fini = stop);

static struct roster_event_log_state state(void)
{
    struct roster_event_log_state now = {.size = sizeof(now)};
    uint64_t sum = 0;
    int n;

    cr_assert_eq(roster_event_log_state(roster, &now), 0);
    cr_assert_eq(now.happened, now.kept + now.dropped + now.pending);
    for (n = 0; n < ROSTER_LOGGED_KINDS_ROOM; n++)
        sum += now.by_kind[n];
    cr_assert_eq(now.happened, sum);
    cr_assert_eq(now.newest - now.first, now.events + now.events_dropped);
    return now;
}

static struct roster_logged next(uint64_t since)
{
    struct roster_logged event = {.size = sizeof(event)};
    int err = roster_event_log_next(roster, since, &event);

    cr_assert_eq(err, 0, "%d", err);
    return event;
}

static void expect_end(uint64_t since)
{
    struct roster_logged event = {.size = sizeof(event)};

    cr_expect_eq(roster_event_log_next(roster, since, &event), -ENOENT);
}

Test(event_log, names_of_kinds)
{
    int n;

    for (n = ROSTER_LOGGED_KILL; n < ROSTER_LOGGED_KINDS; n++)
        cr_expect_str_neq(roster_logged_kind_name((enum roster_logged_kind)n), "unknown");
    cr_expect_str_eq(roster_logged_kind_name((enum roster_logged_kind)0), "unknown");
    cr_expect_str_eq(roster_logged_kind_name((enum roster_logged_kind)n), "unknown");
}

Test(event_log, a_kill_says_who_asked_whom_why_and_what_came_of_it)
{
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "ann");
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .session_id = roster_session_id(session),
                                    .target = ROSTER_KILL_TARGET_STATEMENT,
                                    .reason = ROSTER_KILL_REASON_RUNAWAY,
                                    .by = "the operator"};
    struct roster_logged event;
    uint64_t statement;

    operate_begin(session, "select 1");
    statement = unit_look(session)->statement->seq;
    cr_assert_eq(roster_kill_by(roster, &kill), 0);
    event = next(0);
    cr_expect_eq(event.kind, ROSTER_LOGGED_KILL);
    cr_expect_eq(event.result, 0);
    cr_expect_eq(event.count, 1);
    cr_expect_eq(event.session_id, kill.session_id);
    cr_expect_eq(event.stmt_seq, statement);
    cr_expect_eq(event.target, ROSTER_KILL_TARGET_STATEMENT);
    cr_expect_eq(event.reason, ROSTER_KILL_REASON_RUNAWAY);
    cr_expect_str_eq(event.by, "the operator");
    cr_expect_str_eq(event.user, "ann");
    cr_expect_eq(event.first_ns, event.last_ns);
    cr_expect_eq(event.id, state().first + 1);
    cr_assert_eq(roster_kill_by(roster, &kill), -EALREADY);
    event = next(event.id);
    cr_expect_eq(event.result, -EALREADY);
    cr_assert_eq(
        roster_kill(roster, 4711, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_INTERRUPTED),
        -ESRCH);
    event = next(event.id);
    cr_expect_eq(event.result, -ESRCH);
    cr_expect_eq(event.session_id, 4711);
    cr_expect_str_eq(event.by, "");
    cr_expect_str_eq(event.user, "");
    expect_end(event.id);
    unit_close(session);
}

/* Nothing is looked at that does not belong to the target, and a refused call is no event. */
Test(event_log, kill_by_is_as_strict_as_kill)
{
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "ann");
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .session_id = roster_session_id(session),
                                    .target = ROSTER_KILL_TARGET_TRANSACTION,
                                    .reason = ROSTER_KILL_REASON_IDLE,
                                    .stmt_seq = 99};
    uint64_t start_ts;

    cr_expect_eq(roster_kill_by(NULL, &kill), -EINVAL);
    cr_expect_eq(roster_kill_by(roster, NULL), -EINVAL);
    kill.reason = (enum roster_kill_reason)0;
    cr_expect_eq(roster_kill_by(roster, &kill), -EINVAL);
    kill.reason = ROSTER_KILL_REASON_IDLE;
    expect_end(0);
    cr_expect_eq(roster_kill_by(roster, &kill), -ENOENT);
    cr_assert_eq(roster_txn_begin(session, &start_ts), 0);
    kill.start_ts = start_ts + 1;
    cr_expect_eq(roster_kill_by(roster, &kill), -ESTALE);
    kill.start_ts = start_ts;
    kill.txn_seq = 0;
    cr_expect_eq(roster_kill_by(roster, &kill), 0);
    cr_expect_eq(roster_txn_finish(session), 0);
    kill.target = ROSTER_KILL_TARGET_CONNECTION;
    cr_expect_eq(roster_kill_by(roster, &kill), 0);
    unit_close(session);
    cr_expect_eq(roster_kill_by(roster, &kill), -ESRCH);
}

Test(event_log, a_drain_its_kills_and_the_opens_it_rejects)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "ann"), *other;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_logged event;

    options.finish_ms = options.kill_ms = 1;
    options.by = "init";
    cr_assert_eq(roster_drain(roster, &options, NULL), -ETIMEDOUT);
    attr.user = "bob";
    attr.host = "10.0.0.1";
    cr_assert_eq(roster_session_open(roster, &attr, &other), -ESHUTDOWN);
    cr_assert_eq(roster_drain_undo(roster), 0);
    event = next(0);
    cr_expect_eq(event.kind, ROSTER_LOGGED_DRAIN);
    cr_expect_str_eq(event.what, "began");
    cr_expect_str_eq(event.by, "init");
    event = next(event.id);
    cr_expect_eq(event.kind, ROSTER_LOGGED_KILL);
    cr_expect_eq(event.reason, ROSTER_KILL_REASON_SHUTDOWN);
    cr_expect_str_eq(event.by, "init");
    event = next(event.id);
    cr_expect_str_eq(event.what, "ended");
    cr_expect_eq(event.result, -ETIMEDOUT);
    event = next(event.id);
    cr_expect_eq(event.kind, ROSTER_LOGGED_OPEN_REJECTED);
    cr_expect_eq(event.result, -ESHUTDOWN);
    cr_expect_str_eq(event.user, "bob");
    cr_expect_str_eq(event.text, "10.0.0.1");
    event = next(event.id);
    cr_expect_str_eq(event.what, "undone");
    expect_end(event.id);
    unit_close(session);
}

/* Every way to be sent away, and none to be let in. */
Test(event_log, opens_that_are_rejected)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session, *other;
    struct roster_logged event;
    char user[ROSTER_IDENTITY_MAX + 2];

    attr.id = 7;
    cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
    expect_end(0);
    cr_assert_eq(roster_session_open(roster, &attr, &other), -EEXIST);
    event = next(0);
    cr_expect_eq(event.result, -EEXIST);
    cr_expect_eq(event.session_id, 7);
    memset(user, 'u', sizeof(user) - 1);
    user[sizeof(user) - 1] = '\0';
    attr.id = 0;
    attr.user = user;
    cr_assert_eq(roster_session_open(roster, &attr, &other), -ENAMETOOLONG);
    event = next(event.id);
    cr_expect_eq(event.result, -ENAMETOOLONG);
    cr_expect_eq(strlen(event.user), sizeof(event.user) - 1);
    cr_assert_eq(roster_session_close(session), 0);
}

/* A character is there as a whole or not at all. */
Test(event_log, texts_are_cut_between_characters)
{
    char to[6];

    rst_event_log_text(to, sizeof(to), "abcd\xc3\xa4", 6);
    cr_expect_str_eq(to, "abcd");
    rst_event_log_text(to, sizeof(to), "abc\xc3\xa4", 5);
    cr_expect_str_eq(to, "abc\xc3\xa4");
    rst_event_log_text(to, sizeof(to), "", 0);
    cr_expect_str_eq(to, "");
    rst_event_log_text(to, sizeof(to), "a\xf0\x90\x80\x80\x80", 6);
    cr_expect_str_eq(to, "a\xf0\x90\x80\x80", "no more than a character is left out");
}

/* What is no UTF-8 has no beginning of a character where it is cut, and is not left out for that.
 */
Test(event_log, texts_in_other_encodings_are_cut_and_kept)
{
    char to[12], text[13];

    memset(text, 0x80, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    rst_event_log_text(to, sizeof(to), text, sizeof(text) - 1);
    cr_expect_eq(strlen(to), sizeof(to) - 1);
    text[0] = 'a';
    rst_event_log_text(to, sizeof(to), text, sizeof(text) - 1);
    cr_expect_eq(strlen(to), sizeof(to) - 1);
}

static struct roster_logged rejected(const char *user)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_OPEN_REJECTED, .result = -EUSERS};

    snprintf(event.user, sizeof(event.user), "%s", user);
    return event;
}

/* With a clock of the test's: repetitions are one event when their second is over. */
Test(event_log, repetitions_collapse)
{
    struct rst_event_log *log = rst_event_log_create();
    struct roster_logged same = rejected("ann"), other = rejected("bob");
    struct roster_logged got = {.size = sizeof(got)};
    struct rst_moment now = {SECOND, 1000};
    int n;

    cr_assert_not_null(log);
    for (n = 0; n < 1000; n++) {
        rst_event_log_add_at(log, &same, now);
        now.ns += 1000;
    }
    rst_event_log_add_at(log, &other, now);
    for (n = 0; n < 4; n++) {
        cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
        cr_expect_eq(got.count, 1);
        cr_expect_str_eq(got.user, "ann");
    }
    cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
    cr_expect_str_eq(got.user, "bob");
    cr_expect_eq(rst_event_log_next_at(log, got.id, now, &got), -ENOENT);
    now.ns = 2 * SECOND;
    cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
    cr_expect_str_eq(got.user, "ann");
    cr_expect_eq(got.count, 996);
    cr_expect_eq(got.first_ns, SECOND + 4000);
    cr_expect_eq(got.last_ns, SECOND + 999000);
    /* What comes later is an event at once. */
    rst_event_log_add_at(log, &same, now);
    cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
    cr_expect_eq(got.count, 1);
    cr_expect_eq(got.first_ns, 2 * SECOND);
    /* And what is pending then is one before that. */
    for (n = 0; n < 5; n++)
        rst_event_log_add_at(log, &same, now);
    now.ns = 3 * SECOND;
    rst_event_log_add_at(log, &same, now);
    for (n = 0; n < 5; n++) {
        cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
        cr_expect_eq(got.count, n == 3 ? 2 : 1);
    }
    cr_expect_eq(got.first_ns, 3 * SECOND);
    cr_expect_eq(rst_event_log_next_at(log, got.id, now, &got), -ENOENT);
    rst_event_log_destroy(log);
}

/* A thread takes the moment before the lock, so another one with a later moment may be first. */
Test(event_log, a_moment_of_before_ends_no_second)
{
    struct rst_event_log *log = rst_event_log_create();
    struct roster_logged same = {.kind = ROSTER_LOGGED_OPEN_REJECTED, .user = "ann"};
    struct roster_logged got = {.size = sizeof(got)};
    struct rst_moment now = {10 * SECOND, 1000};
    int n;

    cr_assert_not_null(log);
    for (n = 0; n < 1000; n++) {
        rst_event_log_add_at(log, &same, now);
        now.ns -= 1000;
    }
    for (n = 0; n < 4; n++)
        cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
    cr_expect_eq(got.count, 1);
    cr_expect_eq(rst_event_log_next_at(log, got.id, now, &got), -ENOENT);
    now.ns = 11 * SECOND;
    cr_assert_eq(rst_event_log_next_at(log, got.id, now, &got), 0);
    cr_expect_eq(got.count, 996);
    cr_expect_eq(got.first_ns, 10 * SECOND - 999000);
    cr_expect_eq(got.last_ns, 10 * SECOND - 4000);
    rst_event_log_destroy(log);
}

/* More kinds of events repeat than are remembered. */
Test(event_log, places_of_what_is_pending_are_settled)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_KILL};
    int n, round;

    for (n = 0; n < 20; n++)
        for (round = 0; round < 6; round++) {
            event.session_id = (uint64_t)n + 1;
            rst_event_log_add(roster, &event);
        }
    cr_expect_eq(state().happened, 120);
}

/* What one group drops takes nothing from another, and each number is kept or counted as dropped.
 */
Test(event_log, a_flood_displaces_its_own_kind_and_is_counted)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_KILL}, got;
    struct roster_event_log_state now;
    uint64_t n, last, seen = 0, missed = 0;

    for (n = 0; n < 5000; n++) {
        event.session_id = n + 1;
        rst_event_log_add(roster, &event);
        if (n == 100) {
            struct roster_logged fence = {.kind = ROSTER_LOGGED_FENCE, .name = "a"};

            rst_event_log_add(roster, &fence);
        }
    }
    for (n = 0; n < 3000; n++) {
        got = rejected("");
        snprintf(got.user, sizeof(got.user), "%d", (int)n);
        rst_event_log_add(roster, &got);
    }
    now = state();
    cr_expect_eq(now.happened, 8001);
    cr_expect_eq(now.pending, 0);
    cr_expect_eq(now.events, ROSTER_EVENT_LOG_KILLS + ROSTER_EVENT_LOG_OPENS + 1);
    got = next(0);
    cr_expect_eq(got.kind, ROSTER_LOGGED_FENCE);
    cr_expect_eq(got.id, now.first + 102);
    for (last = now.first, n = 0; n < now.events; n++) {
        got = next(last);
        cr_assert_gt(got.id, last);
        missed += got.id - last - 1;
        last = got.id;
        seen += got.kind == ROSTER_LOGGED_KILL;
    }
    cr_expect_eq(last, now.newest);
    cr_expect_eq(seen, ROSTER_EVENT_LOG_KILLS);
    cr_expect_eq(missed, now.events_dropped);
    cr_expect_eq(missed, now.dropped);
    /* A number that was not given yet is from another life. */
    cr_expect_eq(next(last + 1).id, now.first + 102);
}

static void *flood(void *arg)
{
    struct roster_logged event = rejected(arg);
    int n;

    for (n = 0; n < 2000; n++)
        rst_event_log_add(roster, &event);
    return NULL;
}

Test(event_log, threads_lose_nothing)
{
    char users[4][8] = {"a", "b", "c", "d"};
    struct roster_logged got = {.size = sizeof(got)};
    uint64_t last = 0, counted = 0;
    pthread_t threads[4];
    int n;

    for (n = 0; n < 4; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, flood, users[n]), 0);
    while (state().happened < 8000)
        while (!roster_event_log_next(roster, last, &got)) {
            last = got.id;
            counted += got.count;
        }
    for (n = 0; n < 4; n++)
        pthread_join(threads[n], NULL);
    while (!roster_event_log_next(roster, last, &got)) {
        last = got.id;
        counted += got.count;
    }
    cr_expect_eq(counted + state().pending, 8000);
}
