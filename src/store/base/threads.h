/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Condition variables that wait on CLOCK_MONOTONIC. */
#ifndef ROSTER_STORE_BASE_THREADS_H
#define ROSTER_STORE_BASE_THREADS_H

#include <pthread.h>
#include <stdint.h>

/* A mutex, and what is waited for under it with rst_threads_wait(). 0 or a negative errno. */
int rst_threads_lock_init(pthread_mutex_t *mutex, pthread_cond_t *cond);
void rst_threads_lock_destroy(pthread_mutex_t *mutex, pthread_cond_t *cond);

/* Waits until somebody signals, or the deadline on CLOCK_MONOTONIC; may wake up for nothing. */
void rst_threads_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline);

#endif
