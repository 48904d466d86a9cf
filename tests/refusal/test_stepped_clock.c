/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The wall clock steps by two hours, forwards and back, while a transaction is open. Whatever tells
 * an age, or acts on one, goes by how long the transaction has really been open: the watchdog, the
 * list, the minimum, metrics, the status endpoint, the history, the syncer's age limit.
 *
 * Or the kernel refuses all clocks from some moment on: then nothing is older than it was, no age
 * is told that nothing can be, and what waits for a while does not wait for ever.
 */
#include "core/base/clock.h"
#include "refuse.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <roster/store.h>
#include <roster/syncer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOURS_2 (INT64_C(7200) * 1000000000)

/* Open for so long before it is looked at; everything below is between this and the most. */
#define OPEN_MS 60
#define MOST_MS 600000

static struct roster *roster;
static struct roster_session *session;

static void is_age(double ms, const char *what)
{
    cr_expect(ms >= OPEN_MS && ms < MOST_MS, "%s: %.0f ms", what, ms);
}

static void keep_event(const struct roster_event *event, void *arg)
{
    if (event->kind == ROSTER_EVENT_KILL)
        *(struct roster_event *)arg = *event;
}

/* The kill that a watchdog with this limit makes; kind is not KILL when it makes none. */
static struct roster_event kill_with(uint64_t limit_ms)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_event event = {.kind = ROSTER_EVENT_ERROR};
    struct roster_watchdog *watchdog;

    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.txn_age_ms = limit_ms;
    options.event = keep_event;
    options.event_arg = &event;
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
    cr_assert_eq(roster_watchdog_run_once(watchdog), 0);
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    return event;
}

static void ask_core(void)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_snapshot *list;
    struct roster_history *history;
    struct roster_history_list *read;

    cr_assert_eq(roster_min_peek(roster, &min), 0);
    is_age((double)rst_monotonic_ms() - (double)min.holder.since / 1e6, "the minimum");
    cr_assert_eq(roster_snapshot(roster, &list), 0);
    is_age((double)(list->taken_at - list->entries[0].txn_since) / 1e6, "the list");
    roster_snapshot_free(list);
    cr_assert_eq(roster_history_create(1, OPEN_MS, &history), 0);
    cr_assert_eq(roster_history_add(history, session), 0);
    cr_assert_eq(roster_history_read(history, &read), 0);
    cr_assert_eq(read->count, 1, "it lasted long enough to be remembered");
    is_age((double)read->entries[0].max_duration_ms, "the history");
    roster_history_list_free(read);
    roster_history_destroy(history);
}

/* Asks the endpoint for a page. */
static const char *answer_of(const char *address, const char *page)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    static char answer[1 << 20];
    size_t length = 0;
    ssize_t n;
    char request[128];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    n = snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", page);
    cr_assert_eq(write(fd, request, (size_t)n), n);
    while (length < sizeof(answer) - 1 &&
           (n = read(fd, answer + length, sizeof(answer) - 1 - length)) > 0)
        length += (size_t)n;
    answer[length] = '\0';
    close(fd);
    return answer;
}

/* What stands after `key`. */
static double number_at(const char *address, const char *page, const char *key)
{
    const char *answer = answer_of(address, page), *found;

    found = strstr(answer, key);
    cr_assert_not_null(found, "%s lacks %s: %s", page, key, answer);
    return strtod(found + strlen(key), NULL);
}

static void ask_endpoint(void)
{
    struct roster_status *status;
    const char *address;

    cr_assert_eq(roster_status_start(roster, NULL, &status), 0);
    address = roster_status_address(status);
    is_age(number_at(address, "/minimum", "\"age_ms\":"), "/minimum");
    is_age(number_at(address, "/minimum", "\"held_ms\":"), "/minimum's holder");
    is_age(number_at(address, "/minimum", "\"gain_ms\":"), "/minimum's gain");
    is_age(number_at(address, "/trx", "\"age_ms\":"), "/trx");
    is_age(1000 * number_at(address, "/metrics", "\nroster_minimum_age_seconds "), "/metrics");
    roster_status_stop(status);
}

/* Its age limit is at least ten minutes: what has just begun counts, whatever the clock says. */
static void ask_syncer(void)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = "one"};
    struct roster_syncer_stats stats = {.size = sizeof(stats)};
    struct roster_syncer *syncer;
    struct roster_copy copy;
    struct roster_store *store;

    options.max_age_ms = MOST_MS;
    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_syncer_create(roster, store, &options, &syncer), 0);
    cr_assert_eq(roster_syncer_start(syncer), 0);
    cr_assert_eq(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 10000), 0);
    cr_expect_eq(roster_syncer_report(syncer), 0);
    cr_assert_eq(roster_syncer_stats(syncer, &stats), 0);
    cr_expect_eq(stats.expired, 0, "the syncer gave it up");
    cr_expect_eq(stats.minimum, roster_session_look(session, &copy, NULL, 0)->start_ts);
    cr_expect_eq(roster_txn_check(session), 0);
    roster_syncer_destroy(syncer);
    roster_store_close(store);
}

static void step_by(int64_t ns)
{
    struct roster_event event;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    refuse_step_wall_clock(ns);
    usleep((OPEN_MS + 20) * 1000);
    ask_core();
    ask_endpoint();
    ask_syncer();
    cr_expect_neq(kill_with(MOST_MS).kind, ROSTER_EVENT_KILL, "it is not that old");
    event = kill_with(OPEN_MS);
    cr_expect_eq(event.kind, ROSTER_EVENT_KILL, "it is older than this");
    is_age((double)event.age_ms, "the watchdog");
    refuse_step_wall_clock(0);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(stepped_clock, forwards)
{
    step_by(HOURS_2);
}

Test(stepped_clock, back)
{
    step_by(-HOURS_2);
}

/* All ages and durations of a page, by how their names end. */
static void are_short(const char *address, const char *page, const char *end, const char *behind)
{
    const char *at = answer_of(address, page);
    unsigned n = 0;

    cr_assert_not_null(strstr(at, "200 OK"), "%s: %s", page, at);
    while ((at = strstr(at, end))) {
        at += strlen(end);
        at += strcspn(at, behind);
        cr_expect_lt(strtod(at + 1, NULL), MOST_MS, "%s: %.40s", page, at - strlen(end));
        n++;
    }
    cr_expect_gt(n, 0, "%s has none", page);
}

static int count_look(const struct roster_drain_progress *progress, void *arg)
{
    cr_expect_lt(progress->elapsed_ms, MOST_MS);
    return ++*(unsigned *)arg > 1000; /* before it would go on for ever */
}

static void ask_without_clock(const char *address)
{
    struct roster_drain_options drain = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_min min = {.size = sizeof(min)};
    unsigned n, looks = 0;

    are_short(address, "/status", "uptime_ms\"", ":");
    are_short(address, "/status", "age_ms\"", ":");
    are_short(address, "/trx", "age_ms\"", ":");
    are_short(address, "/processlist", "time_ms\"", ":");
    are_short(address, "/minimum", "held_ms\"", ":");
    are_short(address, "/metrics", "_seconds_sum", " ");
    are_short(address, "/metrics", "age_seconds ", "");
    cr_assert_eq(roster_min_peek(roster, &min), 0);
    for (n = 0; n < 3; n++) {
        cr_assert_eq(roster_metrics(roster, &metrics), 0);
        cr_expect_lt(metrics.scans.sum_ns, MOST_MS * UINT64_C(1000000));
        cr_expect_lt(metrics.grace_period_ns, MOST_MS * UINT64_C(1000000));
        usleep(20000);
    }
    cr_expect_neq(kill_with(OPEN_MS + MOST_MS).kind, ROSTER_EVENT_KILL, "it is not that old");
    drain.finish_ms = drain.kill_ms = 30;
    drain.progress = count_look;
    drain.progress_arg = &looks;
    cr_expect_eq(roster_drain(roster, &drain, NULL), -ETIMEDOUT);
    cr_expect_geq(looks, 2 * 30 / 10, "it did not wait");
    cr_expect_lt(looks, 100, "it waited for longer than it was to");
}

Test(stepped_clock, refused_midway)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_status *status;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(roster_session_open(roster, NULL, &session), 0);
    cr_assert_eq(roster_txn_begin(session, NULL), 0);
    cr_assert_eq(roster_status_start(roster, NULL, &status), 0);
    cr_assert_eq(roster_metrics(roster, &metrics), 0); /* a grace period begins */
    refuse_clocks(true);
    ask_without_clock(roster_status_address(status));
    refuse_clocks(false);
    roster_status_stop(status);
    cr_assert_eq(roster_session_close(session), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}
