/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Text for a terminal; durations and points in time, as people read and write them.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/when.h"

#include <limits.h>
#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

void text_string(const json_t *string, char *to, size_t size)
{
    roster_text_show(json_is_string(string) ? json_string_value(string) : "",
                     json_string_length(string), to, size);
}

json_t *text_json(const char *text)
{
    json_t *json = json_string(text);
    char *shown = json ? NULL : strdup(text);

    if (shown) {
        roster_text_show(text, strlen(text), shown, strlen(text) + 1);
        json = json_string(shown);
        free(shown);
    }
    return json;
}

bool text_is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

/* How many columns the next character takes, and its bytes. A locale without UTF-8 knows neither:
 * then each byte that begins a character counts for one. */
static size_t character(const char *text, size_t *bytes)
{
    wchar_t wide;
    mbstate_t state = {0};
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): not with a state of its own */
    size_t length = mbrtowc(&wide, text, strlen(text), &state);
    int width;

    if (length && length <= MB_LEN_MAX) {
        *bytes = length;
        width = wcwidth(wide);
        return width > 0 ? (size_t)width : 0;
    }
    for (*bytes = 1; ((unsigned char)text[*bytes] & 0xc0) == 0x80;)
        ++*bytes;
    return 1;
}

size_t text_width(const char *text)
{
    size_t width = 0, bytes;

    for (; *text; text += bytes)
        width += character(text, &bytes);
    return width;
}

size_t text_bytes(const char *text, size_t columns)
{
    size_t length = 0, bytes, width;

    for (; text[length]; length += bytes) {
        width = character(text + length, &bytes);
        if (width > columns)
            break;
        columns -= width;
    }
    return length;
}

void text_fit(const char *text, size_t columns, bool unicode, char *to, size_t size)
{
    size_t length = text_bytes(text, columns), n, bytes, used = 0;
    bool cut = text[length] != '\0' && columns > 1;

    if (cut)
        length = text_bytes(text, columns - 1);
    for (n = 0; n < length; n += bytes) {
        (void)character(text + n, &bytes);
        if (used + bytes + 4 > size)
            break;
        if (unicode || (bytes == 1 && (unsigned char)text[n] < 0x80))
            memcpy(to + used, text + n, bytes);
        else
            to[used] = '?';
        used += unicode ? bytes : 1;
    }
    snprintf(to + used, size - used, "%s", !cut ? "" : unicode ? "…" : "~");
}

void text_ms(double ms, char *to, size_t size)
{
    if (!(ms >= 0)) /* no server says so, but what answers need not be one */
        snprintf(to, size, "unknown");
    else if (ms < 10000)
        snprintf(to, size, "%.0f ms", ms);
    else if (ms < 600000)
        snprintf(to, size, "%.1f s", ms / 1000);
    else if (ms < 36000000)
        snprintf(to, size, "%.1f min", ms / 60000);
    else
        snprintf(to, size, "%.1f h", ms / 3600000);
}

bool time_parse(const char *text, int64_t *ms)
{
    return when_parse(text, (int64_t)rst_wall_ms(), ms);
}

void time_show(int64_t ms, char *to, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    size_t length;

    if (ms < 0 || !localtime_r(&seconds, &tm)) {
        snprintf(to, size, "%lld", (long long)ms);
        return;
    }
    length = strftime(to, size, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(to + length, size - length, ".%03d", (int)(ms % 1000));
}
