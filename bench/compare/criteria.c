/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What must hold. See criteria.h.
 */
#include "criteria.h"

#include <math.h>
#include <string.h>

#define K 1000
#define M 1000000

#define TABLE(work, threads, sessions, open)                                                       \
    {                                                                                              \
        work, threads, sessions, open, NULL                                                        \
    }
#define PUBLISH_1 TABLE(WORK_PUBLISH, 1, 1 * K, 0)
#define PUBLISH_2 TABLE(WORK_PUBLISH, 2, 10 * K, 0)
#define STATEMENT TABLE(WORK_STATEMENT, 1, 1 * K, 0)
#define OLDEST_100K TABLE(WORK_OLDEST, 1, 100 * K, 10 * K)
#define OLDEST_1M TABLE(WORK_OLDEST, 1, 1 * M, 1 * K)
#define LIST TABLE(WORK_LIST, 1, 100 * K, 10 * K)
#define LOOKUP(threads, sessions) TABLE(WORK_LOOKUP, threads, sessions, 0)
#define BESIDE TABLE(WORK_BESIDE, 1, 10 * K, 0)
#define LOOKED_UP TABLE(WORK_LOOKED_UP, 1, 1 * K, 0)
#define STORM TABLE(WORK_STORM, 1, 100 * K, 0)
#define STALLED TABLE(WORK_STALLED, 1, 1 * K, 0)
#define CHURN(sessions) TABLE(WORK_CHURN, 1, sessions, 0)
#define CHURN_STORM TABLE(WORK_CHURN_STORM, 1, 100 * K, 0)
#define MIXED_64 TABLE(WORK_MIXED, 64, 10 * K, 0)

/* clang-format off: a table */
const struct compare_criterion compare_criteria[] = {
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "lmdb", 0.8, 0.5},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "dense", 1.1, 1.0},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "wiredtiger", 0.05, 0},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "textbook", 0.06, 0},
    {"begin+end, 1 thread, 1 000 sessions", PUBLISH_1, METRIC_NS, RATIO, "rwlock-id", 0.3, 0},
    {"begin+end, 2 threads, 10 000 sessions", PUBLISH_2, METRIC_NS, RATIO, "lmdb", 0.7, 0.4},
    {"statement with 100 bytes of text", STATEMENT, METRIC_NS, RATIO, "dense", 1.8, 1.2},
    {"oldest, 100 000 sessions, 10 % open", OLDEST_100K, METRIC_NS, RATIO, "lmdb", 0.1, 0},
    {"oldest, 100 000 sessions, 10 % open", OLDEST_100K, METRIC_NS, RATIO, "dense", 0.5, 0.2},
    {"oldest, 100 000 sessions, 10 % open", OLDEST_100K, METRIC_NS, RATIO, "textbook", 0.002, 0},
    {"oldest, 1 000 000 sessions, 1 000 open", OLDEST_1M, METRIC_NS, RATIO, "dense", 0.05, 0.01},
    {"list, 100 000 sessions, all fields", LIST, METRIC_NS, RATIO, "textbook", 0.25, 0},
    {"list, 100 000 sessions, all fields", LIST, METRIC_NS, RATIO, "dense", 1.6, 1.2},
    {"list in place, against one that copies", LIST, METRIC_NS, RATIO, "rwlock", 0.8, 0.4},
    {"list in place, against pointers", LIST, METRIC_NS, RATIO, "pointers", 0.8, 0.4},
    {"lookup by id, 1 000 sessions", LOOKUP(1, 1 * K), METRIC_NS, RATIO, "textbook", 1.2, 0},
    {"lookup by id, 2 threads", LOOKUP(2, 1 * K), METRIC_NS, RATIO, "textbook", 1.2, 0},
    {"lookup by id, 100 000 sessions", LOOKUP(1, 100 * K), METRIC_NS, RATIO, "textbook", 0.8, 0.5},
    {"committers beside a syncer and a lister", BESIDE, METRIC_NS, OWN, NULL, 0.95, 0},
    {"committer beside continuous lookups", LOOKED_UP, METRIC_NS, OWN, NULL, 1 / 1.2, 1 / 1.05},
    {"a reader stalls: share refused", STALLED, METRIC_REFUSED, MOST, NULL, 0, 0},
    {"a reader stalls: MB of growth a second", STALLED, METRIC_GROWTH, MOST, NULL, 1, 0},
    {"worst latency beside a list of 100 000", STORM, METRIC_MAX, RATIO, "rwlock", 0.01, 0},
    {"open+close, 1 000 open", CHURN(1 * K), METRIC_NS, RATIO, "rwlock", 1.0, 0.7},
    {"open+close, 10 000 open", CHURN(10 * K), METRIC_NS, RATIO, "rwlock", 1.0, 0.7},
    {"open+close, 100 000 open", CHURN(100 * K), METRIC_NS, RATIO, "rwlock", 1.0, 0.7},
    {"open+close, 100 000 open", CHURN(100 * K), METRIC_NS, RATIO, "textbook", 0.6, 0},
    /* WiredTiger would need 14 GB for ten times as many. */
    {"open+close, 10 000 open", CHURN(10 * K), METRIC_NS, RATIO, "wiredtiger", 0.05, 0},
    {"open+close, 100 000 open", CHURN(100 * K), METRIC_NS, RATIO, "lmdb", 0.1, 0},
    {"open+close beside a looping lister", CHURN_STORM, METRIC_NS, RATIO, "rwlock", 0.01, 0},
    {"64 threads, mixed, throughput", MIXED_64, METRIC_NS, BEST, NULL, 1.5, 0},
};
/* clang-format on */
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

static bool most_value(const struct compare_criterion *criterion, const struct samples *samples,
                       struct spread *value)
{
    double unit = criterion->metric == METRIC_GROWTH ? 1e6 : 1;

    if (!samples_spread(samples, &criterion->table, &engine_roster, criterion->metric, value))
        return false;
    value->median /= unit;
    value->min /= unit;
    value->max /= unit;
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
    if (criterion->kind == MOST)
        return most_value(criterion, samples, value);
    if (criterion->kind == BEST)
        return best_value(criterion, samples, value, peer);
    return *peer && samples_ratio(samples, &criterion->table, &engine_roster, *peer,
                                  criterion->metric, value);
}

bool criterion_at_most(const struct compare_criterion *criterion)
{
    return criterion->kind == RATIO || criterion->kind == MOST;
}

bool criterion_met(const struct compare_criterion *criterion, double value, double bound)
{
    return criterion_at_most(criterion) ? value <= bound : value >= bound;
}
