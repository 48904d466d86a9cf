/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Faults for the example server, linked in by wrapping its functions: what the bank test has to
 * find. KV_FAULT chooses one when the server starts.
 *
 *   minimum  the collector takes the present for the safe point, whatever transactions are open
 *   commit   a commit takes its timestamp before it locks what it writes, and dawdles in between
 *   delay    no fault: a commit takes its timestamp under its locks, and dawdles before it installs
 */
#include "store.h"

#include <roster/minimum.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAWDLE_US 200

uint64_t __real_roster_local_safe_point(const struct roster *roster);
uint64_t __wrap_roster_local_safe_point(const struct roster *roster);
int __real_roster_oracle_local_allocate(void *clock, uint64_t *ts);
int __wrap_roster_oracle_local_allocate(void *clock, uint64_t *ts);
int __real_pthread_rwlock_wrlock(pthread_rwlock_t *lock);
int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock);

struct store *__real_store_create(struct roster_oracle_local *oracle, uint64_t max_bytes);
struct store *__wrap_store_create(struct roster_oracle_local *oracle, uint64_t max_bytes);

static _Thread_local uint64_t early;
static struct store *store;

static int has_fault(const char *name)
{
    const char *fault = getenv("KV_FAULT");

    return fault && !strcmp(fault, name);
}

uint64_t __wrap_roster_local_safe_point(const struct roster *roster)
{
    return has_fault("minimum") ? UINT64_MAX : __real_roster_local_safe_point(roster);
}

struct store *__wrap_store_create(struct roster_oracle_local *oracle, uint64_t max_bytes)
{
    store = __real_store_create(oracle, max_bytes);
    return store;
}

int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    if (store && lock == &store->lock && has_fault("commit")) {
        __real_roster_oracle_local_allocate(store->oracle, &early);
        usleep(DAWDLE_US);
    }
    return __real_pthread_rwlock_wrlock(lock);
}

int __wrap_roster_oracle_local_allocate(void *clock, uint64_t *ts)
{
    int err = __real_roster_oracle_local_allocate(clock, ts);

    if (has_fault("commit"))
        *ts = early;
    if (has_fault("delay"))
        usleep(DAWDLE_US);
    return err;
}
