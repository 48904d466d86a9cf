/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Carrying out kills that came through the endpoint, and limits: in the background thread.
 */
#include "config.h"

#include "sqlite/extension.h"

SQLITE_EXTENSION_INIT3

static enum rst_ext_how how(void)
{
    return atomic_load(&rst_ext_settings.unsafe) ? RST_EXT_UNSAFE : RST_EXT_TXN;
}

/* Ends what is open; true when nothing is. */
static bool end_all(struct rst_ext_conn *conn, uint64_t txn)
{
    enum rst_ext_result result = txn ? rst_ext_end_txn(conn, how(), txn) : RST_EXT_DONE;

    return result == RST_EXT_DONE || result == RST_EXT_FAILED;
}

/* SQLite's connection cannot be closed from outside: what it did is ended, and it goes on as
 * another session. A connection without a mutex becomes one by itself, when it is used next. */
static bool replace(struct rst_ext_conn *conn)
{
    sqlite3_mutex *mutex = sqlite3_db_mutex(conn->db);
    bool done = true;

    if (!mutex || sqlite3_mutex_try(mutex) != SQLITE_OK)
        return !mutex;
    if (roster_killed_connection(roster_killed(conn->session)) && !conn->n && !conn->unseen)
        done = !rst_ext_session_again(conn);
    sqlite3_mutex_leave(mutex);
    return done;
}

bool rst_ext_end_killed(struct rst_ext_conn *conn, enum roster_kill_target target, uint64_t txn)
{
    struct roster_entry entry;
    char room[ROSTER_IDENTITY_MAX + 64];
    uint64_t open = atomic_load(&conn->txn);

    if (target == ROSTER_KILL_TARGET_CONNECTION)
        return end_all(conn, open) && replace(conn);
    /* The number is the roster's; `open` is the same transaction if the look is from in between. */
    if (roster_look(rst_ext_roster, conn->id, &entry, room, sizeof(room)) || entry.txn_seq != txn ||
        open != atomic_load(&conn->txn))
        return entry.txn_seq != txn;
    return end_all(conn, open);
}

static uint64_t age_ms(uint64_t since, uint64_t now)
{
    return since && now > since ? (now - since) / 1000000 : 0;
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
        (void)rst_ext_end_txn(conn, how(), txn);
    else if (max_statement && entry.stmt_seq && age_ms(entry.stmt_since, now) > max_statement)
        (void)rst_ext_end_statement(conn, entry.stmt_seq);
}

void rst_ext_reconcile_all(void)
{
    struct rst_ext_conn *conn;
    sqlite3_mutex *mutex;

    pthread_mutex_lock(&rst_ext_lock);
    for (conn = rst_ext_conns; conn; conn = conn->next) {
        if (!atomic_load(&conn->again))
            continue;
        mutex = sqlite3_db_mutex(conn->db);
        if (!mutex || sqlite3_mutex_try(mutex) != SQLITE_OK)
            continue;
        rst_ext_reconcile(conn);
        sqlite3_mutex_leave(mutex);
    }
    pthread_mutex_unlock(&rst_ext_lock);
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
