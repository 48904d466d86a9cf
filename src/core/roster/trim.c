/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * When memory is returned to the system. See trim.h.
 */
#include "core/roster/trim.h"

#include "core/base/reclaim.h"
#include "core/base/trim.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

#ifdef ROSTER_TEST_DELAYS
#define INTERVAL_NS UINT64_C(0)
#else
#define INTERVAL_NS UINT64_C(1000000000)
#endif

static void trim(struct rcu_head *head)
{
    struct roster *roster = caa_container_of(head, struct roster, trim.head);
    bool again;
    unsigned n;

    rst_callback_begin(head);
    again = rst_threads_trim(roster);
    rst_horizon_trim(&roster->horizon);
    again = rst_graced_trim(&roster->sessions) || again;
    again = rst_heap_trim(&roster->heap) || again;
    for (n = 0; n < roster->hot_classes; n++)
        again = rst_hot_trim(&roster->hot[n], NULL, NULL) || again;
    if (again)
        rst_store(&roster->account.freed, 1);
    rst_callback_end();
    /* Release: the head has left the queue; pairs with the exchange in rst_trim_tick(). */
    rst_store_release(&roster->trim.queued, 0);
}

void rst_trim_tick(void *arg)
{
    struct roster *roster = arg;
    uint64_t now = rst_ticker_now(&roster->ticker);

    if (!rst_load(&roster->account.freed) || now < rst_load(&roster->trim.due))
        return;
    /* Pairs with trim(). */
    if (__atomic_exchange_n(&roster->trim.queued, 1, __ATOMIC_ACQUIRE))
        return;
    rst_store(&roster->trim.due, now + INTERVAL_NS);
    rst_store(&roster->account.freed, 0);
    rst_call_rcu(&roster->trim.head, trim);
}

int rst_trim_stop(struct roster *roster)
{
    int err = 0;

    while (!err && __atomic_exchange_n(&roster->trim.queued, 1, __ATOMIC_ACQUIRE))
        err = rst_rcu_barrier();
    return err;
}

void rst_trim_go_on(struct roster *roster)
{
    rst_store_release(&roster->trim.queued, 0); /* pairs with rst_trim_tick() */
}
