/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Points in time, as people write and read them.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/when.h"

#include <stdio.h>
#include <time.h>

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
