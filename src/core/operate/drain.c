/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Draining a server.
 *
 * The drain misses no session, and no open is undone after other threads have found the session:
 *
 *     opener                                   drainer
 *     1 opening := kind, its thread's word     a draining := kinds
 *     2 compiler barrier                       b membarrier
 *     3 load draining: refused?                c load each thread's opening   (acquire)
 *     4 add the session to the registry        d walk the registry
 *     5 opening := 0     (release)
 *
 * Either 3 comes after b in the opener's thread and sees a: the open fails before anything of the
 * session was published, so no kill and no wake callback can reach it. Or 1 came before b: then c
 * sees that a session is being opened, and the drainer repeats its walk; or c sees 5, and d finds
 * the session that 4 has added.
 */
#include "core/base/clock.h"
#include "core/operate/kill.h"

#include "core/base/cancel.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/reader/list.h"
#include "core/roster/event_log.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <roster/drain.h>
#include <string.h>
#include <time.h>

#define DEFAULT_FINISH_MS 15000
#define DEFAULT_KILL_MS 5000
#define DEFAULT_POLL_MS 10
#define MAX_POLL_MS 1000

struct drain {
    struct roster *roster;
    struct roster_drain_options options;
    struct roster_drain_report report;
    struct roster_drain_progress progress;
    uint64_t opening; /* sessions that were being opened when the last look began */
    uint64_t began;
};

static int options_get(struct roster_drain_options *known,
                       const struct roster_drain_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return err;
    if ((known->kinds & ~RST_KILL_ALL_KINDS) || known->poll_ms > MAX_POLL_MS)
        return -EINVAL;
    if (!known->finish_ms)
        known->finish_ms = DEFAULT_FINISH_MS;
    if (!known->kill_ms)
        known->kill_ms = DEFAULT_KILL_MS;
    if (!known->kinds)
        known->kinds = ROSTER_KIND_BIT(ROSTER_SESSION_USER);
    if (!known->poll_ms)
        known->poll_ms = DEFAULT_POLL_MS;
    return 0;
}

static uint64_t elapsed_ms(const struct drain *drain)
{
    return rst_since(rst_monotonic_ns(), drain->began) / 1000000;
}

static bool is_leaving(const struct roster_session *session)
{
    return rst_kill_conn_reason(rst_load_acquire(&session->kill)) != 0;
}

/* Asks the session to leave. Returns whether this call was the one. */
static bool tell(struct drain *drain, const struct roster_session *session)
{
    struct roster_kill_info kill =
        rst_kill_aim(ROSTER_KILL_TARGET_CONNECTION, ROSTER_KILL_REASON_SHUTDOWN,
                     drain->options.by ? drain->options.by : "drain");

    return !rst_kill_session(drain->roster, (struct roster_session *)(uintptr_t)session, &kill);
}

static void name_left(struct drain *drain, const struct roster_session *session,
                      const struct roster_shown *view)
{
    struct roster_drain_left *left;

    if (drain->progress.sessions >= ROSTER_DRAIN_NAMED)
        return;
    left = &drain->report.left[drain->progress.sessions];
    left->session_id = roster_session_id(session);
    left->stmt_seq = view->statement ? view->statement->seq : 0;
    left->start_ts = view->start_ts;
    left->state_since = roster_session_since(session, view);
    left->kind = roster_session_kind(session);
    left->run_state = (enum roster_run_state)view->run_state;
}

static int look_at(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    struct drain *drain = arg;
    struct roster_drain_progress *progress = &drain->progress;
    bool in_txn = view->txn_state != ROSTER_TXN_INVALID;

    if (!(drain->options.kinds & ROSTER_KIND_BIT(roster_session_kind(session))))
        return 0;
    name_left(drain, session, view);
    progress->sessions++;
    if (!is_leaving(session)) {
        if (!in_txn && !view->statement)
            drain->report.idle += tell(drain, session);
        else if (progress->phase == ROSTER_DRAIN_KILLING)
            drain->report.killed += tell(drain, session);
    }
    if (is_leaving(session))
        progress->leaving++;
    else if (in_txn)
        progress->in_txn++;
    else
        progress->running++;
    return 0;
}

/* The sessions that threads are opening at this moment. A thread that ends opens none. */
static void count_opening(struct drain *drain)
{
    const struct rst_thread *thread;
    const struct cds_list_head *node;

    drain->opening = 0;
    rst_thread_process_lock();
    rst_for_each_thread (thread, node, drain->roster)
        /* c: pairs with 1 and 5 */
        drain->opening += (rst_load_acquire(&thread->opening) & drain->options.kinds) != 0;
    rst_thread_process_unlock();
}

/* One look at all sessions. */
static void look(struct drain *drain)
{
    enum roster_drain_phase phase = drain->progress.phase;

    count_opening(drain); /* c */
    rst_test_point("drain: openings counted");
    memset(&drain->progress, 0, sizeof(drain->progress));
    memset(drain->report.left, 0, sizeof(drain->report.left));
    drain->progress.phase = phase;
    rst_keep_begin();
    rst_rcu_read_lock();
    (void)rst_for_each(drain->roster, look_at, drain, NULL, 0); /* d */
    rst_rcu_read_unlock();
    rst_keep_end();
    drain->progress.elapsed_ms = elapsed_ms(drain);
}

/* The walk may have met some of those that were being opened before it. */
static uint64_t remaining(const struct drain *drain)
{
    uint64_t sessions = drain->progress.sessions;

    return sessions > drain->opening ? sessions : drain->opening;
}

/* Looks until all have left, the time is up, or the caller will not wait. */
static void run_phase(struct drain *drain, enum roster_drain_phase phase, uint64_t time_ms)
{
    const struct roster_drain_options *options = &drain->options;
    const struct timespec pause = {(time_t)(options->poll_ms / 1000),
                                   (long)(options->poll_ms % 1000) * 1000000};
    uint64_t began = elapsed_ms(drain), paused_ms = 0;

    drain->progress.phase = phase;
    for (;;) {
        look(drain);
        if (!drain->report.sessions && phase == ROSTER_DRAIN_FINISHING)
            drain->report.sessions = drain->progress.sessions;
        if (options->progress && options->progress(&drain->progress, options->progress_arg))
            return;
        if (!remaining(drain))
            return;
        if (time_ms != ROSTER_DRAIN_FOR_EVER &&
            (paused_ms >= time_ms || rst_since(elapsed_ms(drain), began) >= time_ms))
            return;
        if (!clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL))
            paused_ms += options->poll_ms; /* ends it also where the kernel refuses its clock */
    }
}

static int run(struct drain *drain)
{
    run_phase(drain, ROSTER_DRAIN_FINISHING, drain->options.finish_ms);
    if (remaining(drain))
        run_phase(drain, ROSTER_DRAIN_KILLING, drain->options.kill_ms);
    drain->report.remaining = remaining(drain);
    drain->report.elapsed_ms = elapsed_ms(drain);
    return drain->report.remaining ? -ETIMEDOUT : 0;
}

static void log_drain(struct roster *roster, const char *what, const char *by, int result)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_DRAIN, .result = result};

    rst_event_log_string(event.what, sizeof(event.what), what);
    rst_event_log_string(event.by, sizeof(event.by), by);
    rst_event_log_add(roster, &event);
}

int roster_drain(struct roster *roster, const struct roster_drain_options *options,
                 struct roster_drain_report *report)
{
    RST_NOT_CANCELLED;
    struct drain drain;
    uint32_t before;
    int err;

    if (!roster)
        return -EINVAL;
    memset(&drain, 0, sizeof(drain));
    drain.roster = roster;
    drain.began = rst_monotonic_ns();
    err = options_get(&drain.options, options);
    if (!err && report)
        err = rst_struct_check(report, sizeof(*report), sizeof(*report));
    if (err)
        return err;
    /* Before anything is changed: with a context the looks cannot fail. */
    if (!rst_enter(roster, &err))
        return err;
    if (__atomic_exchange_n(&roster->drainers, 1, __ATOMIC_ACQUIRE))
        return -EALREADY;
    log_drain(roster, "began", drain.options.by, 0);
    before = rst_load(&roster->draining);
    /* Those of an earlier drain are refused as before. a: pairs with 3 */
    rst_store(&roster->draining, before | drain.options.kinds);
    rst_test_point("drain: announced");
    err = rst_owners_barrier(roster->membarrier); /* b: pairs with 2, or with the fence there */
    if (!err)
        err = run(&drain);
    else
        rst_store(&roster->draining, before);
    log_drain(roster, "ended", drain.options.by, err);
    rst_store_release(&roster->drainers, 0);
    if (report && (!err || err == -ETIMEDOUT))
        rst_struct_put(report, &drain.report, sizeof(drain.report));
    return err;
}

int roster_drain_undo(struct roster *roster)
{
    if (!roster)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    if (__atomic_exchange_n(&roster->drainers, 1, __ATOMIC_ACQUIRE))
        return -EALREADY;
    rst_store(&roster->draining, 0);
    log_drain(roster, "undone", NULL, 0);
    rst_store_release(&roster->drainers, 0);
    return 0;
}
