/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Notes which errnos each public function has returned, in the file that ROSTER_ERRNOS names: a
 * line "FUNCTION NUMBER" for each pair, once a process.
 */
#pragma once

extern const char *const errnos_functions[];
extern const unsigned errnos_count;

/* Returns `result`. Safe wherever a test is: it allocates nothing and leaves errno alone. */
int errnos_note(unsigned function, int result);
