/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The canary: threads that share nothing must be as fast together as alone, else the harness or
 * the machine is what the other rows with several threads measure. Its control, threads whose
 * words stand side by side on one line, must be slower, else the canary could not tell.
 */
#include "complain.h"
#include "workloads.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 256

struct place {
    uint64_t *word;
} own_lines;

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

/* Threads that exchange words so far apart. */
static struct slice *exchange(struct bench *bench, struct place *places, uint64_t *words,
                              size_t threads, size_t stride)
{
    struct slice *slice = bench_slice(bench, threads);
    size_t i;

    for (i = 0; i < threads; i++) {
        places[i].word = words + i * stride;
        slice_add(slice, exchange_job, &places[i], i, true);
    }
    return slice;
}

void canary_run(struct bench *bench)
{
    size_t threads = size_of(bench->options->threads, 2), bytes = threads * sizeof(struct place);
    size_t stride = sizeof(struct place) / sizeof(uint64_t);
    uint64_t *words = must_have(aligned_alloc(_Alignof(struct place), bytes));
    struct place *apart = must_have(aligned_alloc(_Alignof(struct place), bytes));
    struct place *adjacent = must_have(aligned_alloc(_Alignof(struct place), bytes));
    struct row row;

    memset(words, 0, bytes);
    row_init(&row, "canary", "ns", "exchange + store, %zu threads on lines of their own", threads);
    row_add(&row, "each of them", slice_sample, exchange(bench, apart, words, threads, stride));
    row.floor =
        row_add(&row, "one thread alone", slice_sample, exchange(bench, apart, words, 1, stride));
    row_add(&row, "control: words side by side", slice_sample,
            exchange(bench, adjacent, words, threads, 1));
    row_judge(&row, row.floor, 1.0, 1.15);
    row.judged = threads <= runner_cpus(bench->runner);
    bench_row(bench, &row);
    free(adjacent);
    free(apart);
    free(words);
}
