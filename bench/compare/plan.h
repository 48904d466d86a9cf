/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What is compared: tables, each of one work at one size, with all engines that can do it.
 */
#pragma once

#include "../engines/engine.h"

#include <stdbool.h>
#include <stddef.h>

enum work {
    WORK_PUBLISH,
    WORK_STATEMENT,
    WORK_OLDEST,
    WORK_LIST,
    WORK_LOOKUP,
    WORK_CHURN,
    WORK_CHURN_STORM,
    WORK_MIXED,
    WORK_BESIDE,
    WORK_LOOKED_UP,
    WORK_STORM,
    WORK_STALLED,
    WORK_HANDOVER,
    N_WORKS,
};

struct work_info {
    const char *name;
    const char *what; /* what one operation is */
    unsigned needs;   /* of an engine */
    bool latency;     /* percentiles are taken, by more samples */
};

extern const struct work_info works[N_WORKS];

struct table {
    enum work work;
    size_t threads;
    size_t sessions;
    size_t open;
    const char *only; /* names of engines with commas between; NULL: all that can */
};

/* Those that the criteria speak of, and those that ./quickstart bench adds; a few minutes. */
extern const struct table plan_short[];
extern const size_t plan_short_n;

/* All threads, sizes and shares of open transactions. */
extern const struct table plan_full[];
extern const size_t plan_full_n;

bool table_same(const struct table *a, const struct table *b);

/* Whether the engine has a place in the table. */
bool table_takes(const struct table *table, const struct engine *engine);

/* "oldest, 1 thread, 100 000 sessions, 10 000 open" */
void table_title(const struct table *table, char *out, size_t size);
