/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Limits, in the background thread: what has gone on for too long is ended.
 */
#include "sqlite/extension.h"

SQLITE_EXTENSION_INIT3

static uint64_t age_ms(uint64_t since, uint64_t now)
{
    return since ? rst_since(now, since) / 1000000 : 0;
}

/* Under rst_ext_lock. */
static void limit(struct rst_ext_conn *conn, uint64_t now)
{
    uint64_t max_read = atomic_load(&rst_ext_settings.max_read_ms);
    uint64_t max_statement = atomic_load(&rst_ext_settings.max_statement_ms);
    uint64_t txn = atomic_load(&conn->txn);
    char room[ROSTER_IDENTITY_MAX + 64];
    struct roster_entry entry;

    if (roster_look(rst_ext_roster, conn->id, &entry, room, sizeof(room)))
        return;
    if (max_read && txn && !atomic_load(&conn->writes) && age_ms(entry.txn_since, now) > max_read)
        (void)rst_ext_end_txn(conn, rst_ext_end_as_set(), txn);
    else if (max_statement && entry.stmt_seq && age_ms(entry.stmt_since, now) > max_statement)
        (void)rst_ext_end_statement(conn, entry.stmt_seq);
}

void rst_ext_limits(void)
{
    struct rst_ext_conn *conn;
    uint64_t now;

    if (!atomic_load(&rst_ext_settings.max_read_ms) &&
        !atomic_load(&rst_ext_settings.max_statement_ms))
        return;
    now = rst_monotonic_ns();
    pthread_mutex_lock(&rst_ext_lock);
    for (conn = rst_ext_conns; conn; conn = conn->next)
        limit(conn, now);
    pthread_mutex_unlock(&rst_ext_lock);
}
