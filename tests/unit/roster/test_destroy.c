/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A roster is destroyed as soon as that is possible: by a thread that knows of the end of the last
 * user only that roster_destroy() does not say -EBUSY any more. Everything that the user did must
 * be done before anything is freed, which ThreadSanitizer looks at.
 */

#include "core/scanner/lease.h"
#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#define ROUNDS 20

/* What keeps the roster from being destroyed; each is ended by another thread than its maker's. */
struct user {
    struct roster *roster;
    struct roster_session *session;
    struct roster_pin *pin;
    struct roster_watchdog *watchdog;
    pthread_barrier_t begins;
};

static void *close_session(void *arg)
{
    struct user *user = arg;

    pthread_barrier_wait(&user->begins);
    cr_expect_eq(roster_txn_begin(user->session, NULL), 0);
    cr_expect_eq(roster_session_close(user->session), 0);
    return NULL;
}

static void *release_pin(void *arg)
{
    struct user *user = arg;

    pthread_barrier_wait(&user->begins);
    cr_expect_eq(roster_pin_release(user->pin), 0);
    return NULL;
}

static void *stop_watchdog(void *arg)
{
    struct user *user = arg;

    pthread_barrier_wait(&user->begins);
    cr_expect_eq(roster_watchdog_run_once(user->watchdog), 0);
    cr_expect_eq(roster_watchdog_stop(user->watchdog), 0);
    return NULL;
}

static void *detach(void *arg)
{
    struct user *user = arg;

    pthread_barrier_wait(&user->begins);
    rst_lease_detach(user->roster);
    rst_lease_leave(user->roster);
    return NULL;
}

static void *read_and_leave(void *arg)
{
    struct user *user = arg;

    cr_expect_eq(roster_read_lock(user->roster), 0);
    pthread_barrier_wait(&user->begins);
    cr_expect_null(roster_lookup(user->roster, 1));
    roster_read_unlock(user->roster);
    return NULL;
}

/* The last session leaves while the drain looks, so that nothing but the drain is in the way. */
static int close_the_last(const struct roster_drain_progress *progress, void *arg)
{
    struct user *user = arg;

    if (!progress->sessions)
        return 0;
    cr_expect_eq(roster_session_close(user->session), 0);
    pthread_barrier_wait(&user->begins);
    return 0;
}

static void *drain(void *arg)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct user *user = arg;

    options.progress = close_the_last;
    options.progress_arg = user;
    options.poll_ms = 1;
    cr_expect_eq(roster_drain(user->roster, &options, NULL), 0);
    return NULL;
}

static int nothing_to_lower(void *arg, uint64_t ts)
{
    (void)arg;
    (void)ts;
    return -EIO;
}

static const struct rst_lease_ops ops = {nothing_to_lower};

static void destroy_beside(void *(*end)(void *), void (*prepare)(struct user *user))
{
    unsigned round;

    for (round = 0; round < ROUNDS; round++) {
        struct user user = {.roster = unit_roster(NULL)};
        pthread_t thread;
        int err;

        pthread_barrier_init(&user.begins, NULL, 2);
        prepare(&user);
        cr_assert_eq(pthread_create(&thread, NULL, end, &user), 0);
        pthread_barrier_wait(&user.begins);
        while ((err = roster_destroy(user.roster)) == -EBUSY)
            sched_yield();
        cr_assert_eq(err, 0);
        pthread_join(thread, NULL);
        pthread_barrier_destroy(&user.begins);
    }
}

static void with_session(struct user *user)
{
    user->session = unit_open(user->roster);
}

Test(destroy, after_a_session_is_closed)
{
    destroy_beside(close_session, with_session);
}

static void with_pin(struct user *user)
{
    user->pin = unit_pin(user->roster, NULL, 0);
}

Test(destroy, after_a_pin_is_released)
{
    destroy_beside(release_pin, with_pin);
}

static void with_watchdog(struct user *user)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;

    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    unit_ok(roster_watchdog_start(user->roster, &options, &user->watchdog));
}

Test(destroy, after_a_watchdog_is_stopped)
{
    destroy_beside(stop_watchdog, with_watchdog);
}

static void with_lease(struct user *user)
{
    unit_ok(rst_lease_attach(user->roster, &ops, NULL));
}

Test(destroy, after_a_syncer_has_gone)
{
    destroy_beside(detach, with_lease);
}

static void with_nothing(struct user *user)
{
    (void)user;
}

struct destroyer {
    struct roster *roster;
    bool has_returned;
};

static void *destroy(void *arg)
{
    struct destroyer *destroyer = arg;

    cr_expect_eq(roster_destroy(destroyer->roster), 0);
    __atomic_store_n(&destroyer->has_returned, true, __ATOMIC_RELEASE);
    return NULL;
}

/* However long another thread stays inside, destroy waits; the reader may still look up. */
Test(destroy, waits_for_a_reader_that_is_inside)
{
    struct destroyer destroyer = {.roster = unit_roster(NULL)};
    pthread_t thread;

    cr_assert_eq(roster_read_lock(destroyer.roster), 0);
    cr_assert_eq(pthread_create(&thread, NULL, destroy, &destroyer), 0);
    usleep(50000);
    cr_expect_not(__atomic_load_n(&destroyer.has_returned, __ATOMIC_ACQUIRE));
    cr_expect_null(roster_lookup(destroyer.roster, 1));
    roster_read_unlock(destroyer.roster);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect(destroyer.has_returned);
}

Test(destroy, after_a_reader_has_left)
{
    destroy_beside(read_and_leave, with_nothing);
}

Test(destroy, after_a_drain_has_ended)
{
    destroy_beside(drain, with_session);
}
