/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Conformance of every kind of store: transactions. */

#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool condition_holds(struct roster_store *store, struct roster_store_compare compare)
{
    struct roster_store_txn txn = {.compares = &compare, .n_compares = 1};
    struct roster_store_txn_result *result = NULL;
    int err = roster_store_txn(store, &txn, 20000, &result);
    bool holds;

    cr_assert_eq(err, 0, "a compare failed: %d", err);
    holds = result->succeeded;
    roster_store_free(result);
    return holds;
}

static void expect_relations(struct roster_store *store, const char *key,
                             enum roster_store_target target, int64_t is)
{
    for (int64_t expected = is > 0 ? is - 1 : 0; expected <= is + 1; expected++) {
        const bool wanted[] = {is == expected, is != expected, is<expected, is> expected};

        for (int relation = 0; relation < 4; relation++)
            cr_expect_eq(
                condition_holds(store,
                                roster_store_if(text(key), target,
                                                (enum roster_store_relation)relation, expected)),
                wanted[relation], "%s: target %d, relation %d, %d against %d", key, (int)target,
                relation, (int)is, (int)expected);
    }
}

STORE_TEST(numbers_of_keys_are_compared)
{
    int64_t created = put_text(f->store, "key", "one");
    int64_t lease = grant_lease(f->store, 60000);
    int64_t changed = put_leased(f->store, "key", "two", lease);

    expect_relations(f->store, "key", ROSTER_STORE_VERSION, 2);
    expect_relations(f->store, "key", ROSTER_STORE_CREATE_REVISION, created);
    expect_relations(f->store, "key", ROSTER_STORE_MOD_REVISION, changed);
    expect_relations(f->store, "key", ROSTER_STORE_LEASE, lease);
    for (int target = ROSTER_STORE_VERSION; target <= ROSTER_STORE_LEASE; target++)
        expect_relations(f->store, "missing", (enum roster_store_target)target, 0);
}

STORE_TEST(values_are_compared_bytewise)
{
    static const char *const values[] = {"", "l", "m", "m\x7f", "m\x80", "mm", "n"};
    struct roster_store_compare compare = roster_store_if_value(text("key"), text("m"));

    for (int relation = 0; relation < 4; relation++) {
        compare.relation = (enum roster_store_relation)relation;
        cr_expect(!condition_holds(f->store, compare), "a missing key has no value, relation %d",
                  relation);
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        int order = strcmp(values[i], "m");
        const bool wanted[] = {order == 0, order != 0, order<0, order> 0};

        put_text(f->store, "key", values[i]);
        for (int relation = 0; relation < 4; relation++) {
            compare.relation = (enum roster_store_relation)relation;
            cr_expect_eq(condition_holds(f->store, compare), wanted[relation],
                         "value %zu, relation %d", i, relation);
        }
    }
    put_text(f->store, "key", "");
    cr_expect(condition_holds(f->store, roster_store_if_value(text("key"), text(""))));
    cr_expect(!condition_holds(f->store, roster_store_if_value(text("missing"), text(""))));
}

STORE_TEST(all_compares_must_hold)
{
    struct roster_store_compare compares[] = {
        roster_store_if_absent(text("missing")),
        roster_store_if_value(text("key"), text("value")),
        roster_store_if_absent(text("other")),
    };
    struct roster_store_txn txn = {.compares = compares, .n_compares = 3};
    struct roster_store_txn_result *result = NULL;

    put_text(f->store, "key", "value");
    for (size_t wrong = 0; wrong < 4; wrong++) {
        if (wrong < 3)
            compares[wrong].relation = ROSTER_STORE_NOT_EQUAL;
        cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
        cr_expect_eq(result->succeeded, wrong == 3, "compare %zu was ignored", wrong);
        roster_store_free(result);
        if (wrong < 3)
            compares[wrong].relation = ROSTER_STORE_EQUAL;
    }
}

STORE_TEST(operations_run_in_order_and_share_a_revision)
{
    struct roster_store_keys new = roster_store_prefix(text("new/"));
    struct roster_store_op ops[] = {
        roster_store_read(roster_store_prefix(text("")), 0),
        roster_store_put(text("new/1"), text("one"), 0),
        roster_store_delete(roster_store_prefix(text("old/"))),
        roster_store_put(text("new/2"), text("two"), 0),
        roster_store_read(roster_store_prefix(text("")), 0),
        roster_store_delete(roster_store_key(text("missing"))),
    };
    struct roster_store_txn txn = {.success = ops, .n_success = 6};
    struct roster_store_txn_result *result = NULL;
    struct roster_store_range *range = NULL;
    int64_t before;

    put_text(f->store, "old/1", "");
    before = put_text(f->store, "old/2", "");
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
    cr_assert_eq(result->count, 6);
    cr_expect_eq(result->revision, before + 1);
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(result->results[i].type, ops[i].type);
    cr_assert_eq(result->results[0].range.count, 2);
    cr_expect(bytes_are(result->results[0].range.kvs[0].key, "old/1"));
    cr_expect_eq(result->results[2].deleted, 2);
    cr_assert_eq(result->results[4].range.count, 2, "operations see those before them");
    cr_expect(bytes_are(result->results[4].range.kvs[1].key, "new/2"));
    cr_expect_eq(result->results[4].range.kvs[1].mod_revision, before + 1);
    cr_expect_eq(result->results[4].range.revision, before + 1);
    cr_expect_eq(result->results[5].deleted, 0);
    roster_store_free(result);
    cr_assert_eq(roster_store_get(f->store, &new, 0, 20000, &range), 0);
    for (size_t i = 0; i < range->count; i++)
        cr_expect_eq(range->kvs[i].mod_revision, before + 1);
    roster_store_free(range);
}

STORE_TEST(a_compare_that_fails_runs_the_other_list)
{
    struct roster_store_compare absent = roster_store_if_absent(text("leader"));
    struct roster_store_op take = roster_store_put(text("leader"), text("me"), 0);
    struct roster_store_op look = roster_store_read(roster_store_key(text("leader")), 0);
    struct roster_store_txn txn = {.compares = &absent,
                                   .n_compares = 1,
                                   .success = &take,
                                   .n_success = 1,
                                   .failure = &look,
                                   .n_failure = 1};
    struct roster_store_txn_result *result = NULL;
    int64_t revision;

    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
    cr_expect(result->succeeded);
    cr_assert_eq(result->count, 1);
    cr_expect_eq(result->results[0].type, ROSTER_STORE_PUT);
    revision = result->revision;
    roster_store_free(result);
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, &result), 0);
    cr_expect(!result->succeeded);
    cr_assert_eq(result->count, 1);
    cr_assert_eq(result->results[0].type, ROSTER_STORE_GET);
    cr_assert_eq(result->results[0].range.count, 1);
    cr_expect_eq(result->results[0].range.kvs[0].mod_revision, revision);
    cr_expect_eq(result->revision, revision);
    roster_store_free(result);
}

static int run_success(struct roster_store *store, const struct roster_store_op *ops, size_t n)
{
    struct roster_store_txn txn = {.success = ops, .n_success = n};

    return roster_store_txn(store, &txn, 20000, NULL);
}

STORE_TEST(a_key_may_be_changed_once_only)
{
    struct roster_store_op put = roster_store_put(text("a/b"), text(""), 0);
    struct roster_store_op other = roster_store_put(text("a/c"), text(""), 0);
    struct roster_store_op one = roster_store_delete(roster_store_key(text("a/b")));
    struct roster_store_op many = roster_store_delete(roster_store_prefix(text("a/")));
    struct roster_store_op rest = roster_store_delete(roster_store_prefix(text("b/")));

    cr_expect_eq(run_success(f->store, (struct roster_store_op[]){put, other, put}, 3), -EINVAL);
    cr_expect_eq(run_success(f->store, (struct roster_store_op[]){put, one}, 2), -EINVAL);
    cr_expect_eq(run_success(f->store, (struct roster_store_op[]){many, put}, 2), -EINVAL);
    cr_expect_eq(run_success(f->store, (struct roster_store_op[]){put, other, rest}, 3), 0);
    cr_expect_eq(run_success(f->store, (struct roster_store_op[]){one, many}, 2), 0);
    cr_expect_eq(count_prefix(f->store, ""), 0);
}

STORE_TEST(transactions_refuse_bad_arguments)
{
    struct roster_store_op good = roster_store_put(text("key"), text(""), 0);
    struct roster_store_op bad[] = {good, good, good, good, good, good};
    struct roster_store_compare compare = roster_store_if_absent(text("key"));
    struct roster_store_txn txn = {.compares = &compare, .n_compares = 1};
    struct roster_store_txn_result *result = (void *)f;

    bad[0].keys.prefix = true;
    bad[1].lease = -1;
    bad[2].type = (enum roster_store_op_type)3;
    bad[3].keys.key.size = 0;
    bad[4].limit = 1;
    bad[5].type = ROSTER_STORE_DELETE;
    bad[5].lease = 1;
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(run_success(f->store, &bad[i], 1), -EINVAL, "operation %zu", i);
    cr_expect_eq(roster_store_txn(NULL, &txn, 0, &result), -EINVAL);
    cr_expect_null(result);
    cr_expect_eq(roster_store_txn(f->store, NULL, 0, &result), -EINVAL);
    compare.number = -1;
    cr_expect_eq(roster_store_txn(f->store, &txn, 0, &result), -EINVAL);
    compare = roster_store_if_absent(text("key"));
    compare.target = (enum roster_store_target)5;
    cr_expect_eq(roster_store_txn(f->store, &txn, 0, &result), -EINVAL);
    compare = roster_store_if_absent(text("key"));
    compare.relation = (enum roster_store_relation)4;
    cr_expect_eq(roster_store_txn(f->store, &txn, 0, &result), -EINVAL);
    compare = roster_store_if_absent(text(""));
    cr_expect_eq(roster_store_txn(f->store, &txn, 0, &result), -EINVAL);
    cr_expect_eq(count_prefix(f->store, ""), 0);
}

STORE_TEST(a_transaction_has_up_to_128_operations)
{
    struct roster_store_op ops[ROSTER_STORE_MAX_OPS + 1];
    char keys[ROSTER_STORE_MAX_OPS + 1][16];

    for (size_t i = 0; i <= ROSTER_STORE_MAX_OPS; i++) {
        snprintf(keys[i], sizeof(keys[i]), "key/%zu", i);
        ops[i] = roster_store_put(text(keys[i]), text("value"), 0);
    }
    cr_expect_eq(run_success(f->store, ops, ROSTER_STORE_MAX_OPS + 1), -EINVAL);
    cr_expect_eq(run_success(f->store, ops, ROSTER_STORE_MAX_OPS), 0);
    cr_expect_eq(count_prefix(f->store, "key/"), ROSTER_STORE_MAX_OPS);
}

#define THREADS 4
#define INCREMENTS 40

static int64_t number_in(struct roster_store_bytes value)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%.*s", (int)value.size, (const char *)value.data);
    return strtoll(digits, NULL, 10);
}

/* Compare and swap on the value, on the mod revision with odd numbers. */
static bool increment(struct roster_store *store)
{
    struct roster_store_range *now = get_key(store, "counter");
    int64_t n = number_in(now->kvs[0].value);
    char value[32];
    struct roster_store_compare compare =
        n % 2 == 0 ? roster_store_if_value(text("counter"), now->kvs[0].value)
                   : roster_store_if(text("counter"), ROSTER_STORE_MOD_REVISION, ROSTER_STORE_EQUAL,
                                     now->kvs[0].mod_revision);
    struct roster_store_op put = roster_store_put(text("counter"), text(value), 0);
    struct roster_store_txn txn = {
        .compares = &compare, .n_compares = 1, .success = &put, .n_success = 1};
    struct roster_store_txn_result *result = NULL;
    bool won;

    snprintf(value, sizeof(value), "%lld", (long long)(n + 1));
    put.value = text(value);
    if (roster_store_txn(store, &txn, 20000, &result) != 0)
        abort();
    won = result->succeeded;
    roster_store_free(result);
    roster_store_free(now);
    return won;
}

static void *increment_often(void *store)
{
    for (int i = 0; i < INCREMENTS; i++)
        while (!increment(store))
            ;
    return NULL;
}

STORE_TEST(no_update_is_lost_between_threads)
{
    pthread_t threads[THREADS];
    struct roster_store *other = store_fixture_other(f);
    struct roster_store_range *range;

    put_text(f->store, "counter", "0");
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, increment_often, i % 2 == 0 ? f->store : other), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    range = get_key(f->store, "counter");
    cr_expect_eq(number_in(range->kvs[0].value), THREADS * INCREMENTS);
    cr_expect_eq(range->kvs[0].version, THREADS * INCREMENTS + 1);
    roster_store_free(range);
    store_fixture_close_other(f, other);
}
