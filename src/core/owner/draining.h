/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What opening a session has to know of draining. See operate/drain.c.
 */
#ifndef ROSTER_CORE_OWNER_DRAINING_H
#define ROSTER_CORE_OWNER_DRAINING_H

#include <stdbool.h>

struct rst_thread;

/*
 * The calling thread is about to open a session of this kind: whether a drain refuses it. If not,
 * every drain that begins from now on looks again until rst_drain_opened(). Nothing has been
 * published yet, so that a refused open has nothing to withdraw.
 */
bool rst_drain_refuses(struct rst_thread *thread, unsigned kind);

/* The session can be found, or will not be opened after all. */
void rst_drain_opened(struct rst_thread *thread);

#endif /* ROSTER_CORE_OWNER_DRAINING_H */
