/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Rows of a SQL server's tables. Rows of the TiDB page: "SHOW PROCESSLIST row", "TIDB_TRX columns",
 * "info is absent while start_ts is 0", "Internal sessions are included in Roster, marked by kind".
 */

#include "../operate/operate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

/* 2024-02-29 12:34:56.789 UTC */
#define PHYSICAL_MS UINT64_C(1709210096789)

static struct operate_oracle oracle;
static struct roster *roster;
static struct roster_session *session;
static struct roster_snapshot *snapshot;

static void open_all(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    oracle.physical_ms = PHYSICAL_MS;
    roster = operate_roster(&oracle);
    attr.id = 7;
    attr.user = "ann";
    attr.host = "10.0.0.1:4711";
    attr.database = "shop";
    cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
}

static void close_all(void)
{
    roster_snapshot_free(snapshot);
    unit_end(roster, session);
}

TestSuite(rows, .init = open_all, .fini = close_all);

static const struct roster_entry *entry(void)
{
    roster_snapshot_free(snapshot);
    snapshot = NULL;
    cr_assert_eq(roster_snapshot(roster, &snapshot), 0);
    cr_assert_eq(snapshot->count, 1);
    return snapshot->entries;
}

static struct roster_row_process process(int full)
{
    const struct roster_entry *only = entry();
    struct roster_row_process row;

    memset(&row, 0xff, sizeof(row));
    cr_assert_eq(roster_row_process(snapshot, only, full, &row), 0);
    return row;
}

Test(rows, process_of_an_idle_session)
{
    struct roster_row_process row = process(0);

    cr_assert_eq(row.id, 7);
    cr_assert_str_eq(row.user, "ann");
    cr_assert_str_eq(row.host, "10.0.0.1:4711");
    cr_assert_str_eq(row.db, "shop");
    cr_assert_str_eq(row.command, "Sleep");
    cr_assert_str_eq(row.state, "autocommit");
    cr_assert_null(row.info);
    cr_assert_eq(row.info_length, 0);
}

Test(rows, db_is_null_when_empty_or_unknown_and_the_others_are_empty)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_row_process row;

    attr.database = "";
    cr_assert_eq(roster_session_update(session, &attr), 0);
    row = process(0);
    cr_assert_null(row.db);
    cr_assert_str_eq(row.user, "");
    cr_assert_str_eq(row.host, "");
    attr.database = NULL;
    cr_assert_eq(roster_session_update(session, &attr), 0);
    cr_assert_null(process(0).db);
}

Test(rows, info_has_a_hundred_characters_unless_full)
{
    char text[400];
    struct roster_row_process row;

    for (int i = 0; i < 200; i++)
        memcpy(text + 2 * i, "\xc3\xa4", 2);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text), NULL, 0), 0);
    row = process(0);
    cr_assert_str_eq(row.command, "Query");
    cr_assert_eq(row.info_length, 200, "characters, not bytes");
    cr_assert_arr_eq(row.info, text, 200);
    cr_assert_eq(process(1).info_length, 400);
    cr_assert_eq(roster_stmt_end(session), 0);
    operate_begin(session, "select 1");
    cr_assert_eq(process(0).info_length, 8);
    cr_assert_eq(roster_stmt_end(session), 0);
    operate_begin(session, "");
    cr_assert_null(process(0).info, "an empty text is NULL");
}

Test(rows, time_is_in_whole_seconds_and_never_wraps)
{
    const struct roster_entry *only;
    struct roster_entry copy;
    struct roster_row_process row;

    operate_begin(session, "select 1");
    only = entry();
    copy = *only;
    copy.stmt_since = snapshot->taken_at - 2999999999;
    cr_assert_eq(roster_row_process(snapshot, &copy, 0, &row), 0);
    cr_assert_eq(row.time, 2);
    copy.stmt_since = snapshot->taken_at - 3000000000;
    cr_assert_eq(roster_row_process(snapshot, &copy, 0, &row), 0);
    cr_assert_eq(row.time, 3);
    copy.stmt_since = snapshot->taken_at + 1;
    cr_assert_eq(roster_row_process(snapshot, &copy, 0, &row), 0);
    cr_assert_eq(row.time, 0, "a statement that begins while the list is taken");
    copy.stmt_seq = 0;
    copy.state_since = snapshot->taken_at - 5000000000;
    cr_assert_eq(roster_row_process(snapshot, &copy, 0, &row), 0);
    cr_assert_eq(row.time, 5, "idle time between statements");
}

Test(rows, information_schema_tells_more)
{
    struct roster_row_is_process row;
    const struct roster_entry *only;
    char expected[64];
    uint64_t ts;

    cr_assert_eq(roster_session_set_memory(session, 111), 0);
    cr_assert_eq(roster_session_set_disk(session, 222), 0);
    only = entry();
    cr_assert_eq(roster_row_is_process(snapshot, only, 0, &row), 0);
    cr_assert_str_eq(row.txn_start, "");
    cr_assert_str_eq(row.digest, "");
    cr_assert_eq(row.mem, 111);
    cr_assert_eq(row.disk, 222);
    cr_assert_eq(roster_txn_begin(session, &ts), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "select 1", 8, "abcd", 4), 0);
    only = entry();
    cr_assert_eq(roster_row_is_process(snapshot, only, 0, &row), 0);
    snprintf(expected, sizeof(expected), "02-29 12:34:56.789(%llu)", (unsigned long long)ts);
    cr_assert_str_eq(row.txn_start, expected);
    cr_assert_str_eq(row.digest, "abcd");
    cr_assert_str_eq(row.show.state, "in transaction");
    cr_assert_eq(row.show.info_length, 8);
    cr_assert_eq(roster_row_is_process(snapshot, only, 12 * 3600, &row), 0);
    snprintf(expected, sizeof(expected), "03-01 00:34:56.789(%llu)", (unsigned long long)ts);
    cr_assert_str_eq(row.txn_start, expected);
}

static struct roster_row_trx trx(void)
{
    const struct roster_entry *only = entry();
    struct roster_row_trx row;

    memset(&row, 0xff, sizeof(row));
    cr_assert_eq(roster_row_trx(snapshot, only, &row), 0);
    return row;
}

Test(rows, there_is_no_trx_row_without_a_valid_transaction)
{
    struct roster_row_trx row;
    const struct roster_entry *only = entry();

    cr_assert_eq(roster_row_trx(snapshot, only, &row), -ENOENT);
    cr_assert_null(only->all_digests);
    cr_assert_null(only->tables);
    cr_assert_eq(roster_txn_prepare(session), 0);
    only = entry();
    cr_assert_eq(roster_row_trx(snapshot, only, &row), -ENOENT, "a pending one has no id yet");
}

Test(rows, trx_of_a_transaction)
{
    struct roster_row_trx row;
    uint64_t ts;

    cr_assert_eq(roster_txn_begin(session, &ts), 0);
    row = trx();
    cr_assert_eq(row.id, ts);
    cr_assert_eq(row.start_time, PHYSICAL_MS);
    cr_assert_null(row.current_sql_digest);
    cr_assert_str_eq(row.state, "Idle");
    cr_assert(row.waiting == 0 && row.waiting_time == 0 && row.waiting_start_time == 0);
    cr_assert(row.mem_buffer_keys == 0 && row.mem_buffer_bytes == 0);
    cr_assert_eq(row.session_id, 7);
    cr_assert_str_eq(row.user, "ann");
    cr_assert_str_eq(row.db, "shop");
    cr_assert_str_eq(row.all_sql_digests, "[]");
    cr_assert_str_eq(row.related_table_ids, "");
    cr_assert_eq(row.kind, ROSTER_SESSION_USER);
    cr_assert_eq(roster_txn_set_progress(session, 3, 99, 12), 0);
    cr_assert_eq(roster_txn_use_table(session, 5, 12), 0);
    cr_assert_eq(roster_txn_use_table(session, UINT64_MAX, 12), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "abcd", 4), 0);
    row = trx();
    cr_assert_eq(row.mem_buffer_keys, 3);
    cr_assert_eq(row.mem_buffer_bytes, 99);
    cr_assert_str_eq(row.related_table_ids, "5,18446744073709551615");
    cr_assert_str_eq(row.state, "Running");
    cr_assert_str_eq(row.current_sql_digest, "abcd");
}

Test(rows, the_waiting_columns_are_null_unless_waiting)
{
    struct roster_row_trx row;

    cr_assert_eq(roster_tick(roster), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_lock_wait_begin(session), 0);
    row = trx();
    cr_assert_eq(row.waiting, 1);
    cr_assert_str_eq(row.state, "LockWaiting");
    cr_assert_lt(row.waiting_time, 60000);
    cr_assert_eq(row.waiting_start_time, snapshot->taken_at_ms - row.waiting_time);
    cr_assert_lt(snapshot->taken_at_ms / 1000, (uint64_t)time(NULL) + 60);
    cr_assert_gt(snapshot->taken_at_ms / 1000 + 60, (uint64_t)time(NULL));
    cr_assert_eq(roster_lock_wait_end(session), 0);
    cr_assert_eq(trx().waiting, 0);
}

Test(rows, arguments_are_checked)
{
    struct roster_row_process show;
    struct roster_row_is_process is;
    struct roster_row_trx row;
    const struct roster_entry *only = entry();

    cr_assert_eq(roster_row_process(NULL, only, 0, &show), -EINVAL);
    cr_assert_eq(roster_row_process(snapshot, NULL, 0, &show), -EINVAL);
    cr_assert_eq(roster_row_process(snapshot, only, 0, NULL), -EINVAL);
    cr_assert_eq(roster_row_is_process(NULL, only, 0, &is), -EINVAL);
    cr_assert_eq(roster_row_is_process(snapshot, NULL, 0, &is), -EINVAL);
    cr_assert_eq(roster_row_is_process(snapshot, only, 0, NULL), -EINVAL);
    cr_assert_eq(roster_row_trx(NULL, only, &row), -EINVAL);
    cr_assert_eq(roster_row_trx(snapshot, NULL, &row), -EINVAL);
    cr_assert_eq(roster_row_trx(snapshot, only, NULL), -EINVAL);
}
