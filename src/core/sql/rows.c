/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rows of a SQL server's tables of sessions.
 */
#include "core/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/rows.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

static const char *or_empty(const char *string)
{
    return string ? string : "";
}

/* The bytes of the first characters of a text. */
static size_t first_characters(const char *text, size_t length, size_t characters)
{
    size_t n;

    for (n = 0; n < length; n++)
        if (((unsigned char)text[n] & 0xc0) != 0x80 && characters-- == 0)
            break;
    return n;
}

int roster_row_process(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                       bool full, struct roster_row_process *row)
{
    if (!snapshot || !entry || !row)
        return -EINVAL;
    memset(row, 0, sizeof(*row));
    row->id = entry->id;
    row->user = or_empty(entry->user);
    row->host = or_empty(entry->host);
    row->db = entry->database && *entry->database ? entry->database : NULL;
    row->command = roster_command_name(entry->command);
    row->time =
        rst_since(snapshot->taken_at, entry->stmt_seq ? entry->stmt_since : entry->state_since) /
        SECOND;
    row->state = entry->txn_state == ROSTER_TXN_VALID ? "in transaction" : "autocommit";
    if (!entry->text || !entry->text_length)
        return 0;
    row->info = entry->text;
    row->info_length = entry->text_length;
    if (!full)
        row->info_length =
            first_characters(entry->text, entry->text_length, ROSTER_ROW_INFO_CHARACTERS);
    return 0;
}

static void format_start(uint64_t start_ts, int32_t utc_offset_s, char *to, size_t size)
{
    uint64_t ms = roster_ts_physical_ms(start_ts);
    time_t seconds = (time_t)(ms / 1000) + utc_offset_s;
    struct tm tm;

    *to = '\0';
    if (!start_ts || !gmtime_r(&seconds, &tm))
        return;
    snprintf(to, size, "%02d-%02d %02d:%02d:%02d.%03u(%" PRIu64 ")", tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(ms % 1000), start_ts);
}

int roster_row_is_process(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                          int32_t utc_offset_s, struct roster_row_is_process *row)
{
    if (!snapshot || !entry || !row)
        return -EINVAL;
    memset(row, 0, sizeof(*row));
    (void)roster_row_process(snapshot, entry, true, &row->show);
    row->digest = or_empty(entry->digest);
    row->mem = entry->memory;
    row->disk = entry->disk;
    format_start(entry->start_ts, utc_offset_s, row->txn_start, sizeof(row->txn_start));
    return 0;
}

int roster_row_trx(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                   struct roster_row_trx *row)
{
    if (!snapshot || !entry || !row)
        return -EINVAL;
    if (entry->txn_state != ROSTER_TXN_VALID)
        return -ENOENT;
    memset(row, 0, sizeof(*row));
    row->id = entry->start_ts;
    row->start_time = roster_ts_physical_ms(entry->start_ts);
    row->current_sql_digest = entry->digest && *entry->digest ? entry->digest : NULL;
    row->state = roster_run_state_name(entry->run_state);
    row->mem_buffer_keys = entry->entries;
    row->mem_buffer_bytes = entry->entry_bytes;
    row->session_id = entry->id;
    row->user = or_empty(entry->user);
    row->db = or_empty(entry->database);
    row->all_sql_digests = entry->all_digests ? entry->all_digests : "[]";
    row->related_table_ids = or_empty(entry->tables);
    row->kind = entry->kind;
    if (entry->run_state != ROSTER_RUN_LOCK_WAITING)
        return 0;
    row->waiting = true;
    row->waiting_time = rst_since(snapshot->taken_at, entry->blocked_since) / MS;
    row->waiting_start_time = rst_since(snapshot->taken_at_ms, row->waiting_time);
    return 0;
}

int roster_row_lock_wait(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                         struct roster_row_lock_wait *row)
{
    if (!snapshot || !entry || !row)
        return -EINVAL;
    if (!entry->blocker)
        return -ENOENT;
    memset(row, 0, sizeof(*row));
    row->key_info = or_empty(entry->blocked_on);
    row->trx_id = entry->start_ts;
    row->current_holding_trx_id = entry->blocker_start_ts;
    row->sql_digest = entry->digest && *entry->digest ? entry->digest : NULL;
    row->sql_digest_text = entry->text;
    row->session_id = entry->id;
    row->current_holding_session_id = entry->blocker;
    row->root_session_id = entry->root_blocker;
    row->waiting_time = rst_since(snapshot->taken_at, entry->wait_since) / MS;
    return 0;
}

int roster_row_deadlock(const struct roster_deadlock *deadlock, uint32_t n,
                        struct roster_row_deadlock *row)
{
    const struct roster_deadlock_member *member;

    if (!deadlock || !row)
        return -EINVAL;
    if (n >= deadlock->kept)
        return -ENOENT;
    member = &deadlock->member[n];
    memset(row, 0, sizeof(*row));
    row->deadlock_id = deadlock->number;
    row->occur_time = deadlock->at_ms;
    row->try_lock_trx_id = member->start_ts;
    row->current_sql_text = member->stmt_seq ? member->text : NULL;
    row->key_info = member->what;
    row->session_id = member->session_id;
    if (n + 1 < deadlock->kept || deadlock->kept == deadlock->members)
        row->trx_holding_lock = deadlock->member[n + 1 < deadlock->kept ? n + 1 : 0].start_ts;
    return 0;
}
