/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Memory that is not needed any more goes back to the system, whole slabs at a time.
 *
 * A view or a statement that is free may still be looked at: a reader that has found it before
 * validates by its life, so the life must be there and must not begin anew. So a slab is first
 * withdrawn: all of its objects are taken out of the depot, and none can be published again. Then a
 * grace period passes, in which every reader that may have found one of them leaves its read
 * section. Only then its memory goes. (madvise() without a grace period would let a torn look pass:
 * lives recur.)
 */
#pragma once

#include "core/base/hot.h"

/* Called for a slab that is withdrawn, before its grace period. */
typedef void rst_withdrawn_fn(void *arg, const struct rst_slab *slab);

/*
 * Withdraws the slabs whose objects are all in the depot, now and at the trim before. Other threads
 * that need an object in that time carve new memory. One thread at a time. `withdrawn` may be
 * NULL. Returns whether another trim may withdraw more.
 */
bool rst_hot_trim(struct rst_hot *hot, rst_withdrawn_fn *withdrawn, void *arg);
