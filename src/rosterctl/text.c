/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text for a terminal.
 */
#include "config.h"

#include "rosterctl.h"

#include <stdio.h>
#include <string.h>

/* How many bytes the character has that begins here; the server sends valid UTF-8 only. */
static size_t bytes_of(const unsigned char *at)
{
    size_t length = *at < 0xc0 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;

    return strnlen((const char *)at, length);
}

/* Whether a terminal would obey it: control characters, also those from U+0080 to U+009F. */
static bool is_control(const unsigned char *at)
{
    return *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

void text_clean(const char *from, char *to, size_t size)
{
    const unsigned char *at = (const unsigned char *)from;
    size_t length = 0, bytes;

    for (; *at && length + (bytes = bytes_of(at)) < size; at += bytes) {
        if (is_control(at)) {
            to[length++] = *at == '\n' || *at == '\t' ? ' ' : '?';
        } else {
            memcpy(to + length, at, bytes);
            length += bytes;
        }
    }
    to[length] = '\0';
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
