/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Every call of libroster-cluster that takes a struct with a size; and getters, which accept NULL.
 */

#include "../sized.h"

#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/store.h>
#include <roster/syncer.h>

static struct roster *roster;
static struct roster_store *store;
static struct roster_safe_point *safe_point;
static struct roster_oracle_store *oracle;

static int store_open(void *callers)
{
    struct roster_store *made;
    int err = roster_store_open("memory", callers, &made, NULL, 0);

    if (!err)
        roster_store_close(made);
    return err;
}

static int store_stats(void *callers)
{
    return roster_store_stats(store, callers);
}

static int oracle_create(void *callers)
{
    struct roster_oracle_store *made;
    int err = roster_oracle_store_create(store, callers, &made);

    if (!err)
        roster_oracle_store_destroy(made);
    return err;
}

static int oracle_stats(void *callers)
{
    return roster_oracle_store_stats(oracle, callers);
}

static int persistent_create(void *callers)
{
    struct roster_oracle_persistent *made;
    int err = roster_oracle_persistent_create(store, callers, &made);

    if (!err)
        roster_oracle_persistent_destroy(made);
    return err;
}

static int syncer_create(void *callers)
{
    struct roster_syncer_options *options = callers;
    struct roster_syncer *made;
    int err;

    options->server_id = "a";
    err = roster_syncer_create(roster, store, options, &made);
    if (!err)
        roster_syncer_destroy(made);
    return err;
}

static int syncer_stats(void *callers)
{
    struct roster_syncer_options options = {.size = sizeof(options)};
    struct roster_syncer *made;
    int err;

    options.server_id = "a";
    cr_assert_eq(roster_syncer_create(roster, store, &options, &made), 0);
    err = roster_syncer_stats(made, callers);
    roster_syncer_destroy(made);
    return err;
}

static int safepoint_create(void *callers)
{
    struct roster_safe_point *made;
    int err = roster_safe_point_create(store, callers, &made);

    if (!err)
        roster_safe_point_destroy(made);
    return err;
}

static int safepoint_state(void *callers)
{
    return roster_safe_point_state(safe_point, callers);
}

static const struct sized calls[] = {
    {"roster_store_open", sizeof(struct roster_store_options), store_open, false},
    {"roster_store_stats", sizeof(struct roster_store_stats), store_stats, true},
    {"roster_oracle_store_create", sizeof(struct roster_oracle_store_options), oracle_create,
     false},
    {"roster_oracle_store_stats", sizeof(struct roster_oracle_store_stats), oracle_stats, true},
    {"roster_oracle_persistent_create", sizeof(struct roster_oracle_persistent_options),
     persistent_create, false},
    {"roster_syncer_create", sizeof(struct roster_syncer_options), syncer_create, false},
    {"roster_syncer_stats", sizeof(struct roster_syncer_stats), syncer_stats, true},
    {"roster_safe_point_create", sizeof(struct roster_safe_point_options), safepoint_create, false},
    {"roster_safe_point_state", sizeof(struct roster_safe_point_state), safepoint_state, true},
};

/* Of the past, so that each advances and fills in its result. */
static int advance_txn(void *callers)
{
    return roster_safe_point_advance_txn(safe_point, 2, callers);
}

static int advance_gc(void *callers)
{
    return roster_safe_point_advance_gc(safe_point, 1, callers);
}

static int round_txn(void *callers)
{
    return roster_safe_point_round(safe_point, callers, NULL);
}

static int round_gc(void *callers)
{
    return roster_safe_point_round(safe_point, NULL, callers);
}

static const struct sized rounds[] = {
    {"roster_safe_point_advance_txn", sizeof(struct roster_safe_point_result), advance_txn, true},
    {"roster_safe_point_advance_gc", sizeof(struct roster_safe_point_result), advance_gc, true},
    {"roster_safe_point_round", sizeof(struct roster_safe_point_result), round_txn, true},
    {"roster_safe_point_round", sizeof(struct roster_safe_point_result), round_gc, true},
};

static int present(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = roster_ts_compose(UINT64_C(1700000000000), 0);
    return 0;
}

Test(cluster_sized, every_call_follows_the_one_rule)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .oracle = present};
    size_t n;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_oracle_store_create(store, NULL, &oracle), 0);
    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    for (n = 0; n < sizeof(calls) / sizeof(calls[0]); n++)
        sized_check(&calls[n]);
    for (n = 0; n < sizeof(rounds) / sizeof(rounds[0]); n++)
        sized_check(&rounds[n]);
    roster_safe_point_destroy(safe_point);
    roster_oracle_store_destroy(oracle);
    roster_store_close(store);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(cluster_sized, getters_accept_null)
{
    cr_expect_null(roster_store_url(NULL));
    cr_expect_eq(roster_gc_safe_point(NULL), 0);
    cr_expect_eq(roster_txn_safe_point(NULL), 0);
    cr_expect_eq(roster_oracle_persistent_ahead_ms(NULL), 0);
    cr_expect_null(roster_blocker_describe(NULL, NULL, 0));
}
