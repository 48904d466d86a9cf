/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The statement that ended last in a transaction, as readers see it. See roster/last.h.
 */
#include "core/roster/last.h"

#include "core/roster/look.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

/* d: whether the session shows what was looked at. */
static bool is_in_force(const struct roster_session *session, const struct roster_shown *shown)
{
    const struct roster_shown *place = caa_container_of(shown, struct roster_copy, shown)->place;

    /* Acquire: pairs with 3, so that what 1 has kept is not shown before the end is. */
    return rst_dereference(&session->view) == place && !rst_look_is_over(place, shown->life);
}

const struct roster_statement *roster_session_last_statement(const struct roster_session *session,
                                                             const struct roster_shown *shown,
                                                             struct roster_statement *last,
                                                             char *text, size_t size)
{
    const struct rst_statement *from;
    const struct rst_side *side;
    uint64_t life;

    if (!session || !shown || !last || shown->statement || shown->txn_state == ROSTER_TXN_INVALID)
        return NULL;
    side = rst_side_of(session);
    if (!side)
        return NULL;
    rst_test_point("last: looked");
    life = rst_load_acquire(&side->last.life);     /* a: pairs with 2 */
    from = rst_dereference(&side->last.statement); /* b: pairs with 1 */
    rst_test_point("last: statement found");
    if (!from || !rst_look_copy(from, &side->last.life, life, last, text, size))
        return NULL;
    return is_in_force(session, shown) ? last : NULL;
}
