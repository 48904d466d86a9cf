/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The core's own threads. They block all signals, which are for the server's threads. And a thread
 * that does something at an interval until it is stopped.
 */
#ifndef ROSTER_CORE_BASE_BACKGROUND_H
#define ROSTER_CORE_BASE_BACKGROUND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC so many milliseconds from now. */
struct timespec rst_monotonic_after(uint32_t ms);

/* A condition variable that waits by that clock. 0 or -errno. */
int rst_monotonic_cond_init(pthread_cond_t *cond);

/* Starts a thread that blocks all signals. The name has at most 15 bytes. 0 or -errno. */
int rst_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

struct rst_background {
    pthread_mutex_t lock; /* held while it works; who else holds it keeps it from working */
    pthread_cond_t stop_wanted;
    pthread_t thread;
    void (*work)(void *arg);
    void *arg;
    uint32_t interval_ms;
    bool running;
    bool stop;
};

/* Makes the lock; there is no thread yet. 0 or -errno. */
int rst_background_init(struct rst_background *background);

/*
 * Starts the thread, which calls `work(arg)` under the lock every `interval_ms`, the first time
 * when one has passed. The name has at most 15 bytes. 0 or -errno.
 */
int rst_background_start(struct rst_background *background, const char *name, uint32_t interval_ms,
                         void (*work)(void *arg), void *arg);

/* Waits for the end of the thread, if there is one, and does away with the lock. */
void rst_background_end(struct rst_background *background);

#endif /* ROSTER_CORE_BASE_BACKGROUND_H */
