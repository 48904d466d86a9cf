/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Callbacks after a grace period. They run in a thread of Roster's own, one for all rosters of the
 * process, which exists as long as one of these does.
 *
 * liburcu's own thread is not used, for three reasons. It inherits the signal mask of the thread
 * that happened to start it, so a signal that the server blocks later could kill the server; this
 * thread blocks all signals. It also runs the server's callbacks, which Roster's would delay. And
 * liburcu aborts the process if the kernel refuses membarrier() during a grace period; this thread
 * tests first, and waits while membarrier() is refused.
 *
 * Rounds: the thread takes everything queued, waits for one grace period, then for the keepers that
 * began before its end, and runs the callbacks. Keepers belong to one of two turns. A round ends
 * one turn and waits until it is empty, so keepers that begin later hold up only the next round.
 * They cannot find queued objects: these were unpublished before, and keepers begin under the lock
 * under which the round ended the turn.
 *
 * A user may do without the thread and run rounds by hand. If all users do, the process has no
 * thread; otherwise the thread works for all.
 */
#pragma once

#include "core/base/rcu.h"

#include <stdbool.h>

/*
 * Adds a user. The first that is not `by_hand` starts the thread. Returns 0; -EBUSY inside a
 * read-side section, as rst_rcu_barrier(); -EAGAIN or -ENOMEM; -EPERM when liburcu relies on
 * membarrier() and the kernel refuses it, and in a child that was forked inside a section or a
 * keeper.
 */
int rst_reclaim_start(bool by_hand);

/*
 * Called once, before the first user. The thread and liburcu survive a fork, and a child with users
 * of its own has a thread of its own. A fork waits for a grace period in progress. Inside a section
 * or a keeper it does not wait, and its child may have no users. Returns 0 or -ENOMEM.
 */
int rst_reclaim_process_init(void);

/* Removes a user, which has waited for everything it queued. The last one that is not `by_hand`
 * ends the thread. */
void rst_reclaim_end(bool by_hand);

/*
 * A round by hand, if there is no thread: runs the queued callbacks. Waits for readers and keepers
 * that are inside, and for no other round. Returns 0, also if there is nothing to do, or the thread
 * or another caller is doing it; -EBUSY inside a read-side section of liburcu's flavour bp and in a
 * keeper; -ENOMEM or -EPERM if no grace period is possible; everything stays queued. While there is
 * a user.
 */
int rst_reclaim_run(void) __attribute__((warn_unused_result));

/* As rst_call_rcu(). Lock-free; while there is a user. */
void rst_reclaim_push(struct rcu_head *head, void (*func)(struct rcu_head *));

/* Enough is queued that the next round need not wait for the usual pause. Lock-free; while there
 * is a user. */
void rst_reclaim_soon(void);

/* Whether a grace period is possible now: 0, -ENOMEM or -EPERM. */
int rst_rcu_ready(void);

/*
 * Between these two, objects of a roster that the calling thread finds stay valid as under the read
 * lock, which it need not hold: no callback queued since then runs. Unlike the read lock, this
 * delays only the thread of reclaim.h, so it may last, and the server's code may be called. The
 * calls nest. While there is a user.
 */
void rst_keep_begin(void);
void rst_keep_end(void);

/*
 * Waits until every callback that was queued before has run; where there is no thread, it runs
 * them. Returns 0; -EBUSY at once inside a read-side section of liburcu's flavour bp, entered by
 * any code, between the two above, and inside a callback of a round by hand, because it would never
 * end; -EPERM when the kernel refuses the membarrier() that a grace period needs. While there is a
 * user.
 */
int rst_rcu_barrier(void) __attribute__((warn_unused_result));

/* As call_rcu(): `func(head)` runs in the thread of reclaim.h after a grace period. */
static inline void rst_call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *))
{
#ifdef ROSTER_CONTROL_NO_GRACE_PERIOD
    func(head);
#else
    rst_tsan_release(head);
    rst_reclaim_push(head, func);
#endif
}
