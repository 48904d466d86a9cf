/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Every call of the core that takes a struct with a size; and getters, which accept NULL. */

#include "../sized.h"
#include "../unit.h"

static struct roster *roster;

static int create(void *callers)
{
    struct roster *made;
    int err = roster_create(callers, &made);

    return err ? err : roster_destroy(made);
}

static int build_check(void *callers)
{
    struct roster_build *build = callers;

    build->version = ROSTER_VERSION_NUMBER;
    return roster_build_check(build, NULL);
}

static int session_open(void *callers)
{
    struct roster_session *session;
    int err = roster_session_open(roster, callers, &session);

    return err ? err : roster_session_close(session);
}

static int session_update(void *callers)
{
    struct roster_session *session = unit_open(roster);
    int err = roster_session_update(session, callers);

    unit_close(session);
    return err;
}

static int watchdog_start(void *callers)
{
    struct roster_watchdog *watchdog;
    int err = roster_watchdog_start(roster, callers, &watchdog);

    return err ? err : roster_watchdog_stop(watchdog);
}

static int conn_ids_create(void *callers)
{
    struct roster_conn_ids_options *options = callers;
    struct roster_conn_ids *ids;
    int err;

    options->local_ids = 1;
    err = roster_conn_ids_create(options, &ids);
    return err ? err : roster_conn_ids_destroy(ids);
}

static int conn_ids_stats(void *callers)
{
    struct roster_conn_ids_options options = ROSTER_CONN_IDS_OPTIONS_INIT;
    struct roster_conn_ids *ids;
    int err;

    options.local_ids = 1;
    unit_ok(roster_conn_ids_create(&options, &ids));
    err = roster_conn_ids_stats(ids, callers);
    unit_ok(roster_conn_ids_destroy(ids));
    return err;
}

static int drain_options(void *callers)
{
    int err = roster_drain(roster, callers, NULL);

    return err ? err : roster_drain_undo(roster);
}

static int drain_report(void *callers)
{
    int err = roster_drain(roster, NULL, callers);

    return err ? err : roster_drain_undo(roster);
}

static int kill_all_filter(void *callers)
{
    return roster_kill_all(roster, ROSTER_KILL_TARGET_STATEMENT, ROSTER_KILL_REASON_INTERRUPTED,
                           callers, NULL);
}

static int kill_all_counts(void *callers)
{
    return roster_kill_all(roster, ROSTER_KILL_TARGET_STATEMENT, ROSTER_KILL_REASON_INTERRUPTED,
                           NULL, callers);
}

static int stats(void *callers)
{
    return roster_stats(roster, callers);
}

static int metrics(void *callers)
{
    return roster_metrics(roster, callers);
}

static int min_start_ts(void *callers)
{
    return roster_min_advance(roster, 0, callers);
}

static int min_peek(void *callers)
{
    return roster_min_peek(roster, callers);
}

static int min_of(void *callers)
{
    return roster_min_of(roster, NULL, callers);
}

static int min_filter(void *callers)
{
    struct roster_min min = {.size = sizeof(min)};

    return roster_min_of(roster, callers, &min);
}

static int kill_by(void *callers)
{
    struct roster_session *session = unit_open(roster);
    struct roster_kill_info *kill = callers;
    int err;

    kill->session_id = roster_session_id(session);
    kill->target = ROSTER_KILL_TARGET_CONNECTION;
    kill->reason = ROSTER_KILL_REASON_INTERRUPTED;
    err = roster_kill_by(roster, kill);
    unit_close(session);
    return err;
}

static int event_log_next(void *callers)
{
    unit_ok(roster_drain_undo(roster)); /* there is an event */
    return roster_event_log_next(roster, 0, callers);
}

static int event_log_state(void *callers)
{
    return roster_event_log_state(roster, callers);
}

static int block_begin(void *callers)
{
    struct roster_session *session = unit_open(roster);
    struct roster_block *block = callers;
    int err;

    block->holder_id = 1;
    unit_ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &block->event));
    err = roster_block_begin(session, block);
    unit_close(session);
    return err;
}

static int session_blocked(void *callers)
{
    struct roster_session *session = unit_open(roster);
    struct roster_block block = ROSTER_BLOCK_INIT;
    int err;

    unit_ok(block_begin(&block));
    block.holder_id = 1;
    unit_ok(roster_block_begin(session, &block));
    err = roster_session_blocked(session, callers);
    unit_close(session);
    return err;
}

static int blocking(void *callers)
{
    return roster_blocking(roster, 0, callers);
}

static int activity_start(void *callers)
{
    struct roster_activity *activity;
    int err = roster_activity_start(roster, callers, &activity);

    return err ? err : roster_activity_stop(activity);
}

/* A history that is asked; one of the two structs is the caller's. */
static int activity_ask(const struct roster_activity_filter *filter,
                        struct roster_activity_sum *sum)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_activity_row row;
    struct roster_activity *activity;
    size_t count = 1;
    int err;

    options.interval_ms = ROSTER_ACTIVITY_MANUAL;
    unit_ok(roster_activity_start(roster, &options, &activity));
    err = roster_activity_top(activity, 0, 1, 0, filter, &row, &count, sum);
    unit_ok(roster_activity_stop(activity));
    return err;
}

static int activity_sum(void *callers)
{
    return activity_ask(NULL, callers);
}

static int activity_filter(void *callers)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};

    return activity_ask(callers, &sum);
}

static int quota_set(void *callers)
{
    return roster_quota_set(roster, callers, 1);
}

static int quota_refusal(void *callers)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;
    int err;

    attr.refusal = callers;
    err = roster_session_open(roster, &attr, &session);
    if (!err)
        unit_close(session);
    return err;
}

static int groups_top(void *callers)
{
    struct roster_group group;
    size_t count = 1;

    return roster_groups_top(roster, ROSTER_GROUP_USER, &group, &count, callers);
}

static const struct sized calls[] = {
    {"roster_create", sizeof(struct roster_options), create, false},
    {"roster_build_check", sizeof(struct roster_build), build_check, false},
    {"roster_session_open", sizeof(struct roster_session_attr), session_open, false},
    {"roster_session_update", sizeof(struct roster_session_attr), session_update, false},
    {"roster_watchdog_start", sizeof(struct roster_watchdog_options), watchdog_start, false},
    {"roster_conn_ids_create", sizeof(struct roster_conn_ids_options), conn_ids_create, false},
    {"roster_conn_ids_stats", sizeof(struct roster_conn_ids_stats), conn_ids_stats, true},
    {"roster_quota_set", sizeof(struct roster_quota_rule), quota_set, false},
    {"attr.refusal", sizeof(struct roster_quota_refusal), quota_refusal, false},
    {"roster_groups_top", sizeof(struct roster_groups), groups_top, true},
    {"roster_drain", sizeof(struct roster_drain_options), drain_options, false},
    {"roster_drain", sizeof(struct roster_drain_report), drain_report, true},
    {"roster_kill_all", sizeof(struct roster_kill_filter), kill_all_filter, false},
    {"roster_kill_all", sizeof(struct roster_kill_counts), kill_all_counts, true},
    {"roster_activity_start", sizeof(struct roster_activity_options), activity_start, false},
    {"roster_activity_top", sizeof(struct roster_activity_filter), activity_filter, false},
    {"roster_activity_top", sizeof(struct roster_activity_sum), activity_sum, true},
    {"roster_kill_by", sizeof(struct roster_kill_info), kill_by, false},
    {"roster_event_log_next", sizeof(struct roster_logged), event_log_next, true},
    {"roster_event_log_state", sizeof(struct roster_event_log_state), event_log_state, true},
    {"roster_block_begin", sizeof(struct roster_block), block_begin, false},
    {"roster_session_blocked", sizeof(struct roster_blocked), session_blocked, true},
    {"roster_blocking", sizeof(struct roster_blocking), blocking, true},
    {"roster_stats", sizeof(struct roster_stats), stats, true},
    {"roster_metrics", sizeof(struct roster_metrics), metrics, true},
    {"roster_min_advance", sizeof(struct roster_min), min_start_ts, true},
    {"roster_min_peek", sizeof(struct roster_min), min_peek, true},
    {"roster_min_of", sizeof(struct roster_min), min_of, true},
    {"roster_min_of", sizeof(struct roster_min_filter), min_filter, false},
};

Test(sized, every_call_follows_the_one_rule)
{
    size_t n;

    roster = unit_roster(NULL);
    for (n = 0; n < sizeof(calls) / sizeof(calls[0]); n++)
        sized_check(&calls[n]);
    unit_destroy(roster);
}

Test(sized, getters_accept_null)
{
    cr_expect_eq(roster_session_id(NULL), 0);
    cr_expect_eq(roster_session_kind(NULL), 0);
    cr_expect_eq(roster_session_flags(NULL), 0);
    cr_expect_eq(roster_session_memory(NULL), 0);
    cr_expect_eq(roster_session_disk(NULL), 0);
    cr_expect_eq(roster_session_limit(NULL, ROSTER_LIMIT_IDLE), 0);
    cr_expect_eq(roster_session_since(NULL, NULL), 0);
    cr_expect_eq(roster_stmt_seq(NULL), 0);
    cr_expect_eq(roster_pin_id(NULL), 0);
    cr_expect_eq(roster_pin_ts(NULL), 0);
    cr_expect_eq(roster_local_safe_point(NULL), 0);
    cr_expect_eq(roster_oracle_local_ahead_ms(NULL), 0);
    cr_expect_null(roster_lookup(NULL, 1));
    cr_expect_null(roster_identity_user(NULL));
    cr_expect_null(roster_identity_host(NULL));
    cr_expect_null(roster_identity_database(NULL));
    cr_expect_null(roster_identity_application(NULL));
    cr_expect_null(roster_identity_attributes(NULL));
}
