/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <errno.h>
#include <sys/random.h>

#include "store/base/backoff.h"
#include "store/base/clock.h"

uint64_t rst_store_random(void)
{
    uint64_t bits = 0;

    /* Up to 256 bytes are given whole, and only a boot too early for us can make it wait. */
    while (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits) && errno == EINTR)
        ;
    return bits;
}

int64_t rst_store_backoff_ns(int min_ms, int max_ms, unsigned failures)
{
    int64_t ms = min_ms;
    int64_t half;

    while (failures-- > 0 && ms < max_ms)
        ms *= 2;
    if (ms > max_ms)
        ms = max_ms;
    half = ms * STORE_NS_PER_MS / 2;
    return half + (int64_t)(rst_store_random() % (uint64_t)(half + 1));
}
