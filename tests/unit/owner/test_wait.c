/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What a session waits for, its tag, the flags of its transaction, and states outside of one. */

#include "../unit.h"
#include "core/roster/side.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct {
    struct roster *roster;
    struct roster_session *session;
} f;

static void start(void)
{
    f.roster = unit_roster(NULL);
    f.session = unit_open(f.roster);
}

/* A test that closes the session itself leaves NULL. */
static void stop(void)
{
    if (f.session)
        unit_close(f.session);
    unit_destroy(f.roster);
}

TestSuite(wait, .init = start, .fini = stop);

/* The session as a copied list has it; `*snapshot` is freed by the caller. */
static const struct roster_entry *entry_of(struct roster_snapshot **snapshot)
{
    unit_ok(roster_snapshot(f.roster, snapshot));
    return (*snapshot)->entries;
}

Test(wait, events_are_found_again)
{
    uint32_t disk, again, other;
    char name[ROSTER_WAIT_NAME + 2];

    unit_ok(roster_wait_event_register(ROSTER_WAIT_IO, "disk", &disk));
    unit_ok(roster_wait_event_register(ROSTER_WAIT_IO, "disk", &again));
    unit_ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "disk", &other));
    cr_assert_eq(disk, again);
    cr_assert_neq(disk, other);
    cr_assert_str_eq(roster_wait_event_class(disk), "IO");
    cr_assert_str_eq(roster_wait_event_name(disk), "disk");
    cr_assert_null(roster_wait_event_name(0));
    cr_assert_null(roster_wait_event_class(other + 1));
    cr_assert_eq(roster_wait_event_register(NULL, "x", &disk), -EINVAL);
    cr_assert_eq(roster_wait_event_register("x", "", &disk), -EINVAL);
    cr_assert_eq(roster_wait_event_register("x", "a\n", &disk), -EINVAL);
    cr_assert_eq(roster_wait_event_register("x", "a", NULL), -EINVAL);
    memset(name, 'n', sizeof(name));
    name[ROSTER_WAIT_NAME + 1] = '\0';
    cr_assert_eq(roster_wait_event_register("x", name, &disk), -ENAMETOOLONG);
    name[ROSTER_WAIT_NAME] = '\0';
    unit_ok(roster_wait_event_register("x", name, &disk));
}

Test(wait, there_is_an_end_of_events)
{
    uint32_t event;
    char name[16];
    int n, err = 0;

    for (n = 0; !err && n <= ROSTER_WAIT_EVENTS; n++) {
        snprintf(name, sizeof(name), "%d", n);
        err = roster_wait_event_register("many", name, &event);
    }
    cr_assert_eq(err, -ENOSPC);
    cr_assert_eq(n, ROSTER_WAIT_EVENTS + 1);
    unit_ok(roster_wait_event_register("many", "0", &event));
}

Test(wait, is_shown_inside_and_outside)
{
    struct roster_snapshot *snapshot;
    const struct roster_entry *entry;
    uint32_t disk, client;
    uint64_t since;

    unit_ok(roster_wait_event_register(ROSTER_WAIT_IO, "disk", &disk));
    unit_ok(roster_wait_event_register(ROSTER_WAIT_CLIENT, "read", &client));
    cr_assert_eq(roster_session_wait(f.session, NULL), 0);
    roster_wait_end(f.session);
    unit_set_clock(f.roster, UINT64_C(1) << 40);
    unit_ok(roster_wait_begin(f.session, client));
    cr_assert_eq(roster_session_wait(f.session, &since), client);
    cr_assert_eq(since, UINT64_C(1) << 40);
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(roster_wait_begin(f.session, disk));
    entry = entry_of(&snapshot);
    unit_close(f.session);
    unit_destroy(f.roster);
    cr_assert_str_eq(entry->wait_class, "IO", "it outlives the roster");
    cr_assert_str_eq(entry->wait_event, "disk");
    cr_assert_eq(entry->wait_since, UINT64_C(1) << 40);
    roster_snapshot_free(snapshot);
    start();
    entry = entry_of(&snapshot);
    cr_assert_null(entry->wait_event);
    roster_snapshot_free(snapshot);
    cr_assert_eq(roster_wait_begin(NULL, disk), -EINVAL);
    cr_assert_eq(roster_wait_begin(f.session, 0), -EINVAL);
    cr_assert_eq(roster_wait_begin(f.session, client + 1), -EINVAL);
    roster_wait_end(NULL);
    unit_close(f.session);
    cr_assert_eq(roster_wait_begin(f.session, disk), -EBADF);
    f.session = NULL;
}

/* A session whose record serves another one waits for nothing. */
Test(wait, does_not_outlive_its_session)
{
    uint32_t disk;
    int n;

    unit_ok(roster_wait_event_register(ROSTER_WAIT_IO, "disk", &disk));
    for (n = 0; n < 200; n++) {
        cr_assert_eq(roster_session_wait(f.session, NULL), 0);
        cr_assert_eq(roster_session_tag(f.session), 0);
        unit_ok(roster_wait_begin(f.session, disk));
        unit_ok(roster_session_set_tag(f.session, 17));
        unit_close(f.session);
        cr_assert_eq(roster_release_wait(f.roster), 0);
        f.session = unit_open(f.roster);
    }
}

Test(wait, a_tag_is_read_by_anyone)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *tagged;
    struct roster_snapshot *snapshot;

    attr.tag = UINT64_MAX;
    unit_ok(roster_session_open(f.roster, &attr, &tagged));
    cr_assert_eq(roster_session_tag(tagged), UINT64_MAX);
    unit_ok(roster_session_set_tag(tagged, 7));
    cr_assert_eq(roster_session_tag(tagged), 7);
    cr_assert_eq(roster_session_tag(f.session), 0);
    unit_close(f.session);
    cr_assert_eq(entry_of(&snapshot)->tag, 7);
    roster_snapshot_free(snapshot);
    cr_assert_eq(roster_session_set_tag(NULL, 1), -EINVAL);
    cr_assert_eq(roster_session_tag(NULL), 0);
    unit_close(tagged);
    cr_assert_eq(roster_session_set_tag(tagged, 1), -EBADF);
    f.session = NULL;
}

Test(wait, flags_are_of_one_transaction)
{
    struct roster_snapshot *snapshot;
    struct roster_copy copy;
    uint64_t ts;

    cr_assert_eq(roster_txn_set_flags(f.session, ROSTER_TXN_READ_ONLY), -EINVAL);
    unit_ok(roster_txn_begin(f.session, &ts));
    cr_assert_eq(roster_txn_set_flags(f.session, 4), -EINVAL);
    cr_assert_eq(roster_txn_set_flags(NULL, 0), -EINVAL);
    unit_ok(roster_txn_set_flags(f.session, ROSTER_TXN_HAS_WRITES));
    cr_assert_eq(entry_of(&snapshot)->txn_flags, ROSTER_TXN_HAS_WRITES);
    roster_snapshot_free(snapshot);
    unit_ok(roster_txn_finish(f.session));
    unit_ok(roster_txn_begin_at(f.session, ts));
    cr_assert_eq(roster_txn_flags(f.session, roster_session_look(f.session, &copy, NULL, 0)), 0);
    unit_ok(roster_txn_set_flags(f.session, ROSTER_TXN_READ_ONLY));
    cr_assert_eq(roster_txn_flags(f.session, roster_session_look(f.session, &copy, NULL, 0)),
                 ROSTER_TXN_READ_ONLY);
    cr_assert_eq(roster_txn_flags(NULL, NULL), 0);
    unit_close(f.session);
    cr_assert_eq(roster_txn_set_flags(f.session, 0), -EBADF);
    f.session = NULL;
}

Test(wait, a_state_inside_a_statement_without_transaction)
{
    cr_assert_eq(roster_txn_set_state(f.session, ROSTER_RUN_LOCK_WAITING), -EINVAL);
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(roster_txn_set_state(f.session, ROSTER_RUN_LOCK_WAITING));
    cr_assert_eq(unit_look(f.session)->run_state, ROSTER_RUN_LOCK_WAITING);
    cr_assert_eq(unit_look(f.session)->txn_state, ROSTER_TXN_INVALID);
    cr_assert_str_eq(unit_look(f.session)->statement->text, "x");
    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_txn_set_state(f.session, ROSTER_RUN_COMMITTING));
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(roster_stmt_end(f.session), 0);
    cr_assert_eq(unit_look(f.session)->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(roster_txn_set_state(f.session, ROSTER_RUN_LOCK_WAITING), -EINVAL);
}

Test(wait, a_killed_connection_may_clean_up)
{
    int killed = ROSTER_KILLED_CONNECTION | ROSTER_KILL_REASON_IDLE;
    char digest[ROSTER_DIGEST_MAX + 1] = "";

    unit_ok(roster_txn_begin(f.session, NULL));
    unit_ok(roster_kill(f.roster, roster_session_id(f.session), ROSTER_KILL_TARGET_CONNECTION, 0,
                        ROSTER_KILL_REASON_IDLE));
    cr_assert_eq(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), -ECANCELED);
    unit_ok(roster_stmt_begin_cleanup(f.session, ROSTER_COMMAND_QUERY, "rollback", 8, NULL, 0));
    cr_assert_str_eq(unit_look(f.session)->statement->text, "rollback");
    cr_assert_eq(roster_killed(f.session), killed);
    unit_ok(roster_txn_finish(f.session));
    cr_assert_eq(roster_stmt_begin_cleanup(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0),
                 -EBUSY);
    cr_assert_eq(roster_stmt_end(f.session), killed);
    cr_assert_eq(roster_stmt_begin_cleanup(f.session, ROSTER_COMMAND_QUERY, NULL, 1, NULL, 0),
                 -EINVAL);
    cr_assert_eq(
        roster_stmt_begin_cleanup(f.session, ROSTER_COMMAND_QUERY, NULL, 0, digest, sizeof(digest)),
        -ENAMETOOLONG);
    unit_close(f.session);
    cr_assert_eq(roster_stmt_begin_cleanup(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0),
                 -EBADF);
    f.session = NULL;
}

/* How many words of the side a call has changed, which has changed nothing else: no view was
 * published, and none was written. */
static unsigned stores(uint32_t event)
{
    struct unit_state before, after;
    struct rst_side side;

    unit_state_take(&before, f.roster, f.session);
    memcpy(&side, f.session->side, sizeof(side));
    if (event)
        unit_ok(roster_wait_begin(f.session, event));
    else
        roster_wait_end(f.session);
    unit_state_take(&after, f.roster, f.session);
    cr_expect_null(unit_state_differs(&before, &after));
    return unit_words_changed(&side, f.session->side, sizeof(side));
}

static void expect_one_store(uint32_t event, uint32_t other)
{
    cr_expect_eq(stores(event), 1u);
    cr_expect_eq(stores(other), 1u, "in place of another one");
    cr_expect_eq(stores(0), 1u);
}

Test(wait, is_one_store_inside_and_outside)
{
    uint32_t disk, net;

    unit_ok(roster_wait_event_register(ROSTER_WAIT_IO, "disk", &disk));
    unit_ok(roster_wait_event_register(ROSTER_WAIT_CLIENT, "net", &net));
    unit_ok(roster_wait_begin(f.session, disk)); /* the first may allocate */
    roster_wait_end(f.session);
    expect_one_store(disk, net);
    unit_ok(roster_txn_begin(f.session, NULL));
    expect_one_store(disk, net);
    unit_ok(roster_stmt_begin(f.session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    expect_one_store(disk, net);
    (void)roster_stmt_end(f.session);
    unit_ok(roster_txn_finish(f.session));
}
