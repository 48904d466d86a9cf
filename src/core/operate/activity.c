/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The life of an activity history, and a sample.
 */
#include "core/operate/activity.h"

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/base/struct_size.h"
#include "core/reader/list.h"
#include "core/roster/event_log.h"
#include "core/roster/look.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/wait_events.h"

#include <roster/statement.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_INTERVAL_MS 1000
#define LEAST_INTERVAL_MS 10
#define MOST_INTERVAL_MS 10000
#define DEFAULT_MEMORY (UINT64_C(8) << 20)
#define LEAST_MEMORY (UINT64_C(1) << 20)
#define MOST_MEMORY (UINT64_C(1) << 30)

void rst_activity_describe(struct roster_activity_row *row, const struct roster_activity_filter *of)
{
    memset(row, 0, sizeof(*row));
    row->state = of->state;
    row->kind = of->kind;
    row->wait = of->wait;
    rst_event_log_string(row->digest, sizeof(row->digest), of->digest);
    rst_event_log_string(row->user, sizeof(row->user), of->user);
    rst_event_log_string(row->database, sizeof(row->database), of->database);
    rst_event_log_string(row->application, sizeof(row->application), of->application);
}

/* As roster_session_wait(), for a walk. */
static uint32_t wait_of(const struct roster_session *session)
{
    const struct rst_side *side = rst_dereference(&session->side); /* pairs with rst_side_need() */

    return side ? (uint32_t)(rst_load(&side->wait) & RST_WAIT_EVENT_MASK) : 0;
}

/* Whether the session is in the life of a view that was seen before, and counted now as then. */
static bool count_again(const struct roster_session *session, const struct roster_shown *view,
                        void *arg)
{
    struct roster_activity *activity = arg;
    uint64_t life = rst_load_acquire(&view->life); /* as a look does (look.h): pairs with 2 */
    const struct rst_activity_seen *seen;
    struct rst_activity_key *key;
    unsigned grain;

    seen = rst_activity_seen_of(activity, session);
    if (!seen || seen->view != view || seen->life != life ||
        rst_load_shown(&view->state_since) != seen->since)
        return false;
    if (rst_unlikely(rst_dereference(&session->view) != view)) /* c: pairs with 4 */
        return false;
    if (seen->key == RST_ACTIVITY_NONE)
        return true;
    key = &activity->keys[seen->key];
    if (key->born != seen->born || wait_of(session) != seen->wait)
        return false;
    for (grain = 0; grain < RST_GRAINS; grain++) {
        activity->rings[grain].open.active++;
        key->now[grain]++;
    }
    return true;
}

/* Returns the key. */
static uint32_t count(struct roster_activity *activity, const struct roster_session *session,
                      const struct roster_shown *view, uint32_t wait)
{
    const struct roster_activity_filter what = {
        .state = (enum roster_run_state)view->run_state,
        .kind = roster_session_kind(session),
        .wait = wait,
        .digest = view->statement ? view->statement->digest : NULL,
        .user = roster_identity_user(view->identity),
        .database = roster_identity_database(view->identity),
        .application = roster_identity_application(view->identity),
    };
    struct roster_activity_row row;

    rst_activity_describe(&row, &what);
    return rst_activity_count(activity, &row);
}

/* Sees one session, and remembers what it does. */
static int look_at(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    struct rst_activity_seen *seen = rst_activity_seen_of(arg, session);
    const struct roster_activity *activity = arg;
    bool idle = view->run_state == ROSTER_RUN_IDLE && !view->statement;
    uint32_t key = RST_ACTIVITY_NONE, wait = 0;

    if (!idle) {
        wait = wait_of(session);
        key = count(arg, session, view, wait);
    }
    if (!seen)
        return 0;
    seen->view = NULL;
    if (rst_look_place(view) == rst_view_at_rest() ||
        (!idle && key == RST_ACTIVITY_NONE)) /* read again, or tried again */
        return 0;
    *seen = (struct rst_activity_seen){
        .view = rst_look_place(view),
        .life = view->life,
        .since = view->state_since,
        .wait = wait,
        .key = key,
        .born = idle ? 0 : activity->keys[key].born,
    };
    return 0;
}

/* Under the lock. */
static void count_memory(struct roster_activity *activity)
{
    rst_account_change(&activity->roster->account, &activity->counted,
                       sizeof(*activity) + rst_activity_resident(activity));
}

int rst_activity_sample(struct roster_activity *activity, uint64_t now_ms)
{
    char digest[ROSTER_DIGEST_MAX + 2];
    unsigned grain;
    int err;

    pthread_mutex_lock(&activity->lock);
    rst_activity_begin(activity, now_ms);
    err = roster_read_lock(activity->roster);
    if (!err) {
        (void)rst_for_each_unknown(activity->roster, count_again, look_at, activity, digest,
                                   sizeof(digest));
        roster_read_unlock(activity->roster);
        for (grain = 0; grain < RST_GRAINS; grain++)
            activity->rings[grain].open.times++;
    }
    count_memory(activity);
    pthread_mutex_unlock(&activity->lock);
    return err;
}

static void run(void *arg)
{
    (void)rst_activity_sample(arg, rst_monotonic_ms());
}

static int options_get(struct roster_activity_options *known,
                       const struct roster_activity_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return err;
    if (!known->interval_ms)
        known->interval_ms = DEFAULT_INTERVAL_MS;
    if (!known->memory)
        known->memory = DEFAULT_MEMORY;
    if ((known->interval_ms != ROSTER_ACTIVITY_MANUAL && known->interval_ms < LEAST_INTERVAL_MS) ||
        known->interval_ms > MOST_INTERVAL_MS || known->reserved || known->memory < LEAST_MEMORY ||
        known->memory > MOST_MEMORY)
        return -EINVAL;
    return 0;
}

static int start(struct roster_activity *activity)
{
    const struct rst_duty duty = {"roster-activity", run, (uint32_t)activity->options.interval_ms};
    int err = rst_activity_buckets_init(activity);

    if (err)
        return err;
    activity->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    err = rst_background_open(&activity->background, &duty,
                              activity->options.interval_ms == ROSTER_ACTIVITY_MANUAL, NULL,
                              activity);
    if (err)
        rst_activity_buckets_destroy(activity);
    return err;
}

int roster_activity_start(struct roster *roster, const struct roster_activity_options *options,
                          struct roster_activity **activity)
{
    RST_NOT_CANCELLED;
    struct roster_activity_options known;
    struct roster_activity *made;
    int err;

    if (!roster || !activity)
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
        free(made);
        return err;
    }
    pthread_mutex_lock(&made->lock);
    count_memory(made);
    pthread_mutex_unlock(&made->lock);
    rst_hold(&roster->attached);
    *activity = made;
    return 0;
}

int roster_activity_stop(struct roster_activity *activity)
{
    RST_NOT_CANCELLED;

    if (!activity)
        return 0;
    if (rst_process_is_other(activity->roster->process))
        return -ECHILD;
    (void)rst_background_destroy(&activity->background); /* no thread of its own comes here */
    pthread_mutex_destroy(&activity->lock);
    rst_activity_buckets_destroy(activity);
    rst_account_change(&activity->roster->account, &activity->counted, 0);
    rst_let_go(&activity->roster->attached);
    free(activity);
    return 0;
}

int roster_activity_run_once(struct roster_activity *activity)
{
    RST_NOT_CANCELLED;
    struct rst_background_guest guest;
    int err;

    if (!activity)
        return -EINVAL;
    if (rst_process_is_other(activity->roster->process))
        return -ECHILD;
    rst_background_guest_enter(&activity->background, &guest);
    err = rst_activity_sample(activity, rst_monotonic_ms());
    rst_background_guest_leave(&activity->background, &guest);
    return err;
}

/* A time of the wall clock by CLOCK_MONOTONIC, which never steps. */
static uint64_t monotonic(uint64_t ms, uint64_t wall, uint64_t now)
{
    if (ms >= wall)
        return ms - wall > UINT64_MAX - now ? UINT64_MAX : now + (ms - wall);
    return wall - ms < now ? now - (wall - ms) : 0;
}

int roster_activity_top(struct roster_activity *activity, uint64_t from_ms, uint64_t to_ms,
                        uint32_t by, const struct roster_activity_filter *filter,
                        struct roster_activity_row *rows, size_t *count,
                        struct roster_activity_sum *sum)
{
    uint64_t now = rst_monotonic_ms(), wall = rst_wall_ms();

    if (!activity || !rows || !count || !sum)
        return -EINVAL;
    if (rst_process_is_other(activity->roster->process))
        return -ECHILD;
    return rst_activity_top(activity, now, monotonic(from_ms, wall, now),
                            monotonic(to_ms, wall, now), by, filter, rows, count, sum);
}
