/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What must hold between Roster and its peers in one run.
 */
#pragma once

#include "samples.h"

enum criterion_kind {
    RATIO, /* Roster's figure / the peer's, at most */
    OWN,   /* Roster's throughput beside others / alone, at least */
    MOST,  /* Roster's figure itself, at most */
    BEST,  /* Roster's throughput / that of the best peer, at least */
};

struct compare_criterion {
    const char *title;
    struct table table;
    enum metric metric;
    enum criterion_kind kind;
    const char *peer; /* NULL: none, or the best one */
    double must;
    double aim; /* 0: none */
};

extern const struct compare_criterion compare_criteria[];
extern const size_t compare_criteria_n;

/* Returns false when it was not measured. `*peer` is who it was compared with, or NULL. */
bool criterion_value(const struct compare_criterion *criterion, const struct samples *samples,
                     struct spread *value, const struct engine **peer);

bool criterion_at_most(const struct compare_criterion *criterion);
bool criterion_met(const struct compare_criterion *criterion, double value, double bound);
