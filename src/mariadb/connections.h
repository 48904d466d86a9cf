/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * From the server's connection ids to sessions. The server has no room for a pointer of ours that
 * survives a change of user, so a table keeps them, in parts that have a lock each; no thread that
 * reads the roster comes here.
 */
#pragma once

#include "mariadb/text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct roster_session;
struct rst_mdb_event;

/* Why a transaction is thought to be open. */
enum rst_mdb_txn {
    RST_MDB_TXN_NONE,
    RST_MDB_TXN_STATEMENT, /* of the running statement, with autocommit: ends with it */
    RST_MDB_TXN_IMPLICIT,  /* with autocommit off: a statement has used a table */
    RST_MDB_TXN_EXPLICIT,  /* the server says so: BEGIN, START TRANSACTION, XA START */
};

/* A statement that has begun and not ended. */
struct rst_mdb_open {
    uint64_t seq;      /* roster_stmt_seq(), 0: it is not shown */
    uint64_t query_id; /* of the server, as long as it runs itself; 0: not known */
    bool killed;       /* the server has taken a KILL */
};

struct rst_mdb_connection {
    uint64_t id;
    struct roster_session *session;
    struct rst_mdb_connection *next;
    char *user; /* these three may be NULL */
    char *host;
    char *database;
    bool internal; /* a thread of the server's own: no event says when it ends */
    bool doubtful; /* may be one: its beginning was not seen, nor a statement that a client sent */
    /*
     * Held by the connection's thread while it handles an event, and by the killer from the look at
     * what is open until the server's KILL has returned: so nothing of what follows ends in
     * between.
     */
    pthread_mutex_t gate;
    struct rst_mdb_open *open; /* the outermost first */
    unsigned n, room;
    struct rst_mdb_text rest; /* of a text of several statements, from the one that runs */
    size_t secret;            /* rst_mdb_password() of that */
    enum rst_mdb_txn txn;
    unsigned txn_depth; /* how many statements were open when it began */
    uint64_t txn_seq;   /* roster_txn_seq() */
    bool txn_killed;    /* the server has taken a KILL QUERY for it */
};

/* Puts a connection in. Returns 0, or -EEXIST when its id is in use. */
int rst_mdb_add(struct rst_mdb_connection *connection);

/*
 * Finds a connection and enters its gate, or returns NULL: always for the id 0, which a thread may
 * ask for that is inside of a gate. It stays until rst_mdb_leave(): its own
 * thread cannot remove and free it in between.
 */
struct rst_mdb_connection *rst_mdb_enter(uint64_t id);
void rst_mdb_leave(struct rst_mdb_connection *connection);

/* Takes one out and waits for a killer inside, or returns NULL; with rst_mdb_remove_any() whichever
 * is left. The caller frees it. */
struct rst_mdb_connection *rst_mdb_remove(uint64_t id);
struct rst_mdb_connection *rst_mdb_remove_any(void);

/* statements.c: which statements of a connection are open: the one that the client has sent, and
 * inside of it those of routines, of triggers and of EXECUTE. These and those of transactions.c are
 * called inside the connection's gate. */

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

/* transactions.c: its transaction, of which the running statement uses a table. */
void rst_mdb_txn_table(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);

/* A statement has ended; `connection->n` are still open. */
void rst_mdb_txn_after(struct rst_mdb_connection *connection, const struct rst_mdb_event *event);
