/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * When memory is returned to the system: the clock of a roster requests a trim once a second, while
 * objects come back, and the reclaiming thread executes it. base/trim.h describes a trim.
 */
#pragma once

struct roster;

/* The clock has moved. `arg` is a roster. */
void rst_trim_tick(void *arg);

/*
 * Ends trims: none is queued or in progress afterwards. Returns 0 or the error of
 * rst_rcu_barrier(); then nothing has changed.
 */
int rst_trim_stop(struct roster *roster);
void rst_trim_go_on(struct roster *roster);
