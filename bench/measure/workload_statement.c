/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * statement: begin and end a statement with text, outside a transaction.
 */
#include "loops.h"
#include "workloads.h"

#define OWN_SESSIONS 1000
#define OWN_TEXT 64

void statement_run(struct bench *bench)
{
    const struct options *options = bench->options;
    size_t threads = size_of(options->threads, 1);
    size_t sessions = size_of(options->sessions, threads * OWN_SESSIONS);
    size_t text = options->text_given ? options->text : OWN_TEXT;
    struct world *world = bench_world(bench, sessions, threads, text);
    struct floors *floors = bench_floors(bench, sessions, threads);
    struct row row;

    row_init(&row, "statement", "ns",
             "statement begin + end, %zu bytes of text, %zu thread%s, %zu sessions in turn", text,
             threads, threads > 1 ? "s" : "", sessions);
    row_add(&row, "statement begin + end", slice_sample,
            bench_jobs(bench, loop_statement, world, threads));
    row_add(&row, "floor: two stores", slice_sample,
            bench_floor_jobs(bench, floor_two_stores, floors, threads));
    row.floor = row_add(&row, "floor: exchange + store", slice_sample,
                        bench_floor_jobs(bench, floor_exchange_store, floors, threads));
    row_judge(&row, FIGURE, 40, 0);
    row_judge(&row, row.floor, 0, 5);
    row.judged = threads == 1 && text == OWN_TEXT && sessions == OWN_SESSIONS;
    bench_row(bench, &row);
}
