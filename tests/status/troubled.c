/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Servers in trouble. See troubled.h. */

#include "troubled.h"

#include "core/base/clock.h"
#include "alerts.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <roster/timestamp.h>

struct fixture fixture;
struct roster_store *store;
uint64_t ahead_ms;

int server_now(void *arg, uint64_t *ts)
{
    static uint64_t logical;

    (void)arg;
    *ts = roster_ts_compose(rst_wall_ms() + ahead_ms,
                            __atomic_add_fetch(&logical, 1, __ATOMIC_RELAXED));
    return 0;
}

void serve(struct roster_options options)
{
    options.oracle = server_now;
    cr_assert_eq(roster_create(&options, &fixture.roster), 0);
    fixture.options.size = sizeof(fixture.options);
    fixture.options.cluster = roster_cluster_calls();
}

void start(void)
{
    cr_assert_eq(roster_status_start(fixture.roster, &fixture.options, &fixture.status), 0);
}

void stop(void)
{
    roster_status_stop(fixture.status);
    roster_safe_point_destroy(fixture.options.safe_point);
    roster_syncer_destroy(fixture.options.syncer);
    roster_store_close(store);
    cr_assert_eq(roster_destroy(fixture.roster), 0);
    alerts_done();
}

struct roster_options plain(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    return options;
}

void join(const char *id, uint32_t ttl_ms)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = id};

    options.ttl_ms = ttl_ms;
    if (!store)
        cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_syncer_create(fixture.roster, store, &options, &fixture.options.syncer), 0);
}

void expect_worst(const char *problem, const char *evidence, const char *command, const char *alert)
{
    int64_t before_ms = (int64_t)rst_wall_ms();
    json_t *json = get_json(&fixture, "/status");
    const json_t *worst = json_array_get(json_object_get(json, "problems"), 0);
    const char *name = json_string_value(json_object_get(worst, "problem"));
    int64_t since_ms = json_integer_value(json_object_get(worst, "since_ms")),
            age_ms = json_integer_value(json_object_get(worst, "age_ms"));
    char line[128];

    cr_assert(name, "nothing is wrong, should be %s", problem);
    cr_expect_str_eq(name, problem);
    cr_expect(json_is_false(json_object_get(json, "healthy")));
    cr_expect(json_is_integer(json_object_get(worst, "age_ms")));
    if (!strcmp(problem, "clock ahead")) /* by no wall clock, which is wrong */
        cr_expect(json_is_null(json_object_get(worst, "since_ms")));
    else
        cr_expect(since_ms + age_ms >= before_ms && since_ms + age_ms <= (int64_t)rst_wall_ms(),
                  "began at %lld", (long long)since_ms);
    cr_expect(strstr(json_string_value(json_object_get(worst, "evidence")), evidence), "%s",
              json_string_value(json_object_get(worst, "evidence")));
    cr_expect(strstr(json_string_value(json_object_get(worst, "command")), command), "%s",
              json_string_value(json_object_get(worst, "command")));
    json_decref(json);
    snprintf(line, sizeof(line), "\nroster_problem{problem=\"%s\"} 1\n", problem);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, line);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_healthy 0\n");
    expect_alert(&fixture, alert);
}

void expect_healthy(void)
{
    json_t *json = get_json(&fixture, "/status");

    cr_expect(json_is_true(json_object_get(json, "healthy")));
    cr_expect_eq(json_array_size(json_object_get(json, "problems")), 0);
    json_decref(json);
    expect_reply(&fixture, NULL, "/metrics", NULL, 200, "\nroster_healthy 1\n");
    expect_alert(&fixture, NULL);
}

void pass(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}
