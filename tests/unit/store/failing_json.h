/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Allocations of jansson that fail on demand, in whichever thread. */
#pragma once

#include <stdbool.h>

/* The n-th from now on fails, once or with all that follow; n counts from 1. */
void failing_json_nth(unsigned n, bool goes_on);

/* No more. Returns whether one has failed; errno stays. */
bool failing_json_none(void);
