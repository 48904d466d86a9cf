/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Memory is out at any allocation of libroster-cluster: the first that a call asks for is refused,
 * then the second, until it asks for no more. It says -ENOMEM (-EAGAIN for a thread) and works
 * afterwards.
 */

#include "unit/failing.h"

#include <errno.h>

#include <stdlib.h>

#include <criterion/criterion.h>
#include <jansson.h>
#include <roster/barrier.h>
#include <roster/oracle_store.h>
#include <roster/store_lease.h>
#include <roster/store_watch.h>
#include <roster/roster.h>
#include <roster/syncer.h>

#define LEASES 100

struct scene {
    struct roster *roster;
    struct roster_store *store;
    struct roster_safe_point *safe_point; /* with one barrier */
};

struct act {
    const char *name;
    int (*call)(struct scene *scene); /* and undoes what it did */
    int says;
};

static int open_and_close(struct scene *scene)
{
    struct roster_store *store;
    int err = roster_store_open("memory", NULL, &store, NULL, 0);

    (void)scene;
    if (!err)
        roster_store_close(store);
    return err;
}

static int put(struct scene *scene)
{
    struct roster_store_op op =
        roster_store_put(roster_store_text("key"), roster_store_text("value"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    struct roster_store_txn_result *result = NULL;
    int err = roster_store_txn(scene->store, &txn, 1000, &result);

    roster_store_free(result);
    return err;
}

static int get(struct scene *scene)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text("key"));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(scene->store, &keys, 0, 1000, &range);

    roster_store_free(range);
    return err;
}

/* Enough, so that the store's table of leases has to grow. */
static int grant(struct scene *scene)
{
    struct roster_store_lease leases[LEASES];
    int err = 0, n;

    for (n = 0; n < LEASES && !err; n++)
        err = roster_store_lease_grant(scene->store, 60000, 1000, &leases[n]);
    n -= err != 0;
    while (n-- > 0)
        cr_assert_eq(roster_store_lease_revoke(scene->store, leases[n].id, 1000), 0);
    return err;
}

static int watch(struct scene *scene)
{
    struct roster_store_keys keys = roster_store_prefix(roster_store_text(""));
    struct roster_store_events *events = NULL;
    struct roster_store_watch *opened;
    int err = roster_store_watch_open(scene->store, &keys, 0, &opened);

    if (err)
        return err;
    err = roster_store_watch_next(opened, 1000, &events);
    roster_store_free(events);
    roster_store_watch_close(opened);
    return err;
}

static int create_oracle(struct scene *scene)
{
    struct roster_oracle_store *oracle;
    int err = roster_oracle_store_create(scene->store, NULL, &oracle);

    if (!err)
        roster_oracle_store_destroy(oracle);
    return err;
}

static int create_clock(struct scene *scene)
{
    struct roster_oracle_persistent *oracle;
    int err = roster_oracle_persistent_create(scene->store, NULL, &oracle);

    if (!err)
        roster_oracle_persistent_destroy(oracle);
    return err;
}

static int create_syncer(struct scene *scene)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_syncer *syncer;
    int err = roster_syncer_create(scene->roster, scene->store, &options, &syncer);

    if (!err)
        roster_syncer_destroy(syncer);
    return err;
}

/* Its allocations come after those of the creation. */
static int set_address(struct scene *scene)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_syncer *syncer;
    int err = roster_syncer_create(scene->roster, scene->store, &options, &syncer);

    if (err)
        return err;
    err = roster_syncer_set_status_address(syncer, "127.0.0.1:1");
    roster_syncer_destroy(syncer);
    return err;
}

static int create_safe_point(struct scene *scene)
{
    struct roster_safe_point *safe_point;
    int err = roster_safe_point_create(scene->store, NULL, &safe_point);

    if (!err)
        roster_safe_point_destroy(safe_point);
    return err;
}

static int list_barriers(struct scene *scene)
{
    struct roster_barrier *barriers;
    size_t count = 0;
    int err = roster_barrier_list(scene->safe_point, &barriers, &count);

    if (!err) {
        cr_assert_eq(count, 1);
        free(barriers);
    }
    return err;
}

static int start_safe_point(struct scene *scene)
{
    struct roster_safe_point *safe_point;
    int err;

    cr_assert_eq(roster_safe_point_create(scene->store, NULL, &safe_point), 0);
    failing_all();
    err = roster_safe_point_start(safe_point);
    failing_none();
    roster_safe_point_destroy(safe_point);
    return err;
}

static int start_syncer(struct scene *scene)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "two"};
    struct roster_syncer *syncer;
    int err;

    cr_assert_eq(roster_syncer_create(scene->roster, scene->store, &options, &syncer), 0);
    failing_all();
    err = roster_syncer_start(syncer);
    failing_none();
    roster_syncer_destroy(syncer);
    return err;
}

static const struct act acts[] = {
    {"roster_store_open", open_and_close, -ENOMEM},
    {"roster_store_txn", put, -ENOMEM},
    {"roster_store_get", get, -ENOMEM},
    {"roster_store_lease_grant", grant, -ENOMEM},
    {"roster_store_watch_open, _next", watch, -ENOMEM},
    {"roster_oracle_store_create", create_oracle, -ENOMEM},
    {"roster_oracle_persistent_create", create_clock, -ENOMEM},
    {"roster_syncer_create", create_syncer, -ENOMEM},
    {"roster_syncer_set_status_address", set_address, -ENOMEM},
    {"roster_safe_point_create", create_safe_point, -ENOMEM},
    {"roster_barrier_list", list_barriers, -ENOMEM},
};

static void scene_begin(struct scene *scene)
{
    cr_assert_eq(roster_create(NULL, &scene->roster), 0);
    cr_assert_eq(roster_store_open("memory", NULL, &scene->store, NULL, 0), 0);
    cr_assert_eq(put(scene), 0);
    cr_assert_eq(roster_safe_point_create(scene->store, NULL, &scene->safe_point), 0);
    cr_assert_eq(roster_barrier_set(scene->safe_point, "b", 1, 60000), 0);
}

static void scene_end(struct scene *scene)
{
    roster_safe_point_destroy(scene->safe_point);
    roster_store_close(scene->store);
    cr_assert_eq(roster_destroy(scene->roster), 0);
}

/* Returns whether something was refused. */
static bool attempt(struct scene *scene, const struct act *act, unsigned nth)
{
    unsigned refused;
    int err;

    failing_nth(nth);
    err = act->call(scene);
    refused = failing_none();
    cr_assert_eq(err, refused ? act->says : 0, "%s, allocation %u: %d", act->name, nth, err);
    cr_assert_eq(act->call(scene), 0, "%s does not work after allocation %u", act->name, nth);
    return refused != 0;
}

Test(cluster_memory_out, each_allocation_of_each_call)
{
    struct scene scene;

    json_set_alloc_funcs(malloc, free); /* as the linker wraps them here */
    scene_begin(&scene);
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        unsigned nth = 1;

        while (attempt(&scene, &acts[i], nth))
            cr_assert_lt(++nth, 1000);
        cr_assert_gt(nth, 1, "%s allocates nothing", acts[i].name);
    }
    scene_end(&scene);
}

Test(cluster_memory_out, no_thread_can_be_started)
{
    struct scene scene;

    scene_begin(&scene);
    cr_assert_eq(start_syncer(&scene), -EAGAIN);
    cr_assert_eq(start_safe_point(&scene), -EAGAIN);
    scene_end(&scene);
}
