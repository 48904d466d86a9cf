/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Minimal coroutines for the example. A coroutine may be resumed in any thread, and runs there
 * until it yields or ends.
 */
#pragma once

#include <stdbool.h>

struct coroutine;

/* Returns NULL when out of memory. The coroutine does not run before it is resumed. */
struct coroutine *coroutine_new(void (*body)(struct coroutine *self, void *arg), void *arg);

/* Returns whether it has yielded; otherwise it has ended and is freed. The caller provides a
 * happens-before edge from the thread that created it or ran it last. */
bool coroutine_resume(struct coroutine *coroutine);

/* Called in a coroutine: returns to the thread that resumed it. */
void coroutine_yield(struct coroutine *self);
