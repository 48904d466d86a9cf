/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Background duties: the one implementation behind the coarse clock, watchdogs, syncers, safe
 * points and the status endpoint. Each duty is a thread that works when it is due, until all are
 * stopped; or a thread of the server runs the duties by hand. The threads block all signals, so the
 * server's own threads handle them.
 *
 *   new -> threaded -> stopping -> stopped      start, stop
 *   new             -> stopping -> stopped      by hand: enter and leave, stop
 *
 * One caller of stop owns the end and joins the threads; all others wait until it is over. A stop
 * from inside a duty is refused. One thread at a time delivers callbacks, in order, and none runs
 * after the stop.
 */
#pragma once

#include "core/base/clock.h"

#include <pthread.h>
#include <roster/export.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define RST_DUTIES_MOST 4

/* Starts a thread that blocks all signals. The name has at most 15 bytes. 0 or -errno. */
int rst_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

struct rst_duty {
    const char *name; /* of its thread, at most 15 bytes */
    void (*work)(void *arg);
    uint32_t interval_ms; /* 0: the work sets when it is due again */
};

/* A call that works concurrently with the threads; on its stack. */
struct rst_background_guest {
    pthread_t thread;
    struct rst_background_guest *next;
};

enum rst_background_phase { RST_NEW, RST_THREADED, RST_STOPPING, RST_STOPPED };

struct rst_background {
    pthread_mutex_t lock; /* guards all below; not held while a duty works; innermost */
    pthread_cond_t changed;
    enum rst_background_phase phase;
    void *arg;
    void (*wake)(void *arg);
    unsigned n;         /* duties */
    unsigned n_threads; /* to be joined */
    unsigned waiting;   /* callers of stop that wait for the owner of the end */
    struct rst_background_guest *guests;
    struct rst_background_thread {
        struct rst_background *background;
        struct rst_duty duty;
        pthread_t thread;
        int64_t due; /* CLOCK_MONOTONIC, ns */
    } threads[RST_DUTIES_MOST];
    bool by_hand; /* a thread is between enter and leave */
    bool telling; /* a thread delivers */
    bool again;   /* more may have to be delivered */
    pthread_t hand, teller;
};

/*
 * Each duty's work receives `arg`. `wake` is called once when a stop begins, to end a duty's wait;
 * may be NULL. A duty without an interval is due at once.
 */
ROSTER_API void rst_background_init(struct rst_background *background,
                                    const struct rst_duty *duties, unsigned n,
                                    void (*wake)(void *arg), void *arg);

/* Both of one duty: `by_hand` without its thread. 0 or -EAGAIN; after an error nothing is left. */
ROSTER_API int rst_background_open(struct rst_background *background, const struct rst_duty *duty,
                                   bool by_hand, void (*wake)(void *arg), void *arg);

/* Starts the threads. 0; -EBUSY: not new, or in use by hand; -EAGAIN: nothing was started. */
ROSTER_API int rst_background_start(struct rst_background *background);

/*
 * Encloses work by hand, one thread at a time; others wait. 0; -EBUSY if there are threads, after a
 * stop, and when nested.
 */
ROSTER_API int rst_background_enter(struct rst_background *background);
ROSTER_API void rst_background_leave(struct rst_background *background);

/*
 * Encloses the work of a call that is concurrent with the threads; any number at once. A stop waits
 * for it; a stop from inside is refused.
 */
void rst_background_guest_enter(struct rst_background *background,
                                struct rst_background_guest *guest);
void rst_background_guest_leave(struct rst_background *background,
                                struct rst_background_guest *guest);

/* Sets when a duty is due, and wakes its waiting thread. */
ROSTER_API void rst_background_set_due(struct rst_background *background, unsigned duty,
                                       int64_t due);

/* The time after a delay. Without a clock it is soon: the threads then pause by themselves. */
static inline int64_t rst_background_in(int64_t ns)
{
    return (int64_t)rst_monotonic_ns() + ns;
}

ROSTER_API int64_t rst_background_due(struct rst_background *background, unsigned duty);

/*
 * The stop. 0: the caller owns the end, no thread and no callback runs any more; it undoes the rest
 * and calls rst_background_stopped(). -EALREADY: another thread has done all of that. -EDEADLK: the
 * caller is one of the threads, or works or delivers by hand or as a guest; nothing is changed.
 */
ROSTER_API int rst_background_stop(struct rst_background *background);
ROSTER_API void rst_background_stopped(struct rst_background *background);

/* Whether a stop has begun. */
ROSTER_API bool rst_background_is_ending(struct rst_background *background);

/* Stops if necessary and destroys the locks. 0; -EDEADLK: nothing is changed. */
ROSTER_API int rst_background_destroy(struct rst_background *background);

/*
 * Delivery: a thread with something to report calls `begin`. If that returns true, the thread
 * delivers until `more` returns false. Otherwise another thread delivers.
 */
ROSTER_API bool rst_background_tell_begin(struct rst_background *background);
ROSTER_API bool rst_background_tell_more(struct rst_background *background);
