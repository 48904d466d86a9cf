/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Entries: copies of sessions that outlive every lock.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <roster/block.h>
#include <roster/kill.h>
#include <roster/list.h>
#include <string.h>

/* The first part of an entry; a session at rest has nothing else, and one without a side nothing
 * of the last part. */
#define RST_ENTRY_FRONT offsetof(struct roster_entry, text_full_length)
#define RST_ENTRY_SIDE offsetof(struct roster_entry, last_text)

_Static_assert(RST_ENTRY_FRONT <= 2 * RST_CACHE_LINE, "what every session has is two lines");
#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct roster_entry) % RST_CACHE_LINE == 0, "entries share no line");
#endif

static inline bool rst_entry_is_at_rest(const struct roster_session *session,
                                        const struct roster_shown *shown)
{
    return shown->txn_state == ROSTER_TXN_INVALID && shown->run_state == ROSTER_RUN_IDLE &&
           !shown->statement && !rst_dereference(&session->side); /* pairs with rst_side_need() */
}

/*
 * Fills an entry with what one look has shown of a session at rest, but for the strings. Of what
 * comes after `entry->rest` that many bytes may differ from 0, and none afterwards; the lines of
 * the others are not touched.
 */
static inline void rst_entry_front(struct roster_entry *entry, const struct roster_session *session,
                                   const struct roster_shown *shown)
{
    if (rst_unlikely(entry->rest))
        memset((char *)entry + RST_ENTRY_FRONT, 0, entry->rest);
    entry->id = roster_session_id(session);
    entry->kind = roster_session_kind(session);
    entry->flags = roster_session_flags(session);
    entry->state_since = roster_session_since(session, shown);
    entry->txn_state = (enum roster_txn_state)shown->txn_state;
    entry->run_state = (enum roster_run_state)shown->run_state;
    entry->command = ROSTER_COMMAND_SLEEP;
    /* Acquire: as in rst_kill_dying(), which loads it again. */
    entry->killed = rst_load_acquire(&session->kill) ? roster_session_killed(session, shown) : 0;
    entry->memory = rst_load(&session->memory);
    entry->disk = 0;
    entry->tag = 0;
    entry->start_ts = shown->start_ts;
    entry->text = NULL;
    entry->text_length = 0;
    entry->rest = 0;
}

/* The same of any session; and `*blocked` when it waits for another one. */
void rst_entry_fill(struct roster_entry *entry, const struct roster_session *session,
                    const struct roster_shown *shown, struct roster_blocked *blocked);

/* As roster_txn_since(), of a look that was made under this read lock. */
uint64_t rst_txn_since(const struct roster_session *session, const struct roster_shown *shown);

/* The statement that ended last, with its text where that is. */
void rst_entry_last(struct roster_entry *entry, const struct roster_statement *last);
