/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The columns of lists. See columns.h.
 */
#include "status/columns.h"

#include "core/base/ascii.h"
#include "core/base/clock.h"

#include <roster/rows.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <string.h>

#define MS UINT64_C(1000000)

struct bytes {
    const char *at;
    size_t length;
};

/* All that a row of any list has. */
struct row {
    struct roster_row_process process;
    struct roster_row_trx trx;
    struct roster_entry entry;
    const char *kind, *run_state, *txn_state, *killed, *holder, *pin_kind;
    struct bytes info, last, digest;
    uint64_t time_ms, txn_ms, wait_ms, pin;
};

enum type { ID, NUMBER, WAITING, STRING, BYTES, ARRAY };

struct column {
    const char *name;
    enum type type;
    enum order order;
    size_t offset;
    unsigned where; /* in which lists */
};

#define AT(member) offsetof(struct row, member)

enum {
    SESSIONS = 1 << LIST_SESSIONS,
    TXNS = 1 << LIST_TXNS,
    HOLDERS = 1 << LIST_HOLDERS,
    ALL = SESSIONS | TXNS | HOLDERS,
    ONLY_FULL = 1 << 8, /* shown when asked for by name, or in a full list */
};

/* In the order in which lists show them. */
static const struct column known[] = {
    {"ts", ID, ORDER_START_TS, AT(entry.start_ts), HOLDERS},
    {"id", ID, ORDER_START_TS, AT(trx.id), TXNS},
    {"start_time", NUMBER, ORDER_START_TS, AT(trx.start_time), TXNS | HOLDERS},
    {"held_ms", NUMBER, ORDER_TXN_AGE, AT(txn_ms), HOLDERS},
    {"holder", STRING, ORDER_NONE, AT(holder), HOLDERS},
    {"pin_kind", STRING, ORDER_NONE, AT(pin_kind), HOLDERS},
    {"pin_id", ID, ORDER_NONE, AT(pin), HOLDERS},
    {"age_ms", NUMBER, ORDER_TXN_AGE, AT(txn_ms), TXNS},
    {"current_sql_digest", BYTES, ORDER_NONE, AT(digest), TXNS},
    {"state", STRING, ORDER_STATE, AT(trx.state), TXNS},
    {"waiting_start_time", WAITING, ORDER_NONE, AT(trx.waiting_start_time), TXNS},
    {"mem_buffer_keys", NUMBER, ORDER_KEYS, AT(trx.mem_buffer_keys), TXNS},
    {"mem_buffer_bytes", NUMBER, ORDER_BYTES, AT(trx.mem_buffer_bytes), TXNS},
    {"db", STRING, ORDER_DB, AT(trx.db), TXNS},
    {"all_sql_digests", ARRAY, ORDER_NONE, AT(trx.all_sql_digests), TXNS},
    {"related_table_ids", STRING, ORDER_NONE, AT(trx.related_table_ids), TXNS},
    {"waiting_time", WAITING, ORDER_WAITING, AT(trx.waiting_time), TXNS},
    {"host", STRING, ORDER_HOST, AT(process.host), TXNS | ONLY_FULL},
    {"session_id", ID, ORDER_ID, AT(process.id), TXNS | HOLDERS},
    {"id", ID, ORDER_ID, AT(process.id), SESSIONS},
    {"kind", STRING, ORDER_KIND, AT(kind), ALL},
    {"user", STRING, ORDER_USER, AT(process.user), ALL},
    {"host", STRING, ORDER_HOST, AT(process.host), SESSIONS | HOLDERS},
    {"db", STRING, ORDER_DB, AT(process.db), SESSIONS | HOLDERS},
    {"command", STRING, ORDER_COMMAND, AT(process.command), SESSIONS | HOLDERS},
    {"time", NUMBER, ORDER_TIME, AT(process.time), SESSIONS},
    {"time_ms", NUMBER, ORDER_TIME, AT(time_ms), SESSIONS},
    {"state", STRING, ORDER_TXN_STATE, AT(process.state), SESSIONS},
    {"run_state", STRING, ORDER_STATE, AT(run_state), SESSIONS | HOLDERS},
    {"txn_state", STRING, ORDER_TXN_STATE, AT(txn_state), SESSIONS},
    {"start_ts", ID, ORDER_START_TS, AT(entry.start_ts), SESSIONS},
    {"txn_ms", NUMBER, ORDER_TXN_AGE, AT(txn_ms), SESSIONS},
    {"transaction", ID, ORDER_TXN, AT(entry.txn_seq), SESSIONS},
    {"wait_class", STRING, ORDER_NONE, AT(entry.wait_class), ALL},
    {"wait_event", STRING, ORDER_WAIT, AT(entry.wait_event), ALL},
    {"wait_ms", NUMBER, ORDER_WAIT_MS, AT(wait_ms), ALL},
    {"done", NUMBER, ORDER_NONE, AT(entry.progress_done), SESSIONS},
    {"total", NUMBER, ORDER_NONE, AT(entry.progress_total), SESSIONS},
    {"phase", STRING, ORDER_NONE, AT(entry.phase), SESSIONS},
    {"blocker", ID, ORDER_BLOCKER, AT(entry.blocker), ALL},
    {"root_blocker", ID, ORDER_NONE, AT(entry.root_blocker), ALL},
    {"blocked_on", STRING, ORDER_NONE, AT(entry.blocked_on), ALL},
    {"killed", STRING, ORDER_KILLED, AT(killed), ALL},
    {"tag", ID, ORDER_NONE, AT(entry.tag), SESSIONS | ONLY_FULL},
    {"statement", ID, ORDER_STATEMENT, AT(entry.stmt_seq), SESSIONS},
    {"info", BYTES, ORDER_NONE, AT(info), ALL},
    {"last", BYTES, ORDER_NONE, AT(last), ALL},
    {"digest", BYTES, ORDER_NONE, AT(digest), SESSIONS | HOLDERS},
    {"application", STRING, ORDER_APPLICATION, AT(entry.application), ALL},
    {"attributes", STRING, ORDER_NONE, AT(entry.attributes), SESSIONS | ONLY_FULL},
    {"mem", NUMBER, ORDER_MEMORY, AT(entry.memory), SESSIONS},
    {"disk", NUMBER, ORDER_DISK, AT(entry.disk), SESSIONS},
};

#define KNOWN (known + sizeof(known) / sizeof(known[0]))

static bool is_of(const struct column *column, enum list list)
{
    return column->where & 1U << list;
}

const struct column *rst_column_find(enum list list, const char *name, size_t length)
{
    const struct column *column;

    for (column = known; column < KNOWN; column++)
        if (is_of(column, list) && ascii_is(name, length, column->name))
            return column;
    return NULL;
}

enum order rst_column_order(const struct column *column)
{
    return column->order;
}

size_t rst_columns_default(enum list list, bool full, const struct column **columns)
{
    const struct column *column;
    size_t chosen = 0;

    for (column = known; column < KNOWN && chosen < COLUMNS_MOST; column++)
        if (is_of(column, list) && (full || !(column->where & ONLY_FULL)))
            columns[chosen++] = column;
    return chosen;
}

void rst_columns_names(enum list list, bool ordering, char *to, size_t size)
{
    const struct column *column;
    size_t length = 0;

    *to = '\0';
    for (column = known; column < KNOWN && length < size; column++)
        if (is_of(column, list) && (!ordering || column->order != ORDER_NONE))
            length += (size_t)snprintf(to + length, size - length, "%s%s", length ? ", " : "",
                                       column->name);
}

const char *rst_kind_name(enum roster_session_kind kind)
{
    return kind == ROSTER_SESSION_USER       ? "user"
           : kind == ROSTER_SESSION_INTERNAL ? "internal"
                                             : "background";
}

const char *const rst_target_names[ROSTER_KILL_TARGETS] = {
    [ROSTER_KILL_TARGET_STATEMENT] = "statement",
    [ROSTER_KILL_TARGET_CONNECTION] = "connection",
    [ROSTER_KILL_TARGET_TRANSACTION] = "transaction",
};

const char *rst_killed_name(int killed)
{
    if (killed <= 0)
        return NULL;
    return rst_target_names[roster_killed_connection(killed)    ? ROSTER_KILL_TARGET_CONNECTION
                            : roster_killed_transaction(killed) ? ROSTER_KILL_TARGET_TRANSACTION
                                                                : ROSTER_KILL_TARGET_STATEMENT];
}

const char *rst_state_name(enum roster_txn_state state)
{
    return state == ROSTER_TXN_VALID ? "in transaction" : "autocommit";
}

/* Since when, in milliseconds before the list was taken. */
static uint64_t age_ms(const struct roster_snapshot *snapshot, uint64_t since)
{
    return rst_since(snapshot->taken_at, since) / MS;
}

uint64_t rst_entry_age_ms(const struct roster_snapshot *snapshot, const struct roster_entry *entry)
{
    return age_ms(snapshot, entry->stmt_seq ? entry->stmt_since : entry->state_since);
}

/* By the timestamp only where nothing else is known: that follows every step of the wall clock. */
uint64_t rst_entry_txn_age_ms(const struct roster_snapshot *snapshot,
                              const struct roster_entry *entry)
{
    uint64_t began = roster_ts_physical_ms(entry->start_ts);

    if (entry->txn_since)
        return age_ms(snapshot, entry->txn_since);
    return rst_since(snapshot->taken_at_ms, began);
}

/* The statement that ended last, cut as one that runs. */
static struct bytes last_of(const struct roster_snapshot *snapshot,
                            const struct roster_entry *entry, bool full)
{
    struct roster_entry last = *entry;
    struct roster_row_process row;

    last.text = entry->last_text;
    last.text_length = entry->last_text_length;
    (void)roster_row_process(snapshot, &last, full, &row);
    return (struct bytes){row.info, row.info_length};
}

static void fill(struct row *row, const struct roster_snapshot *snapshot,
                 const struct roster_entry *entry, bool full)
{
    memset(&row->trx, 0, sizeof(row->trx));
    row->entry = *entry;
    (void)roster_row_process(snapshot, entry, full, &row->process);
    (void)roster_row_trx(snapshot, entry, &row->trx); /* a list of transactions has no others */
    row->kind = rst_kind_name(entry->kind);
    row->run_state = roster_run_state_name(entry->run_state);
    row->txn_state = roster_txn_state_name(entry->txn_state);
    row->info = (struct bytes){row->process.info, row->process.info_length};
    row->last = last_of(snapshot, entry, full);
    row->digest = (struct bytes){entry->digest_length ? entry->digest : NULL, entry->digest_length};
    row->killed = rst_killed_name(entry->killed);
    row->wait_ms = entry->wait_event ? age_ms(snapshot, entry->wait_since) : 0;
    row->time_ms = rst_entry_age_ms(snapshot, entry);
    row->txn_ms = entry->start_ts ? rst_entry_txn_age_ms(snapshot, entry) : 0;
}

static void put(struct text *text, const struct column *column, const struct row *row)
{
    const void *at = (const char *)row + column->offset;
    const struct bytes *bytes = at;

    switch (column->type) {
    case ID:
        rst_status_out_id(text, column->name, *(const uint64_t *)at);
        return;
    case WAITING:
        if (row->trx.waiting)
            rst_status_out_number(text, column->name, *(const uint64_t *)at);
        else
            rst_status_out_null(text, column->name);
        return;
    case NUMBER:
        rst_status_out_number(text, column->name, *(const uint64_t *)at);
        return;
    case STRING:
        rst_status_out_string(text, column->name, *(const char *const *)at);
        return;
    case BYTES:
        rst_status_out_bytes(text, column->name, bytes->at, bytes->length);
        return;
    case ARRAY: /* the library wrote it itself, so it is JSON already */
        rst_status_out_open(text, column->name, '[');
        rst_status_text_put(text, *(const char *const *)at + 1);
        return;
    }
}

const char *rst_holder_name(const struct roster_holder *holder)
{
    return holder->kind == ROSTER_HOLDER_PIN ? "pin" : "transaction";
}

uint64_t rst_holder_held_ms(const struct roster_holder *holder)
{
    if (holder->kind == ROSTER_HOLDER_NONE)
        return 0;
    return rst_since(rst_monotonic_ms(), holder->since / MS);
}

/* Where its session is not there nothing is known of it, neither what it does nor whose it was. */
static void fill_holder(struct row *row, const struct roster_holder *holder, bool open)
{
    row->holder = rst_holder_name(holder);
    row->pin_kind =
        holder->kind == ROSTER_HOLDER_PIN ? roster_pin_kind_name(holder->pin_kind) : NULL;
    row->pin = holder->pin_id;
    if (!holder->session_id)
        row->kind = NULL;
    if (open)
        return;
    row->run_state = row->process.command = NULL;
    row->process.user = row->process.host = row->process.db = NULL;
}

void rst_columns_members(struct text *text, const struct column *const *columns, size_t count,
                         const struct row_of *of, bool full)
{
    struct row row;
    size_t n;

    fill(&row, of->snapshot, of->entry, full);
    if (of->holder)
        fill_holder(&row, of->holder, of->snapshot->count);
    for (n = 0; n < count; n++)
        put(text, columns[n], &row);
}

void rst_columns_put(struct text *text, enum list list, const struct column *const *columns,
                     size_t count, const struct row_of *of, bool full)
{
    if (list == LIST_TXNS && of->entry->txn_state != ROSTER_TXN_VALID)
        return;
    rst_status_out_open(text, NULL, '{');
    rst_columns_members(text, columns, count, of, full);
    rst_status_out_close(text, '}');
}
