/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What fails again and again writes a bounded log, from which nothing is missing. */

#include "store/base/log.h"
#include "store_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S STORE_NS_PER_S
#define MS STORE_NS_PER_MS

static struct {
    unsigned lines;
    uint64_t told; /* how many lines those written stand for */
    char newest[MESSAGE_SIZE];
    enum roster_store_log_level level;
} written;

static void write_line(enum roster_store_log_level level, const char *line, void *arg)
{
    const char *repeated = strstr(line, " (repeated ");
    const char *left = strstr(line, " lines were left out");

    (void)arg;
    written.lines++;
    if (repeated != NULL)
        written.told += strtoull(repeated + strlen(" (repeated "), NULL, 10);
    else
        written.told += left != NULL ? strtoull(line, NULL, 10) : 1;
    snprintf(written.newest, sizeof(written.newest), "%s", line);
    written.level = level;
}

static struct store_log lines;

static void begin(void)
{
    memset(&written, 0, sizeof(written));
    rst_log_init(&lines, write_line, NULL);
}

TestSuite(store_log, .init = begin);

static void put(const char *line, int64_t now)
{
    rst_log_put(&lines, ROSTER_STORE_LOG_WARNING, line, now);
}

Test(store_log, a_line_that_comes_again_and_again_is_written_less_and_less_often)
{
    const int64_t hour = 3600 * S;
    unsigned first_minute = 0;
    uint64_t n = 0;

    for (int64_t now = 5 * S; now < 5 * S + hour; now += 100 * MS, n++) {
        put("the watch broke", now);
        if (now == 65 * S)
            first_minute = written.lines;
    }
    cr_expect(first_minute >= 6 && first_minute <= 7, "%u lines: after 0, 1, 3, 7, 15, 31 s",
              first_minute);
    cr_expect(written.lines >= 60 && written.lines <= 70, "%u lines, one a minute", written.lines);
    rst_log_end(&lines);
    cr_expect_eq(written.told, n, "each of %" PRIu64 " is counted, not %" PRIu64, n, written.told);
    cr_expect_eq(written.level, ROSTER_STORE_LOG_WARNING);
    cr_expect(strncmp(written.newest, "the watch broke (repeated ", 26) == 0, "%s", written.newest);
}

Test(store_log, lines_that_take_turns_are_both_bounded)
{
    for (int64_t now = 0; now < 60 * S; now += 20 * MS) {
        put("the watch broke", now);
        put("the watch works again", now + 10 * MS);
    }
    cr_expect_leq(written.lines, 14, "%u lines", written.lines);
    rst_log_end(&lines);
    cr_expect_eq(written.told, 6000);
}

Test(store_log, the_last_state_is_written_although_nothing_more_happens)
{
    put("it broke", 0);
    put("it works", 1 * MS);
    put("it broke", 2 * MS);
    cr_expect_eq(written.lines, 2);
    cr_expect_str_eq(written.newest, "it works");
    rst_log_flush(&lines, 999 * MS);
    cr_expect_eq(written.lines, 2, "not before its pause is over");
    rst_log_flush(&lines, 1 * S);
    cr_expect_str_eq(written.newest, "it broke (repeated 1 time in 0 s)");
    rst_log_flush(&lines, 100 * S);
    cr_expect_eq(written.lines, 3, "nothing is owed any more");
}

Test(store_log, what_was_quiet_for_long_is_news)
{
    for (int64_t now = 0; now < 10 * S; now += 100 * MS)
        put("it broke", now);
    rst_log_flush(&lines, 40 * S);
    written.lines = 0;
    put("it broke", 500 * S);
    cr_expect_eq(written.lines, 1);
    cr_expect_str_eq(written.newest, "it broke");
    put("it broke", 502 * S);
    cr_expect_eq(written.lines, 2, "its pause is a second again");
}

Test(store_log, lines_that_all_differ_are_bounded_as_a_whole)
{
    char line[64];
    unsigned burst = 0;

    for (unsigned i = 0; i < 10000; i++) {
        snprintf(line, sizeof(line), "key %u holds no timestamp", i);
        put(line, i * 10 * MS);
        if (i == 99)
            burst = written.lines;
    }
    cr_expect_eq(burst, LOG_BURST);
    cr_expect_leq(written.lines, LOG_BURST + 2 * 50, "%u lines in 100 s", written.lines);
    put("something else", 1000 * S);
    cr_expect_eq(written.told, 10001, "only %" PRIu64 " are told", written.told);
    cr_expect_str_eq(written.newest, "something else");
}

Test(store_log, a_line_gives_way_to_others_only_with_what_it_owes)
{
    char line[64];

    put("mine", 0);
    put("mine", 1 * MS);
    for (unsigned i = 0; i < 2 * LOG_LINES; i++) {
        snprintf(line, sizeof(line), "other %u", i);
        put(line, (2 + i) * MS);
        put(line, (2 + i) * MS);
    }
    rst_log_end(&lines);
    cr_expect_eq(written.told, 2 + 4 * LOG_LINES);
}

Test(store_log, a_long_line_keeps_its_summary)
{
    char line[MESSAGE_SIZE];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    put(line, 0);
    put(line, 1);
    rst_log_end(&lines);
    cr_expect_not_null(strstr(written.newest, "x (repeated 1 time in "), "%s", written.newest);
    cr_expect_lt(strlen(written.newest), sizeof(line));
}

Test(store_log, without_a_callback_nothing_is_kept)
{
    rst_log_init(&lines, NULL, NULL);
    put("mine", 0);
    rst_log_flush(&lines, 10 * S);
    rst_log_end(&lines);
    cr_expect_eq(written.lines, 0);
}
