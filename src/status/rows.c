/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of sessions and of transactions.
 */
#include "config.h"

#include "query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static uint64_t txn_age_ms(const struct roster_snapshot *snapshot, const struct roster_entry *entry)
{
    uint64_t began = roster_ts_physical_ms(entry->start_ts);

    return snapshot->taken_at_ms > began ? snapshot->taken_at_ms - began : 0;
}

static bool is(const char *wanted, const char *value)
{
    return !wanted || !strcasecmp(wanted, value ? value : "");
}

static bool matches(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                    const struct query *query, bool only_txns)
{
    bool in_txn = entry->txn_state == ROSTER_TXN_VALID;
    uint64_t age = only_txns ? txn_age_ms(snapshot, entry) : entry_age_ms(snapshot, entry);

    if ((only_txns || query->in_txn) && !in_txn)
        return false;
    return (!query->id || entry->id == query->id) && age >= query->min_ms &&
           is(query->user, entry->user) && is(query->db, entry->database) &&
           is(query->kind, kind_name(entry->kind)) &&
           is(query->command, roster_command_name(entry->command)) &&
           is(query->state, roster_run_state_name(entry->run_state));
}

static int by_id(const void *a, const void *b)
{
    const struct roster_entry *left = *(const struct roster_entry *const *)a;
    const struct roster_entry *right = *(const struct roster_entry *const *)b;

    return (left->id > right->id) - (left->id < right->id);
}

/* Bytes with a length, since NULs may be among them. */
static void put_digest(struct text *text, const char *key, const struct roster_entry *entry)
{
    if (entry->digest && entry->digest_length)
        out_bytes(text, key, entry->digest, entry->digest_length);
    else
        out_null(text, key);
}

static void put_process(struct text *text, const struct roster_snapshot *snapshot,
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

static void put_trx(struct text *text, const struct roster_snapshot *snapshot,
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

/* The matching entries in the order of their ids; NULL when memory is out. */
static const struct roster_entry **choose(const struct roster_snapshot *snapshot,
                                          const struct query *query, bool only_txns, size_t *count)
{
    const struct roster_entry **chosen = malloc((snapshot->count + 1) * sizeof(*chosen));
    size_t n;

    *count = 0;
    if (!chosen)
        return NULL;
    for (n = 0; n < snapshot->count; n++)
        if (matches(snapshot, &snapshot->entries[n], query, only_txns))
            chosen[(*count)++] = &snapshot->entries[n];
    qsort(chosen, *count, sizeof(*chosen), by_id);
    return chosen;
}

static void put_rows(struct text *text, const struct roster_snapshot *snapshot,
                     const struct query *query, bool only_txns, const struct roster_entry **chosen,
                     size_t count)
{
    uint64_t rows = 0;
    size_t n;

    out_open(text, NULL, '{');
    out_number(text, "taken_at_ms", snapshot->taken_at_ms);
    out_number(text, "sessions", snapshot->count);
    out_number(text, "matched", count);
    out_open(text, "rows", '[');
    for (n = 0; n < count && rows < query->limit; n++) {
        if (chosen[n]->id <= query->after)
            continue;
        (only_txns ? put_trx : put_process)(text, snapshot, chosen[n], query);
        rows++;
    }
    out_close(text, ']');
    if (n < count)
        out_id(text, "next", chosen[n - 1]->id);
    else
        out_null(text, "next");
    out_close(text, '}');
}

static unsigned get_rows(struct request *request, bool only_txns)
{
    struct roster_snapshot *snapshot = NULL;
    const struct roster_entry **chosen;
    struct query query;
    size_t count;
    int err;
    unsigned status = query_parse(request, QUERY_ROWS, &query);

    if (status)
        return status;
    err = roster_snapshot(request->status->roster, &snapshot);
    if (err)
        return request_fail(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s", roster_strerror(err));
    chosen = choose(snapshot, &query, only_txns, &count);
    if (chosen)
        put_rows(&request->text, snapshot, &query, only_txns, chosen, count);
    free(chosen);
    roster_snapshot_free(snapshot);
    return MHD_HTTP_OK; /* without `chosen` there is no text, and the connection is closed */
}

unsigned get_processlist(struct request *request)
{
    return get_rows(request, false);
}

unsigned get_trx(struct request *request)
{
    return get_rows(request, true);
}
