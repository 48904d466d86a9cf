/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the two command lines of roster-bench have in common: how a value is read, and how a list is
 * shown below the options.
 */
#pragma once

#include <argp.h>
#include <stddef.h>
#include <stdio.h>

#define EXIT_USAGE 2
#define MAX_SESSIONS 10000000

/* Both explain on standard error what is wrong with the option `--name`, and end the program. */
size_t argument_count(const char *name, const char *text, size_t min, size_t max,
                      struct argp_state *state);
double argument_seconds(const char *text, double max, struct argp_state *state);

/* For argp's help filter: what `list` writes stands behind the options. NULL: memory is out. */
char *argument_help(int key, const char *text, void (*list)(FILE *out));
