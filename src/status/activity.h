/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The activity history over time: points for a chart.
 */
#ifndef ROSTER_STATUS_ACTIVITY_H
#define ROSTER_STATUS_ACTIVITY_H

#include "status/query.h"

#include <roster/activity.h>

/* The samples of each step from query->from to query->to, by the class of their wait, or by what
 * `by` distinguishes unless that is 0. Returns the HTTP status. */
unsigned rst_activity_points(struct request *request, const struct query *query, uint32_t by,
                             const struct roster_activity_filter *filter);

/* The members of a row that `by` distinguishes. */
void rst_activity_put(struct text *text, const struct roster_activity_row *row, uint32_t by);

#endif /* ROSTER_STATUS_ACTIVITY_H */
