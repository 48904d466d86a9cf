/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The sanitizers' options for every test program, compiled in so that they also hold when a
 * program is run by hand. Criterion ignores what happens after a test's body, so the first
 * report has to end the process; tests/run-test adds a log file and looks into it.
 */

#include "config.h"

#define SANITIZER_HOOK __attribute__((visibility("default"), used))

#ifdef ROSTER_SANITIZER_ADDRESS
SANITIZER_HOOK const char *__asan_default_options(void);
SANITIZER_HOOK const char *__lsan_default_options(void);
SANITIZER_HOOK const char *__lsan_default_suppressions(void);

const char *__asan_default_options(void)
{
    return "halt_on_error=1:abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1:"
           "strict_string_checks=1:check_initialization_order=1";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

/* Criterion keeps a copy of CRITERION_OUTPUTS; no test runs below this function of its. */
const char *__lsan_default_suppressions(void)
{
    return "leak:criterion_handle_args\n";
}
#endif

#ifdef ROSTER_SANITIZER_UNDEFINED
SANITIZER_HOOK const char *__ubsan_default_options(void);

const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}
#endif

#ifdef ROSTER_SANITIZER_THREAD
SANITIZER_HOOK const char *__tsan_default_options(void);
SANITIZER_HOOK const char *__tsan_default_suppressions(void);

const char *__tsan_default_options(void)
{
    return "halt_on_error=1:second_deadlock_stack=1:history_size=4";
}

/*
 * Only what liburcu itself allocates and writes in its own functions. Suppressing by frame
 * ("race:") would hide races in the callbacks that liburcu calls.
 */
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:liburcu-bp.so\ncalled_from_lib:liburcu-cds.so\n";
}
#endif
