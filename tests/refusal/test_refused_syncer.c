/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A syncer whose creation is refused something, each call of the environment in turn, also those
 * that jansson makes: memory is out, not an argument wrong, and nothing is leaked.
 */
#include "config.h"

#include "refuse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <roster/roster.h>
#include <roster/store.h>
#include <roster/syncer.h>

static struct roster *roster;
static struct roster_store *store;

static void set_up(void)
{
    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
}

static void clear_up(void)
{
    roster_store_close(store);
    cr_assert_eq(roster_destroy(roster), 0);
}

static int create_and_destroy(const char *label)
{
    struct roster_syncer_label labels[] = {{"zone", label}};
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_syncer *syncer = NULL;
    int err;

    options.labels = labels;
    options.n_labels = 1;
    err = roster_syncer_create(roster, store, &options, &syncer);
    cr_expect_eq(err == 0, syncer != NULL);
    roster_syncer_destroy(syncer);
    return err;
}

/* Returns whether anything was refused. */
static bool attempt(unsigned nth)
{
    const char *refused;
    int err;

    refuse_nth(nth);
    err = create_and_destroy("east");
    refused = refuse_none();
    cr_expect(!err || (refused && err == -ENOMEM), "%s (%u) was refused: %d",
              refused ? refused : "nothing", nth, err);
    cr_expect_eq(create_and_destroy("east"), 0, "after %s was refused", refused);
    return refused != NULL;
}

Test(refused_syncer, each_call_of_the_environment, .init = set_up, .fini = clear_up)
{
    unsigned nth = 1;
    long blocks;

    cr_assert_eq(create_and_destroy("east"), 0, "what is allocated once");
    blocks = refuse_blocks();
    while (attempt(nth))
        cr_assert_lt(++nth, 1000);
    cr_expect_gt(nth, 10);
    cr_expect_leq(refuse_blocks(), blocks, "%ld blocks leaked", refuse_blocks() - blocks);
}

Test(refused_syncer, what_is_no_text_is_an_argument, .init = set_up, .fini = clear_up)
{
    cr_expect_eq(create_and_destroy("\xff"), -EINVAL);
}
