/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Inside a read-side section no grace period of liburcu's flavour bp ends, and liburcu returns from
 * a wait for one as if it had. So what waits for one refuses to, at once, with nothing changed; and
 * everything else that waits, or ends threads, waits for none. To create a roster waits for one
 * where the last roster before it is being destroyed, whose reclaiming thread is in a grace period.
 */

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>

static struct {
    struct roster *reading; /* has a reader: this thread */
    struct roster *roster;
    struct roster_conn_ids *ids;
} it;

static int destroy_roster(void)
{
    int err = roster_destroy(it.roster);

    if (!err)
        it.roster = NULL;
    return err;
}

static int destroy_ids(void)
{
    int err = roster_conn_ids_destroy(it.ids);

    if (!err)
        it.ids = NULL;
    return err;
}

static int destroy_own(void)
{
    int err = roster_destroy(it.reading);

    if (!err)
        it.reading = NULL;
    return err;
}

static int create_roster(void)
{
    struct roster *made;
    int err = roster_create(NULL, &made);

    return err ? err : roster_destroy(made);
}

static int create_ids(void)
{
    struct roster_conn_ids *made;
    int err = roster_conn_ids_create(NULL, &made);

    return err ? err : roster_conn_ids_destroy(made);
}

static int drain(void)
{
    int err = roster_drain(it.roster, NULL, NULL);

    return err ? err : roster_drain_undo(it.roster);
}

static int watchdog(void)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_watchdog *made;

    options.interval_ms = 1;
    options.txn_age_ms = 1000000;
    unit_ok(roster_watchdog_start(it.roster, &options, &made));
    unit_ok(roster_watchdog_run_once(made));
    return roster_watchdog_stop(made);
}

static int scan(void)
{
    return roster_min_advance(it.roster, 0, NULL);
}

static int snapshot(void)
{
    struct roster_snapshot *made;
    int err = roster_snapshot(it.roster, &made);

    if (err)
        return err;
    err = roster_snapshot_again(it.roster, made);
    roster_snapshot_free(made);
    return err;
}

static int metrics(void)
{
    struct roster_metrics filled = {.size = sizeof(filled)};

    return roster_metrics(it.roster, &filled);
}

/* More than all the magazines hold, and the identity is changed. */
static int sessions(void)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *open[300];
    unsigned n;

    attr.user = "ann";
    for (n = 0; n < 300; n++) {
        open[n] = unit_open(it.roster);
        unit_ok(roster_txn_begin(open[n], NULL));
        unit_ok(roster_txn_use_table(open[n], n, 1));
        unit_ok(roster_session_update(open[n], &attr));
    }
    for (n = 0; n < 300; n++)
        unit_close(open[n]);
    return 0;
}

static int pins(void)
{
    return roster_pin_release(unit_pin(it.roster, NULL, 0));
}

static int ids(void)
{
    uint64_t id;

    unit_ok(roster_conn_ids_next(it.ids, &id));
    return roster_conn_ids_release(it.ids, id);
}

/* Everything that waits for a grace period, that queues something for one, or that waits at all. */
static const struct {
    const char *name;
    int (*call)(void);
    int inside; /* what it returns inside a section */
} calls[] = {
    {"roster_destroy", destroy_roster, -EBUSY},
    {"roster_conn_ids_destroy", destroy_ids, -EBUSY},
    {"roster_destroy of what is read", destroy_own, -EBUSY},
    {"roster_create", create_roster, -EBUSY},
    {"roster_conn_ids_create", create_ids, -EBUSY},
    {"roster_drain", drain, 0},
    {"roster_watchdog_stop", watchdog, 0},
    {"roster_min_advance", scan, 0},
    {"roster_snapshot and _again", snapshot, 0},
    {"roster_metrics", metrics, 0},
    {"sessions and transactions", sessions, 0},
    {"roster_pin_release", pins, 0},
    {"roster_conn_ids_release", ids, 0},
};

static void set_up(void)
{
    struct roster_conn_ids_options options = ROSTER_CONN_IDS_OPTIONS_INIT;

    it.reading = unit_roster_with(NULL);
    it.roster = unit_roster_with(NULL);
    unit_ok(roster_conn_ids_create(&options, &it.ids));
    unit_ok(sessions());
    unit_ok(ids());
}

static void enter_other(void)
{
    unit_ok(roster_read_lock(it.reading));
}

static void leave_other(void)
{
    roster_read_unlock(it.reading);
}

static void enter_liburcu(void)
{
    rst_rcu_read_lock();
}

static void leave_liburcu(void)
{
    rst_rcu_read_unlock();
}

static void in_section(void (*enter)(void), void (*leave)(void))
{
    unsigned n, last = sizeof(calls) / sizeof(calls[0]) - 1;

    enter();
    for (n = 0; n <= last; n++) {
        int err;

        if (calls[n].call == destroy_own && enter == enter_liburcu)
            continue; /* no reader is there */
        err = calls[n].call();
        cr_assert_eq(err, calls[n].inside, "%s: %d", calls[n].name, err);
    }
    leave();
    /* Nothing has changed: all of it works, and what was refused last. */
    for (n = last;; n--) {
        unit_ok(calls[n].call());
        if (!n)
            break;
    }
}

Test(sections, of_another_roster, .init = set_up)
{
    in_section(enter_other, leave_other);
}

Test(sections, of_the_server_itself, .init = set_up)
{
    in_section(enter_liburcu, leave_liburcu);
}
