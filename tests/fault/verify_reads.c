/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What must hold of reads (G8): one that a check vouched for found what a reader of its snapshot
 * has to find, whatever was collected, wherever.
 */

#include "data.h"
#include "history.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

/* A version: readers could see it from `begin` on, and had to from `end` on. */
struct version {
    uint64_t ts;
    int64_t begin;
    int64_t end;
};

/* Versions of one key in the order of their timestamps. */
struct chain {
    struct version *versions;
    size_t count;
};

static int by_ts(const void *one, const void *other)
{
    uint64_t a = ((const struct version *)one)->ts, b = ((const struct version *)other)->ts;

    return (a > b) - (a < b);
}

/* How many versions are at or below the timestamp. */
static size_t at_or_below(const struct chain *chain, uint64_t ts)
{
    size_t low = 0, high = chain->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (chain->versions[middle].ts <= ts)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct version *find(const struct chain *chain, uint64_t ts)
{
    size_t n = at_or_below(chain, ts);

    return n > 0 && chain->versions[n - 1].ts == ts ? &chain->versions[n - 1] : NULL;
}

static void build_chains(const struct history *history, struct chain chains[DATA_KEYS])
{
    size_t n_begins, n_ends;
    struct note *begins = history_of(history, EVENT_WRITE_BEGIN, &n_begins);
    struct note *ends = history_of(history, EVENT_WRITE_END, &n_ends);

    for (size_t k = 0; k < DATA_KEYS; k++) {
        struct chain *chain = &chains[k];

        chain->versions = calloc(n_begins + 1, sizeof(*chain->versions));
        if (chain->versions == NULL)
            err(99, "versions");
        for (size_t i = 0; i < n_begins; i++)
            if (begins[i].event->key == k)
                chain->versions[chain->count++] =
                    (struct version){begins[i].event->ts, begins[i].event->begin, INT64_MAX};
        qsort(chain->versions, chain->count, sizeof(*chain->versions), by_ts);
    }
    for (size_t i = 0; i < n_ends; i++) {
        struct version *version = find(&chains[ends[i].event->key], ends[i].event->ts);

        if (version != NULL)
            version->end = ends[i].event->end;
    }
    free(begins);
    free(ends);
}

/* The newest version that a read of that snapshot had to find, or 0. */
static uint64_t must_find(const struct chain *chain, uint64_t ts, int64_t time)
{
    for (size_t n = at_or_below(chain, ts); n > 0; n--)
        if (chain->versions[n - 1].end < time)
            return chain->versions[n - 1].ts;
    return 0;
}

static void verify_read(const struct chain *chain, const struct life *life,
                        const struct event *read)
{
    uint64_t must = must_find(chain, read->ts, read->begin);

    if (read->value < must)
        violation("G8",
                  "server %s vouched for reading version %" PRIu64 " of key %" PRIu32 " at %" PRIu64
                  " at %.6f, and it was %" PRIu64,
                  life->file->id, read->value, read->key, read->ts, (double)read->begin / 1e9,
                  must);
    if (read->value != 0 && find(chain, read->value) == NULL)
        violation("G8",
                  "server %s read version %" PRIu64 " of key %" PRIu32 ", which was never written",
                  life->file->id, read->value, read->key);
}

/* The last successful check of each transaction; 0 for none. */
static int64_t *vouched_until(const struct life *life)
{
    size_t count;
    struct note *checks = history_of_life(life, EVENT_CHECK, &count);
    uint64_t most = 0;
    int64_t *until;

    for (uint32_t i = 0; i < life->count; i++)
        if (life->file->events[i].txn > most)
            most = life->file->events[i].txn;
    until = calloc(most + 1, sizeof(*until));
    if (until == NULL)
        err(99, "transactions");
    for (size_t i = 0; i < count; i++)
        if (checks[i].event->error == 0)
            until[checks[i].event->txn] = checks[i].event->begin;
    free(checks);
    return until;
}

void verify_reads(const struct history *history)
{
    struct chain chains[DATA_KEYS] = {0};
    size_t count;

    build_chains(history, chains);
    for (size_t l = 0; l < history->n_lives; l++) {
        const struct life *life = &history->lives[l];
        struct note *reads = history_of_life(life, EVENT_READ, &count);
        int64_t *until = vouched_until(life);

        for (size_t i = 0; i < count; i++)
            if (reads[i].event->end <= until[reads[i].event->txn])
                verify_read(&chains[reads[i].event->key], life, reads[i].event);
        free(until);
        free(reads);
    }
    for (size_t k = 0; k < DATA_KEYS; k++)
        free(chains[k].versions);
}
