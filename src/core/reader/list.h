/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of walks.
 */
#ifndef ROSTER_CORE_READER_LIST_H
#define ROSTER_CORE_READER_LIST_H

#include <roster/list.h>

/* As roster_for_each(), with room for the text of a statement; NULL and 0: it is shown empty. */
int rst_for_each(struct roster *roster, roster_each_fn *fn, void *arg, char *room, size_t size);

#endif /* ROSTER_CORE_READER_LIST_H */
