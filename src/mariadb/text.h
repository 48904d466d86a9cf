/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the texts of audit events say. Nothing here knows the server, the roster or a connection.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A string with its length; NULL is "not known". */
struct rst_mdb_text {
    const char *text;
    size_t length;
};

/*
 * Takes "account[user] @ host [address]" apart. The host is the address when the server resolves no
 * names. An empty part is "not known". Returns false for anything else: the server cuts what
 * is too long.
 */
bool rst_mdb_account(struct rst_mdb_text who, struct rst_mdb_text *user, struct rst_mdb_text *host);

/*
 * Whether a statement ends the transaction that is open, by itself (COMMIT, ROLLBACK) or because
 * the server commits before it (DDL and others).
 */
bool rst_mdb_ends_txn(struct rst_mdb_text statement);

/* The same, and only COMMIT and ROLLBACK, which AND CHAIN makes begin the next one. */
bool rst_mdb_is_commit(struct rst_mdb_text statement);

/* What follows the first statement, which has `length` bytes, in a text of several. */
struct rst_mdb_text rst_mdb_rest(struct rst_mdb_text all, size_t length);

/*
 * Copies a statement to `to`, which has room for `room` bytes, with "?" in the place of each
 * literal. Where it is not certain where a string or a name ends, because that depends on the
 * sql_mode or the character set of the connection, the rest is left out, with "?" in its place.
 * Returns the length, at most `room`.
 */
size_t rst_mdb_mask(struct rst_mdb_text statement, char *to, size_t room);

/* Whether a statement has a placeholder, so that the server has put no values into its text. */
bool rst_mdb_has_placeholder(struct rst_mdb_text statement);

/*
 * How much of a text has to be looked at to find the last place where it may say a password, which
 * is where it has the word, or IDENTIFIED. 0 for none.
 */
size_t rst_mdb_password(struct rst_mdb_text text);

/* Whether a statement of a routine has values of variables in its text. */
bool rst_mdb_has_variables(struct rst_mdb_text statement);
