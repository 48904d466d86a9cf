/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Points of the activity history. See activity.h.
 */
#include "config.h"

#include "status/activity.h"

#include <roster/wait.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POINTS_MOST 1000
#define CLASSES_MOST 16 /* those beyond are one, "other" */
#define STEP_LEAST_MS 1000
#define STEP_MOST_MS 86400000

/* The first is of what waits for nothing known. */
struct classes {
    const char *names[CLASSES_MOST + 1];
    size_t count;
};

static size_t class_of(const struct classes *classes, const char *name)
{
    size_t n;

    if (!name)
        return 0;
    for (n = 0; n < classes->count && strcmp(classes->names[n], name) != 0; n++)
        ;
    return n;
}

static void find_classes(struct classes *classes)
{
    const char *name;
    uint32_t event;

    classes->names[0] = ROSTER_WAIT_CPU;
    classes->count = 1;
    for (event = 1; (name = roster_wait_event_class(event)); event++)
        if (class_of(classes, name) == classes->count && classes->count < CLASSES_MOST)
            classes->names[classes->count++] = name;
    classes->names[classes->count] = "other";
}

static void put_point(struct text *text, const struct classes *classes, uint64_t at_ms,
                      const struct roster_activity_sum *sum, const struct roster_activity_row *rows,
                      size_t count)
{
    uint64_t samples[CLASSES_MOST + 1] = {0};
    size_t n;

    for (n = 0; n < count; n++)
        samples[class_of(classes, roster_wait_event_class(rows[n].wait))] += rows[n].samples;
    rst_status_out_open(text, NULL, '[');
    rst_status_out_number(text, NULL, at_ms);
    rst_status_out_number(text, NULL, sum->times);
    rst_status_out_number(text, NULL, sum->dropped);
    for (n = 0; n <= classes->count; n++)
        rst_status_out_number(text, NULL, samples[n]);
    rst_status_out_close(text, ']');
}

static void put_head(struct text *text, const struct query *query, const struct classes *classes)
{
    size_t n;

    rst_status_out_number(text, "from_ms", query->from);
    rst_status_out_number(text, "to_ms", query->to);
    rst_status_out_number(text, "step_ms", query->step);
    rst_status_out_open(text, "columns", '[');
    rst_status_out_string(text, NULL, "at_ms");
    rst_status_out_string(text, NULL, "times");
    rst_status_out_string(text, NULL, "dropped");
    for (n = 0; n <= classes->count; n++)
        rst_status_out_string(text, NULL, classes->names[n]);
    rst_status_out_close(text, ']');
}

/* A step in which there was no sample has no point. */
static int put_points(struct request *request, const struct query *query,
                      const struct roster_activity_filter *filter, struct roster_activity_row *rows)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};
    struct text *text = &request->text;
    struct classes classes;
    uint64_t at;
    size_t count;
    int err = 0;

    find_classes(&classes);
    rst_status_out_open(text, NULL, '{');
    put_head(text, query, &classes);
    rst_status_out_open(text, "points", '[');
    for (at = query->from; at < query->to && !err; at += query->step) {
        count = ROSTER_WAIT_EVENTS + 1;
        err = roster_activity_top(request->status->options.activity, at, at + query->step,
                                  ROSTER_ACTIVITY_WAIT, filter, rows, &count, &sum);
        if (!err && sum.times)
            put_point(text, &classes, at, &sum, rows, count);
    }
    rst_status_out_close(text, ']');
    rst_status_out_close(text, '}');
    return err;
}

/* To steps with a sample each that have passed with all their samples, so that a step that is in a
 * reply is as it will always be. */
static int trim(struct roster_activity *activity, struct query *query)
{
    struct roster_activity_sum sum = {.size = sizeof(sum)};
    struct timespec now;
    uint64_t passed;
    struct roster_activity_row row;
    size_t none = 0;
    int err = roster_activity_top(activity, 0, 0, 0, NULL, &row, &none, &sum);

    if (err)
        return err;
    clock_gettime(CLOCK_REALTIME, &now);
    passed = (uint64_t)now.tv_sec * 1000 - (sum.interval_ms > 1000 ? sum.interval_ms : 1000);
    if (query->to > passed)
        query->to = passed;
    if (sum.interval_ms > 1 && query->step % sum.interval_ms)
        query->step += sum.interval_ms - query->step % sum.interval_ms;
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

unsigned rst_activity_points(struct request *request, const struct query *query,
                             const struct roster_activity_filter *filter)
{
    struct budget *budget = request->text.budget;
    size_t room = (ROSTER_WAIT_EVENTS + 1) * sizeof(struct roster_activity_row);
    struct query whole = *query;
    struct roster_activity_row *rows;
    int err;

    if (query->step < STEP_LEAST_MS || query->step > STEP_MOST_MS)
        return refuse_step(request);
    err = trim(request->status->options.activity, &whole);
    if (!err && whole.to > whole.from && (whole.to - whole.from) / whole.step > POINTS_MOST)
        return refuse_step(request);
    rows = err ? NULL : budget_malloc(budget, room);
    if (!err && !rows)
        return rst_status_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    if (rows) {
        err = put_points(request, &whole, filter, rows);
        free(rows);
        budget_give(budget, room);
    }
    return err ? rst_status_request_fail(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s",
                                         roster_strerror(err))
               : MHD_HTTP_OK;
}
