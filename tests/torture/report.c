/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Telling a violation.
 */
#include "config.h"

#include "report.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t seed;
static bool told;

void report_seed(uint64_t value)
{
    seed = value;
}

void violation(const char *guarantee, const char *format, ...)
{
    char text[1024];
    va_list args;

    /* The first one counts; what others find before the end may only follow from it. */
    while (__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
        pause();
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "violation of %s: %s (seed %" PRIu64 ")\n", guarantee, text, seed);
    fflush(NULL);
    _exit(1);
}

#if !defined(ROSTER_SANITIZER_ADDRESS) && !defined(ROSTER_SANITIZER_THREAD)
static bool core_wanted;

/* Tells; where a core may be left the crash happens once more, without a handler. */
static void crashed(int signal_number)
{
    static const char text[] = "violation of G4: a pointer that was followed led nowhere\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)ignored;
    (void)signal_number;
    if (!core_wanted)
        _exit(1);
}
#endif

void report_crashes(void)
{
#if !defined(ROSTER_SANITIZER_ADDRESS) && !defined(ROSTER_SANITIZER_THREAD)
    struct sigaction action;
    struct rlimit core;

    core_wanted = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur > 0;
    memset(&action, 0, sizeof(action));
    action.sa_handler = crashed;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
#endif
}
