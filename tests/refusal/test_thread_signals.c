/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Every thread that exists because of Roster blocks all signals, whatever makes it: Roster,
 * liburcu, libcurl, libmicrohttpd or SQLite. A signal of the server's goes to a thread of the
 * server's; one that the server blocks later, to take it by signalfd or sigwait, must not find
 * another thread that still lets it through and be deadly there. Each creation of a thread is
 * looked at here, so one that lives for a millisecond counts as well.
 */
#include "config.h"

#include "../unit/store/scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <roster/store.h>
#include <roster/syncer.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned created, open_to_signals;

/* SIGKILL and SIGSTOP cannot be blocked; 32 and 33 are the C library's own. */
static bool blocks_all(const sigset_t *mask)
{
    int number;

    for (number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP && !sigismember(mask, number))
            return false;
    for (number = SIGRTMIN; number <= SIGRTMAX; number++)
        if (!sigismember(mask, number))
            return false;
    return true;
}

/* The libraries' calls come here too. */
#pragma GCC visibility push(default)

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    typedef int function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    function *real;
    sigset_t mask;

    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    __atomic_fetch_add(&created, 1, __ATOMIC_RELAXED);
    if (!blocks_all(&mask))
        __atomic_fetch_add(&open_to_signals, 1, __ATOMIC_RELAXED);
    return real(thread, attr, run, arg);
}

#pragma GCC visibility pop

/* Also those that change their mask later. */
static void look_at_threads(const char *what)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;

    cr_assert_not_null(tasks);
    while ((entry = readdir(tasks))) {
        char path[300], line[256], name[64] = "";
        unsigned long long blocked = 0;
        FILE *file;

        if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid())
            continue;
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        file = fopen(path, "r");
        if (!file)
            continue; /* it has ended */
        while (fgets(line, sizeof(line), file)) {
            sscanf(line, "Name: %63s", name);
            sscanf(line, "SigBlk: %llx", &blocked);
        }
        fclose(file);
        cr_expect_eq(blocked | 0x180000000ULL, ~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1)),
                     "%s: %s blocks %llx", what, name, blocked);
    }
    closedir(tasks);
}

/* No thread so far let a signal in; `least` were made. */
static void all_blocked(const char *what, unsigned least)
{
    look_at_threads(what);
    cr_expect_geq(created, least, "%s: %u threads were made", what, created);
    cr_expect_eq(open_to_signals, 0, "%s: %u of %u threads let signals in", what, open_to_signals,
                 created);
    created = 0;
}

static int busy(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    (void)session;
    (void)view;
    (void)arg;
    return 0;
}

/* Grace periods, the table made larger and smaller again, a watchdog, an allocator of ids. */
static void use_core(struct roster *roster)
{
    enum { MANY = 40000 };
    struct roster_session **sessions = calloc(MANY, sizeof(struct roster_session *));
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    struct roster_watchdog *watchdog;
    struct roster_conn_ids *ids;
    unsigned n;

    cr_assert_not_null(sessions);
    options.txn_age_ms = 1000000;
    cr_assert_eq(roster_watchdog_start(roster, &options, &watchdog), 0);
    cr_assert_eq(roster_conn_ids_create(NULL, &ids), 0);
    for (n = 0; n < MANY; n++)
        cr_assert_eq(roster_session_open(roster, NULL, &sessions[n]), 0);
    cr_assert_eq(roster_read_lock(roster), 0);
    roster_for_each(roster, busy, NULL);
    roster_read_unlock(roster);
    cr_assert_eq(roster_metrics(roster, &metrics), 0);
    while (!metrics.grace_period_ns) {
        usleep(1000);
        cr_assert_eq(roster_metrics(roster, &metrics), 0);
    }
    for (n = 0; n < MANY; n++)
        roster_session_close(sessions[n]);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0); /* waits for the table */
    all_blocked("the core", 3);
    cr_assert_eq(roster_watchdog_stop(watchdog), 0);
    free(sessions);
}

/* A syncer and a safe point, each with its threads. */
static void use_store(struct roster *roster, const char *url)
{
    struct roster_syncer_options syncing = {.size = sizeof(syncing), .server_id = "one"};
    struct roster_safe_point_options safe = {.size = sizeof(safe)};
    struct roster_safe_point *safe_point = NULL;
    struct roster_oracle_local *oracle = NULL;
    struct roster_syncer *syncer = NULL;
    struct roster_store *store = NULL;
    char error[256] = "";

    cr_assert_eq(roster_store_open(url, NULL, &store, error, sizeof(error)), 0, "%s: %s", url,
                 error);
    cr_assert_eq(roster_syncer_create(roster, store, &syncing, &syncer), 0);
    cr_assert_eq(roster_syncer_start(syncer), 0);
    cr_assert_eq(roster_syncer_wait(syncer, ROSTER_SYNCER_LIVE, 10000), 0);
    cr_assert_eq(roster_oracle_local_create(&oracle), 0);
    safe.syncer = syncer;
    safe.oracle = roster_oracle_local_read;
    safe.oracle_arg = oracle;
    cr_assert_eq(roster_safe_point_create(store, &safe, &safe_point), 0);
    cr_assert_eq(roster_safe_point_start(safe_point), 0);
    all_blocked(url, 6);
    roster_safe_point_destroy(safe_point);
    cr_assert_eq(roster_syncer_stop(syncer, 1000), 0);
    roster_syncer_destroy(syncer);
    roster_store_close(store);
    roster_oracle_local_destroy(oracle);
}

Test(thread_signals, are_all_blocked)
{
    struct roster_status *status;
    struct roster *roster;
    cr_assert_eq(roster_create(NULL, &roster), 0);
    use_core(roster);
    use_store(roster, "memory");
#ifdef HAVE_SQLITE
    {
        char dir[256], url[300];

        scratch_dir(dir, sizeof(dir));
        snprintf(url, sizeof(url), "sqlite:%s/store", dir);
        use_store(roster, url);
    }
#endif
    cr_assert_eq(roster_status_start(roster, NULL, &status), 0);
    all_blocked("the status endpoint", 1);
    roster_status_stop(status);
    cr_assert_eq(roster_destroy(roster), 0);
}

#ifdef HAVE_ETCD_STORE
/* libcurl has a thread look up the name. Nothing listens there. */
Test(thread_signals, while_a_name_is_looked_up)
{
    struct roster_store_options options = {.size = sizeof(options)};
    struct roster_store *store = NULL;
    sigset_t before, after;
    char error[256] = "";
    int number, err;

    pthread_sigmask(SIG_BLOCK, NULL, &before);
    err =
        roster_store_open("etcd:http://no-such-host.invalid:1", NULL, &store, error, sizeof(error));
    if (!err) {
        struct roster_store_range *range = NULL;
        struct roster_store_keys keys = roster_store_key(roster_store_text("a"));

        err = roster_store_get(store, &keys, 1, 1000, &range);
        roster_store_close(store);
    }
    cr_expect_eq(err, -EHOSTUNREACH, "%d: %s", err, error);
    all_blocked("a name", 1);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (number = 1; number <= SIGRTMAX; number++)
        cr_expect_eq(sigismember(&before, number), sigismember(&after, number),
                     "the caller's mask has another signal %d", number);
}
#endif
