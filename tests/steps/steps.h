/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Interleavings on purpose. A thread runs a function of the test on the core with its test points,
 * stands still at one of them, and goes on when the test says so. Nothing waits for a clock.
 */
#pragma once

#include <pthread.h>
#include <roster/manager.h>
#include <stdbool.h>

/* One thread. The first three members are the caller's. */
struct steps {
    void (*fn)(void *arg);
    void *arg;
    const char *point; /* where it stands still, the first time; NULL: nowhere */
    pthread_t thread;
    bool stands;
    bool goes_on;
    bool has_ended;
};

/* Starts it. Returns when it stands at its point (true) or has ended without reaching it. */
bool steps_start(struct steps *steps);

/* Lets it go on from where it stands. As steps_start(), for the next point. */
bool steps_go_to(struct steps *steps, const char *point);

/* Lets it go on, and waits a tenth of a second for its end. False: something keeps it. */
bool steps_ends(struct steps *steps);

/* Lets it go on and waits for its end. */
void steps_finish(struct steps *steps);

/* A roster in which no two transactions have one timestamp. */
struct roster *steps_roster(void);
