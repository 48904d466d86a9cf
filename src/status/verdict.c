/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The verdict. See verdict.h.
 */
#include "config.h"

#include "status/verdict.h"

#include "status/blocked.h"
#include "status/groups.h"
#include "status/status.h"
#include "status/stuck.h"

#include "core/base/count.h"
#include "core/roster/event_log.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS INT64_C(1000000)
#define AHEAD_MS 1000 /* less than this is a step that time synchronisation makes */
#define NEAR 10       /* within a tenth of a limit is near */
#define FULL_LOOKED_AT 8
#define OF_STORE "rosterctl --store=\"$ROSTER_STORE\" " /* which is known to operators only */
#define GO_ON_MS 10000 /* given to those that waited for another session until now */
#define INTERVALS 3    /* without a report are too many */
#define LATE_MS 3000   /* so late may be who waits for a processor */

_Static_assert(PROBLEMS <= PROBLEMS_MOST, "the endpoint remembers since when each is there");

static const char *const names[PROBLEMS] = {
    [PROBLEM_REFUSED] = "refused",
    [PROBLEM_BEHIND] = "behind",
    [PROBLEM_FENCED] = "fenced",
    [PROBLEM_JOINING] = "joining",
    [PROBLEM_MEMBARRIER] = "membarrier refused",
    [PROBLEM_BACKLOG] = "backlog near its limit",
    [PROBLEM_SESSIONS] = "sessions near their limit",
    [PROBLEM_QUOTA] = "quota reached",
    [PROBLEM_LEASE] = "lease nearly expired",
    [PROBLEM_REPORT] = "report overdue",
    [PROBLEM_STORE] = "store failing",
    [PROBLEM_BLOCKED] = "sessions blocked",
    [PROBLEM_STUCK] = "kills not acted upon",
    [PROBLEM_TXN_SAFE_POINT] = "txn safe point stuck",
    [PROBLEM_GC_SAFE_POINT] = "gc safe point stuck",
    [PROBLEM_ABANDONED] = "holder abandoned",
    [PROBLEM_PASSED] = "holder passed",
    [PROBLEM_MINIMUM] = "minimum too old",
    [PROBLEM_CLOCK] = "clock ahead",
};

/* What is looked at, once. */
struct look {
    struct roster_status *status;
    const struct roster_status_options *options;
    struct verdict *verdict;
    struct roster_stats stats;
    struct roster_metrics metrics;
    struct roster_min min;
    struct roster_syncer_stats syncer;
    struct roster_safe_point_state cluster;
    bool has_min, has_syncer, has_cluster;
    int64_t boot_ns; /* CLOCK_BOOTTIME, by which the cluster's parts tell when */
    bool seen[PROBLEMS];
};

const char *rst_problem_name(enum problem problem)
{
    return names[problem];
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 * MS + now.tv_nsec;
}

/* The command to be given to rosterctl, with the address of this server. */
static void command(struct look *look, struct found *found, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void command(struct look *look, struct found *found, const char *format, ...)
{
    int length = snprintf(found->command, sizeof(found->command), "rosterctl -s %s ",
                          roster_status_address(look->status));
    va_list args;

    if (length < 0 || (size_t)length >= sizeof(found->command))
        return;
    va_start(args, format);
    vsnprintf(found->command + length, sizeof(found->command) - (size_t)length, format, args);
    va_end(args);
}

/* For the event log: a problem has appeared, with its evidence, or is gone. */
static void log_change(struct look *look, enum problem problem, const char *what,
                       const char *evidence)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_VERDICT};

    snprintf(event.what, sizeof(event.what), "%s", what);
    snprintf(event.name, sizeof(event.name), "%s", names[problem]);
    rst_event_log_text(event.text, sizeof(event.text), evidence, strlen(evidence));
    rst_event_log_add(look->status->roster, &event);
}

/* `age_ms` is negative where nothing says since when: then it is since it was seen here first. */
static struct found *find(struct look *look, enum problem problem, int64_t age_ms,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

static struct found *find(struct look *look, enum problem problem, int64_t age_ms,
                          const char *format, ...)
{
    struct found *found = &look->verdict->found[look->verdict->count++];
    uint64_t *since_ms = &look->status->problems_since_ms[problem], now_ms = rst_status_now_ms();
    bool appeared = !*since_ms;
    va_list args;

    if (appeared)
        *since_ms = now_ms;
    look->seen[problem] = true;
    found->problem = problem;
    found->age_ms = age_ms < 0 ? now_ms - *since_ms : (uint64_t)age_ms;
    va_start(args, format);
    vsnprintf(found->evidence, sizeof(found->evidence), format, args);
    va_end(args);
    if (appeared)
        log_change(look, problem, "appeared", found->evidence);
    command(look, found, "safepoint");
    return found;
}

static int64_t failing_ms(const struct look *look, const struct roster_failing *failing)
{
    return failing->times && look->boot_ns > failing->since_ns
               ? (look->boot_ns - failing->since_ns) / MS
               : -1;
}

static const char *why(const struct roster_failing *failing)
{
    return failing->times ? roster_store_strerror(failing->error) : "no error is known";
}

/* Where the reason is a lock, a command shows whose it is; where it is the room, which is full: the
 * quota of an etcd, or the disk. Commands of this endpoint would say the same again. */
static void command_about(struct found *found, const struct roster_failing *failing)
{
    if (failing->times && failing->error == -EBUSY)
        snprintf(found->command, sizeof(found->command), "lslocks --output COMMAND,PID,MODE,PATH");
    else if (failing->times && failing->error == -ENOSPC)
        snprintf(found->command, sizeof(found->command), "etcdctl alarm list || df -h");
}

static void judge_fence(struct look *look)
{
    const struct roster_syncer_stats *syncer = &look->syncer;
    bool fenced = look->metrics.leased && look->metrics.lease_margin_ns <= 0;
    int64_t fenced_ms = -look->metrics.lease_margin_ns / MS;
    const struct roster_failing *failing =
        syncer->keeping.times ? &syncer->keeping : &syncer->joining;

    if (look->has_syncer && syncer->state == ROSTER_SYNCER_REFUSED)
        find(look, PROBLEM_REFUSED, failing_ms(look, &syncer->joining),
             "another server lives under this server_id, for the %" PRIu64
             ". time: stop one of the two; all transactions fail their checks",
             syncer->refusals);
    else if (look->has_syncer && syncer->state == ROSTER_SYNCER_BEHIND)
        find(look, PROBLEM_BEHIND, failing_ms(look, &syncer->joining),
             "the oracle is behind the txn safe point%s%s: set this server's clock; all "
             "transactions fail their checks",
             *syncer->rejected_key ? " in " : "", syncer->rejected_key);
    else if (look->has_syncer && syncer->state == ROSTER_SYNCER_JOINING)
        command_about(find(look, PROBLEM_JOINING, failing_ms(look, &syncer->joining),
                           "not registered in the store so far: %s", why(&syncer->joining)),
                      &syncer->joining);
    else if (fenced)
        command_about(find(look, PROBLEM_FENCED, fenced_ms,
                           "all transactions fail their checks until the lease is back: %s%s%s",
                           look->has_syncer && !failing->times
                               ? "the store refuses nothing now, and the syncer's next call "
                                 "brings it back"
                               : why(failing),
                           *syncer->rejected_key ? "; rejected the value of " : "",
                           syncer->rejected_key),
                      failing);
}

static void judge_kernel(struct look *look)
{
    if (look->stats.membarrier_refused) {
        struct found *found =
            find(look, PROBLEM_MEMBARRIER, -1,
                 "the kernel refused it %" PRIu64
                 " time%s: minima and kills fail, safe points stand still; allow the system call",
                 look->stats.membarrier_failures, count_s(look->stats.membarrier_failures));

        command(look, found, "status");
    }
}

static bool is_near(uint64_t used, uint64_t limit)
{
    return limit && used >= limit - limit / NEAR;
}

/* And who has most of them. */
static void judge_sessions(struct look *look)
{
    const struct roster_stats *stats = &look->stats;
    char shown[ROSTER_GROUP_VALUE + 32], text[200] = "ps --command=Sleep --sort=-time -n 20",
                                         most[256] = "";
    struct roster_groups sum = {.size = sizeof(sum)};
    struct roster_group group;
    struct found *found;
    size_t count;
    unsigned by;

    for (by = 0; by < ROSTER_GROUP_BYS && !*most; by++) {
        count = 1;
        if (roster_groups_top(look->status->roster, (enum roster_group_by)by, &group, &count,
                              &sum) ||
            !count || group.sessions * 2 <= sum.sessions)
            continue;
        rst_group_show(&group, shown, sizeof(shown));
        rst_group_command(&group, text, sizeof(text));
        snprintf(most, sizeof(most), "; %s has %" PRIu64 " of them%s", shown, group.sessions,
                 by == ROSTER_GROUP_USER
                     ? "; \"All sessions of one user\" in doc/operations.md ends them"
                     : "");
    }
    found = find(look, PROBLEM_SESSIONS, -1,
                 "%" PRIu64 " of %" PRIu64 " sessions are open, %" PRIu64 " %s refused%s",
                 stats->sessions, stats->max_sessions, stats->sessions_refused,
                 count_were(stats->sessions_refused), most);
    command(look, found, "%s", text);
}

static void judge_limits(struct look *look)
{
    const struct roster_stats *stats = &look->stats;
    struct found *found;

    if (is_near(stats->backlog, stats->backlog_limit)) {
        found = find(look, PROBLEM_BACKLOG, (int64_t)(look->metrics.grace_period_age_ns / MS),
                     "%" PRIu64 " of %" PRIu64
                     " bytes wait for a reader that does not leave, %" PRIu64 " call%s %s refused",
                     stats->backlog, stats->backlog_limit, stats->backlog_refused,
                     count_s(stats->backlog_refused), count_were(stats->backlog_refused));
        command(look, found, "status");
    }
    if (is_near(stats->sessions, stats->max_sessions))
        judge_sessions(look);
}

/* Groups from which sessions were refused, and that have no place now. */
static void judge_quotas(struct look *look)
{
    struct roster_group full[FULL_LOOKED_AT];
    char shown[ROSTER_GROUP_VALUE + 32], text[200], others[64] = "";
    size_t count = FULL_LOOKED_AT;
    struct found *found;

    if (roster_groups_full(look->status->roster, full, &count) || !count)
        return;
    rst_group_show(&full[0], shown, sizeof(shown));
    rst_group_command(&full[0], text, sizeof(text));
    if (count > 1)
        snprintf(others, sizeof(others), "; so have %zu%s more", count - 1,
                 count == FULL_LOOKED_AT ? " or" : "");
    found = find(look, PROBLEM_QUOTA, -1,
                 "%s has %" PRIu64 " session%s of %" PRIu64 " that its rule allows (%" PRIu64
                 " reserved), %" PRIu64 " %s refused%s",
                 shown, full[0].sessions, count_s(full[0].sessions), full[0].limit,
                 full[0].reserved, full[0].refused, count_were(full[0].refused), others);
    command(look, found, "%s", text);
}

/* One that fails, or that does not come at all: then no error says why. */
static void judge_report(struct look *look)
{
    const struct roster_syncer_stats *syncer = &look->syncer;
    int64_t passed_ms = (look->boot_ns - syncer->reported_ns) / MS,
            interval_ms = (int64_t)syncer->interval_ms,
            most_ms = INTERVALS * interval_ms > LATE_MS ? INTERVALS * interval_ms : LATE_MS;

    if (syncer->reporting.times)
        find(look, PROBLEM_REPORT, failing_ms(look, &syncer->reporting),
             "%" PRIu64 " report%s in a row failed, so safe points stand still: %s",
             syncer->reporting.times, count_s(syncer->reporting.times), why(&syncer->reporting));
    else if (syncer->reported_ns && interval_ms && passed_ms > most_ms)
        find(look, PROBLEM_REPORT, passed_ms - interval_ms,
             "the newest report was %" PRId64 " ms ago, and one is due every %" PRId64
             " ms, so safe points stand still: the syncer's thread does not run, or the server "
             "does not call roster_syncer_run_once()",
             passed_ms, interval_ms);
}

static void judge_lease(struct look *look)
{
    const struct roster_syncer_stats *syncer = &look->syncer;
    int64_t margin_ms = look->metrics.lease_margin_ns / MS;
    size_t count;

    if (!look->has_syncer || syncer->state != ROSTER_SYNCER_LIVE)
        return;
    /* Keep-alives come three times in a lease, so with less left two have been missed. */
    if (margin_ms > 0 && margin_ms < syncer->granted_ms / 3)
        command_about(find(look, PROBLEM_LEASE, failing_ms(look, &syncer->keeping),
                           "the server is fenced in %" PRId64 " ms: %s", margin_ms,
                           why(&syncer->keeping)),
                      &syncer->keeping);
    count = look->verdict->count;
    judge_report(look);
    if (look->verdict->count > count)
        command_about(&look->verdict->found[count], &syncer->reporting);
}

static void judge_store(struct look *look)
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
            command_about(find(look, PROBLEM_STORE, failing_ms(look, operations[n].failing),
                               "%s failed %" PRIu64 " time%s in a row: %s", operations[n].what,
                               operations[n].failing->times, count_s(operations[n].failing->times),
                               why(operations[n].failing)),
                          operations[n].failing);
            return;
        }
}

static void judge_blocked(struct look *look)
{
    uint64_t now_ms = rst_status_now_ms();
    struct blocked blocked;
    struct found *found;

    if (!rst_blocked_look(look->status->roster, look->options->blocked_ms, &blocked))
        return;
    look->status->blocked_ms = now_ms;
    found = find(look, PROBLEM_BLOCKED,
                 now_ms > blocked.since_ms ? (int64_t)(now_ms - blocked.since_ms) : 0, "%s",
                 blocked.evidence);
    command(look, found, "%s", blocked.command);
}

static void judge_kills(struct look *look)
{
    uint64_t now_ms = rst_status_now_ms();
    struct stuck stuck;
    struct found *found;

    if (!rst_stuck_look(look->status, &look->stats, &stuck))
        return;
    look->verdict->stuck = stuck.count;
    found = find(look, PROBLEM_STUCK, (int64_t)(now_ms - stuck.since_ms), "%s", stuck.evidence);
    command(look, found, "%s", stuck.command);
}

/* A name out of the store, as a word for a shell: a record may hold anything. NULL: too long. What
 * may be taken for an option is to stand behind "--". */
static const char *word(const char *name, char *text, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
    size_t length = 0;

    text[length++] = '\'';
    for (; *name && length + 6 < size; name++) {
        if (*name == '\'') {
            memcpy(text + length, "'\\'", 3);
            length += 3;
        }
        text[length++] = *name;
    }
    text[length++] = '\'';
    text[length] = '\0';
    if (strspn(text + 1, plain) == length - 2) {
        text[length - 1] = '\0';
        return text + 1;
    }
    return *name ? NULL : text;
}

static bool is_own(const struct look *look, const struct roster_blocker *blocker)
{
    return blocker->kind == ROSTER_BLOCKER_SERVER && look->has_syncer &&
           !strcmp(blocker->name, look->syncer.server_id);
}

/* Why a session that holds something back is not the one to end, appended to the evidence: it waits
 * for another one, or may be among those that did until now. */
static bool is_to_go_on(struct look *look, struct found *found, uint64_t session_id)
{
    uint64_t last_ms = look->status->blocked_ms, now_ms = rst_status_now_ms();
    size_t length = strlen(found->evidence), room = sizeof(found->evidence) - length;
    char name[256];
    struct roster_entry entry;

    if (rst_blocked_name(look->status->roster, session_id, name, sizeof(name), &entry) &&
        entry.blocker) {
        snprintf(found->evidence + length, room, "; it waits for session %" PRIu64 " itself",
                 entry.blocker);
    } else if (last_ms && !look->seen[PROBLEM_BLOCKED] && now_ms - last_ms < GO_ON_MS) {
        snprintf(found->evidence + length, room,
                 "; sessions waited for another one until %" PRIu64
                 " ms ago, and it may be one of them: let them go on first",
                 now_ms - last_ms);
    } else {
        return false;
    }
    command(look, found, "locks");
    return true;
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
    const char *name = word(blocker->name, room, sizeof(room));
    const char *end = *blocker->name == '-' ? "-- " : "";

    /* That transaction or none: the session may have begun the next one by then. */
    if (!blocker->pin_id)
        snprintf(what, sizeof(what), "--transaction=%" PRIu64 " ", blocker->ts);

    if (blocker->kind == ROSTER_BLOCKER_BARRIER && name)
        snprintf(found->command, sizeof(found->command), OF_STORE "barrier delete %s%s", end, name);
    else if (has_ended(look, blocker))
        return;
    else if (blocker->session_id && is_own(look, blocker)) {
        if (!is_to_go_on(look, found, blocker->session_id))
            command(look, found, "kill %s%" PRIu64, what, blocker->session_id);
    } else if (blocker->kind == ROSTER_BLOCKER_SERVER && blocker->session_id && name)
        snprintf(found->command, sizeof(found->command), OF_STORE "kill %s%s%s:%" PRIu64, what, end,
                 name, blocker->session_id);
}

/* How long a safe point is held; -1: no time says it, but that it is. What was never acknowledged
 * has no age: a server that has just joined is given the time that any other one has. */
static int64_t blocked_ms(struct look *look, const struct roster_blocker *blocker)
{
    uint64_t *since_ms = &look->status->unacknowledged_since_ms, now_ms = rst_status_now_ms();

    if (roster_ts_physical_ms(blocker->ts))
        return (int64_t)blocker->age_ms;
    if (blocker->kind != ROSTER_BLOCKER_ACK)
        return -1;
    if (!*since_ms)
        *since_ms = now_ms;
    return (int64_t)(now_ms - *since_ms);
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
    found = find(look, problem, ms, "%s", describe(look, blocker, words, sizeof(words)));
    command_against(look, found, blocker);
}

static const char *kind_of(const struct roster_blocker *holder)
{
    return holder->kind == ROSTER_BLOCKER_BARRIER ? "barrier" : "server";
}

/* A holder that is too old and stays, by the mode or because the server does not follow. It is what
 * blocks the txn safe point, unless that is blocked by a value that is none. */
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
    found = find(look, PROBLEM_ABANDONED, -1,
                 "%s %s holds the safe points at %" PRIu64 ", older than %" PRIu64 " s%s%s",
                 kind_of(holder), holder->name, holder->ts, cluster->abandoned_ms / 1000, others,
                 cluster->abandoned_mode == ROSTER_ABANDONED_PASS
                     ? "; asked to give that up, it does not: its mode is another one, it cannot "
                       "report, or it is no server of Roster"
                     : "; the mode is warn, so it stays");
    command_against(look, found, &cluster->txn_blocker);
    return true;
}

static bool is_recent(const struct look *look, int64_t at_ns)
{
    return at_ns && look->boot_ns - at_ns < (int64_t)look->options->old_ms * MS;
}

/* What was lost, on the server that lost it; else what this leader has passed. */
static void judge_passed(struct look *look)
{
    const struct roster_safe_point_state *cluster = &look->cluster;
    const struct roster_syncer_stats *syncer = &look->syncer;
    struct found *found = NULL;

    if (is_recent(look, syncer->given_up_ns))
        found = find(look, PROBLEM_PASSED, (look->boot_ns - syncer->given_up_ns) / MS,
                     "%" PRIu64 " transactions and pins of this server, below %" PRIu64
                     ", were given up because they held the safe points for too long: their checks "
                     "fail",
                     syncer->given_up_pins, syncer->given_up_ts);
    else if (is_recent(look, cluster->passed_ns))
        found = find(look, PROBLEM_PASSED, (look->boot_ns - cluster->passed_ns) / MS,
                     "%s %s held the safe points at %" PRIu64 ", older than %" PRIu64 " s, and %s",
                     kind_of(&cluster->passed), cluster->passed.name, cluster->passed.ts,
                     cluster->abandoned_ms / 1000,
                     cluster->passed.kind == ROSTER_BLOCKER_BARRIER ? "was deleted: tell its owner"
                                                                    : "was asked to give that up");
    if (found)
        command(look, found, "events --since=-1h");
}

/* Of a pin, whose; its session may have closed before it. */
static void name_owner(const struct roster_holder *holder, bool open, char *text, size_t size)
{
    *text = '\0';
    if (holder->session_id)
        snprintf(text, size, " of session %" PRIu64 "%s", holder->session_id,
                 open ? "" : ", which has closed,");
}

static void judge_minimum(struct look *look)
{
    const struct roster_holder *holder = &look->min.holder;
    int64_t held_ms = now_ns(CLOCK_MONOTONIC) / MS - (int64_t)(holder->since / MS);
    struct roster_entry entry;
    char name[256], owner[64];
    struct found *found;
    bool killable;

    if (!look->has_min || holder->kind == ROSTER_HOLDER_NONE ||
        held_ms <= (int64_t)look->options->old_ms)
        return;
    killable = holder->session_id && rst_blocked_name(look->status->roster, holder->session_id,
                                                      name, sizeof(name), &entry);
    name_owner(holder, killable, owner, sizeof(owner));
    killable = killable && rst_is_killable(&entry);
    if (holder->kind == ROSTER_HOLDER_PIN)
        found = find(look, PROBLEM_MINIMUM, held_ms, "%s pin %" PRIu64 "%s holds it",
                     roster_pin_kind_name(holder->pin_kind), holder->pin_id, owner);
    else
        found = find(look, PROBLEM_MINIMUM, held_ms,
                     "the transaction of session %" PRIu64 " holds it", holder->session_id);
    if (killable && is_to_go_on(look, found, holder->session_id))
        return;
    if (!killable)
        command(look, found, "min");
    else if (holder->kind == ROSTER_HOLDER_TXN)
        command(look, found, "kill --transaction=%" PRIu64 " %" PRIu64, holder->ts,
                holder->session_id);
    else
        command(look, found, "kill %" PRIu64, holder->session_id);
}

static void judge_clock(struct look *look)
{
    int64_t wall_ms = now_ns(CLOCK_REALTIME) / MS, ahead_ms;

    if (!look->has_min)
        return;
    ahead_ms = (int64_t)roster_ts_physical_ms(look->min.now) - wall_ms;
    if (ahead_ms > AHEAD_MS) {
        struct found *found =
            find(look, PROBLEM_CLOCK, -1,
                 "timestamps are %" PRId64
                 " ms ahead of this server's clock: it was set back, or was wrong before; "
                 "timestamps stay in order and nothing is lost; mend the time synchronisation and "
                 "do not restart",
                 ahead_ms);

        snprintf(found->command, sizeof(found->command), "timedatectl set-ntp true");
    }
}

/* The worst first, whatever was looked at first. Those of one rank stay in their order. */
static void sort(struct verdict *verdict)
{
    struct found kept;
    size_t n, at;

    for (n = 1; n < verdict->count; n++) {
        for (at = n; at && verdict->found[at - 1].problem > verdict->found[n].problem; at--)
            ;
        if (at == n)
            continue;
        kept = verdict->found[n];
        memmove(&verdict->found[at + 1], &verdict->found[at], (n - at) * sizeof(kept));
        verdict->found[at] = kept;
    }
}

void rst_verdict(struct roster_status *status, struct verdict *verdict)
{
    struct look look = {.status = status, .options = &status->options, .verdict = verdict};
    const struct roster_cluster_calls *calls = look.options->cluster;
    int problem;

    verdict->count = 0;
    verdict->stuck = 0;
    look.stats.size = sizeof(look.stats);
    look.metrics.size = sizeof(look.metrics);
    look.min.size = sizeof(look.min);
    look.syncer.size = sizeof(look.syncer);
    look.cluster.size = sizeof(look.cluster);
    (void)roster_stats(status->roster, &look.stats);
    (void)roster_metrics(status->roster, &look.metrics);
    look.has_min = !roster_min_peek(status->roster, &look.min);
    look.has_syncer =
        look.options->syncer && !calls->syncer_stats(look.options->syncer, &look.syncer);
    look.has_cluster = look.options->safe_point &&
                       !calls->safe_point_state(look.options->safe_point, &look.cluster);
    look.boot_ns = now_ns(CLOCK_BOOTTIME);
    judge_fence(&look);
    judge_kernel(&look);
    judge_limits(&look);
    judge_quotas(&look);
    judge_lease(&look);
    judge_store(&look);
    judge_blocked(&look);
    judge_kills(&look);
    if (look.cluster.gc_blocker.kind != ROSTER_BLOCKER_ACK ||
        roster_ts_physical_ms(look.cluster.gc_blocker.ts))
        status->unacknowledged_since_ms = 0;
    if (look.has_cluster) {
        if (!judge_abandoned(&look))
            judge_safe_point(&look, PROBLEM_TXN_SAFE_POINT, &look.cluster.txn_blocker);
        judge_safe_point(&look, PROBLEM_GC_SAFE_POINT, &look.cluster.gc_blocker);
    }
    judge_passed(&look);
    judge_minimum(&look);
    judge_clock(&look);
    sort(verdict);
    verdict->stats = look.stats;
    verdict->min = look.min;
    verdict->has_min = look.has_min;
    verdict->txn_safe_point = look.has_cluster ? look.cluster.txn : 0;
    verdict->gc_safe_point = look.has_cluster ? look.cluster.gc : 0;
    for (problem = 0; problem < PROBLEMS; problem++)
        if (!look.seen[problem] && status->problems_since_ms[problem]) {
            status->problems_since_ms[problem] = 0;
            log_change(&look, (enum problem)problem, "cleared", "");
        }
}
