/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/backoff.h"

#include "store/base/clock.h"

#include <errno.h>
#include <sys/random.h>

int rst_random(uint64_t *bits)
{
    ssize_t n;

    /* Up to 256 bytes are given whole, and only a boot too early for us can make it wait. */
    do
        n = getrandom(bits, sizeof(*bits), 0);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(*bits) ? 0 : -EIO;
}

/* A pause may be guessed: where the kernel gives no random bits, those of its clock do. */
static uint64_t jitter(void)
{
    uint64_t bits;

    return rst_random(&bits) ? (uint64_t)rst_store_monotonic_ns() : bits;
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
    return half + (int64_t)(jitter() % (uint64_t)(half + 1));
}
