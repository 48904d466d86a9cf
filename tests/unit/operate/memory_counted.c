/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * roster_stats() says how much memory is held: for each kind of object, by as much as the allocator
 * says, and by nothing more when they have gone. Part of test_operate_memory_out, whose core has
 * its allocations counted.
 */

#include "operate.h"
#include "../failing.h"
#include "core/roster/event_log.h"
#include "core/roster/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#define N 300

static struct roster *roster;
static struct roster_session *sessions[N];
static struct roster_pin *pins[N];
static struct roster_watchdog *watchdog;
static struct roster_activity *activity;
static char text[ROSTER_IDENTITY_MAX];

static void forget(void *arg)
{
    (void)arg;
}

static void wake(uint64_t id, void *arg)
{
    (void)id;
    (void)arg;
}

static void open_as(const struct roster_session_attr *attr)
{
    unsigned n;

    for (n = 0; n < N; n++)
        cr_assert_eq(roster_session_open(roster, attr, &sessions[n]), 0);
}

static void open_plain(void)
{
    open_as(NULL);
}

static void open_named(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.attributes = text; /* of its own, not in the record's home */
    open_as(&attr);
}

static void open_woken(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.wake = wake;
    attr.release = forget;
    open_as(&attr);
}

static void open_with_digests(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.flags = ROSTER_SESSION_DIGESTS;
    open_as(&attr);
}

static void begin_all(size_t length)
{
    unsigned n;

    open_plain();
    for (n = 0; n < N; n++) {
        cr_assert_eq(roster_txn_begin(sessions[n], NULL), 0);
        cr_assert_eq(roster_stmt_begin(sessions[n], ROSTER_COMMAND_QUERY, text, length, NULL, 0),
                     0);
    }
}

static void short_statements(void)
{
    begin_all(50);
}

static void long_statements(void)
{
    begin_all(3000);
}

static void nested_statements(void)
{
    unsigned n;

    begin_all(50);
    for (n = 0; n < N; n++)
        cr_assert_eq(roster_stmt_push(sessions[n], ROSTER_COMMAND_QUERY, text, 50, NULL, 0), 0);
}

static void tables(void)
{
    unsigned n;
    uint64_t table;

    begin_all(50);
    for (n = 0; n < N; n++)
        for (table = 1; table <= 50; table++)
            cr_assert_eq(roster_txn_use_table(sessions[n], table, 1), 0);
}

static void blocked(void)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    unsigned n;

    open_plain();
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &block.event), 0);
    block.what = "row 7";
    for (n = 0; n < N; n++) {
        block.holder_id = roster_session_id(sessions[(n + 1) % N]);
        cr_assert_eq(roster_block_begin(sessions[n], &block), 0);
    }
}

static void deadlocks(void)
{
    struct roster_block block = ROSTER_BLOCK_INIT;
    unsigned n;

    blocked();
    block.event = 1;
    block.flags = ROSTER_BLOCK_CHECK;
    for (n = 0; n < 10; n++) {
        block.holder_id = roster_session_id(sessions[1]);
        cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &block.event), 0);
        cr_assert_eq(roster_block_begin(sessions[0], &block), -EDEADLK);
    }
}

static void close_all(void)
{
    unsigned n;

    for (n = 0; n < N; n++)
        cr_assert_eq(roster_session_close(sessions[n]), 0);
}

/* A rule for each user, and a group. */
static void ruled(void)
{
    struct roster_quota_rule rules[N];
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char users[N][1000];
    unsigned n;

    for (n = 0; n < N; n++) {
        snprintf(users[n], sizeof(users[n]), "%u%.990s", n, text);
        rules[n] = (struct roster_quota_rule)ROSTER_QUOTA_RULE_INIT;
        rules[n].value = users[n];
        rules[n].limit = 1;
    }
    cr_assert_eq(roster_quota_set(roster, rules, N), 0);
    for (n = 0; n < N; n++) {
        attr.user = users[n];
        cr_assert_eq(roster_session_open(roster, &attr, &sessions[n]), 0);
    }
}

static void unruled(void)
{
    cr_assert_eq(roster_quota_set(roster, NULL, 0), 0);
    close_all();
}

static void hold_pins(void)
{
    unsigned n;

    for (n = 0; n < N; n++)
        cr_assert_eq(roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pins[n]), 0);
}

static void release_pins(void)
{
    unsigned n;

    for (n = 0; n < N; n++)
        cr_assert_eq(roster_pin_release(pins[n]), 0);
}

/* Each is remembered from walk to walk. */
static void watched(void)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;

    begin_all(50);
    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.statement_ms = 1;
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
    operate_advance(roster, 1000);
    cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
    cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
}

static void unwatched(void)
{
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    close_all();
}

static void logged(void)
{
    unsigned n;

    open_plain();
    for (n = 0; n < N; n++)
        cr_assert_eq(roster_kill(roster, roster_session_id(sessions[n]),
                                 ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_IDLE),
                     0);
}

/* Mapped, but not carved so far: the kernel has not been asked for it yet. */
static size_t uncarved_of(const struct rst_slabs *slabs)
{
    const struct rst_slab *slab;
    size_t bytes = 0;

    for (slab = slabs->newest; slab; slab = slab->next)
        bytes += slab->bytes - slab->carved;
    return bytes;
}

static size_t uncarved(void)
{
    size_t bytes = uncarved_of(&roster->sessions.free.slabs);
    unsigned n;

    for (n = 0; n < roster->hot_classes; n++)
        bytes += uncarved_of(&roster->hot[n].slabs);
    for (n = 0; n < RST_HEAP_CLASSES; n++)
        bytes += uncarved_of(&roster->heap.classes[n].slabs);
    return bytes;
}

/* By the allocator, and by Roster: without liburcu's table, and what is mapped to be used later. */
static int64_t held(void)
{
    return failing_bytes() - (int64_t)uncarved();
}

static int64_t counted(void)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_stats(roster, &stats), 0);
    return (int64_t)(stats.memory - rst_event_log_memory(roster->event_log) -
                     rst_load(&roster->registry.buckets) * sizeof(struct cds_lfht_node));
}

struct kind {
    const char *name;
    void (*make)(void);
    void (*end)(void);
};

static void agree(const struct kind *kind, const char *when, int64_t ours, int64_t theirs)
{
    cr_expect_leq(llabs(ours - theirs), llabs(theirs) / 10 + 4096,
                  "%s, %s: %lld bytes are counted, %lld are held", kind->name, when,
                  (long long)ours, (long long)theirs);
}

static void settle(void)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_release_wait(roster), 0);
    cr_assert_eq(roster_release_wait(roster), 0);
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_expect_eq(stats.backlog, 0, "%llu", (unsigned long long)stats.backlog);
}

Test(memory_counted, of_each_kind)
{
    static const struct kind kinds[] = {
        {"sessions", open_plain, close_all},
        {"long identities", open_named, close_all},
        {"wake callbacks", open_woken, close_all},
        {"digests", open_with_digests, close_all},
        {"short statements", short_statements, close_all},
        {"long statements", long_statements, close_all},
        {"nested statements", nested_statements, close_all},
        {"tables", tables, close_all},
        {"blocked sessions", blocked, close_all},
        {"deadlocks", deadlocks, close_all},
        {"pins", hold_pins, release_pins},
        {"rules and groups", ruled, unruled},
        {"a watchdog", watched, unwatched},
    };
    unsigned n;

    memset(text, 'x', sizeof(text) - 1);
    for (n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
        int64_t theirs, ours;

        roster = operate_roster(NULL);
        unit_close(operate_open(roster, ROSTER_SESSION_USER, NULL)); /* this thread's context */
        settle();
        theirs = held();
        ours = counted();
        kinds[n].make();
        agree(&kinds[n], "in use", counted() - ours, held() - theirs);
        kinds[n].end();
        settle();
        agree(&kinds[n], "at rest", counted() - ours, held() - theirs);
        unit_destroy(roster);
    }
}

/* Mapped as a whole, and counted as far as they are used. */
Test(memory_counted, of_logs)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_stats before = {.size = sizeof(before)}, now = before;
    size_t log;

    roster = operate_roster(NULL);
    log = rst_event_log_memory(roster->event_log);
    logged();
    cr_expect_eq(rst_event_log_memory(roster->event_log) - log, N * sizeof(struct roster_logged));
    close_all();
    settle();
    cr_assert_eq(roster_stats(roster, &before), 0);
    options.interval_ms = ROSTER_ACTIVITY_MANUAL;
    options.memory = 16 << 20;
    cr_assert_eq(roster_activity_start(roster, &options, &activity), 0);
    cr_assert_eq(roster_activity_run_once(activity), 0);
    cr_assert_eq(roster_stats(roster, &now), 0);
    cr_expect_gt(now.memory, before.memory + 4096);
    cr_expect_lt(now.memory, before.memory + options.memory);
    cr_assert_eq(roster_activity_stop(activity), 0);
    cr_assert_eq(roster_stats(roster, &now), 0);
    cr_expect_eq(now.memory, before.memory);
    unit_destroy(roster);
}
