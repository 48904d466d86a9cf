/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Signals at all moments.
 */
#pragma once

/* From now on this process gets a signal at this interval, in microseconds; 0 for none. */
void storm(long microseconds);

/* How many there were. */
unsigned storm_signals(void);
