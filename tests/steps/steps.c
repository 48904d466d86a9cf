/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "steps.h"

#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

void rst_test_point_reached(const char *name);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* Of the calling thread; NULL in threads that the test did not start here. */
static __thread struct steps *mine;

void rst_test_point_reached(const char *name)
{
    if (!mine || !mine->point || strcmp(name, mine->point) != 0)
        return;
    pthread_mutex_lock(&lock);
    mine->point = NULL;
    mine->stands = true;
    pthread_cond_broadcast(&changed);
    while (!mine->goes_on)
        pthread_cond_wait(&changed, &lock);
    mine->stands = mine->goes_on = false;
    pthread_mutex_unlock(&lock);
}

static void *run(void *arg)
{
    mine = arg;
    mine->fn(mine->arg);
    pthread_mutex_lock(&lock);
    mine->has_ended = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Under the lock: waits until it stands, which is true, or has ended. */
static bool wait_for(const struct steps *steps)
{
    while ((!steps->stands || steps->goes_on) && !steps->has_ended)
        pthread_cond_wait(&changed, &lock);
    return !steps->has_ended;
}

bool steps_start(struct steps *steps)
{
    bool stands;

    cr_assert_eq(pthread_create(&steps->thread, NULL, run, steps), 0);
    pthread_mutex_lock(&lock);
    stands = wait_for(steps);
    pthread_mutex_unlock(&lock);
    return stands;
}

bool steps_go_to(struct steps *steps, const char *point)
{
    bool stands;

    pthread_mutex_lock(&lock);
    steps->point = point;
    steps->goes_on = true;
    pthread_cond_broadcast(&changed);
    stands = wait_for(steps);
    pthread_mutex_unlock(&lock);
    return stands;
}

bool steps_ends(struct steps *steps)
{
    struct timespec until;
    int err = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100 * 1000 * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    steps->goes_on = true;
    pthread_cond_broadcast(&changed);
    while (!steps->has_ended && !err)
        err = pthread_cond_timedwait(&changed, &lock, &until);
    pthread_mutex_unlock(&lock);
    return !err;
}

void steps_finish(struct steps *steps)
{
    pthread_mutex_lock(&lock);
    steps->goes_on = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(steps->thread, NULL);
}

static int count_up(void *arg, uint64_t *ts)
{
    *ts = ++*(uint64_t *)arg;
    return 0;
}

struct roster *steps_roster(void)
{
    static uint64_t last = 1000;
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster;

    options.oracle = count_up;
    options.oracle_arg = &last;
    cr_assert_eq(roster_create(&options, &roster), 0);
    return roster;
}
