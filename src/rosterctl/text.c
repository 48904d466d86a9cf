/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Text for a terminal.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include <roster/text.h>
#include <stdio.h>
#include <string.h>

void text_string(const json_t *string, char *to, size_t size)
{
    roster_text_show(json_is_string(string) ? json_string_value(string) : "",
                     json_string_length(string), to, size);
}

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void text_ms(double ms, char *to, size_t size)
{
    if (ms < 10000)
        snprintf(to, size, "%.0f ms", ms);
    else if (ms < 600000)
        snprintf(to, size, "%.1f s", ms / 1000);
    else if (ms < 36000000)
        snprintf(to, size, "%.1f min", ms / 60000);
    else
        snprintf(to, size, "%.1f h", ms / 3600000);
}
