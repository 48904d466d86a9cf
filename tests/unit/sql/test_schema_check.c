/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The metadata-lock question. Row of the TiDB page: "Schema check (metadata lock)".
 */

#include "../operate/operate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <criterion/criterion.h>

static struct operate_oracle oracle;
static struct roster *roster;
static struct roster_session *old, *young;

static void open_all(void)
{
    oracle.physical_ms = 1000;
    roster = operate_roster(&oracle);
    old = operate_open(roster, ROSTER_SESSION_USER, NULL);
    young = operate_open(roster, ROSTER_SESSION_USER, NULL);
}

static void close_all(void)
{
    unit_close(old);
    unit_end(roster, young);
}

TestSuite(schema_check, .init = open_all, .fini = close_all);

static uint64_t begin(struct roster_session *session)
{
    uint64_t ts;

    cr_assert_eq(roster_txn_begin(session, &ts), 0);
    return ts;
}

static struct roster_schema_verdict check(uint64_t version, uint64_t table)
{
    const uint64_t tables[] = {1000, table};
    const struct roster_schema_job job = {77, version, tables, 2};
    struct roster_schema_verdict verdict;

    memset(&verdict, 0xff, sizeof(verdict));
    cr_assert_eq(roster_schema_check(roster, &job, 1, &verdict), 0);
    cr_assert_eq(verdict.job_id, 77);
    return verdict;
}

Test(schema_check, blocked_by_a_strictly_lower_version_only)
{
    struct roster_schema_verdict verdict;
    uint64_t ts = begin(old);

    cr_assert_eq(roster_txn_use_table(old, 5, 10), 0);
    cr_assert_eq(check(10, 5).blockers, 0, "the same version sees the change");
    cr_assert_eq(check(9, 5).blockers, 0);
    cr_assert_eq(check(11, 6).blockers, 0, "another table");
    verdict = check(11, 5);
    cr_assert_eq(verdict.blockers, 1);
    cr_assert_eq(verdict.session_id, roster_session_id(old));
    cr_assert_eq(verdict.start_ts, ts);
    cr_assert_eq(verdict.table_id, 5);
    cr_assert_eq(verdict.version, 10);
    cr_assert_eq(roster_txn_finish(old), 0);
    verdict = check(11, 5);
    cr_assert(verdict.blockers == 0 && verdict.session_id == 0 && verdict.start_ts == 0 &&
              verdict.table_id == 0 && verdict.version == 0);
    begin(old);
    cr_assert_eq(check(11, 5).blockers, 0, "the next transaction has used nothing yet");
}

/* As two that follow each other where the clock has not moved. */
Test(schema_check, the_next_transaction_at_the_same_timestamp_has_used_nothing)
{
    struct roster_snapshot *snapshot;
    uint64_t ts = begin(old);

    cr_assert_eq(roster_txn_use_table(old, 5, 10), 0);
    cr_assert_eq(check(11, 5).blockers, 1);
    cr_assert_eq(roster_txn_finish(old), 0);
    cr_assert_eq(roster_txn_begin_at(old, ts), 0);
    cr_assert_eq(check(11, 5).blockers, 0);
    cr_assert_eq(roster_snapshot(roster, &snapshot), 0);
    for (size_t i = 0; i < snapshot->count; i++)
        cr_assert(!snapshot->entries[i].tables || !*snapshot->entries[i].tables);
    roster_snapshot_free(snapshot);
    cr_assert_eq(roster_txn_use_table(old, 5, 11), 0);
    cr_assert_eq(check(11, 5).blockers, 0, "it has used the table as it is now");
    cr_assert_eq(check(12, 5).version, 11);
}

Test(schema_check, the_oldest_blocker_is_named)
{
    struct roster_schema_verdict verdict;
    uint64_t first = begin(old);

    begin(young);
    cr_assert_eq(roster_txn_use_table(young, 5, 3), 0);
    cr_assert_eq(roster_txn_use_table(old, 5, 4), 0);
    verdict = check(10, 5);
    cr_assert_eq(verdict.blockers, 2);
    cr_assert_eq(verdict.session_id, roster_session_id(old));
    cr_assert_eq(verdict.start_ts, first);
    cr_assert_eq(verdict.version, 4);
    cr_assert_eq(roster_txn_finish(old), 0);
    verdict = check(10, 5);
    cr_assert_eq(verdict.blockers, 1);
    cr_assert_eq(verdict.session_id, roster_session_id(young));
}

Test(schema_check, the_first_version_of_each_table_stays)
{
    begin(old);
    for (uint64_t table = 1; table <= 100; table++)
        cr_assert_eq(roster_txn_use_table(old, table, table), 0);
    for (uint64_t table = 1; table <= 100; table++)
        cr_assert_eq(roster_txn_use_table(old, table, 1000), 0);
    for (uint64_t table = 1; table <= 100; table++) {
        cr_assert_eq(check(table, table).blockers, 0);
        cr_assert_eq(check(table + 1, table).version, table);
    }
    cr_assert_eq(check(1001, 101).blockers, 0);
}

Test(schema_check, only_pinning_users_block)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *internal = operate_open(roster, ROSTER_SESSION_INTERNAL, NULL);
    struct roster_session *loose;

    attr.flags = ROSTER_SESSION_NON_PINNING;
    cr_assert_eq(roster_session_open(roster, &attr, &loose), 0);
    begin(internal);
    begin(loose);
    cr_assert_eq(roster_txn_use_table(internal, 5, 1), 0);
    cr_assert_eq(roster_txn_use_table(loose, 5, 1), 0);
    cr_assert_eq(check(2, 5).blockers, 0);
    unit_close(internal);
    unit_close(loose);
}

Test(schema_check, each_job_has_its_own_verdict)
{
    const uint64_t five[] = {5}, six[] = {6, 7};
    const struct roster_schema_job jobs[] = {{1, 10, five, 1}, {2, 10, six, 2}, {3, 10, NULL, 0}};
    struct roster_schema_verdict verdicts[3];

    begin(old);
    cr_assert_eq(roster_txn_use_table(old, 7, 9), 0);
    cr_assert_eq(roster_schema_check(roster, jobs, 3, verdicts), 0);
    cr_assert(verdicts[0].job_id == 1 && verdicts[0].blockers == 0);
    cr_assert(verdicts[1].job_id == 2 && verdicts[1].blockers == 1 && verdicts[1].table_id == 7);
    cr_assert(verdicts[2].job_id == 3 && verdicts[2].blockers == 0, "a job without tables");
    cr_assert_eq(roster_schema_check(roster, jobs, 0, verdicts), 0);
}

Test(schema_check, arguments_are_checked)
{
    const struct roster_schema_job job = {1, 10, NULL, 1};
    struct roster_schema_verdict verdict;

    cr_assert_eq(roster_schema_check(NULL, &job, 1, &verdict), -EINVAL);
    cr_assert_eq(roster_schema_check(roster, NULL, 1, &verdict), -EINVAL);
    cr_assert_eq(roster_schema_check(roster, &job, 1, NULL), -EINVAL);
    cr_assert_eq(roster_schema_check(roster, &job, 1, &verdict), -EINVAL);
    cr_assert_eq(roster_txn_use_table(NULL, 1, 1), -EINVAL);
    cr_assert_eq(roster_txn_use_table(old, 1, 1), -EINVAL, "no transaction");
    cr_assert_eq(roster_txn_prepare(old), 0);
    cr_assert_eq(roster_txn_use_table(old, 1, 1), -EINVAL, "a pending one");
    cr_assert_eq(roster_txn_finish(old), 0);
    begin(old);
    unit_in_child(roster_txn_use_table(old, 1, 1) == -ECHILD &&
                  roster_schema_check(roster, &job, 0, &verdict) == -ECHILD);
    unit_close(old);
    cr_assert_eq(roster_txn_use_table(old, 1, 1), -EBADF);
    old = operate_open(roster, ROSTER_SESSION_USER, NULL);
}

#define OWNERS 3
#define CHANGES 300

static uint64_t version = 1;
static uint64_t uses[OWNERS]; /* the version that each uses the table at; 0: it does not */
static uint64_t used;
static uint32_t stop;

static void *use_the_table(void *arg)
{
    uint64_t *mine = arg;
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        uint64_t seen = __atomic_load_n(&version, __ATOMIC_RELAXED);

        cr_expect_eq(roster_txn_begin(session, NULL), 0);
        cr_expect_eq(roster_txn_use_table(session, 5, seen), 0);
        if (__atomic_load_n(&version, __ATOMIC_RELAXED) == seen) {
            __atomic_store_n(mine, seen, __ATOMIC_RELAXED);
            __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
            sched_yield();
            __atomic_store_n(mine, 0, __ATOMIC_RELAXED);
        }
        cr_expect_eq(roster_txn_finish(session), 0);
    }
    unit_close(session);
    return NULL;
}

/* What a check lets go ahead, no thread uses any more as it was. */
Test(schema_check, a_change_that_is_not_blocked_is_seen_by_everyone)
{
    struct roster_options with_clock = ROSTER_OPTIONS_INIT;
    struct roster *mine = roster;
    pthread_t threads[OWNERS];
    unsigned early = 0, waited = 0;

    cr_assert_eq(roster_create(&with_clock, &roster), 0);
    for (int i = 0; i < OWNERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, use_the_table, &uses[i]), 0);
    for (int change = 0; change < CHANGES || (!waited && change < 1000000); change++) {
        uint64_t now = __atomic_add_fetch(&version, 1, __ATOMIC_RELAXED);

        while (check(now, 5).blockers) {
            waited++;
            sched_yield();
        }
        for (int look = 0; look < 10; look++)
            for (int i = 0; i < OWNERS; i++) {
                uint64_t at = __atomic_load_n(&uses[i], __ATOMIC_RELAXED);

                early += at && at < now;
            }
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < OWNERS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(early, 0, "%u times a change went ahead too early", early);
    cr_assert_gt(used, 0);
    cr_assert_gt(waited, 0, "nothing was ever in the way, so this test has seen nothing");
    unit_destroy(roster);
    roster = mine;
}
