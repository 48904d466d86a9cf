/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The transaction of a connection. All of this happens inside the connection's gate.
 */
#ifndef ROSTER_MARIADB_TRANSACTIONS_H
#define ROSTER_MARIADB_TRANSACTIONS_H

struct rst_mdb_connection;
struct rst_mdb_event;

/* The running statement uses a table. */
void rst_mdb_txn_table(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);

/* A statement has ended; `connection->n` are still open. */
void rst_mdb_txn_after(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);

#endif /* ROSTER_MARIADB_TRANSACTIONS_H */
