/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * A server of a cluster: it reports its minimum to a store. If it loses its lease, it is fenced
 * before any server may collect the versions that its transactions read.
 */
#include <inttypes.h>
#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/store.h>
#include <roster/store_lease.h>
#include <roster/syncer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void must(const char *call, int err)
{
    if (err) {
        fprintf(stderr, "%s: %s\n", call, roster_store_strerror(err));
        abort();
    }
}

/* [join] */
/* Called in one of the syncer's threads. */
static void show_change(const struct roster_syncer_change *change, void *arg)
{
    (void)arg;
    printf("%s: %s\n", roster_syncer_state_name(change->after),
           roster_store_strerror(change->reason));
}

static struct roster_syncer *join(struct roster *roster, struct roster_store *store)
{
    struct roster_syncer_options options = {.size = sizeof(options)};
    struct roster_syncer *syncer;

    options.server_id = "server-1";
    options.interval_ms = 100; /* short, for the example only */
    options.ttl_ms = 3000;
    options.change = show_change;
    must("roster_syncer_create", roster_syncer_create(roster, store, &options, &syncer));
    must("roster_syncer_start", roster_syncer_start(syncer));
    must("roster_syncer_wait", roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 5000));
    return syncer;
}
/* [join] */

/* [record] */
static void show_record(struct roster_store *store)
{
    struct roster_store_keys keys =
        roster_store_prefix(roster_store_text("/roster/server/minstartts/"));
    struct roster_store_range *range;
    size_t i;

    must("roster_store_get", roster_store_get(store, &keys, 0, -1, &range));
    for (i = 0; i < range->count; i++)
        printf("%.*s = %.*s\n", (int)range->kvs[i].key.size, (const char *)range->kvs[i].key.data,
               (int)range->kvs[i].value.size, (const char *)range->kvs[i].value.data);
    roster_store_free(range);
}
/* [record] */

static struct roster_syncer_stats stats_of(struct roster_syncer *syncer)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};

    must("roster_syncer_stats", roster_syncer_stats(syncer, &stats));
    return stats;
}

/* [fence] */
/* Revokes the server's lease. Checks fail until the server is registered again; then the
 * transaction may continue, because no safe point has passed it. */
static void lose_the_lease(struct roster_store *store, struct roster_syncer *syncer,
                           struct roster_session *session)
{
    const struct timespec moment = {.tv_nsec = 10000000};

    must("roster_txn_check", roster_txn_check(session));
    must("roster_store_lease_revoke", roster_store_lease_revoke(store, stats_of(syncer).lease, -1));
    while (stats_of(syncer).registrations < 2) {
        nanosleep(&moment, NULL);
    }
    must("roster_txn_check", roster_txn_check(session));
}
/* [fence] */

int main(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    char error[ROSTER_STORE_ERROR_SIZE];
    struct roster_oracle_store *oracle;
    struct roster_session *session;
    struct roster_syncer *syncer;
    struct roster_store *store;
    struct roster *roster;
    uint64_t start_ts;

    /* [store] */
    /* Servers of one host use "sqlite:PATH", those of a cluster "etcd:URL,URL". */
    if (roster_store_open("memory", NULL, &store, error, sizeof(error))) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    must("roster_oracle_store_create", roster_oracle_store_create(store, NULL, &oracle));
    options.oracle = roster_oracle_store_read; /* one order in all servers */
    options.oracle_arg = oracle;
    must("roster_create", roster_create(&options, &roster));
    syncer = join(roster, store);
    /* [store] */

    must("roster_session_open", roster_session_open(roster, NULL, &session));
    must("roster_txn_begin", roster_txn_begin(session, &start_ts));
    printf("begun at %" PRIu64 "\n", start_ts);
    show_record(store);
    lose_the_lease(store, syncer, session);
    roster_session_close(session);

    /* [leave] */
    must("roster_syncer_stop", roster_syncer_stop(syncer, 1000)); /* waits for pins */
    roster_syncer_destroy(syncer);
    must("roster_destroy", roster_destroy(roster));
    roster_oracle_store_destroy(oracle);
    roster_store_close(store);
    /* [leave] */
    return 0;
}
