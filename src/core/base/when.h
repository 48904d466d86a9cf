/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Times as people write them, for rosterctl and the status endpoint.
 */
#pragma once

#include <errno.h>
#include <roster/timestamp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WHEN_FORMS                                                                                 \
    "a time (-15m, -2h, now, 21:03, 2026-11-29T10:00:00Z, 2026-11-29 10:00, Unix milliseconds or " \
    "a timestamp)"

/* Numbers below WHEN_MS_MOST are milliseconds since the Unix epoch, those below WHEN_TS_MOST are
 * timestamps with such milliseconds in them, until the year 2100. Greater numbers are event
 * numbers. Where a small number has another meaning, times begin at WHEN_MS_LEAST, in 1970. */
#define WHEN_MS_LEAST (UINT64_C(1) << 32)
#define WHEN_MS_MOST (UINT64_C(1) << 45)
#define WHEN_TS_MOST (UINT64_C(1) << 60)

/* Exactly this many digits, up to a maximum; not strptime(), which depends on the locale. */
static inline bool when_digits(const char **text, int count, int most, int *number)
{
    for (*number = 0; count > 0 && **text >= '0' && **text <= '9'; count--, (*text)++)
        *number = *number * 10 + (**text - '0');
    return !count && *number <= most;
}

static inline bool when_is(const char **text, char c)
{
    bool is = **text == c;

    *text += is;
    return is;
}

/* "15m", "1.5h": milliseconds, or negative. */
static inline double when_duration_ms(const char *text)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
    double number = 0, unit = 1;
    const char *start = text;
    size_t n;

    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            number += (*text - '0') * (unit /= 10);
    if (*start < '0' || *start > '9' || !(number < 1e9))
        return -1;
    for (n = 0; n < sizeof(units) / sizeof(units[0]); n++)
        if (!strcmp(text, units[n].name))
            return number * units[n].ms;
    return -1;
}

/* The suffix after the seconds of ISO 8601: none is local time, else Z or an offset. */
static inline bool when_zone(const char *text, bool *local, long *offset_s)
{
    bool west = *text == '-';
    int hours, minutes;

    *local = !*text;
    *offset_s = 0;
    if (!*text || !strcmp(text, "Z"))
        return true;
    if ((!when_is(&text, '+') && !when_is(&text, '-')) || !when_digits(&text, 2, 23, &hours) ||
        !when_is(&text, ':') || !when_digits(&text, 2, 59, &minutes))
        return false;
    *offset_s = (west ? -1L : 1L) * (hours * 3600L + minutes * 60L);
    return !*text;
}

/* "10:00:00.5" or less precise. */
static inline bool when_clock(const char **text, struct tm *tm, int *ms)
{
    int scale;

    if (!when_digits(text, 2, 23, &tm->tm_hour) || !when_is(text, ':') ||
        !when_digits(text, 2, 59, &tm->tm_min))
        return false;
    if (!when_is(text, ':'))
        return true;
    if (!when_digits(text, 2, 60, &tm->tm_sec))
        return false;
    if (when_is(text, '.'))
        for (scale = 100; **text >= '0' && **text <= '9'; (*text)++, scale /= 10)
            *ms += (**text - '0') * scale;
    return true;
}

/* mktime() would take February 30 for March 2. */
static inline bool when_is_day(const struct tm *tm)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = tm->tm_year + 1900;
    bool leap = !(year % 4) && (year % 100 || !(year % 400));

    return tm->tm_mday <= days[tm->tm_mon] + (leap && tm->tm_mon == 1);
}

/* Seconds since the Unix epoch. When clocks are set back, an hour occurs twice: returns the later
 * one that is not after `most_s`, or else the first. */
static inline int64_t when_local_s(struct tm tm, int64_t most_s)
{
    struct tm summer = tm, winter = tm;
    int64_t first, second;

    summer.tm_isdst = 1;
    winter.tm_isdst = 0;
    first = (int64_t)mktime(&summer);
    second = (int64_t)mktime(&winter);
    if (summer.tm_isdst > 0 && !winter.tm_isdst)
        return second <= most_s ? second : first;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm);
}

static inline int64_t when_tm_ms(struct tm tm, bool local, long offset_s, int part, int64_t most_ms)
{
    int64_t seconds = local ? when_local_s(tm, most_ms / 1000) : (int64_t)timegm(&tm);

    return (seconds - offset_s) * 1000 + part;
}

/* "21:03:30.5" or less precise, of this day, or of the day before if it is in the future. */
static inline bool when_clock_ms(const char *text, int64_t now_ms, int64_t *ms)
{
    struct tm clock = {0}, tm;
    time_t now_s = (time_t)(now_ms / 1000);
    int part = 0; /* milliseconds */
    long offset_s;
    bool local;

    if (!when_clock(&text, &clock, &part) || !when_zone(text, &local, &offset_s))
        return false;
    now_s += offset_s;
    if (!(local ? localtime_r(&now_s, &tm) : gmtime_r(&now_s, &tm)))
        return false;
    tm.tm_hour = clock.tm_hour;
    tm.tm_min = clock.tm_min;
    tm.tm_sec = clock.tm_sec;
    *ms = when_tm_ms(tm, local, offset_s, part, now_ms);
    if (*ms > now_ms) {
        tm.tm_mday--;
        *ms = when_tm_ms(tm, local, offset_s, part, now_ms);
    }
    return true;
}

/* "2026-11-29T10:00:00.5Z", less precise, or with a blank for the T. */
static inline bool when_iso_ms(const char *text, int64_t *ms)
{
    struct tm tm = {0};
    int part = 0; /* milliseconds */
    long offset_s;
    bool local;

    if (!when_digits(&text, 4, 9999, &tm.tm_year) || !when_is(&text, '-') ||
        !when_digits(&text, 2, 12, &tm.tm_mon) || !tm.tm_mon || !when_is(&text, '-') ||
        !when_digits(&text, 2, 31, &tm.tm_mday) || !tm.tm_mday)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    if (!when_is_day(&tm))
        return false;
    if ((when_is(&text, 'T') || when_is(&text, ' ')) && !when_clock(&text, &tm, &part))
        return false;
    if (!when_zone(text, &local, &offset_s))
        return false;
    *ms = when_tm_ms(tm, local, offset_s, part, 0);
    return true;
}

/* Milliseconds since the Unix epoch, which are one for all readers of numbers too; false for what
 * is no point in time, before the epoch, or after WHEN_MS_MOST. */
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
        return (when_clock_ms(text, now_ms, ms) || when_iso_ms(text, ms)) && *ms >= 0 &&
               (uint64_t)*ms < WHEN_MS_MOST;
    errno = 0;
    number = strtoull(text, NULL, 10);
    *ms = (int64_t)(number < WHEN_MS_MOST ? number : roster_ts_physical_ms(number));
    return !errno && number < WHEN_TS_MOST;
}
