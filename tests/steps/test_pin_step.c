/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A pin below the record is announced before the store is asked to lower the record. When the store
 * refuses, a scan may just be naming the pin: it must stay readable for that scan.
 */

#include "core/roster/pin.h"
#include "core/scanner/lease.h"
#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct roster *roster;
    struct steps scanner;
    struct roster_min min;
    uint64_t now;
    int scanned;
};

static int present(void *arg, uint64_t *ts)
{
    *ts = *(const uint64_t *)arg;
    return 0;
}

static void scan(void *arg)
{
    struct scene *scene = arg;

    scene->scanned = roster_min_advance(scene->roster, 0, &scene->min);
}

/* A scan finds the pin and stands still before it describes it; then the store refuses. */
static int refuse(void *arg, uint64_t ts)
{
    struct scene *scene = arg;

    (void)ts;
    cr_assert(steps_start(&scene->scanner));
    return -EIO;
}

static const struct rst_lease_ops ops = {refuse};

/* What was freed has something else in it now, whichever list the allocator had put it into. */
static void spoil_freed(size_t size)
{
    char *volatile taken[64];
    size_t n;

    for (n = 0; n < 64; n++) {
        taken[n] = malloc(size);
        memset(taken[n], 0x5a, size);
    }
    while (n--)
        free(taken[n]);
}

Test(pin_step, a_refused_one_stays_readable_for_the_scan_that_names_it)
{
    struct scene scene = {.min = {.size = sizeof(scene.min)},
                          .now = roster_ts_compose(UINT64_C(1700000000000), 0)};
    struct roster_options options = ROSTER_OPTIONS_INIT;
    uint64_t old = roster_ts_before(scene.now, 1000);
    struct roster_pin *pin = NULL;
    int err;

    scene.scanner.fn = scan;
    scene.scanner.arg = &scene;
    scene.scanner.point = "scan: slots read";
    options.oracle = present;
    options.oracle_arg = &scene.now;
    options.life_time_ms = 1000000;
    cr_assert_eq(roster_create(&options, &scene.roster), 0);
    cr_assert_eq(rst_lease_attach(scene.roster, &ops, &scene), 0);
    rst_lease_grant(scene.roster, scene.now, UINT64_MAX - 1);
    err = roster_pin_acquire(scene.roster, NULL, old, ROSTER_PIN_BACKUP, &pin);
    spoil_freed(sizeof(*pin));
    steps_finish(&scene.scanner);
    cr_assert_eq(err, -EIO);
    cr_assert_null(pin);
    cr_assert_eq(scene.scanned, 0);
    cr_assert_eq(scene.min.holder.ts, old);
    cr_assert_eq(scene.min.holder.pin_kind, ROSTER_PIN_BACKUP);
    rst_lease_detach(scene.roster);
    rst_lease_leave(scene.roster);
    cr_assert_eq(roster_destroy(scene.roster), 0);
}
