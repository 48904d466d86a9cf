/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The table of workloads, and what they share.
 */
#include "workloads.h"

const struct workload workloads[] = {
    {"canary", "does the harness itself scale: threads that share nothing", canary_run},
    {"publish", "begin and finish a transaction, in one thread and in several", publish_run},
    {"statement", "begin and end a statement with text", statement_run},
    {"scan", "the minimum of many open transactions", scan_run},
    {"list", "enumerate all sessions and read all of each view", list_run},
    {"churn", "open and close a session beside many others", churn_run},
    {"mixed", "begin and finish beside a syncer and a lister", mixed_run},
    {"memory", "bytes per idle session", memory_run},
};
const size_t n_workloads = sizeof(workloads) / sizeof(*workloads);

size_t size_of(size_t asked, size_t own)
{
    return asked ? asked : own;
}

void row_judge_only_if(struct row *row, bool own_sizes)
{
    row->judged = own_sizes;
}

int bench_row(struct bench *bench, struct row *row)
{
    int err = row_measure(row, bench->options->rounds);

    return err ? err : report_row(bench->report, row);
}

int bench_slice(const struct bench *bench, struct slice *slice, job_fn *fn, void *args, size_t size,
                size_t n)
{
    size_t i;
    int err = slice_init(slice, bench->runner, bench->options->seconds, n);

    for (i = 0; i < n && !err; i++)
        slice->jobs[i] = (struct job){fn, (char *)args + i * size, i, true};
    return err;
}
