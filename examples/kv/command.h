/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands: their table, and running one as a statement of its session.
 */
#ifndef KV_COMMAND_H
#define KV_COMMAND_H

#include "conn.h"

enum {
    CMD_DATA = 1,    /* works inside a transaction: the client's, or one of its own */
    CMD_QUEUE = 2,   /* may stand between MULTI and EXEC */
    CMD_NOW = 4,     /* runs at once even there */
    CMD_OUTSIDE = 8, /* only when no transaction is open */
};

/*
 * Runs a command: appends one reply to conn->out. Returns 0, or a negative errno when it could not
 * be done at all; what it appended is then replaced by an error.
 */
typedef int command_fn(struct conn *conn, const struct request *request);

struct command {
    const char *name;
    command_fn *run;
    int arity; /* arguments with the name; negative: at least so many */
    unsigned flags;
    enum roster_command kind;
    const char *usage;
    const char *summary;
};

extern const struct command commands[]; /* the last one has no name */

const struct command *command_find(struct slice name);

/* Runs a request and frees it. */
void command_run(struct conn *conn, struct request *request);

/* Ends the statement that sleeps. */
void command_wake(struct conn *conn, bool interrupted);

/* Runs commands until their transaction is the first to commit, and replies. */
int command_autocommit(struct conn *conn, const struct request *request,
                       int (*run)(struct conn *conn, const struct request *request));

/* Keeps a request until EXEC, and says so. */
int multi_queue(struct conn *conn, const struct command *command, struct request *request);

/* Forgets what was queued since MULTI. */
void multi_discard(struct multi *multi);

/* Sets the session's name; replies only when it cannot. Returns 0 or a negative errno. */
int client_set_name(struct conn *conn, struct slice name);

/* A subcommand, as of CLIENT. */
struct subcommand {
    const char *name;
    command_fn *run;
    int arity;
    const char *usage; /* of its arguments */
    const char *summary;
};

/* Runs the one that argument 1 names, or describes all for HELP; the last in the list has no name.
 */
int command_sub(struct conn *conn, const struct request *request,
                const struct subcommand *subcommands);

/* Replies with the text that `tell` makes. */
int command_text(struct conn *conn, const void *arg,
                 int (*tell)(struct conn *conn, const void *arg, struct buf *text));

command_fn cmd_get, cmd_set, cmd_mget, cmd_del, cmd_exists, cmd_incr, cmd_incrby, cmd_decr,
    cmd_decrby, cmd_scan, cmd_strlen, cmd_type;
command_fn cmd_dbsize, cmd_flushdb; /* cmd_data.c */
command_fn cmd_begin, cmd_commit, cmd_rollback, cmd_multi, cmd_exec, cmd_discard, cmd_trx;
command_fn cmd_client; /* cmd_client.c */
command_fn cmd_ping, cmd_echo, cmd_quit, cmd_reset, cmd_select, cmd_hello;
command_fn cmd_config, cmd_command, cmd_debug; /* cmd_server.c */
command_fn cmd_info;                           /* info.c */

#endif
