/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster_processlist(): the roster as a JSON array, for JSON_TABLE(). It walks the list in place
 * under the read lock: no connection waits for it, however often it is called.
 */
#include "mirror.h"

#include <inttypes.h>
#include <mysql/plugin.h>
#include <mysql_com.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The result of one call, whose memory serves the next one. */
struct json {
    char *text;
    size_t length;
    size_t room;
    int failed;
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

/* The bytes of a text that was cut at some byte, up to its last whole UTF-8 character. */
static size_t whole_characters(const char *text, size_t length)
{
    size_t end = length, needed;
    unsigned char first;

    while (end && ((unsigned char)text[end - 1] & 0xc0) == 0x80)
        end--;
    if (!end)
        return length;
    first = (unsigned char)text[end - 1];
    needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return length - (end - 1) < needed ? end - 1 : length;
}

/* A string, or null. Control characters grow to six bytes. */
static void put_string(struct json *json, const char *text, size_t length)
{
    char *to, *start;
    size_t i;

    if (!text) {
        put(json, "null");
        return;
    }
    start = to = more(json, length * 6 + 2);
    if (!to)
        return;
    *to++ = '"';
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20) {
            static const char digits[] = "0123456789abcdef";

            *to++ = '\\';
            *to++ = 'u';
            *to++ = '0';
            *to++ = '0';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
            continue;
        }
        if (c == '"' || c == '\\')
            *to++ = '\\';
        *to++ = (char)c;
    }
    *to++ = '"';
    json->length += (size_t)(to - start);
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

static int put_session(const struct roster_session *session, const struct roster_shown *view,
                       void *arg)
{
    const struct roster_statement *statement = view->statement;
    struct json *json = arg;
    size_t length = 0;
    char id[32];

    put(json, json->length > 1 ? ",{\"id\":" : "{\"id\":");
    snprintf(id, sizeof(id), "%" PRIu64, roster_session_id(session));
    put(json, id);
    put_text(json, "user", roster_identity_user(view->identity));
    put_text(json, "host", roster_identity_host(view->identity));
    put_text(json, "db", roster_identity_database(view->identity));
    put_text(json, "command",
             roster_command_name(statement ? statement->command : ROSTER_COMMAND_SLEEP));
    if (statement)
        length = statement->text_length == statement->text_full_length
                     ? statement->text_length
                     : whole_characters(statement->text, statement->text_length);
    put_member(json, "info", length ? statement->text : NULL, length);
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
    if (!mirror_roster())
        return refuse(message, "the plugin ROSTER is not loaded");
    json = calloc(1, sizeof(*json));
    if (!json)
        return refuse(message, "out of memory");
    initid->ptr = (char *)json;
    initid->maybe_null = 1;
    initid->const_item = 0;
    initid->max_length = 1UL << 30;
    return 0;
}

char *roster_processlist(UDF_INIT *initid, UDF_ARGS *args, char *result, unsigned long *length,
                         char *is_null, char *error)
{
    struct json *json = (struct json *)(void *)initid->ptr;
    struct roster *roster = mirror_roster();

    (void)args, (void)result;
    json->length = 0;
    json->failed = 0;
    put(json, "[");
    if (roster_read_lock(roster)) {
        *is_null = *error = 1;
        return NULL;
    }
    (void)roster_for_each(roster, put_session, json);
    roster_read_unlock(roster);
    put(json, "]");
    if (json->failed) {
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
