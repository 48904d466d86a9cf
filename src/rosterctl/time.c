/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Points in time, as people write and read them.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "15m", "1.5h": milliseconds, or negative. */
static double duration_ms(const char *text)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
    char *end;
    double number = strtod(text, &end);
    size_t n;

    if (end == text || !(number >= 0 && number < 1e9) || !strchr("0123456789.", *text))
        return -1;
    for (n = 0; n < sizeof(units) / sizeof(units[0]); n++)
        if (!strcmp(end, units[n].name))
            return number * units[n].ms;
    return -1;
}

/* What stands behind the seconds of ISO 8601: nothing is local time, else Z or an offset. */
static bool zone_is(const char *text, bool *local, long *offset_s)
{
    struct tm tm = {0};
    const char *end;

    *local = !*text;
    *offset_s = 0;
    if (!*text || !strcmp(text, "Z"))
        return true;
    end = *text == '+' || *text == '-' ? strptime(text + 1, "%H:%M", &tm) : NULL;
    *offset_s = (*text == '-' ? -1L : 1L) * (tm.tm_hour * 3600L + tm.tm_min * 60L);
    return end && !*end;
}

/* "2026-11-29T10:00:00.5Z", less precise, or with a blank for the T. */
static bool iso_ms(const char *text, int64_t *ms)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                          "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
    struct tm tm;
    const char *end = NULL;
    int part = 0, scale; /* milliseconds */
    long offset_s;
    size_t n;
    bool local;

    for (n = 0; n < sizeof(formats) / sizeof(formats[0]) && !end; n++) {
        memset(&tm, 0, sizeof(tm));
        end = strptime(text, formats[n], &tm);
    }
    if (!end)
        return false;
    if (*end == '.') {
        for (scale = 100, end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
            part += (*end - '0') * scale;
    }
    if (!zone_is(end, &local, &offset_s))
        return false;
    tm.tm_isdst = -1;
    *ms = ((int64_t)(local ? mktime(&tm) : timegm(&tm)) - offset_s) * 1000 + part;
    return true;
}

bool time_parse(const char *text, int64_t *ms)
{
    unsigned long long number;
    double ago;
    char *end;

    text += *text == ' '; /* of main's keep_ages() */
    ago = *text == '-' ? duration_ms(text + 1) : -1;
    if (ago >= 0) {
        *ms = now_ms() - (int64_t)ago;
        return true;
    }
    if (*text && !text[strspn(text, "0123456789")]) {
        number = strtoull(text, &end, 10);
        *ms = (int64_t)number;
        return number < EVENT_NUMBER_LEAST;
    }
    return iso_ms(text, ms);
}

void time_show(int64_t ms, char *to, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    size_t length;

    if (!localtime_r(&seconds, &tm)) {
        snprintf(to, size, "%lld", (long long)ms);
        return;
    }
    length = strftime(to, size, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(to + length, size - length, ".%03d", (int)(ms % 1000));
}
