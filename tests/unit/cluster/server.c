/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "server.h"

#include "cluster/keys/keys.h"
#include "core/base/clock.h"
#include "store/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 20000

static int told_now(void *arg, uint64_t *ts)
{
    *ts = rst_load((rst_word *)arg);
    return 0;
}

static void note_change(const struct roster_syncer_change *change, void *arg)
{
    struct server *server = arg;
    size_t n = __atomic_load_n(&server->n_changes, __ATOMIC_RELAXED);

    if (n < SERVER_CHANGES) {
        server->changes[n] = *change;
        __atomic_store_n(&server->n_changes, n + 1, __ATOMIC_RELEASE);
    }
}

struct roster_syncer_options server_options(const char *id)
{
    return (struct roster_syncer_options){.size = sizeof(struct roster_syncer_options),
                                          .server_id = id,
                                          .interval_ms = 50,
                                          .ttl_ms = 60000,
                                          .keep_alive_ms = 100,
                                          .timeout_ms = 3000,
                                          .backoff_min_ms = 10,
                                          .backoff_max_ms = 50};
}

void server_create(struct server *server, struct roster_store *store,
                   const struct roster_syncer_options *options, uint64_t now)
{
    struct roster_options roster = ROSTER_OPTIONS_INIT;
    int err;

    memset(server, 0, sizeof(*server));
    server->now = now;
    roster.life_time_ms = UINT64_C(86400) * 1000;
    if (now != 0) {
        roster.oracle = told_now;
        roster.oracle_arg = &server->now;
    }
    cr_assert_eq(roster_create(&roster, &server->roster), 0);
    cr_assert_eq(roster_session_open(server->roster, NULL, &server->session), 0);
    server->options = *options;
    if (server->options.change == NULL) {
        server->options.change = note_change;
        server->options.change_arg = server;
    }
    err = roster_syncer_create(server->roster, store, &server->options, &server->syncer);
    cr_assert_eq(err, 0, "no syncer: %d", err);
}

void server_join(struct server *server, struct store_fixture *f, const char *id)
{
    struct roster_syncer_options options = server_options(id);

    server_create(server, f->store, &options, 0);
    server_run_until(server, ROSTER_SYNCER_LIVE);
}

void server_join_threaded(struct server *server, struct store_fixture *f, const char *id)
{
    struct roster_syncer_options options = server_options(id);

    server_create(server, f->store, &options, 0);
    cr_assert_eq(roster_syncer_start(server->syncer), 0);
    server_wait_for(server, ROSTER_SYNCER_LIVE);
}

void server_destroy(struct server *server)
{
    roster_syncer_destroy(server->syncer);
    cr_assert_eq(roster_session_close(server->session), 0);
    cr_assert_eq(roster_destroy(server->roster), 0);
}

void server_run_until(struct server *server, enum roster_syncer_state state)
{
    int64_t deadline = rst_store_deadline_in(PATIENCE_MS);

    while (server_stats(server).state != state) {
        cr_assert_eq(roster_syncer_run_once(server->syncer, NULL), 0);
        cr_assert_gt(rst_store_remaining_ns(deadline), 0, "it stays %s, last error %d",
                     roster_syncer_state_name(server_stats(server).state),
                     server_stats(server).last_error);
        sleep_ms(1);
    }
}

void server_wait_for(struct server *server, enum roster_syncer_state state)
{
    cr_assert_eq(roster_syncer_wait(server->syncer, state, PATIENCE_MS), 0,
                 "it stays %s, last error %d", roster_syncer_state_name(server_stats(server).state),
                 server_stats(server).last_error);
}

void server_until_live(struct server *server, uint64_t times)
{
    int64_t deadline = rst_store_deadline_in(PATIENCE_MS);
    struct roster_syncer_stats stats = server_stats(server);

    while (stats.registrations + stats.resumptions < times || stats.state != ROSTER_SYNCER_LIVE) {
        (void)roster_syncer_run_once(server->syncer, NULL);
        cr_assert_gt(rst_store_remaining_ns(deadline), 0, "it stays %s, last error %d",
                     roster_syncer_state_name(stats.state), stats.last_error);
        sleep_ms(1);
        stats = server_stats(server);
    }
}

void server_next_tick(struct server *server)
{
    int64_t deadline = rst_store_deadline_in(PATIENCE_MS);
    uint64_t before = rst_clock_ns(CLOCK_REALTIME_COARSE);

    while (rst_clock_ns(CLOCK_REALTIME_COARSE) < before + 1000000) {
        cr_assert_gt(rst_store_remaining_ns(deadline), 0, "the clock stands still");
        sleep_ms(1);
    }
    cr_assert_eq(roster_tick(server->roster), 0);
}

size_t server_changes_to(struct server *server, enum roster_syncer_state state, int *reason)
{
    size_t n = __atomic_load_n(&server->n_changes, __ATOMIC_ACQUIRE), found = 0;

    for (size_t i = 0; i < n; i++) {
        if (server->changes[i].after != state)
            continue;
        *reason = server->changes[i].reason;
        found++;
    }
    return found;
}

struct roster_syncer_stats server_stats(const struct server *server)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    cr_assert_eq(roster_syncer_stats(server->syncer, &stats), 0);
    return stats;
}

struct roster_safe_point_state safe_point_state(struct roster_safe_point *safe_point)
{
    struct roster_safe_point_state now = {.size = sizeof(now)};

    cr_assert_eq(roster_safe_point_state(safe_point, &now), 0);
    return now;
}

const char *server_shown(const struct server *server)
{
    static char text[80];
    struct roster_syncer_stats now = server_stats(server);

    snprintf(text, sizeof(text), "%s with %d", roster_syncer_state_name(now.state), now.last_error);
    return text;
}

uint64_t stored_number(struct roster_store *store, const char *key)
{
    struct roster_store_keys keys = roster_store_key(text(key));
    struct roster_store_range *range = NULL;
    uint64_t number = 0;

    cr_assert_eq(roster_store_get(store, &keys, 1, PATIENCE_MS, &range), 0);
    (void)rst_record_of(range, &number);
    roster_store_free(range);
    return number;
}

void put_number(struct roster_store *store, const char *key, uint64_t number)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%" PRIu64, number);
    put_text(store, key, digits);
}
