/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Coroutines over ucontext: just enough for the example. One is resumed in any thread, and runs
 * there until it yields or ends.
 */
#ifndef GUIDE_COROUTINE_H
#define GUIDE_COROUTINE_H

#include <stdbool.h>

struct coroutine;

/* NULL when memory is out. It does not run before it is resumed. */
struct coroutine *coroutine_new(void (*body)(struct coroutine *self, void *arg), void *arg);

/* Returns whether it has yielded; otherwise it has ended and is freed. */
bool coroutine_resume(struct coroutine *coroutine);

/* Called in a coroutine: goes back to whoever resumed it. */
void coroutine_yield(struct coroutine *self);

/* Frees one that has yielded and shall not be resumed. */
void coroutine_free(struct coroutine *coroutine);

#endif /* GUIDE_COROUTINE_H */
