/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * When memory goes back to the system: the clock of a roster asks for it once a second, as long as
 * objects come back, and the reclaiming thread does it. base/trim.h has what is done.
 */
#pragma once

struct roster;

/* The clock has moved. `arg` is a roster. */
void rst_trim_tick(void *arg);

/*
 * No trim is queued from here on, nor under way. Returns 0 or the error of rst_rcu_barrier(); then
 * nothing has changed.
 */
int rst_trim_stop(struct roster *roster);
void rst_trim_go_on(struct roster *roster);
