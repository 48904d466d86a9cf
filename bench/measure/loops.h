/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The loops over a roster that several workloads share.
 */
#pragma once

#include "runner.h"
#include "world.h"

/* Jobs over a struct share, round-robin over its sessions. */
int loop_begin_finish(struct worker *worker);
int loop_statement(struct worker *worker);

/* Jobs over a struct world. An operation is one list or one minimum. */
int loop_list(struct worker *worker);
int loop_scan(struct worker *worker);
int loop_list_every_100_ms(struct worker *worker);
int loop_scan_every_10_ms(struct worker *worker);
