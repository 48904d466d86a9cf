/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "mariadb/mirror.h"

#include "core/base/atomic.h"
#include "mariadb/connections.h"
#include "mariadb/kill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static pthread_rwlock_t readers = PTHREAD_RWLOCK_INITIALIZER;
static struct roster *roster;
static rst_word errors; /* what could not be mirrored */

int rst_mdb_open(uint32_t text_limit)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.text_limit = text_limit;
    return roster_create(&options, &roster);
}

static void forget(struct rst_mdb_connection *connection)
{
    roster_session_close(connection->session);
    pthread_mutex_destroy(&connection->gate);
    free(connection->open);
    free(connection->user);
    free(connection->host);
    free(connection->database);
    free(connection);
}

int rst_mdb_close(void)
{
    struct rst_mdb_connection *connection;
    int err;

    pthread_rwlock_wrlock(&readers);
    while ((connection = rst_mdb_remove_any()))
        forget(connection);
    err = roster_destroy(roster);
    if (!err)
        roster = NULL;
    pthread_rwlock_unlock(&readers);
    return err;
}

struct roster *rst_mdb_read(void)
{
    pthread_rwlock_rdlock(&readers);
    if (!roster)
        pthread_rwlock_unlock(&readers);
    return roster;
}

void rst_mdb_unread(void)
{
    pthread_rwlock_unlock(&readers);
}

struct roster *rst_mdb_roster(void)
{
    return roster;
}

/* Replaces a string that was copied. Returns 0 or -ENOMEM, the string unchanged. */
static int replace(char **copy, struct rst_mdb_text from)
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

static int set_who(struct rst_mdb_connection *connection, const struct rst_mdb_who *who)
{
    int err = replace(&connection->user, who->user);

    if (!err)
        err = replace(&connection->host, who->host);
    if (!err)
        err = replace(&connection->database, who->database);
    return err;
}

static struct roster_session_attr attr_of(const struct rst_mdb_connection *connection)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.id = connection->id;
    attr.kind = connection->internal ? ROSTER_SESSION_INTERNAL : ROSTER_SESSION_USER;
    attr.flags = ROSTER_SESSION_LAST_STATEMENT | ROSTER_SESSION_TRUNCATE;
    attr.user = connection->user;
    attr.host = connection->host;
    attr.database = connection->database;
    attr.wake_kill = rst_mdb_wake;
    return attr;
}

static void open_session(uint64_t id, const struct rst_mdb_who *who, bool internal, bool doubtful)
{
    struct rst_mdb_connection *connection = calloc(1, sizeof(*connection));
    struct roster_session_attr attr;
    int err;

    if (!connection) {
        rst_mdb_note(-ENOMEM);
        return;
    }
    connection->id = id;
    connection->internal = internal;
    connection->doubtful = doubtful;
    pthread_mutex_init(&connection->gate, NULL);
    err = set_who(connection, who);
    attr = attr_of(connection);
    if (!err)
        err = roster_session_open(roster, &attr, &connection->session);
    if (!err)
        err = rst_mdb_add(connection);
    rst_mdb_note(err);
    if (err)
        forget(connection);
}

void rst_mdb_connect(uint64_t id, const struct rst_mdb_who *who)
{
    open_session(id, who, false, false);
}

static void update(struct rst_mdb_connection *connection)
{
    struct roster_session_attr attr = attr_of(connection);

    rst_mdb_note(roster_session_update(connection->session, &attr));
}

void rst_mdb_change_user(const struct rst_mdb_event *event)
{
    struct rst_mdb_connection *connection = rst_mdb_enter(event->id);
    struct rst_mdb_text user, host;

    if (!connection)
        return;
    if (rst_mdb_account(event->account, &user, &host))
        rst_mdb_note(replace(&connection->user, user));
    else
        rst_mdb_note(-EINVAL);
    update(connection);
    rst_mdb_leave(connection);
}

void rst_mdb_disconnect(uint64_t id)
{
    struct rst_mdb_connection *connection = rst_mdb_remove(id);

    if (connection)
        forget(connection);
}

/*
 * A connection whose beginning was not seen. Threads of the event scheduler have the event's
 * definer, and no number of a query before the first one; no event says when they end, so their
 * session does with their statement. The next statement of the same event opens another session,
 * and has a number: its end shows what it is, see rst_mdb_stmt_end(). Threads of replication have
 * no user. Of their statements no end is reported: they are not shown, rather than shown for ever.
 */
static struct rst_mdb_connection *adopt(const struct rst_mdb_event *event)
{
    struct rst_mdb_who who = {.database = event->database};

    if (!event->id || !rst_mdb_account(event->account, &who.user, &who.host) || !who.user.text)
        return NULL;
    if (!who.database.length)
        who.database.text = NULL;
    open_session(event->id, &who, !event->query_id, event->query_id != 0);
    return rst_mdb_enter(event->id);
}

/* Whether a copied string is what the server reports; no database is reported as an empty one, too.
 */
static bool same(const char *copy, struct rst_mdb_text now)
{
    if (!copy || !now.text || !now.length)
        return !copy && (!now.text || !now.length);
    return strlen(copy) == now.length && memcmp(copy, now.text, now.length) == 0;
}

static void follow_database(struct rst_mdb_connection *connection, struct rst_mdb_text database)
{
    if (same(connection->database, database))
        return;
    if (!database.length)
        database.text = NULL;
    rst_mdb_note(replace(&connection->database, database));
    update(connection);
}

void rst_mdb_begin(const struct rst_mdb_event *event)
{
    struct rst_mdb_connection *connection = rst_mdb_enter(event->id);

    if (!connection)
        connection = adopt(event);
    if (!connection)
        return;
    rst_mdb_stmt_begin(connection, event);
    rst_mdb_leave(connection);
}

void rst_mdb_table(const struct rst_mdb_event *event)
{
    struct rst_mdb_connection *connection = rst_mdb_enter(event->id);

    if (!connection)
        return;
    rst_mdb_txn_table(connection, event);
    rst_mdb_leave(connection);
}

static void end(const struct rst_mdb_event *event, bool all)
{
    struct rst_mdb_connection *connection = rst_mdb_enter(event->id);
    bool gone, over;

    if (!connection)
        return;
    /* The end of a statement may be reported twice; that of a command without one counts. */
    over = event->statement.length && !connection->n;
    if (all)
        rst_mdb_stmt_end_all(connection);
    else
        rst_mdb_stmt_end(connection, event);
    if (!over)
        rst_mdb_txn_after(connection, event);
    if (!over && !all)
        rst_mdb_stmt_next(connection, event);
    if (!connection->n)
        follow_database(connection, event->database);
    gone = connection->internal && !connection->n;
    rst_mdb_leave(connection);
    if (gone)
        rst_mdb_disconnect(event->id);
}

void rst_mdb_end(const struct rst_mdb_event *event)
{
    end(event, false);
}

void rst_mdb_end_all(const struct rst_mdb_event *event)
{
    end(event, true);
}

void rst_mdb_note(int err)
{
    if (err < 0 && err != -ECANCELED)
        rst_fetch_add(&errors, 1);
}

uint64_t rst_mdb_errors(void)
{
    return rst_load(&errors);
}
