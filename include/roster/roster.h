/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * All of libroster's core in one include.
 *
 * The words used by every header (roster, session, view, transaction, pin, minimum, safe point)
 * and the guarantees G1 to G9 that the functions name are defined in doc/design.md.
 *
 * Calling contexts. "The owner" of a session is the one thread that uses it at the moment;
 * ownership moves between threads only across a happens-before edge (a mutex, a queue, a join).
 * "Any thread" means any thread of the process, registered nowhere. "Under the read lock" means
 * between roster_read_lock() and roster_read_unlock() of the same roster.
 *
 * Caveats.
 *
 * - Two threads that use one session at once corrupt it. Only a debug build (--enable-debug)
 * checks.
 * - A safe point is not what to delete: the newest version at or below it is still read. And
 *   roster_min_advance() moves it; roster_min_peek() only looks.
 * - A transaction may be overtaken, by an age limit or the loss of a lease: without
 *   roster_txn_check() after its reads and before the reply, a client may get a wrong answer.
 * - A reader that stays inside the read lock, or sleeps there, keeps memory: in the end opening and
 *   updating sessions is refused (-ENOBUFS). What waits for readers returns -EBUSY there.
 * - fork(): in a child every function that takes an object of the parent's (a roster, what belongs
 *   to it, a store and what rests on it) returns -ECHILD and leaves it alone, what returns no errno
 *   does nothing, and only plain facts may be read (exec or _exit are fine): inherited rosters are
 *   abandoned, as in prefork workers and servers that daemonise. A child may create rosters of its
 *   own, and open a store of its own (one of SQLite only if no other thread was inside SQLite at
 *   the fork, whose mutexes stay locked). A fork waits for a grace period under way; inside a
 *   read-side section it waits for none, and its child has no rosters (-EPERM). The library takes
 *   its locks and calls urcu_bp_before_fork() and its counterparts in handlers of pthread_atfork():
 *   a program must not call them itself. A handler of its own that takes a lock which it holds
 *   around calls of Roster is registered after its first roster_create(): so a fork takes that lock
 *   first, too.
 * - Signals: no function but roster_strerror() may be called from a handler. Threads of the library
 *   block all signals.
 * - Cancellation: no function is a cancellation point, unless the server's own oracle is one: a
 *   thread that is cancelled ends before or after it. So it must not be one: where it ends a thread
 *   inside of roster_txn_begin(), what that has announced holds back the minimum for ever.
 * - membarrier(): a seccomp filter that refuses it after the roster was created stops scans, kills
 *   and reclamation (-EPERM) until it is allowed again; install the filter first.
 * - dlclose() leaves the library in memory, because its threads and liburcu's may still run.
 * - Linked statically into a program and into a plugin that it loads, there are two copies that do
 *   not know each other: use the shared library there.
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
