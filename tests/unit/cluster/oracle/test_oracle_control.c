/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The control of the linearizability tests: linked with an oracle that hands out what it allotted
 * before it was asked. The check that passes the real one must find this one out.
 */

#include "oracle_check.h"

#include <criterion/criterion.h>
#include <errno.h>

#include <roster/oracle_store.h>

struct pair {
    struct roster_oracle_store *oracles[2];
    unsigned calls;
    uint64_t last[2]; /* that each has allocated */
};

/* Asks the two in turn, as two servers would, so that the outcome depends on no scheduler. */
static int get_in_turn(void *arg, uint64_t *ts)
{
    struct pair *pair = arg;

    return roster_oracle_store_allocate(pair->oracles[pair->calls++ % 2], ts);
}

Test(oracle_control, a_range_allotted_before_the_request_is_caught)
{
    struct oracle_check *check = oracle_check_new();
    struct roster_store *store;
    struct pair pair = {.calls = 0};
    void *arg = &pair;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(roster_oracle_store_create(store, NULL, &pair.oracles[i]), 0);
    oracle_check_run(check, get_in_turn, &arg, 1, 1000);
    cr_assert_eq(check->failures, 0);
    cr_assert_eq(oracle_check_duplicates(check), 0, "they are unique, but not linearizable");
    cr_assert_gt(check->stale, 0, "the check has not noticed the stale ranges");
    for (size_t i = 0; i < 2; i++)
        roster_oracle_store_destroy(pair.oracles[i]);
    roster_store_close(store);
    oracle_check_free(check);
}

/* Reads what the same server has allocated last: another one may have been given more. */
static int read_own(void *arg, uint64_t *ts)
{
    const struct pair *pair = arg;

    *ts = pair->last[pair->calls % 2];
    return *ts == 0 ? -EAGAIN : 0;
}

static int allocate_and_keep(void *arg, uint64_t *ts)
{
    struct pair *pair = arg;
    int err = get_in_turn(arg, ts);

    pair->last[(pair->calls - 1) % 2] = *ts;
    return err;
}

Test(oracle_control, a_read_that_asks_no_other_server_is_caught)
{
    struct oracle_check *check = oracle_check_new();
    struct roster_store *store;
    struct pair pair = {.calls = 0};
    void *arg = &pair;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(roster_oracle_store_create(store, NULL, &pair.oracles[i]), 0);
    check->read = read_own;
    oracle_check_run(check, allocate_and_keep, &arg, 1, 1000);
    cr_assert_gt(check->stale, 100, "the check has not noticed the stale reads");
    for (size_t i = 0; i < 2; i++)
        roster_oracle_store_destroy(pair.oracles[i]);
    roster_store_close(store);
    oracle_check_free(check);
}
