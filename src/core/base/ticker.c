/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The coarse clock, and the thread that advances it.
 */
#include "core/base/ticker.h"

#include "core/base/clock.h"

#include <roster/oracle.h>
#include <string.h>

void rst_ticker_tick(struct rst_ticker *ticker)
{
    /* Several threads may tick by hand; none may turn the clock back. */
    rst_raise(&ticker->now, rst_monotonic_ns());
    if (ticker->oracle)
        roster_oracle_local_advance(ticker->oracle);
    if (ticker->ticked)
        ticker->ticked(ticker->arg);
}

static void tick(void *arg)
{
    rst_ticker_tick(arg);
}

int rst_ticker_start(struct rst_ticker *ticker, uint32_t interval_ms,
                     struct roster_oracle_local *oracle, void (*ticked)(void *arg), void *arg)
{
    const struct rst_duty duty = {"roster-ticker", tick, interval_ms};
    int err;

    memset(ticker, 0, sizeof(*ticker));
    ticker->oracle = oracle;
    rst_ticker_tick(ticker);
    ticker->ticked = ticked;
    ticker->arg = arg;
    if (!interval_ms)
        return 0;
    err = rst_background_open(&ticker->background, &duty, false, NULL, ticker);
    if (err)
        ticker->background.n = 0;
    return err;
}

void rst_ticker_stop(struct rst_ticker *ticker)
{
    if (!ticker->background.n)
        return;
    (void)rst_background_destroy(&ticker->background);
    ticker->background.n = 0; /* a second stop finds none */
}
