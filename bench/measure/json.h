/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The values that both reports in JSON are made of. roster-bench needs no library but Roster's, so
 * that it is built wherever Roster is.
 */
#pragma once

#include "stats.h"

#include <stdio.h>

void json_string(FILE *out, const char *string);

/* null for what is not a number in JSON, such as a quotient by 0. */
void json_number(FILE *out, double number);

/* Members of an object, without a comma. */
void json_member(FILE *out, const char *name, const char *string);
void json_spread(FILE *out, const char *name, const struct spread *spread);
