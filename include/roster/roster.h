/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * All of libroster's core in one include.
 *
 * doc/design.md defines the terms of all headers (roster, session, view, transaction, pin,
 * minimum, safe point) and the guarantees G1 to G9 that the functions refer to.
 *
 * Calling contexts. "The owner" of a session is the one thread that uses it at a given
 * moment; ownership moves between threads only across a happens-before edge (a mutex, a queue, a
 * join). "Any thread" means any thread of the process; threads need not register. "Under the read
 * lock" means between roster_read_lock() and roster_read_unlock() of the same roster.
 *
 * Caveats.
 *
 * - A session must not be used by two threads at once: that corrupts it. Only a debug build
 * (--enable-debug) checks this.
 * - Not everything below a safe point may be deleted: the newest version at or below it is still
 * read. roster_min_advance() moves the safe point; roster_min_peek() does not.
 * - An age limit or a lost lease lets safe points pass an open transaction. Call roster_txn_check()
 * after its reads and before the reply; otherwise a client may get a wrong answer.
 * - A reader that stays inside the read lock, or sleeps there, delays reclamation. Once the backlog
 * is full, opening and updating sessions, pins, and the use of a table fail (-ENOBUFS). Functions
 * that wait for readers return -EBUSY inside the read lock.
 * - fork(): rosters are not inherited, which matters for prefork workers and daemons. In a child,
 * every function that takes an object of the parent's (a roster and what belongs to it, a store and
 * what is built on it) returns -ECHILD and does nothing; functions that return no errno do nothing
 * or only read plain facts. exec and _exit work. A child may create rosters of its own and open a
 * store of its own (an SQLite store only if no other thread was inside SQLite at the fork, because
 * SQLite's mutexes would stay locked).
 * - fork() waits for a grace period that is under way. Inside a read-side section it does not wait,
 * and the child cannot create rosters (-EPERM). The library installs pthread_atfork() handlers that
 * take its locks and call urcu_bp_before_fork() and its counterparts; a program must not call these
 * itself. If a program has an atfork handler for a lock that it holds while calling Roster, it
 * registers that handler after its first roster_create(): fork() then takes that lock first, too.
 * - Signals: roster_strerror() is the only function that a signal handler may call. Threads of the
 * library block all signals.
 * - Cancellation: no function is a cancellation point, so a cancelled thread ends before or after
 * the call. A server's own oracle must not be one either: a thread that is cancelled inside
 * roster_txn_begin() holds back the minimum forever.
 * - membarrier(): if a seccomp filter starts to refuse it after the roster was created, scans,
 * kills and reclamation stop (-EPERM) until it is allowed again. Install the filter first.
 * - dlclose() does not unload the library, because its threads and liburcu's may still run.
 * - A program and a plugin that each link the library statically have two independent copies: link
 * the shared library in that case.
 */
#ifndef ROSTER_ROSTER_H
#define ROSTER_ROSTER_H

#include <roster/activity.h>
#include <roster/block.h>
#include <roster/build.h>
#include <roster/conn_id.h>
#include <roster/drain.h>
#include <roster/error.h>
#include <roster/event_log.h>
#include <roster/export.h>
#include <roster/history.h>
#include <roster/kill.h>
#include <roster/limits.h>
#include <roster/list.h>
#include <roster/lock_wait.h>
#include <roster/manager.h>
#include <roster/metrics.h>
#include <roster/minimum.h>
#include <roster/oracle.h>
#include <roster/pin.h>
#include <roster/progress.h>
#include <roster/quota.h>
#include <roster/rows.h>
#include <roster/schema_check.h>
#include <roster/session.h>
#include <roster/statement.h>
#include <roster/text.h>
#include <roster/timestamp.h>
#include <roster/txn.h>
#include <roster/version.h>
#include <roster/view.h>
#include <roster/wait.h>
#include <roster/watchdog.h>

#endif /* ROSTER_ROSTER_H */
