/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Points in time, as people write them: to rosterctl, and to the status endpoint.
 */
#ifndef ROSTER_CORE_BASE_WHEN_H
#define ROSTER_CORE_BASE_WHEN_H

#include <errno.h>
#include <roster/timestamp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WHEN_FORMS                                                                                 \
    "a time (-15m, -2h, now, 2026-11-29T10:00:00Z, 2026-11-29 10:00, Unix milliseconds or a "      \
    "timestamp)"

/* Numbers below WHEN_MS_MOST are milliseconds since the Unix epoch, those below WHEN_TS_MOST are
 * timestamps with such milliseconds in them, until the year 2100. What is greater is the number of
 * an event. Where a small number means something else, times begin with WHEN_MS_LEAST, in 1970. */
#define WHEN_MS_LEAST (UINT64_C(1) << 32)
#define WHEN_MS_MOST (UINT64_C(1) << 45)
#define WHEN_TS_MOST (UINT64_C(1) << 60)

/* "15m", "1.5h": milliseconds, or negative. */
static inline double when_duration_ms(const char *text)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
    char *end;
    double number = strtod(text, &end);
    size_t n;

    if (end == text || (size_t)(end - text) != strspn(text, "0123456789.") || !(number < 1e9))
        return -1;
    for (n = 0; n < sizeof(units) / sizeof(units[0]); n++)
        if (!strcmp(end, units[n].name))
            return number * units[n].ms;
    return -1;
}

/* What stands behind the seconds of ISO 8601: nothing is local time, else Z or an offset. */
static inline bool when_zone(const char *text, bool *local, long *offset_s)
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
static inline bool when_iso_ms(const char *text, int64_t *ms)
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
    if (!when_zone(end, &local, &offset_s))
        return false;
    tm.tm_isdst = -1;
    *ms = ((int64_t)(local ? mktime(&tm) : timegm(&tm)) - offset_s) * 1000 + part;
    return true;
}

/* Milliseconds since the Unix epoch; false for what is no point in time, or before the epoch. */
static inline bool when_parse(const char *text, int64_t now_ms, int64_t *ms)
{
    uint64_t number;
    double ago = -1;

    if (!strcmp(text, "now"))
        ago = 0;
    else if (*text == '-')
        ago = when_duration_ms(text + 1);
    if (ago >= 0) {
        *ms = now_ms - (int64_t)ago;
        return *ms >= 0;
    }
    if (!*text || text[strspn(text, "0123456789")])
        return when_iso_ms(text, ms) && *ms >= 0;
    errno = 0;
    number = strtoull(text, NULL, 10);
    *ms = (int64_t)(number < WHEN_MS_MOST ? number : roster_ts_physical_ms(number));
    return !errno && number < WHEN_TS_MOST;
}

#endif /* ROSTER_CORE_BASE_WHEN_H */
