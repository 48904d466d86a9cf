/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Pauses between attempts, and the random numbers for them. */
#pragma once

#include <stdint.h>

/*
 * The pause after `failures` failures before: min_ms doubled each time, at most max_ms; then a
 * random part of that, between half and all, so that callers that failed together do not come back
 * together. In nanoseconds, never 0.
 */
int64_t rst_store_backoff_ns(int min_ms, int max_ms, unsigned failures);

/* 64 bits that cannot be guessed and no two processes share. 0; -EIO: the kernel refuses them. */
int rst_random(uint64_t *bits);
