/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the verdict finds wrong with a server in its cluster: the lease, the reports, the store, and
 * what holds back the safe points.
 */
#include "status/verdict.h"

#include "core/base/count.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <string.h>

#define OF_STORE "rosterctl --store=\"$ROSTER_STORE\" " /* which is known to operators only */
#define INTERVALS 3                                     /* without a report are too many */
#define LATE_MS 3000 /* so late may be who waits for a processor */

static int64_t ms_since(const struct look *look, int64_t moment_ns)
{
    return (int64_t)rst_since(look->boot_ns, (uint64_t)moment_ns) / RST_MS;
}

static int64_t failing_ms(const struct look *look, const struct roster_failing *failing)
{
    return failing->times ? ms_since(look, failing->since_ns) : -1;
}

static const char *why(const struct roster_failing *failing)
{
    return failing->times ? roster_store_strerror(failing->error) : "no error is known";
}

/* Where the reason is a lock, a command shows whose it is; where it is the room, which is full: the
 * quota of an etcd, or the disk. Commands of this endpoint would say the same again. */
static void command_about(struct found *found, const struct roster_failing *failing)
{
    if (failing->times && failing->error == -ENOLCK)
        snprintf(found->command, sizeof(found->command), "lslocks --output COMMAND,PID,MODE,PATH");
    else if (failing->times && failing->error == -ENOSPC)
        snprintf(found->command, sizeof(found->command), "etcdctl alarm list || df -h");
}

void rst_verdict_fence(struct look *look)
{
    const struct roster_syncer_stats *syncer = &look->syncer;
    bool fenced = look->metrics.leased && look->metrics.lease_margin_ns <= 0;
    int64_t fenced_ms = -look->metrics.lease_margin_ns / RST_MS;
    const struct roster_failing *failing =
        syncer->keeping.times ? &syncer->keeping : &syncer->joining;

    if (look->has_syncer && syncer->state == ROSTER_SYNCER_REFUSED)
        rst_verdict_find(look, PROBLEM_REFUSED, failing_ms(look, &syncer->joining),
                         "another live server uses this server_id, for the %" PRIu64
                         ". time: stop one of the two; all transactions fail their checks",
                         syncer->refusals);
    else if (look->has_syncer && syncer->state == ROSTER_SYNCER_BEHIND)
        rst_verdict_find(
            look, PROBLEM_BEHIND, failing_ms(look, &syncer->joining),
            "the oracle is behind the txn safe point%s%s: set this server's clock; all "
            "transactions fail their checks",
            *syncer->rejected_key ? " in " : "", syncer->rejected_key);
    else if (look->has_syncer && syncer->state == ROSTER_SYNCER_JOINING)
        command_about(rst_verdict_find(look, PROBLEM_JOINING, failing_ms(look, &syncer->joining),
                                       "not registered in the store yet: %s",
                                       why(&syncer->joining)),
                      &syncer->joining);
    else if (fenced)
        command_about(
            rst_verdict_find(look, PROBLEM_FENCED, fenced_ms,
                             "all transactions fail their checks until the lease is back: %s%s%s",
                             look->has_syncer && !failing->times
                                 ? "the store refuses nothing now, and the syncer's next call "
                                   "brings it back"
                                 : why(failing),
                             *syncer->rejected_key ? "; rejected the value of " : "",
                             syncer->rejected_key),
            failing);
}

/* One that fails, or that does not come at all: then no error says why. */
static void judge_report(struct look *look)
{
    const struct roster_syncer_stats *syncer = &look->syncer;
    int64_t passed_ms = ms_since(look, syncer->reported_ns),
            interval_ms = (int64_t)syncer->interval_ms,
            most_ms = INTERVALS * interval_ms > LATE_MS ? INTERVALS * interval_ms : LATE_MS;

    if (syncer->reporting.times)
        rst_verdict_find(look, PROBLEM_REPORT, failing_ms(look, &syncer->reporting),
                         "%" PRIu64 " report%s in a row failed, so safe points are stuck: %s",
                         syncer->reporting.times, count_s(syncer->reporting.times),
                         why(&syncer->reporting));
    else if (syncer->reported_ns && interval_ms && passed_ms > most_ms)
        rst_verdict_find(
            look, PROBLEM_REPORT, passed_ms - interval_ms,
            "the newest report was %" PRId64 " ms ago, and one is due every %" PRId64
            " ms, so safe points are stuck: the syncer's thread does not run, or the server "
            "does not call roster_syncer_run_once()",
            passed_ms, interval_ms);
}

void rst_verdict_lease(struct look *look)
{
    const struct roster_syncer_stats *syncer = &look->syncer;
    int64_t margin_ms = look->metrics.lease_margin_ns / RST_MS;
    size_t count;

    if (!look->has_syncer || syncer->state != ROSTER_SYNCER_LIVE)
        return;
    /* Keep-alives come three times in a lease, so with less left two have been missed. */
    if (margin_ms > 0 && margin_ms < syncer->granted_ms / 3)
        command_about(rst_verdict_find(look, PROBLEM_LEASE, failing_ms(look, &syncer->keeping),
                                       "the server is fenced in %" PRId64 " ms: %s", margin_ms,
                                       why(&syncer->keeping)),
                      &syncer->keeping);
    count = look->verdict->count;
    judge_report(look);
    if (look->verdict->count > count)
        command_about(&look->verdict->found[count], &syncer->reporting);
}

void rst_verdict_store(struct look *look)
{
    const struct {
        const char *what;
        const struct roster_failing *failing;
    } operations[] = {
        {"keeping the lease", &look->syncer.keeping},
        {"watching the record", &look->syncer.watching},
        {"lowering the record", &look->syncer.lowering},
        {"moving the safe points", &look->cluster.leading},
        {"following the safe points", &look->cluster.following},
        {"acknowledging the safe point", &look->cluster.acknowledging},
    };
    size_t n;

    for (n = 0; n < sizeof(operations) / sizeof(operations[0]); n++)
        if (operations[n].failing->times) {
            command_about(
                rst_verdict_find(look, PROBLEM_STORE, failing_ms(look, operations[n].failing),
                                 "%s failed %" PRIu64 " time%s in a row: %s", operations[n].what,
                                 operations[n].failing->times,
                                 count_s(operations[n].failing->times), why(operations[n].failing)),
                operations[n].failing);
            return;
        }
}

static bool is_own(const struct look *look, const struct roster_blocker *blocker)
{
    return blocker->kind == ROSTER_BLOCKER_SERVER && look->has_syncer &&
           !strcmp(blocker->name, look->syncer.server_id);
}

/* A session's transaction or pin of this server that the leader's newest round has found in the
 * store, and that is here no more: there is nothing to end. Of other servers that is not known. */
static bool has_ended(const struct look *look, const struct roster_blocker *blocker)
{
    return blocker->session_id && is_own(look, blocker) && look->has_min &&
           look->min.min_start_ts > blocker->ts;
}

/* The command that ends what holds a safe point, on this server or another one. */
static void command_against(struct look *look, struct found *found,
                            const struct roster_blocker *blocker)
{
    char room[200], what[48] = "";
    const char *name = rst_verdict_word(blocker->name, VERDICT_PLAIN, room, sizeof(room));
    /* What may be taken for an option stands behind "--". */
    const char *end = *blocker->name == '-' ? "-- " : "";

    /* That transaction or none: the session may have begun the next one by then. */
    if (!blocker->pin_id)
        snprintf(what, sizeof(what), "--transaction=%" PRIu64 " ", blocker->ts);

    if (blocker->kind == ROSTER_BLOCKER_BARRIER && name)
        snprintf(found->command, sizeof(found->command), OF_STORE "barrier delete %s%s", end, name);
    else if (has_ended(look, blocker))
        return;
    else if (blocker->session_id && is_own(look, blocker)) {
        if (!rst_verdict_is_to_go_on(look, found, blocker->session_id))
            rst_verdict_command(look, found, "kill %s%" PRIu64, what, blocker->session_id);
    } else if (blocker->kind == ROSTER_BLOCKER_SERVER && blocker->session_id && name)
        snprintf(found->command, sizeof(found->command), OF_STORE "kill %s%s%s:%" PRIu64, what, end,
                 name, blocker->session_id);
}

/* How long a safe point is held; -1: no time says it, but that it is. What was never acknowledged
 * has no age: a server that has just joined is given the time that any other one has. */
static int64_t blocked_ms(struct look *look, const struct roster_blocker *blocker)
{
    uint64_t *since_ms = &look->status->unacknowledged_since_ms, now_ms = rst_monotonic_ms();

    if (roster_ts_physical_ms(blocker->ts))
        return (int64_t)blocker->age_ms;
    if (blocker->kind != ROSTER_BLOCKER_ACK)
        return -1;
    if (!*since_ms)
        *since_ms = now_ms;
    return (int64_t)rst_since(now_ms, *since_ms);
}

/* What it is, and what to do. */
static const char *describe(const struct look *look, const struct roster_blocker *blocker,
                            char *text, size_t size)
{
    if (!has_ended(look, blocker))
        return look->options->cluster->blocker_describe(blocker, text, size);
    snprintf(text, size,
             "the %s of session %" PRIu64 " of this server has ended, waiting for the next round",
             blocker->pin_id ? "pin" : "transaction", blocker->session_id);
    return text;
}

/* A safe point that could move further, but for one record, barrier or key. */
static void judge_safe_point(struct look *look, enum problem problem,
                             const struct roster_blocker *blocker)
{
    char words[ROSTER_BLOCKER_NAME + 256];
    struct found *found;
    int64_t ms;

    if (blocker->kind == ROSTER_BLOCKER_NONE)
        return;
    ms = blocker->kind == ROSTER_BLOCKER_IMPOSSIBLE ? -1 : blocked_ms(look, blocker);
    if (ms >= 0 && (uint64_t)ms < look->options->old_ms)
        return;
    found =
        rst_verdict_find(look, problem, ms, "%s", describe(look, blocker, words, sizeof(words)));
    command_against(look, found, blocker);
}

static const char *kind_of(const struct roster_blocker *holder)
{
    return holder->kind == ROSTER_BLOCKER_BARRIER ? "barrier" : "server";
}

/* A holder that is too old and stays, by the mode or because the server does not follow. It is what
 * blocks the txn safe point, unless that is blocked by an invalid value. */
static bool judge_abandoned(struct look *look)
{
    const struct roster_safe_point_state *cluster = &look->cluster;
    const struct roster_blocker *holder = &cluster->abandoned_holder;
    char others[48] = "";
    struct found *found;

    if (holder->kind == ROSTER_BLOCKER_NONE || !cluster->leads ||
        cluster->txn_blocker.kind == ROSTER_BLOCKER_UNREADABLE ||
        cluster->txn_blocker.kind == ROSTER_BLOCKER_IMPOSSIBLE)
        return false;
    if (cluster->abandoned > 1)
        snprintf(others, sizeof(others), ", and %" PRIu64 " other%s", cluster->abandoned - 1,
                 count_s(cluster->abandoned - 1));
    found = rst_verdict_find(
        look, PROBLEM_ABANDONED, -1,
        "%s %s holds the safe points at %" PRIu64 ", older than %" PRIu64 " s%s%s", kind_of(holder),
        holder->name, holder->ts, cluster->abandoned_ms / 1000, others,
        cluster->abandoned_mode == ROSTER_ABANDONED_PASS
            ? "; it was asked to give that up and does not: it has another mode, cannot "
              "report, or it is not a Roster server"
            : "; the mode is warn, so it stays");
    command_against(look, found, &cluster->txn_blocker);
    return true;
}

void rst_verdict_safe_points(struct look *look)
{
    const struct roster_blocker *gc = &look->cluster.gc_blocker;

    if (gc->kind != ROSTER_BLOCKER_ACK || roster_ts_physical_ms(gc->ts))
        look->status->unacknowledged_since_ms = 0;
    if (!look->has_cluster)
        return;
    if (!judge_abandoned(look))
        judge_safe_point(look, PROBLEM_TXN_SAFE_POINT, &look->cluster.txn_blocker);
    judge_safe_point(look, PROBLEM_GC_SAFE_POINT, gc);
}

static bool is_recent(const struct look *look, int64_t at_ns)
{
    return at_ns && ms_since(look, at_ns) < (int64_t)look->options->old_ms;
}

/* What was lost, on the server that lost it; else what this leader has passed. */
void rst_verdict_passed(struct look *look)
{
    const struct roster_safe_point_state *cluster = &look->cluster;
    const struct roster_syncer_stats *syncer = &look->syncer;
    struct found *found = NULL;

    if (is_recent(look, syncer->given_up_ns))
        found = rst_verdict_find(
            look, PROBLEM_PASSED, ms_since(look, syncer->given_up_ns),
            "%" PRIu64 " transaction%s or pin%s of this server, below %" PRIu64
            ", %s given up for holding the safe points for too long: %s checks fail",
            syncer->given_up_pins, count_s(syncer->given_up_pins), count_s(syncer->given_up_pins),
            syncer->given_up_ts, count_were(syncer->given_up_pins),
            syncer->given_up_pins == 1 ? "its" : "their");
    else if (is_recent(look, cluster->passed_ns))
        found = rst_verdict_find(
            look, PROBLEM_PASSED, ms_since(look, cluster->passed_ns),
            "%s %s held the safe points at %" PRIu64 ", older than %" PRIu64 " s, and %s",
            kind_of(&cluster->passed), cluster->passed.name, cluster->passed.ts,
            cluster->abandoned_ms / 1000,
            cluster->passed.kind == ROSTER_BLOCKER_BARRIER ? "was deleted: inform its owner"
                                                           : "was asked to give that up");
    if (found)
        rst_verdict_command(look, found, "events --since=-1h");
}
