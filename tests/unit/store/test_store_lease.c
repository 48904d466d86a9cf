/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Conformance of every kind of store: leases. */

#include "core/base/clock.h"
#include "store_fixture.h"

#include <errno.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)

static int64_t boottime_ns(void)
{
    return (int64_t)rst_clock_ns(CLOCK_BOOTTIME);
}

STORE_TEST(a_lease_is_described)
{
    int64_t before = boottime_ns(), after;
    struct roster_store_lease granted, kept, seen;

    cr_assert_eq(roster_store_lease_grant(f->store, 30000, 20000, &granted), 0);
    after = boottime_ns();
    cr_expect_gt(granted.id, 0);
    cr_expect_geq(granted.granted_ms, 30000);
    cr_expect_geq(granted.ttl_ms, 30000);
    cr_expect(granted.asked_at_ns >= before && granted.asked_at_ns <= after);

    cr_assert_eq(roster_store_lease_keep_alive(f->store, granted.id, 20000, &kept), 0);
    cr_expect_eq(kept.id, granted.id);
    cr_expect_geq(kept.ttl_ms, 30000);
    cr_expect_geq(kept.asked_at_ns, after);

    cr_assert_eq(roster_store_lease_time_to_live(f->store, granted.id, 20000, &seen), 0);
    cr_expect_eq(seen.id, granted.id);
    cr_expect_eq(seen.granted_ms, granted.granted_ms);
    cr_expect(seen.ttl_ms > 20000 && seen.ttl_ms <= seen.granted_ms);
    cr_expect_neq(grant_lease(f->store, 30000), granted.id);
}

STORE_TEST(a_lease_that_is_gone_is_told_as_such)
{
    int64_t id = grant_lease(f->store, 30000);
    struct roster_store_lease lease;
    struct roster_store_op put = roster_store_put(text("key"), text("value"), id);
    struct roster_store_txn txn = {.success = &put, .n_success = 1};

    cr_assert_eq(roster_store_lease_revoke(f->store, id, 20000), 0);
    cr_expect_eq(roster_store_lease_revoke(f->store, id, 20000), -EKEYEXPIRED);
    cr_expect_eq(roster_store_lease_keep_alive(f->store, id, 20000, &lease), -EKEYEXPIRED);
    cr_expect_eq(roster_store_lease_time_to_live(f->store, id, 20000, &lease), -EKEYEXPIRED);
    cr_expect_eq(roster_store_txn(f->store, &txn, 20000, NULL), -EKEYEXPIRED);
    cr_expect(!key_exists(f->store, "key"));
}

STORE_TEST(a_transaction_under_a_dead_lease_changes_nothing)
{
    int64_t id = grant_lease(f->store, 30000);
    int64_t before = put_text(f->store, "old", "value");
    struct roster_store_op ops[] = {
        roster_store_put(text("first"), text("value"), 0),
        roster_store_delete(roster_store_key(text("old"))),
        roster_store_put(text("second"), text("value"), id),
    };
    struct roster_store_txn txn = {.success = ops, .n_success = 3};

    cr_assert_eq(roster_store_lease_revoke(f->store, id, 20000), 0);
    cr_expect_eq(roster_store_txn(f->store, &txn, 20000, NULL), -EKEYEXPIRED);
    cr_expect(!key_exists(f->store, "first"));
    cr_expect(key_exists(f->store, "old"));
    cr_expect_eq(store_revision(f->store), before);
}

STORE_TEST(revoking_a_lease_deletes_its_keys_at_one_revision)
{
    int64_t id = grant_lease(f->store, 30000), other = grant_lease(f->store, 30000), before;
    struct roster_store_range *range;

    put_leased(f->store, "mine/1", "value", id);
    put_leased(f->store, "mine/2", "value", id);
    put_leased(f->store, "theirs", "value", other);
    before = put_text(f->store, "free", "value");
    range = get_key(f->store, "mine/1");
    cr_expect_eq(range->kvs[0].lease, id);
    roster_store_free(range);
    cr_assert_eq(roster_store_lease_revoke(f->store, id, 20000), 0);
    cr_expect_eq(count_prefix(f->store, "mine/"), 0);
    cr_expect_eq(count_prefix(f->store, ""), 2);
    cr_expect_eq(store_revision(f->store), before + 1);
}

STORE_TEST(a_key_hangs_on_the_lease_of_its_last_put)
{
    int64_t first = grant_lease(f->store, 30000), second = grant_lease(f->store, 30000);
    struct roster_store_range *range;

    put_leased(f->store, "moved", "value", first);
    put_leased(f->store, "moved", "value", second);
    put_leased(f->store, "freed", "value", first);
    put_text(f->store, "freed", "value");
    range = get_key(f->store, "freed");
    cr_expect_eq(range->kvs[0].lease, 0);
    roster_store_free(range);
    cr_assert_eq(roster_store_lease_revoke(f->store, first, 20000), 0);
    cr_expect_eq(count_prefix(f->store, ""), 2);
    cr_assert_eq(roster_store_lease_revoke(f->store, second, 20000), 0);
    cr_expect(key_exists(f->store, "freed"));
    cr_expect(!key_exists(f->store, "moved"));
}

STORE_TEST(a_lease_that_is_not_kept_alive_runs_out)
{
    struct roster_store_lease lease;
    int64_t gone;

    cr_assert_eq(roster_store_lease_grant(f->store, 1500, 20000, &lease), 0);
    put_leased(f->store, "key", "value", lease.id);
    cr_expect(key_vanishes(f->store, "key"));
    gone = boottime_ns();
    cr_expect_geq(gone - lease.asked_at_ns, lease.ttl_ms * NS_PER_MS, "it ran out too early");
    cr_expect_eq(roster_store_lease_keep_alive(f->store, lease.id, 20000, &lease), -EKEYEXPIRED);
}

STORE_TEST(keeping_a_lease_alive_keeps_it)
{
    struct roster_store_lease lease;
    int64_t end;

    cr_assert_eq(roster_store_lease_grant(f->store, 1000, 20000, &lease), 0);
    put_leased(f->store, "key", "value", lease.id);
    end = lease.asked_at_ns + 3 * lease.granted_ms * NS_PER_MS;
    while (boottime_ns() < end) {
        cr_assert_eq(roster_store_lease_keep_alive(f->store, lease.id, 20000, &lease), 0);
        cr_assert(key_exists(f->store, "key"));
        sleep_ms(100);
    }
    cr_assert_eq(roster_store_lease_revoke(f->store, lease.id, 20000), 0);
}

STORE_TEST(leases_refuse_bad_arguments)
{
    struct roster_store_lease lease;

    cr_expect_eq(roster_store_lease_grant(f->store, 0, 20000, &lease), -EINVAL);
    cr_expect_eq(roster_store_lease_grant(f->store, -1, 20000, &lease), -EINVAL);
    cr_expect_eq(roster_store_lease_grant(f->store, ROSTER_STORE_MAX_TTL_MS + 1, 20000, &lease),
                 -EINVAL);
    cr_expect_eq(roster_store_lease_grant(f->store, 1000, 20000, NULL), -EINVAL);
    cr_expect_eq(roster_store_lease_grant(NULL, 1000, 20000, &lease), -EINVAL);
    cr_expect_eq(roster_store_lease_keep_alive(f->store, 0, 20000, &lease), -EINVAL);
    cr_expect_eq(roster_store_lease_keep_alive(f->store, 1, 20000, NULL), -EINVAL);
    cr_expect_eq(roster_store_lease_time_to_live(f->store, -7, 20000, &lease), -EINVAL);
    cr_expect_eq(roster_store_lease_revoke(f->store, 0, 20000), -EINVAL);
    cr_expect_eq(roster_store_lease_revoke(NULL, 1, 20000), -EINVAL);
    cr_expect_eq(roster_store_lease_grant(f->store, ROSTER_STORE_MAX_TTL_MS, 20000, &lease), 0);
}

/* What a leader lease needs: only one of many can create the key, and only once. */
STORE_TEST(a_lease_elects_one_leader)
{
    int64_t first = grant_lease(f->store, 30000), second = grant_lease(f->store, 30000);
    struct roster_store_compare absent = roster_store_if_absent(text("leader"));
    struct roster_store_op take = roster_store_put(text("leader"), text("first"), first);
    struct roster_store_txn txn = {
        .compares = &absent, .n_compares = 1, .success = &take, .n_success = 1};
    struct roster_store_compare mine;
    struct roster_store_op work = roster_store_put(text("safe"), text("1"), 0);
    struct roster_store_txn guarded = {
        .compares = &mine, .n_compares = 1, .success = &work, .n_success = 1};
    struct roster_store_txn_result *result = NULL;

    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
    cr_expect(result->succeeded);
    mine = roster_store_if(text("leader"), ROSTER_STORE_CREATE_REVISION, ROSTER_STORE_EQUAL,
                           result->revision);
    roster_store_free(result);
    take = roster_store_put(text("leader"), text("second"), second);
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
    cr_expect(!result->succeeded, "two leaders");
    roster_store_free(result);

    cr_assert_eq(roster_store_lease_revoke(f->store, first, 20000), 0);
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
    cr_expect(result->succeeded, "no leader after the first one left");
    roster_store_free(result);
    cr_assert_eq(roster_store_txn(f->store, &guarded, 20000, &result), 0);
    cr_expect(!result->succeeded, "the deposed leader still writes");
    roster_store_free(result);
}
