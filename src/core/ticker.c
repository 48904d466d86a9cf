/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The coarse clock's thread.
 */
#include "ticker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

uint64_t rst_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void rst_ticker_tick(struct rst_ticker *ticker)
{
    uint64_t now = rst_monotonic_ns();
    uint64_t last = rst_load(&ticker->now);

    /* Several threads may tick by hand; none may turn the clock back. */
    while (last < now && !__atomic_compare_exchange_n(&ticker->now, &last, now, true,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void *ticker_main(void *arg)
{
    struct rst_ticker *ticker = arg;

    pthread_mutex_lock(&ticker->lock);
    while (!ticker->stop) {
        uint64_t wake = rst_monotonic_ns() + ticker->interval_ms * UINT64_C(1000000);
        struct timespec until = {(time_t)(wake / 1000000000), (long)(wake % 1000000000)};

        pthread_cond_timedwait(&ticker->stop_wanted, &ticker->lock, &until);
        rst_ticker_tick(ticker);
    }
    pthread_mutex_unlock(&ticker->lock);
    return NULL;
}

static int start_thread(struct rst_ticker *ticker)
{
    sigset_t all, old;
    int err;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    err = pthread_create(&ticker->thread, NULL, ticker_main, ticker);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!err)
        pthread_setname_np(ticker->thread, "roster-ticker");
    return -err;
}

int rst_ticker_start(struct rst_ticker *ticker, uint32_t interval_ms)
{
    pthread_condattr_t attr;
    int err;

    memset(ticker, 0, sizeof(*ticker));
    ticker->interval_ms = interval_ms;
    rst_ticker_tick(ticker);
    if (!interval_ms)
        return 0;
    err = pthread_condattr_init(&attr);
    if (err)
        return -err;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    err = pthread_cond_init(&ticker->stop_wanted, &attr);
    pthread_condattr_destroy(&attr);
    if (err)
        return -err;
    err = pthread_mutex_init(&ticker->lock, NULL);
    if (err) {
        pthread_cond_destroy(&ticker->stop_wanted);
        return -err;
    }
    err = start_thread(ticker);
    if (err) {
        pthread_mutex_destroy(&ticker->lock);
        pthread_cond_destroy(&ticker->stop_wanted);
    }
    ticker->running = !err;
    return err;
}

void rst_ticker_stop(struct rst_ticker *ticker)
{
    if (!ticker->running)
        return;
    pthread_mutex_lock(&ticker->lock);
    ticker->stop = true;
    pthread_cond_signal(&ticker->stop_wanted);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    pthread_cond_destroy(&ticker->stop_wanted);
    pthread_mutex_destroy(&ticker->lock);
    ticker->running = false;
}
