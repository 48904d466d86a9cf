/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * statement: begin and end a statement with text, outside a transaction.
 */
#include "floors.h"
#include "loops.h"
#include "workloads.h"

#define OWN_SESSIONS 1000
#define OWN_TEXT 64

struct statement {
    size_t threads;
    size_t sessions;
    size_t text;
    struct world *world;
    struct floors *floors;
    struct slice statement;
    struct slice stores;
    struct slice exchange;
};

static int setup(struct bench *bench, struct statement *it)
{
    size_t one = sizeof(struct floor_share), n = it->threads;
    int err = world_create(bench->options, it->sessions, n, it->text, &it->world);

    if (!err)
        err = floors_create(bench->options->random_order, it->sessions, n, &it->floors);
    if (!err)
        err = bench_slice(bench, &it->statement, loop_statement, it->world->shares,
                          sizeof(struct share), n);
    if (!err)
        err = bench_slice(bench, &it->stores, floor_two_stores, it->floors->shares, one, n);
    if (!err)
        err = bench_slice(bench, &it->exchange, floor_exchange_store, it->floors->shares, one, n);
    return err;
}

int statement_run(struct bench *bench)
{
    const struct options *options = bench->options;
    struct statement it = {.threads = size_of(options->threads, 1),
                           .text = options->text_given ? options->text : OWN_TEXT};
    struct row row;
    int err;

    it.sessions = size_of(options->sessions, it.threads * OWN_SESSIONS);
    err = setup(bench, &it);
    if (!err) {
        row_init(&row, "statement", "ns",
                 "statement begin + end, %zu bytes of text, %zu thread%s, %zu sessions in turn",
                 it.text, it.threads, it.threads > 1 ? "s" : "", it.sessions);
        row_add(&row, "statement begin + end", slice_sample, &it.statement);
        row_add(&row, "floor: two stores", slice_sample, &it.stores);
        row.floor = row_add(&row, "floor: exchange + store", slice_sample, &it.exchange);
        row_judge(&row, FIGURE, 40, 0);
        row_judge(&row, row.floor, 0, 5);
        row_judge_only_if(&row,
                          it.threads == 1 && it.text == OWN_TEXT && it.sessions == OWN_SESSIONS);
        err = bench_row(bench, &row);
    }
    slice_free(&it.statement);
    slice_free(&it.stores);
    slice_free(&it.exchange);
    floors_destroy(it.floors);
    world_destroy(it.world);
    return err;
}
