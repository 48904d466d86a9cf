/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which statements of a connection are open: the one that the client has sent, and inside of it
 * those of routines, of triggers and of EXECUTE. All of this happens inside the connection's gate.
 */
#ifndef ROSTER_MARIADB_STATEMENTS_H
#define ROSTER_MARIADB_STATEMENTS_H

#include <stdbool.h>

struct rst_mdb_connection;
struct rst_mdb_event;

/* Whether texts of prepared statements and of routines are shown with their values. */
void rst_mdb_show_values(bool shown);

/* A statement begins, inside of those that are open. */
void rst_mdb_stmt_begin(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);

/* The statement that the event is about has ended, and what was inside of it. */
void rst_mdb_stmt_end(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);

/* After the end of the outermost: when the client has sent several in one text, the next begins. */
void rst_mdb_stmt_next(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);

/* All have ended. */
void rst_mdb_stmt_end_all(struct rst_mdb_connection *connection);

#endif /* ROSTER_MARIADB_STATEMENTS_H */
