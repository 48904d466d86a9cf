/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * No call of the mirror fails: what goes wrong is counted.
 */
#ifndef ROSTER_MARIADB_NOTE_H
#define ROSTER_MARIADB_NOTE_H

#include <stdint.h>

/* Counts an error that is one, which a refusal because of a kill is not. */
void rst_mdb_note(int err);

/* How often something could not be mirrored: out of memory, or the backlog is full. */
uint64_t rst_mdb_errors(void);

#endif /* ROSTER_MARIADB_NOTE_H */
