/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The events that sessions wait for, and their encoding in side.wait.
 */
#pragma once

#include <roster/wait.h>
#include <stdbool.h>

/* Of side.wait: the event is in the low bits, then whether it is for a session (see block.h), since
 * when in the others, whose low bits are cut. */
#define RST_WAIT_EVENT_MASK UINT64_C(0x7fff)
#define RST_WAIT_BLOCKED UINT64_C(0x8000)
#define RST_WAIT_LOW (RST_WAIT_BLOCKED | RST_WAIT_EVENT_MASK)

_Static_assert(ROSTER_WAIT_EVENTS <= RST_WAIT_EVENT_MASK, "events fit below the time");

/* Whether it was registered. */
bool rst_wait_is_event(uint32_t event);
