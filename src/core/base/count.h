/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Grammar of a count in a message: "1 call was refused", "2 calls were refused".
 */
#ifndef ROSTER_CORE_BASE_COUNT_H
#define ROSTER_CORE_BASE_COUNT_H

#include <stdint.h>

static inline const char *count_s(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static inline const char *count_were(uint64_t count)
{
    return count == 1 ? "was" : "were";
}

#endif /* ROSTER_CORE_BASE_COUNT_H */
