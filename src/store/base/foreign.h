/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A store belongs to the process that opened it: its connections, locks and threads are of no use
 * to a forked child, which would speak on the parent's connection. The same goes for all that rests
 * on a store. A child may open one of its own.
 */
#pragma once

#include <stdbool.h>

#include <roster/store.h>

bool rst_store_is_foreign(const struct roster_store *store);

/* What a call asks first. 0; -EINVAL: there is no store; -ECHILD: it is foreign. */
int rst_store_check(const struct roster_store *store);

/* A number that changes when what was known of the store means nothing any more. */
unsigned rst_store_rebinds(const struct roster_store *store);
