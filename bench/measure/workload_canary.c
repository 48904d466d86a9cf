/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The canary: threads that share nothing must be as fast together as alone, else the harness or
 * the machine is what the other rows with several threads measure. Its control, threads whose
 * words stand side by side on one line, must be slower, else the canary could not tell.
 */
#include "workloads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 256

struct place {
    uint64_t *word;
} own_lines;

struct canary {
    size_t threads;
    uint64_t *words;
    struct place *apart;    /* each on its own lines */
    struct place *adjacent; /* side by side */
    struct slice alone;
    struct slice together;
    struct slice sharing;
};

static int exchange_job(struct worker *worker)
{
    uint64_t *word = ((struct place *)worker->job->arg)->word;
    uint64_t ops = 0;
    size_t i;

    for (; !runner_stopped(worker); ops += BATCH)
        for (i = 0; i < BATCH; i++) {
            (void)__atomic_exchange_n(word, ops + i, __ATOMIC_SEQ_CST);
            __atomic_store_n(word, 0, __ATOMIC_RELEASE);
        }
    worker->ops = ops;
    return 0;
}

static struct place *places_make(uint64_t *words, size_t threads, size_t stride)
{
    struct place *places = aligned_alloc(_Alignof(struct place), threads * sizeof(*places));
    size_t i;

    for (i = 0; places && i < threads; i++)
        places[i].word = words + i * stride;
    return places;
}

static int setup(struct bench *bench, struct canary *canary)
{
    size_t stride = _Alignof(struct place) / sizeof(uint64_t);
    size_t bytes = canary->threads * stride * sizeof(uint64_t);
    int err;

    canary->words = aligned_alloc(_Alignof(struct place), bytes);
    if (!canary->words)
        return -ENOMEM;
    memset(canary->words, 0, bytes);
    canary->apart = places_make(canary->words, canary->threads, stride);
    canary->adjacent = places_make(canary->words, canary->threads, 1);
    if (!canary->apart || !canary->adjacent)
        return -ENOMEM;
    err = bench_slice(bench, &canary->alone, exchange_job, canary->apart, sizeof(struct place), 1);
    if (!err)
        err = bench_slice(bench, &canary->together, exchange_job, canary->apart,
                          sizeof(struct place), canary->threads);
    if (!err)
        err = bench_slice(bench, &canary->sharing, exchange_job, canary->adjacent,
                          sizeof(struct place), canary->threads);
    return err;
}

int canary_run(struct bench *bench)
{
    struct canary canary = {.threads = size_of(bench->options->threads, 2)};
    struct row row;
    int err = setup(bench, &canary);

    if (!err) {
        row_init(&row, "canary", "ns", "exchange + store, %zu threads on lines of their own",
                 canary.threads);
        row_add(&row, "each of them", slice_sample, &canary.together);
        row.floor = row_add(&row, "one thread alone", slice_sample, &canary.alone);
        row_add(&row, "control: words side by side", slice_sample, &canary.sharing);
        row_judge(&row, row.floor, 1.0, 1.15);
        row_judge_only_if(&row, canary.threads <= runner_cpus(bench->runner));
        err = bench_row(bench, &row);
    }
    slice_free(&canary.alone);
    slice_free(&canary.together);
    slice_free(&canary.sharing);
    free(canary.apart);
    free(canary.adjacent);
    free(canary.words);
    return err;
}
