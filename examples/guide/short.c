/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The program of README.md: one session, one transaction, and the minimum.
 */
#include <inttypes.h>
#include <roster/roster.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program when a call has failed. */
static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "%s\n", roster_strerror(err));
    abort();
}

/* [short] */
int main(void)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_session *session;
    struct roster *roster;
    uint64_t start_ts;

    must(roster_create(NULL, &roster)); /* timestamps come from a clock of its own */
    must(roster_session_open(roster, NULL, &session));
    must(roster_txn_begin(session, &start_ts)); /* from here on, versions at start_ts are kept */
    must(roster_min_advance(roster, 0, &min));  /* any thread: the oldest start, and its session */
    printf("session %" PRIu64 " holds the minimum: %s\n", min.holder.session_id,
           min.min_start_ts == start_ts ? "its start timestamp" : "?");
    must(roster_txn_check(session));     /* what was read is valid: answer the client */
    must(roster_session_close(session)); /* ends the transaction, too */
    must(roster_destroy(roster));
    return 0;
}
/* [short] */
