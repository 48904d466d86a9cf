/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of a server's commands, and those commands that need nothing else.
 */
#pragma once

#include "resp.h"

struct conn;   /* the server's */
struct server; /* likewise: what front.arg is */

/*
 * A command appends one reply. Returns 0, 1 when it is an error, or a negative errno when it could
 * not be done at all: what it appended is to be replaced by an error then.
 */
typedef int command_fn(struct conn *conn, const struct request *request, struct buf *out);

enum {
    CMD_KEY = 1,    /* its first argument is a key */
    CMD_SERVER = 2, /* from here on the server's flags */
};

struct command {
    const char *name; /* "COMMAND", or "COMMAND|SUBCOMMAND" */
    command_fn *run;  /* command_help: there are subcommands alone */
    int arity;        /* arguments with the name; negative: at least that number */
    const char *usage, *summary;
    unsigned flags;
    int kind; /* as the server likes */
};

extern const struct command commands[]; /* the server's: the last one has no name */

const struct command *command_find(const struct request *request); /* NULL: there is none */

/* Whether a request has as many arguments as its command needs. If not, appends an error. */
bool command_fits(const struct command *command, const struct request *request, struct buf *out);

/* Runs a command when none of its subcommands is meant: HELP, or an error. */
command_fn command_help;
command_fn cmd_command, command_count, command_docs, cmd_ping, cmd_echo, cmd_select;
command_fn config_get; /* options.c */

/* In these, the peer (front.h) is what `conn` begins with. */
command_fn cmd_quit;
command_fn cmd_info, peer_setinfo;                         /* about.c */
command_fn cmd_hello, cmd_auth, client_setname, client_id; /* identity.c */

/* A section of INFO: appends its lines. Returns 0 or a negative errno. */
struct info_section {
    const char *name;
    int (*write)(struct server *server, struct buf *out);
};

extern const struct info_section info_sections[]; /* the server's: the last one has no name */
