/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sides of sessions, and what a server says of what they use and may use.
 */
#include "core/roster/side.h"

#include "core/owner/tables.h"
#include "core/roster/digests.h"
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
    free(side->tables);
    free(side->digests);
    memset(side, 0, sizeof(*side));
}

int rst_side_open(struct roster_session *session, const struct roster_session_attr *attr)
{
    if (session->side)
        side_clear(session->side);
    if (!attr->wake && !session->gate.remembers)
        return 0;
    if (!rst_side_need(session))
        return -ENOMEM;
    session->side->wake = attr->wake;
    session->side->wake_arg = attr->wake_arg;
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

/* Why the owner may not go on: 0, -EINVAL, -EBADF, -ECHILD. */
static int may_set(const struct roster_session *session)
{
    if (!session)
        return -EINVAL;
    if (session->gate.tag == RST_TAG_CLOSED)
        return -EBADF;
    return rst_thread_forked() ? -ECHILD : 0;
}

int roster_session_set_memory(struct roster_session *session, uint64_t bytes)
{
    if (rst_unlikely(!session))
        return -EINVAL;
    if (rst_unlikely(session->gate.tag == RST_TAG_CLOSED))
        return -EBADF;
    rst_store(&session->memory, bytes);
    return 0;
}

int roster_session_set_disk(struct roster_session *session, uint64_t bytes)
{
    struct rst_side *side;
    int err = may_set(session);

    if (err)
        return err;
    side = rst_side_need(session);
    if (!side)
        return -ENOMEM;
    rst_store(&side->disk, bytes);
    return 0;
}

uint64_t roster_session_memory(const struct roster_session *session)
{
    return session ? rst_load(&session->memory) : 0;
}

uint64_t roster_session_disk(const struct roster_session *session)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;

    return side ? rst_load(&side->disk) : 0;
}

int roster_session_set_limit(struct roster_session *session, enum roster_limit which,
                             uint64_t value)
{
    struct rst_side *side;
    int err = may_set(session);

    if (err)
        return err;
    if ((unsigned)which >= ROSTER_LIMITS)
        return -EINVAL;
    side = rst_side_need(session);
    if (!side)
        return -ENOMEM;
    rst_store(&side->limits[which], value);
    return 0;
}

uint64_t roster_session_limit(const struct roster_session *session, enum roster_limit which)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;

    return side && (unsigned)which < ROSTER_LIMITS ? rst_load(&side->limits[which]) : 0;
}
