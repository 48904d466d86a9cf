/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Calls of the C library that fail on demand. The linker puts them in the place of those that the
 * core makes (see unit.am), so that Criterion, liburcu and the C library itself are spared.
 */
#pragma once

/* The n-th such call of this thread from now on fails, once; n counts from 1. */
void failing_nth(unsigned n);

/* All of this thread fail from now on. */
void failing_all(void);

/* No more. Returns how many have failed. */
unsigned failing_none(void);

/* Blocks of memory that were allocated by the core and not freed yet. */
long failing_blocks(void);

/* The bytes of these, and of what it has mapped, but for what is mapped to be used later
 * (MAP_NORESERVE). */
long failing_bytes(void);
