/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Calls of libroster-cluster that are wrong whatever the store is: each is refused and does no
 * harm. */

#include "../store/store_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <roster/barrier.h>
#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/syncer.h>

static struct roster_store *open_memory(void)
{
    struct roster_store *store = NULL;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    return store;
}

Test(misuse, oracles)
{
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};
    struct roster_store *store = open_memory();
    struct roster_oracle_persistent *persistent;
    struct roster_oracle_store *oracle;
    uint64_t ts;

    cr_expect_eq(roster_oracle_store_create(NULL, NULL, &oracle), -EINVAL);
    cr_expect_eq(roster_oracle_store_create(store, NULL, NULL), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_create(NULL, NULL, &persistent), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_create(store, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_oracle_persistent_create(store, NULL, &persistent), 0);
    cr_expect_eq(roster_oracle_persistent_allocate(NULL, &ts), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_allocate(persistent, NULL), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_read(NULL, &ts), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_read(persistent, NULL), -EINVAL);
    roster_oracle_persistent_destroy(persistent);
    cr_assert_eq(roster_oracle_store_create(store, NULL, &oracle), 0);
    cr_expect_eq(roster_oracle_store_stats(NULL, &stats), -EINVAL);
    cr_expect_eq(roster_oracle_store_stats(oracle, NULL), -EINVAL);
    stats.size = 1;
    cr_expect_eq(roster_oracle_store_stats(oracle, &stats), -EINVAL);
    roster_oracle_store_destroy(oracle);
    roster_store_close(store);
}

Test(misuse, stores)
{
    struct roster_store *store = open_memory();
    struct roster_store_watch *watch = NULL;
    char *name = calloc(1, ROSTER_STORE_MAX_REQUEST + 1);
    struct roster_store_keys keys = {.key = {name, ROSTER_STORE_MAX_REQUEST + 1}};

    cr_expect_eq(roster_store_rebind(NULL), -EINVAL);
    cr_expect_eq(roster_store_watch_open(store, &keys, 0, &watch), -EMSGSIZE);
    cr_expect_null(watch);
    free(name);
    roster_store_close(store);
}

Test(misuse, syncers_that_are_null)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    cr_expect_eq(roster_syncer_start(NULL), -EINVAL);
    cr_expect_eq(roster_syncer_run_once(NULL, NULL), -EINVAL);
    cr_expect_eq(roster_syncer_report(NULL), -EINVAL);
    cr_expect_eq(roster_syncer_wait(NULL, ROSTER_SYNCER_LIVE, 0), -EINVAL);
    cr_expect_eq(roster_syncer_stop(NULL, 0), -EINVAL);
    cr_expect_eq(roster_syncer_stats(NULL, &stats), -EINVAL);
    roster_syncer_destroy(NULL);
}

static int create_in_child(struct roster *roster, struct roster_store *store,
                           const struct roster_syncer_options *options)
{
    struct roster_syncer *syncer;
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(roster_syncer_create(roster, store, options, &syncer) == -ECHILD ? 0 : 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    return status;
}

Test(misuse, syncers_at_the_wrong_time)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_syncer_stats stats = {.size = sizeof(stats)};
    struct roster_store *store = open_memory();
    struct roster_syncer *syncer;
    struct roster *roster;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_expect_eq(create_in_child(roster, store, &options), 0);
    cr_assert_eq(roster_syncer_create(roster, store, &options, &syncer), 0);
    cr_expect_eq(roster_syncer_report(syncer), -ESTALE, "it is not registered");
    cr_expect_eq(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 1), -ETIMEDOUT);
    stats.size = 1;
    cr_expect_eq(roster_syncer_stats(syncer, &stats), -EINVAL);
    cr_assert_eq(roster_syncer_start(syncer), 0);
    cr_expect_eq(roster_syncer_start(syncer), -EBUSY);
    cr_assert_eq(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 10000), 0);
    cr_assert_eq(roster_syncer_stop(syncer, 0), 0);
    cr_expect_eq(roster_syncer_start(syncer), -EBUSY);
    roster_syncer_destroy(syncer);
    cr_assert_eq(roster_destroy(roster), 0);
    roster_store_close(store);
}

/* Options of a later version, with something in them that this one does not know. */
#define LATER(type)                                                                                \
    struct {                                                                                       \
        struct type known;                                                                         \
        long unknown;                                                                              \
    }

Test(misuse, options_of_a_later_version)
{
    LATER(roster_oracle_store_options) global = {{.size = sizeof(global)}, 1};
    LATER(roster_oracle_persistent_options) persistent = {{.size = sizeof(persistent)}, 1};
    LATER(roster_syncer_options) reports = {{.size = sizeof(reports), .server_id = "one"}, 1};
    LATER(roster_safe_point_options) moves = {{.size = sizeof(moves)}, 1};
    struct roster_store *store = open_memory();
    struct roster_oracle_persistent *clock = NULL;
    struct roster_oracle_store *oracle = NULL;
    struct roster_safe_point *safe_point = NULL;
    struct roster_syncer *syncer = NULL;
    struct roster *roster;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_expect_eq(roster_oracle_store_create(store, &global.known, &oracle), -E2BIG);
    cr_expect_eq(roster_oracle_persistent_create(store, &persistent.known, &clock), -E2BIG);
    cr_expect_eq(roster_syncer_create(roster, store, &reports.known, &syncer), -E2BIG);
    cr_expect_eq(roster_safe_point_create(store, &moves.known, &safe_point), -E2BIG);
    cr_expect(!oracle && !clock && !syncer && !safe_point);
    moves.unknown = 0;
    cr_assert_eq(roster_safe_point_create(store, &moves.known, &safe_point), 0);
    roster_safe_point_destroy(safe_point);
    cr_assert_eq(roster_destroy(roster), 0);
    roster_store_close(store);
}

Test(misuse, safe_points_that_are_null)
{
    struct roster_safe_point_state state = {.size = sizeof(state)};
    struct roster_barrier *barriers;
    size_t count;

    cr_expect_eq(roster_safe_point_start(NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_run_once(NULL, NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_stop(NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_refresh(NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_round(NULL, NULL, NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_advance_txn(NULL, 1, NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_advance_gc(NULL, 1, NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_state(NULL, &state), -EINVAL);
    cr_expect_eq(roster_barrier_set(NULL, "b", 1, 1), -EINVAL);
    cr_expect_eq(roster_barrier_delete(NULL, "b"), -EINVAL);
    cr_expect_eq(roster_barrier_list(NULL, &barriers, &count), -EINVAL);
    roster_safe_point_destroy(NULL);
}

static void refuse_barriers(struct roster_safe_point *safe_point)
{
    struct roster_barrier *barriers;
    size_t count;

    cr_expect_eq(roster_barrier_delete(safe_point, "a/b"), -EINVAL);
    cr_expect_eq(roster_barrier_delete(safe_point, NULL), -EINVAL);
    cr_expect_eq(roster_barrier_list(safe_point, NULL, &count), -EINVAL);
    cr_expect_eq(roster_barrier_list(safe_point, &barriers, NULL), -EINVAL);
}

static int no_timestamp(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = 0;
    return 0;
}

Test(misuse, safe_points_at_the_wrong_time)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .oracle = no_timestamp};
    struct roster_store *store = open_memory();
    struct roster_safe_point *safe_point;
    uint32_t wait_ms;

    cr_expect_eq(roster_safe_point_create(NULL, &options, &safe_point), -EINVAL);
    cr_expect_eq(roster_safe_point_create(store, &options, NULL), -EINVAL);
    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    refuse_barriers(safe_point);
    cr_expect_eq(roster_safe_point_state(safe_point, NULL), -EINVAL);
    cr_expect_eq(roster_safe_point_round(safe_point, NULL, NULL), -ENODATA);
    cr_assert_eq(roster_safe_point_run_once(safe_point, &wait_ms), 0);
    cr_assert_eq(roster_safe_point_start(safe_point), 0);
    cr_expect_eq(roster_safe_point_start(safe_point), -EBUSY);
    cr_expect_eq(roster_safe_point_run_once(safe_point, &wait_ms), -EBUSY);
    cr_assert_eq(roster_safe_point_stop(safe_point), 0);
    cr_expect_eq(roster_safe_point_start(safe_point), -EBUSY);
    cr_expect_eq(roster_safe_point_run_once(safe_point, &wait_ms), -EBUSY);
    cr_expect_eq(roster_safe_point_stop(safe_point), 0);
    roster_safe_point_destroy(safe_point);
    roster_store_close(store);
}
