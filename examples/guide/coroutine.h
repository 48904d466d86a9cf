/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Coroutines: just enough for the example. One may be resumed in any thread, and runs there until
 * it yields or ends.
 */
#ifndef GUIDE_COROUTINE_H
#define GUIDE_COROUTINE_H

#include <stdbool.h>

struct coroutine;

/* NULL when memory is out. It does not run before it is resumed. */
struct coroutine *coroutine_new(void (*body)(struct coroutine *self, void *arg), void *arg);

/* Returns whether it has yielded; otherwise it has ended and is freed. What was written before in
 * this thread or in the one that ran it last has to be visible here: the caller's edge. */
bool coroutine_resume(struct coroutine *coroutine);

/* Called in a coroutine: goes back to the thread that resumed it. */
void coroutine_yield(struct coroutine *self);

#endif /* GUIDE_COROUTINE_H */
