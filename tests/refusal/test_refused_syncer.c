/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A syncer whose creation is refused something, each call of the environment in turn, also those
 * that jansson makes: memory is out, not an argument wrong, and nothing is leaked.
 */
#include "refuse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <roster/metrics.h>
#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/store.h>
#include <roster/syncer.h>
#include <string.h>
#include <unistd.h>

static struct roster *roster;
static struct roster_store *store;

static void set_up(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
}

static void clear_up(void)
{
    roster_store_close(store);
    cr_assert_eq(roster_destroy(roster), 0);
}

static int create_and_destroy(const char *label)
{
    struct roster_syncer_label labels[] = {{"zone", label}};
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_syncer *syncer = NULL;
    int err;

    options.labels = labels;
    options.n_labels = 1;
    err = roster_syncer_create(roster, store, &options, &syncer);
    cr_expect_eq(err == 0, syncer != NULL);
    roster_syncer_destroy(syncer);
    return err;
}

/* Returns whether anything was refused. */
static bool attempt(unsigned nth)
{
    const char *refused;
    int err;

    refuse_nth(nth);
    err = create_and_destroy("east");
    refused = refuse_none();
    cr_expect(!err || (refused && err == -ENOMEM), "%s (%u) was refused: %d",
              refused ? refused : "nothing", nth, err);
    cr_expect_eq(create_and_destroy("east"), 0, "after %s was refused", refused);
    return refused != NULL;
}

Test(refused_syncer, each_call_of_the_environment, .init = set_up, .fini = clear_up)
{
    unsigned nth = 1;
    long blocks;

    cr_assert_eq(create_and_destroy("east"), 0, "what is allocated once");
    blocks = refuse_blocks();
    while (attempt(nth))
        cr_assert_lt(++nth, 1000);
    cr_expect_gt(nth, 10);
    cr_expect_leq(refuse_blocks(), blocks, "%ld blocks leaked", refuse_blocks() - blocks);
}

static char logged[4096]; /* all lines */

static void keep_log(enum roster_store_log_level level, const char *text, void *arg)
{
    (void)arg;
    (void)level;
    strncat(logged, text, sizeof(logged) - strlen(logged) - 1);
    strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
}

static struct roster_syncer_stats stats_of(struct roster_syncer *syncer)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_syncer_stats(syncer, &stats), 0);
    return stats;
}

/* Other servers believe the record, so it stands still while no scan can be trusted. */
Test(refused_syncer, no_membarrier_no_report, .init = set_up, .fini = clear_up)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_stats core = {.size = sizeof(core)};
    struct roster_syncer_stats before, after;
    struct roster_syncer *syncer;

    cr_assert_eq(roster_stats(roster, &core), 0);
    if (!core.membarrier)
        cr_skip_test("there is no membarrier() here");
    options.log = keep_log;
    cr_assert_eq(roster_syncer_create(roster, store, &options, &syncer), 0);
    refuse_membarrier(EPERM, REFUSE_FOR_EVER);
    cr_assert_eq(roster_syncer_run_once(syncer, NULL), 0);
    cr_expect_eq(stats_of(syncer).state, ROSTER_SYNCER_JOINING, "no first record either");
    cr_expect_eq(stats_of(syncer).last_error, -EPERM);
    refuse_membarrier(0, 0);
    while (stats_of(syncer).state != ROSTER_SYNCER_LIVE)
        cr_assert_eq(roster_syncer_run_once(syncer, NULL), 0);
    before = stats_of(syncer);
    refuse_membarrier(EPERM, REFUSE_FOR_EVER);
    cr_expect_eq(roster_syncer_report(syncer), -EPERM);
    cr_expect_not_null(strstr(logged, "does not report"), "%s", logged);
    after = stats_of(syncer);
    cr_expect_eq(after.record, before.record);
    cr_expect_eq(after.minimum, before.minimum);
    cr_expect_eq(after.report_failures, before.report_failures + 1);
    cr_expect_eq(after.last_error, -EPERM);
    cr_expect_eq(after.state, ROSTER_SYNCER_LIVE, "the lease is not the scan's");
    cr_expect_eq(roster_syncer_stop(syncer, 0), -EPERM, "it cannot tell whether a pin counts");
    refuse_membarrier(0, 0);
    usleep(20000); /* for the oracle to move */
    cr_assert_eq(roster_tick(roster), 0);
    cr_expect_eq(roster_syncer_report(syncer), 0);
    cr_expect_not_null(strstr(logged, "again"), "%s", logged);
    cr_expect_gt(stats_of(syncer).record, before.record);
    cr_expect_eq(roster_syncer_stop(syncer, 1000), 0);
    roster_syncer_destroy(syncer);
}

/* A seccomp filter that comes late may take the clock away, where the kernel has none to map. */
Test(refused_syncer, no_clock_no_lease, .init = set_up, .fini = clear_up)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_session *session;
    struct roster_syncer *syncer;

    options.keep_alive_ms = 1;
    cr_assert_eq(roster_syncer_create(roster, store, &options, &syncer), 0);
    while (stats_of(syncer).state != ROSTER_SYNCER_LIVE)
        cr_assert_eq(roster_syncer_run_once(syncer, NULL), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_txn_check(session), 0);
    refuse_always("clock_gettime", EPERM);
    cr_expect_eq(roster_txn_check(session), -ESTALE);
    cr_assert_eq(roster_metrics(roster, &metrics), 0);
    cr_expect_lt(metrics.lease_margin_ns, 0);
    while (stats_of(syncer).state != ROSTER_SYNCER_FENCED) /* it looks once a second */
        cr_assert_eq(roster_syncer_run_once(syncer, NULL), 0);
    cr_expect_eq(stats_of(syncer).keeping.error, -EIO);
    cr_expect_eq(roster_txn_check(session), -ESTALE);
    cr_expect_not_null(refuse_none());
    while (stats_of(syncer).state != ROSTER_SYNCER_LIVE)
        cr_assert_eq(roster_syncer_run_once(syncer, NULL), 0);
    cr_expect_eq(roster_txn_check(session), 0, "the lease has not ended");
    cr_assert_eq(roster_session_close(session), 0);
    roster_syncer_destroy(syncer);
}

/* Two processes of one owner would each take the other one's mark for its own. */
Test(refused_syncer, no_random_numbers_no_owner, .init = set_up, .fini = clear_up)
{
    struct roster_oracle_persistent *clock = NULL;

    refuse_always("getrandom", ENOSYS);
    cr_expect_eq(roster_oracle_persistent_create(store, NULL, &clock), -EIO);
    cr_expect_not_null(refuse_none());
    cr_assert_null(clock);
    cr_assert_eq(roster_oracle_persistent_create(store, NULL, &clock), 0);
    roster_oracle_persistent_destroy(clock);
}

Test(refused_syncer, what_is_no_text_is_an_argument, .init = set_up, .fini = clear_up)
{
    cr_expect_eq(create_and_destroy("\xff"), -EINVAL);
}
