/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* G8 with a real lease: a server that lost it, or may have, knows, and what comes afterwards. */

#include "config.h"

#include "../server.h"
#include "store/base/clock.h"

#include <errno.h>
#include <string.h>
#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

#define INFO "/roster/server/info/a"
#define RECORD "/roster/server/minstartts/a"
#define TXN "/roster/safepoint/txn"

/* Whatever else happens, the check fails before the lease can have ended. */
STORE_TEST(g8_the_syncer_is_not_run_and_the_check_fails_before_the_lease_ends)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;
    int64_t deadline, before;

    /* Time to look at the record between the fence and the lease's end, even if the test stalls. */
    options.ttl_ms = 6000;
    options.margin_ms = 5000;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    deadline = server_stats(&server).deadline_ns;
    cr_assert_leq(deadline, rst_store_boottime_ns() + INT64_C(1000) * STORE_NS_PER_MS);
    for (;;) {
        before = rst_store_boottime_ns();
        if (roster_txn_check(server.session) != 0)
            break;
        cr_assert_lt(before, deadline, "a check that began past the deadline succeeded");
        sleep_ms(1);
    }
    cr_assert_geq(rst_store_boottime_ns(), deadline);
    cr_assert(key_exists(f->store, RECORD), "the fence came too late: the record is gone");
    cr_assert_eq(server_stats(&server).state, ROSTER_SYNCER_LIVE, "it is not fenced yet");
    roster_txn_finish(server.session);
    server_destroy(&server);
}

STORE_TEST(a_lease_that_turns_out_to_be_alive_is_resumed_and_nothing_is_lost)
{
    struct roster_syncer_options options = server_options("a");
    struct roster_syncer_stats stats;
    struct server server;
    int64_t lease;

    options.ttl_ms = 3000;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    lease = server_stats(&server).lease;
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    while (roster_txn_check(server.session) == 0)
        sleep_ms(1);
    server_until_live(&server, 2);
    stats = server_stats(&server);
    /* The margin may have been too short for this machine today; then it is a new lease. */
    if (stats.lease == lease) {
        cr_assert_eq(stats.fences, stats.resumptions);
        cr_assert_eq(stats.registrations, 1);
    }
    cr_assert_eq(roster_txn_check(server.session), 0, "no safe point has passed it");
    roster_txn_finish(server.session);
    server_destroy(&server);
}

STORE_TEST(g8_a_lost_lease_is_noticed_and_what_no_safe_point_passed_goes_on)
{
    struct server server;
    int reason = 0;
    uint64_t ts;

    server_join_threaded(&server, f, "a");
    cr_assert_eq(roster_txn_begin(server.session, &ts), 0);
    cr_assert_eq(roster_store_lease_revoke(f->store, server_stats(&server).lease, 5000), 0);
    server_until_live(&server, 2);
    cr_assert_eq(server_stats(&server).registrations, 2);
    cr_assert_eq(server_changes_to(&server, ROSTER_SYNCER_FENCED, &reason), 1);
    cr_assert_eq(reason, -EKEYEXPIRED);
    cr_assert_eq(stored_number(f->store, RECORD), ts, "its minimum is the open transaction");
    cr_assert_eq(roster_txn_check(server.session), 0);
    roster_txn_finish(server.session);
    server_destroy(&server);
}

STORE_TEST(g8_what_a_safe_point_passed_meanwhile_is_lost_for_good)
{
    struct roster_session *young;
    struct server server;
    uint64_t lost, kept;

    server_join(&server, f, "a");
    cr_assert_eq(roster_session_open(server.roster, NULL, &young), 0);
    cr_assert_eq(roster_txn_begin(server.session, &lost), 0);
    server_next_tick(&server);
    cr_assert_eq(roster_txn_begin(young, &kept), 0);
    cr_assert_eq(roster_store_lease_revoke(f->store, server_stats(&server).lease, 5000), 0);
    put_number(f->store, TXN, lost + 1);
    server_until_live(&server, 2);
    cr_assert_eq(roster_txn_check(server.session), -ESTALE, "passed by the safe point");
    cr_assert_eq(roster_txn_check(young), 0);
    cr_assert_eq(stored_number(f->store, RECORD), kept);
    cr_assert_eq(server_stats(&server).expired, 1, "what is lost is counted");
    cr_assert_eq(roster_txn_finish(server.session), 0);
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    cr_assert_eq(roster_txn_check(server.session), 0, "new ones work");
    roster_txn_finish(server.session);
    roster_txn_finish(young);
    cr_assert_eq(roster_session_close(young), 0);
    server_destroy(&server);
}

STORE_TEST(reporter_after_a_lost_lease_the_minimum_is_in_the_new_leases_first_transaction)
{
    struct roster_store_range *info, *record;
    struct server server;
    int64_t before;

    server_join(&server, f, "a");
    before = store_revision(f->store);
    cr_assert_eq(roster_store_lease_revoke(f->store, server_stats(&server).lease, 5000), 0);
    server_until_live(&server, 2);
    info = get_key(f->store, INFO);
    record = get_key(f->store, RECORD);
    cr_assert_gt(info->kvs[0].create_revision, before);
    cr_assert_eq(info->kvs[0].create_revision, record->kvs[0].create_revision);
    cr_assert_eq(info->kvs[0].lease, record->kvs[0].lease);
    roster_store_free(info);
    roster_store_free(record);
    server_destroy(&server);
}

STORE_TEST(reporter_it_backs_off_instead_of_a_tight_loop)
{
    struct roster_syncer_options options = server_options("a");
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct server server;
    uint64_t before;

    options.backoff_min_ms = 50;
    options.backoff_max_ms = 100;
    put_text(f->store, TXN, "garbage");
    server_create(&server, f->store, &options, 0);
    cr_assert_eq(roster_store_stats(f->store, &stats), 0);
    before = stats.calls;
    cr_assert_eq(roster_syncer_start(server.syncer), 0);
    sleep_ms(1000);
    cr_assert_eq(roster_store_stats(f->store, &stats), 0);
    cr_assert_lt(stats.calls - before, 100, "two calls an attempt, an attempt each 25 to 100 ms");
    cr_assert_gt(stats.calls - before, 4, "it does go on trying");
    server_destroy(&server);
}

STORE_TEST(a_record_deleted_by_hand_fences_at_once_and_comes_back)
{
    struct server server;
    int64_t lease;

    server_join_threaded(&server, f, "a");
    lease = server_stats(&server).lease;
    delete_key(f->store, RECORD);
    server_until_live(&server, 2);
    cr_assert_eq(server_stats(&server).fences, 1);
    cr_assert_neq(server_stats(&server).lease, lease);
    cr_assert(key_exists(f->store, RECORD));
    cr_assert(key_exists(f->store, INFO));
    cr_assert_eq(count_prefix(f->store, "/roster/server/info/"), 1);
    server_destroy(&server);
}

STORE_TEST(a_record_overwritten_by_hand_is_noticed_by_the_next_report)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;

    options.interval_ms = 30;
    server_create(&server, f->store, &options, 0);
    cr_assert_eq(roster_syncer_start(server.syncer), 0);
    server_wait_for(&server, ROSTER_SYNCER_LIVE);
    put_number(f->store, RECORD, 1);
    server_wait_for(&server, ROSTER_SYNCER_REFUSED);
    cr_assert_eq(server_stats(&server).fences, 1);
    delete_key(f->store, RECORD);
    server_until_live(&server, 2);
    server_destroy(&server);
}

#ifdef HAVE_SQLITE
/* Holds the file's lock, so that every call of a store on it hangs until its time-out. */
static sqlite3 *lock_file(const struct store_fixture *f)
{
    sqlite3 *db;

    cr_assert_eq(sqlite3_open(strchr(f->url, ':') + 1, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

Test(fence, g8_a_hung_put_does_not_delay_noticing)
{
    struct roster_syncer_options options;
    struct store_fixture f;
    struct server server;
    int64_t deadline;
    sqlite3 *db;

    store_fixture_start(&f, "sqlite", NULL);
    options = server_options("a");
    options.interval_ms = 10;
    options.margin_ms = 58000;
    options.timeout_ms = 30000;
    server_create(&server, f.store, &options, 0);
    cr_assert_eq(roster_syncer_start(server.syncer), 0);
    server_wait_for(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    db = lock_file(&f);
    deadline = server_stats(&server).deadline_ns;
    server_wait_for(&server, ROSTER_SYNCER_FENCED);
    cr_assert_geq(rst_store_boottime_ns(), deadline);
    cr_assert_lt(rst_store_boottime_ns(), deadline + 10 * STORE_NS_PER_S,
                 "puts hang for thirty seconds, and it waited for ten");
    cr_assert_eq(roster_txn_check(server.session), -ESTALE);
    cr_assert_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    server_wait_for(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_txn_check(server.session), 0);
    roster_txn_finish(server.session);
    server_destroy(&server);
    store_fixture_stop(&f);
}
#endif
