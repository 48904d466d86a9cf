/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Keeping circles of waits.
 */
#include "core/owner/circle.h"

#include "core/roster/block.h"
#include "core/roster/look.h"
#include "core/roster/side.h"
#include "core/roster/txn_seq.h"
#include "core/roster/wait_events.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void keep_member(struct roster_deadlock_member *member, const struct roster_session *session,
                        uint64_t now)
{
    struct roster_copy copy;
    struct rst_blocked blocked;
    const struct roster_shown *shown =
        rst_look_at(session, &copy, member->text, sizeof(member->text));
    uint64_t since;

    memset(member, 0, offsetof(struct roster_deadlock_member, text));
    member->session_id = roster_session_id(session);
    member->start_ts = shown->start_ts;
    member->txn_seq = rst_txn_look(session).seq;
    if (shown->statement) {
        member->stmt_seq = shown->statement->seq;
        member->text_length = shown->statement->text_length;
    }
    member->text[member->text_length] = '\0';
    if (!rst_block_read(session, &blocked))
        return;
    since = blocked.word & ~RST_WAIT_LOW;
    member->wait_ns = now > since ? now - since : 0;
    member->event = (uint32_t)(blocked.word & RST_WAIT_EVENT_MASK);
    memcpy(member->what, blocked.block.what, sizeof(member->what));
}

void rst_circle_keep(struct rst_deadlocks *deadlocks, const struct rst_circle *circle, uint64_t now)
{
    struct roster_deadlock **place = &deadlocks->kept[deadlocks->total++ % ROSTER_DEADLOCKS];
    struct timespec real;
    uint32_t n;

    for (n = 0; n < circle->count; n++) {
        const struct rst_side *side = rst_side_of(circle->waits[n].session);

        rst_store((rst_word *)(uintptr_t)&side->deadlock, deadlocks->total);
    }
    free(*place);
    *place = calloc(1, sizeof(**place));
    if (!*place)
        return;
    clock_gettime(CLOCK_REALTIME, &real);
    (*place)->number = deadlocks->total;
    (*place)->at_ms = (uint64_t)real.tv_sec * 1000 + (uint64_t)real.tv_nsec / 1000000;
    (*place)->at = now;
    (*place)->members = (uint32_t)circle->count;
    for (n = 0; n < circle->count && n < ROSTER_DEADLOCK_MEMBERS; n++)
        keep_member(&(*place)->member[n], circle->waits[n].session, now);
    (*place)->kept = n;
    (*place)->member[0].wait_ns = 0; /* it has just begun */
}
