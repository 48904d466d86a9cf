/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster-bench: measures the workloads that were named.
 */
#include "../compare/compare.h"
#include "core/base/descriptors.h"
#include "workloads.h"

#include <roster/error.h>
#include <stdio.h>
#include <string.h>

static int complain(const char *what, int err)
{
    fprintf(stderr, "roster-bench: %s: %s (%s)\n", what, roster_strerror(err),
            strerrorname_np(-err));
    return 1;
}

static int run_all(struct bench *bench)
{
    size_t i;

    for (i = 0; i < n_workloads; i++) {
        int err;

        if (!(bench->options->workloads & 1u << i))
            continue;
        err = workloads[i].run(bench);
        if (err)
            return complain(workloads[i].name, err);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;
    struct bench bench = {&options, NULL, NULL};
    int err, status = 1;

    rst_descriptors_fill(); /* reports are files */
    if (argc > 1 && !strcmp(argv[1], "compare"))
        return compare_main(argc - 1, argv + 1);
    options_parse(&options, argc, argv);
    err = runner_create(&options, &bench.runner);
    if (!err)
        err = report_create(&options, runner_cpus(bench.runner), &bench.report);
    if (err) {
        complain("cannot start", err);
    } else {
        status = run_all(&bench);
        if (!status) {
            err = report_end(bench.report);
            if (err)
                status = complain("cannot write the report", err);
        }
    }
    report_destroy(bench.report);
    runner_destroy(bench.runner);
    return status;
}
