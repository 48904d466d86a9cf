/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The activity history.
 */
#include "status/query.h"

#include "core/base/ascii.h"

#include <errno.h>
#include <roster/wait.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)

static const struct {
    const char *name;
    enum roster_activity_by bit;
} bits[] = {
    {"state", ROSTER_ACTIVITY_STATE},   {"wait", ROSTER_ACTIVITY_WAIT},
    {"digest", ROSTER_ACTIVITY_DIGEST}, {"user", ROSTER_ACTIVITY_USER},
    {"db", ROSTER_ACTIVITY_DATABASE},   {"application", ROSTER_ACTIVITY_APPLICATION},
    {"kind", ROSTER_ACTIVITY_KIND},
};

#define BITS (sizeof(bits) / sizeof(bits[0]))

static unsigned parse_by(struct request *request, const char *names, uint32_t *by)
{
    size_t length, n;

    for (*by = 0;; names += length + 1) {
        length = strcspn(names, ",");
        for (n = 0; n < BITS && !ascii_is(names, length, bits[n].name); n++)
            ;
        if (n == BITS)
            return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                           "by \"%.40s\": it takes state, wait, digest, user, db, "
                                           "application, kind",
                                           names);
        *by |= (uint32_t)bits[n].bit;
        if (!names[length])
            return 0;
    }
}

/* An event by its name, with or without its class; "" is none. */
static bool find_event(const char *name, uint32_t *event)
{
    const char *colon = strchr(name, ':');
    const char *class;

    if (!*name) {
        *event = 0;
        return true;
    }
    for (*event = 1; (class = roster_wait_event_class(*event)); ++*event)
        if (!strcmp(roster_wait_event_name(*event), colon ? colon + 1 : name) &&
            (!colon || ascii_is(name, (size_t)(colon - name), class)))
            return true;
    return false;
}

static void want_text(struct roster_activity_filter *filter, const char **to, const char *text,
                      enum roster_activity_by bit)
{
    if (text)
        filter->which |= (uint32_t)bit;
    *to = text;
}

static unsigned filter_of(struct request *request, const struct query *query,
                          struct roster_activity_filter *filter)
{
    want_text(filter, &filter->digest, query->digest, ROSTER_ACTIVITY_DIGEST);
    want_text(filter, &filter->user, query->user, ROSTER_ACTIVITY_USER);
    want_text(filter, &filter->database, query->db, ROSTER_ACTIVITY_DATABASE);
    want_text(filter, &filter->application, query->application, ROSTER_ACTIVITY_APPLICATION);
    if (query->state) {
        filter->which |= ROSTER_ACTIVITY_STATE;
        filter->state = (enum roster_run_state)query->run_state;
    }
    if (query->kind) {
        filter->which |= ROSTER_ACTIVITY_KIND;
        filter->kind = (enum roster_session_kind)query->kind_number;
    }
    if (!query->wait)
        return 0;
    filter->which |= ROSTER_ACTIVITY_WAIT;
    return find_event(query->wait, &filter->wait)
               ? 0
               : rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                         "wait \"%.40s\": an event of this name is not registered",
                                         query->wait);
}

void rst_activity_put(struct text *text, const struct roster_activity_row *row, uint32_t by)
{
    if (by & ROSTER_ACTIVITY_STATE)
        rst_status_out_string(text, "state", roster_run_state_name(row->state));
    if (by & ROSTER_ACTIVITY_WAIT) {
        rst_status_out_string(text, "wait_class", roster_wait_event_class(row->wait));
        rst_status_out_string(text, "wait_event", roster_wait_event_name(row->wait));
    }
    if (by & ROSTER_ACTIVITY_DIGEST)
        rst_status_out_string(text, "digest", *row->digest ? row->digest : NULL);
    if (by & ROSTER_ACTIVITY_USER)
        rst_status_out_string(text, "user", *row->user ? row->user : NULL);
    if (by & ROSTER_ACTIVITY_DATABASE)
        rst_status_out_string(text, "db", *row->database ? row->database : NULL);
    if (by & ROSTER_ACTIVITY_APPLICATION)
        rst_status_out_string(text, "application", *row->application ? row->application : NULL);
    if (by & ROSTER_ACTIVITY_KIND)
        rst_status_out_string(text, "kind", rst_kind_name(row->kind));
}

static void put_row(struct text *text, const struct roster_activity_row *row, uint32_t by)
{
    rst_status_out_open(text, NULL, '{');
    rst_status_out_number(text, "samples", row->samples);
    rst_activity_put(text, row, by);
    rst_status_out_close(text, '}');
}

static void put_sum(struct text *text, const struct roster_activity_sum *sum)
{
    rst_status_out_number(text, "step_ms", sum->step_ms);
    rst_status_out_number(text, "interval_ms", sum->interval_ms);
    rst_status_out_number(text, "times", sum->times);
    rst_status_out_number(text, "active", sum->active);
    rst_status_out_number(text, "kept", sum->kept);
    rst_status_out_number(text, "dropped", sum->dropped);
    rst_status_out_number(text, "samples", sum->samples);
    rst_status_out_number(text, "matched", sum->rows);
}

static unsigned put_rows(struct request *request, const struct query *query, uint32_t by,
                         const struct roster_activity_filter *filter)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};
    struct budget *budget = request->text.budget;
    struct text *text = &request->text;
    size_t count = query->limit < 10000 ? query->limit : 10000, n, room = count;
    struct roster_activity_row *rows = budget_malloc(budget, room * sizeof(*rows));
    int err;

    if (!rows)
        return rst_status_request_error(request, -ENOMEM);
    err = roster_activity_top(request->status->options.activity, query->from, query->to, by, filter,
                              rows, &count, &sum);
    if (!err) {
        rst_status_out_open(text, NULL, '{');
        rst_status_out_number(text, "from_ms", query->from);
        rst_status_out_number(text, "to_ms", query->to);
        put_sum(text, &sum);
        rst_status_out_open(text, "rows", '[');
        for (n = 0; n < count; n++)
            put_row(text, &rows[n], by);
        rst_status_out_close(text, ']');
        rst_status_out_close(text, '}');
    }
    free(rows);
    budget_give(budget, room * sizeof(*rows));
    return err ? rst_status_request_error(request, err) : MHD_HTTP_OK;
}

unsigned rst_status_get_activity(struct request *request, struct query *query)
{
    struct roster_activity_filter filter = ROSTER_ACTIVITY_FILTER_INIT;
    uint32_t by = 0;
    unsigned status;

    if (!request->status->options.activity)
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND,
                                       "this server does not sample activity: see "
                                       "roster_activity_start()");
    if (!query->to)
        query->to = rst_wall_ms() / 1000 * 1000;
    if (!query->from)
        query->from = query->to > HOUR_MS ? query->to - HOUR_MS : 0;
    status = parse_by(request, query->by ? query->by : "state,wait", &by);
    if (!status)
        status = filter_of(request, query, &filter);
    if (status)
        return status;
    return query->step ? rst_activity_points(request, query, query->by ? by : 0, &filter)
                       : put_rows(request, query, by, &filter);
}
