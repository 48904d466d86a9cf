/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Failures: roster-bench names on standard error what it could not do. A workload that fails ends
 * the program, so what it calls returns no errors.
 */
#pragma once

/* Returns 1, for the exit status. */
int complain(const char *what, int err);

/* What must() names: the workload that runs. */
extern const char *complain_of;

/* Ends the program, unless err is 0. */
void must(int err);

/* Returns the memory; ends the program for NULL. */
void *must_have(void *memory);
