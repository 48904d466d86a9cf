/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory that requests may take: that of one client is part of the endpoint's. One thread.
 */
#ifndef ROSTER_STATUS_BUDGET_H
#define ROSTER_STATUS_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct budget {
    size_t used, most;
    struct budget *whole; /* NULL: it is the whole */
};

/* Whether `bytes` more fit everywhere; they are counted then. NULL has no limit. */
static inline bool budget_take(struct budget *budget, size_t bytes)
{
    struct budget *part;

    for (part = budget; part; part = part->whole)
        if (part->most - part->used < bytes)
            return false;
    for (part = budget; part; part = part->whole)
        part->used += bytes;
    return true;
}

static inline void budget_give(struct budget *budget, size_t bytes)
{
    for (; budget; budget = budget->whole)
        budget->used -= bytes;
}

/* Memory that is in the budget, until it is freed and given back; NULL: there is none, and the
 * budget is as before. */
static inline void *budget_malloc(struct budget *budget, size_t bytes)
{
    void *memory;

    if (!budget_take(budget, bytes))
        return NULL;
    memory = malloc(bytes);
    if (!memory)
        budget_give(budget, bytes);
    return memory;
}

#endif /* ROSTER_STATUS_BUDGET_H */
