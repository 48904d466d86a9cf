/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The verdict. See verdict.h.
 */
#include "status/verdict.h"

#include "status/groups.h"

#include "core/base/count.h"
#include "core/roster/event_log.h"

#include <inttypes.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define AHEAD_MS 1000 /* less than this is a step that time synchronisation makes */
#define NEAR 10       /* within a tenth of a limit is near */
#define FULL_LOOKED_AT 8
#define GO_ON_MS 10000 /* given to those that waited for another session until now */

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

const char *rst_problem_name(enum problem problem)
{
    return names[problem];
}

const char *rst_verdict_word(const char *name, const char *plain, char *text, size_t size)
{
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
    if (*name || strspn(text + 1, plain) != length - 2)
        return *name ? NULL : text;
    text[length - 1] = '\0';
    return text + 1;
}

void rst_verdict_command(struct look *look, struct found *found, const char *format, ...)
{
    size_t size = sizeof(found->command);
    char room[256];
    const char *address = rst_verdict_word(roster_status_address(look->status),
                                           VERDICT_PLAIN "/:[]-", room, sizeof(room));
    int length = address ? snprintf(found->command, size, "rosterctl -s %s ", address) : -1;
    int more = -1;
    va_list args;

    if (length > 0 && (size_t)length < size) {
        va_start(args, format);
        more = vsnprintf(found->command + length, size - (size_t)length, format, args);
        va_end(args);
    }
    if (more < 0 || (size_t)more >= size - (size_t)length)
        found->command[0] = '\0';
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

struct found *rst_verdict_find(struct look *look, enum problem problem, int64_t age_ms,
                               const char *format, ...)
{
    struct found *found = &look->verdict->found[look->verdict->count++];
    uint64_t *since_ms = &look->status->problems_since_ms[problem], now_ms = rst_monotonic_ms();
    bool appeared = !*since_ms;
    va_list args;

    if (appeared)
        *since_ms = now_ms;
    look->seen[problem] = true;
    found->problem = problem;
    found->age_ms = age_ms < 0 ? rst_since(now_ms, *since_ms) : (uint64_t)age_ms;
    va_start(args, format);
    vsnprintf(found->evidence, sizeof(found->evidence), format, args);
    va_end(args);
    if (appeared)
        log_change(look, problem, "appeared", found->evidence);
    rst_verdict_command(look, found, "safepoint");
    return found;
}

static void judge_kernel(struct look *look)
{
    if (look->stats.membarrier_refused) {
        struct found *found = rst_verdict_find(
            look, PROBLEM_MEMBARRIER, -1,
            "the kernel refused it %" PRIu64
            " time%s: minima and kills fail, safe points are stuck; allow the system call",
            look->stats.membarrier_failures, count_s(look->stats.membarrier_failures));

        rst_verdict_command(look, found, "status");
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
    found = rst_verdict_find(
        look, PROBLEM_SESSIONS, -1,
        "%" PRIu64 " of %" PRIu64 " session%s %s open, %" PRIu64 " %s refused%s", stats->sessions,
        stats->max_sessions, count_s(stats->max_sessions), count_are(stats->sessions),
        stats->sessions_refused, count_were(stats->sessions_refused), most);
    rst_verdict_command(look, found, "%s", text);
}

static void judge_limits(struct look *look)
{
    const struct roster_stats *stats = &look->stats;
    struct found *found;

    if (is_near(stats->backlog, stats->backlog_limit)) {
        found = rst_verdict_find(
            look, PROBLEM_BACKLOG, (int64_t)(look->metrics.grace_period_age_ns / RST_MS),
            "%" PRIu64 " of %" PRIu64 " bytes wait for a reader that does not leave, %" PRIu64
            " call%s %s refused",
            stats->backlog, stats->backlog_limit, stats->backlog_refused,
            count_s(stats->backlog_refused), count_were(stats->backlog_refused));
        rst_verdict_command(look, found, "status");
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
    found =
        rst_verdict_find(look, PROBLEM_QUOTA, -1,
                         "%s has %" PRIu64 " session%s of %" PRIu64
                         " that its rule allows (%" PRIu64 " reserved), %" PRIu64 " %s refused%s",
                         shown, full[0].sessions, count_s(full[0].sessions), full[0].limit,
                         full[0].reserved, full[0].refused, count_were(full[0].refused), others);
    rst_verdict_command(look, found, "%s", text);
}

static void judge_blocked(struct look *look)
{
    uint64_t now_ms = rst_monotonic_ms();
    struct blocked blocked;
    struct found *found;

    if (!rst_blocked_look(look->status->roster, look->options->blocked_ms, &blocked))
        return;
    look->status->blocked_ms = now_ms;
    found = rst_verdict_find(look, PROBLEM_BLOCKED, (int64_t)rst_since(now_ms, blocked.since_ms),
                             "%s", blocked.evidence);
    rst_verdict_command(look, found, "%s", blocked.command);
}

static void judge_kills(struct look *look)
{
    uint64_t now_ms = rst_monotonic_ms();
    struct stuck stuck;
    struct found *found;

    if (!rst_stuck_look(look->status, &look->stats, &stuck))
        return;
    look->verdict->stuck = stuck.count;
    found = rst_verdict_find(look, PROBLEM_STUCK, (int64_t)rst_since(now_ms, stuck.since_ms), "%s",
                             stuck.evidence);
    rst_verdict_command(look, found, "%s", stuck.command);
}

bool rst_verdict_is_to_go_on(struct look *look, struct found *found, uint64_t session_id)
{
    uint64_t last_ms = look->status->blocked_ms, now_ms = rst_monotonic_ms();
    size_t length = strlen(found->evidence), room = sizeof(found->evidence) - length;
    char name[256];
    struct roster_entry entry;

    if (rst_blocked_name(look->status->roster, session_id, name, sizeof(name), &entry) &&
        entry.blocker) {
        snprintf(found->evidence + length, room, "; it waits for session %" PRIu64 " itself",
                 entry.blocker);
    } else if (last_ms && !look->seen[PROBLEM_BLOCKED] && rst_since(now_ms, last_ms) < GO_ON_MS) {
        snprintf(found->evidence + length, room,
                 "; sessions waited for another one until %" PRIu64
                 " ms ago, and it may be one of them: let them go on first",
                 rst_since(now_ms, last_ms));
    } else {
        return false;
    }
    rst_verdict_command(look, found, "locks");
    return true;
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
    int64_t held_ms = (int64_t)rst_since(rst_monotonic_ms(), holder->since / RST_MS);
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
        found = rst_verdict_find(look, PROBLEM_MINIMUM, held_ms, "%s pin %" PRIu64 "%s holds it",
                                 roster_pin_kind_name(holder->pin_kind), holder->pin_id, owner);
    else
        found =
            rst_verdict_find(look, PROBLEM_MINIMUM, held_ms,
                             "the transaction of session %" PRIu64 " holds it", holder->session_id);
    if (killable && rst_verdict_is_to_go_on(look, found, holder->session_id))
        return;
    if (!killable)
        rst_verdict_command(look, found, "min");
    else if (holder->kind == ROSTER_HOLDER_TXN)
        rst_verdict_command(look, found, "kill --transaction=%" PRIu64 " %" PRIu64, holder->ts,
                            holder->session_id);
    else
        rst_verdict_command(look, found, "kill %" PRIu64, holder->session_id);
}

static void judge_clock(struct look *look)
{
    int64_t wall_ms = (int64_t)rst_wall_ms(), ahead_ms;

    if (!look->has_min)
        return;
    ahead_ms = (int64_t)roster_ts_physical_ms(look->min.now) - wall_ms;
    if (ahead_ms > AHEAD_MS) {
        struct found *found = rst_verdict_find(
            look, PROBLEM_CLOCK, -1,
            "timestamps are %" PRId64
            " ms ahead of this server's clock: it was set back, or was wrong before; "
            "timestamps stay in order and nothing is lost; fix the time synchronisation and "
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
    look.boot_ns = rst_clock_ns(CLOCK_BOOTTIME);
    rst_verdict_fence(&look);
    judge_kernel(&look);
    judge_limits(&look);
    judge_quotas(&look);
    rst_verdict_lease(&look);
    rst_verdict_store(&look);
    judge_blocked(&look);
    judge_kills(&look);
    rst_verdict_safe_points(&look);
    rst_verdict_passed(&look);
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
