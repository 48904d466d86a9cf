/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What must hold. See criteria.h.
 */
#include "config.h"

#include "criteria.h"

#include <math.h>
#include <string.h>

#define K 1000
#define M 1000000

#define PUBLISH_1                                                                                  \
    {                                                                                              \
        WORK_PUBLISH, 1, 1 * K, 0, NULL                                                            \
    }
#define OLDEST_100K                                                                                \
    {                                                                                              \
        WORK_OLDEST, 1, 100 * K, 10 * K, NULL                                                      \
    }
#define CHURN_10K                                                                                  \
    {                                                                                              \
        WORK_CHURN, 1, 10 * K, 0, NULL                                                             \
    }
#define CHURN_100K                                                                                 \
    {                                                                                              \
        WORK_CHURN, 1, 100 * K, 0, NULL                                                            \
    }

const struct compare_criterion compare_criteria[] = {
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "lmdb", 0.8, 0.5},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "wiredtiger", 0.05, 0},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "textbook", 0.06, 0},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "rwlock-id", 0.3, 0},
    {"begin+end, 2 threads, 10 000 sessions",
     {WORK_PUBLISH, 2, 10 * K, 0, NULL},
     METRIC_NS,
     RATIO,
     "lmdb",
     0.7,
     0.4},
    {"oldest, 100 000 sessions, 10 % open", OLDEST_100K, METRIC_NS, RATIO, "lmdb", 0.1, 0},
    {"oldest, 100 000 sessions, 10 % open", OLDEST_100K, METRIC_NS, RATIO, "dense", 0.5, 0.2},
    {"oldest, 100 000 sessions, 10 % open", OLDEST_100K, METRIC_NS, RATIO, "textbook", 0.002, 0},
    {"oldest, 1 000 000 sessions, 1 000 open",
     {WORK_OLDEST, 1, 1 * M, 1 * K, NULL},
     METRIC_NS,
     RATIO,
     "dense",
     0.05,
     0.01},
    {"list, 100 000 sessions, all fields",
     {WORK_LIST, 1, 100 * K, 10 * K, NULL},
     METRIC_NS,
     RATIO,
     "textbook",
     0.25,
     0},
    {"list, 100 000 sessions, all fields",
     {WORK_LIST, 1, 100 * K, 10 * K, NULL},
     METRIC_NS,
     RATIO,
     "rwlock",
     0.8,
     0.4},
    {"committers beside a syncer and a lister",
     {WORK_BESIDE, 1, 10 * K, 0, NULL},
     METRIC_NS,
     OWN,
     NULL,
     0.95,
     0},
    {"worst latency beside a list of 100 000",
     {WORK_STORM, 1, 100 * K, 0, NULL},
     METRIC_MAX,
     RATIO,
     "rwlock",
     0.01,
     0},
    {"open+close, 100 000 open", CHURN_100K, METRIC_NS, RATIO, "textbook", 0.6, 0},
    /* WiredTiger would need 14 GB for ten times as many. */
    {"open+close, 10 000 open", CHURN_10K, METRIC_NS, RATIO, "wiredtiger", 0.05, 0},
    {"open+close, 100 000 open", CHURN_100K, METRIC_NS, RATIO, "lmdb", 0.1, 0},
    {"open+close beside a looping lister",
     {WORK_CHURN_STORM, 1, 100 * K, 0, NULL},
     METRIC_NS,
     RATIO,
     "rwlock",
     0.01,
     0},
    {"64 threads, mixed, throughput",
     {WORK_MIXED, 64, 10 * K, 0, NULL},
     METRIC_NS,
     BEST,
     NULL,
     1.5,
     0},
};
const size_t compare_criteria_n = sizeof(compare_criteria) / sizeof(*compare_criteria);

/* Of Roster: what its throughput beside others is of that alone, in the same rounds. */
static bool own_value(const struct compare_criterion *criterion, const struct samples *samples,
                      struct spread *value)
{
    double with[MAX_ROUNDS], without[MAX_ROUNDS];
    size_t n = samples_of(samples, &criterion->table, &engine_roster, METRIC_NS, with);

    if (!n || samples_of(samples, &criterion->table, &engine_roster, METRIC_ALONE, without) != n)
        return false;
    *value = spread_of_ratios(without, with, n);
    return true;
}

static bool best_value(const struct compare_criterion *criterion, const struct samples *samples,
                       struct spread *value, const struct engine **peer)
{
    double best = (double)INFINITY;
    size_t i;

    *peer = NULL;
    for (i = 0; i < n_engines; i++) {
        struct spread spread;

        if (engines[i] == &engine_roster ||
            !samples_spread(samples, &criterion->table, engines[i], criterion->metric, &spread) ||
            spread.median >= best)
            continue;
        best = spread.median;
        *peer = engines[i];
    }
    /* Throughput is the inverse of time. */
    return *peer && samples_ratio(samples, &criterion->table, *peer, &engine_roster,
                                  criterion->metric, value);
}

bool criterion_value(const struct compare_criterion *criterion, const struct samples *samples,
                     struct spread *value, const struct engine **peer)
{
    *peer = criterion->peer ? engine_find(criterion->peer, strlen(criterion->peer)) : NULL;
    if (criterion->kind == OWN)
        return own_value(criterion, samples, value);
    if (criterion->kind == BEST)
        return best_value(criterion, samples, value, peer);
    return *peer && samples_ratio(samples, &criterion->table, &engine_roster, *peer,
                                  criterion->metric, value);
}

bool criterion_met(const struct compare_criterion *criterion, double value, double bound)
{
    return criterion->kind == RATIO ? value <= bound : value >= bound;
}
