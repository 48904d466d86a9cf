/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether a server is healthy, and what is wrong if it is not: since when, what shows it, and the
 * command to run.
 */
#ifndef ROSTER_STATUS_VERDICT_H
#define ROSTER_STATUS_VERDICT_H

#include "status/problem.h"

struct roster_status;

/* The name of a problem ("fenced", ...). */
const char *rst_problem_name(enum problem problem);

/* In the endpoint's thread. What cannot be found out is no problem of its own: the call that fails
 * says it elsewhere. */
void rst_verdict(struct roster_status *status, struct verdict *verdict);

#endif /* ROSTER_STATUS_VERDICT_H */
