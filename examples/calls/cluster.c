/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Stores, their leases and watches, oracles that rest on them, and a server of a cluster that has
 * an event loop of its own: no thread is started here.
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

/* A key that lives as long as its lease, and what a watch delivers of it. */
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

    MUST(roster_store_watch_open(store, &keys, 0, &watch));
    MUST(roster_store_lease_grant(store, 60000, -1, &lease));
    put = roster_store_put(key, roster_store_text("me"), lease.id);
    MUST(roster_store_txn(store, &txn, -1, &result));
    printf("%s: %s\n", roster_store_url(store), result->succeeded ? "elected" : "another leads");
    roster_store_free(result);
    MUST(roster_store_watch_next(watch, 1000, &events));
    printf("%zu key in the snapshot\n", events->count);
    roster_store_free(events);
    MUST(roster_store_lease_keep_alive(store, lease.id, -1, &lease));
    MUST(roster_store_lease_time_to_live(store, lease.id, -1, &lease));
    MUST(roster_store_lease_revoke(store, lease.id, -1));
    roster_store_watch_cancel(watch); /* from any thread: a call that waits there returns */
    roster_store_watch_close(watch);
    MUST(roster_store_rebind(store)); /* after -EREMCHG, when the other store is meant */
    MUST(roster_store_stats(store, &stats));
    printf("%" PRIu64 " of %" PRIu64 " calls failed\n", stats.failures, stats.calls);
    err = roster_store_lease_keep_alive(store, lease.id, -1, &lease); /* which was revoked */
    printf("a failure to count as %s: %s\n", roster_error_class_name(roster_error_class(err)),
           roster_strerror(err));
}

/* The clock of a server that goes on after a restart where it was. */
static void use_persistent_clock(struct roster_store *store)
{
    struct roster_oracle_persistent *clock;
    uint64_t commit_ts, now;

    MUST(roster_oracle_persistent_create(store, NULL, &clock));
    MUST(roster_oracle_persistent_allocate(clock, &commit_ts));
    MUST(roster_oracle_persistent_read(clock, &now));
    printf("now is not below the commit: %s, %" PRIu64 " ms ahead\n",
           now >= commit_ts ? "yes" : "no", roster_oracle_persistent_ahead_ms(clock));
    roster_oracle_persistent_destroy(clock);
}

static struct roster_syncer *make_syncer(struct roster *roster, struct roster_store *store)
{
    const struct roster_syncer_options options = {.size = sizeof(options), .server_id = "a"};
    struct roster_syncer *syncer;
    uint32_t wait_ms;

    MUST(roster_syncer_create(roster, store, &options, &syncer));
    MUST(roster_syncer_run_once(syncer, &wait_ms)); /* registers; due again in wait_ms */
    MUST(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 0));
    MUST(roster_syncer_report(syncer)); /* now, instead of at the next interval */
    return syncer;
}

/* All that a leader's thread would do, step by step. */
static void advance(struct roster_safe_point *safe_point, uint64_t now)
{
    struct roster_safe_point_result txn = {.size = sizeof(txn)}, gc = {.size = sizeof(gc)};
    struct roster_barrier *barriers;
    uint32_t wait_ms;
    size_t count;

    MUST(roster_barrier_set(safe_point, "backup", now, 60000));
    MUST(roster_barrier_list(safe_point, &barriers, &count));
    printf("%zu barrier\n", count);
    free(barriers);
    MUST(roster_barrier_delete(safe_point, "backup"));
    MUST(roster_safe_point_round(safe_point, &txn, &gc));       /* as far as the life time allows */
    MUST(roster_safe_point_advance_txn(safe_point, now, &txn)); /* further, by hand */
    MUST(roster_safe_point_refresh(safe_point)); /* learns what is in the store, and acknowledges */
    MUST(roster_safe_point_advance_gc(safe_point, roster_txn_safe_point(safe_point), &gc));
    MUST(roster_safe_point_run_once(safe_point, &wait_ms));
    printf("both stand at the same: %s\n",
           roster_gc_safe_point(safe_point) == roster_txn_safe_point(safe_point) ? "yes" : "no");
    MUST(roster_safe_point_stop(safe_point)); /* the threads, if there are some */
}

int main(void)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .life_time_ms = 60000, .any_life_time = true};
    struct roster_oracle_store_stats stats = {.size = sizeof(stats)};
    struct roster_options known = ROSTER_OPTIONS_INIT;
    char why[ROSTER_STORE_ERROR_SIZE];
    struct roster_oracle_store *oracle;
    struct roster_safe_point *safe_point;
    struct roster_store *store;
    struct roster *roster;
    uint64_t commit_ts;

    MUST(roster_store_open("memory", NULL, &store, why, sizeof(why)));
    use_store(store);
    use_persistent_clock(store);

    MUST(roster_oracle_store_create(store, NULL, &oracle));
    MUST(roster_oracle_store_allocate(oracle, &commit_ts));
    known.oracle = roster_oracle_store_read;
    known.oracle_arg = oracle;
    MUST(roster_create(&known, &roster));
    options.syncer = make_syncer(roster, store);
    options.oracle = roster_oracle_store_read;
    options.oracle_arg = oracle;
    MUST(roster_safe_point_create(store, &options, &safe_point));
    advance(safe_point, commit_ts);

    MUST(roster_oracle_store_stats(oracle, &stats));
    printf("%" PRIu64 " questions failed\n", stats.failures);
    roster_safe_point_destroy(safe_point);
    MUST(roster_syncer_stop(options.syncer, 1000));
    roster_syncer_destroy(options.syncer);
    MUST(roster_destroy(roster));
    roster_oracle_store_destroy(oracle);
    roster_store_close(store);
    return 0;
}
