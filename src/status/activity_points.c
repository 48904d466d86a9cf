/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Points of the activity history: its samples in steps, in series of which each is a class of
 * waits, or a group of what was asked for. See activity.h.
 */
#include "status/query.h"

#include "status/columns.h"

#include <errno.h>
#include <roster/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MOST 1000
#define CLASSES_MOST 16 /* those beyond are one, "other" */
#define GROUPS_MOST 32  /* likewise */
#define SERIES_MOST 32
#define ROWS_MOST (ROSTER_WAIT_EVENTS + 1) /* of a step; what is in no row is "other" */
#define STEP_LEAST_MS 1000
#define STEP_MOST_MS 86400000
#define HOUR_MS UINT64_C(3600000)
#define MINUTE_MS UINT64_C(60000)

/* What a point has a number of samples of, and after the last of these one of all others. */
struct series {
    uint32_t by; /* 0: they are classes of waits, of which the first is of what waits for nothing */
    size_t count;
    const char *classes[CLASSES_MOST];
    struct roster_activity_row groups[GROUPS_MOST];
};

static size_t class_of(const struct series *series, const char *name)
{
    size_t n;

    if (!name)
        return 0;
    for (n = 0; n < series->count && strcmp(series->classes[n], name) != 0; n++)
        ;
    return n;
}

static void find_classes(struct series *series)
{
    const char *name;
    uint32_t event;

    series->classes[0] = ROSTER_WAIT_CPU;
    series->count = 1;
    for (event = 1; (name = roster_wait_event_class(event)); event++)
        if (class_of(series, name) == series->count && series->count < CLASSES_MOST)
            series->classes[series->count++] = name;
}

/* What a row does not distinguish is 0 or empty in all of them. */
static bool is_same(const struct roster_activity_row *a, const struct roster_activity_row *b)
{
    return a->state == b->state && a->kind == b->kind && a->wait == b->wait &&
           !strcmp(a->user, b->user) && !strcmp(a->digest, b->digest) &&
           !strcmp(a->database, b->database) && !strcmp(a->application, b->application);
}

static size_t series_of(const struct series *series, const struct roster_activity_row *row)
{
    size_t n;

    if (!series->by)
        return class_of(series, roster_wait_event_class(row->wait));
    for (n = 0; n < series->count && !is_same(&series->groups[n], row); n++)
        ;
    return n;
}

/* The groups are those with the most samples of the whole time. */
static int find_series(struct roster_activity *activity, const struct query *query, uint32_t by,
                       const struct roster_activity_filter *filter, struct series *series)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};

    series->by = by;
    series->count = query->limit < GROUPS_MOST ? query->limit : GROUPS_MOST;
    if (by)
        return roster_activity_top(activity, query->from, query->to, by, filter, series->groups,
                                   &series->count, &sum);
    find_classes(series);
    return 0;
}

/* Rows beyond those that were asked for are samples of others. */
static void put_point(struct text *text, const struct series *series, uint64_t at_ms,
                      const struct roster_activity_sum *sum, const struct roster_activity_row *rows,
                      size_t count)
{
    uint64_t samples[SERIES_MOST + 1] = {0}, known = 0;
    size_t n;

    _Static_assert(CLASSES_MOST <= SERIES_MOST && GROUPS_MOST <= SERIES_MOST, "all fit");

    for (n = 0; n < count; n++) {
        samples[series_of(series, &rows[n])] += rows[n].samples;
        known += rows[n].samples;
    }
    samples[series->count] += sum->samples - known;
    rst_status_out_open(text, NULL, '[');
    rst_status_out_number(text, NULL, at_ms);
    rst_status_out_number(text, NULL, sum->times);
    rst_status_out_number(text, NULL, sum->dropped);
    for (n = 0; n <= series->count; n++)
        rst_status_out_number(text, NULL, samples[n]);
    rst_status_out_close(text, ']');
}

/* "Lock: row, alice": what people call a group. */
static void put_name(struct text *text, const struct roster_activity_row *row, uint32_t by)
{
    char wait[2 * ROSTER_WAIT_NAME + 3] = ROSTER_WAIT_CPU,
                                     name[sizeof(wait) + sizeof(*row) +
                                          7 * sizeof("no application, ")] = "";
    const struct {
        enum roster_activity_by bit;
        const char *text, *none;
    } parts[] = {
        {ROSTER_ACTIVITY_STATE, roster_run_state_name(row->state), ""},
        {ROSTER_ACTIVITY_WAIT, wait, ""},
        {ROSTER_ACTIVITY_DIGEST, row->digest, "no digest"},
        {ROSTER_ACTIVITY_USER, row->user, "no user"},
        {ROSTER_ACTIVITY_DATABASE, row->database, "no database"},
        {ROSTER_ACTIVITY_APPLICATION, row->application, "no name"},
        {ROSTER_ACTIVITY_KIND, rst_kind_name(row->kind), ""},
    };
    size_t n, length = 0;

    if (row->wait)
        snprintf(wait, sizeof(wait), "%s: %s", roster_wait_event_class(row->wait),
                 roster_wait_event_name(row->wait));
    for (n = 0; n < sizeof(parts) / sizeof(parts[0]); n++)
        if (by & (uint32_t)parts[n].bit)
            length +=
                (size_t)snprintf(name + length, sizeof(name) - length, "%s%s", length ? ", " : "",
                                 *parts[n].text ? parts[n].text : parts[n].none);
    rst_status_out_string(text, NULL, name);
}

static void put_groups(struct text *text, const struct series *series)
{
    size_t n;

    rst_status_out_open(text, "groups", '[');
    for (n = 0; n < series->count; n++) {
        rst_status_out_open(text, NULL, '{');
        rst_activity_put(text, &series->groups[n], series->by);
        rst_status_out_close(text, '}');
    }
    rst_status_out_close(text, ']');
}

static void put_head(struct text *text, const struct query *query, const struct series *series)
{
    size_t n;

    rst_status_out_number(text, "from_ms", query->from);
    rst_status_out_number(text, "to_ms", query->to);
    rst_status_out_number(text, "step_ms", query->step);
    rst_status_out_open(text, "columns", '[');
    rst_status_out_string(text, NULL, "at_ms");
    rst_status_out_string(text, NULL, "times");
    rst_status_out_string(text, NULL, "dropped");
    for (n = 0; n < series->count; n++)
        if (series->by)
            put_name(text, &series->groups[n], series->by);
        else
            rst_status_out_string(text, NULL, series->classes[n]);
    rst_status_out_string(text, NULL, "other");
    rst_status_out_close(text, ']');
    if (series->by)
        put_groups(text, series);
}

/* A step in which there was no sample has no point. */
static int put_points(struct request *request, const struct query *query,
                      const struct roster_activity_filter *filter, const struct series *series,
                      struct roster_activity_row *rows)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};
    struct text *text = &request->text;
    uint64_t at;
    size_t count;
    int err = 0;

    rst_status_out_open(text, NULL, '{');
    put_head(text, query, series);
    rst_status_out_open(text, "points", '[');
    for (at = query->from; at < query->to && !err; at += query->step) {
        count = ROWS_MOST;
        err = roster_activity_top(request->status->options.activity, at, at + query->step,
                                  series->by ? series->by : ROSTER_ACTIVITY_WAIT, filter, rows,
                                  &count, &sum);
        if (!err && sum.times)
            put_point(text, series, at, &sum, rows, count);
    }
    rst_status_out_close(text, ']');
    rst_status_out_close(text, '}');
    return err;
}

/* To steps with a sample each that have passed with all their samples, so that a step that is in a
 * reply is as it will always be. Of what is older than an hour there are minutes. */
static int trim(struct roster_activity *activity, struct query *query)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};
    uint64_t passed, unit;
    struct roster_activity_row row;
    size_t none = 0;
    int err = roster_activity_top(activity, 0, 0, 0, NULL, &row, &none, &sum);

    if (err)
        return err;
    passed = rst_wall_ms() / 1000 * 1000 - (sum.interval_ms > 1000 ? sum.interval_ms : 1000);
    if (query->to > passed)
        query->to = passed;
    unit = query->from + HOUR_MS < passed ? MINUTE_MS : sum.interval_ms;
    if (unit > 1 && query->step % unit)
        query->step += unit - query->step % unit;
    query->to -= query->to % query->step;
    if (query->from % query->step)
        query->from += query->step - query->from % query->step;
    return 0;
}

static unsigned refuse_step(struct request *request)
{
    return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                   "step takes milliseconds, from %d to %d, for at most %d points",
                                   STEP_LEAST_MS, STEP_MOST_MS, POINTS_MOST);
}

unsigned rst_activity_points(struct request *request, const struct query *query, uint32_t by,
                             const struct roster_activity_filter *filter)
{
    struct roster_activity *activity = request->status->options.activity;
    struct budget *budget = request->text.budget;
    size_t room = ROWS_MOST * sizeof(struct roster_activity_row);
    struct query whole = *query;
    struct series series;
    struct roster_activity_row *rows;
    int err;

    if (query->step < STEP_LEAST_MS || query->step > STEP_MOST_MS)
        return refuse_step(request);
    err = trim(activity, &whole);
    if (!err && whole.to > whole.from && (whole.to - whole.from) / whole.step > POINTS_MOST)
        return refuse_step(request);
    if (!err)
        err = find_series(activity, &whole, by, filter, &series);
    rows = err ? NULL : budget_malloc(budget, room);
    if (!err && !rows)
        return rst_status_request_error(request, -ENOMEM);
    if (rows) {
        err = put_points(request, &whole, filter, &series, rows);
        free(rows);
        budget_give(budget, room);
    }
    return err ? rst_status_request_error(request, err) : MHD_HTTP_OK;
}
