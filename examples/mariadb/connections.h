/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * From the server's connection ids to sessions. The server has no room for a pointer of ours that
 * survives a change of user, so a table keeps them, in parts that have a lock each; no thread that
 * reads the roster comes here.
 */
#ifndef ROSTER_EXAMPLE_MARIADB_CONNECTIONS_H
#define ROSTER_EXAMPLE_MARIADB_CONNECTIONS_H

#include <stdint.h>

struct roster_session;

struct connection {
    uint64_t id;
    struct roster_session *session;
    struct connection *next;
    char *user; /* these three may be NULL */
    char *host;
    char *database;
};

/* Puts a connection in; its id is not in use. */
void connections_add(struct connection *connection);

/* Finds one, or NULL; it stays, because only the caller's thread handles it at the moment. */
struct connection *connections_find(uint64_t id);

/* Takes one out, or returns NULL; with connections_any() whichever is left. */
struct connection *connections_remove(uint64_t id);
struct connection *connections_any(void);

#endif
