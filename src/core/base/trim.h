/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Returns unused memory to the system, whole slabs at a time.
 *
 * A free view or statement may still have a reader: a reader that found it earlier validates by its
 * life, so the life must stay readable and must not start again from 0. So a slab is first
 * withdrawn: all of its objects are taken out of the depot, and none can be published again. Then a
 * grace period passes, in which every reader that may have found one of them leaves its section.
 * Only then is the memory unmapped. (madvise() without a grace period would let a torn look
 * succeed, because lives would recur.)
 */
#pragma once

#include "core/base/hot.h"

/* Called for a slab that is withdrawn, before its grace period. */
typedef void rst_withdrawn_fn(void *arg, const struct rst_slab *slab);

/*
 * Withdraws the slabs whose objects are all in the depot, in this trim and in the previous one.
 * Threads that need an object in that time carve new memory. One thread at a time. `withdrawn` may
 * be NULL. Returns whether another trim may withdraw more.
 */
bool rst_hot_trim(struct rst_hot *hot, rst_withdrawn_fn *withdrawn, void *arg);
