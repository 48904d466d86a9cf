/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mirror.h"

#include "connections.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct roster *roster;
static atomic_uint_least64_t errors;

int mirror_open(void)
{
    return roster_create(NULL, &roster);
}

static void forget(struct connection *connection)
{
    roster_session_close(connection->session);
    free(connection->user);
    free(connection->host);
    free(connection->database);
    free(connection);
}

int mirror_close(void)
{
    struct connection *connection;
    int err;

    while ((connection = connections_any()))
        forget(connection);
    err = roster_destroy(roster);
    if (!err)
        roster = NULL;
    return err;
}

struct roster *mirror_roster(void)
{
    return roster;
}

uint64_t mirror_errors(void)
{
    return atomic_load(&errors);
}

/* The mirror must never harm the server: what fails is counted, and the server goes on. */
static void note(int err)
{
    if (err < 0)
        atomic_fetch_add(&errors, 1);
}

/* Replaces a string that was copied. Returns 0 or -ENOMEM, the string unchanged. */
static int replace(char **copy, struct mirror_text from)
{
    char *fresh = NULL;

    if (from.text) {
        fresh = strndup(from.text, from.length);
        if (!fresh)
            return -ENOMEM;
    }
    free(*copy);
    *copy = fresh;
    return 0;
}

static int set_who(struct connection *connection, const struct mirror_who *who)
{
    int err = replace(&connection->user, who->user);

    if (!err)
        err = replace(&connection->host, who->host);
    if (!err)
        err = replace(&connection->database, who->database);
    return err;
}

static struct roster_session_attr attr_of(const struct connection *connection)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.id = connection->id;
    attr.user = connection->user;
    attr.host = connection->host;
    attr.database = connection->database;
    return attr;
}

void mirror_connect(uint64_t id, const struct mirror_who *who)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    struct roster_session_attr attr;
    int err;

    if (!connection) {
        note(-ENOMEM);
        return;
    }
    connection->id = id;
    err = set_who(connection, who);
    attr = attr_of(connection);
    if (!err)
        err = roster_session_open(roster, &attr, &connection->session);
    note(err);
    if (err)
        forget(connection);
    else
        connections_add(connection);
}

static void update(struct connection *connection)
{
    struct roster_session_attr attr = attr_of(connection);

    note(roster_session_update(connection->session, &attr));
}

void mirror_change(uint64_t id, const struct mirror_who *who)
{
    struct connection *connection = connections_find(id);

    if (!connection)
        return;
    note(set_who(connection, who));
    update(connection);
}

void mirror_disconnect(uint64_t id)
{
    struct connection *connection = connections_remove(id);

    if (connection)
        forget(connection);
}

void mirror_begin(uint64_t id, enum roster_command command, struct mirror_text text)
{
    struct connection *connection = connections_find(id);
    int err;

    if (!connection)
        return;
    err = roster_stmt_begin(connection->session, command, text.text, text.length, NULL, 0);
    if (err == -EBUSY) {
        /* A statement inside another one: what runs is the inner one. */
        note(roster_stmt_end(connection->session));
        err = roster_stmt_begin(connection->session, command, text.text, text.length, NULL, 0);
    }
    note(err);
}

/* Whether a copied string is what the server tells; no database is told as an empty one too. */
static int same(const char *copy, struct mirror_text now)
{
    if (!copy || !now.text || !now.length)
        return !copy && (!now.text || !now.length);
    return strlen(copy) == now.length && memcmp(copy, now.text, now.length) == 0;
}

void mirror_end(uint64_t id, struct mirror_text database)
{
    struct connection *connection = connections_find(id);
    int err;

    if (!connection)
        return;
    if (!same(connection->database, database)) {
        if (!database.length)
            database.text = NULL;
        note(replace(&connection->database, database));
        update(connection);
    }
    err = roster_stmt_end(connection->session);
    if (err != -EALREADY)
        note(err);
}
