/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Killing many sessions at once (G5). Row of the TiDB page: "Kill reasons", as far as each session
 * gets its own true result; "privilege is the caller's".
 */

#include "operate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <criterion/criterion.h>

enum { ANN, BOB, BOB_IDLE, INTERNAL, WORKER, N };

static struct roster *roster;
static struct roster_session *sessions[N];

static void open_all(void)
{
    roster = operate_roster(NULL);
    sessions[ANN] = operate_open(roster, ROSTER_SESSION_USER, "ann");
    sessions[BOB] = operate_open(roster, ROSTER_SESSION_USER, "bob");
    sessions[BOB_IDLE] = operate_open(roster, ROSTER_SESSION_USER, "bob");
    sessions[INTERNAL] = operate_open(roster, ROSTER_SESSION_INTERNAL, NULL);
    sessions[WORKER] = operate_open(roster, ROSTER_SESSION_BACKGROUND, NULL);
    for (int i = 0; i < N; i++)
        if (i != BOB_IDLE)
            operate_begin(sessions[i], "select 1");
}

static void close_all(void)
{
    for (int i = 0; i < N; i++)
        unit_close(sessions[i]);
    unit_destroy(roster);
}

TestSuite(kill_all, .init = open_all, .fini = close_all);

static struct roster_kill_counts kill_all(enum roster_kill_target target,
                                          const struct roster_kill_filter *filter)
{
    struct roster_kill_counts counts = {.size = sizeof(counts)};

    cr_assert_eq(roster_kill_all(roster, target, ROSTER_KILL_REASON_INTERRUPTED, filter, &counts),
                 0);
    cr_assert_eq(counts.matched, counts.delivered + counts.refused + counts.idle + counts.stale +
                                     counts.dying + counts.gone + counts.rejected);
    return counts;
}

/* A worker that asks for no kill is not said to have been killed. */
Test(kill_all, a_background_session_rejects_kills_unless_it_supports_them)
{
    static const enum roster_kill_target targets[] = {ROSTER_KILL_TARGET_STATEMENT,
                                                      ROSTER_KILL_TARGET_TRANSACTION,
                                                      ROSTER_KILL_TARGET_CONNECTION};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_logged event = {.size = sizeof(event)};
    struct roster_kill_counts counts;
    struct roster_session *worker = NULL;
    uint64_t id;
    size_t n;

    attr.kind = ROSTER_SESSION_BACKGROUND;
    cr_assert_eq(roster_session_open(roster, &attr, &worker), 0);
    id = roster_session_id(worker);
    cr_assert_eq(roster_txn_begin(worker, NULL), 0);
    operate_begin(worker, "compact");
    for (n = 0; n < 3; n++)
        cr_assert_eq(roster_kill(roster, id, targets[n], 0, ROSTER_KILL_REASON_INTERRUPTED),
                     -ENOTSUP);
    cr_assert_eq(roster_killed(worker), 0);
    cr_assert_eq(roster_metrics(roster, &metrics), 0);
    cr_assert_eq(metrics.kills[ROSTER_KILL_REASON_INTERRUPTED][ROSTER_KILL_RESULT_REJECTED], 3u);
    cr_assert_eq(roster_event_log_next(roster, 0, &event), 0);
    cr_assert_eq(event.result, -ENOTSUP);
    filter.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_BACKGROUND);
    counts = kill_all(ROSTER_KILL_TARGET_CONNECTION, &filter);
    cr_assert_eq(counts.matched, 2u);
    cr_assert_eq(counts.delivered, 1u, "the one that supports them");
    cr_assert_eq(counts.rejected, 1u);
    cr_assert_eq(roster_killed(worker), 0);
    cr_assert_eq(
        roster_kill(roster, id, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_SHUTDOWN), 0,
        "a server that goes down ends them, too");
    cr_assert(roster_killed_connection(roster_killed(worker)));
    unit_close(worker);
}

/* A bit for each session that was killed. */
static unsigned killed(void)
{
    unsigned set = 0;

    for (int i = 0; i < N; i++)
        if (roster_killed(sessions[i]))
            set |= 1U << i;
    return set;
}

Test(kill_all, statements_of_every_session)
{
    struct roster_kill_counts counts = kill_all(ROSTER_KILL_TARGET_STATEMENT, NULL);

    cr_assert(counts.matched == 5 && counts.delivered == 4 && counts.idle == 1);
    cr_assert_eq(killed(), 1U << ANN | 1U << BOB | 1U << INTERNAL | 1U << WORKER);
    cr_assert_eq(roster_killed(sessions[ANN]), ROSTER_KILL_REASON_INTERRUPTED);
    counts = kill_all(ROSTER_KILL_TARGET_STATEMENT, NULL);
    cr_assert(counts.matched == 5 && counts.dying == 4 && counts.idle == 1);
}

Test(kill_all, connections_of_every_session)
{
    struct roster_kill_counts counts = kill_all(ROSTER_KILL_TARGET_CONNECTION, NULL);

    cr_assert(counts.matched == 5 && counts.delivered == 5);
    cr_assert_eq(killed(), (1U << N) - 1);
    cr_assert_eq(roster_killed(sessions[BOB_IDLE]),
                 ROSTER_KILL_REASON_INTERRUPTED | ROSTER_KILLED_CONNECTION);
}

Test(kill_all, of_one_user)
{
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;
    struct roster_kill_counts counts;

    filter.user = "bob";
    counts = kill_all(ROSTER_KILL_TARGET_CONNECTION, &filter);
    cr_assert(counts.matched == 2 && counts.delivered == 2);
    cr_assert_eq(killed(), 1U << BOB | 1U << BOB_IDLE);
    filter.user = "";
    cr_assert_eq(kill_all(ROSTER_KILL_TARGET_CONNECTION, &filter).matched, 0,
                 "an unknown user is not the user without a name");
}

Test(kill_all, but_one_session)
{
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;

    filter.except = roster_session_id(sessions[ANN]);
    cr_assert_eq(kill_all(ROSTER_KILL_TARGET_CONNECTION, &filter).delivered, 4);
    cr_assert_eq(killed(), ((1U << N) - 1) & ~(1U << ANN));
}

Test(kill_all, but_a_kind)
{
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;

    filter.kinds =
        ROSTER_KIND_BIT(ROSTER_SESSION_USER) | ROSTER_KIND_BIT(ROSTER_SESSION_BACKGROUND);
    cr_assert_eq(kill_all(ROSTER_KILL_TARGET_CONNECTION, &filter).delivered, 4);
    cr_assert_eq(killed(), ((1U << N) - 1) & ~(1U << INTERNAL));
}

static int only_ann(const struct roster_session *session, const struct roster_shown *view,
                    void *arg)
{
    const char *user = roster_identity_user(view->identity);

    ++*(unsigned *)arg;
    return roster_session_kind(session) == ROSTER_SESSION_USER && user && strcmp(user, "ann") == 0;
}

Test(kill_all, only_where_the_caller_may)
{
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;
    struct roster_kill_counts counts;
    unsigned asked = 0;

    filter.may = only_ann;
    filter.may_arg = &asked;
    filter.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_USER);
    counts = kill_all(ROSTER_KILL_TARGET_STATEMENT, &filter);
    cr_assert_eq(asked, 3, "asked for those that the filter means");
    cr_assert(counts.matched == 3 && counts.delivered == 1 && counts.refused == 2);
    cr_assert_eq(killed(), 1U << ANN);
}

Test(kill_all, arguments_are_checked)
{
    struct {
        struct roster_kill_filter known;
        uint64_t unknown;
    } larger = {ROSTER_KILL_FILTER_INIT, 1};
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;
    struct roster_kill_counts counts = {.size = 1};
    const enum roster_kill_target stmt = ROSTER_KILL_TARGET_STATEMENT;
    const enum roster_kill_reason why = ROSTER_KILL_REASON_INTERRUPTED;

    cr_assert_eq(roster_kill_all(NULL, stmt, why, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_kill_all(roster, (enum roster_kill_target)3, why, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_kill_all(roster, stmt, (enum roster_kill_reason)0, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_kill_all(roster, stmt, (enum roster_kill_reason)10, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_kill_all(roster, stmt, why, NULL, &counts), -EINVAL);
    filter.kinds = 8;
    cr_assert_eq(roster_kill_all(roster, stmt, why, &filter, NULL), -EINVAL);
    filter.kinds = 0;
    filter.reserved = 1;
    cr_assert_eq(roster_kill_all(roster, stmt, why, &filter, NULL), -EINVAL);
    filter.reserved = 0;
    filter.size--;
    cr_assert_eq(roster_kill_all(roster, stmt, why, &filter, NULL), -EINVAL);
    larger.known.size = sizeof(larger);
    cr_assert_eq(roster_kill_all(roster, stmt, why, &larger.known, NULL), -E2BIG);
    unit_in_child(roster_kill_all(roster, stmt, why, NULL, NULL) == -ECHILD);
    cr_assert_eq(killed(), 0, "nothing was killed by any of these");
    cr_assert_eq(roster_kill_all(roster, stmt, why, NULL, NULL), 0, "counts may be NULL");
}

#define STORM_SESSIONS 8
#define STORM_ROUNDS 300

struct storm_session {
    uint64_t killed; /* statements that ended as killed */
    uint32_t *stop;
};

static void *run_statements(void *arg)
{
    struct storm_session *mine = arg;
    struct roster_session *session = operate_open(roster, ROSTER_SESSION_USER, "storm");

    while (!__atomic_load_n(mine->stop, __ATOMIC_RELAXED)) {
        operate_begin(session, "select 1");
        if (roster_stmt_end(session) > 0)
            mine->killed++;
    }
    unit_close(session);
    return NULL;
}

/* Every delivered kill ended one statement, and no statement ended as killed for any other cause.
 */
Test(kill_all, each_delivered_kill_ends_one_statement)
{
    struct storm_session storm[STORM_SESSIONS];
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;
    pthread_t threads[STORM_SESSIONS];
    uint64_t delivered = 0, ended = 0;
    uint32_t stop = 0;

    memset(storm, 0, sizeof(storm));
    for (int i = 0; i < STORM_SESSIONS; i++) {
        storm[i].stop = &stop;
        cr_assert_eq(pthread_create(&threads[i], NULL, run_statements, &storm[i]), 0);
    }
    filter.user = "storm";
    for (int round = 0; round < STORM_ROUNDS || (delivered == 0 && round < 100000); round++) {
        delivered += kill_all(ROSTER_KILL_TARGET_STATEMENT, &filter).delivered;
        sched_yield();
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < STORM_SESSIONS; i++) {
        pthread_join(threads[i], NULL);
        ended += storm[i].killed;
    }
    cr_assert_gt(delivered, 0);
    cr_assert_eq(delivered, ended, "%lu delivered, %lu statements ended by them",
                 (unsigned long)delivered, (unsigned long)ended);
}
