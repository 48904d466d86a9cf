/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Entries: copies of sessions that outlive every lock.
 */
#ifndef ROSTER_CORE_READER_ENTRY_H
#define ROSTER_CORE_READER_ENTRY_H

#include <roster/block.h>
#include <roster/list.h>

/* Fills an entry with what one look has shown, but for the strings; and `*blocked` when the session
 * waits for another one. */
void rst_entry_fill(struct roster_entry *entry, const struct roster_session *session,
                    const struct roster_shown *shown, struct roster_blocked *blocked);

/* The statement that ended last, with its text where that is. */
void rst_entry_last(struct roster_entry *entry, const struct roster_statement *last);

#endif /* ROSTER_CORE_READER_ENTRY_H */
