/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Delays at random: at the core's test points (builds with ROSTER_TEST_DELAYS) and wherever the
 * torture itself wants time to pass.
 */
#pragma once

#include <stdint.h>

/* How often the core's test points delay the calling thread, in 1/65536; 0: never (the default). */
void delays_enable(uint64_t seed, uint64_t stream, unsigned often);

/* Delays the calling thread with a probability of often/65536. Executes no fence unless it does. */
void delay_sometimes(unsigned often);

/* Delays the calling thread for a while of random length and kind. */
void delay_now(void);

/* Delays the calling thread by less than a microsecond. */
void delay_shortly(void);

/* Fills the store buffer with stores that miss the cache, so that the next ones stay in it. */
void delay_stores(void);
