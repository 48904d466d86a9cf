/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* JSON is read and written as it is, or not at all, whichever allocation of jansson fails. */

#include "failing_json.h"
#include "store/base/json.h"

#include <criterion/criterion.h>

#include <locale.h>
#include <stdio.h>

static bool goes_on, failed;

static json_t *parse(const char *text, size_t flags)
{
    return rst_json_parse(text, strlen(text), flags);
}

static void lives_without(const char *text)
{
    json_t *whole = parse(text, 0), *json;
    char *as_text = rst_json_text(whole, JSON_COMPACT), *again;
    unsigned nth;

    cr_assert(whole, "%s", text);
    for (nth = 1, failed = true; failed; nth++) {
        failing_json_nth(nth, goes_on);
        json = parse(text, 0);
        failed = failing_json_none();
        cr_assert(json ? json_equal(json, whole) : failed && errno == ENOMEM, "%s, %u", text, nth);
        json_decref(json);
    }
    for (nth = 1, failed = true; failed; nth++) {
        failing_json_nth(nth, goes_on);
        again = rst_json_text(whole, JSON_COMPACT);
        failed = failing_json_none();
        cr_assert(again ? !strcmp(again, as_text) : failed && errno == ENOMEM, "%s, %u", text, nth);
        free(again);
    }
    free(as_text);
    json_decref(whole);
}

static const char *const whole[] = {
    "{}",
    "[]",
    " [1, 22222222222222222, 3.25e10, true, null, \"\"]\n",
    "{\"a\":\"a text that is longer than the first buffer of sixteen bytes\"}",
    "{\"a key that is longer than the buffer\":{\"and another, which is longer still\":[]}}",
    "[\"0123456789abcde\", \"0123456789abcdef\", \"0123456789abcdef0123456789abcdef\"]",
    "[\"\\\"quotes\\\" and \\\\ and \\u00e9\\ud83d\\ude00 and \\n\\\\\"]",
    "{\"brackets\":\"]}[{\",\"[\":\"{\"}",
};

Test(store_json, is_whole_or_not_there)
{
    char text[100];
    size_t n;

    for (goes_on = false;; goes_on = true) {
        for (n = 0; n < sizeof(whole) / sizeof(whole[0]); n++)
            lives_without(whole[n]);
        for (n = 0; n < 80; n++) {
            snprintf(text, sizeof(text), "[\"%0*d\"]", (int)n, 0);
            lives_without(text);
        }
        if (goes_on)
            break;
    }
}

/* Tokens of all lengths around those at which the buffer grows. */
Test(store_json, tokens_of_any_length)
{
    char text[300], token[280];
    size_t length;
    json_t *json;

    memset(token, 'x', sizeof(token));
    for (length = 0; length < sizeof(token); length++) {
        snprintf(text, sizeof(text), "[\"%.*s\"]", (int)length, token);
        json = parse(text, 0);
        cr_assert_eq(json_string_length(json_array_get(json, 0)), length);
        json_decref(json);
    }
}

/*
 * Instead of the C library's: the host's locale has a decimal point of two bytes, as ps_AF has, for
 * which jansson aborts. A thread in another locale than the host's has a plain one. Visible, so
 * that jansson calls it.
 */
static bool is_ps_af;

__attribute__((visibility("default"))) struct lconv *localeconv(void)
{
    static char arabic[] = "\xd9\xab", plain[] = ".";
    static struct lconv host, other;

    host.decimal_point = arabic;
    other.decimal_point = plain;
    return is_ps_af && uselocale((locale_t)0) == LC_GLOBAL_LOCALE ? &host : &other;
}

Test(store_json, whatever_the_hosts_decimal_point)
{
    json_t *json;
    char *as_text;

    is_ps_af = true;
    json = parse("{\"a\":[1.5,2]}", 0);
    as_text = rst_json_text(json, JSON_COMPACT);
    cr_expect_str_eq(as_text, "{\"a\":[1.5,2]}");
    cr_expect_null(parse("{\"a\"", 0));
    cr_expect_null(rst_json_text(NULL, 0));
    cr_expect_eq(uselocale((locale_t)0), LC_GLOBAL_LOCALE, "the thread has the host's again");
    free(as_text);
    json_decref(json);
}

/* What the array around it could take for something else. */
Test(store_json, nothing_else)
{
    static const char *const texts[] = {
        "",      " ",     "1",     "\"a\"",     "null",       "{",       "[1",
        "[1]]",  "[],[]", "{},1",  "[]],[1",    "1],[2",      "{}]",     ",{}",
        "[] []", "{} x",  "[\"a]", "[\"a\\\"]", "{\"a\":1}}", "[1.0.0]", "\"",
        "\\",    "[\\",   "[\"\\", "]",         "x",          "{\"a\"}", "[1,]",
    };
    size_t n;

    for (n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
        cr_assert_null(parse(texts[n], 0), "%s", texts[n]);
    cr_assert_null(rst_json_text(NULL, 0));
}

Test(store_json, the_first_of_several)
{
    json_t *json = parse(" {\"a\":\"}{\"} {\"b\":2}", JSON_DISABLE_EOF_CHECK);

    cr_assert_str_eq(json_string_value(json_object_get(json, "a")), "}{");
    cr_assert_eq(json_object_size(json), 1);
    json_decref(json);
    json = parse("[1]garbage", JSON_DISABLE_EOF_CHECK);
    cr_assert_eq(json_array_size(json), 1);
    json_decref(json);
    cr_assert_null(parse("{\"a\":1,\"a\":2}", JSON_REJECT_DUPLICATES));
    cr_assert_null(parse("{\"a\":[1}", JSON_DISABLE_EOF_CHECK));
}
