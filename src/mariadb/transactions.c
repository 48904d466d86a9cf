/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions, as far as events tell. Between BEGIN and COMMIT the server says itself that it is
 * inside, however it came there and is left. With autocommit off it does not: there a transaction
 * begins when a statement uses a table, and ends by what the statement's text says. With autocommit
 * on, the statement is one.
 */
#include "mariadb/connections.h"

#include "mariadb/mirror.h"

#include <string.h>

/* The server's error for the victim of a deadlock, whose whole transaction it rolls back. */
#define ERROR_DEADLOCK 1213

static void begin(struct rst_mdb_connection *connection, enum rst_mdb_txn kind, bool read_only)
{
    const struct roster_shown *shown;
    struct roster_copy copy;
    int err = roster_txn_begin(connection->session, NULL);

    rst_mdb_note(err);
    if (err)
        return;
    shown = roster_session_look(connection->session, &copy, NULL, 0);
    connection->txn = kind;
    connection->txn_depth = connection->n;
    connection->txn_seq = roster_txn_seq(connection->session, shown);
    if (read_only)
        rst_mdb_note(roster_txn_set_flags(connection->session, ROSTER_TXN_READ_ONLY));
}

static void finish(struct rst_mdb_connection *connection)
{
    if (connection->txn == RST_MDB_TXN_NONE)
        return;
    rst_mdb_note(roster_txn_finish(connection->session));
    connection->txn = RST_MDB_TXN_NONE;
    connection->txn_seq = 0;
    connection->txn_killed = false;
}

/* Tables of the server's own, which it reads for itself and that no engine with transactions has.
 */
static bool is_own(struct rst_mdb_text database)
{
    static const char *const own[] = {"mysql", "information_schema", "performance_schema", "sys"};
    size_t n;

    for (n = 0; n < sizeof(own) / sizeof(*own); n++)
        if (strlen(own[n]) == database.length &&
            memcmp(own[n], database.text, database.length) == 0)
            return true;
    return false;
}

void rst_mdb_txn_table(struct rst_mdb_connection *connection, const struct rst_mdb_event *event)
{
    if (is_own(event->database) || !connection->n)
        return;
    if (connection->txn == RST_MDB_TXN_NONE)
        begin(connection,
              event->begun        ? RST_MDB_TXN_EXPLICIT
              : event->autocommit ? RST_MDB_TXN_STATEMENT
                                  : RST_MDB_TXN_IMPLICIT,
              false);
    if (connection->txn != RST_MDB_TXN_NONE && !event->read_only)
        rst_mdb_note(roster_txn_set_flags(connection->session, ROSTER_TXN_HAS_WRITES));
}

/* Whether the transaction that is known is over. */
static bool is_over(const struct rst_mdb_connection *connection, const struct rst_mdb_event *event)
{
    switch (connection->txn) {
    case RST_MDB_TXN_EXPLICIT:
        return !event->begun || event->error == ERROR_DEADLOCK ||
               (!event->error && rst_mdb_is_commit(event->statement));
    case RST_MDB_TXN_IMPLICIT:
        return event->begun || event->autocommit || event->error == ERROR_DEADLOCK ||
               rst_mdb_ends_txn(event->statement);
    case RST_MDB_TXN_STATEMENT:
        return event->begun || connection->n < connection->txn_depth;
    default:
        return false;
    }
}

void rst_mdb_txn_after(struct rst_mdb_connection *connection, const struct rst_mdb_event *event)
{
    if (is_over(connection, event))
        finish(connection);
    if (event->begun && connection->txn == RST_MDB_TXN_NONE)
        begin(connection, RST_MDB_TXN_EXPLICIT, event->read_only);
}
