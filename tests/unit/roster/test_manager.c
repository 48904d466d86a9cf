/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Creating and destroying rosters, their options and statistics. */

#include "../unit.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void refused_options(const struct roster_options *options, int error)
{
    struct roster *roster = (struct roster *)&roster;
    int err = roster_create(options, &roster);

    cr_assert_eq(err, error, "%d, not %d", err, error);
    cr_assert_eq((void *)roster, (void *)&roster, "the result was written after an error");
}

Test(manager, defaults)
{
    struct roster *roster = unit_roster_with(NULL);
    uint64_t ts = 0;

    cr_assert_eq(roster->text_limit, 1024);
    cr_assert_eq(roster->account.backlog_limit, UINT64_C(256) << 20);
    cr_assert_eq(roster->registry.limit, 0);
    cr_assert_eq(roster->life_time_ms, 0);
    cr_assert_eq(roster->ticker.background.threads[0].duty.interval_ms, 10);
    unit_ok(roster->oracle(roster->oracle_arg, &ts));
    cr_assert_gt(roster_ts_physical_ms(ts), UINT64_C(1600000000000), "a clock of its own");
    unit_destroy(roster);
}

Test(manager, zero_members_mean_defaults)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster = unit_roster_with(&options);

    cr_assert_eq(roster->text_limit, 1024);
    cr_assert_eq(roster->ticker.background.threads[0].duty.interval_ms, 10);
    unit_destroy(roster);
}

Test(manager, options_are_used)
{
    struct unit_oracle oracle = {.next = 5};
    struct roster_options options = {
        .size = sizeof(options),
        .max_sessions = 3,
        .backlog_limit = 4711,
        .life_time_ms = 12,
        .oracle = unit_oracle_get,
        .oracle_arg = &oracle,
        .text_limit = 1 << 20,
        .tick_ms = 1000,
    };
    struct roster *roster = unit_roster_with(&options);

    cr_assert_eq(roster->registry.limit, 3);
    cr_assert_eq(roster->account.backlog_limit, 4711);
    cr_assert_eq(roster->life_time_ms, 12);
    cr_assert_eq(roster->text_limit, 1 << 20);
    cr_assert_eq(roster->ticker.background.threads[0].duty.interval_ms, 1000);
    cr_assert_eq(oracle.calls, 1, "the first floor");
    unit_destroy(roster);
}

Test(manager, null)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_create(NULL, NULL), -EINVAL);
    cr_assert_eq(roster_destroy(NULL), -EINVAL);
    cr_assert_eq(roster_tick(NULL), -EINVAL);
    cr_assert_eq(roster_reclaim(NULL), -EINVAL);
    cr_assert_eq(roster_stats(NULL, &stats), -EINVAL);
}

Test(manager, options_out_of_range)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.text_limit = (1 << 20) + 1;
    refused_options(&options, -EINVAL);
    options.text_limit = UINT32_MAX;
    refused_options(&options, -EINVAL);
    options.text_limit = 0;
    options.flags = ROSTER_RECLAIM_MANUAL << 1;
    refused_options(&options, -EINVAL);
    options.flags = 0;
    options.tick_ms = 1001;
    refused_options(&options, -EINVAL);
    options.tick_ms = -2;
    refused_options(&options, -EINVAL);
    options.tick_ms = INT32_MIN;
    refused_options(&options, -EINVAL);
}

struct newer_options {
    struct roster_options known;
    unsigned char unknown[64];
};

Test(manager, options_of_another_version)
{
    struct newer_options newer;
    struct roster *roster = NULL;

    memset(&newer, 0, sizeof(newer));
    newer.known.size = sizeof(newer.known) - 1;
    refused_options(&newer.known, -EINVAL);
    newer.known.size = 0;
    refused_options(&newer.known, -EINVAL);
    newer.known.size = sizeof(newer);
    newer.unknown[63] = 1;
    refused_options(&newer.known, -E2BIG);
    newer.unknown[63] = 0;
    newer.unknown[0] = 0x80;
    refused_options(&newer.known, -E2BIG);
    newer.unknown[0] = 0;
    newer.known.text_limit = 77;
    unit_ok(roster_create(&newer.known, &roster));
    cr_assert_eq(roster->text_limit, 77);
    unit_destroy(roster);
}

Test(manager, the_oracle_has_to_give_the_first_floor)
{
    struct unit_oracle oracle = {.next = 1, .err = -ETIMEDOUT};
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.oracle = unit_oracle_get;
    options.oracle_arg = &oracle;
    refused_options(&options, -ETIMEDOUT);
    oracle.err = 1;
    refused_options(&options, -ENODATA);
    oracle.err = 0;
    oracle.next = 0;
    refused_options(&options, -ENODATA);
    oracle.next = ROSTER_TS_MAX;
    refused_options(&options, -ENODATA);
}

Test(manager, destroy_while_a_session_is_open)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);

    unit_refused(roster, session, roster_destroy(roster), -EBUSY);
    unit_ok(roster_txn_begin(session, NULL));
    unit_refused(roster, session, roster_destroy(roster), -EBUSY);
    unit_end(roster, session);
}

Test(manager, destroy_while_a_pin_is_held)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_pin *pin = unit_pin(roster, NULL, 0);

    unit_refused(roster, NULL, roster_destroy(roster), -EBUSY);
    unit_ok(roster_pin_release(pin));
    unit_destroy(roster);
}

Test(manager, destroy_while_a_reader_is_inside)
{
    struct roster *roster = unit_roster(NULL);

    unit_ok(roster_read_lock(roster));
    unit_refused(roster, NULL, roster_destroy(roster), -EBUSY);
    unit_ok(roster_read_lock(roster));
    roster_read_unlock(roster);
    unit_refused(roster, NULL, roster_destroy(roster), -EBUSY);
    roster_read_unlock(roster);
    unit_destroy(roster);
}

Test(manager, the_ticker_still_runs_after_a_refused_destroy)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster;
    struct roster_session *session;
    uint64_t then;
    int tries;

    options.tick_ms = 1;
    roster = unit_roster_with(&options);
    session = unit_open(roster);
    cr_assert_eq(roster_destroy(roster), -EBUSY);
    then = rst_ticker_now(&roster->ticker);
    for (tries = 0; rst_ticker_now(&roster->ticker) == then; tries++) {
        cr_assert_lt(tries, 5000);
        usleep(1000);
    }
    unit_end(roster, session);
}

Test(manager, stats_of_another_version)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_stats(roster, NULL), -EINVAL);
    stats.sessions = 4711;
    stats.size = sizeof(stats) - 1;
    cr_assert_eq(roster_stats(roster, &stats), -EINVAL);
    cr_assert_eq(stats.sessions, 4711, "filled after an error");
    stats.size = sizeof(stats);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert_eq(stats.sessions, 0);
    cr_assert_eq(stats.size, sizeof(stats));
    unit_destroy(roster);
}

/* Returns the pin that is left. */
static struct roster_pin *use(struct roster *roster)
{
    struct roster_session *session = unit_open(roster), *other = unit_open(roster);
    struct roster_pin *pin = unit_pin(roster, NULL, 0);
    int killed;

    unit_ok(roster_txn_begin(session, NULL));
    unit_ok(roster_txn_finish(session));
    unit_ok(roster_txn_prepare(session));
    unit_ok(roster_txn_finish(session));
    unit_ok(roster_txn_begin(session, NULL));
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    killed = roster_kill(roster, roster_session_id(session), ROSTER_KILL_TARGET_STATEMENT,
                         ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED);
    cr_assert_eq(killed, 0);
    killed = roster_kill(roster, roster_session_id(other), ROSTER_KILL_TARGET_STATEMENT,
                         ROSTER_STMT_ANY, ROSTER_KILL_REASON_INTERRUPTED);
    cr_assert_eq(killed, -ENOENT);
    killed =
        roster_kill(roster, 4711, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_INTERRUPTED);
    cr_assert_eq(killed, -ESRCH);
    unit_close(other);
    unit_close(session);
    unit_min(roster);
    unit_ok(roster_pin_release(pin));
    return unit_pin(roster, NULL, 0);
}

/* Whether owners may run without fences; tests/support/without_membarrier sees to it that not. */
static bool has_membarrier(void)
{
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

    return commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

Test(manager, stats_count)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_pin *pin = use(roster);
    struct roster_stats stats;

    stats = unit_stats(roster);
    cr_assert_eq(stats.sessions, 0);
    cr_assert_eq(stats.sessions_peak, 2);
    cr_assert_eq(stats.sessions_opened, 2);
    cr_assert_eq(stats.sessions_refused, 0);
    cr_assert_eq(stats.txns_begun, 2, "a pending one is not valid yet");
    cr_assert_eq(stats.txns_forced, 1);
    cr_assert_eq(stats.statements, 1);
    cr_assert_eq(stats.pins, 1);
    cr_assert_eq(stats.scans, 1);
    cr_assert_eq(stats.expired, 0);
    cr_assert_eq(stats.kills_delivered, 1);
    cr_assert_eq(stats.kills_refused, 1, "-ESRCH found no session");
    cr_assert_gt(stats.memory, 0);
    cr_assert_eq(stats.backlog_refused, 0);
    cr_assert_eq(stats.threads, 1);
    cr_assert_eq(stats.membarrier, has_membarrier());
    cr_assert_eq(roster_destroy(roster), -EBUSY, "a pin is left");
    unit_ok(roster_pin_release(pin));
    unit_destroy(roster);
}

/* Rosters share nothing that one could notice. */
Test(manager, rosters_are_apart)
{
    struct roster *first = unit_roster(NULL), *second = unit_roster(NULL);
    struct roster_session *session = unit_open(first), *namesake = unit_open(second);

    cr_assert_eq(roster_session_id(session), roster_session_id(namesake));
    unit_ok(roster_txn_begin(session, NULL));
    cr_assert_eq(unit_min(first).holder.kind, ROSTER_HOLDER_TXN);
    cr_assert_eq(unit_min(second).holder.kind, ROSTER_HOLDER_NONE);
    unit_ok(roster_kill(first, roster_session_id(session), ROSTER_KILL_TARGET_CONNECTION, 0,
                        ROSTER_KILL_REASON_INTERRUPTED));
    cr_assert_eq(roster_killed(namesake), 0);
    unit_ok(roster_txn_begin(namesake, NULL));
    unit_ok(roster_txn_finish(session));
    unit_ok(roster_txn_check(namesake));
    unit_close(session);
    cr_assert_eq(unit_stats(second).sessions, 1);
    unit_destroy(first);
    unit_end(second, namesake);
}
