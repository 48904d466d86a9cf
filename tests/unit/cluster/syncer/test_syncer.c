/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The syncer: what it writes, and when it refuses to. Tests named reporter_* are the rules of
 * TiDB's reporter and where Roster departs from them.
 */

#include "../server.h"
#include "store/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <roster/timestamp.h>

#define INFO "/roster/server/info/a"
#define RECORD "/roster/server/minstartts/a"
#define HOLDER "/roster/server/holder/a"
#define SEEN "/roster/server/seen/a"
#define TXN "/roster/safepoint/txn"

static uint64_t get_number(struct roster_store *store, const char *key)
{
    uint64_t number = stored_number(store, key);

    cr_assert_neq(number, 0, "%s is missing or no number", key);
    return number;
}

static int64_t lease_of(struct roster_store *store, const char *key)
{
    struct roster_store_range *range = get_key(store, key);
    int64_t lease = range->kvs[0].lease;

    roster_store_free(range);
    return lease;
}

static int64_t created_at(struct roster_store *store, const char *key)
{
    struct roster_store_range *range = get_key(store, key);
    int64_t revision = range->kvs[0].create_revision;

    roster_store_free(range);
    return revision;
}

STORE_TEST(info_and_minimum_appear_in_the_first_transaction)
{
    struct server server;

    server_join(&server, f, "a");
    cr_assert_eq(created_at(f->store, INFO), created_at(f->store, RECORD));
    cr_assert_eq(lease_of(f->store, INFO), lease_of(f->store, RECORD));
    cr_assert_neq(lease_of(f->store, RECORD), 0);
    cr_assert_eq(server_stats(&server).lease, lease_of(f->store, RECORD));
    cr_assert(!key_exists(f->store, HOLDER), "nothing holds the minimum");
    server_destroy(&server);
}

STORE_TEST(reporter_a_report_of_what_stands_already_is_one)
{
    struct roster_syncer_stats before, after;
    struct server server;
    uint64_t ts;

    server_join(&server, f, "a");
    cr_assert_eq(roster_txn_begin(server.session, &ts), 0);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    before = server_stats(&server);
    sleep_ms(2);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    after = server_stats(&server);
    cr_assert_eq(after.record, before.record);
    cr_assert_eq(after.reports, before.reports + 1);
    cr_assert_geq(after.reported_ns, before.reported_ns + 2000000);
    cr_assert_eq(roster_txn_finish(server.session), 0);
    server_destroy(&server);
}

/* A log function that takes its time. */
struct slow {
    unsigned calls;
    int64_t called_ns; /* the first of them */
};

static void take_time(enum roster_store_log_level level, const char *line, void *arg)
{
    struct slow *slow = arg;

    (void)level;
    (void)line;
    if (!slow->calls++)
        slow->called_ns = rst_store_boottime_ns();
    sleep_ms(2);
}

static uint64_t slow_now(void)
{
    return roster_ts_compose(UINT64_C(1700000000000), 0);
}

static void create_slow(struct server *server, struct roster_store *store, struct slow *slow)
{
    struct roster_syncer_options options = server_options("a");

    memset(slow, 0, sizeof(*slow));
    options.interval_ms = 20000; /* no report but the one that is looked at */
    options.log = take_time;
    options.log_arg = slow;
    server_create(server, store, &options, slow_now());
}

/* What is said to have happened at this time was not after the log was told. */
static void was_before(struct slow *slow, int64_t at_ns)
{
    cr_assert_neq(at_ns, 0);
    cr_assert_gt(slow->calls, 0u, "the log was not told");
    cr_assert_leq(at_ns, slow->called_ns);
    slow->calls = 0;
}

/* When a report came, or failed, is when it did: not when callbacks returned, which would make a
 * record look younger than what it says. */
STORE_TEST(reporter_times_are_not_those_of_slow_callbacks)
{
    struct server server;
    struct slow slow;

    create_slow(&server, f->store, &slow);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    slow.calls = 0;
    server.now = 0; /* its oracle gives no timestamp */
    cr_assert_neq(roster_syncer_report(server.syncer), 0);
    was_before(&slow, server_stats(&server).reporting.since_ns);
    server.now = slow_now();
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    was_before(&slow, server_stats(&server).reported_ns);
    server_destroy(&server);
}

STORE_TEST(reporter_nor_are_the_times_of_registrations)
{
    struct server server;
    struct slow slow;

    create_slow(&server, f->store, &slow);
    server.now = 0;
    cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
    was_before(&slow, server_stats(&server).joining.since_ns);
    server.now = slow_now();
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    was_before(&slow, server_stats(&server).reported_ns);
    server_destroy(&server);
}

STORE_TEST(reporter_an_idle_server_reports_about_now)
{
    struct server server;
    uint64_t first, now;

    server_join(&server, f, "a");
    first = get_number(f->store, RECORD);
    sleep_ms(60);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    now = get_number(f->store, RECORD);
    cr_assert_gt(now, first);
    cr_assert_lt(roster_ts_physical_ms(now) - roster_ts_physical_ms(first), 20000);
    cr_assert_eq(server_stats(&server).record, now);
    server_destroy(&server);
}

STORE_TEST(reporter_the_minimum_is_the_oldest_transaction_and_its_holder_is_named)
{
    struct roster_store_range *range;
    struct server server;
    char expected[100];
    uint64_t ts;

    server_join(&server, f, "a");
    cr_assert_eq(roster_txn_begin(server.session, &ts), 0);
    server_next_tick(&server);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    cr_assert_eq(get_number(f->store, RECORD), ts);
    snprintf(expected, sizeof(expected),
             "{\"kind\":\"transaction\",\"session\":%" PRIu64 ",\"pin\":0}",
             roster_session_id(server.session));
    range = get_key(f->store, HOLDER);
    cr_assert(bytes_are(range->kvs[0].value, expected), "not %s", expected);
    roster_store_free(range);
    cr_assert_eq(roster_txn_finish(server.session), 0);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    cr_assert_gt(get_number(f->store, RECORD), ts);
    cr_assert(!key_exists(f->store, HOLDER));
    server_destroy(&server);
}

STORE_TEST(reporter_with_prefix_tidb_the_keys_are_tidbs)
{
    static const struct roster_syncer_label labels[] = {{"zone", "z1"}, {"host", "h \"2\""}};
    struct roster_syncer_options options = server_options("6f1e");
    struct roster_store_range *range;
    struct server server;
    json_t *info;

    options.prefix = "/tidb";
    options.version = "5.7.25-Roster";
    options.git_hash = "abc";
    options.ip = "10.0.0.1";
    options.port = 4000;
    options.status_port = 10080;
    options.schema_lease = "45s";
    options.number = 77;
    options.labels = labels;
    options.n_labels = 2;
    options.status_address = "unix:/run/tidb.sock";
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    get_number(f->store, "/tidb/server/minstartts/6f1e");
    range = get_key(f->store, "/tidb/server/info/6f1e");
    info = json_loadb(range->kvs[0].value.data, range->kvs[0].value.size, 0, NULL);
    cr_assert(info != NULL, "no JSON");
    roster_store_free(range);
    cr_assert_str_eq(json_string_value(json_object_get(info, "version")), "5.7.25-Roster");
    cr_assert_str_eq(json_string_value(json_object_get(info, "git_hash")), "abc");
    cr_assert_str_eq(json_string_value(json_object_get(info, "ddl_id")), "6f1e");
    cr_assert_str_eq(json_string_value(json_object_get(info, "ip")), "10.0.0.1");
    cr_assert_eq(json_integer_value(json_object_get(info, "listening_port")), 4000);
    cr_assert_eq(json_integer_value(json_object_get(info, "status_port")), 10080);
    cr_assert_str_eq(json_string_value(json_object_get(info, "lease")), "45s");
    cr_assert_gt(json_integer_value(json_object_get(info, "start_timestamp")), 1600000000);
    cr_assert_eq(json_integer_value(json_object_get(info, "server_id")), 77);
    cr_assert_str_eq(json_string_value(json_object_get(json_object_get(info, "labels"), "host")),
                     "h \"2\"");
    cr_assert_str_eq(json_string_value(json_object_get(info, "status_address")),
                     "unix:/run/tidb.sock");
    cr_assert_eq(json_object_size(info), 11, "and nothing else");
    json_decref(info);
    server_destroy(&server);
}

Test(syncer, reporter_defaults_are_tidbs)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "a"};
    struct roster_store_lease lease;
    struct roster_store *store;
    struct server server;
    uint32_t wait_ms;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    server_create(&server, store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_store_lease_time_to_live(store, server_stats(&server).lease, 1000, &lease),
                 0);
    cr_assert_eq(lease.granted_ms, 90000, "TTL 90 s");
    cr_assert_eq(roster_syncer_run_once(server.syncer, &wait_ms), 0);
    cr_assert_eq(server_stats(&server).reports, 0, "the next report is due after 30 s");
    cr_assert_leq(wait_ms, 1000, "it wants to look at the deadline before");
    server_destroy(&server);
    roster_store_close(store);
}

static int try_options(const struct roster_syncer_options *options)
{
    struct roster_syncer *syncer = NULL;
    struct roster_store *store;
    struct roster *roster;
    int err;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_create(NULL, &roster), 0);
    err = roster_syncer_create(roster, store, options, &syncer);
    roster_syncer_destroy(syncer);
    cr_assert_eq(roster_destroy(roster), 0);
    roster_store_close(store);
    return err;
}

#define TRY(...)                                                                                   \
    try_options(&(struct roster_syncer_options){.size = sizeof(struct roster_syncer_options),      \
                                                __VA_ARGS__})

Test(syncer, reporter_max_wait_is_between_600_s_and_a_year)
{
    cr_assert_eq(TRY(.server_id = "a", .max_age_ms = 599999), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a", .max_age_ms = 600000), 0);
    cr_assert_eq(TRY(.server_id = "a", .max_age_ms = UINT64_C(31536000000)), 0);
    cr_assert_eq(TRY(.server_id = "a", .max_age_ms = UINT64_C(31536000001)), -EINVAL);
}

Test(syncer, options_out_of_range_are_refused)
{
    static const char long_id[] =
        "0123456789012345678901234567890123456789012345678901234567890123"
        "01234567890123456789012345678901234567890123456789012345678901234";

    cr_assert_eq(TRY(.server_id = "a", .interval_ms = 10), 0);
    cr_assert_eq(TRY(.server_id = "a", .interval_ms = 9), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a", .ttl_ms = 99), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a", .ttl_ms = 300, .margin_ms = 200), -EINVAL,
                 "no time is left between keep-alive and fence");
    cr_assert_eq(TRY(.server_id = NULL), -EINVAL);
    cr_assert_eq(TRY(.server_id = ""), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a/b"), -EINVAL);
    cr_assert_eq(TRY(.server_id = long_id), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a", .prefix = "x"), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a", .prefix = "/x/"), -EINVAL);
    cr_assert_eq(TRY(.server_id = "a", .ip = "\xff"), -EINVAL, "no UTF-8");
    cr_assert_eq(TRY(.server_id = "a", .n_labels = 1), -EINVAL);
    cr_assert_eq(roster_syncer_create(NULL, NULL, NULL, NULL), -EINVAL);
}

Test(syncer, a_roster_has_one_syncer)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "a"};
    struct roster_syncer *second = NULL;
    struct roster_store *store;
    struct server server;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    server_create(&server, store, &options, 0);
    cr_assert_eq(roster_syncer_create(server.roster, store, &options, &second), -EBUSY);
    cr_assert_eq(roster_destroy(server.roster), -EBUSY);
    server_destroy(&server);
    roster_store_close(store);
}

STORE_TEST(reporter_an_orderly_stop_removes_the_keys_once_nothing_is_pinned)
{
    struct server server;

    server_join_threaded(&server, f, "a");
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    cr_assert_eq(roster_syncer_stop(server.syncer, 30), -EBUSY);
    cr_assert(key_exists(f->store, RECORD), "a transaction is open");
    cr_assert_eq(roster_txn_check(server.session), 0, "the syncer goes on");
    cr_assert_eq(roster_txn_finish(server.session), 0);
    cr_assert_eq(roster_syncer_stop(server.syncer, 10000), 0);
    cr_assert(!key_exists(f->store, RECORD));
    cr_assert(!key_exists(f->store, INFO));
    cr_assert_eq(roster_txn_begin(server.session, NULL), 0);
    cr_assert_eq(roster_txn_check(server.session), -ESTALE, "a stopped server stays fenced");
    cr_assert_eq(roster_txn_finish(server.session), 0);
    cr_assert_eq(roster_syncer_stop(server.syncer, 0), -EALREADY);
    cr_assert_eq(server_stats(&server).state, ROSTER_SYNCER_STOPPED);
    server_destroy(&server);
}

STORE_TEST(a_second_server_with_the_same_id_is_refused_and_takes_over_when_the_first_is_gone)
{
    struct roster_syncer_options options = server_options("a");
    struct server first, second;
    uint64_t record;

    options.ttl_ms = 3000;
    server_create(&first, f->store, &options, 0);
    cr_assert_eq(roster_syncer_start(first.syncer), 0);
    server_wait_for(&first, ROSTER_SYNCER_LIVE);
    record = get_number(f->store, RECORD);
    server_create(&second, f->store, &options, 0);
    server_run_until(&second, ROSTER_SYNCER_REFUSED);
    cr_assert_eq(server_stats(&second).last_error, -EEXIST);
    cr_assert_geq(server_stats(&second).refusals, 1);
    cr_assert_eq(roster_txn_begin(second.session, NULL), 0);
    cr_assert_eq(roster_txn_check(second.session), -ESTALE, "the refused one is fenced");
    cr_assert_geq(get_number(f->store, RECORD), record);
    cr_assert_eq(lease_of(f->store, RECORD), server_stats(&first).lease);
    cr_assert_eq(server_stats(&first).fences, 0, "the first one does not suffer");
    roster_txn_finish(second.session);
    server_destroy(&first); /* leaves its keys to the lease */
    server_run_until(&second, ROSTER_SYNCER_LIVE);
    cr_assert_eq(lease_of(f->store, RECORD), server_stats(&second).lease);
    server_destroy(&second);
}

STORE_TEST(beginning_below_the_record_lowers_it_first)
{
    int64_t revision;
    struct server server;
    int64_t reported_ns;
    uint64_t ts;

    server_join(&server, f, "a");
    sleep_ms(20);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    ts = get_number(f->store, RECORD) - roster_ts_compose(1000, 0);
    revision = store_revision(f->store);
    reported_ns = server_stats(&server).reported_ns;
    cr_assert_eq(roster_txn_begin_at(server.session, ts), 0);
    cr_assert_eq(get_number(f->store, RECORD), ts);
    cr_assert_eq(server_stats(&server).reported_ns, reported_ns, "it is no report");
    cr_assert_eq(server_stats(&server).lowered, 1);
    cr_assert_eq(roster_txn_check(server.session), 0);
    cr_assert_gt(created_at(f->store, RECORD), 0);
    cr_assert_eq(lease_of(f->store, RECORD), server_stats(&server).lease);
    cr_assert_gt(store_revision(f->store), revision);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    cr_assert_eq(get_number(f->store, RECORD), ts, "a report keeps it while it is pinned");
    roster_txn_finish(server.session);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    cr_assert_gt(get_number(f->store, RECORD), ts);
    server_destroy(&server);
}

STORE_TEST(beginning_below_the_txn_safe_point_is_refused)
{
    char number[32];
    struct server server;
    uint64_t ts;

    server_join(&server, f, "a");
    ts = get_number(f->store, RECORD) - roster_ts_compose(1000, 0);
    snprintf(number, sizeof(number), "%" PRIu64, ts);
    put_text(f->store, TXN, number);
    cr_assert_eq(roster_txn_begin_at(server.session, ts - 1), -ESTALE);
    cr_assert_eq(server_stats(&server).lower_refused, 1);
    cr_assert_gt(get_number(f->store, RECORD), ts);
    cr_assert_eq(roster_txn_begin_at(server.session, ts), 0, "the txn safe point is inclusive");
    cr_assert_eq(get_number(f->store, RECORD), ts);
    roster_txn_finish(server.session);
    server_destroy(&server);
}

static int64_t changed_at(struct roster_store *store, const char *key)
{
    struct roster_store_range *range = get_key(store, key);
    int64_t revision = range->kvs[0].mod_revision;

    roster_store_free(range);
    return revision;
}

STORE_TEST(g2_adding_and_lowering_a_record_write_the_safe_point_again_and_a_report_does_not)
{
    int64_t joined, lowered;
    struct server server;
    uint64_t ts;

    put_text(f->store, TXN, "1000");
    server_join(&server, f, "a");
    joined = changed_at(f->store, TXN);
    cr_assert_eq(joined, created_at(f->store, RECORD), "in the transaction that added the record");
    cr_assert_eq(get_number(f->store, TXN), 1000);
    server_next_tick(&server);
    cr_assert_eq(roster_syncer_report(server.syncer), 0);
    cr_assert_eq(changed_at(f->store, TXN), joined);
    ts = get_number(f->store, RECORD) - roster_ts_compose(500, 0);
    cr_assert_eq(roster_txn_begin_at(server.session, ts), 0);
    lowered = changed_at(f->store, TXN);
    cr_assert_gt(lowered, joined);
    cr_assert_eq(lowered, changed_at(f->store, RECORD));
    roster_txn_finish(server.session);
    server_destroy(&server);
}

static json_t *get_info(struct roster_store *store)
{
    struct roster_store_range *range = get_key(store, INFO);
    json_t *info = json_loadb(range->kvs[0].value.data, range->kvs[0].value.size, 0, NULL);

    roster_store_free(range);
    cr_assert(json_is_object(info));
    return info;
}

STORE_TEST(the_status_address_may_be_set_until_the_server_is_registered)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;
    char most[257];
    json_t *info;

    options.version = "5";
    options.status_address = "127.0.0.1:0";
    server_create(&server, f->store, &options, 0);
    memset(most, 'a', 256);
    most[256] = '\0';
    cr_assert_eq(roster_syncer_set_status_address(NULL, "x"), -EINVAL);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, most), -EINVAL);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, "\xff"), -EINVAL);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, most + 1), 0);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, "127.0.0.1:7"), 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    info = get_info(f->store);
    cr_assert_str_eq(json_string_value(json_object_get(info, "status_address")), "127.0.0.1:7");
    cr_assert_str_eq(json_string_value(json_object_get(info, "version")), "5");
    json_decref(info);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, "x"), -EBUSY);
    server_destroy(&server);
    options.status_address = NULL;
    server_create(&server, f->store, &options, 0);
    cr_assert_eq(roster_syncer_start(server.syncer), 0);
    cr_assert_eq(roster_syncer_set_status_address(server.syncer, "x"), -EBUSY, "it has threads");
    server_destroy(&server);
}

/* Whether its last sign of life names its address and the record that it has now. */
static bool has_signed(struct store_fixture *f)
{
    struct roster_store_range *range = get_key(f->store, SEEN);
    char expected[96];
    size_t length;
    bool has;

    snprintf(expected, sizeof(expected),
             ",\"status_address\":\"127.0.0.1:9\",\"record\":\"%" PRIu64 "\"}",
             get_number(f->store, RECORD));
    length = strlen(expected);
    has = range->count && range->kvs[0].value.size > length &&
          !memcmp((const char *)range->kvs[0].value.data + range->kvs[0].value.size - length,
                  expected, length);
    roster_store_free(range);
    return has;
}

/* What it has written under its lease goes with that; one key stays, for an hour at most. */
STORE_TEST(a_server_that_is_not_stopped_leaves_its_last_sign_of_life)
{
    struct roster_syncer_options options = server_options("a");
    struct roster_store_lease lease;
    struct server server;
    int n;

    options.status_address = "127.0.0.1:9";
    options.keep_alive_ms = 1;
    options.interval_ms = 10;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    for (n = 0; n < 1000 && !has_signed(f); n++) {
        cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
        sleep_ms(5);
    }
    cr_assert(has_signed(f));
    cr_assert_neq(lease_of(f->store, SEEN), lease_of(f->store, RECORD));
    cr_assert_eq(roster_store_lease_time_to_live(f->store, lease_of(f->store, SEEN), 1000, &lease),
                 0);
    cr_assert_eq(lease.granted_ms, 3600000);
    cr_assert_eq(roster_store_lease_revoke(f->store, lease_of(f->store, RECORD), 1000), 0);
    server_destroy(&server);
    cr_assert(!key_exists(f->store, INFO));
    cr_assert(key_exists(f->store, SEEN));
    server_join(&server, f, "a");
    cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
    cr_assert_eq(roster_syncer_stop(server.syncer, 1000), 0);
    cr_assert(!key_exists(f->store, SEEN), "it was stopped");
    server_destroy(&server);
}

/* Its lease was taken away, or a backup of the store was restored: it writes under another one. */
STORE_TEST(a_sign_of_life_whose_lease_is_gone_is_written_again)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;
    int n;

    options.keep_alive_ms = 1;
    options.interval_ms = 10;
    server_create(&server, f->store, &options, 0);
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
    cr_assert_eq(roster_store_lease_revoke(f->store, lease_of(f->store, SEEN), 1000), 0);
    for (n = 0; n < 1000 && !key_exists(f->store, SEEN); n++) {
        cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
        sleep_ms(5);
    }
    cr_assert(key_exists(f->store, SEEN));
    cr_assert_eq(server_stats(&server).state, ROSTER_SYNCER_LIVE);
    cr_assert_eq(server_stats(&server).fences, 0u);
    server_destroy(&server);
}

STORE_TEST(garbage_in_the_safe_point_keeps_a_server_out)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;

    put_text(f->store, TXN, "12x");
    server_create(&server, f->store, &options, 0);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(roster_syncer_run_once(server.syncer, NULL), 0);
        sleep_ms(5);
    }
    cr_assert_eq(server_stats(&server).state, ROSTER_SYNCER_JOINING);
    cr_assert_eq(server_stats(&server).last_error, -EBADMSG);
    cr_assert(!key_exists(f->store, RECORD));
    put_text(f->store, TXN, "12");
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    server_destroy(&server);
}

STORE_TEST(g2_a_server_whose_oracle_is_behind_the_safe_point_stays_out_until_it_has_caught_up)
{
    struct roster_syncer_options options = server_options("a");
    struct server server;

    put_text(f->store, TXN, "5000000");
    server_create(&server, f->store, &options, 4000000);
    server_run_until(&server, ROSTER_SYNCER_BEHIND);
    cr_assert(!key_exists(f->store, RECORD));
    server.now = 5000000;
    server_run_until(&server, ROSTER_SYNCER_LIVE);
    cr_assert_eq(get_number(f->store, RECORD), 5000000);
    server_destroy(&server);
}

STORE_TEST(changes_of_state_are_told_in_order)
{
    struct server server;

    server_join_threaded(&server, f, "a");
    delete_key(f->store, RECORD);
    server_until_live(&server, 2);
    cr_assert_eq(roster_syncer_stop(server.syncer, 1000), 0);
    cr_assert_geq(server.n_changes, 4);
    for (size_t i = 1; i < server.n_changes; i++)
        cr_assert_eq(server.changes[i].before, server.changes[i - 1].after);
    cr_assert_eq(server.changes[0].before, ROSTER_SYNCER_JOINING);
    cr_assert_eq(server.changes[0].after, ROSTER_SYNCER_LIVE);
    cr_assert_eq(server.changes[1].after, ROSTER_SYNCER_FENCED);
    cr_assert_eq(server.changes[1].reason, -EKEYEXPIRED);
    cr_assert_eq(server.changes[server.n_changes - 1].after, ROSTER_SYNCER_STOPPED);
    server_destroy(&server);
}
