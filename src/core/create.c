/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Creation and destruction of a roster.
 */
#include "config.h"

#include "core/base/reclaim.h"
#include "core/roster/roster.h"

#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "core/owner/request.h"
#include "core/roster/event_log.h"
#include "core/roster/quota.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/trim.h"

#include <errno.h>
#include <roster/version.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_BACKLOG_LIMIT (UINT64_C(256) << 20)
#define DEFAULT_TEXT_LIMIT 1024
#define MAX_TEXT_LIMIT (UINT32_C(1) << 20)
#define DEFAULT_TICK_MS 10
#define MAX_TICK_MS 1000

static int options_get(struct roster_options *known, const struct roster_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return err;
    if (known->text_limit > MAX_TEXT_LIMIT || known->tick_ms < ROSTER_TICK_MANUAL ||
        known->tick_ms > MAX_TICK_MS || (known->flags & ~ROSTER_RECLAIM_MANUAL))
        return -EINVAL;
    if (!known->text_limit)
        known->text_limit = DEFAULT_TEXT_LIMIT;
    if (!known->tick_ms)
        known->tick_ms = DEFAULT_TICK_MS;
    if (!known->backlog_limit)
        known->backlog_limit = DEFAULT_BACKLOG_LIMIT;
    return 0;
}

/* Views, and as many classes of statements as the longest text needs. */
static void hot_init(struct roster *roster)
{
    size_t longest = rst_statement_size(roster->text_limit, ROSTER_DIGEST_MAX);
    unsigned n;

    roster->hot_classes = rst_statement_class(longest) + 1;
    rst_hot_init(&roster->hot[RST_HOT_VIEW], sizeof(struct roster_shown), &roster->account);
    for (n = RST_HOT_STATEMENT; n < roster->hot_classes; n++)
        rst_hot_init(&roster->hot[n], rst_statement_class_size(n), &roster->account);
}

static int oracle_init(struct roster *roster, const struct roster_options *options, uint64_t *now)
{
    int err = 0;

    roster->oracle = options->oracle;
    roster->oracle_arg = options->oracle_arg;
    if (!roster->oracle) {
        err = roster_oracle_local_create(&roster->own_clock);
        roster->oracle = roster_oracle_local_read;
        roster->oracle_arg = roster->own_clock;
    }
    if (!err)
        err = rst_oracle_now(roster, now);
    return err;
}

static void deadlocks_destroy(struct rst_deadlocks *deadlocks)
{
    size_t n;

    for (n = 0; n < ROSTER_DEADLOCKS; n++)
        free(deadlocks->kept[n]);
    pthread_mutex_destroy(&deadlocks->lock);
}

/* After an error free_roster() takes back what was made. */
static int parts_init(struct roster *roster, const struct roster_options *options, uint64_t now)
{
    int err = -ENOMEM;

    rst_horizon_init(&roster->horizon, now, &roster->account);
    rst_graced_init(&roster->sessions, roster, sizeof(struct roster_session), RST_SESSION_CHUNK,
                    rst_session_drop, &roster->account);
    hot_init(roster);
    rst_heap_init(&roster->heap, &roster->account);
    roster->kill_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    roster->lease_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    roster->deadlocks.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    roster->event_log = rst_event_log_create();
    roster->quota = rst_quota_create();
    if (roster->event_log && roster->quota)
        err = rst_registry_init(&roster->registry, &roster->sessions, options->max_sessions,
                                roster->reclaims_by_hand);
    if (err)
        return err;
    return rst_ticker_start(&roster->ticker,
                            options->tick_ms == ROSTER_TICK_MANUAL ? 0 : (uint32_t)options->tick_ms,
                            roster->oracle == roster_oracle_local_read ? roster->oracle_arg : NULL,
                            rst_trim_tick, roster);
}

/* Also one of which only some parts were made. */
static void free_roster(struct roster *roster)
{
    rst_ticker_stop(&roster->ticker);
    rst_registry_destroy(&roster->registry);
    rst_graced_destroy(&roster->sessions);
    while (roster->hot_classes--)
        rst_hot_destroy(&roster->hot[roster->hot_classes]);
    rst_heap_destroy(&roster->heap);
    rst_horizon_destroy(&roster->horizon);
    rst_event_log_destroy(roster->event_log);
    rst_quota_destroy(roster);
    deadlocks_destroy(&roster->deadlocks);
    pthread_mutex_destroy(&roster->lease_lock);
    pthread_mutex_destroy(&roster->kill_lock);
    roster_oracle_local_destroy(roster->own_clock);
    free(roster);
}

static int create(const struct roster_options *options, struct roster **made)
{
    struct roster *roster = aligned_alloc(RST_CACHE_LINE, sizeof(*roster));
    uint64_t now;
    int err;

    if (!roster)
        return -ENOMEM;
    memset(roster, 0, sizeof(*roster));
    roster->process = rst_process_number();
    CDS_INIT_LIST_HEAD(&roster->threads);
    roster->tag = rst_thread_new_tag();
    roster->text_limit = options->text_limit;
    roster->life_time_ms = options->life_time_ms;
    roster->reclaims_by_hand = options->flags & ROSTER_RECLAIM_MANUAL;
    roster->account.backlog_limit = options->backlog_limit;
    roster->account.memory = sizeof(*roster);
    roster->membarrier = rst_membarrier_init();
    err = oracle_init(roster, options, &now);
    if (err) {
        roster_oracle_local_destroy(roster->own_clock);
        free(roster);
        return err;
    }
    err = parts_init(roster, options, now);
    if (err)
        free_roster(roster);
    else
        *made = roster;
    return err;
}

int roster_create(const struct roster_options *options, struct roster **roster)
{
    RST_NOT_CANCELLED;
    struct roster_options known;
    int err;

    if (!roster)
        return -EINVAL;
    err = options_get(&known, options);
    if (!err)
        err = rst_thread_process_init();
    if (!err)
        err = rst_reclaim_start(known.flags & ROSTER_RECLAIM_MANUAL);
    if (err)
        return err;
    err = create(&known, roster);
    if (err)
        rst_reclaim_end(known.flags & ROSTER_RECLAIM_MANUAL);
    return err;
}

/* Each of these pairs with a release: what their last users did is done before anything is freed.
 */
static bool is_in_use(const struct roster *roster)
{
    return rst_held(&roster->registry.open) || rst_held(&roster->pins) ||
           rst_held(&roster->attached) ||
           rst_held(&roster->drainers); /* pairs with the stores in operate/drain.c */
}

int roster_destroy(struct roster *roster)
{
    RST_NOT_CANCELLED;
    bool by_hand;
    int err;

    if (!roster)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    if (is_in_use(roster))
        return -EBUSY;
    err = rst_trim_stop(roster);
    if (err)
        return err;
    /* Before the barrier: what a thread that ends at this moment gives back would come after it. */
    rst_thread_leave_roster(roster);
    err = rst_rcu_barrier();
    if (err) {
        rst_trim_go_on(roster);
        return err;
    }
    by_hand = roster->reclaims_by_hand;
    free_roster(roster);
    rst_reclaim_end(by_hand);
    return 0;
}

int roster_set_max_sessions(struct roster *roster, uint64_t max_sessions, uint64_t reserved)
{
    if (!roster || reserved > max_sessions)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    rst_registry_limit(&roster->registry, max_sessions, reserved);
    return 0;
}

int roster_reclaim(struct roster *roster)
{
    RST_NOT_CANCELLED;

    if (!roster)
        return -EINVAL;
    return rst_process_is_other(roster->process) ? -ECHILD : rst_reclaim_run();
}

int roster_tick(struct roster *roster)
{
    if (!roster)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    rst_ticker_tick(&roster->ticker);
    return 0;
}

const char *roster_version(void)
{
    return PACKAGE_VERSION;
}
