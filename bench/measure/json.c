/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Writing JSON.
 */
#include "json.h"

#include <math.h>

void json_string(FILE *out, const char *string)
{
    fputc('"', out);
    for (; *string; string++) {
        unsigned char c = (unsigned char)*string;

        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

void json_number(FILE *out, double number)
{
    if (isfinite(number))
        fprintf(out, "%.9g", number);
    else
        fputs("null", out);
}

void json_spread(FILE *out, const char *name, const struct spread *spread)
{
    fprintf(out, "\"%s\": {\"median\": ", name);
    json_number(out, spread->median);
    fputs(", \"min\": ", out);
    json_number(out, spread->min);
    fputs(", \"max\": ", out);
    json_number(out, spread->max);
    fputc('}', out);
}

void json_machine(FILE *out, const struct machine *machine)
{
    fputs("  \"machine\": {\"processor\": ", out);
    json_string(out, machine->processor);
    fprintf(out, ", \"processors\": %zu, \"system\": ", machine->processors);
    json_string(out, machine->system);
    fputs(", \"compiler\": ", out);
    json_string(out, machine->compiler);
    fputs("},\n", out);
}
