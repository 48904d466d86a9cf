/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Background duties: who starts, stops and delivers, at once and in any order. */

#include "core/base/background.h"
#include "core/base/clock.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#define STOPPERS 4

struct subject {
    struct rst_background background;
    unsigned worked, woken, told, most;
    int err; /* what a call from inside came to */
};

/* The linker puts this in the place of the C library's in the core's calls (see unit.am). */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

static bool refuses_clocks;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!__atomic_load_n(&refuses_clocks, __ATOMIC_ACQUIRE))
        return __real_clock_gettime(clock, now);
    memset(now, 0x55, sizeof(*now));
    errno = EPERM;
    return -1;
}

static unsigned load(const unsigned *counter)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static void count(unsigned *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_ACQ_REL);
}

static void work(void *arg)
{
    struct subject *subject = arg;

    rst_background_set_due(&subject->background, 0, INT64_MAX);
    count(&subject->worked);
}

static void work_too(void *arg)
{
    struct subject *subject = arg;

    rst_background_set_due(&subject->background, 1, INT64_MAX);
    count(&subject->worked);
}

static void stop_inside(void *arg)
{
    struct subject *subject = arg;

    subject->err = rst_background_stop(&subject->background);
    work(arg);
}

static void wake(void *arg)
{
    count(&((struct subject *)arg)->woken);
}

static void make(struct subject *subject, void (*first)(void *arg), uint32_t interval_ms)
{
    const struct rst_duty duties[] = {{"first", first, interval_ms}, {"second", work_too, 0}};

    memset(subject, 0, sizeof(*subject));
    rst_background_init(&subject->background, duties, 2, wake, subject);
}

static void wait_for(const unsigned *counter, unsigned least)
{
    while (load(counter) < least)
        sched_yield();
}

struct stopper {
    struct subject *subject;
    pthread_barrier_t *barrier;
    pthread_t thread;
    int err;
};

static void *stop(void *arg)
{
    struct stopper *stopper = arg;

    pthread_barrier_wait(stopper->barrier);
    stopper->err = rst_background_stop(&stopper->subject->background);
    if (!stopper->err) {
        sched_yield(); /* what the owner undoes takes its time */
        rst_background_stopped(&stopper->subject->background);
    }
    return NULL;
}

/* Several threads stop it, and one of them ends it. */
static void stop_at_once(struct subject *subject)
{
    struct stopper stoppers[STOPPERS];
    pthread_barrier_t barrier;
    unsigned owners = 0;

    pthread_barrier_init(&barrier, NULL, STOPPERS);
    for (unsigned i = 0; i < STOPPERS; i++) {
        stoppers[i] = (struct stopper){.subject = subject, .barrier = &barrier};
        cr_assert_eq(pthread_create(&stoppers[i].thread, NULL, stop, &stoppers[i]), 0);
    }
    for (unsigned i = 0; i < STOPPERS; i++) {
        pthread_join(stoppers[i].thread, NULL);
        cr_assert(stoppers[i].err == 0 || stoppers[i].err == -EALREADY);
        owners += !stoppers[i].err;
    }
    cr_assert_eq(owners, 1);
    pthread_barrier_destroy(&barrier);
}

Test(background, several_threads_stop_it_and_one_owns_the_end)
{
    for (int i = 0; i < 100; i++) {
        struct subject subject;
        unsigned worked;

        make(&subject, work, 0);
        cr_assert_eq(rst_background_start(&subject.background), 0);
        if (i % 2)
            wait_for(&subject.worked, 1);
        stop_at_once(&subject);
        cr_assert_eq(load(&subject.woken), 1);
        worked = load(&subject.worked);
        cr_assert_eq(rst_background_stop(&subject.background), -EALREADY);
        cr_assert_eq(rst_background_start(&subject.background), -EBUSY);
        cr_assert_eq(rst_background_enter(&subject.background), -EBUSY);
        cr_assert_eq(rst_background_destroy(&subject.background), 0);
        cr_assert_eq(load(&subject.worked), worked, "nothing works after the stop");
    }
}

struct starter {
    struct subject *subject;
    pthread_barrier_t *barrier;
    int err;
};

static void *start(void *arg)
{
    struct starter *starter = arg;

    pthread_barrier_wait(starter->barrier);
    starter->err = rst_background_start(&starter->subject->background);
    return NULL;
}

Test(background, a_start_and_a_stop_at_once_leave_no_thread)
{
    for (int i = 0; i < 100; i++) {
        struct subject subject;
        pthread_barrier_t barrier;
        struct starter starter = {&subject, &barrier, 1};
        pthread_t thread;

        make(&subject, work, 0);
        pthread_barrier_init(&barrier, NULL, 2);
        cr_assert_eq(pthread_create(&thread, NULL, start, &starter), 0);
        pthread_barrier_wait(&barrier);
        cr_assert_eq(rst_background_stop(&subject.background), 0);
        rst_background_stopped(&subject.background);
        pthread_join(thread, NULL);
        cr_assert(starter.err == 0 || starter.err == -EBUSY);
        cr_assert_eq(rst_background_destroy(&subject.background), 0);
        pthread_barrier_destroy(&barrier);
    }
}

Test(background, nothing_stops_what_it_runs_in)
{
    struct subject subject;

    make(&subject, stop_inside, 0);
    cr_assert_eq(rst_background_start(&subject.background), 0);
    wait_for(&subject.worked, 2); /* both duties */
    cr_assert_eq(subject.err, -EDEADLK, "one of its threads");
    cr_assert_eq(rst_background_destroy(&subject.background), 0);

    make(&subject, work, 0);
    cr_assert_eq(rst_background_enter(&subject.background), 0);
    cr_assert_eq(rst_background_enter(&subject.background), -EBUSY);
    cr_assert_eq(rst_background_start(&subject.background), -EBUSY);
    cr_assert_eq(rst_background_stop(&subject.background), -EDEADLK, "by hand");
    cr_assert_eq(rst_background_destroy(&subject.background), -EDEADLK);
    rst_background_leave(&subject.background);
    cr_assert(rst_background_tell_begin(&subject.background));
    cr_assert_eq(rst_background_stop(&subject.background), -EDEADLK, "while it delivers");
    cr_assert(rst_background_tell_more(&subject.background));
    cr_assert_not(rst_background_tell_more(&subject.background));
    cr_assert_not(rst_background_is_ending(&subject.background));
    cr_assert_eq(rst_background_destroy(&subject.background), 0);
}

static void *work_by_hand(void *arg)
{
    struct subject *subject = arg;

    for (int i = 0; i < 200; i++) {
        if (rst_background_enter(&subject->background))
            break;
        subject->told++; /* ThreadSanitizer knows whether that is one thread at a time */
        rst_background_leave(&subject->background);
    }
    return NULL;
}

Test(background, by_hand_threads_take_turns_and_a_stop_waits_for_them)
{
    struct subject subject;
    pthread_t threads[3];

    make(&subject, work, 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, work_by_hand, &subject), 0);
    while (rst_background_enter(&subject.background) == 0 && subject.told < 100)
        rst_background_leave(&subject.background);
    rst_background_leave(&subject.background);
    stop_at_once(&subject);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_leq(subject.told, 600);
    cr_assert_eq(rst_background_destroy(&subject.background), 0);
}

/* Delivers the greatest number that was reported; the thread that delivers reads it. */
static void *report(void *arg)
{
    struct subject *subject = arg;

    for (int i = 0; i < 500; i++) {
        count(&subject->worked);
        if (!rst_background_tell_begin(&subject->background))
            continue;
        while (rst_background_tell_more(&subject->background)) {
            unsigned now = load(&subject->worked);

            sched_yield(); /* where a second one who delivers would overtake */
            cr_expect_geq(now, subject->most, "it goes back");
            subject->most = now;
        }
    }
    return NULL;
}

Test(background, what_is_delivered_is_in_order_and_complete)
{
    struct subject subject;
    pthread_t threads[4];

    make(&subject, work, 0);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, report, &subject), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(subject.most, 2000, "the last one is delivered, too");
    cr_assert_eq(rst_background_destroy(&subject.background), 0);
}

static void note_mask(void *arg)
{
    struct subject *subject = arg;
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    subject->err = sigismember(&mask, SIGTERM);
    count(&subject->worked);
}

Test(background, a_duty_with_an_interval_works_again_and_blocks_signals)
{
    struct subject subject;

    make(&subject, note_mask, 1);
    cr_assert_eq(rst_background_start(&subject.background), 0);
    wait_for(&subject.worked, 5);
    cr_assert_eq(rst_background_destroy(&subject.background), 0);
    cr_assert_eq(subject.err, 1);
}

static void only_count(void *arg)
{
    count(&((struct subject *)arg)->worked);
}

static int64_t cpu_ns(void)
{
    struct timespec now;

    cr_assert_eq(__real_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* As by a seccomp filter that comes later. */
Test(background, a_refused_clock_stops_no_duty_and_keeps_no_thread_busy, .timeout = 60)
{
    struct subject subject;
    int64_t began;

    make(&subject, only_count, 20);
    __atomic_store_n(&refuses_clocks, true, __ATOMIC_RELEASE);
    cr_assert_eq(rst_background_start(&subject.background), 0);
    rst_background_set_due(&subject.background, 1, INT64_MAX);
    began = cpu_ns();
    while (load(&subject.worked) < 8)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    cr_expect_lt(cpu_ns() - began, INT64_C(200000000), "it waits without rest");
    __atomic_store_n(&refuses_clocks, false, __ATOMIC_RELEASE);
    cr_assert_eq(rst_background_destroy(&subject.background), 0);
}
