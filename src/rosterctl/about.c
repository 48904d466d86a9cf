/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * status, min and safe_point.
 */
#include "rosterctl/cluster.h"

#include <roster/error.h>
#include <roster/text.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is a number there and an errno for people is its text here. */
static void print_number(const char *key, json_int_t number)
{
    size_t length = strlen(key);

    if (length >= 5 && !strcmp(key + length - 5, "error") && number <= 0)
        printf("%s: %s\n", key, number ? roster_store_strerror((int)number) : "none");
    else
        printf("%s: %lld\n", key, (long long)number);
}

/* A timestamp also says when that is. */
static void print_text(const char *key, const char *text)
{
    size_t length = strlen(key);
    char when[64];

    if (text[strspn(text, "0123456789")] || strlen(text) < 15 || strlen(text) > 20 ||
        !((length >= 3 && !strcmp(key + length - 3, "_ts")) || strstr(key, "safe_point"))) {
        printf("%s: %s\n", key, *text ? text : "none");
        return;
    }
    time_show((int64_t)roster_ts_physical_ms(strtoull(text, NULL, 10)), when, sizeof(when));
    printf("%s: %s (%s)\n", key, text, when);
}

static void flatten(json_t *rows, const char *name, const json_t *value, bool lists);

static void flatten_object(json_t *rows, const char *prefix, const json_t *object, bool lists)
{
    char name[256];
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
        flatten(rows, name, value, lists);
    }
}

/* A value as a row, and of what has members each of these: "problems.0.command"; of lists, too, if
 * these are wanted. */
static void flatten(json_t *rows, const char *name, const json_t *value, bool lists)
{
    char inner[256];
    json_t *text;
    size_t n;

    if (json_is_object(value)) {
        flatten_object(rows, name, value, lists);
        return;
    }
    for (n = 0; lists && n < json_array_size(value); n++) {
        snprintf(inner, sizeof(inner), "%s.%zu", name, n);
        flatten(rows, inner, json_array_get(value, n), lists);
    }
    if (json_is_array(value))
        return;
    text = json_is_boolean(value) ? json_string(json_is_true(value) ? "yes" : "no")
                                  : json_incref((json_t *)(uintptr_t)value);
    json_array_append_new(rows, json_pack("{s:s, s:o}", "name", name, "value", text));
}

static void print_csv(const json_t *json)
{
    static const struct column columns[] = {{"name", "", COLUMN_TEXT, 0},
                                            {"value", "", COLUMN_TEXT, 0}};
    json_t *rows = json_array();

    flatten_object(rows, "", json, true);
    table_print_csv(rows, columns, 2);
    json_decref(rows);
}

/* All members of an object, one a line. */
static void print_members(const json_t *object)
{
    json_t *rows = json_array(), *row, *value;
    char name[256], text[512];
    size_t n;

    flatten_object(rows, "", object, false);
    json_array_foreach(rows, n, row)
    {
        value = json_object_get(row, "value");
        text_string(json_object_get(row, "name"), name, sizeof(name));
        text_string(value, text, sizeof(text));
        if (json_is_integer(value))
            print_number(name, json_integer_value(value));
        else
            print_text(name, text);
    }
    json_decref(rows);
}

static int print_reply(const struct options *options, struct reply *reply,
                       void (*print)(const struct options *options, const json_t *json),
                       void (*print_as_csv)(const json_t *json))
{
    if (reply->code != CTL_OK)
        return ctl_finish(options, reply);
    if (options->json)
        ctl_print_json(reply->json, JSON_COMPACT);
    else if (options->csv)
        print_as_csv(reply->json);
    else
        print(options, reply->json);
    return ctl_finish(options, reply);
}

/* What is wrong, the worst first, and what to do. */
static void print_problems(const json_t *problems)
{
    static const char *const keys[] = {"problem", "age_ms", "evidence", "command"};
    static const struct column since = {"since_ms", "", COLUMN_WHEN, 0};
    char texts[4][1024], when[64];
    size_t n, m;

    for (n = 0; n < json_array_size(problems); n++) {
        for (m = 0; m < 4; m++)
            member_text(json_array_get(problems, n), keys[m], texts[m], sizeof(texts[m]));
        cell_text(json_array_get(problems, n), &since, when, sizeof(when));
        printf("PROBLEM: %s, for %s%s%s%s\n         %s\n", texts[0], texts[1],
               *when ? " (since " : "", when, *when ? ")" : "", texts[2]);
        if (*texts[3])
            printf("         run: %s\n", texts[3]);
    }
}

static void print_status(const struct options *options, const json_t *json)
{
    (void)options;
    if (json_is_true(json_object_get(json, "healthy")))
        puts("HEALTHY: no problem is known");
    print_problems(json_object_get(json, "problems"));
    print_members(json);
}

int ctl_status(const struct options *options)
{
    struct reply reply = ctl_ask(options, "GET", "/status");
    bool sick = json_is_false(json_object_get(reply.json, "healthy"));
    int code;

    cluster_check_commands(reply.json, options);
    code = print_reply(options, &reply, print_status, print_csv);
    return code == CTL_OK && sick ? CTL_UNHEALTHY : code;
}

/* What a command begins with, so that it asks the same server again. */
static void put_command(const struct options *options)
{
    char server[512];

    printf("rosterctl ");
    if (!strcmp(options->server, DEFAULT_SERVER))
        return;
    roster_text_redact(options->server, server, sizeof(server));
    printf("-s ");
    cluster_print_word(stdout, server);
    putchar(' ');
}

/* What holds the safe points is known to the server that leads, which may be another one. */
static void print_well(const json_t *json)
{
    const json_t *cluster = json_object_get(json, "cluster");
    char leader[160];

    member_text(cluster, "leader", leader, sizeof(leader));
    if (!json_is_object(cluster) || json_is_true(json_object_get(cluster, "leads")))
        puts("nothing is wrong, and nothing to do");
    else if (*leader)
        printf("nothing is wrong here; server %s leads and knows what holds the safe points\n"
               "run: rosterctl --store=\"$ROSTER_STORE\" status\n",
               leader);
    else
        puts("nothing is wrong here; no server leads, so the safe points are stuck");
}

/* The command that the verdict has for what is worst. Its evidence says what to do where no command
 * of rosterctl does it: the one for safe points is what is on the screen already. */
static void print_safe_point(const struct options *options, const json_t *json)
{
    struct reply reply = ctl_ask(options, "GET", "/status");
    const json_t *worst;
    char problem[64], evidence[1024], command[512];
    size_t length;

    cluster_check_commands(reply.json, options);
    worst = json_array_get(json_object_get(reply.json, "problems"), 0);
    print_members(json);
    member_text(worst, "problem", problem, sizeof(problem));
    member_text(worst, "evidence", evidence, sizeof(evidence));
    member_text(worst, "command", command, sizeof(command));
    length = strlen(command);
    if (reply.code == CTL_OK && !worst)
        print_well(json);
    else if (worst)
        printf("%s: %s\n", problem, evidence);
    if (worst && length && (length < 9 || strcmp(command + length - 9, "safepoint") != 0))
        printf("run: %s\n", command);
    else if (worst && length) {
        printf("run: ");
        put_command(options);
        puts("events --since=-1h");
    }
    reply_free(&reply);
}

int ctl_safe_point(const struct options *options)
{
    struct reply reply = ctl_ask(options, "GET", "/safepoint");

    return print_reply(options, &reply, print_safe_point, print_csv);
}

static void print_who(const json_t *holder)
{
    static const char *const keys[] = {"user", "host", "db", "application"};
    char text[256];
    size_t n;

    member_text(holder, "session_id", text, sizeof(text));
    printf(strcmp(text, "0") ? "session %s" : "no session", text);
    for (n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
        member_text(holder, keys[n], text, sizeof(text));
        if (*text)
            printf(", %s %s", keys[n], text);
    }
    putchar('\n');
}

static void print_holder(const struct options *options, const json_t *min, const json_t *holder)
{
    char text[1024], id[32], pin[32], ts[32];
    bool is_pin;

    member_text(holder, "kind", text, sizeof(text));
    is_pin = !strcmp(text, "pin");
    member_text(holder, "held_ms", text, sizeof(text));
    member_text(holder, "session_id", id, sizeof(id));
    member_text(holder, "pin_id", pin, sizeof(pin));
    member_text(holder, "ts", ts, sizeof(ts));
    printf("held by:  ");
    if (is_pin) {
        char kind[32];

        member_text(holder, "pin_kind", kind, sizeof(kind));
        printf("%s pin %s of ", kind, pin);
    } else {
        printf("the transaction of ");
    }
    print_who(holder);
    printf("for:      %s\n", text);
    member_text(holder, "info", text, sizeof(text));
    if (*text)
        printf("running:  %.160s\n", text);
    member_text(holder, "last", text, sizeof(text));
    if (*text)
        printf("last:     %.160s\n", text);
    member_text(min, "gain_ms", text, sizeof(text));
    printf("ending it would advance the minimum by %s", text);
    if (!text_is_number(id) || (!is_pin && !text_is_number(ts)))
        putchar('\n');
    else if (strcmp(id, "0") != 0) {
        printf(": ");
        put_command(options);
        if (is_pin)
            printf("kill %s\n", id);
        else
            printf("kill --transaction=%s %s\n", ts, id);
    } else
        puts("; it belongs to no session: the server itself has to release it");
}

static void print_min(const struct options *options, const json_t *min)
{
    const json_t *holder = json_object_get(min, "holder");
    char text[64], age[64], when[64];

    member_text(min, "minimum", text, sizeof(text));
    member_text(min, "age_ms", age, sizeof(age));
    time_show((int64_t)roster_ts_physical_ms(strtoull(text, NULL, 10)), when, sizeof(when));
    printf("minimum:  %s (%s), %s old\n", text, when, age);
    if (json_is_object(holder))
        print_holder(options, min, holder);
    else
        puts("held by:  none");
    holder = json_object_get(min, "next");
    if (json_is_object(holder)) {
        printf("then:     ");
        print_who(holder);
    }
}

const struct column min_columns[] = {
    {"server", "SERVER", COLUMN_TEXT, 24},     {"age_ms", "AGE", COLUMN_MS, 0},
    {"kind", "HELD BY", COLUMN_TEXT, 0},       {"session_id", "SESSION", COLUMN_ID, 0},
    {"user", "USER", COLUMN_TEXT, 24},         {"application", "NAME", COLUMN_TEXT, 24},
    {"gain_ms", "ENDING GAINS", COLUMN_MS, 0}, {"minimum", "MINIMUM", COLUMN_NUMBER, 0},
    {"held_ms", "FOR", COLUMN_MS, 0},          {"ts", "START_TS", COLUMN_NUMBER, 0},
    {"pin_id", "PIN", COLUMN_ID, 0},           {"pin_kind", "PIN KIND", COLUMN_TEXT, 0},
    {"host", "HOST", COLUMN_TEXT, 48},         {"db", "DB", COLUMN_TEXT, 24},
    {"info", "INFO", COLUMN_TEXT, 0},          {"last", "LAST", COLUMN_TEXT, 0},
};

_Static_assert(COUNT_OF(min_columns) == MIN_COLUMNS, "the header says how many there are");

json_t *min_row(const json_t *min)
{
    const json_t *holder = json_object_get(min, "holder"), *value;
    json_t *row = json_object();
    size_t n;

    for (n = 1; n < MIN_COLUMNS; n++) {
        value = json_object_get(min, min_columns[n].key);
        if (!value)
            value = json_object_get(holder, min_columns[n].key);
        if (value)
            json_object_set(row, min_columns[n].key, (json_t *)(uintptr_t)value);
    }
    return row;
}

static void print_min_csv(const json_t *min)
{
    json_t *rows = json_pack("[o]", min_row(min));

    table_print_csv(rows, min_columns + 1, MIN_COLUMNS - 1);
    json_decref(rows);
}

int ctl_min(const struct options *options)
{
    struct reply reply = ctl_ask(options, "GET", "/minimum");

    return print_reply(options, &reply, print_min, print_min_csv);
}
