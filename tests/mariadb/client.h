/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the programs that drive a MariaDB server share. Each function ends the program when the
 * server does not answer as it should.
 */
#pragma once

#include <mysql.h>
#include <stddef.h>

/* Says what is wrong and ends the program. */
void fail(const char *what, const char *why) __attribute__((noreturn));

/* A connection that is not open yet, to a server without TLS. */
MYSQL *handle(void);

/* A connection as root, which may send several statements in one text. */
MYSQL *dial(unsigned port);

/* Executes a text of `length` bytes. Returns the server's error, 0 for none. */
unsigned try_bytes(MYSQL *mysql, const char *query, size_t length);
unsigned try_query(MYSQL *mysql, const char *query);

/* The same, and it has to succeed. */
void query(MYSQL *mysql, const char *query);

/* The first field of the first row, which the caller frees. */
char *answer(MYSQL *mysql, const char *query);

/* The roster as rows: id, user, db, command, info, last, statement_ms, transaction_ms. */
#define ROSTER_ROWS                                                                                \
    "JSON_TABLE(CONVERT(CAST(roster_processlist() AS BINARY) USING utf8mb4), '$[*]' COLUMNS ("     \
    "id BIGINT PATH '$.id', user VARCHAR(128) PATH '$.user', db VARCHAR(64) PATH '$.db', "         \
    "command VARCHAR(32) PATH '$.command', info TEXT CHARSET utf8mb4 PATH '$.info', last TEXT "    \
    "CHARSET utf8mb4 PATH '$.last', "                                                              \
    "statement_ms BIGINT PATH '$.statement_ms', "                                                  \
    "transaction_ms BIGINT PATH '$.transaction_ms')) r"

/* Sends a request to the status endpoint at a Unix socket; the reply goes to `reply`. */
void ask(const char *socket_path, const char *request, char *reply, size_t size);
