/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Runs the tests of a program, each in a fork of its own, one after the other, and tells the
 * outcomes in the file that tests/run-test names in CRITERION_OUTPUTS.
 */
#include "criterion/criterion.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

static struct plain_test *tests, **last = &tests;
static bool failed; /* in the test's own process, by any of its threads */

void plain_add(struct plain_test *test)
{
    *last = test;
    last = &test->next;
}

static void tell(const char *format, va_list arguments)
{
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
}

void plain_failed(bool fatal, const char *file, int line, const char *what, const char *format, ...)
{
    va_list arguments;

    __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    printf("%s:%d: not true: %s;", file, line, what);
    va_start(arguments, format);
    tell(format, arguments);
    va_end(arguments);
    if (fatal)
        _exit(1);
}

void plain_skip(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell(format, arguments);
    va_end(arguments);
    _exit(SKIPPED);
}

static const struct plain_options *of_suite(const char *suite)
{
    static const struct plain_options none;
    const struct plain_test *test;

    for (test = tests; test; test = test->next)
        if (!test->name && strcmp(test->suite, suite) == 0)
            return &test->options;
    return &none;
}

/* In the child; what the test has not set is its suite's. */
static void run(const struct plain_test *test, void *parameter)
{
    const struct plain_options *own = &test->options, *suite = of_suite(test->suite);

    alarm(own->timeout ? own->timeout : suite->timeout);
    if (own->init || suite->init)
        (own->init ? own->init : suite->init)();
    if (test->with)
        test->with(parameter);
    else
        test->body();
    if (own->fini || suite->fini)
        (own->fini ? own->fini : suite->fini)();
    fflush(stdout);
    _exit(__atomic_load_n(&failed, __ATOMIC_RELAXED));
}

/* Returns what waitpid() says of it. */
static int run_apart(const struct plain_test *test, void *parameter)
{
    int status = -1;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0)
        run(test, parameter);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* "tap:FILE", or standard output. */
static FILE *results(void)
{
    const char *where = getenv("CRITERION_OUTPUTS");

    return where && strncmp(where, "tap:", 4) == 0 ? fopen(where + 4, "w") : stdout;
}

/* Runs it once and tells how that went; returns whether it failed. */
static bool judge(FILE *to, unsigned n, const struct plain_test *test, void *parameter)
{
    int status = run_apart(test, parameter);
    bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
    bool good = skipped || (WIFEXITED(status) && WEXITSTATUS(status) == 0);

    if (WIFSIGNALED(status))
        printf("%s::%s was ended by signal %d\n", test->suite, test->name, WTERMSIG(status));
    fprintf(to, "%sok %u - %s::%s%s\n", good ? "" : "not ", n, test->suite, test->name,
            skipped ? " # SKIP" : "");
    return !good;
}

int main(void)
{
    const struct plain_test *test;
    unsigned n = 0, failures = 0;
    FILE *to = results();

    if (!to)
        return 99;
    for (test = tests; test; test = test->next) {
        struct criterion_test_params params = {0, NULL, 1, NULL};
        size_t i;

        if (!test->name)
            continue;
        if (test->params)
            params = test->params();
        for (i = 0; i < params.length; i++)
            failures += judge(to, ++n, test, (char *)params.params + i * params.size);
        if (params.cleanup)
            params.cleanup(&params);
    }
    fprintf(to, "1..%u\n", n);
    return fclose(to) || failures;
}
