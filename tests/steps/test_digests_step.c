/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The digests that a list shows are those of the transaction that it shows. */

#include "steps.h"

#include <criterion/criterion.h>

#include <roster/roster.h>
#include <string.h>

static struct roster *roster;

struct listing {
    struct roster_snapshot *snapshot;
    int err;
};

static void list_all(void *arg)
{
    struct listing *listing = arg;

    listing->err = roster_snapshot(roster, &listing->snapshot);
}

/* Begins a transaction with one statement of this digest. */
static uint64_t begin_with(struct roster_session *session, const char *digest)
{
    uint64_t start_ts = 0;

    cr_assert_eq(roster_txn_begin(session, &start_ts), 0);
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, digest, strlen(digest)),
                 0);
    cr_assert_eq(roster_stmt_end(session), 0);
    return start_ts;
}

Test(digests_step, are_of_the_transaction_that_is_shown)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    struct listing listing = {NULL, 0};
    struct steps lister = {.fn = list_all, .arg = &listing, .point = "snapshot: digests next"};
    const struct roster_entry *entry;
    uint64_t first, second;

    roster = steps_roster();
    attr.flags = ROSTER_SESSION_DIGESTS;
    cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
    first = begin_with(session, "first");
    cr_assert(steps_start(&lister));
    cr_assert_eq(roster_txn_finish(session), 0);
    second = begin_with(session, "second");
    steps_finish(&lister);
    cr_assert_eq(listing.err, 0);
    cr_assert_eq(listing.snapshot->count, 1);
    entry = &listing.snapshot->entries[0];
    cr_assert(entry->start_ts == first || entry->start_ts == second);
    cr_assert_str_eq(entry->all_digests, entry->start_ts == first ? "[\"first\"]" : "[\"second\"]");
    roster_snapshot_free(listing.snapshot);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}
