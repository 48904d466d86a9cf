/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The sides of sessions.
 */
#include "core/roster/side.h"

#include "core/base/reclaim.h"
#include "core/roster/digests.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <stdlib.h>
#include <string.h>

struct rst_side *rst_side_need(struct roster_session *session)
{
    struct rst_side *side = session->side;

    if (!side) {
        side = calloc(1, sizeof(*side));
        /* Complete before it is found; pairs with rst_side_of(). */
        rst_assign_pointer(&session->side, side);
    }
    return side;
}

const struct rst_side *rst_side_of(const struct roster_session *session)
{
    return rst_dereference(&session->side); /* pairs with rst_side_need() */
}

static void side_clear(struct rst_side *side)
{
    free(side->block);
    free(side->tables);
    free(side->digests);
    free(side->release);
    free(side->nested);
    memset(side, 0, sizeof(*side));
}

/* The half above the count of its transactions differs for every such session of the roster, and
 * the bit above all from the numbers that slots give. */
static void begin_numbers(struct roster_session *session)
{
    uint64_t n = rst_fetch_add(&rst_session_roster(session)->non_pinning, 1);

    rst_store(&session->side->txn_seq, UINT64_C(1) << 63 | n << 33 >> 1);
}

void rst_side_next_txn_slow(struct roster_session *session)
{
    struct rst_side *side = session->side;

    /* Release: after the lives of what the transaction before has shown; pairs with rst_txn_seq()
     */
    rst_store_release(&side->txn_seq, rst_load(&side->txn_seq) + 1);
}

static int release_open(struct rst_side *side, const struct roster_session_attr *attr)
{
    side->release = malloc(sizeof(*side->release));
    if (!side->release)
        return -ENOMEM;
    side->release->release = attr->release;
    side->release->arg = attr->wake_arg;
    return 0;
}

static void call_release(struct rcu_head *head)
{
    struct rst_release *release = caa_container_of(head, struct rst_release, head);

    rst_callback_begin(head);
    release->release(release->arg);
    free(release);
    rst_callback_end();
}

void rst_side_release_slow(struct rst_side *side)
{
    struct rst_release *release = side->release;

    side->release = NULL;
    rst_call_rcu(&release->head, call_release);
}

/* Whether the session needs a side from the beginning. */
static bool needs_side(const struct roster_session *session, const struct roster_session_attr *attr)
{
    return attr->wake || attr->wake_kill || attr->release || attr->tag || session->gate.remembers ||
           session->gate.non_pinning || attr->flags & ROSTER_SESSION_LAST_STATEMENT;
}

int rst_side_open(struct roster_session *session, const struct roster_session_attr *attr)
{
    if (session->side)
        side_clear(session->side);
    if (!needs_side(session, attr))
        return 0;
    if (!rst_side_need(session))
        return -ENOMEM;
    if (session->gate.non_pinning)
        begin_numbers(session);
    session->side->wake = attr->wake;
    session->side->wake_kill = attr->wake_kill;
    session->side->wake_arg = attr->wake_arg;
    rst_store(&session->side->tag, attr->tag);
    if (attr->release && release_open(session->side, attr))
        return -ENOMEM;
    if (!session->gate.remembers)
        return 0;
    session->side->digests = calloc(1, sizeof(*session->side->digests));
    return session->side->digests ? 0 : -ENOMEM;
}

void rst_side_free(struct rst_side *side)
{
    if (side)
        side_clear(side);
    free(side);
}
