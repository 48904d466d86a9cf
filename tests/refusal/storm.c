/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "storm.h"

#include <signal.h>
#include <sys/time.h>

static unsigned signals;

static void count_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&signals, 1, __ATOMIC_RELAXED);
}

void storm(long microseconds)
{
    struct sigaction action = {.sa_handler = count_signal}; /* without SA_RESTART */
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

unsigned storm_signals(void)
{
    return __atomic_load_n(&signals, __ATOMIC_RELAXED);
}
