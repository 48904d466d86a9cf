/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The roster that mirrors a server: one session a connection, with its statements and its
 * transaction. Calls for one connection come one after the other, as the server handles it, from
 * whichever thread does. No call fails: what could not be mirrored is counted, and the server goes
 * on.
 */
#pragma once

#include "mariadb/text.h"

#include <roster/roster.h>
#include <stdbool.h>
#include <stdint.h>

/* What an audit event says. */
struct rst_mdb_event {
    uint64_t id; /* of the connection */
    uint64_t query_id;
    enum roster_command command;
    struct rst_mdb_text statement;
    struct rst_mdb_text database;
    struct rst_mdb_text account; /* "account[user] @ host [address]" */
    unsigned error;              /* with which the statement has ended; 0 for none */
    bool begun;                  /* the server is inside BEGIN or the like */
    bool autocommit;
    bool read_only; /* the transaction was declared so, or the table is only read */
};

struct rst_mdb_who {
    struct rst_mdb_text user;
    struct rst_mdb_text host;
    struct rst_mdb_text database;
};

/* Creates the mirror, or does away with it and all sessions left. Return 0 or a negative errno. */
int rst_mdb_open(uint32_t text_limit);
int rst_mdb_close(void);

/*
 * The roster, for a thread that is no event's, until rst_mdb_unread(): it stays for so long. NULL
 * when there is none, and then there is nothing to undo.
 */
struct roster *rst_mdb_read(void);
void rst_mdb_unread(void);

/* The roster, between rst_mdb_open() and rst_mdb_close(). */
struct roster *rst_mdb_roster(void);

/* A connection begins or ends. */
void rst_mdb_connect(uint64_t id, const struct rst_mdb_who *who);
void rst_mdb_disconnect(uint64_t id);

/* A statement begins, inside of those that have not ended. One of a connection that is not known,
 * because it is older than the plugin or a thread of the server's own, makes it known. */
void rst_mdb_begin(const struct rst_mdb_event *event);

/* The running statement uses a table. */
void rst_mdb_table(const struct rst_mdb_event *event);

/* A statement has ended: which one, its number says. */
void rst_mdb_end(const struct rst_mdb_event *event);

/* The command has ended well, with all statements that it consisted of. */
void rst_mdb_end_all(const struct rst_mdb_event *event);

/*
 * A command has ended after which the connection has the user that event->account says. After a
 * change of user only this names the new one: the event that the change itself causes has the old
 * one.
 */
void rst_mdb_change_user(const struct rst_mdb_event *event);

/* What goes wrong in these calls is counted. */

/* Counts an error that is one, which a refusal because of a kill is not. */
void rst_mdb_note(int err);

/* How often something could not be mirrored: out of memory, or the backlog is full. */
uint64_t rst_mdb_errors(void);
