/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Time, and waiting. Deadlines are absolute and on CLOCK_MONOTONIC, the clock that condition
 * variables and libcurl wait on. Leases are on CLOCK_BOOTTIME, because it also counts while the
 * machine is suspended.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define STORE_NS_PER_MS INT64_C(1000000)
#define STORE_NS_PER_S INT64_C(1000000000)
#define STORE_FOREVER INT64_MAX

/* Where the kernel refuses its clock, as a seccomp filter may make it: STORE_FOREVER, which is
 * behind the end of every lease. */
int64_t rst_store_monotonic_ns(void);
int64_t rst_store_boottime_ns(void);

/* a + b for times that are not negative, at most STORE_FOREVER. */
int64_t rst_store_time_add(int64_t a, int64_t b);

/* From one moment to a later one; 0 where that is not later, or the clock was refused. */
int64_t rst_store_since(int64_t now, int64_t then);

/* The deadline in ms from now; negative means STORE_FOREVER. */
int64_t rst_store_deadline_in(int64_t ms);

/* Nanoseconds until the deadline, 0 when it has passed. */
int64_t rst_store_remaining_ns(int64_t deadline);

/* Milliseconds until the deadline, rounded up, 0 when it has passed, at most INT_MAX. */
int rst_store_remaining_ms(int64_t deadline);

/* Sleeps, also through signals, and where the kernel refuses its clock. */
void rst_store_sleep(int64_t ns);

/* Waits for a signal, or until the deadline on CLOCK_MONOTONIC; may wake up spuriously. */
void rst_threads_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline);
