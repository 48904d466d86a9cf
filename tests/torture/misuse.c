/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Calls that must be refused, each in the state that refuses it, and leave that state alone.
 */
#include "actor.h"
#include "report.h"

#include <errno.h>
#include <string.h>

static void refuse(const char *what, int err, int wanted)
{
    require("API", err == wanted, "%s returned %d, not %d", what, err, wanted);
}

static void misuse_idle(struct client *client)
{
    struct roster_session *session = client->session;

    refuse("activate without prepare", roster_txn_activate(session, 1), -EINVAL);
    refuse("finish without a transaction", roster_txn_finish(session), -EALREADY);
    refuse("check without a transaction", roster_txn_check(session), -EINVAL);
    if (!client->in_stmt)
        refuse("a state without a transaction", roster_txn_set_state(session, ROSTER_RUN_RUNNING),
               -EINVAL);
    refuse("progress without a transaction", roster_txn_set_progress(session, 1, 1, 1), -EINVAL);
}

static void misuse_busy(struct client *client)
{
    struct roster_session *session = client->session;

    refuse("begin in a transaction", roster_txn_begin(session, NULL), -EBUSY);
    refuse("begin at in a transaction", roster_txn_begin_at(session, 1), -EBUSY);
    refuse("prepare in a transaction", roster_txn_prepare(session), -EBUSY);
    refuse("activate with 0", roster_txn_activate(session, 0), -EINVAL);
}

void client_misuse(struct actor *actor, struct client *client)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *other = NULL;
    struct roster_copy copy, again;
    struct roster_shown before = *roster_session_look(client->session, &copy, NULL, 0), after;
    uint64_t seq = before.statement ? copy.statement.seq : 0;
    bool in_stmt;
    int err;

    if (client->txn == ROSTER_TXN_INVALID)
        misuse_idle(client);
    else
        misuse_busy(client);
    if (client->in_stmt)
        refuse("a statement in a statement",
               roster_stmt_begin(client->session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0), -EBUSY);
    else
        refuse("the end of no statement", roster_stmt_end(client->session), -EALREADY);
    attr.id = client->id;
    err = roster_session_open(client->arena->roster, &attr, &other);
    if (err == -EUSERS || err == -ENOBUFS)
        count(&actor->tally.refused);
    else
        refuse("an id in use", err, -EEXIST);
    after = *roster_session_look(client->session, &again, NULL, 0);
    in_stmt = after.statement != NULL;
    before.statement = after.statement = NULL; /* where it was copied to; its number is below */
    require("API",
            !memcmp(&before, &after, sizeof(before)) && seq == (in_stmt ? again.statement.seq : 0),
            "a refused call changed the view");
}
