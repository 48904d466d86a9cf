/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The values that both reports in JSON are made of. roster-bench needs no library but Roster's, so
 * that it is built wherever Roster is. Names and titles in the program need no escapes.
 */
#pragma once

#include "report.h"
#include "stats.h"

#include <stdio.h>

void json_string(FILE *out, const char *string);

/* null for what is not a number in JSON, such as a quotient by 0. */
void json_number(FILE *out, double number);

/* Members of an object, without a comma; and with one, on a line of its own. */
void json_spread(FILE *out, const char *name, const struct spread *spread);
void json_machine(FILE *out, const struct machine *machine);
