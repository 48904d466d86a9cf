/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a request asks for. Whatever is unknown or malformed is refused, so that no client takes a
 * filter that was misspelt for one that let everything through.
 */
#include "config.h"

#include "status/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT 1000
#define MAX_LIMIT 10000

enum kind { STRING, NUMBER, FLAG };

static const struct argument {
    const char *name;
    enum kind kind;
    unsigned where;
    size_t offset;
} arguments[] = {
    {"user", STRING, QUERY_ROWS, offsetof(struct query, user)},
    {"db", STRING, QUERY_ROWS, offsetof(struct query, db)},
    {"kind", STRING, QUERY_ROWS, offsetof(struct query, kind)},
    {"command", STRING, QUERY_ROWS, offsetof(struct query, command)},
    {"state", STRING, QUERY_ROWS, offsetof(struct query, state)},
    {"min_ms", NUMBER, QUERY_ROWS, offsetof(struct query, min_ms)},
    {"in_txn", FLAG, QUERY_ROWS, offsetof(struct query, in_txn)},
    {"full", FLAG, QUERY_ROWS, offsetof(struct query, full)},
    {"limit", NUMBER, QUERY_ROWS, offsetof(struct query, limit)},
    {"after", NUMBER, QUERY_ROWS, offsetof(struct query, after)},
    {"id", NUMBER, QUERY_ROWS | QUERY_KILL, offsetof(struct query, id)},
    {"target", STRING, QUERY_KILL, offsetof(struct query, target)},
    {"statement", NUMBER, QUERY_KILL, offsetof(struct query, statement)},
    {"start_ts", NUMBER, QUERY_KILL, offsetof(struct query, start_ts)},
    {"transaction", NUMBER, QUERY_KILL, offsetof(struct query, transaction)},
};

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

static bool store(struct query *query, const struct argument *argument, const char *value)
{
    void *place = (char *)query + argument->offset;

    switch (argument->kind) {
    case NUMBER:
        return parse_number(value, place);
    case FLAG:
        return parse_flag(value, place);
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
                                                arguments[n].name,
                                                arguments[n].kind == FLAG ? "1 or 0" : "a number");
        return MHD_NO;
    }
    parse->status = rst_status_request_fail(parse->request, MHD_HTTP_BAD_REQUEST,
                                            "unknown argument %.64s", name);
    return MHD_NO;
}

unsigned rst_status_query_parse(struct request *request, unsigned allowed, struct query *query)
{
    struct parse parse = {0, request, query, allowed, 0};

    memset(query, 0, sizeof(*query));
    query->limit = DEFAULT_LIMIT;
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, each, &parse);
    if (!parse.status && (!query->limit || query->limit > MAX_LIMIT))
        return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                       "limit takes a number from 1 to %d", MAX_LIMIT);
    return parse.status;
}
