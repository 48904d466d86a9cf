/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The session that a scan names really held what it names: slots change hands while the scan looks.
 */

#include "steps.h"

#include <criterion/criterion.h>

#include <roster/roster.h>

static struct roster *roster;

struct scanning {
    struct roster_min min;
    int err;
};

static void scan(void *arg)
{
    struct scanning *scanning = arg;

    scanning->err = roster_min_advance(roster, 0, &scanning->min);
}

/* The same of a walk over all holders, of which there is one. */
static int keep(const struct roster_holder *holder, void *arg)
{
    struct scanning *scanning = arg;

    cr_assert_eq(scanning->min.holder.kind, ROSTER_HOLDER_NONE, "it was visited twice");
    scanning->min.holder = *holder;
    return 0;
}

static void walk(void *arg)
{
    struct scanning *scanning = arg;

    scanning->err = roster_for_each_holder(roster, keep, scanning);
}

/* The scan or walk stands still there, while the slot that it looks at goes to another session. */
static void changes_hands_at(void (*fn)(void *arg), const char *point)
{
    struct scanning scanning = {.min = {.size = sizeof(scanning.min)}};
    struct steps scanner = {.fn = fn, .arg = &scanning, .point = point};
    struct roster_session *first, *second;
    const struct roster_holder *holder = &scanning.min.holder;
    uint64_t first_ts, second_ts, first_id;

    roster = steps_roster();
    cr_assert_eq(roster_session_open(roster, NULL, &first), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &second), 0);
    first_id = roster_session_id(first);
    cr_assert_eq(roster_txn_begin(first, &first_ts), 0);
    cr_assert(steps_start(&scanner));
    cr_assert_eq(roster_txn_finish(first), 0);
    cr_assert_eq(roster_txn_begin(second, &second_ts), 0);
    steps_finish(&scanner);
    cr_assert_eq(scanning.err, 0);
    cr_assert(!holder->session_id ||
                  holder->ts == (holder->session_id == first_id ? first_ts : second_ts),
              "session %llu did not hold what it is named for",
              (unsigned long long)holder->session_id);
    cr_assert_eq(roster_session_close(first), 0);
    cr_assert_eq(roster_session_close(second), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(holder_step, before_the_holder_is_read)
{
    changes_hands_at(scan, "slot: word read");
    changes_hands_at(walk, "slot: word read");
}

Test(holder_step, after_the_holder_was_read)
{
    changes_hands_at(scan, "slot: holder read");
    changes_hands_at(walk, "slot: holder read");
}

/* The first chose its timestamp and chooses it again after the second had the slot. */
static void comes_again(void (*fn)(void *arg))
{
    struct scanning scanning = {.min = {.size = sizeof(scanning.min)}};
    struct steps scanner = {.fn = fn, .arg = &scanning, .point = "slot: word read"};
    struct roster_session *first, *second;

    roster = steps_roster();
    cr_assert_eq(roster_session_open(roster, NULL, &first), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &second), 0);
    cr_assert_eq(roster_txn_begin_at(first, 1000), 0);
    cr_assert(steps_start(&scanner));
    cr_assert_eq(roster_txn_finish(first), 0);
    cr_assert_eq(roster_txn_begin(second, NULL), 0);
    cr_assert(steps_go_to(&scanner, "slot: holder read"));
    cr_assert_eq(roster_txn_finish(second), 0);
    cr_assert_eq(roster_txn_begin_at(first, 1000), 0);
    steps_finish(&scanner);
    cr_assert_eq(scanning.err, 0);
    cr_assert_eq(scanning.min.holder.ts, 1000);
    cr_assert_eq(scanning.min.holder.session_id, roster_session_id(first));
    cr_assert_eq(roster_session_close(first), 0);
    cr_assert_eq(roster_session_close(second), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(holder_step, between_two_that_chose_one_timestamp)
{
    comes_again(scan);
    comes_again(walk);
}
