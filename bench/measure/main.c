/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster-bench: measures the workloads that were named.
 */
#include "../compare/compare.h"
#include "complain.h"
#include "core/base/descriptors.h"
#include "workloads.h"

#include <err.h>
#include <errno.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct options options;
    struct bench bench = {.options = &options};
    size_t i;

    rst_descriptors_fill(); /* reports are files */
    if (argc > 1 && !strcmp(argv[1], "compare"))
        return compare_main(argc - 1, argv + 1);
    options_parse(&options, argc, argv);
    complain_of = "cannot start";
    must(runner_create(&options, &bench.runner));
    bench.report = report_create(&options, runner_cpus(bench.runner));
    for (i = 0; i < n_workloads; i++)
        if (options.workloads & 1u << i) {
            complain_of = workloads[i].name;
            workloads[i].run(&bench);
            bench_clear(&bench);
        }
    errno = -report_end(bench.report); /* the system's, not Roster's */
    if (errno)
        err(1, "cannot write the report");
    report_destroy(bench.report);
    runner_destroy(bench.runner);
    return 0;
}
