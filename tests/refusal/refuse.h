/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The environment refuses: calls of the C library and of the kernel that fail on demand, whatever
 * makes them: Roster, or SQLite, libcurl and jansson on its behalf. The functions of refuse.c stand
 * in the test program, where the dynamic linker finds them before those of the C library.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The n-th such call of this thread from now on fails, once; n counts from 1. */
void refuse_nth(unsigned n);

/* The next call of that one function fails. */
void refuse_function(const char *name);

/* Every call of that one function fails from now on, with that errno. */
void refuse_always(const char *name, int error);

/* The next `times` calls of membarrier() that this process makes, in any thread, also in liburcu's
 * name, fail with that errno; 0: none. */
void refuse_membarrier(int error, unsigned times);

/* All of them fail, but for the next `passes` of this thread. */
void refuse_membarrier_after(int error, unsigned passes);

/* How many calls of it this thread has made. */
unsigned refuse_membarriers(void);

/* For `times`. */
#define REFUSE_FOR_EVER (~0U)

/* No more. Returns the name of the function that was refused, NULL for none. */
const char *refuse_none(void);

/* How often since then it was. */
unsigned refuse_times(void);

/* Blocks of memory that anyone in this process has allocated and not freed yet. */
long refuse_blocks(void);

/* File descriptors that are open. */
unsigned refuse_files(void);

/* Moves the wall clock, and the clock that counts on in suspension, of this process. */
void refuse_step_wall_clock(int64_t ns);
void refuse_step_boot_clock(int64_t ns);

/* Before the n-th stat() that this thread makes: something that another process does then. */
void refuse_before_stat(unsigned n, void (*act)(void));

/* Whether the kernel refuses all clocks to all threads of this process. */
void refuse_clocks(bool all);
