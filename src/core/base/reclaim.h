/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What runs after a grace period: callbacks, in a thread of Roster's own, one for all rosters of
 * the process, which lives as long as one of them.
 *
 * It is not liburcu's thread for three reasons. That one inherits the signal mask of the thread
 * that happened to start it, so that a signal which the server blocks later kills the server; this
 * one blocks all signals. It also runs the server's callbacks, which ours would delay. And liburcu
 * ends the process when the kernel refuses membarrier() in the middle of a grace period: this
 * thread asks first, and waits for as long as it is refused.
 *
 * Rounds: the thread takes all that is queued, waits for one grace period, then for the keepers
 * that began before it was over, and calls back. Keepers take turns of two: a round ends one turn
 * and waits until it is empty, so that those that begin later hold up the next round and not this
 * one. They find nothing of what was queued, because it was unpublished before, and the lock under
 * which they begin is the one under which the round ended the turn.
 *
 * A user may do without the thread and run rounds by hand. A process in which all do has no thread;
 * where one does not, the thread works for all.
 */
#pragma once

#include "core/base/rcu.h"

#include <stdbool.h>

/*
 * One more user. The first that is not `by_hand` starts the thread. Returns 0; -EBUSY inside a
 * read-side section, as rst_rcu_barrier(); -EAGAIN or -ENOMEM; -EPERM when liburcu relies on
 * membarrier() and the kernel refuses it, and in a child that was forked inside a section or a
 * keeper.
 */
int rst_reclaim_start(bool by_hand);

/*
 * Once, before the first user: the thread and liburcu outlast a fork, and a child that has users of
 * its own has a thread of its own. A fork waits for a grace period under way; inside a section or
 * a keeper it waits for none, and its child may have no users. Returns 0 or -ENOMEM.
 */
int rst_reclaim_process_init(void);

/* One user less, who has waited for all that it had queued. The last that is not `by_hand` ends the
 * thread. */
void rst_reclaim_end(bool by_hand);

/*
 * A round by hand, where there is no thread: runs what is queued. Waits for readers and keepers
 * that are inside, and for no other round. Returns 0, also when there is nothing to do, the thread
 * does it, or another caller is at it; -EBUSY inside a read-side section of liburcu's flavour bp
 * and in a keeper; -ENOMEM or -EPERM when no grace period can be had, and all is queued as before.
 * While there is a user.
 */
int rst_reclaim_run(void) __attribute__((warn_unused_result));

/* As rst_call_rcu(). Lock-free; while there is a user. */
void rst_reclaim_push(struct rcu_head *head, void (*func)(struct rcu_head *));

/* So much is queued that the next round need not wait for the usual pause. Lock-free; while there
 * is a user. */
void rst_reclaim_soon(void);

/* Whether a grace period can be had now: 0, -ENOMEM or -EPERM. */
int rst_rcu_ready(void);

/*
 * Between these two what the calling thread finds of a roster is kept as under the read lock, which
 * it need not hold: no callback that was queued since runs. Unlike the read lock this delays no
 * thread but that of reclaim.h, so it may last, and the server's code may be called. They nest.
 * While there is a user.
 */
void rst_keep_begin(void);
void rst_keep_end(void);

/*
 * Waits until every callback that was queued before has run; where there is no thread, it runs
 * them. Returns 0; -EBUSY at once inside a read-side section of liburcu's flavour bp, entered by
 * any code, between the two above, and inside a callback of a round by hand, because none would
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
