/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Summing up the threads' counts, and measuring grace periods.
 */
#include "core/base/clock.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

#include <roster/kill.h>

_Static_assert(ROSTER_KILL_REASONS <= ROSTER_KILL_REASONS_ROOM &&
                   ROSTER_KILL_RESULTS <= ROSTER_KILL_RESULTS_ROOM &&
                   ROSTER_RUN_STATES <= ROSTER_RUN_STATES_ROOM,
               "there is room for all of them");

static void times_add(struct roster_times *times, uint64_t sum_ns, const uint64_t *buckets)
{
    unsigned n;

    times->sum_ns += sum_ns;
    for (n = 0; n < ROSTER_TIME_BUCKETS; n++) {
        uint64_t count = rst_load(&buckets[n]);

        times->buckets[n] += count;
        times->count += count;
    }
}

static void grace_period_over(struct rcu_head *head)
{
    struct rst_grace *grace = caa_container_of(head, struct rst_grace, head);

    rst_callback_begin(head);
    rst_store(&grace->took, rst_since(rst_monotonic_ns(), rst_load(&grace->since)));
    rst_callback_end();
    /* The last access to `head`, which is queued anew after this; pairs with grace_read(). */
    rst_store_release(&grace->since, 0);
}

/* Reads the measurement in progress, or starts one. */
static void grace_read(struct rst_grace *grace, struct roster_metrics *metrics)
{
    uint64_t now = rst_monotonic_ns();
    uint64_t since = rst_load_acquire(&grace->since); /* pairs with grace_period_over() */

    metrics->grace_period_ns = rst_load(&grace->took);
    metrics->grace_period_age_ns = since ? rst_since(now, since) : 0;
    /* Without a clock the 0 would mean that none is in progress, and `head` would be queued twice.
     */
    if (!since && now &&
        __atomic_compare_exchange_n(&grace->since, &since, now, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        rst_call_rcu(&grace->head, grace_period_over);
}

static void lease_read(struct rst_horizon *horizon, struct roster_metrics *metrics)
{
    metrics->leased = rst_load(&horizon->words.lease_deadline) != RST_LEASE_NONE;
    if (metrics->leased)
        metrics->lease_margin_ns = rst_guard_margin_ns(&horizon->guard, &horizon->words);
}

static void stays_sum(struct roster *roster, struct roster_metrics *metrics)
{
    struct rst_all_stays stays = {{0}, {{0}}};
    const struct rst_thread *thread;
    const struct cds_list_head *node;
    unsigned n;

    rst_thread_process_lock();
    for (n = 0; n < ROSTER_RUN_STATES; n++)
        times_add(&metrics->states[n], rst_load(&roster->stays.sum_ns[n]),
                  roster->stays.buckets[n]);
    rst_for_each_thread (thread, node, roster)
        rst_stays_add(&stays, &thread->stays);
    rst_thread_process_unlock();
    for (n = 0; n < ROSTER_RUN_STATES; n++)
        times_add(&metrics->states[n], stays.sum_ns[n], stays.buckets[n]);
}

int roster_metrics(struct roster *roster, struct roster_metrics *metrics)
{
    struct roster_metrics now = {0};
    unsigned n, m;
    int err = rst_result_check(roster, metrics, sizeof(*metrics));

    if (err)
        return err;
    stays_sum(roster, &now);
    times_add(&now.scans, rst_load(&roster->scan_times.sum_ns), roster->scan_times.buckets);
    for (n = 0; n < ROSTER_KILL_REASONS; n++)
        for (m = 0; m < ROSTER_KILL_RESULTS; m++)
            now.kills[n][m] = rst_load(&roster->kills[n][m]);
    grace_read(&roster->grace, &now);
    lease_read(&roster->horizon, &now);
    rst_struct_put(metrics, &now, sizeof(now));
    return 0;
}
