/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What happens to a server of a cluster, for the event log of its roster.
 */
#ifndef ROSTER_CLUSTER_BASE_LOGGED_H
#define ROSTER_CLUSTER_BASE_LOGGED_H

#include <roster/event_log.h>

/* An event of the server `name`. */
void rst_cluster_logged(struct roster *roster, enum roster_logged_kind kind, const char *what,
                        const char *name, int result);

#endif /* ROSTER_CLUSTER_BASE_LOGGED_H */
