/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Memory is out at any allocation of what operates a server: each is refused in turn. The call says
 * -ENOMEM (or -EAGAIN for a thread), works afterwards, and nothing is leaked.
 */

#include "operate.h"
#include "../failing.h"
#include "core/operate/watchdog.h"
#include "core/sql/conn_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* What is made, and unmade when it succeeded; everything a call may need is in here. */
struct scene {
    struct roster *roster;
    struct roster_session *session;
    struct roster_conn_ids *ids;
    struct roster_watchdog *watchdog;
    struct roster_activity *activity;
    struct roster_history *history;
    struct roster_history_list *list;
    struct roster_snapshot *snapshot;
    struct roster_session *other;
};

struct act {
    const char *name;
    int (*call)(struct scene *scene);
    void (*undo)(struct scene *scene);
};

static int ids_create(struct scene *scene)
{
    return roster_conn_ids_create(NULL, &scene->ids);
}

static void ids_destroy(struct scene *scene)
{
    cr_assert_eq(roster_conn_ids_destroy(scene->ids), 0);
}

static int start(struct scene *scene)
{
    return roster_watchdog_start(scene->roster, NULL, &scene->watchdog);
}

static void stop(struct scene *scene)
{
    cr_assert_eq(roster_watchdog_stop(scene->watchdog), 0);
}

static int start_activity(struct scene *scene)
{
    return roster_activity_start(scene->roster, NULL, &scene->activity);
}

static void stop_activity(struct scene *scene)
{
    cr_assert_eq(roster_activity_stop(scene->activity), 0);
}

static int history_create(struct scene *scene)
{
    return roster_history_create(1, 0, &scene->history);
}

static void history_destroy(struct scene *scene)
{
    roster_history_destroy(scene->history);
}

static int set_disk(struct scene *scene)
{
    return roster_session_set_disk(scene->session, 1);
}

static int set_limit(struct scene *scene)
{
    return roster_session_set_limit(scene->session, ROSTER_LIMIT_IDLE, 1);
}

static int use_table(struct scene *scene)
{
    return roster_txn_use_table(scene->session, 5, 1);
}

static int use_many_tables(struct scene *scene)
{
    int err = 0;

    for (uint64_t table = 0; !err && table < 20; table++)
        err = roster_txn_use_table(scene->session, table, 1);
    return err;
}

static int snapshot(struct scene *scene)
{
    return roster_snapshot(scene->roster, &scene->snapshot);
}

static void snapshot_free(struct scene *scene)
{
    roster_snapshot_free(scene->snapshot);
}

static void never_woken(uint64_t session_id, void *arg)
{
    (void)session_id;
    (void)arg;
    abort();
}

static int open_with_digests_and_wake(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.flags = ROSTER_SESSION_DIGESTS;
    attr.wake = never_woken;
    return roster_session_open(scene->roster, &attr, &scene->other);
}

static int set_quota(struct scene *scene)
{
    struct roster_quota_rule rule = ROSTER_QUOTA_RULE_INIT;

    rule.by = ROSTER_GROUP_USER;
    rule.value = "u";
    rule.limit = 2;
    return roster_quota_set(scene->roster, &rule, 1);
}

static int set_quota_text(struct scene *scene)
{
    return roster_quota_set_text(scene->roster, "user=u:2", NULL, 0);
}

/* With a session that is to be counted. */
static int set_quota_beside(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    int err = 0;

    attr.user = "u";
    if (!scene->other)
        err = roster_session_open(scene->roster, &attr, &scene->other);
    return err ? err : set_quota(scene);
}

static int open_with_quota(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    int err = set_quota(scene);

    attr.user = "u";
    return err ? err : roster_session_open(scene->roster, &attr, &scene->other);
}

static int update_with_quota(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    int err = set_quota(scene);

    attr.user = "other";
    return err ? err : roster_session_update(scene->session, &attr);
}

static int groups(struct scene *scene)
{
    struct roster_groups sum = {.size = sizeof(sum)};
    struct roster_group group;
    size_t count = 1;

    return roster_groups_top(scene->roster, ROSTER_GROUP_USER, &group, &count, &sum);
}

static void close_other(struct scene *scene)
{
    unit_close(scene->other);
}

static void nothing(struct scene *scene)
{
    (void)scene;
}

static const struct act acts[] = {
    {"ids create", ids_create, ids_destroy},
    {"watchdog start", start, stop},
    {"activity start", start_activity, stop_activity},
    {"history create", history_create, history_destroy},
    {"set disk", set_disk, nothing},
    {"set limit", set_limit, nothing},
    {"use table", use_table, nothing},
    {"use many tables", use_many_tables, nothing},
    {"snapshot", snapshot, snapshot_free},
    {"set quota", set_quota, nothing},
    {"set quota by a text", set_quota_text, nothing},
    {"set quota beside a session", set_quota_beside, close_other},
    {"open with quota", open_with_quota, close_other},
    {"update with quota", update_with_quota, nothing},
    {"groups", groups, nothing},
    {"open with digests and wake", open_with_digests_and_wake, close_other},
};

/* Whether the n-th allocation was refused; else the call has made all of its. */
static bool attempt(const struct act *act, unsigned nth)
{
    struct scene scene;
    unsigned refused;
    int err;

    memset(&scene, 0, sizeof(scene));
    scene.roster = operate_roster(NULL);
    scene.session = operate_open(scene.roster, ROSTER_SESSION_USER, NULL);
    cr_assert_eq(roster_txn_begin(scene.session, NULL), 0);
    failing_nth(nth);
    err = act->call(&scene);
    refused = failing_none();
    if (refused) {
        cr_assert(err == -ENOMEM || err == -EAGAIN, "%s, allocation %u: %d", act->name, nth, err);
        err = act->call(&scene);
    }
    cr_assert_eq(err, 0, "%s after allocation %u: %d", act->name, nth, err);
    act->undo(&scene);
    unit_close(scene.session);
    unit_destroy(scene.roster);
    cr_assert_eq(failing_blocks(), 0, "%s, allocation %u: %ld leaked", act->name, nth,
                 failing_blocks());
    return refused != 0;
}

Test(operate_memory_out, each_allocation_of_each_call)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        unsigned nth;

        for (nth = 1; attempt(&acts[i], nth); nth++)
            cr_assert_lt(nth, 50);
        cr_assert_gt(nth, 1, "%s allocates nothing", acts[i].name);
    }
}

Test(operate_memory_out, a_history_that_cannot_grow_stays_as_it_is)
{
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    struct roster_history *history;
    struct roster_history_list *list = NULL;

    cr_assert_eq(roster_history_create(1, 0, &history), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    failing_all();
    cr_assert_eq(roster_history_add(history, session), -ENOMEM);
    failing_none();
    cr_assert_eq(roster_history_add(history, session), 0);
    failing_all();
    cr_assert_eq(roster_history_add(history, session), 0, "a known kind needs no memory");
    cr_assert_eq(roster_history_set(history, 1, 1), 0, "nor does another capacity");
    cr_assert_eq(roster_history_set(history, 1, 0), 0);
    cr_assert_eq(roster_history_read(history, &list), -ENOMEM);
    failing_none();
    cr_assert_eq(roster_history_read(history, &list), 0);
    cr_assert_eq(list->count, 1);
    cr_assert_eq(list->entries[0].count, 2);
    roster_history_list_free(list);
    roster_history_destroy(history);
    unit_end(roster, session);
}

/* Ids come back without memory, and a watchdog kills without it. */
Test(operate_memory_out, what_must_not_fail_does_not)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_kill_counts counts = {.size = sizeof(counts)};
    struct roster *roster = operate_roster(NULL);
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, NULL);
    struct roster_watchdog *watchdog;
    struct roster_conn_ids *ids;
    uint64_t id;

    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.memory = 1;
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
    cr_assert_eq(roster_conn_ids_create(NULL, &ids), 0);
    operate_begin(session, "select 1");
    failing_all();
    cr_assert_eq(roster_conn_ids_next(ids, &id), 0);
    cr_assert_eq(roster_conn_ids_release(ids, id), 0);
    cr_assert_eq(roster_session_set_memory(session, 2), 0);
    cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
    cr_assert_eq(roster_killed(session), ROSTER_KILL_REASON_QUERY_MEMORY);
    cr_assert_eq(roster_kill_all(roster, ROSTER_KILL_TARGET_CONNECTION, ROSTER_KILL_REASON_SHUTDOWN,
                                 NULL, &counts),
                 0);
    cr_assert_eq(counts.delivered, 1);
    cr_assert_eq(roster_stmt_end(session), ROSTER_KILL_REASON_SHUTDOWN | ROSTER_KILLED_CONNECTION);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_drain(roster, NULL, NULL), 0);
    failing_none();
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
    unit_destroy(roster);
    cr_assert_eq(failing_blocks(), 0);
}
