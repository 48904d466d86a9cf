/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the command line of roster-bench compare asks for.
 */
#pragma once

#include "plan.h"

#define MAX_CHOSEN 32

struct asked {
    const struct table *plan;
    size_t n_plan;
    struct table own; /* the plan of --work with sizes */
    unsigned works;   /* bit i: works[i]; 0: all */
    const struct engine *chosen[MAX_CHOSEN];
    size_t n_chosen;
    size_t rounds;
    double seconds;
    bool realtime;
    bool charts;
    const char *directory;
    const char *label;
};

/* Fills `*asked`; ends the program after --help with 0, and with 2 when something is wrong. */
void asked_parse(struct asked *asked, int argc, char **argv);

static inline bool asked_work(const struct asked *asked, enum work work)
{
    return !asked->works || asked->works & 1u << work;
}
