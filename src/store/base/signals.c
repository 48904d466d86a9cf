/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/signals.h"

#include <pthread.h>
#include <time.h>

static bool is_pending(int number)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, number) == 1;
}

void rst_store_signals_block(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

struct store_signal rst_store_signal_hold(int number)
{
    struct store_signal held = {.number = number};
    sigset_t set;

    if (!number)
        return held;
    sigemptyset(&set);
    sigaddset(&set, number);
    /* One that is pending already is not ours to take away. */
    held.was_pending = is_pending(number);
    pthread_sigmask(SIG_BLOCK, &set, &held.before);
    return held;
}

void rst_store_signal_release(const struct store_signal *held)
{
    static const struct timespec at_once = {0, 0};
    sigset_t set;

    if (!held->number)
        return;
    sigemptyset(&set);
    sigaddset(&set, held->number);
    if (!held->was_pending && is_pending(held->number))
        sigtimedwait(&set, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
