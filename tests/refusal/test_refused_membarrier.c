/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kernel begins to refuse membarrier(), as it does when a server installs a seccomp filter
 * late. Everything that relies on it fails closed, says so, and works again when the kernel
 * relents; the rest goes on; liburcu never gets to the call with which it would end the process.
 */
#include "refuse.h"
#include "../support/refuse_membarrier.h"
#include "../unit/unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

static int refuse_error; /* what the kernel says now; 0: it relents */

/* What every call here works on. */
static struct {
    struct roster *roster;
    struct roster_session *session;
    struct roster_watchdog *watchdog;
    struct roster_conn_ids *ids;
    struct roster *another;
    unsigned woken;
} it;

static void on_wake(uint64_t id, void *arg)
{
    (void)id;
    (void)arg;
    it.woken++;
}

static void set_up(void)
{
    struct roster_watchdog_options watchdog = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    it.roster = unit_roster_with(NULL);
    if (!unit_stats(it.roster).membarrier)
        cr_skip_test("there is no membarrier() here");
    attr.wake = on_wake;
    unit_ok(roster_session_open(it.roster, &attr, &it.session));
    unit_ok(roster_txn_begin(it.session, NULL));
    unit_ok(roster_stmt_begin(it.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    watchdog.interval_ms = ROSTER_WATCHDOG_MANUAL;
    watchdog.txn_age_ms = 1000000;
    unit_ok(roster_watchdog_start(it.roster, &watchdog, &it.watchdog));
    unit_ok(roster_conn_ids_create(NULL, &it.ids));
    it.another = unit_roster_with(NULL);
}

static void clear_up(void)
{
    if (!it.session)
        return;
    refuse_membarrier(0, 0);
    roster_session_close(it.session);
    unit_ok(roster_watchdog_stop(it.watchdog));
    unit_ok(roster_conn_ids_destroy(it.ids));
    if (it.another)
        unit_destroy(it.another);
    unit_destroy(it.roster);
}

/* Everything that cannot be answered without the barrier, or not without a grace period. */

static int min_start_ts(void)
{
    return roster_min_advance(it.roster, 0, NULL);
}

static int min_peek(void)
{
    struct roster_min min = {.size = sizeof(min)};

    return roster_min_peek(it.roster, &min);
}

static int min_of(void)
{
    struct roster_min min = {.size = sizeof(min)};

    return roster_min_of(it.roster, NULL, &min);
}

static int pass_holder(const struct roster_holder *holder, void *arg)
{
    (void)holder;
    (void)arg;
    return 0;
}

static int each_holder(void)
{
    return roster_for_each_holder(it.roster, pass_holder, NULL);
}

static int kill_one(void)
{
    int err = roster_kill(it.roster, roster_session_id(it.session), ROSTER_KILL_TARGET_STATEMENT, 1,
                          ROSTER_KILL_REASON_INTERRUPTED);

    return err == -EALREADY ? 0 : err;
}

static int kill_by(void)
{
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .session_id = roster_session_id(it.session),
                                    .target = ROSTER_KILL_TARGET_STATEMENT,
                                    .reason = ROSTER_KILL_REASON_INTERRUPTED};
    int err = roster_kill_by(it.roster, &kill);

    return err == -EALREADY ? 0 : err;
}

static int kill_txn(void)
{
    return roster_kill_txn(it.roster, roster_session_id(it.session), ROSTER_TXN_ANY, ROSTER_TXN_ANY,
                           ROSTER_KILL_REASON_INTERRUPTED);
}

static int kill_all(void)
{
    return roster_kill_all(it.roster, ROSTER_KILL_TARGET_STATEMENT, ROSTER_KILL_REASON_INTERRUPTED,
                           NULL, NULL);
}

static int schema_check(void)
{
    struct roster_schema_verdict verdict;
    struct roster_schema_job job = {.id = 1};

    return roster_schema_check(it.roster, &job, 1, &verdict);
}

static int schema_check_inside(void)
{
    int err;

    /* A reader that is inside already has had its own barrier. */
    refuse_membarrier(0, 0);
    unit_ok(roster_read_lock(it.roster));
    refuse_membarrier(refuse_error, REFUSE_FOR_EVER);
    err = schema_check();
    roster_read_unlock(it.roster);
    return err;
}

static int drain(void)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;

    options.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_BACKGROUND);
    return roster_drain(it.roster, &options, NULL);
}

static int run_watchdog(void)
{
    return roster_watchdog_run_once(it.watchdog);
}

static int release_wait(void)
{
    return roster_release_wait(it.roster);
}

static int destroy_ids(void)
{
    int err = roster_conn_ids_destroy(it.ids);

    if (!err)
        unit_ok(roster_conn_ids_create(NULL, &it.ids));
    return err;
}

static int destroy_another(void)
{
    int err = roster_destroy(it.another);

    if (!err)
        it.another = NULL;
    return err;
}

static int set_quota(void)
{
    struct roster_quota_rule rule = ROSTER_QUOTA_RULE_INIT;

    rule.limit = 1;
    return roster_quota_set(it.roster, &rule, 1);
}

static int set_quota_text(void)
{
    return roster_quota_set_text(it.roster, "database:1", NULL, 0);
}

static const struct {
    const char *name;
    int (*call)(void);
} calls[] = {
    {"roster_min_advance", min_start_ts},
    {"roster_min_peek", min_peek},
    {"roster_min_of", min_of},
    {"roster_for_each_holder", each_holder},
    {"roster_kill", kill_one},
    {"roster_kill_by", kill_by},
    {"roster_kill_txn", kill_txn},
    {"roster_kill_all", kill_all},
    {"roster_schema_check", schema_check},
    {"roster_schema_check, inside", schema_check_inside},
    {"roster_drain", drain},
    {"roster_quota_set", set_quota},
    {"roster_quota_set_text", set_quota_text},
    {"roster_watchdog_run_once", run_watchdog},
    {"roster_release_wait", release_wait},
    {"roster_conn_ids_destroy", destroy_ids},
    {"roster_destroy", destroy_another},
};

static void fails_closed(unsigned n)
{
    uint64_t failures = unit_stats(it.roster).membarrier_failures;
    uint64_t kills = it.session->kill;
    uint32_t draining = it.roster->draining;
    struct unit_state before, after;
    const char *changed;
    int err;

    unit_state_take(&before, it.roster, it.session);
    refuse_membarrier(refuse_error, REFUSE_FOR_EVER);
    err = calls[n].call();
    cr_expect_eq(err, refuse_error == ENOMEM ? -ENOMEM : -EPERM, "%s: %d when %d", calls[n].name,
                 err, refuse_error);
    cr_expect_eq(unit_stats(it.roster).membarrier_refused, 1, "%s", calls[n].name);
    cr_expect_gt(unit_stats(it.roster).membarrier_failures, failures, "%s", calls[n].name);
    refuse_membarrier(0, 0);
    unit_state_take(&after, it.roster, it.session);
    changed = unit_state_differs(&before, &after);
    cr_expect_null(changed, "%s has changed %s", calls[n].name, changed);
    cr_expect_eq(it.session->kill, kills, "%s has killed", calls[n].name);
    cr_expect_eq(it.roster->draining, draining, "%s drains", calls[n].name);
}

Test(refused_membarrier, everything_fails_closed_and_works_again, .init = set_up, .fini = clear_up)
{
    static const int errors[] = {EPERM, ENOMEM, ENOSYS, EINVAL};
    unsigned n, e;

    for (n = 0; n < sizeof(calls) / sizeof(calls[0]); n++) {
        for (e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
            refuse_error = errors[e];
            fails_closed(n);
        }
        refuse_error = 0;
        unit_ok(calls[n].call());
        cr_expect_eq(unit_stats(it.roster).membarrier_refused, 0, "%s", calls[n].name);
    }
}

Test(refused_membarrier, short_of_memory_for_a_moment, .init = set_up, .fini = clear_up)
{
    uint64_t scans = unit_stats(it.roster).scans;

    refuse_membarrier(ENOMEM, 5);
    unit_ok(min_start_ts());
    cr_expect_eq(unit_stats(it.roster).scans, scans + 1);
    cr_expect_eq(unit_stats(it.roster).membarrier_failures, 0);
}

/* One without threads: what is retired waits for roster_reclaim(). */
static struct roster *roster_by_hand(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster;

    options.tick_ms = ROSTER_TICK_MANUAL;
    options.flags = ROSTER_RECLAIM_MANUAL;
    roster = unit_roster_with(&options);
    if (!unit_stats(roster).membarrier)
        cr_skip_test("there is no membarrier() here");
    return roster;
}

/* By hand: what waits goes on waiting, and the caller learns why. */
Test(refused_membarrier, a_round_by_hand)
{
    struct roster *roster = roster_by_hand();
    uint64_t backlog;

    unit_close(unit_open(roster));
    backlog = unit_stats(roster).backlog;
    cr_assert_gt(backlog, 0);
    refuse_membarrier(EPERM, REFUSE_FOR_EVER);
    cr_expect_eq(roster_reclaim(roster), -EPERM);
    cr_expect_eq(roster_destroy(roster), -EPERM);
    refuse_membarrier(ENOMEM, REFUSE_FOR_EVER);
    cr_expect_eq(roster_reclaim(roster), -ENOMEM);
    cr_expect_eq(unit_stats(roster).backlog, backlog);
    refuse_membarrier(0, 0);
    unit_ok(roster_reclaim(roster));
    cr_expect_eq(unit_stats(roster).backlog, 0);
    unit_destroy(roster);
}

#define CROWD 4096
#define HALVINGS 4 /* of the table that these need, until it is as small as one for a few */

/* Opens many sessions and closes them; in the round that follows, the table of ids becomes smaller.
 * `passes` calls of that round are not refused. Returns how many it made. */
static unsigned shrink(struct roster *roster, unsigned passes, int expected)
{
    static struct roster_session *sessions[CROWD];
    unsigned n, before;

    for (n = 0; n < CROWD; n++)
        sessions[n] = unit_open(roster);
    unit_ok(roster_reclaim(roster));
    for (n = 0; n < CROWD; n++)
        unit_close(sessions[n]);
    refuse_membarrier_after(EPERM, passes);
    before = refuse_membarriers();
    cr_expect_eq(roster_reclaim(roster), expected);
    n = refuse_membarriers() - before;
    refuse_membarrier(0, 0);
    unit_close(unit_open(roster)); /* resizes it as far as it was not */
    unit_ok(roster_reclaim(roster));
    return n;
}

/* It waits for grace periods of its own. Each time the refusal begins where one is asked for. */
Test(refused_membarrier, a_table_becomes_smaller_step_by_step)
{
    struct roster *roster = roster_by_hand();
    unsigned round, step, n;
    uint64_t buckets;

    buckets = roster->registry.buckets;
    round = refuse_membarriers();
    unit_close(unit_open(roster));
    unit_ok(roster_reclaim(roster));
    round = refuse_membarriers() - round;
    step = (shrink(roster, UINT_MAX, 0) - 2 * round) / HALVINGS; /* and one for the hints */
    cr_assert_gt(step, round - 1);
    (void)shrink(roster, 0, -EPERM);
    for (n = 0; n <= HALVINGS; n++) {
        (void)shrink(roster, round + n * step, 0);
        cr_expect_eq(roster->registry.buckets, buckets, "it ended with %u of them", n);
    }
    /* The array of hints that could not be freed went when the next one was replaced. */
    (void)shrink(roster, UINT_MAX, 0);
    cr_expect_eq(roster->registry.hints.bytes, rst_hints_bytes(roster->registry.hints.sessions));
    unit_destroy(roster);
}

/* Owners and readers need no barrier, and what is retired is kept until there is one. */
Test(refused_membarrier, owners_and_readers_go_on, .init = set_up, .fini = clear_up)
{
    struct roster_session *sessions[500];
    struct roster_snapshot *list;
    uint64_t safe_point, backlog;
    unsigned n, round;

    unit_ok(min_start_ts());
    safe_point = roster_local_safe_point(it.roster);
    refuse_membarrier(EPERM, REFUSE_FOR_EVER);
    for (round = 0; round < 20; round++) {
        for (n = 0; n < 500; n++) {
            sessions[n] = unit_open(it.roster);
            unit_ok(roster_txn_begin(sessions[n], NULL));
            unit_ok(roster_stmt_begin(sessions[n], ROSTER_COMMAND_QUERY, "y", 1, NULL, 0));
        }
        unit_ok(roster_snapshot(it.roster, &list));
        cr_expect_eq(list->count, 501);
        roster_snapshot_free(list);
        for (n = 0; n < 500; n++)
            unit_close(sessions[n]);
    }
    /* The thread that reclaims has been refused, and tries again. */
    while (unit_stats(it.roster).membarrier_failures < 3)
        usleep(1000);
    backlog = unit_stats(it.roster).backlog;
    cr_expect_gt(backlog, 0);
    cr_expect_eq(roster_local_safe_point(it.roster), safe_point);
    refuse_membarrier(0, 0);
    while (unit_stats(it.roster).backlog >= backlog)
        usleep(1000);
}

Test(refused_membarrier, a_kill_in_the_middle_is_unknown, .init = set_up, .fini = clear_up)
{
    struct roster_kill_counts counts = {.size = sizeof(counts)};
    struct roster_metrics metrics = {.size = sizeof(metrics)};

    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(kill_one(), -EINPROGRESS);
    cr_expect_eq(it.woken, 1, "the owner that may see it is woken");
    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(kill_by(), -EINPROGRESS, "the earlier one is no surer");
    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(roster_kill_all(it.roster, ROSTER_KILL_TARGET_STATEMENT,
                                 ROSTER_KILL_REASON_INTERRUPTED, NULL, &counts),
                 -EINPROGRESS);
    cr_expect_eq(counts.matched, 1);
    cr_expect_eq(counts.unknown, 1);
    unit_ok(roster_metrics(it.roster, &metrics));
    cr_expect_eq(metrics.kills[ROSTER_KILL_REASON_INTERRUPTED][ROSTER_KILL_RESULT_UNKNOWN], 3);
    refuse_membarrier(0, 0);
    cr_expect_eq(roster_kill(it.roster, roster_session_id(it.session), ROSTER_KILL_TARGET_STATEMENT,
                             1, ROSTER_KILL_REASON_RUNAWAY),
                 -EALREADY, "the earlier one stands");
    cr_expect_eq(roster_killed(it.session), ROSTER_KILL_REASON_INTERRUPTED);
}

#define MANY 300

static void open_many(struct roster_session *many[MANY])
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    unsigned n;

    attr.wake = on_wake;
    for (n = 0; n < MANY; n++) {
        unit_ok(roster_session_open(it.roster, &attr, &many[n]));
        unit_ok(roster_txn_begin(many[n], NULL));
        unit_ok(roster_stmt_begin(many[n], ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    }
}

static struct roster_kill_counts kill_many(enum roster_kill_target target, int expected)
{
    struct roster_kill_counts counts = {.size = sizeof(counts)};

    it.woken = 0;
    cr_expect_eq(roster_kill_all(it.roster, target, ROSTER_KILL_REASON_INTERRUPTED, NULL, &counts),
                 expected);
    cr_expect_eq(counts.matched, MANY + 1);
    cr_expect_eq(counts.gone + counts.stale + counts.idle + counts.dying, 0);
    return counts;
}

/* One asks whether the kernel grants any, one is for all who are killed, however many. */
Test(refused_membarrier, one_for_all_that_are_killed, .init = set_up, .fini = clear_up)
{
    static const struct {
        enum roster_kill_target target;
        unsigned barriers;
    } cases[] = {{ROSTER_KILL_TARGET_STATEMENT, 2},
                 {ROSTER_KILL_TARGET_TRANSACTION, 2},
                 {ROSTER_KILL_TARGET_CONNECTION, 0}};
    struct roster_session *many[MANY];
    unsigned n, before;

    open_many(many);
    for (n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        before = refuse_membarriers();
        cr_expect_eq(kill_many(cases[n].target, 0).delivered, MANY + 1);
        cr_expect_eq(refuse_membarriers() - before, cases[n].barriers, "target %u", n);
        cr_expect_eq(it.woken, MANY + 1);
    }
    for (n = 0; n < MANY; n++)
        unit_close(many[n]);
}

/* The kernel refuses it when all words have been written: nothing is claimed of any. */
Test(refused_membarrier, all_of_them_are_unknown, .init = set_up, .fini = clear_up)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    const uint64_t *results = metrics.kills[ROSTER_KILL_REASON_INTERRUPTED];
    struct roster_session *many[MANY];
    unsigned n;

    open_many(many);
    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(kill_many(ROSTER_KILL_TARGET_TRANSACTION, -EINPROGRESS).unknown, MANY + 1);
    cr_expect_eq(it.woken, 0, "of transactions nothing was done");
    for (n = 0; n < MANY; n++)
        cr_expect_eq(many[n]->kill, 0);
    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(kill_many(ROSTER_KILL_TARGET_STATEMENT, -EINPROGRESS).unknown, MANY + 1);
    cr_expect_eq(it.woken, MANY + 1, "owners that may see it are woken");
    unit_ok(roster_metrics(it.roster, &metrics));
    cr_expect_eq(results[ROSTER_KILL_RESULT_UNKNOWN], 2 * (MANY + 1));
    cr_expect_eq(results[ROSTER_KILL_RESULT_GONE], 0);
    refuse_membarrier(0, 0);
    for (n = 0; n < MANY; n++) {
        cr_expect_eq(roster_killed(many[n]), ROSTER_KILL_REASON_INTERRUPTED);
        unit_close(many[n]);
    }
}

Test(refused_membarrier, what_the_owner_has_seen_is_known, .init = set_up, .fini = clear_up)
{
    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(kill_one(), -EINPROGRESS);
    cr_expect_eq(roster_killed(it.session), ROSTER_KILL_REASON_INTERRUPTED);
    refuse_membarrier_after(EPERM, 1);
    cr_expect_eq(roster_kill(it.roster, roster_session_id(it.session), ROSTER_KILL_TARGET_STATEMENT,
                             1, ROSTER_KILL_REASON_RUNAWAY),
                 -EALREADY);
}

/* The kernel itself, in all threads. */
Test(refused_membarrier, by_a_filter_for_good, .init = set_up)
{
    struct roster *roster;
    unsigned n;

    if (refuse_membarrier_to_all())
        cr_skip_test("no seccomp filter can be installed here");
    for (n = 0; n < sizeof(calls) / sizeof(calls[0]); n++)
        if (calls[n].call != schema_check_inside)
            cr_expect_eq(calls[n].call(), -EPERM, "%s", calls[n].name);
    for (n = 0; n < 1000; n++)
        unit_close(unit_open(it.roster));
    unit_ok(roster_stmt_end(it.session));
    unit_ok(roster_txn_finish(it.session));
    unit_close(it.session);
    unit_ok(roster_watchdog_stop(it.watchdog));
    cr_expect_eq(roster_destroy(it.roster), -EPERM);
    unit_ok(roster_create(NULL, &roster)); /* one that runs with fences */
    cr_expect_eq(unit_stats(roster).membarrier, 0);
    unit_ok(roster_min_advance(roster, 0, NULL));
    cr_expect_eq(roster_destroy(roster), -EPERM);
}

/* liburcu has chosen membarrier when the program began: without it nothing is ever reclaimed. */
Test(refused_membarrier, before_the_first_roster)
{
    struct roster *roster = NULL;
    struct roster_conn_ids *ids = NULL;

    if (refuse_membarrier_to_all())
        cr_skip_test("no seccomp filter can be installed here");
    cr_expect_eq(roster_create(NULL, &roster), -EPERM);
    cr_expect_eq(roster_conn_ids_create(NULL, &ids), -EPERM);
}
