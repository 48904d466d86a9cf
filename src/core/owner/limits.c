/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A session's use of resources and its limits, as set by the server.
 */
#include "core/roster/enter.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <errno.h>
#include <roster/limits.h>

int roster_session_set_memory(struct roster_session *session, uint64_t bytes)
{
    int err = rst_session_refuses(session);

    if (!err)
        rst_store(&session->memory, bytes);
    return err;
}

/* Where the owner sets what most sessions have not: 0, -ENOMEM, or why it is refused. */
static int side_to_set(struct roster_session *session, struct rst_side **side)
{
    int err = rst_session_refuses(session);

    if (err)
        return err;
    *side = rst_side_need(session);
    return *side ? 0 : -ENOMEM;
}

int roster_session_set_disk(struct roster_session *session, uint64_t bytes)
{
    struct rst_side *side;
    int err = side_to_set(session, &side);

    if (err)
        return err;
    rst_store(&side->disk, bytes);
    return 0;
}

int roster_session_set_tag(struct roster_session *session, uint64_t tag)
{
    struct rst_side *side;
    int err = side_to_set(session, &side);

    if (err)
        return err;
    /* What it leads to comes first; pairs with roster_session_tag(). */
    rst_store_release(&side->tag, tag);
    return 0;
}

uint64_t roster_session_tag(const struct roster_session *session)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;

    return side ? rst_load_acquire(&side->tag) : 0; /* pairs with roster_session_set_tag() */
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
    int err = rst_session_refuses(session);

    if (!err)
        err = (unsigned)which < ROSTER_LIMITS ? side_to_set(session, &side) : -EINVAL;
    if (err)
        return err;
    rst_store(&side->limits[which], value);
    return 0;
}

uint64_t roster_session_limit(const struct roster_session *session, enum roster_limit which)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;

    return side && (unsigned)which < ROSTER_LIMITS ? rst_load(&side->limits[which]) : 0;
}
