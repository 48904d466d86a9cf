/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * In which order a thread visits its sessions, and a floor its records.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A number below `below`, by George Marsaglia's xorshift generator. `*state` is not 0. */
static inline size_t random_below(uint64_t *state, size_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (size_t)(*state % below);
}

/* Moves `few` of `n` pointers, taken evenly from all over the array, to its front. */
void order_spread(void *pointers, size_t n, size_t few);

/* Shuffles an array of `n` pointers, always in the same way for the same `n`. */
void order_shuffle(void *pointers, size_t n);
