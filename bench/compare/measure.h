/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Measures one table: all its engines in interleaved rounds.
 */
#pragma once

#include "samples.h"

#include "../measure/runner.h"

struct measure {
    struct runner *runner; /* for no more threads than processors */
    struct runner *oversubscribed;
    bool realtime;
    double seconds;
    size_t rounds;
    const volatile bool *interrupted;
    /* Prints what is being done. */
    void (*progress)(void *arg, const char *format, ...) __attribute__((format(printf, 2, 3)));
    void *arg;
};

/*
 * Adds the table's samples. Returns 0; -EINTR when it was interrupted (the samples are incomplete);
 * or an engine's error.
 */
int measure_table(const struct measure *measure, const struct table *table,
                  const struct engine *const *chosen, size_t n_chosen, struct samples *samples);

/* While measured threads have a real-time priority, this one needs a higher one to stop them. */
void measure_priority(bool first);
