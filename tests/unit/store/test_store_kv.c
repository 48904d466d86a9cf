/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Conformance of every kind of store: keys, ranges and revisions. */

#include "store_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

STORE_TEST(a_missing_key_is_no_error)
{
    struct roster_store_keys keys = roster_store_key(text("missing"));
    struct roster_store_range *range = NULL;

    cr_assert_eq(roster_store_get(f->store, &keys, 0, 20000, &range), 0);
    cr_expect_eq(range->count, 0);
    cr_expect(!range->more);
    cr_expect_gt(range->revision, 0);
    roster_store_free(range);
}

STORE_TEST(a_key_remembers_what_happened_to_it)
{
    int64_t first = put_text(f->store, "key", "one");
    int64_t second = put_text(f->store, "key", "two");
    struct roster_store_range *range = get_key(f->store, "key");

    cr_expect_eq(second, first + 1);
    cr_expect_eq(range->revision, second);
    cr_expect(bytes_are(range->kvs[0].key, "key"));
    cr_expect(bytes_are(range->kvs[0].value, "two"));
    cr_expect_eq(range->kvs[0].create_revision, first);
    cr_expect_eq(range->kvs[0].mod_revision, second);
    cr_expect_eq(range->kvs[0].version, 2);
    cr_expect_eq(range->kvs[0].lease, 0);
    roster_store_free(range);
}

STORE_TEST(a_key_that_is_created_again_begins_anew)
{
    struct roster_store_range *range;
    int64_t again;

    put_text(f->store, "key", "one");
    delete_key(f->store, "key");
    cr_expect(!key_exists(f->store, "key"));
    again = put_text(f->store, "key", "two");
    range = get_key(f->store, "key");
    cr_expect_eq(range->kvs[0].version, 1);
    cr_expect_eq(range->kvs[0].create_revision, again);
    roster_store_free(range);
}

STORE_TEST(only_changes_take_a_revision)
{
    int64_t revision = put_text(f->store, "key", "value");
    struct roster_store_txn nothing = {0};
    struct roster_store_txn_result *result = NULL;

    cr_expect_eq(store_revision(f->store), revision, "reading took a revision");
    cr_expect_eq(delete_key(f->store, "missing"), revision, "deleting nothing took one");
    cr_assert_eq(roster_store_txn(f->store, &nothing, 20000, &result), 0);
    cr_expect(result->succeeded);
    cr_expect_eq(result->count, 0);
    cr_expect_eq(result->revision, revision, "an empty transaction took one");
    roster_store_free(result);
    cr_expect_eq(put_text(f->store, "key", "value"), revision + 1, "the same value is a change");
}

static void expect_keys(struct roster_store *store, struct roster_store_keys keys,
                        const char *const *expected, size_t n)
{
    struct roster_store_range *range = NULL;

    cr_assert_eq(roster_store_get(store, &keys, 0, 20000, &range), 0);
    cr_expect_eq(range->count, n, "%zu keys instead of %zu", range->count, n);
    for (size_t i = 0; i < n && i < range->count; i++)
        cr_expect(bytes_are(range->kvs[i].key, expected[i]), "key %zu is not %s", i, expected[i]);
    roster_store_free(range);
}

STORE_TEST(a_prefix_selects_what_begins_with_it_in_order_of_bytes)
{
    static const char *const all[] = {"a", "a/", "a/1", "a/10", "a/2", "a/\xff", "a\xff\xff", "b"};
    static const char *const slash[] = {"a/", "a/1", "a/10", "a/2", "a/\xff"};
    static const char *const high[] = {"a\xff\xff"};

    for (size_t i = 0; i < 8; i++)
        put_text(f->store, all[(i * 5) % 8], "value");
    expect_keys(f->store, roster_store_prefix(text("")), all, 8);
    expect_keys(f->store, roster_store_prefix(text("a/")), slash, 5);
    expect_keys(f->store, roster_store_prefix(text("a\xff")), high, 1);
    expect_keys(f->store, roster_store_prefix(text("\xff\xff")), NULL, 0);
    expect_keys(f->store, roster_store_prefix(text("a/3")), NULL, 0);
    put_text(f->store, "\xff\xff", "value");
    expect_keys(f->store, roster_store_prefix(text("\xff")), (const char *[]){"\xff\xff"}, 1);
}

STORE_TEST(keys_and_values_are_any_bytes)
{
    unsigned char key[256], value[256];
    struct roster_store_bytes k = {key, sizeof(key)}, v = {value, sizeof(value)};
    struct roster_store_op op = roster_store_put(k, v, 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    struct roster_store_keys keys = roster_store_prefix((struct roster_store_bytes){key, 1});
    struct roster_store_range *range = NULL;

    for (int i = 0; i < 256; i++) {
        key[i] = (unsigned char)i;
        value[i] = (unsigned char)(255 - i);
    }
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, NULL), 0);
    cr_assert_eq(roster_store_get(f->store, &keys, 0, 20000, &range), 0);
    cr_assert_eq(range->count, 1);
    cr_assert_eq(range->kvs[0].key.size, sizeof(key));
    cr_assert_eq(range->kvs[0].value.size, sizeof(value));
    cr_expect_arr_eq(range->kvs[0].key.data, key, sizeof(key));
    cr_expect_arr_eq(range->kvs[0].value.data, value, sizeof(value));
    roster_store_free(range);
}

STORE_TEST(values_may_be_empty_or_large)
{
    size_t large = ROSTER_STORE_MAX_REQUEST - 16;
    char *value = malloc(large);
    struct roster_store_op op =
        roster_store_put(text("large"), (struct roster_store_bytes){value, large}, 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    struct roster_store_range *range;

    memset(value, 'x', large);
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, NULL), 0);
    range = get_key(f->store, "large");
    cr_expect_eq(range->kvs[0].value.size, large);
    cr_expect_eq(memcmp(range->kvs[0].value.data, value, large), 0);
    roster_store_free(range);
    op.value.size = ROSTER_STORE_MAX_REQUEST;
    cr_expect_eq(roster_store_txn(f->store, &txn, 20000, NULL), -EMSGSIZE);
    free(value);

    put_text(f->store, "empty", "");
    range = get_key(f->store, "empty");
    cr_expect_eq(range->kvs[0].value.size, 0);
    roster_store_free(range);
}

STORE_TEST(a_limit_divides_a_range_into_pages)
{
    struct roster_store_keys keys = roster_store_prefix(text("page/"));
    struct roster_store_range *pages[4] = {NULL};
    static const char *const names[] = {"page/0", "page/1", "page/2", "page/3", "page/4"};

    for (int i = 0; i < 5; i++)
        put_text(f->store, names[i], "value");
    put_text(f->store, "pagf", "behind");
    for (int page = 0; page < 3; page++) {
        cr_assert_eq(roster_store_get(f->store, &keys, 2, 20000, &pages[page]), 0);
        cr_assert_eq(pages[page]->count, page < 2 ? 2 : 1);
        cr_expect_eq(pages[page]->more, page < 2);
        for (size_t i = 0; i < pages[page]->count; i++)
            cr_expect(bytes_are(pages[page]->kvs[i].key, names[page * 2 + (int)i]));
        keys.after = pages[page]->kvs[pages[page]->count - 1].key;
    }
    cr_assert_eq(roster_store_get(f->store, &keys, 2, 20000, &pages[3]), 0);
    cr_expect_eq(pages[3]->count, 0);
    for (int page = 0; page < 4; page++)
        roster_store_free(pages[page]);
    keys.after = text("page/1x");
    expect_keys(f->store, keys, names + 2, 3);
    keys.after = text("page/");
    expect_keys(f->store, keys, names, 5);
}

STORE_TEST(an_exact_limit_leaves_nothing_out)
{
    struct roster_store_keys keys = roster_store_prefix(text("k"));
    struct roster_store_range *range = NULL;

    put_text(f->store, "k1", "");
    put_text(f->store, "k2", "");
    cr_assert_eq(roster_store_get(f->store, &keys, 2, 20000, &range), 0);
    cr_expect_eq(range->count, 2);
    cr_expect(!range->more);
    roster_store_free(range);
}

STORE_TEST(another_handle_sees_what_was_written)
{
    struct roster_store *other = store_fixture_other(f);
    int64_t revision = put_text(f->store, "key", "value");
    struct roster_store_range *range = get_key(other, "key");

    cr_expect_eq(range->revision, revision);
    roster_store_free(range);
    cr_expect_eq(delete_key(other, "key"), revision + 1);
    cr_expect(!key_exists(f->store, "key"));
    store_fixture_close_other(f, other);
}

STORE_TEST(results_outlive_the_store)
{
    struct roster_store_range *range;

    put_text(f->store, "key", "value");
    range = get_key(f->store, "key");
    roster_store_close(f->store);
    f->store = NULL;
    cr_expect(bytes_are(range->kvs[0].value, "value"));
    roster_store_free(range);
}

STORE_TEST(reading_refuses_bad_arguments)
{
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_keys none = roster_store_key(text(""));
    struct roster_store_keys null = roster_store_key((struct roster_store_bytes){NULL, 3});
    struct roster_store_keys after = roster_store_prefix(text("a"));
    struct roster_store_keys single = roster_store_key(text("a"));
    struct roster_store_range *range = (void *)f;

    after.after = text("b");
    single.after = text("a");
    cr_expect_eq(roster_store_get(NULL, &all, 0, 0, &range), -EINVAL);
    cr_expect_null(range, "the result is NULL on error");
    cr_expect_eq(roster_store_get(f->store, NULL, 0, 0, &range), -EINVAL);
    cr_expect_eq(roster_store_get(f->store, &all, 0, 0, NULL), -EINVAL);
    cr_expect_eq(roster_store_get(f->store, &none, 0, 0, &range), -EINVAL);
    cr_expect_eq(roster_store_get(f->store, &null, 0, 0, &range), -EINVAL);
    cr_expect_eq(roster_store_get(f->store, &after, 0, 0, &range), -EINVAL);
    cr_expect_eq(roster_store_get(f->store, &single, 0, 0, &range), -EINVAL);
}

static const struct roster_store_options small = {.size = sizeof(small), .max_result_bytes = 8192};

STORE_TEST_WITH(an_answer_over_the_limit_is_refused, &small)
{
    char value[1500];
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_range *range = NULL;

    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < 8; i++)
        put_text(f->store, (char[]){'k', (char)('0' + i), '\0'}, value);
    cr_expect_eq(roster_store_get(f->store, &all, 0, 20000, &range), -EMSGSIZE);
    cr_expect_null(range);
    cr_assert_eq(roster_store_get(f->store, &all, 2, 20000, &range), 0);
    cr_expect_eq(range->count, 2);
    roster_store_free(range);
}

STORE_TEST(calls_are_counted)
{
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct roster_store_lease lease;
    size_t tiny = 1;

    put_text(f->store, "key", "value");
    cr_expect_eq(roster_store_lease_keep_alive(f->store, 4711, 20000, &lease), -EKEYEXPIRED);
    cr_assert_eq(roster_store_stats(f->store, &stats), 0);
    cr_expect_eq(stats.calls, 2);
    cr_expect_eq(stats.failures, 1);
    cr_expect_eq(stats.unknown, 0);
    cr_expect_eq(roster_store_stats(f->store, (void *)&tiny), -EINVAL);
    stats.size = offsetof(struct roster_store_stats, failures);
    stats.failures = 99;
    cr_expect_eq(roster_store_stats(f->store, &stats), -EINVAL, "no version was so small");
    cr_expect_eq(stats.failures, 99, "more was written than the size allows");
}

STORE_TEST(the_handle_knows_its_url)
{
    cr_expect_str_eq(roster_store_url(f->store), f->url);
}
