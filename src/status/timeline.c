/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The last hour, a point for each second.
 *
 * A point belongs to a second of CLOCK_BOOTTIME, so seconds in which the process or the machine
 * stood still have none, and no step of the wall clock makes or hides one. When the oracle or the
 * store is slow, points become rarer: the endpoint spends at most a tenth of its time on them.
 */
#include "status/query.h"
#include "status/status.h"
#include "status/verdict.h"

#include <roster/timestamp.h>
#include <stdlib.h>
#include <time.h>

#define POINTS 3600
#define STEP_MS 1000
#define SHARE 10        /* points take at most one part in SHARE of the time */
#define NONE UINT32_MAX /* was not known */

enum value { MINIMUM, TXN, GC, SESSIONS, STATEMENTS, TRANSACTIONS, PROBLEM, VALUES };

static const char *const names[VALUES] = {
    "minimum_age_ms", "txn_safe_point_age_ms", "gc_safe_point_age_ms",
    "sessions",       "statements_per_second", "transactions_per_second",
    "problem"};

struct point {
    uint32_t second; /* 0: none was recorded here */
    uint32_t values[VALUES];
};

struct timeline {
    uint64_t due_ms;
    uint64_t last_ms; /* when the newest was recorded; 0: none was */
    uint64_t statements, transactions;
    struct point points[POINTS]; /* of a second: at its remainder */
};

struct timeline *rst_timeline_new(void)
{
    return calloc(1, sizeof(struct timeline));
}

/* Never 0: that is when the machine was started. */
static uint64_t boot_ms(void)
{
    return rst_clock_ms(CLOCK_BOOTTIME) + STEP_MS;
}

static uint32_t bounded(uint64_t number)
{
    return number < NONE ? (uint32_t)number : NONE - 1;
}

static uint32_t behind_ms(const struct verdict *verdict, uint64_t safe_point)
{
    uint64_t now_ms = roster_ts_physical_ms(verdict->min.now);
    uint64_t ms = roster_ts_physical_ms(safe_point);

    /* The least timestamps stand where none was computed: they are of no time. */
    if (!verdict->has_min || !ms)
        return NONE;
    return bounded(rst_since(now_ms, ms));
}

/* Across a gap a rate would say of each second what is true of none. */
static uint32_t rate(uint64_t before, uint64_t count, uint64_t passed_ms)
{
    if (!passed_ms || passed_ms >= 2 * STEP_MS)
        return NONE;
    return bounded((count - before) * 1000 / passed_ms);
}

static void record(struct roster_status *status, uint64_t now_ms)
{
    struct timeline *timeline = status->timeline;
    struct point *point = &timeline->points[now_ms / STEP_MS % POINTS];
    uint64_t passed_ms = timeline->last_ms ? rst_since(now_ms, timeline->last_ms) : 0;
    struct verdict verdict;

    rst_verdict(status, &verdict);
    point->second = (uint32_t)(now_ms / STEP_MS);
    point->values[MINIMUM] =
        verdict.has_min ? bounded(rst_holder_held_ms(&verdict.min.holder)) : NONE;
    point->values[TXN] = behind_ms(&verdict, verdict.txn_safe_point);
    point->values[GC] = behind_ms(&verdict, verdict.gc_safe_point);
    point->values[SESSIONS] = bounded(verdict.stats.sessions);
    point->values[STATEMENTS] = rate(timeline->statements, verdict.stats.statements, passed_ms);
    point->values[TRANSACTIONS] = rate(timeline->transactions, verdict.stats.txns_begun, passed_ms);
    point->values[PROBLEM] = verdict.count ? (uint32_t)verdict.found[0].problem : NONE;
    timeline->statements = verdict.stats.statements;
    timeline->transactions = verdict.stats.txns_begun;
    timeline->last_ms = now_ms;
}

uint64_t rst_timeline_run(struct roster_status *status)
{
    struct timeline *timeline = status->timeline;
    uint64_t now_ms = boot_ms(), took_ms;

    if (now_ms < timeline->due_ms)
        return timeline->due_ms - now_ms;
    record(status, now_ms);
    took_ms = rst_since(boot_ms(), now_ms);
    timeline->due_ms = (now_ms / STEP_MS + 1) * STEP_MS;
    if (took_ms * SHARE > STEP_MS)
        timeline->due_ms = now_ms + took_ms * SHARE;
    return rst_since(timeline->due_ms, now_ms + took_ms);
}

static void put_point(struct text *text, const struct point *point)
{
    int n;

    rst_status_out_open(text, NULL, '[');
    rst_status_out_number(text, NULL, point->second);
    for (n = 0; n < VALUES; n++)
        if (point->values[n] == NONE)
            rst_status_out_null(text, NULL);
        else if (n == PROBLEM)
            rst_status_out_string(text, NULL, rst_problem_name((enum problem)point->values[n]));
        else
            rst_status_out_number(text, NULL, point->values[n]);
    rst_status_out_close(text, ']');
}

/* The oldest first. */
static void put_points(struct text *text, const struct timeline *timeline, uint64_t second,
                       uint64_t after)
{
    const struct point *point;
    uint64_t at = second >= POINTS ? second - POINTS + 1 : 0;

    for (at = at > after ? at : after + 1; at <= second; at++) {
        point = &timeline->points[at % POINTS];
        if (point->second == at)
            put_point(text, point);
    }
}

unsigned rst_status_get_timeline(struct request *request, struct query *query)
{
    struct text *text = &request->text;
    uint64_t now_ms = boot_ms();
    int n;

    rst_status_out_open(text, NULL, '{');
    rst_status_out_number(text, "now_ms", rst_wall_ms());
    rst_status_out_number(text, "now", now_ms / STEP_MS);
    rst_status_out_number(text, "step_ms", STEP_MS);
    rst_status_out_number(text, "points", POINTS);
    rst_status_out_number(text, "old_ms", request->status->options.old_ms);
    rst_status_out_open(text, "columns", '[');
    rst_status_out_string(text, NULL, "second");
    for (n = 0; n < VALUES; n++)
        rst_status_out_string(text, NULL, names[n]);
    rst_status_out_close(text, ']');
    rst_status_out_open(text, "rows", '[');
    if (query->after < now_ms / STEP_MS)
        put_points(text, request->status->timeline, now_ms / STEP_MS, query->after);
    rst_status_out_close(text, ']');
    rst_status_out_close(text, '}');
    return MHD_HTTP_OK;
}
