/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Calls of libroster-cluster that are wrong whatever the store is: each is refused and does no
 * harm. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/syncer.h>

#include "store_fixture.h"

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

    cr_expect_eq(roster_oracle_store_create(NULL, NULL, &oracle), -EINVAL);
    cr_expect_eq(roster_oracle_store_create(store, NULL, NULL), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_create(NULL, NULL, &persistent), -EINVAL);
    cr_expect_eq(roster_oracle_persistent_create(store, NULL, NULL), -EINVAL);
    cr_assert_eq(roster_oracle_store_create(store, NULL, &oracle), 0);
    cr_expect_eq(roster_oracle_store_get_stats(NULL, &stats), -EINVAL);
    cr_expect_eq(roster_oracle_store_get_stats(oracle, NULL), -EINVAL);
    stats.size = 1;
    cr_expect_eq(roster_oracle_store_get_stats(oracle, &stats), -EINVAL);
    stats.size = sizeof(stats) + 8;
    cr_expect_eq(roster_oracle_store_get_stats(oracle, &stats), -E2BIG);
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
    cr_expect_eq(roster_syncer_get_stats(NULL, &stats), -EINVAL);
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
    cr_expect_eq(roster_syncer_get_stats(syncer, &stats), -EINVAL);
    stats.size = sizeof(stats) + 8;
    cr_expect_eq(roster_syncer_get_stats(syncer, &stats), -E2BIG);
    cr_assert_eq(roster_syncer_start(syncer), 0);
    cr_expect_eq(roster_syncer_start(syncer), -EBUSY);
    cr_assert_eq(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 10000), 0);
    cr_assert_eq(roster_syncer_stop(syncer, 0), 0);
    cr_expect_eq(roster_syncer_start(syncer), -EBUSY);
    roster_syncer_destroy(syncer);
    cr_assert_eq(roster_destroy(roster), 0);
    roster_store_close(store);
}
