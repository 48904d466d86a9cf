/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
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

/* Whether the text ends with another one, which is cut off. */
static int cut(struct mirror_text *text, const char *end)
{
    size_t length = strlen(end);

    if (text->length < length || memcmp(text->text + text->length - length, end, length) != 0)
        return 0;
    text->length -= length;
    return 1;
}

/*
 * The user in "account[user] @ host [address]". Names may contain brackets, so the end is cut off
 * by what is known of it, one of the two in `host`. The account is the user again, but for an
 * anonymous one. NULL when it is none of this: the server cuts what is too long.
 */
static struct mirror_text user_of(const struct connection *connection, struct mirror_text who)
{
    const char *host = connection->host ? connection->host : "", *bracket;
    size_t half;

    if (!cut(&who, "]"))
        return (struct mirror_text){NULL, 0};
    while (who.length && who.text[who.length - 1] != '[')
        who.length--; /* an address contains no bracket */
    if (!cut(&who, " ["))
        return (struct mirror_text){NULL, 0};
    (void)cut(&who, host); /* empty when the server resolves no names */
    if (!cut(&who, "] @ "))
        return (struct mirror_text){NULL, 0};
    half = who.length / 2;
    if (who.length % 2 && who.text[half] == '[' && memcmp(who.text, who.text + half + 1, half) == 0)
        return (struct mirror_text){who.text, half};
    bracket = memchr(who.text, '[', who.length);
    if (!bracket)
        return (struct mirror_text){NULL, 0};
    return (struct mirror_text){bracket + 1, (size_t)(who.text + who.length - (bracket + 1))};
}

void mirror_user(uint64_t id, struct mirror_text who)
{
    struct connection *connection = connections_find(id);
    struct mirror_text user;

    if (!connection)
        return;
    user = user_of(connection, who);
    if (!user.text)
        note(-EINVAL);
    else
        note(replace(&connection->user, user));
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

/* Whether a copied string is what the server reports; no database is reported as an empty one too.
 */
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
