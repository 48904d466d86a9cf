/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Values of options.
 */
#include "arguments.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
size_t argument_count(const char *name, const char *text, size_t min, size_t max,
                      struct argp_state *state)
{
    unsigned long long value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value < min || value > max)
        argp_error(state, "--%s=%s: give a whole number from %zu to %zu", name, text, min, max);
    return (size_t)value;
}

double argument_seconds(const char *text, double max, struct argp_state *state)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value > 0 && value <= max))
        argp_error(state, "--seconds=%s: give a number above 0 and up to %g, such as 0.3", text,
                   max);
    return value;
}
/* NOLINTEND(concurrency-mt-unsafe) */

char *argument_help(int key, const char *text, void (*list)(FILE *out))
{
    char *shown = NULL;
    size_t size;
    FILE *out;

    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    out = open_memstream(&shown, &size);
    if (!out)
        return NULL;
    list(out);
    fclose(out);
    return shown;
}
