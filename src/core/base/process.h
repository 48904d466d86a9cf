/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether this process created the objects it uses. In a forked child the parent's threads do not
 * exist, locks may have no holder, and connections and files are the parent's. So a function called
 * with one of the parent's objects returns -ECHILD before it touches the object; a function without
 * a result does nothing. Each object keeps the number of the process that created it. A child
 * creates its own. The other libraries use this file, too, through functions exported for them
 * alone.
 */
#pragma once

#include <roster/export.h>
#include <stdbool.h>

/* To be called where objects are created: from then on a forked child is recognized. 0 or -ENOMEM.
 */
ROSTER_API int rst_process_init(void);

/* pthread_atfork(), until it has succeeded once for this `done`. 0 or -ENOMEM. */
int rst_process_at_fork(bool *done, void (*before)(void), void (*parent)(void),
                        void (*child)(void));

/* How many forks ago the first object was created: what each keeps, and compares with later. */
ROSTER_API unsigned rst_process_number(void);

/* What the latter returns, for the core's hot paths; written by the child's first instructions. */
extern unsigned rst_process_is_child __attribute__((visibility("hidden")));

/* In the core: whether another process created the object that keeps this number. */
static inline bool rst_process_is_other(unsigned process)
{
    return __atomic_load_n(&rst_process_is_child, __ATOMIC_RELAXED) != process;
}
