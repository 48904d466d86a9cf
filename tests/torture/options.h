/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line of the torture programs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAX_THREADS 64

struct torture_options {
    uint64_t txns; /* UINT64_MAX: no end */
    double seconds;
    uint64_t seed;
    unsigned threads;
    const char *roles; /* one letter a thread, again and again: owner, scanner, reader, killer */
    unsigned delays;   /* at test points, in 1/65536 */
    unsigned arenas;   /* how many of them are used */
    unsigned stall_limit;
    bool verbose;
};

/* Reads the command line into `options`, which holds the defaults; exits 99 when it is wrong. */
void options_read(struct torture_options *options, int argc, char **argv);
