/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The read side: its lock, and lookups under it.
 */
#include "core/base/process.h"
#include "core/reader/entry.h"
#include "core/roster/roster.h"
#include "core/roster/look.h"
#include "core/roster/session.h"

#include <roster/timestamp.h>
#include <roster/view.h>

int roster_read_lock(struct roster *roster)
{
    if (!roster)
        return -EINVAL;
    if (rst_unlikely(rst_process_is_other(roster->process)))
        return -ECHILD;
    rst_rcu_read_lock();
    rst_test_point("lock: inside");
    return 0;
}

void roster_read_unlock(struct roster *roster)
{
    /* The thread that forked inside leaves once in the child, too, and no other time: there the
     * lock of the parent's roster is not taken. */
    if (rst_likely(roster && !rst_process_is_other(roster->process)) || urcu_bp_read_ongoing())
        rst_rcu_read_unlock();
}

const struct roster_session *roster_lookup(struct roster *roster, uint64_t id)
{
    return roster ? rst_registry_find(&roster->registry, id) : NULL;
}

const struct roster_shown *roster_session_look(const struct roster_session *session,
                                               struct roster_copy *copy, char *text, size_t size)
{
    return rst_look_at(session, copy, text, size);
}

/*
 * A look that the caller has kept may be of a transaction that ended long ago, with the slots that
 * the session had since: their memory may be gone. So first of all, whether one like it is open
 * now. Its slot, and those that come after it, stay readable to the end of the read section.
 */
static bool is_open(const struct roster_session *session, uint64_t start_ts)
{
    struct roster_copy copy;
    const struct roster_shown *now = rst_look_at(session, &copy, NULL, 0);

    return now->txn_state == ROSTER_TXN_VALID && now->start_ts == start_ts;
}

uint64_t rst_txn_since(const struct roster_session *session, const struct roster_shown *shown)
{
    struct rst_held held;
    const uint64_t *slot;

    if (shown->txn_state != ROSTER_TXN_VALID)
        return 0;
    /* Acquire: pairs with announce() and begin_at() in owner/txn.c. */
    slot = rst_load_acquire(&session->slot);
    if (!slot || !rst_slot_read(slot, ROSTER_TS_MAX, &held))
        return 0;
    return held.ts == shown->start_ts && held.by == (uintptr_t)session ? held.since : 0;
}

uint64_t roster_txn_since(const struct roster_session *session, const struct roster_shown *shown)
{
    return session && shown && is_open(session, shown->start_ts) ? rst_txn_since(session, shown)
                                                                 : 0;
}
