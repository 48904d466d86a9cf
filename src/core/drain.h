/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What opening a session has to know of draining. See drain.c.
 */
#ifndef ROSTER_CORE_DRAIN_H
#define ROSTER_CORE_DRAIN_H

#include <stdbool.h>

struct roster;

/* Whether sessions of this kind are refused; asked again when one has become findable. */
bool rst_drain_refuses(const struct roster *roster, unsigned kind);

#endif /* ROSTER_CORE_DRAIN_H */
