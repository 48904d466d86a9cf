/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Text from elsewhere as it is shown, and URLs without their secrets. */

#include "core/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <roster/text.h>

static void expect_shown(const char *text, size_t length, const char *wanted)
{
    char shown[64];
    size_t n = roster_text_show(text, length, shown, sizeof(shown));

    cr_expect_str_eq(shown, wanted, "\"%s\" instead of \"%s\"", shown, wanted);
    cr_expect_eq(n, strlen(shown));
}

#define EXPECT_SHOWN(text, wanted) expect_shown(text, sizeof(text) - 1, wanted)

Test(text, what_steers_a_terminal_or_a_log_is_replaced)
{
    EXPECT_SHOWN("caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\x98",
                 "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\x98");
    EXPECT_SHOWN("a\nb\tc\r\033[2J\x7f\a", "a b c??[2J??");
    EXPECT_SHOWN("a\0b", "a?b");
    EXPECT_SHOWN("\xc2\x9b"
                 "31m\xc2\x85",
                 "?31m?");
    EXPECT_SHOWN(
        "\xe2\x80\xae" /* U+202E */ "\xe2\x81\xa6" /* U+2066 */ "\xe2\x80\xa8" /* U+2028 */, "???");
    /* Fillers, variation selectors, tags: U+034F, U+115F, U+3164, U+FE0F, U+1D173, U+E0100. */
    EXPECT_SHOWN("\xcd\x8f\xe1\x85\x9f\xe3\x85\xa4\xef\xb8\x8f\xf0\x9d\x85\xb3\xf3\xa0\x84\x80",
                 "??????");
    EXPECT_SHOWN("\xff\xc3\xc3(\xe2\x82", "??"
                                          "?(??");
    EXPECT_SHOWN("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "?????????");
    EXPECT_SHOWN("", "");
    expect_shown(NULL, 0, "");
}

/* Nothing that comes out steers, whatever goes in, and a second time changes nothing. */
Test(text, any_bytes_become_text)
{
    char bytes[40], once[sizeof(bytes) + 1], twice[sizeof(bytes) + 1];
    char place[sizeof(bytes) + 1];
    uint32_t point;
    size_t length, n, step;

    srandom(7);
    for (int i = 0; i < 20000; i++) {
        for (n = 0; n < sizeof(bytes); n++)
            bytes[n] = (char)(random() % 3 == 0 ? random() : "\xe2\x80\xae\xc2\x9bz"[random() % 6]);
        length = roster_text_show(bytes, sizeof(bytes), once, sizeof(once));
        cr_assert_leq(length, sizeof(bytes));
        for (n = 0; n < length; n += step) {
            step = rst_utf8_next(once + n, length - n, &point);
            cr_assert_gt(step, 0);
            cr_assert_not(rst_utf8_steers(point), "U+%04x", point);
        }
        roster_text_show(once, length, twice, sizeof(twice));
        cr_assert_str_eq(once, twice);
        memcpy(place, bytes, sizeof(bytes));
        roster_text_show(place, sizeof(bytes), place, sizeof(place));
        cr_assert_str_eq(place, once);
    }
}

Test(text, it_is_cut_between_characters)
{
    char shown[4] = "xxx";

    cr_expect_eq(roster_text_show("a\xc3\xa9\xc3\xa9", 5, shown, 4), 3);
    cr_expect_str_eq(shown, "a\xc3\xa9");
    cr_expect_eq(roster_text_show("ab\xc3\xa9", 4, shown, 4), 2);
    cr_expect_str_eq(shown, "ab");
    cr_expect_eq(roster_text_show("ab", 2, shown, 1), 0);
    cr_expect_str_eq(shown, "");
    shown[0] = 'x';
    cr_expect_eq(roster_text_show("ab", 2, shown, 0), 0);
    cr_expect_eq(roster_text_redact("ab@c", shown, 0), 0);
    cr_expect_eq(shown[0], 'x');
}

static void expect_redacted(const char *url, const char *wanted)
{
    char shown[128];
    size_t n = roster_text_redact(url, shown, sizeof(shown));

    cr_expect_str_eq(shown, wanted, "%s: \"%s\" instead of \"%s\"", url, shown, wanted);
    cr_expect_eq(n, strlen(shown));
}

Test(text, a_url_is_shown_without_secrets)
{
    expect_redacted(NULL, "");
    expect_redacted("memory", "memory");
    expect_redacted("sqlite:/var/lib/a@b/x?y#z:w.db", "sqlite:/var/lib/a@b/x?y#z:w.db");
    expect_redacted("unix:/run/user:a@b", "unix:/run/user:a@b");
    expect_redacted("etcd:http://a:2379,http://[::1]:2379", "etcd:http://a:2379,http://[::1]:2379");
    expect_redacted("127.0.0.1:80", "127.0.0.1:80");
    expect_redacted("redis:here", "redis:here");
    expect_redacted("sqlite::memory:", "sqlite::memory:");
    expect_redacted("etcd:http://u:s3cret@h:1", "etcd:http://***@h:1");
    expect_redacted("etcd:http://u:s3c@ret@h:1/p", "etcd:http://***@h:1/p");
    expect_redacted("etcd:http://u:s3,c/r?e#t@h:1", "etcd:http://***@h:1");
    expect_redacted("etcd:http:/u:s3cret@h", "etcd:http:/***@h");
    expect_redacted("etcd:u:s3cret@h", "etcd:***@h");
    expect_redacted("htp://u:s3cret@h", "***@h");
    expect_redacted("u:s3cret%40h", "***@h");
    expect_redacted("etcd:http://u:s3cret", "etcd:http://u:***");
    expect_redacted("etcd:http://a:1,http://u:s3cret,http://b:2",
                    "etcd:http://a:1,http://u:***,http://b:2");
    expect_redacted("http://h/?token=s3cret", "http://h/?***");
    expect_redacted("http://h#s3cret", "http://h#***");
    expect_redacted("sqlite:http://u:s3cret@h", "sqlite:http://***@h");
    expect_redacted("http://h\n[ERROR] forged", "http://h [ERROR] forged");
}
