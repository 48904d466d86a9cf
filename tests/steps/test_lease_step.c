/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * G8 while a new lease is granted after the last one was lost: what other servers may have
 * collected in between fails its check at every moment.
 */

#include "core/scanner/lease.h"
#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>

struct scene {
    struct roster *roster;
    uint64_t now;
    uint64_t record;
};

static int present(void *arg, uint64_t *ts)
{
    *ts = ++((struct scene *)arg)->now;
    return 0;
}

static int refuse(void *arg, uint64_t ts)
{
    (void)arg;
    (void)ts;
    return -EIO;
}

static const struct rst_lease_ops ops = {refuse};

static void grant(void *arg)
{
    struct scene *scene = arg;

    rst_lease_grant(scene->roster, scene->record, UINT64_MAX - 1);
}

static void stands_at(const char *point)
{
    struct scene scene = {.now = roster_ts_compose(UINT64_C(1700000000000), 0)};
    struct steps granter = {.fn = grant, .arg = &scene, .point = point};
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    uint64_t start_ts;

    options.oracle = present;
    options.oracle_arg = &scene;
    cr_assert_eq(roster_create(&options, &scene.roster), 0);
    cr_assert_eq(roster_session_open(scene.roster, NULL, &session), 0);
    cr_assert_eq(rst_lease_attach(scene.roster, &ops, &scene), 0);
    scene.record = scene.now;
    grant(&scene);
    cr_assert_eq(roster_txn_begin(session, &start_ts), 0);
    cr_assert_eq(roster_txn_check(session), 0);
    rst_lease_fence(scene.roster);
    scene.record = start_ts + 1;
    cr_assert(steps_start(&granter));
    cr_assert_eq(roster_txn_check(session), -ESTALE, "%s", point);
    steps_finish(&granter);
    cr_assert_eq(roster_txn_check(session), -ESTALE, "granted");
    cr_assert_eq(roster_session_close(session), 0);
    rst_lease_detach(scene.roster);
    rst_lease_leave(scene.roster);
    cr_assert_eq(roster_destroy(scene.roster), 0);
}

Test(lease_step, between_the_record_and_the_end_of_the_fence)
{
    stands_at("grant: one of two");
}

Test(lease_step, between_the_two_words_that_a_check_reads)
{
    stands_at("unfence: one of two");
}
