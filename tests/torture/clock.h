/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The timestamp oracles of the torture. All are linearizable, and they differ in what else they
 * are: G2 may rest on nothing but that.
 */
#pragma once

#include <roster/oracle.h>
#include <stdbool.h>
#include <stdint.h>

enum clock_kind {
    CLOCK_PLAIN,   /* the processor's time stamp counter: no atomic operation, no fence */
    CLOCK_COUNTER, /* the library's hybrid clock */
    CLOCK_REMOTE,  /* the same, and every answer may be long on its way */
};

struct torture_clock {
    enum clock_kind kind;
    struct roster_oracle_local *counter;
    unsigned delays; /* before and after the timestamp is taken, in 1/65536 */
};

/* A plain clock becomes a counter where time stamp counters are missing or disagree. */
void clock_init(struct torture_clock *clock, enum clock_kind kind);
void clock_destroy(struct torture_clock *clock);

/* A roster_oracle_fn. */
int clock_get(void *clock, uint64_t *ts);

/* Whether the time stamp counters of all processors are one linearizable clock. */
bool clock_plain_works(void);
