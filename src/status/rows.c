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

bool rows_match(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
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
        out_bytes(text, key, entry->digest, entry->digest_length);
    else
        out_null(text, key);
}

void rows_put_process(struct text *text, const struct roster_snapshot *snapshot,
                      const struct roster_entry *entry, const struct query *query)
{
    struct roster_row_process row;

    (void)roster_row_process(snapshot, entry, query->full, &row);
    out_open(text, NULL, '{');
    out_id(text, "id", row.id);
    out_string(text, "kind", kind_name(entry->kind));
    out_string(text, "user", row.user);
    out_string(text, "host", row.host);
    out_string(text, "db", row.db);
    out_string(text, "command", row.command);
    out_number(text, "time", row.time);
    out_number(text, "time_ms", entry_age_ms(snapshot, entry));
    out_string(text, "state", row.state);
    out_string(text, "run_state", roster_run_state_name(entry->run_state));
    out_string(text, "txn_state", roster_txn_state_name(entry->txn_state));
    out_id(text, "start_ts", entry->start_ts);
    out_number(text, "txn_ms", entry->start_ts ? txn_age_ms(snapshot, entry) : 0);
    out_id(text, "statement", entry->stmt_seq);
    if (row.info)
        out_bytes(text, "info", row.info, row.info_length);
    else
        out_null(text, "info");
    put_digest(text, "digest", entry);
    out_string(text, "application", entry->application);
    if (query->full)
        out_string(text, "attributes", entry->attributes);
    out_number(text, "mem", entry->memory);
    out_number(text, "disk", entry->disk);
    out_close(text, '}');
}

/* The library wrote this array itself, so it is JSON already. */
static void put_array(struct text *text, const char *key, const char *array)
{
    out_open(text, key, '[');
    text_add(text, array + 1, strlen(array) - 1);
}

void rows_put_trx(struct text *text, const struct roster_snapshot *snapshot,
                  const struct roster_entry *entry, const struct query *query)
{
    struct roster_row_trx row;

    (void)query;
    if (roster_row_trx(snapshot, entry, &row))
        return;
    out_open(text, NULL, '{');
    out_id(text, "id", row.id);
    out_number(text, "start_time", row.start_time);
    out_number(text, "age_ms", txn_age_ms(snapshot, entry));
    put_digest(text, "current_sql_digest", entry);
    out_string(text, "state", row.state);
    if (row.waiting)
        out_number(text, "waiting_start_time", row.waiting_start_time);
    else
        out_null(text, "waiting_start_time");
    out_number(text, "mem_buffer_keys", row.mem_buffer_keys);
    out_number(text, "mem_buffer_bytes", row.mem_buffer_bytes);
    out_id(text, "session_id", row.session_id);
    out_string(text, "kind", kind_name(row.kind));
    out_string(text, "user", row.user);
    out_string(text, "db", row.db);
    out_string(text, "application", entry->application);
    put_array(text, "all_sql_digests", row.all_sql_digests);
    out_string(text, "related_table_ids", row.related_table_ids);
    if (row.waiting)
        out_number(text, "waiting_time", row.waiting_time);
    else
        out_null(text, "waiting_time");
    out_close(text, '}');
}
