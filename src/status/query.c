/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a request asks for. Whatever is unknown or malformed is refused, so that no client takes a
 * filter that was misspelt for one that let everything through.
 */
#include "status/query.h"

#include "core/base/ascii.h"
#include "core/base/when.h"

#include <errno.h>
#include <roster/pin.h>
#include <roster/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT 1000
#define MAX_LIMIT 1000000

enum kind { STRING, NUMBER, ONE, FLAG, WHEN, EVENT };

static const struct argument {
    const char *name;
    enum kind kind;
    unsigned where;
    size_t offset;
} arguments[] = {
    {"user", STRING, QUERY_ROWS | QUERY_ACTIVITY, offsetof(struct query, user)},
    {"host", STRING, QUERY_ROWS, offsetof(struct query, host)},
    {"db", STRING, QUERY_ROWS | QUERY_ACTIVITY | QUERY_MIN, offsetof(struct query, db)},
    {"application", STRING, QUERY_ROWS | QUERY_ACTIVITY, offsetof(struct query, application)},
    {"search", STRING, QUERY_ROWS, offsetof(struct query, search)},
    {"sort", STRING, QUERY_ROWS, offsetof(struct query, sort)},
    {"columns", STRING, QUERY_ROWS, offsetof(struct query, wanted)},
    {"kind", STRING, QUERY_ROWS | QUERY_ACTIVITY, offsetof(struct query, kind)},
    {"command", STRING, QUERY_ROWS, offsetof(struct query, command)},
    {"state", STRING, QUERY_ROWS | QUERY_ACTIVITY, offsetof(struct query, state)},
    {"min_ms", NUMBER, QUERY_ROWS, offsetof(struct query, min_ms)},
    {"in_txn", FLAG, QUERY_ROWS, offsetof(struct query, in_txn)},
    {"full", FLAG, QUERY_ROWS, offsetof(struct query, full)},
    {"limit", NUMBER, QUERY_ROWS | QUERY_ACTIVITY | QUERY_EVENTS | QUERY_LOCKS,
     offsetof(struct query, limit)},
    {"after", NUMBER, QUERY_ROWS | QUERY_TIMELINE, offsetof(struct query, after)},
    {"from", WHEN, QUERY_ACTIVITY, offsetof(struct query, from)},
    {"to", WHEN, QUERY_ACTIVITY, offsetof(struct query, to)},
    {"step", NUMBER, QUERY_ACTIVITY, offsetof(struct query, step)},
    {"by", STRING, QUERY_ACTIVITY, offsetof(struct query, by)},
    {"wait", STRING, QUERY_ROWS | QUERY_ACTIVITY, offsetof(struct query, wait)},
    {"digest", STRING, QUERY_ROWS | QUERY_ACTIVITY, offsetof(struct query, digest)},
    {"holder", STRING, QUERY_HOLDERS, offsetof(struct query, holder)},
    {"blocker", ONE, QUERY_ROWS, offsetof(struct query, blocker)},
    {"since", EVENT, QUERY_EVENTS, offsetof(struct query, since)},
    {"id", ONE, QUERY_ROWS | QUERY_KILL, offsetof(struct query, id)},
    {"target", STRING, QUERY_KILL, offsetof(struct query, target)},
    {"statement", ONE, QUERY_KILL, offsetof(struct query, statement)},
    {"start_ts", ONE, QUERY_KILL, offsetof(struct query, start_ts)},
    {"transaction", ONE, QUERY_KILL, offsetof(struct query, transaction)},
};

static const char *const takes[] = {
    [STRING] = "text", [NUMBER] = "a number", [ONE] = "a number from 1",
    [FLAG] = "1 or 0", [WHEN] = WHEN_FORMS,   [EVENT] = "the id of an event, or " WHEN_FORMS};

struct parse {
    unsigned seen; /* a bit for each of the arguments */
    struct request *request;
    struct query *query;
    unsigned allowed;
    unsigned status;
};

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;

    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return !errno && !*end;
}

static bool parse_flag(const char *text, bool *flag)
{
    *flag = !text || !*text || !strcmp(text, "1");
    return *flag || !strcmp(text, "0");
}

static bool parse_when(const char *text, uint64_t *ms)
{
    int64_t when = 0;

    if (!text || !when_parse(text, (int64_t)rst_wall_ms(), &when))
        return false;
    *ms = (uint64_t)when;
    return true;
}

/* The number of an event, or when it happened. Numbers that are neither are of no log, and the
 * reply says so. */
static bool parse_event(const char *text, struct query *query)
{
    uint64_t number;

    if (parse_number(text, &number) && (number >= WHEN_TS_MOST || number < WHEN_MS_LEAST)) {
        query->since = number;
        return true;
    }
    return parse_when(text, &query->since_ms);
}

static bool store(struct query *query, const struct argument *argument, const char *value)
{
    void *place = (char *)query + argument->offset;

    switch (argument->kind) {
    case NUMBER:
        return parse_number(value, place);
    case ONE: /* lists have 0 where there is none, which must not come to mean any */
        return parse_number(value, place) && *(uint64_t *)place;
    case FLAG:
        return parse_flag(value, place);
    case WHEN:
        return parse_when(value, place);
    case EVENT:
        return parse_event(value, query);
    default:
        *(const char **)place = value ? value : "";
        return true;
    }
}

static enum MHD_Result each(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct parse *parse = arg;
    size_t n;

    _Static_assert(sizeof(arguments) / sizeof(*arguments) < 32, "a bit for each");

    (void)kind;
    for (n = 0; n < sizeof(arguments) / sizeof(*arguments); n++) {
        if (!(arguments[n].where & parse->allowed) || strcmp(arguments[n].name, name) != 0)
            continue;
        if (parse->seen & 1U << n) {
            parse->status =
                rst_status_request_fail(parse->request, MHD_HTTP_BAD_REQUEST,
                                        "%s is given more than once", arguments[n].name);
            return MHD_NO;
        }
        parse->seen |= 1U << n;
        if (store(parse->query, &arguments[n], value))
            return MHD_YES;
        parse->status = rst_status_request_fail(parse->request, MHD_HTTP_BAD_REQUEST, "%s takes %s",
                                                arguments[n].name, takes[arguments[n].kind]);
        return MHD_NO;
    }
    parse->status = rst_status_request_fail(parse->request, MHD_HTTP_BAD_REQUEST,
                                            "unknown argument %.64s", name);
    return MHD_NO;
}

/* The names one of which was expected, as a list. */
struct names {
    char text[ERROR_MOST];
    size_t length;
};

static void names_add(struct names *names, const char *name)
{
    int more = snprintf(names->text + names->length, sizeof(names->text) - names->length, "%s%s",
                        names->length ? ", " : "", name);

    if (more > 0 && names->length + (size_t)more < sizeof(names->text))
        names->length += (size_t)more;
}

static bool is_named(const char *name, struct names *names, const char *wanted)
{
    names_add(names, name);
    return ascii_is(wanted, strlen(wanted), name);
}

static unsigned no_such(struct request *request, const char *argument, const char *value,
                        const struct names *names)
{
    return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST, "%s \"%.40s\": it takes %s",
                                   argument, value, names->text);
}

static unsigned parse_kind(struct request *request, struct query *query)
{
    static const enum roster_session_kind kinds[] = {ROSTER_SESSION_USER, ROSTER_SESSION_INTERNAL,
                                                     ROSTER_SESSION_BACKGROUND};
    struct names names = {"", 0};
    size_t n;

    query->kind_number = -1;
    if (!query->kind)
        return 0;
    for (n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++)
        if (is_named(rst_kind_name(kinds[n]), &names, query->kind))
            query->kind_number = (int)kinds[n];
    return query->kind_number < 0 ? no_such(request, "kind", query->kind, &names) : 0;
}

/* What the columns "holder" and "pin_kind" show. */
static unsigned parse_holder(struct request *request, struct query *query)
{
    struct names names = {"", 0};
    int kind;

    query->pin_kind = -1;
    if (!query->holder)
        return 0;
    if (is_named("transaction", &names, query->holder))
        query->pin_kind = 0;
    if (is_named("pin", &names, query->holder))
        query->pin_kind = PIN_ANY;
    for (kind = ROSTER_PIN_CURSOR; kind < ROSTER_PIN_KINDS; kind++)
        if (is_named(roster_pin_kind_name((enum roster_pin_kind)kind), &names, query->holder))
            query->pin_kind = kind;
    return query->pin_kind < 0 ? no_such(request, "holder", query->holder, &names) : 0;
}

static unsigned parse_command(struct request *request, const struct query *query)
{
    struct names names = {"", 0};
    bool found = !query->command;
    uint32_t n;

    for (n = ROSTER_COMMAND_SLEEP; n < ROSTER_COMMANDS && !found; n++)
        if (n == ROSTER_COMMAND_OTHER || strcmp(roster_command_name(n), "Other") != 0)
            found = is_named(roster_command_name(n), &names, query->command);
    return found ? 0 : no_such(request, "command", query->command, &names);
}

/* What a column "state", "run_state" or "txn_state" shows: a running state, or whether there is a
 * transaction. */
static unsigned parse_state(struct request *request, struct query *query)
{
    struct names names = {"", 0};
    unsigned n;

    query->run_state = -1;
    query->txn_states = ~0U;
    if (!query->state)
        return 0;
    for (n = 0; n < ROSTER_RUN_STATES; n++)
        if (is_named(roster_run_state_name((enum roster_run_state)n), &names, query->state))
            query->run_state = (int)n;
    if (query->list == LIST_SESSIONS) {
        if (is_named(rst_state_name(ROSTER_TXN_VALID), &names, query->state))
            query->txn_states = 1U << ROSTER_TXN_VALID;
        if (is_named(rst_state_name(ROSTER_TXN_INVALID), &names, query->state))
            query->txn_states = ~(1U << ROSTER_TXN_VALID);
        for (n = ROSTER_TXN_INVALID; n < ROSTER_TXN_STATES; n++)
            if (is_named(roster_txn_state_name((enum roster_txn_state)n), &names, query->state))
                query->txn_states = 1U << n;
    }
    return query->run_state < 0 && query->txn_states == ~0U
               ? no_such(request, "state", query->state, &names)
               : 0;
}

/* An event by its name, with or without its class; a class; "" is none. */
static unsigned parse_wait(struct request *request, struct query *query)
{
    const char *wanted = query->wait, *class, *name;
    struct names names = {"", 0};
    char both[2 * ROSTER_WAIT_NAME + 2];
    uint32_t event;

    if (!wanted || !*wanted)
        return 0;
    for (event = 1; (class = roster_wait_event_class(event)); event++) {
        name = roster_wait_event_name(event);
        snprintf(both, sizeof(both), "%s:%s", class, name);
        if (ascii_is(wanted, strlen(wanted), class))
            query->wait_class = class;
        if (!strcmp(wanted, name) || is_named(both, &names, wanted)) {
            query->wait_event = name;
            query->wait_class = strcmp(wanted, name) != 0 ? class : NULL;
            return 0;
        }
    }
    return query->wait_class ? 0 : no_such(request, "wait", wanted, &names);
}

static unsigned parse_sort(struct request *request, struct query *query)
{
    const char *name = query->sort ? query->sort : "";
    const struct column *column;
    struct names names;

    query->order = query->list == LIST_HOLDERS ? ORDER_START_TS : ORDER_ID;
    query->backwards = *name == '-';
    name += query->backwards;
    if (query->sort) {
        column = rst_column_find(query->list, name, strlen(name));
        query->order = column ? rst_column_order(column) : ORDER_NONE;
    }
    if (query->order == ORDER_NONE) {
        rst_columns_names(query->list, true, names.text, sizeof(names.text));
        return no_such(request, "sort", query->sort, &names);
    }
    if (query->after &&
        (query->order != ORDER_ID || query->backwards || query->list == LIST_HOLDERS))
        return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                       "after requires the order of ids: leave out sort, or "
                                       "ask for all at once with limit");
    return 0;
}

/* An object has each name once. */
static bool has_column(const struct query *query, const struct column *column)
{
    size_t n;

    for (n = 0; n < query->n_columns; n++)
        if (query->columns[n] == column)
            return true;
    return false;
}

static unsigned parse_columns(struct request *request, struct query *query)
{
    const char *at = query->wanted;
    const struct column *column;
    struct names names;
    size_t length;

    if (!at) {
        query->n_columns = rst_columns_default(query->list, query->full, query->columns);
        return 0;
    }
    for (;; at += length + 1) {
        length = strcspn(at, ",");
        column = rst_column_find(query->list, at, length);
        if (!column) {
            rst_columns_names(query->list, false, names.text, sizeof(names.text));
            return no_such(request, "columns", at, &names);
        }
        if (query->n_columns == COLUMNS_MOST)
            return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                           "columns takes at most %d names", COLUMNS_MOST);
        if (!has_column(query, column))
            query->columns[query->n_columns++] = column;
        if (!at[length])
            return 0;
    }
}

static unsigned parse_rows(struct request *request, struct query *query)
{
    unsigned status = parse_kind(request, query);

    if (!status)
        status = parse_command(request, query);
    if (!status)
        status = parse_state(request, query);
    if (!status)
        status = parse_wait(request, query);
    if (!status)
        status = parse_holder(request, query);
    if (!status)
        status = parse_sort(request, query);
    return status ? status : parse_columns(request, query);
}

unsigned rst_status_query_parse(struct request *request, unsigned allowed, enum list list,
                                struct query *query)
{
    struct parse parse = {0, request, query, allowed, 0};

    memset(query, 0, sizeof(*query));
    if (allowed & QUERY_ANY)
        return 0;
    query->limit = DEFAULT_LIMIT;
    query->list = list;
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, each, &parse);
    if (!parse.status && (!query->limit || query->limit > MAX_LIMIT))
        return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                       "limit takes a number from 1 to %d", MAX_LIMIT);
    if (!parse.status && allowed & QUERY_ACTIVITY)
        parse.status = parse_kind(request, query);
    if (!parse.status && allowed & QUERY_ACTIVITY)
        parse.status = parse_state(request, query);
    if (!parse.status && allowed & QUERY_ROWS)
        parse.status = parse_rows(request, query);
    return parse.status;
}
