/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * A collector of old versions: threads read and write versions of one value while the main thread
 * deletes those that the safe point has passed. Exits with 0 if every read found its version, that
 * of the backup with its pin included.
 */
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 2000
#define READERS 2

/* A version carries its commit timestamp; the youngest comes first. */
struct version {
    uint64_t commit_ts;
    struct version *older;
};

static struct roster *roster;
static struct roster_oracle_local *clock_of_all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct version *youngest;
static atomic_int lost, busy;

/* [write] */
static int write_version(void)
{
    struct version *version = malloc(sizeof(*version));

    if (!version)
        return -1;
    pthread_mutex_lock(&lock);
    roster_oracle_local_allocate(clock_of_all, &version->commit_ts);
    version->older = youngest;
    youngest = version;
    pthread_mutex_unlock(&lock);
    return 0;
}
/* [write] */

/* Returns the version visible at `ts`, 0 if it was collected. */
static uint64_t read_version(uint64_t ts)
{
    const struct version *version;
    uint64_t commit_ts;

    pthread_mutex_lock(&lock);
    version = youngest;
    while (version && version->commit_ts > ts)
        version = version->older;
    commit_ts = version ? version->commit_ts : 0;
    pthread_mutex_unlock(&lock);
    return commit_ts;
}

/* [reader] */
/* Reads twice in each transaction: both reads must find the same version. */
static void *read_all(void *arg)
{
    struct roster_session *session;
    uint64_t start_ts, first;
    int i;

    (void)arg;
    if (roster_session_open(roster, NULL, &session))
        abort();
    for (i = 0; i < ROUNDS; i++) {
        if (roster_txn_begin(session, &start_ts))
            abort();
        first = read_version(start_ts);
        if (write_version())
            abort();
        if (read_version(start_ts) != first || first == 0 || roster_txn_check(session))
            atomic_fetch_add(&lost, 1);
        roster_txn_finish(session);
    }
    roster_session_close(session);
    atomic_fetch_sub(&busy, 1);
    return NULL;
}
/* [reader] */

/* [collect] */
/* Keeps the newest version at or below the safe point, and all newer ones. No reader can need the
 * older ones again. */
static int collect(uint64_t safe_point)
{
    struct version *version, *older;
    int count = 0;

    pthread_mutex_lock(&lock);
    version = youngest;
    while (version && version->commit_ts > safe_point)
        version = version->older;
    older = version ? version->older : NULL;
    if (version)
        version->older = NULL;
    pthread_mutex_unlock(&lock);
    for (; older; older = version, count++) {
        version = older->older;
        free(older);
    }
    return count;
}

static int collect_once(void)
{
    int err = roster_min_advance(roster, 0, NULL); /* advances the safe point */

    if (err)
        fprintf(stderr, "roster_min_advance: %s\n", roster_strerror(err));
    return collect(roster_local_safe_point(roster));
}
/* [collect] */

/* [backup] */
/* A backup of the present: its pin protects all versions that it reads, as long as it runs. */
static void back_up(void)
{
    struct roster_pin *pin;
    pthread_t readers[READERS];
    uint64_t seen;
    int i, held = 0;

    if (roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_BACKUP, &pin))
        abort();
    seen = read_version(roster_pin_ts(pin));
    atomic_store(&busy, READERS);
    for (i = 0; i < READERS; i++)
        if (pthread_create(&readers[i], NULL, read_all, NULL))
            abort();
    while (atomic_load(&busy))
        held += collect_once();
    for (i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    if (read_version(roster_pin_ts(pin)) != seen || roster_pin_check(pin))
        atomic_fetch_add(&lost, 1);
    roster_pin_release(pin);
    printf("%d collected beside the backup, %d after it, %d lost\n", held, collect_once(),
           atomic_load(&lost));
}
/* [backup] */

static void remove_all(void)
{
    struct version *version;

    while ((version = youngest)) {
        youngest = version->older;
        free(version);
    }
}

int main(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    if (roster_oracle_local_create(&clock_of_all))
        return 1;
    /* [oracle] */
    options.oracle = roster_oracle_local_read; /* commits take their timestamps there, too */
    options.oracle_arg = clock_of_all;
    /* [oracle] */
    if (roster_create(&options, &roster) || write_version() || write_version())
        return 1;
    back_up();
    remove_all();
    if (roster_destroy(roster))
        return 1;
    roster_oracle_local_destroy(clock_of_all);
    return atomic_load(&lost) ? 1 : 0;
}
