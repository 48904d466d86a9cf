/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kills: ending what another thread does.
 *
 * SQLite has one flag a connection for sqlite3_interrupt(), which the statements that are open on
 * it obey, and which is lowered when none is. So that an interrupt meets the statement it was meant
 * for or nothing, it is sent only between two points that the statement cannot pass in between:
 *
 *     who ends it, under rst_ext_lock            owner, at the end of statement q
 *     1 roster_kill(q) says: delivered           A roster_stmt_end() says: killed
 *     2 q is not settled                         B under rst_ext_lock: q is settled
 *     3 sqlite3_interrupt()
 *
 * By G5 an owner that finds no kill in A ended q before 1, which then is not delivered. Else B
 * comes after 3, and the statement is still open at 3; or before 2, and nothing is sent.
 *
 * An idle transaction is rolled back by the thread that ends it, inside the connection's mutex: it
 * is the owner then.
 */
#include "sqlite/extension.h"

#include <errno.h>
#include <stdlib.h>

SQLITE_EXTENSION_INIT3

#define TRIES 500
#define PAUSE_NS 2000000

void rst_ext_settle(struct rst_ext_conn *conn, uint64_t statement)
{
    if (conn->held) {
        conn->settled = statement;
        return;
    }
    pthread_mutex_lock(&rst_ext_lock);
    conn->settled = statement;
    pthread_mutex_unlock(&rst_ext_lock);
}

/* The statement that the connection shows; 0 for none. */
static uint64_t shown(const struct rst_ext_conn *conn)
{
    struct roster_entry entry;
    char room[ROSTER_IDENTITY_MAX + 64];

    return roster_look(rst_ext_roster, conn->id, &entry, room, sizeof(room)) ? 0 : entry.stmt_seq;
}

/* Interrupts that statement, if it is part of that transaction, or of any for 0. Under
 * rst_ext_lock. */
static bool interrupt(struct rst_ext_conn *conn, uint64_t statement, uint64_t txn)
{
    int err;

    if (!statement)
        return false;
    err = roster_kill(rst_ext_roster, conn->id, ROSTER_KILL_TARGET_STATEMENT, statement,
                      ROSTER_KILL_REASON_INTERRUPTED);
    if ((err && err != -EALREADY) || conn->settled == statement)
        return false;
    /* While a statement is open its connection's transaction is the same. */
    if (txn && atomic_load(&conn->txn) != txn)
        return false;
    if (conn->hit != statement)
        sqlite3_interrupt(conn->db);
    conn->hit = statement;
    return true;
}

static uint64_t hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

/* Its next step would begin it again, and return the same rows once more as if nothing had been. */
static bool note_reset(struct rst_ext_conn *conn, const struct rst_ext_cursor *cursor)
{
    struct rst_ext_reset *reset = realloc(conn->reset, (conn->n_reset + 1) * sizeof(*conn->reset));

    if (!reset)
        return false;
    conn->reset = reset;
    reset[conn->n_reset].stmt = cursor->stmt;
    reset[conn->n_reset++].text = hash(sqlite3_sql(cursor->stmt));
    conn->catch_up = true;
    return true;
}

bool rst_ext_was_reset(struct rst_ext_conn *conn, const sqlite3_stmt *stmt, const char *sql)
{
    unsigned n;

    for (n = 0; n < conn->n_reset && conn->reset[n].stmt != stmt; n++)
        ;
    if (n == conn->n_reset)
        return false;
    stmt = NULL;
    if (conn->reset[n].text == hash(sql))
        stmt = conn->reset[n].stmt; /* else another one has its place by now */
    conn->reset[n] = conn->reset[--conn->n_reset];
    return stmt != NULL;
}

static void reset_all(struct rst_ext_conn *conn)
{
    unsigned before;

    do {
        before = conn->n;
        /* Calls back, which shortens the list. */
        if (before && note_reset(conn, &conn->open[before - 1]))
            sqlite3_reset(conn->open[before - 1].stmt);
    } while (conn->n < before);
}

/* The calling thread is inside the connection's mutex, and so the owner. */
static enum rst_ext_result end_inside(struct rst_ext_conn *conn, enum rst_ext_how how, uint64_t txn)
{
    int err = SQLITE_OK;

    rst_ext_reconcile(conn);
    conn->held = true;
    if (atomic_load(&conn->txn) != txn)
        return RST_EXT_DONE;
    if (conn->n && how == RST_EXT_UNSAFE)
        reset_all(conn);
    if (conn->n || conn->unseen) {
        (void)interrupt(conn, shown(conn), txn);
        return RST_EXT_CURSOR;
    }
    if (!sqlite3_get_autocommit(conn->db))
        err = sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
    return err ? RST_EXT_FAILED : RST_EXT_DONE;
}

enum rst_ext_result rst_ext_end_txn(struct rst_ext_conn *conn, enum rst_ext_how how, uint64_t txn)
{
    sqlite3_mutex *mutex = sqlite3_db_mutex(conn->db);
    enum rst_ext_result result;
    uint64_t statement = shown(conn);

    if (atomic_load(&conn->txn) != txn)
        return RST_EXT_DONE;
    atomic_store(&conn->asked, txn);
    if (mutex && sqlite3_mutex_try(mutex) == SQLITE_OK) {
        result = end_inside(conn, how, txn);
        conn->held = false;
        sqlite3_mutex_leave(mutex);
        return result;
    }
    if (interrupt(conn, statement, txn) || mutex)
        return RST_EXT_ASKED;
    return RST_EXT_NOT_OURS;
}

enum rst_ext_result rst_ext_end_statement(struct rst_ext_conn *conn, uint64_t statement)
{
    uint64_t now = shown(conn);

    if (!now || (statement && statement != now))
        return RST_EXT_NOTHING;
    if (atomic_load(&conn->cursors) > 1)
        return RST_EXT_OTHERS;
    return interrupt(conn, now, 0) ? RST_EXT_ASKED : RST_EXT_NOTHING;
}

/* What holds a snapshot and was not seen to begin: an incremental blob, or what the program has
 * begun while its own trace callback was in the place of ours. */
static enum rst_ext_result end_unseen(struct rst_ext_conn *conn)
{
    sqlite3_mutex *mutex = sqlite3_db_mutex(conn->db);
    enum rst_ext_result result = RST_EXT_NOTHING;
    sqlite3_stmt *stmt = NULL;

    if (!mutex || sqlite3_mutex_try(mutex) != SQLITE_OK)
        return result;
    if (sqlite3_txn_state(conn->db, NULL) != SQLITE_TXN_NONE) {
        while ((stmt = sqlite3_next_stmt(conn->db, stmt)) && !sqlite3_stmt_busy(stmt))
            ;
        conn->held = true;
        result = stmt || sqlite3_get_autocommit(conn->db) ||
                         sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL)
                     ? RST_EXT_UNSEEN
                     : RST_EXT_DONE;
        conn->held = false;
    }
    sqlite3_mutex_leave(mutex);
    return result;
}

/* One try. `*txn` is the transaction that is meant, 0: the one that is open. */
static enum rst_ext_result end_once(uint64_t id, enum rst_ext_how how, uint64_t *txn)
{
    enum rst_ext_result result = RST_EXT_GONE;
    struct rst_ext_conn *conn;
    bool first = !*txn;

    pthread_mutex_lock(&rst_ext_lock);
    conn = rst_ext_find(id);
    if (conn && !*txn)
        *txn = atomic_load(&conn->txn);
    if (conn && how == RST_EXT_STATEMENT)
        result = rst_ext_end_statement(conn, 0);
    else if (conn && *txn)
        result = rst_ext_end_txn(conn, how, *txn);
    else if (conn)
        result = end_unseen(conn);
    else if (!first)
        result = RST_EXT_DONE; /* the connection has gone, and its transaction with it */
    pthread_mutex_unlock(&rst_ext_lock);
    return result;
}

enum rst_ext_result rst_ext_end(uint64_t id, enum rst_ext_how how)
{
    const struct timespec pause = {0, PAUSE_NS};
    enum rst_ext_result result = RST_EXT_GONE;
    uint64_t txn = 0;
    int tries;

    for (tries = 0; tries < TRIES; tries++) {
        result = end_once(id, how, &txn);
        if ((result != RST_EXT_ASKED && result != RST_EXT_CURSOR) || how == RST_EXT_STATEMENT)
            break;
        nanosleep(&pause, NULL);
    }
    return result;
}

enum rst_ext_how rst_ext_end_as_set(void)
{
    return atomic_load(&rst_ext_settings.unsafe) ? RST_EXT_UNSAFE : RST_EXT_TXN;
}

/* Ends what is open; true when nothing is. */
static bool end_all(struct rst_ext_conn *conn, uint64_t txn)
{
    enum rst_ext_result result =
        txn ? rst_ext_end_txn(conn, rst_ext_end_as_set(), txn) : RST_EXT_DONE;

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

const char *rst_ext_result_text(enum rst_ext_result result)
{
    static const char *const texts[] = {
        [RST_EXT_NOTHING] = "nothing to end: no statement is running and no transaction is open",
        [RST_EXT_GONE] = "no such connection",
        [RST_EXT_DONE] = "ended",
        [RST_EXT_ASKED] = "interrupted: it ends when its thread notices",
        [RST_EXT_CURSOR] =
            "interrupted, but its cursor is open between two rows and stays until its thread "
            "uses it; 'unsafe' resets it now, and a thread that still reads the row's columns "
            "crashes",
        [RST_EXT_OTHERS] =
            "not interrupted: other statements are open on that connection, and SQLite would "
            "interrupt them, too; 'transaction' ends all of them",
        [RST_EXT_UNSEEN] =
            "not ended: what holds the snapshot was not seen to begin (an incremental blob, or "
            "a statement beside a trace callback of the program's own); only its thread can "
            "end it",
        [RST_EXT_NOT_OURS] =
            "asked: the connection was opened without a mutex, so only its own thread may roll "
            "back; its next statement fails with SQLITE_INTERRUPT",
        [RST_EXT_FAILED] =
            "failed: SQLite refused the rollback, as it does when the connection was closed "
            "and its statements were not finalized; see its error log",
    };

    return texts[result];
}
