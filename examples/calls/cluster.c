/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Stores, their leases and watches, oracles in a store, and a cluster's server with its own event
 * loop: no thread is started here.
 */
#include "must.h"

#include <inttypes.h>
#include <roster/barrier.h>
#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/store.h>
#include <roster/store_lease.h>
#include <roster/store_watch.h>
#include <roster/syncer.h>
#include <time.h>

static char of_store[] = "store", of_syncer[] = "syncer", of_points[] = "safe points";

/* Prints a log line of the part that `arg` names. */
static void take_line(enum roster_store_log_level level, const char *text, void *arg)
{
    printf("%s%s: %s\n", level == ROSTER_STORE_LOG_INFO ? "" : "WRONG: ", (const char *)arg, text);
}

/* A store across a slow network: longer time-outs than the defaults, and smaller responses. */
static struct roster_store_options far_away(void)
{
    struct roster_store_options options = ROSTER_STORE_OPTIONS_INIT;

    options.call_timeout_ms = 10000;
    options.attempt_timeout_ms = 4000;
    options.connect_timeout_ms = 3000;
    options.backoff_min_ms = 200;
    options.backoff_max_ms = 10000;
    options.watch_check_ms = 30000;
    options.poll_interval_ms = 200; /* of SQLite, for a store on a slow disk */
    options.max_result_bytes = 1 << 20;
    options.log = take_line;
    options.log_arg = of_store;
    return options;
}

/* A key with a lease, and a watch that delivers its changes. */
static void use_store(struct roster_store *store)
{
    struct roster_store_bytes key = roster_store_text("app/leader");
    struct roster_store_keys keys = roster_store_key(key);
    struct roster_store_compare absent = roster_store_if_absent(key);
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct roster_store_txn_result *result;
    struct roster_store_events *events;
    struct roster_store_lease lease;
    struct roster_store_watch *watch;
    struct roster_store_op put;
    struct roster_store_txn txn = {
        .compares = &absent, .n_compares = 1, .success = &put, .n_success = 1};
    int err;

    STORE_MUST(roster_store_watch_open(store, &keys, 0, &watch));
    STORE_MUST(roster_store_lease_grant(store, 60000, -1, &lease));
    put = roster_store_put(key, roster_store_text("me"), lease.id);
    STORE_MUST(roster_store_txn(store, &txn, -1, &result));
    printf("%s: %s\n", roster_store_url(store), result->succeeded ? "elected" : "another leads");
    roster_store_free(result);
    STORE_MUST(roster_store_watch_next(watch, 1000, &events));
    printf("%zu key in the snapshot\n", events->count);
    roster_store_free(events);
    STORE_MUST(roster_store_lease_keep_alive(store, lease.id, -1, &lease));
    STORE_MUST(roster_store_lease_time_to_live(store, lease.id, -1, &lease));
    STORE_MUST(roster_store_lease_revoke(store, lease.id, -1));
    roster_store_watch_cancel(watch); /* from any thread: a call that waits there returns */
    roster_store_watch_close(watch);
    STORE_MUST(roster_store_rebind(store)); /* after -EREMCHG, to accept the other store */
    STORE_MUST(roster_store_stats(store, &stats));
    printf("%" PRIu64 " of %" PRIu64 " calls failed\n", stats.failures, stats.calls);
    err = roster_store_lease_keep_alive(store, lease.id, -1, &lease); /* it was revoked */
    printf("a failure to count as %s: %s\n", roster_error_class_name(roster_error_class(err)),
           roster_store_strerror(err));
}

/* The wall clock that timestamps follow, for instance a synchronised one. */
static uint64_t wall_clock(void *arg)
{
    struct timespec now;

    if (clock_gettime(*(const clockid_t *)arg, &now))
        return 0; /* without a wall clock, timestamps count on from the last one */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static clockid_t followed = CLOCK_REALTIME;

/* A clock that does not go back across a restart. */
static void use_persistent_clock(struct roster_store *store)
{
    struct roster_oracle_persistent_options options = ROSTER_ORACLE_PERSISTENT_OPTIONS_INIT;
    struct roster_oracle_persistent *clock;
    uint64_t commit_ts, now;

    options.window_ms = 10000; /* fewer writes; after a crash the clock is ahead by up to this */
    options.max_ahead_ms = 3600000;
    options.wall_clock = wall_clock;
    options.wall_arg = &followed;
    STORE_MUST(roster_oracle_persistent_create(store, &options, &clock));
    STORE_MUST(roster_oracle_persistent_allocate(clock, &commit_ts));
    STORE_MUST(roster_oracle_persistent_read(clock, &now));
    printf("now is not below the commit: %s, %" PRIu64 " ms ahead\n",
           now >= commit_ts ? "yes" : "no", roster_oracle_persistent_ahead_ms(clock));
    roster_oracle_persistent_destroy(clock);
}

static void take_change(const struct roster_syncer_change *change, void *arg)
{
    printf("%s: %s\n", (const char *)arg, roster_syncer_state_name(change->after));
}

static struct roster_syncer *make_syncer(struct roster *roster, struct roster_store *store)
{
    static const struct roster_syncer_label labels[] = {{"zone", "east"}};
    struct roster_syncer_options options = ROSTER_SYNCER_OPTIONS_INIT;
    struct roster_syncer *syncer;
    uint32_t wait_ms;

    options.server_id = "a";
    options.labels = labels; /* published in the server's record */
    options.n_labels = 1;
    options.git_hash = "0123abc";
    options.status_port = 10080;
    options.status_address = "unix:/run/a.sock"; /* of an existing endpoint */
    options.schema_lease = "45s";
    options.ttl_ms = 60000;
    options.margin_ms = 5000; /* fences this long before the lease can end */
    options.keep_alive_ms = 15000;
    options.backoff_min_ms = 200;
    options.backoff_max_ms = 10000;
    options.log = take_line;
    options.log_arg = of_syncer;
    options.change = take_change;
    options.change_arg = of_syncer;

    STORE_MUST(roster_syncer_create(roster, store, &options, &syncer));
    STORE_MUST(roster_syncer_run_once(syncer, &wait_ms)); /* registers; due again in wait_ms */
    STORE_MUST(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 0));
    STORE_MUST(roster_syncer_report(syncer)); /* now, instead of at the next interval */
    return syncer;
}

static void see_move(const struct roster_safe_point_state *state, void *arg)
{
    uint64_t *seen = arg;

    *seen = state->gc;
}

/* The work of a leader's thread, step by step. */
static void advance(struct roster_safe_point *safe_point, uint64_t now, const uint64_t *seen)
{
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    struct roster_barrier *barriers;
    uint32_t wait_ms;
    size_t count;

    STORE_MUST(roster_barrier_set(safe_point, "backup", now, 60000));
    STORE_MUST(roster_barrier_list(safe_point, &barriers, &count));
    printf("%zu barrier\n", count);
    free(barriers);
    STORE_MUST(roster_barrier_delete(safe_point, "backup"));
    STORE_MUST(roster_safe_point_round(safe_point, &txn, &gc)); /* as far as life_time_ms allows */
    STORE_MUST(roster_safe_point_advance_txn(safe_point, now, &txn)); /* further, explicitly */
    STORE_MUST(roster_safe_point_refresh(safe_point)); /* reads the store and acknowledges */
    STORE_MUST(roster_safe_point_advance_gc(safe_point, roster_txn_safe_point(safe_point), &gc));
    STORE_MUST(roster_safe_point_run_once(safe_point, &wait_ms));
    printf("both stand at the same: %s\n",
           *seen == roster_txn_safe_point(safe_point) ? "yes" : "no");
    STORE_MUST(roster_safe_point_stop(safe_point)); /* stops the threads, if any */
}

int main(void)
{
    struct roster_oracle_store_options allot = ROSTER_ORACLE_STORE_OPTIONS_INIT;
    struct roster_safe_point_options options = ROSTER_SAFE_POINT_OPTIONS_INIT;
    const struct roster_store_options far = far_away();
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};
    struct roster_options known = ROSTER_OPTIONS_INIT;
    char why[ROSTER_STORE_ERROR_SIZE];
    struct roster_oracle_store *oracle;
    struct roster_safe_point *safe_point;
    struct roster_store *store;
    struct roster *roster;
    uint64_t commit_ts, seen = 0;

    STORE_MUST(roster_store_open("memory", &far, &store, why, sizeof(why)));
    use_store(store);
    use_persistent_clock(store);

    allot.max_ahead_ms = 3600000;
    allot.wall_clock = wall_clock;
    allot.wall_arg = &followed;
    STORE_MUST(roster_oracle_store_create(store, &allot, &oracle));
    STORE_MUST(roster_oracle_store_allocate(oracle, &commit_ts));
    known.oracle = roster_oracle_store_read;
    known.oracle_arg = oracle;
    STORE_MUST(roster_create(&known, &roster));
    options.syncer = make_syncer(roster, store);
    options.oracle = roster_oracle_store_read;
    options.oracle_arg = oracle;
    options.life_time_ms = 60000;
    options.any_life_time = true;
    options.log = take_line;
    options.log_arg = of_points;
    options.change = see_move;
    options.change_arg = &seen;
    STORE_MUST(roster_safe_point_create(store, &options, &safe_point));
    advance(safe_point, commit_ts, &seen);

    STORE_MUST(roster_oracle_store_stats(oracle, &stats));
    printf("%" PRIu64 " requests failed\n", stats.failures);
    roster_safe_point_destroy(safe_point);
    STORE_MUST(roster_syncer_stop(options.syncer, 1000));
    roster_syncer_destroy(options.syncer);
    MUST(roster_destroy(roster));
    roster_oracle_store_destroy(oracle);
    roster_store_close(store);
    return 0;
}
