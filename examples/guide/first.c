/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * First steps: a roster, a session, a transaction, and the minimum that it holds back.
 */
#include <inttypes.h>
#include <roster/roster.h>
#include <stdio.h>

/* Prints what went wrong and what to do about it. */
static int complain(const char *call, int err)
{
    fprintf(stderr, "%s: %s\n", call, roster_strerror(err));
    return 1;
}

static int show_minimum(struct roster *roster)
{
    struct roster_min min = {.size = sizeof(min)};
    int err = roster_min_advance(roster, 0, &min);

    if (err)
        return complain("roster_min_advance", err);
    if (min.holder.kind == ROSTER_HOLDER_NONE)
        printf("nothing is held back: the safe point is %" PRIu64 "\n", min.safe_point);
    else
        printf("session %" PRIu64 " holds the minimum at %" PRIu64 "\n", min.holder.session_id,
               min.min_start_ts);
    return 0;
}

/* [transaction] */
static int read_something(struct roster_session *session)
{
    uint64_t start_ts;
    int err = roster_txn_begin(session, &start_ts);

    if (err)
        return complain("roster_txn_begin", err);
    printf("begun at %" PRIu64 "\n", start_ts);
    /* ... here a server reads the newest versions at or below start_ts ... */

    /* Vouches for all reads so far: only now may their results leave the server. */
    err = roster_txn_check(session);
    if (err)
        complain("roster_txn_check", err);
    return err ? 1 : 0;
}
/* [transaction] */

/* [session] */
static int serve(struct roster *roster)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;
    int err, wrong;

    attr.user = "alice";
    err = roster_session_open(roster, &attr, &session); /* this thread owns it now */
    if (err)
        return complain("roster_session_open", err);
    wrong = read_something(session);
    if (!wrong)
        wrong = show_minimum(roster);
    roster_session_close(session); /* finishes the transaction, too */
    return wrong;
}
/* [session] */

/* [main] */
int main(void)
{
    struct roster *roster;
    int err = roster_create(NULL, &roster), wrong;

    if (err)
        return complain("roster_create", err);
    wrong = serve(roster);
    if (!wrong)
        wrong = show_minimum(roster);
    err = roster_destroy(roster);
    if (err)
        return complain("roster_destroy", err);
    return wrong;
}
/* [main] */
