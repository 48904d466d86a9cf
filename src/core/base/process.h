/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether this process is the one that made what it uses. In a forked child the threads are gone,
 * locks may have no holder, and connections and files are the parent's; so every function that
 * takes an object of the parent's returns -ECHILD before it touches it, and what returns nothing
 * leaves it alone. Each object keeps the number of the process that made it. A child makes its own.
 * The other libraries ask here as well, through functions that are exported for them alone.
 */
#pragma once

#include <roster/export.h>
#include <stdbool.h>

/* To be called where objects are made: from then on a child knows that it is one. 0 or -ENOMEM. */
ROSTER_API int rst_process_init(void);

/* Whether this process is a forked child of the one that made the first object. One load. */
ROSTER_API bool rst_process_forked(void);

/* How many forks ago that was: what an object keeps, and compares with later. */
ROSTER_API unsigned rst_process_number(void);

/* What the latter returns, for the core's hot paths; written by the child's first instructions. */
extern unsigned rst_process_is_child __attribute__((visibility("hidden")));

/* In the core: whether another process than this made an object, whose number it keeps. */
static inline bool rst_process_is_other(unsigned process)
{
    return __atomic_load_n(&rst_process_is_child, __ATOMIC_RELAXED) != process;
}
