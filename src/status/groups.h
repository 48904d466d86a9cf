/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which users, databases and applications have the sessions.
 */
#pragma once

#include <roster/quota.h>
#include <stddef.h>

struct roster;

/* How many of each kind /groups and /metrics have. */
#define GROUPS_SHOWN 10

/* The largest groups of a kind. */
struct shown_groups {
    size_t count;
    struct roster_group list[GROUPS_SHOWN];
    struct roster_groups sum;
};

/* As roster_groups_top(). */
int rst_groups_look(struct roster *roster, enum roster_group_by by, struct shown_groups *shown);

/* The command that lists a group's sessions, the oldest idle ones first: its value stands in there
 * only where a shell and rosterctl take it for a word. */
void rst_group_command(const struct roster_group *group, char *to, size_t size);

/* "user \"x\"", as it may be shown. */
void rst_group_show(const struct roster_group *group, char *to, size_t size);
