/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Queries of an activity history: sums over a time, grouped by chosen attributes.
 */
#include "core/operate/activity.h"

#include "core/base/struct_size.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ALL (2u * ROSTER_ACTIVITY_KIND - 1) /* the last bit, and those below it */
#define HOUR_MS UINT64_C(3600000)
#define MINUTE_MS UINT64_C(60000) /* "an hour ago" was said a moment ago */

struct question {
    struct roster_activity *activity;
    uint32_t by;
    uint32_t which; /* of `wanted`, what has to be the same */
    struct roster_activity_row wanted;
};

static int compare_numbers(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

/* What rows are distinguished by, in the order in which they are sorted. */
#define VALUE(bit, member)                                                                         \
    {                                                                                              \
        ROSTER_ACTIVITY_##bit, offsetof(struct roster_activity_row, member),                       \
            sizeof(((struct roster_activity_row *)0)->member)                                      \
    }

static const struct value {
    uint32_t bit;
    size_t at, size;
} values[] = {VALUE(STATE, state),  VALUE(KIND, kind),         VALUE(WAIT, wait),
              VALUE(USER, user),    VALUE(DATABASE, database), VALUE(APPLICATION, application),
              VALUE(DIGEST, digest)};

#define VALUES (sizeof(values) / sizeof(values[0]))

/* By the requested bits: equal or not, and an order that is always the same. */
static int compare_rows(uint32_t by, const struct roster_activity_row *a,
                        const struct roster_activity_row *b)
{
    int differ = 0;
    size_t n;

    for (n = 0; n < VALUES && !differ; n++)
        if (by & values[n].bit)
            differ = memcmp((const char *)a + values[n].at, (const char *)b + values[n].at,
                            values[n].size);
    return differ;
}

static int by_row(const void *one, const void *other, void *arg)
{
    const struct question *question = arg;
    const struct rst_activity_cell *a = one, *b = other;
    const struct rst_activity_key *keys = question->activity->keys;

    return compare_rows(question->by, &keys[a->key].row, &keys[b->key].row);
}

/* The most first. */
static int by_sum(const void *one, const void *other, void *arg)
{
    const struct question *question = arg;
    const struct rst_activity_cell *a = one, *b = other;
    const uint64_t *sums = question->activity->sums;
    int differ = compare_numbers(sums[b->key], sums[a->key]);

    return differ ? differ : by_row(one, other, arg);
}

/* Adds up the buckets of a ring that begin in this time. */
static void add_up(struct roster_activity *activity, const struct rst_activity_ring *ring,
                   uint64_t from_ms, uint64_t to_ms, struct roster_activity_sum *sum)
{
    uint32_t n, m;

    memset(activity->sums, 0, activity->used_keys * sizeof(*activity->sums));
    for (n = 0; n < ring->size; n++) {
        const struct rst_activity_bucket *bucket = &ring->buckets[n];
        const struct rst_activity_cell *cells = &ring->cells[(size_t)n * activity->per_bucket];

        if (!bucket->times || bucket->number * ring->ms < from_ms ||
            bucket->number * ring->ms >= to_ms)
            continue;
        sum->times += bucket->times;
        sum->active += bucket->active;
        for (m = 0; m < bucket->cells; m++) {
            activity->sums[cells[m].key] += cells[m].count;
            sum->kept += cells[m].count;
        }
    }
    sum->dropped = sum->active - sum->kept;
}

/* The keys that count, in `sorted`; those that are the same by what was asked for become the first
 * of them. Returns how many are left. */
static uint32_t group(struct question *question, struct roster_activity_sum *sum)
{
    struct roster_activity *activity = question->activity;
    struct rst_activity_cell *sorted = activity->sorted;
    uint32_t n, count = 0, groups = 0;

    for (n = 0; n < activity->used_keys; n++)
        if (activity->sums[n] &&
            !compare_rows(question->which, &question->wanted, &activity->keys[n].row)) {
            sorted[count++] = (struct rst_activity_cell){n, 0};
            sum->samples += activity->sums[n];
        }
    qsort_r(sorted, count, sizeof(*sorted), by_row, question);
    for (n = 0; n < count; n++)
        if (groups && !by_row(&sorted[groups - 1], &sorted[n], question))
            activity->sums[sorted[groups - 1].key] += activity->sums[sorted[n].key];
        else
            sorted[groups++] = sorted[n];
    qsort_r(sorted, groups, sizeof(*sorted), by_sum, question);
    return groups;
}

static void put_row(const struct question *question, uint32_t key, struct roster_activity_row *row)
{
    const struct roster_activity_row *known = &question->activity->keys[key].row;
    size_t n;

    memset(row, 0, sizeof(*row));
    row->samples = question->activity->sums[key];
    for (n = 0; n < VALUES; n++)
        if (question->by & values[n].bit)
            memcpy((char *)row + values[n].at, (const char *)known + values[n].at, values[n].size);
}

int rst_activity_top(struct roster_activity *activity, uint64_t now_ms, uint64_t from_ms,
                     uint64_t to_ms, uint32_t by, const struct roster_activity_filter *filter,
                     struct roster_activity_row *rows, size_t *count,
                     struct roster_activity_sum *sum)
{
    struct roster_activity_sum known = {.size = sizeof(known)};
    struct roster_activity_filter wanted;
    struct question question = {.activity = activity, .by = by};
    const struct rst_activity_ring *ring;
    size_t n, most;
    int err = rst_struct_get(&wanted, sizeof(wanted), sizeof(wanted), filter);

    if (!err)
        err = rst_struct_check(sum, sizeof(known), sizeof(known));
    if (err)
        return err;
    if ((by | wanted.which) & ~ALL)
        return -EINVAL;
    question.which = wanted.which;
    rst_activity_describe(&question.wanted, &wanted);
    pthread_mutex_lock(&activity->lock);
    ring = &activity->rings[from_ms + HOUR_MS + MINUTE_MS >= now_ms ? RST_SECONDS : RST_MINUTES];
    known.step_ms = ring->ms;
    known.interval_ms =
        activity->options.interval_ms < 0 ? 0 : (uint64_t)activity->options.interval_ms;
    add_up(activity, ring, from_ms, to_ms, &known);
    most = *count;
    known.rows = group(&question, &known);
    *count = known.rows < most ? (size_t)known.rows : most;
    for (n = 0; n < *count; n++)
        put_row(&question, activity->sorted[n].key, &rows[n]);
    pthread_mutex_unlock(&activity->lock);
    rst_struct_put(sum, &known, sizeof(known));
    return 0;
}
