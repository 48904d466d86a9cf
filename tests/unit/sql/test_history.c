/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Digests of transactions and their history. Rows of the TiDB page: "statement start: empty digest
 * changes nothing; else ... appended to the history, which keeps the first 50", "any -> Pending
 * leaves the shown info untouched; Pending -> Valid ... keeps current digest and digest history;
 * -> Invalid clears all", "transaction history".
 */

#include "../operate/operate.h"
#include "core/base/clock.h"
#include "core/roster/roster.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static struct operate_oracle oracle;
static struct roster *roster;
static struct roster_session *session;

static struct roster_session *open_with_digests(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *made = NULL;

    attr.flags = ROSTER_SESSION_DIGESTS;
    cr_assert_eq(roster_session_open(roster, &attr, &made), 0);
    return made;
}

static void open_all(void)
{
    oracle.physical_ms = rst_wall_ms() - 1000000;
    roster = operate_roster(&oracle);
    session = open_with_digests();
}

static void close_all(void)
{
    unit_end(roster, session);
}

TestSuite(digests, .init = open_all, .fini = close_all);
TestSuite(history, .init = open_all, .fini = close_all);

static void begin_stmt(const char *digest)
{
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, digest, strlen(digest)),
                 0);
}

static void run_stmt(const char *digest)
{
    begin_stmt(digest);
    cr_assert_eq(roster_stmt_end(session), 0);
}

/* Asserts which digests the session has, and how many were dropped. */
static void has_digests(const char *json, uint64_t dropped)
{
    struct roster_snapshot *snapshot;

    cr_assert_eq(roster_snapshot(roster, &snapshot), 0);
    cr_assert_str_eq(snapshot->entries[0].all_digests, json);
    cr_assert_eq(snapshot->entries[0].digests_dropped, dropped);
    roster_snapshot_free(snapshot);
}

Test(digests, of_every_statement_in_order)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    has_digests("[]", 0);
    run_stmt("aa");
    run_stmt("");
    run_stmt("bb");
    begin_stmt("aa");
    has_digests("[\"aa\",\"bb\",\"aa\"]", 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    has_digests("[\"aa\",\"bb\",\"aa\"]", 0);
}

Test(digests, the_end_of_a_transaction_clears_them)
{
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    run_stmt("aa");
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    has_digests("[]", 0);
}

Test(digests, a_statement_before_the_transaction_does_not_belong_to_it)
{
    run_stmt("aa");
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    run_stmt("bb");
    has_digests("[\"bb\"]", 0);
}

Test(digests, the_statement_in_which_it_begins_does)
{
    begin_stmt("aa");
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    has_digests("[\"aa\"]", 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    run_stmt("bb");
    has_digests("[\"aa\",\"bb\"]", 0);
}

Test(digests, activation_keeps_them)
{
    uint64_t ts;

    cr_assert_eq(roster_txn_prepare(session), 0);
    run_stmt("aa");
    begin_stmt("bb");
    cr_assert_eq(operate_oracle_get(&oracle, &ts), 0);
    cr_assert_eq(roster_txn_activate(session, ts), 0);
    has_digests("[\"aa\",\"bb\"]", 0);
}

Test(digests, a_pending_transaction_that_is_given_up_takes_them_along)
{
    cr_assert_eq(roster_txn_prepare(session), 0);
    run_stmt("aa");
    cr_assert_eq(roster_txn_finish(session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    has_digests("[]", 0);
}

Test(digests, the_first_fifty_and_a_count_of_the_rest)
{
    char json[50 * 20], digest[16];
    size_t used = 0;

    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    for (int i = 0; i < 63; i++) {
        snprintf(digest, sizeof(digest), "%02d", i);
        run_stmt(digest);
        if (i < 50)
            used += (size_t)sprintf(json + used, "%c\"%s\"", i ? ',' : '[', digest);
    }
    memcpy(json + used, "]", 2);
    has_digests(json, 13);
}

Test(digests, any_byte_is_escaped)
{
    char digest[ROSTER_DIGEST_MAX];

    memset(digest, '\xff', sizeof(digest));
    memcpy(digest, "a\"\\\n\0", 5);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, digest, 6), 0);
    has_digests("[\"a\\u0022\\u005c\\u000a\\ufffd\\ufffd\"]", 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    for (int i = 0; i < 60; i++) {
        cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, digest, 64), 0);
        cr_assert_eq(roster_stmt_end(session), 0);
    }
}

Test(digests, the_next_session_in_the_slot_keeps_none_unless_it_asks)
{
    struct roster_session *plain = operate_open(roster, ROSTER_SESSION_USER, NULL);

    unit_close(session);
    session = plain;
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    run_stmt("aa");
    has_digests("[]", 0);
}

#define WRITER_TXNS 3000

static void *write_digests(void *arg)
{
    struct roster_session *mine = open_with_digests();
    uint32_t *done = arg;

    for (int i = 0; i < WRITER_TXNS; i++) {
        char digest[65];

        cr_expect_eq(roster_txn_begin(mine, NULL), 0);
        memset(digest, 'a' + i % 26, 64);
        for (int n = 0; n < i % 3; n++) {
            cr_expect_eq(roster_stmt_begin(mine, ROSTER_COMMAND_QUERY, "x", 1, digest, 64), 0);
            cr_expect_eq(roster_stmt_end(mine), 0);
        }
        cr_expect_eq(roster_txn_finish(mine), 0);
    }
    unit_close(mine);
    __atomic_store_n(done, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* G1: digests of one transaction only, each of them whole. */
Test(digests, readers_never_see_a_mixture)
{
    struct roster_options with_clock = ROSTER_OPTIONS_INIT;
    struct roster *mine = roster;
    uint32_t done = 0;
    pthread_t thread;

    cr_assert_eq(roster_create(&with_clock, &roster), 0);
    cr_assert_eq(pthread_create(&thread, NULL, write_digests, &done), 0);
    while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
        struct roster_snapshot *snapshot;
        const char *json;
        char first = 0;

        cr_assert_eq(roster_snapshot(roster, &snapshot), 0);
        json = snapshot->count ? snapshot->entries[0].all_digests : NULL;
        for (; json && *json; json++) {
            if (*json < 'a' || *json > 'z')
                continue;
            if (!first)
                first = *json;
            cr_assert_eq(*json, first);
        }
        roster_snapshot_free(snapshot);
    }
    pthread_join(thread, NULL);
    unit_destroy(roster);
    roster = mine;
}

/* A transaction that began so long ago and ran these statements, and is added. */
static void add(struct roster_history *history, uint64_t age_ms, const char *first,
                const char *second)
{
    /* The tick is the test's: the transaction begins in the past. */
    roster->ticker.now = rst_monotonic_ns() - age_ms * 1000000;
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    run_stmt(first);
    run_stmt(second);
    cr_assert_eq(roster_history_add(history, session), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
}

/* What the history holds, newest first, each as its digests. */
static void holds(struct roster_history *history, size_t n, const char *const *digests)
{
    struct roster_history_list *list;

    cr_assert_eq(roster_history_read(history, &list), 0);
    cr_assert_eq(list->count, n);
    for (size_t i = 0; i < n; i++)
        cr_assert_str_eq(list->entries[i].all_digests, digests[i]);
    roster_history_list_free(list);
}

Test(history, with_capacity_0_it_remembers_nothing)
{
    struct roster_history *history;

    cr_assert_eq(roster_history_create(0, 0, &history), 0);
    add(history, 5000, "a", "b");
    holds(history, 0, NULL);
    roster_history_destroy(history);
}

Test(history, only_long_transactions)
{
    struct roster_history *history;
    const char *const expected[] = {"[\"c\",\"d\"]"};

    cr_assert_eq(roster_history_create(10, 100000, &history), 0);
    add(history, 50000, "a", "b");
    add(history, 200000, "c", "d");
    holds(history, 1, expected);
    roster_history_destroy(history);
}

/* Of a transaction that is ahead of the clock, so that it has lasted 0 ms whatever the time is. */
Test(history, exactly_the_minimum)
{
    struct roster_history *history;
    const char *const expected[] = {"[\"a\",\"b\"]"};

    cr_assert_eq(roster_history_create(10, 0, &history), 0);
    oracle.physical_ms = rst_wall_ms() + 3600000;
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    run_stmt("a");
    run_stmt("b");
    cr_assert_eq(roster_history_add(history, session), 0);
    cr_assert_eq(roster_txn_finish(session), 0);
    holds(history, 1, expected);
    roster_history_destroy(history);
}

Test(history, the_hash_is_fnv_1a_of_all_digests)
{
    struct roster_history *history;
    struct roster_history_list *list;

    cr_assert_eq(roster_history_create(10, 0, &history), 0);
    add(history, 5000, "foo", "bar");
    add(history, 7000, "foo", "bar");
    add(history, 2000, "foob", "ar");
    cr_assert_eq(roster_history_read(history, &list), 0);
    cr_assert_eq(list->count, 1, "the concatenation counts");
    cr_assert_eq(list->entries[0].hash, UINT64_C(0x85944171f73967e8), "FNV-1a 64 of foobar");
    cr_assert_eq(list->entries[0].count, 3);
    cr_assert_geq(list->entries[0].max_duration_ms, 7000);
    cr_assert_lt(list->entries[0].max_duration_ms, 67000);
    cr_assert_eq(list->entries[0].dropped, 0);
    roster_history_list_free(list);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_history_add(history, session), 0);
    cr_assert_eq(roster_history_read(history, &list), 0);
    cr_assert_eq(list->entries[0].hash, UINT64_C(0xcbf29ce484222325), "of nothing");
    cr_assert_str_eq(list->entries[0].all_digests, "[]");
    roster_history_list_free(list);
    roster_history_destroy(history);
}

Test(history, the_longest_not_seen_is_forgotten)
{
    struct roster_history *history;
    const char *const three[] = {"[\"d\",\"x\"]", "[\"a\",\"x\"]", "[\"c\",\"x\"]"};
    const char *const two[] = {"[\"d\",\"x\"]", "[\"a\",\"x\"]"};

    cr_assert_eq(roster_history_create(3, 0, &history), 0);
    add(history, 5000, "a", "x");
    add(history, 5000, "b", "x");
    add(history, 5000, "c", "x");
    add(history, 5000, "a", "x");
    add(history, 5000, "d", "x");
    holds(history, 3, three);
    cr_assert_eq(roster_history_set(history, 2, 0), 0);
    holds(history, 2, two);
    cr_assert_eq(roster_history_set(history, 100, 0), 0);
    holds(history, 2, two);
    cr_assert_eq(roster_history_set(history, 0, 0), 0);
    holds(history, 0, NULL);
    roster_history_destroy(history);
}

Test(history, many_kinds)
{
    struct roster_history *history;
    struct roster_history_list *list;

    cr_assert_eq(roster_history_create(100, 0, &history), 0);
    for (int i = 0; i < 1000; i++) {
        char digest[16];

        snprintf(digest, sizeof(digest), "%d", i % 250);
        add(history, 5000, digest, "x");
    }
    cr_assert_eq(roster_history_read(history, &list), 0);
    cr_assert_eq(list->count, 100);
    cr_assert_str_eq(list->entries[0].all_digests, "[\"249\",\"x\"]");
    cr_assert_str_eq(list->entries[99].all_digests, "[\"150\",\"x\"]");
    roster_history_list_free(list);
    roster_history_destroy(history);
}

Test(history, dropped_digests_are_told)
{
    struct roster_history *history;
    struct roster_history_list *list;

    cr_assert_eq(roster_history_create(1, 0, &history), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    for (int i = 0; i < 53; i++)
        run_stmt("a");
    cr_assert_eq(roster_history_add(history, session), 0);
    cr_assert_eq(roster_history_read(history, &list), 0);
    cr_assert_eq(list->entries[0].dropped, 3);
    roster_history_list_free(list);
    roster_history_destroy(history);
}

Test(history, arguments_are_checked)
{
    struct roster_history *history;
    struct roster_history_list *list;

    cr_assert_eq(roster_history_create(1, 0, NULL), -EINVAL);
    cr_assert_eq(roster_history_create(1, 0, &history), 0);
    cr_assert_eq(roster_history_set(NULL, 1, 0), -EINVAL);
    cr_assert_eq(roster_history_read(NULL, &list), -EINVAL);
    cr_assert_eq(roster_history_read(history, NULL), -EINVAL);
    cr_assert_eq(roster_history_add(NULL, session), -EINVAL);
    cr_assert_eq(roster_history_add(history, NULL), -EINVAL);
    cr_assert_eq(roster_history_add(history, session), -EINVAL, "no transaction");
    cr_assert_eq(roster_txn_prepare(session), 0);
    cr_assert_eq(roster_history_add(history, session), -EINVAL, "a pending one");
    unit_close(session);
    cr_assert_eq(roster_history_add(history, session), -EBADF);
    session = open_with_digests();
    roster_history_destroy(history);
    roster_history_destroy(NULL);
    roster_history_list_free(NULL);
}
