/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which statement an event ends, the number of the query says. The outermost one begins and
 * ends with the same number. One of a routine is reported with the number before its own, which it
 * gets next and ends with. One that EXECUTE runs has the number of EXECUTE, and when it ends,
 * EXECUTE does.
 */
#include "mariadb/connections.h"

#include "core/base/atomic.h"
#include "mariadb/kill.h"
#include "mariadb/mirror.h"

#include <errno.h>
#include <stdlib.h>

/* Deeper ones are not shown: the server allows 255 calls of a procedure inside each other. */
#define MOST_OPEN (ROSTER_STMT_SUSPENDED + 1)

/* As much as text_limit can be, and a byte more that says that there is more. */
#define MOST_MASKED ((1U << 20) + 1)

/* Each statement of a text shows all that is left of it. That is masked anew for each, so only this
 * much of it: else a text of many short ones would take a time that grows with its square. */
#define REST_MASKED 4096

static bool with_values;

void rst_mdb_show_values(bool shown)
{
    rst_store(&with_values, shown);
}

/* Whether the server may have put values into the text that are not in what the client sent. */
static bool has_values(const struct rst_mdb_connection *connection,
                       const struct rst_mdb_event *event)
{
    if (event->command == ROSTER_COMMAND_EXECUTE)
        return !rst_mdb_has_placeholder(event->statement);
    return connection->n > 0 && rst_mdb_has_variables(event->statement);
}

/* Under the number 0 it is open and not shown. */
static uint64_t push(struct rst_mdb_connection *connection, enum roster_command command,
                     struct rst_mdb_text text)
{
    int err = roster_stmt_push(connection->session, command, text.text, text.length, NULL, 0);

    if (err != -ENOSPC) /* deeper than Roster shows, as a recursion may be */
        rst_mdb_note(err);
    return err ? 0 : roster_stmt_seq(connection->session);
}

static uint64_t push_masked(struct rst_mdb_connection *connection, enum roster_command command,
                            struct rst_mdb_text text)
{
    size_t room = text.length < MOST_MASKED ? text.length : MOST_MASKED;
    struct rst_mdb_text masked = {NULL, 0};
    char *copy = malloc(room);
    uint64_t seq;

    if (copy) {
        masked.length = rst_mdb_mask(text, copy, room);
        masked.text = copy;
    } else {
        rst_mdb_note(-ENOMEM);
    }
    seq = push(connection, command, masked);
    free(copy);
    return seq;
}

/* `hides`: the text has values that are not in what the client sent, or a password. */
static uint64_t show(struct rst_mdb_connection *connection, enum roster_command command,
                     struct rst_mdb_text text, bool hides)
{
    if (!rst_load(&with_values) && hides)
        return push_masked(connection, command, text);
    return push(connection, command, text);
}

static bool grow(struct rst_mdb_connection *connection)
{
    unsigned room = connection->room ? connection->room * 2 : 4;
    struct rst_mdb_open *open;

    if (connection->n < connection->room)
        return true;
    if (connection->n == MOST_OPEN)
        return false;
    open = realloc(connection->open, room * sizeof(*open));
    if (!open) {
        rst_mdb_note(-ENOMEM);
        return false;
    }
    connection->open = open;
    connection->room = room;
    return true;
}

/* A routine that begins another statement goes on: the server forgets a KILL that comes while one
 * of its statements ends. */
static void kill_again(struct rst_mdb_connection *connection)
{
    struct roster_kill_info kill = {.session_id = connection->id,
                                    .target = ROSTER_KILL_TARGET_TRANSACTION,
                                    .txn_seq = connection->txn_seq};
    unsigned n;

    if (connection->txn_killed) {
        connection->txn_killed = false;
        rst_mdb_wake(&kill, NULL);
    }
    kill.target = ROSTER_KILL_TARGET_STATEMENT;
    for (n = 0; n < connection->n; n++) {
        if (!connection->open[n].killed)
            continue;
        connection->open[n].killed = false;
        kill.stmt_seq = connection->open[n].seq;
        rst_mdb_wake(&kill, NULL);
    }
}

void rst_mdb_stmt_begin(struct rst_mdb_connection *connection, const struct rst_mdb_event *event)
{
    size_t secret = rst_mdb_password(event->statement);
    struct rst_mdb_open *open;

    kill_again(connection);
    /* PREPARE and EXECUTE IMMEDIATE report what they have prepared already. */
    if ((connection->n && event->command == ROSTER_COMMAND_PREPARE) || !grow(connection))
        return;
    open = &connection->open[connection->n];
    open->query_id = event->query_id;
    open->killed = false;
    if (!connection->n) {
        connection->rest = event->statement;
        connection->secret = secret;
    } else if (event->command != ROSTER_COMMAND_EXECUTE) {
        open->query_id++;
    } else if (!open[-1].query_id) {
        open[-1].query_id = event->query_id;
    }
    open->seq =
        show(connection, event->command, event->statement, secret || has_values(connection, event));
    connection->n++;
}

/* Ends those from this one on, the innermost first. */
static void end_from(struct rst_mdb_connection *connection, unsigned n)
{
    int err;

    while (connection->n > n) {
        const struct rst_mdb_open *open = &connection->open[--connection->n];

        err = open->seq ? roster_stmt_pop(connection->session, open->seq) : 0;
        rst_mdb_note(err);
    }
}

/* Which one has this number, the outermost first; the number of those that are open for none. */
static unsigned find(const struct rst_mdb_connection *connection, uint64_t query_id)
{
    unsigned n = 0;

    while (n < connection->n && connection->open[n].query_id != query_id)
        n++;
    return n;
}

/*
 * Of a text of several statements only the whole is reported, and the end of each. `rest` begins
 * with the one that has ended; what follows it runs now, unless there was an error.
 */
void rst_mdb_stmt_next(struct rst_mdb_connection *connection, const struct rst_mdb_event *event)
{
    struct rst_mdb_text rest = connection->rest, shown;
    size_t over;

    if (connection->n || event->error || event->command != ROSTER_COMMAND_QUERY || !rest.text ||
        event->statement.text != rest.text)
        return;
    shown = rst_mdb_rest(rest, event->statement.length);
    connection->rest = shown;
    if (!shown.length || !grow(connection))
        return;
    over = (size_t)(shown.text - rest.text);
    connection->secret = connection->secret > over ? connection->secret - over : 0;
    if (connection->secret && shown.length > REST_MASKED)
        shown.length = REST_MASKED;
    connection->open[0] = (struct rst_mdb_open){0};
    connection->open[0].seq = show(connection, event->command, shown, connection->secret != 0);
    connection->n = 1;
}

void rst_mdb_stmt_end(struct rst_mdb_connection *connection, const struct rst_mdb_event *event)
{
    unsigned n = find(connection, event->query_id);

    /* What a client has sent ends with the number that it began with, and an event's statement with
     * another one. The outermost one of several gets its number when it begins, which is not
     * reported. */
    if (n == connection->n && n == 1) {
        n = 0;
        connection->internal |= connection->doubtful && connection->open->query_id;
    }
    if (n == connection->n)
        return;
    connection->doubtful &= n > 0;
    end_from(connection, n);
}

void rst_mdb_stmt_end_all(struct rst_mdb_connection *connection)
{
    end_from(connection, 0);
    connection->rest = (struct rst_mdb_text){NULL, 0};
}
