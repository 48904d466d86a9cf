/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of walks.
 */
#pragma once

#include <roster/list.h>
#include <stdbool.h>

/* As roster_for_each(), with room for the text of a statement; NULL and 0: it is shown empty. */
int rst_for_each(struct roster *roster, roster_each_fn *fn, void *arg, char *room, size_t size);

/* The same, for a `fn` that reads the session's other line, too. */
int rst_for_each_whole(struct roster *roster, roster_each_fn *fn, void *arg, char *room,
                       size_t size);

/*
 * Whether a session may be left out: it leads to this view, under the read lock, which may be given
 * to another session or written again at any time.
 */
typedef bool rst_known_fn(const struct roster_session *session, const struct roster_shown *view,
                          void *arg);

/*
 * The same without those that are at rest, and without those that `known`, which is called first,
 * knows already.
 */
int rst_for_each_unknown(struct roster *roster, rst_known_fn *known, roster_each_fn *fn, void *arg,
                         char *room, size_t size);
