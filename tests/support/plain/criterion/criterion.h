/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * As much of Criterion's interface as the unit tests use, for where Criterion itself is not to be
 * had: Debian has none for s390x, and it starts each test by executing its own program, which an
 * emulator of another processor cannot. Here each test is a fork of a runner (run.c) that has
 * touched nothing. scripts/cross-check.sh alone uses it; nothing else should.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plain_options {
    int line;
    void (*init)(void);
    void (*fini)(void);
    unsigned timeout; /* seconds; 0: none */
};

/* The elements that a test is run with. */
struct criterion_test_params {
    size_t size;
    void *params;
    size_t length;
    void (*cleanup)(struct criterion_test_params *params);
};

struct plain_test {
    const char *suite;
    const char *name; /* NULL: what its suite's tests have in common */
    void (*body)(void);
    void (*with)(void *parameter); /* instead of a body */
    struct criterion_test_params (*params)(void);
    struct plain_options options;
    struct plain_test *next;
};

void plain_add(struct plain_test *test);

/* Tells of a failed check; a fatal one ends the test, whichever thread it is in. */
void plain_failed(bool fatal, const char *file, int line, const char *what, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void plain_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#define PLAIN_ADD(id, ...)                                                                         \
    static struct plain_test id##_test = {__VA_ARGS__};                                            \
    __attribute__((constructor)) static void id##_add(void)                                        \
    {                                                                                              \
        plain_add(&id##_test);                                                                     \
    }

#define TestSuite(suite_, ...)                                                                     \
    PLAIN_ADD(suite_, .suite = #suite_, .options = {.line = __LINE__, __VA_ARGS__})                \
    struct plain_test

#define Test(suite_, name_, ...)                                                                   \
    static void suite_##_##name_##_body(void);                                                     \
    PLAIN_ADD(suite_##_##name_, .suite = #suite_, .name = #name_, .body = suite_##_##name_##_body, \
              .options = {.line = __LINE__, __VA_ARGS__})                                          \
    static void suite_##_##name_##_body(void)

/* A message is optional, and a literal. */
#define PLAIN_CHECK(fatal, holds, what, ...)                                                       \
    ((holds) ? (void)0 : plain_failed(fatal, __FILE__, __LINE__, what, " " __VA_ARGS__))
#define PLAIN_COMPARE(fatal, a, op, b, ...)                                                        \
    PLAIN_CHECK(fatal, (a)op(b), #a " " #op " " #b, __VA_ARGS__)
#define PLAIN_BYTES(fatal, a, b, size, ...)                                                        \
    PLAIN_CHECK(fatal, memcmp((a), (b), (size)) == 0, #a " has the bytes of " #b, __VA_ARGS__)
#define PLAIN_STRINGS(fatal, a, op, b, ...)                                                        \
    PLAIN_CHECK(fatal, strcmp((a), (b)) op 0, "\"" #a "\" " #op " \"" #b "\"", __VA_ARGS__)

#define cr_assert(holds, ...) PLAIN_CHECK(true, holds, #holds, __VA_ARGS__)
#define cr_assert_not(holds, ...) PLAIN_CHECK(true, !(holds), "not " #holds, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) PLAIN_COMPARE(true, a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) PLAIN_COMPARE(true, a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) PLAIN_COMPARE(true, a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) PLAIN_COMPARE(true, a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) PLAIN_COMPARE(true, a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) PLAIN_COMPARE(true, a, >=, b, __VA_ARGS__)
#define cr_assert_null(a, ...) PLAIN_COMPARE(true, a, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(a, ...) PLAIN_COMPARE(true, a, !=, NULL, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) PLAIN_STRINGS(true, a, ==, b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) PLAIN_STRINGS(true, a, !=, b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...) PLAIN_BYTES(true, a, b, size, __VA_ARGS__)

#define cr_expect(holds, ...) PLAIN_CHECK(false, holds, #holds, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) PLAIN_COMPARE(false, a, ==, b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) PLAIN_COMPARE(false, a, !=, b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) PLAIN_COMPARE(false, a, <, b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) PLAIN_COMPARE(false, a, <=, b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) PLAIN_COMPARE(false, a, >, b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) PLAIN_COMPARE(false, a, >=, b, __VA_ARGS__)
#define cr_expect_not(holds, ...) PLAIN_CHECK(false, !(holds), "not " #holds, __VA_ARGS__)
#define cr_expect_fail(...) PLAIN_CHECK(false, false, "reached", __VA_ARGS__)
#define cr_expect_null(a, ...) PLAIN_COMPARE(false, a, ==, NULL, __VA_ARGS__)
#define cr_expect_not_null(a, ...) PLAIN_COMPARE(false, a, !=, NULL, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) PLAIN_STRINGS(false, a, ==, b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) PLAIN_STRINGS(false, a, !=, b, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...) PLAIN_BYTES(false, a, b, size, __VA_ARGS__)

#define cr_skip_test(...) plain_skip(" " __VA_ARGS__)
#define cr_log_info(...) (printf(__VA_ARGS__), (void)putchar('\n'))
