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
#include <stdbool.h>
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
    FILE *out;    /* to the text, while it is made */
    bool any;     /* row so far */
    uint64_t now; /* CLOCK_MONOTONIC, ns */
    char last[ROSTER_WALK_TEXT];
};

static void put(const struct json *json, const char *text)
{
    fputs(text, json->out);
}

/* A string, or null. What is no character of UTF-8, and NUL, is U+FFFD: the result is valid JSON.
 */
static void put_string(const struct json *json, const char *text, size_t length)
{
    const char *end;
    char one[RST_UTF8_JSON_MAX];
    size_t run;

    if (!text) {
        put(json, "null");
        return;
    }
    end = text + length;
    put(json, "\"");
    while (text < end) {
        for (run = 0; text + run < end && rst_utf8_json_plain(text[run]); run++)
            ;
        fwrite(text, 1, run, json->out);
        text += run;
        run = text < end ? rst_utf8_json(&text, (size_t)(end - text), one) : 0;
        fwrite(one, 1, run, json->out);
    }
    put(json, "\"");
}

static void put_member(const struct json *json, const char *name, const char *text, size_t length)
{
    put(json, ",\"");
    put(json, name);
    put(json, "\":");
    put_string(json, text, length);
}

static void put_text(const struct json *json, const char *name, const char *text)
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

static void put_statement(const struct json *json, const char *name,
                          const struct roster_statement *statement)
{
    size_t length = statement ? whole(statement) : 0;

    put_member(json, name, length ? statement->text : NULL, length);
}

/* How long ago something began, in milliseconds; null when it did not. */
static void put_age(const struct json *json, const char *name, uint64_t since)
{
    if (since)
        fprintf(json->out, ",\"%s\":%" PRIu64, name, rst_since(json->now, since) / 1000000);
    else
        fprintf(json->out, ",\"%s\":null", name);
}

static int put_session(const struct roster_session *session, const struct roster_shown *view,
                       void *arg)
{
    const struct roster_statement *statement = view->statement;
    struct roster_statement last;
    struct json *json = arg;

    fprintf(json->out, "%s{\"id\":%" PRIu64, json->any ? "," : "", roster_session_id(session));
    json->any = true;
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
    return ferror(json->out);
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
    json->out = open_memstream(&json->text, &json->length);
    err = json->out ? roster_read_lock(roster) : -ENOMEM;
    if (!err) {
        json->now = rst_monotonic_ns();
        json->any = false;
        put(json, "[");
        (void)roster_for_each(roster, put_session, json);
        put(json, "]");
        if (ferror(json->out))
            err = -ENOMEM;
        roster_read_unlock(roster);
    }
    rst_mdb_unread();
    if (json->out && fclose(json->out))
        err = -ENOMEM;
    return err;
}

char *roster_processlist(UDF_INIT *initid, UDF_ARGS *args, char *result, unsigned long *length,
                         char *is_null, char *error)
{
    struct json *json = (struct json *)(void *)initid->ptr;

    (void)args, (void)result;
    if (!json->length && list(json)) {
        free(json->text);
        json->text = NULL;
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
