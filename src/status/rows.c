/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A session as a row of a list. See rows.h.
 */
#include "config.h"

#include "status/rows.h"

#include "core/base/ascii.h"

#include <string.h>

#define MS UINT64_C(1000000)

static const char *kind_name(enum roster_session_kind kind)
{
    return kind == ROSTER_SESSION_USER       ? "user"
           : kind == ROSTER_SESSION_INTERNAL ? "internal"
                                             : "background";
}

/* Since when, in milliseconds before the list was taken. */
static uint64_t age_ms(const struct roster_snapshot *snapshot, uint64_t since)
{
    return snapshot->taken_at > since ? (snapshot->taken_at - since) / MS : 0;
}

static uint64_t entry_age_ms(const struct roster_snapshot *snapshot,
                             const struct roster_entry *entry)
{
    return age_ms(snapshot, entry->stmt_seq ? entry->stmt_since : entry->state_since);
}

/* By the timestamp only where nothing else is known: that follows every step of the wall clock. */
static uint64_t txn_age_ms(const struct roster_snapshot *snapshot, const struct roster_entry *entry)
{
    uint64_t began = roster_ts_physical_ms(entry->start_ts);

    if (entry->txn_since)
        return age_ms(snapshot, entry->txn_since);
    return snapshot->taken_at_ms > began ? snapshot->taken_at_ms - began : 0;
}

static bool is(const char *wanted, const char *value)
{
    value = value ? value : "";
    return !wanted || ascii_is(wanted, strlen(wanted), value);
}

bool rst_rows_match(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                    const struct query *query)
{
    bool in_txn = entry->txn_state == ROSTER_TXN_VALID;
    uint64_t age = query->only_txns ? txn_age_ms(snapshot, entry) : entry_age_ms(snapshot, entry);

    if ((query->only_txns || query->in_txn) && !in_txn)
        return false;
    return (!query->id || entry->id == query->id) && age >= query->min_ms &&
           is(query->user, entry->user) && is(query->db, entry->database) &&
           is(query->kind, kind_name(entry->kind)) &&
           is(query->command, roster_command_name(entry->command)) &&
           is(query->state, roster_run_state_name(entry->run_state));
}

/* Bytes with a length, since NULs may be among them. */
static void put_digest(struct text *text, const char *key, const struct roster_entry *entry)
{
    if (entry->digest && entry->digest_length)
        rst_status_out_bytes(text, key, entry->digest, entry->digest_length);
    else
        rst_status_out_null(text, key);
}

void rst_rows_put_process(struct text *text, const struct roster_snapshot *snapshot,
                          const struct roster_entry *entry, const struct query *query)
{
    struct roster_row_process row;

    (void)roster_row_process(snapshot, entry, query->full, &row);
    rst_status_out_open(text, NULL, '{');
    rst_status_out_id(text, "id", row.id);
    rst_status_out_string(text, "kind", kind_name(entry->kind));
    rst_status_out_string(text, "user", row.user);
    rst_status_out_string(text, "host", row.host);
    rst_status_out_string(text, "db", row.db);
    rst_status_out_string(text, "command", row.command);
    rst_status_out_number(text, "time", row.time);
    rst_status_out_number(text, "time_ms", entry_age_ms(snapshot, entry));
    rst_status_out_string(text, "state", row.state);
    rst_status_out_string(text, "run_state", roster_run_state_name(entry->run_state));
    rst_status_out_string(text, "txn_state", roster_txn_state_name(entry->txn_state));
    rst_status_out_id(text, "start_ts", entry->start_ts);
    rst_status_out_number(text, "txn_ms", entry->start_ts ? txn_age_ms(snapshot, entry) : 0);
    rst_status_out_id(text, "transaction", entry->txn_seq);
    rst_status_out_id(text, "statement", entry->stmt_seq);
    if (row.info)
        rst_status_out_bytes(text, "info", row.info, row.info_length);
    else
        rst_status_out_null(text, "info");
    put_digest(text, "digest", entry);
    rst_status_out_string(text, "application", entry->application);
    if (query->full)
        rst_status_out_string(text, "attributes", entry->attributes);
    rst_status_out_number(text, "mem", entry->memory);
    rst_status_out_number(text, "disk", entry->disk);
    rst_status_out_close(text, '}');
}

/* The library wrote this array itself, so it is JSON already. */
static void put_array(struct text *text, const char *key, const char *array)
{
    rst_status_out_open(text, key, '[');
    rst_status_text_add(text, array + 1, strlen(array) - 1);
}

void rst_rows_put_trx(struct text *text, const struct roster_snapshot *snapshot,
                      const struct roster_entry *entry, const struct query *query)
{
    struct roster_row_trx row;

    (void)query;
    if (roster_row_trx(snapshot, entry, &row))
        return;
    rst_status_out_open(text, NULL, '{');
    rst_status_out_id(text, "id", row.id);
    rst_status_out_number(text, "start_time", row.start_time);
    rst_status_out_number(text, "age_ms", txn_age_ms(snapshot, entry));
    put_digest(text, "current_sql_digest", entry);
    rst_status_out_string(text, "state", row.state);
    if (row.waiting)
        rst_status_out_number(text, "waiting_start_time", row.waiting_start_time);
    else
        rst_status_out_null(text, "waiting_start_time");
    rst_status_out_number(text, "mem_buffer_keys", row.mem_buffer_keys);
    rst_status_out_number(text, "mem_buffer_bytes", row.mem_buffer_bytes);
    rst_status_out_id(text, "session_id", row.session_id);
    rst_status_out_string(text, "kind", kind_name(row.kind));
    rst_status_out_string(text, "user", row.user);
    rst_status_out_string(text, "db", row.db);
    rst_status_out_string(text, "application", entry->application);
    put_array(text, "all_sql_digests", row.all_sql_digests);
    rst_status_out_string(text, "related_table_ids", row.related_table_ids);
    if (row.waiting)
        rst_status_out_number(text, "waiting_time", row.waiting_time);
    else
        rst_status_out_null(text, "waiting_time");
    rst_status_out_close(text, '}');
}
