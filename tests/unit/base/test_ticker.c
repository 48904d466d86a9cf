/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The coarse clock: by a thread of its own, or by hand. */

#include "../unit.h"
#include "core/base/clock.h"
#include "core/roster/roster.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wait_for_a_tick(const struct rst_ticker *ticker)
{
    uint64_t then = rst_ticker_now(ticker);
    int tries;

    for (tries = 0; rst_ticker_now(ticker) == then; tries++) {
        cr_assert_lt(tries, 10000, "the clock stands still");
        usleep(1000);
    }
    cr_assert_gt(rst_ticker_now(ticker), then);
    cr_assert_leq(rst_ticker_now(ticker), rst_monotonic_ns());
}

Test(ticker, a_thread_keeps_the_clock_going)
{
    struct rst_ticker ticker;
    int i;

    unit_ok(rst_ticker_start(&ticker, 1, NULL, NULL, NULL));
    cr_assert_gt(rst_ticker_now(&ticker), 0);
    for (i = 0; i < 5; i++)
        wait_for_a_tick(&ticker);
    rst_ticker_stop(&ticker);
    rst_ticker_stop(&ticker);
}

/* Not after the longest tick, but at once. */
Test(ticker, stops_at_once)
{
    struct rst_ticker ticker;
    uint64_t before = rst_monotonic_ns();

    unit_ok(rst_ticker_start(&ticker, 1000000, NULL, NULL, NULL));
    rst_ticker_stop(&ticker);
    cr_assert_lt(rst_monotonic_ns() - before, UINT64_C(100000000000));
}

Test(ticker, by_hand)
{
    struct roster *roster = unit_roster(NULL);
    uint64_t then = rst_ticker_now(&roster->ticker);

    cr_assert_gt(then, 0);
    usleep(2000);
    cr_assert_eq(rst_ticker_now(&roster->ticker), then, "there was no tick");
    unit_ok(roster_tick(roster));
    cr_assert_geq(rst_ticker_now(&roster->ticker), then + 2000000);
    unit_destroy(roster);
}

Test(ticker, never_goes_back)
{
    struct roster *roster = unit_roster(NULL);

    unit_set_clock(roster, UINT64_MAX - 1);
    unit_ok(roster_tick(roster));
    cr_assert_eq(rst_ticker_now(&roster->ticker), UINT64_MAX - 1);
    unit_destroy(roster);
}

static void *tick_often(void *arg)
{
    struct rst_ticker *ticker = arg;
    uint64_t last = 0, now;
    int i;

    for (i = 0; i < 20000; i++) {
        rst_ticker_tick(ticker);
        now = rst_ticker_now(ticker);
        cr_expect_geq(now, last);
        last = now;
    }
    return NULL;
}

Test(ticker, several_hands)
{
    struct rst_ticker ticker;
    pthread_t threads[4];
    int i;

    unit_ok(rst_ticker_start(&ticker, 0, NULL, NULL, NULL));
    for (i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, tick_often, &ticker), 0);
    for (i = 0; i < 4; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    rst_ticker_stop(&ticker);
}

/* Finds a line of /proc/self/task/TID/status; false when the thread has another name. */
static bool status_of(const char *tid, const char *name, const char *key, char *value, size_t size)
{
    char path[300], line[256];
    bool found = false;
    FILE *status;

    snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
    status = fopen(path, "r");
    while (status && fgets(line, sizeof(line), status)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "Name:\t", 6) == 0)
            found = strcmp(line + 6, name) == 0;
        if (found && strncmp(line, key, strlen(key)) == 0)
            snprintf(value, size, "%s", line + strlen(key));
    }
    if (status)
        fclose(status);
    return found;
}

/* The thread that is not the server's takes none of its signals. */
Test(ticker, its_thread_blocks_all_signals)
{
    struct roster *roster;
    char blocked[256] = "";
    struct dirent *entry;
    int tries, found = 0;
    DIR *tasks;

    if (unit_emulated())
        cr_skip_test("the kernel shows what the emulator blocks");
    roster = unit_roster_with(NULL);
    /* It gives itself its name a moment after it was made. */
    for (tries = 0; !found && tries < 1000; tries++) {
        tasks = opendir("/proc/self/task");
        cr_assert_not_null(tasks);
        while ((entry = readdir(tasks)))
            found += entry->d_name[0] != '.' && status_of(entry->d_name, "roster-ticker",
                                                          "SigBlk:\t", blocked, sizeof(blocked));
        closedir(tasks);
        usleep(1000);
    }
    cr_assert_eq(found, 1);
    /* SIGKILL and SIGSTOP cannot be blocked; 32 and 33 are the C library's own. */
    cr_assert_eq(strtoull(blocked, NULL, 16) | UINT64_C(0x180000000),
                 ~(UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1)), "%s", blocked);
    unit_destroy(roster);
}
