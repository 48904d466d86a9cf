/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The coarse clock of a roster: CLOCK_MONOTONIC in nanoseconds, refreshed every tick.
 *
 * Reading the kernel's own coarse clock costs two calls, more than a whole begin. A word that a
 * thread refreshes every 10 ms costs one load of a read-mostly line.
 */
#pragma once

#include "core/base/background.h"
#include "core/base/rcu.h"

#include <stdint.h>

struct rst_ticker {
    rst_word now rst_cache_aligned;
    struct roster_oracle_local *oracle; /* advanced with each tick; NULL: none. Constant. */
    void (*ticked)(void *arg);          /* called after each tick; constant */
    void *arg;
    struct rst_background background;
} rst_cache_aligned;

/* Starts the clock, with a thread unless `interval_ms` is 0. `oracle` advances with it; NULL: none.
 * `ticked(arg)` is called after each tick; it may be NULL. Returns 0 or -errno. */
int rst_ticker_start(struct rst_ticker *ticker, uint32_t interval_ms,
                     struct roster_oracle_local *oracle, void (*ticked)(void *arg), void *arg);
void rst_ticker_stop(struct rst_ticker *ticker);

/* Refreshes both clocks now. */
void rst_ticker_tick(struct rst_ticker *ticker);

static inline uint64_t rst_ticker_now(const struct rst_ticker *ticker)
{
    return rst_load(&ticker->now);
}
