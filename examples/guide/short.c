/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The program of README.md: one session, one transaction, and who has the oldest.
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

    must(roster_create(NULL, &roster));
    must(roster_session_open(roster, NULL, &session));
    must(roster_txn_begin(session, NULL));     /* pins what it reads */
    must(roster_min_advance(roster, 0, &min)); /* on any thread */
    printf("oldest: session %" PRIu64 "\n", min.holder.session_id);
    must(roster_txn_check(session));     /* nothing was deleted */
    must(roster_session_close(session)); /* ends its transaction */
    return roster_destroy(roster);
}
/* [short] */
