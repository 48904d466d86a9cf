/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Telling a violation, once, and ending the program with it.
 */
#pragma once

#include <stdint.h>

/* Remembered for the message, so that the run can be repeated. */
void report_seed(uint64_t seed);

/* Says which guarantee was violated and how, and ends the program with status 1. Any thread. */
void violation(const char *guarantee, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Violates `guarantee` unless `condition` holds. */
#define require(guarantee, condition, ...)                                                         \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            violation(guarantee, __VA_ARGS__);                                                     \
    } while (0)

/* Makes a crash a violation of G4: the pointer that was followed led nowhere. */
void report_crashes(void);
