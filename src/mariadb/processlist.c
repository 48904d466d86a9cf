/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster_processlist(): the roster as a JSON array, for JSON_TABLE(). It walks the list in place
 * under the read lock: no connection waits for it, however often it is called.
 */
#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "mariadb/mirror.h"

#include <errno.h>
#include <inttypes.h>
#include <mysql/plugin.h>
#include <mysql_com.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The result for one statement. A second call in it returns the same: JSON_TABLE() keeps the places
 * of rows, to sort them for instance, and looks there again in what the next call returns.
 */
struct json {
    char *text;
    size_t length;
    size_t room;
    uint64_t now; /* CLOCK_MONOTONIC, ns */
    int failed;
    char last[ROSTER_WALK_TEXT];
};

static char *more(struct json *json, size_t length)
{
    if (json->room - json->length < length) {
        size_t room = (json->length + length) * 2;
        char *text = realloc(json->text, room);

        if (!text) {
            json->failed = 1;
            return NULL;
        }
        json->text = text;
        json->room = room;
    }
    return json->text + json->length;
}

static void put(struct json *json, const char *text)
{
    char *to = more(json, strlen(text));

    if (!to)
        return;
    while (*text) {
        *to++ = *text++;
        json->length++;
    }
}

/* A string, or null. What is no character of UTF-8, and NUL, is U+FFFD: the result is valid JSON.
 */
static void put_string(struct json *json, const char *text, size_t length)
{
    const char *end;
    char *to;

    if (!text) {
        put(json, "null");
        return;
    }
    end = text + length;
    put(json, "\"");
    to = more(json, length * RST_UTF8_JSON_PER_BYTE + RST_UTF8_JSON_MAX);
    if (!to)
        return;
    while (text < end) {
        char one[RST_UTF8_JSON_MAX];
        size_t written = rst_utf8_json(&text, (size_t)(end - text), one);

        memcpy(to, one, written);
        to += written;
        json->length += written;
    }
    put(json, "\"");
}

static void put_member(struct json *json, const char *name, const char *text, size_t length)
{
    put(json, ",\"");
    put(json, name);
    put(json, "\":");
    put_string(json, text, length);
}

static void put_text(struct json *json, const char *name, const char *text)
{
    put_member(json, name, text, text ? strlen(text) : 0);
}

/* The bytes of a text, without the character that was cut in two at its end. */
static size_t whole(const struct roster_statement *statement)
{
    size_t length = statement->text_length, left;
    uint32_t point;

    if (length == statement->text_full_length)
        return length;
    for (left = 1; left < 4 && left <= length; left++) {
        const char *at = statement->text + length - left;

        if (((unsigned char)*at & 0xc0) == 0xc0)
            return rst_utf8_next(at, left, &point) ? length : length - left;
    }
    return length;
}

static void put_statement(struct json *json, const char *name,
                          const struct roster_statement *statement)
{
    size_t length = statement ? whole(statement) : 0;

    put_member(json, name, length ? statement->text : NULL, length);
}

/* How long ago something began, in milliseconds; null when it did not. */
static void put_age(struct json *json, const char *name, uint64_t since)
{
    char age[64];

    if (since)
        snprintf(age, sizeof(age), ",\"%s\":%" PRIu64, name, rst_since(json->now, since) / 1000000);
    else
        snprintf(age, sizeof(age), ",\"%s\":null", name);
    put(json, age);
}

static int put_session(const struct roster_session *session, const struct roster_shown *view,
                       void *arg)
{
    const struct roster_statement *statement = view->statement;
    struct roster_statement last;
    struct json *json = arg;
    char id[32];

    put(json, json->length > 1 ? ",{\"id\":" : "{\"id\":");
    snprintf(id, sizeof(id), "%" PRIu64, roster_session_id(session));
    put(json, id);
    put_text(json, "user", roster_identity_user(view->identity));
    put_text(json, "host", roster_identity_host(view->identity));
    put_text(json, "db", roster_identity_database(view->identity));
    put_text(json, "command",
             roster_command_name(statement ? statement->command : ROSTER_COMMAND_SLEEP));
    put_age(json, "statement_ms", statement ? statement->since : 0);
    put_age(json, "transaction_ms", roster_txn_since(session, view));
    put_statement(json, "info", statement);
    put_statement(
        json, "last",
        roster_session_last_statement(session, view, &last, json->last, sizeof(json->last)));
    put(json, "}");
    return json->failed;
}

/* The server finds these three by their names. */
my_bool roster_processlist_init(UDF_INIT *initid, UDF_ARGS *args, char *message);
char *roster_processlist(UDF_INIT *initid, UDF_ARGS *args, char *result, unsigned long *length,
                         char *is_null, char *error);
void roster_processlist_deinit(UDF_INIT *initid);

static my_bool refuse(char *message, const char *why)
{
    snprintf(message, MYSQL_ERRMSG_SIZE, "%s", why);
    return 1;
}

my_bool roster_processlist_init(UDF_INIT *initid, UDF_ARGS *args, char *message)
{
    struct json *json;

    if (args->arg_count != 0)
        return refuse(message, "roster_processlist() takes no argument");
    if (!rst_mdb_read())
        return refuse(message, "the plugin ROSTER is not installed");
    rst_mdb_unread();
    json = calloc(1, sizeof(*json));
    if (!json)
        return refuse(message, "out of memory");
    initid->ptr = (char *)json;
    initid->maybe_null = 1;
    initid->const_item = 0;
    initid->max_length = 1UL << 30;
    return 0;
}

/* Returns 0 or a negative errno. */
static int list(struct json *json)
{
    struct roster *roster = rst_mdb_read();
    int err;

    if (!roster)
        return -ESRCH;
    json->now = rst_monotonic_ns();
    json->failed = 0;
    put(json, "[");
    err = roster_read_lock(roster);
    if (!err) {
        (void)roster_for_each(roster, put_session, json);
        roster_read_unlock(roster);
    }
    rst_mdb_unread();
    put(json, "]");
    return json->failed ? -ENOMEM : err;
}

char *roster_processlist(UDF_INIT *initid, UDF_ARGS *args, char *result, unsigned long *length,
                         char *is_null, char *error)
{
    struct json *json = (struct json *)(void *)initid->ptr;

    (void)args, (void)result;
    if (!json->length && list(json)) {
        json->length = 0;
        *is_null = *error = 1;
        return NULL;
    }
    *length = json->length;
    return json->text;
}

void roster_processlist_deinit(UDF_INIT *initid)
{
    struct json *json = (struct json *)(void *)initid->ptr;

    free(json->text);
    free(json);
}
