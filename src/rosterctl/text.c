/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text for a terminal.
 */
#include "config.h"

#include "rosterctl.h"

#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

void text_clean(const char *from, size_t length, char *to, size_t size)
{
    const char *end = from + length;
    size_t used = 0, bytes;
    uint32_t point;

    for (; from < end; from += bytes) {
        bytes = rst_utf8_next(from, (size_t)(end - from), &point);
        if (used + (bytes ? bytes : 1) >= size)
            break;
        if (bytes && !rst_utf8_steers(point)) {
            memcpy(to + used, from, bytes);
            used += bytes;
        } else {
            to[used++] = point == '\n' || point == '\t' ? ' ' : '?';
        }
        bytes += !bytes;
    }
    to[used] = '\0';
}

void text_string(const json_t *string, char *to, size_t size)
{
    text_clean(json_is_string(string) ? json_string_value(string) : "", json_string_length(string),
               to, size);
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
