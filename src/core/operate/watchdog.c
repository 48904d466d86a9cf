/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The life of a watchdog: options, thread, and delivery of events.
 */
#include "core/operate/watchdog.h"

#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_INTERVAL_MS 100
#define MAX_INTERVAL_MS 60000
#define DEFAULT_STATEMENT_MS 60000
#define DEFAULT_TXN_MS 600000
#define DEFAULT_STUCK_MS 10000
#define DEFAULT_FORCE_MS 60000
#define DEFAULT_LEAST (UINT64_C(128) << 20)

static void set_default(uint64_t *option, uint64_t value)
{
    if (!*option)
        *option = value;
}

static int options_get(struct roster_watchdog_options *known,
                       const struct roster_watchdog_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return err;
    if (known->interval_ms < ROSTER_WATCHDOG_MANUAL || known->interval_ms > MAX_INTERVAL_MS ||
        known->reserved)
        return -EINVAL;
    if (!known->interval_ms)
        known->interval_ms = DEFAULT_INTERVAL_MS;
    set_default(&known->statement_ms, DEFAULT_STATEMENT_MS);
    set_default(&known->statement_repeat_ms, DEFAULT_STATEMENT_MS);
    set_default(&known->txn_ms, DEFAULT_TXN_MS);
    set_default(&known->txn_repeat_ms, DEFAULT_TXN_MS);
    set_default(&known->stuck_ms, DEFAULT_STUCK_MS);
    set_default(&known->server_memory_least, DEFAULT_LEAST);
    set_default(&known->server_memory_force_ms, DEFAULT_FORCE_MS);
    return 0;
}

/* A failed walk is reported once, not ten times a second. */
static void note_error(struct roster_watchdog *watchdog, int err)
{
    struct roster_event *event;

    if (err && err != watchdog->last_error && watchdog->n_events < watchdog->events_size) {
        event = &watchdog->events[watchdog->n_events++];
        memset(event, 0, sizeof(*event));
        event->kind = ROSTER_EVENT_ERROR;
        event->result = err;
    }
    watchdog->last_error = err;
}

static void tell(struct roster_watchdog *watchdog)
{
    size_t n;

    for (n = 0; n < watchdog->n_events; n++)
        watchdog->options.event(&watchdog->events[n], watchdog->options.event_arg);
    watchdog->n_events = 0;
}

/* Under the lock: what it takes is counted as the roster's. */
static void count_memory(struct roster_watchdog *watchdog)
{
    size_t tracks = watchdog->before.size + watchdog->after.size;

    rst_account_change(&watchdog->roster->account, &watchdog->counted,
                       sizeof(*watchdog) + watchdog->events_size * sizeof(*watchdog->events) +
                           tracks * sizeof(*watchdog->before.places));
}

/* Walks and delivers events; under the lock. */
static int run(struct roster_watchdog *watchdog)
{
    int err;

    rst_ticker_tick(&watchdog->roster->ticker);
    err = rst_watchdog_walk(watchdog, rst_ticker_now(&watchdog->roster->ticker));
    note_error(watchdog, err);
    count_memory(watchdog);
    if (!watchdog->options.event || !rst_background_tell_begin(&watchdog->background))
        watchdog->n_events = 0;
    else
        while (rst_background_tell_more(&watchdog->background))
            tell(watchdog);
    return err;
}

static void run_by_itself(void *arg)
{
    struct roster_watchdog *watchdog = arg;

    pthread_mutex_lock(&watchdog->lock);
    (void)run(watchdog);
    pthread_mutex_unlock(&watchdog->lock);
}

static void free_watchdog(struct roster_watchdog *watchdog)
{
    free(watchdog->before.places);
    free(watchdog->after.places);
    free(watchdog->events);
    free(watchdog);
}

static int start(struct roster_watchdog *watchdog)
{
    const struct rst_duty duty = {"roster-watchdog", run_by_itself,
                                  (uint32_t)watchdog->options.interval_ms};

    watchdog->events_size = RST_EVENTS_LEAST;
    watchdog->events = malloc(watchdog->events_size * sizeof(*watchdog->events));
    if (!watchdog->events)
        return -ENOMEM;
    watchdog->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    return rst_background_open(&watchdog->background, &duty,
                               watchdog->options.interval_ms == ROSTER_WATCHDOG_MANUAL, NULL,
                               watchdog);
}

int roster_watchdog_start(struct roster *roster, const struct roster_watchdog_options *options,
                          struct roster_watchdog **watchdog)
{
    RST_NOT_CANCELLED;
    struct roster_watchdog_options known;
    struct roster_watchdog *made;
    int err;

    if (!roster || !watchdog)
        return -EINVAL;
    err = options_get(&known, options);
    if (err)
        return err;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->roster = roster;
    made->options = known;
    err = start(made);
    if (err) {
        free_watchdog(made);
        return err;
    }
    pthread_mutex_lock(&made->lock);
    count_memory(made);
    pthread_mutex_unlock(&made->lock);
    rst_hold(&roster->attached);
    *watchdog = made;
    return 0;
}

int roster_watchdog_stop(struct roster_watchdog *watchdog)
{
    RST_NOT_CANCELLED;

    if (!watchdog)
        return 0;
    if (rst_process_is_other(watchdog->roster->process))
        return -ECHILD;
    if (rst_background_destroy(&watchdog->background))
        return -EDEADLK;
    pthread_mutex_destroy(&watchdog->lock);
    rst_account_change(&watchdog->roster->account, &watchdog->counted, 0);
    rst_let_go(&watchdog->roster->attached);
    free_watchdog(watchdog);
    return 0;
}

int roster_watchdog_run_once(struct roster_watchdog *watchdog)
{
    RST_NOT_CANCELLED;
    struct rst_background_guest guest;
    int err;

    if (!watchdog)
        return -EINVAL;
    if (rst_process_is_other(watchdog->roster->process))
        return -ECHILD;
    rst_background_guest_enter(&watchdog->background, &guest);
    pthread_mutex_lock(&watchdog->lock);
    err = run(watchdog);
    pthread_mutex_unlock(&watchdog->lock);
    rst_background_guest_leave(&watchdog->background, &guest);
    return err;
}

int roster_watchdog_memory_kills(struct roster_watchdog *watchdog, struct roster_memory_kill *kills,
                                 size_t *count)
{
    uint64_t n;

    if (!watchdog || !kills || !count)
        return -EINVAL;
    if (rst_process_is_other(watchdog->roster->process))
        return -ECHILD;
    pthread_mutex_lock(&watchdog->lock);
    for (n = 0; n < *count && n < watchdog->n_kills && n < ROSTER_MEMORY_KILLS; n++)
        kills[n] = watchdog->kills[(watchdog->n_kills - 1 - n) % ROSTER_MEMORY_KILLS];
    pthread_mutex_unlock(&watchdog->lock);
    *count = (size_t)n;
    return 0;
}
