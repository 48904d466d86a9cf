/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The roster that mirrors a server: one session a connection, one statement a command. Calls for
 * one connection come one after the other, as the server handles it, from whichever thread does.
 */
#ifndef ROSTER_EXAMPLE_MARIADB_MIRROR_H
#define ROSTER_EXAMPLE_MARIADB_MIRROR_H

#include <roster/roster.h>
#include <stddef.h>
#include <stdint.h>

/* A string with its length; NULL is "not known". */
struct mirror_text {
    const char *text;
    size_t length;
};

struct mirror_who {
    struct mirror_text user;
    struct mirror_text host;
    struct mirror_text database;
};

/* Creates the mirror, or does away with it and all sessions left. Return 0 or a negative errno. */
int mirror_open(void);
int mirror_close(void);

/* The roster, for readers; NULL before mirror_open(). */
struct roster *mirror_roster(void);

/* A connection begins or ends. */
void mirror_connect(uint64_t id, const struct mirror_who *who);
void mirror_disconnect(uint64_t id);

/* A command begins; one that had not ended is ended first. */
void mirror_begin(uint64_t id, enum roster_command command, struct mirror_text text);

/* The command has ended, with this database in use. */
void mirror_end(uint64_t id, struct mirror_text database);

/*
 * A command has ended after which the server gives `who` as the connection's user, as
 * "account[user] @ host [address]". After a change of user only this names the new one: the event
 * that the change itself causes has the old one.
 */
void mirror_user(uint64_t id, struct mirror_text who);

/* How often something could not be mirrored: out of memory, or the backlog is full. */
uint64_t mirror_errors(void);

#endif
