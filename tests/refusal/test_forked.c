/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A forked child calls every public function with the parent's objects: each one that returns an
 * errno returns -ECHILD, each other one leaves the object alone and comes back, and the parent goes
 * on as if nothing had happened. The calls are made from the headers.
 */
#include "config.h"

#include "../unit/store/scratch.h"
#include "forked.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <roster/store.h>
#include <roster/store_watch.h>
#include <roster/syncer.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct forked it;

static const char *current = "nothing";
static unsigned calls, wrong;

void *forked_struct(size_t bytes, size_t size)
{
    static alignas(max_align_t) char places[4][16384];
    static unsigned last;
    char *place = places[++last % 4];

    if (bytes > sizeof(places[0])) {
        dprintf(STDERR_FILENO, "%zu bytes for one struct\n", bytes);
        _exit(2);
    }
    memset(place, 0, bytes);
    if (size)
        memcpy(place, &size, sizeof(size));
    return place;
}

void *forked_out(void)
{
    static alignas(max_align_t) char places[8][256];
    static unsigned last;

    return places[++last % 8];
}

int forked_visit(const void *session, const void *view, void *arg)
{
    (void)session;
    (void)view;
    (void)arg;
    return 0;
}

void forked_refused(const char *name, int result)
{
    calls++;
    if (result == -ECHILD)
        return;
    wrong++;
    dprintf(STDERR_FILENO, "%s: %d\n", name, result);
}

void forked_next(const char *name)
{
    calls++;
    current = name;
}

static void make_all(const char *url)
{
    static struct roster_copy copy;
    struct roster_syncer_options syncing = {.size = sizeof(syncing), .server_id = "one"};
    struct roster_safe_point_options safe = {.size = sizeof(safe)};
    struct roster_watchdog_options watching = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_store_keys keys = roster_store_prefix(roster_store_text("a"));
    char error[256] = "";

    cr_assert_eq(roster_oracle_local_create(&it.roster_oracle_local), 0);
    cr_assert_eq(roster_create(NULL, &it.roster), 0);
    cr_assert_eq(roster_conn_ids_create(NULL, &it.roster_conn_ids), 0);
    cr_assert_eq(roster_history_create(10, 0, &it.roster_history), 0);
    watching.txn_age_ms = 1000000;
    cr_assert_eq(roster_watchdog_start(it.roster, &watching, &it.roster_watchdog), 0);
    cr_assert_eq(roster_activity_start(it.roster, NULL, &it.roster_activity), 0);
    cr_assert_eq(roster_store_open(url, NULL, &it.roster_store, error, sizeof(error)), 0, "%s",
                 error);
    cr_assert_eq(roster_store_watch_open(it.roster_store, &keys, 0, &it.roster_store_watch), 0);
    cr_assert_eq(roster_oracle_store_create(it.roster_store, NULL, &it.roster_oracle_store), 0);
    cr_assert_eq(
        roster_oracle_persistent_create(it.roster_store, NULL, &it.roster_oracle_persistent), 0);
    cr_assert_eq(roster_syncer_create(it.roster, it.roster_store, &syncing, &it.roster_syncer), 0);
    cr_assert_eq(roster_syncer_start(it.roster_syncer), 0);
    cr_assert_eq(roster_syncer_wait(it.roster_syncer, ROSTER_SYNCER_LIVE, 10000), 0);
    safe.syncer = it.roster_syncer;
    safe.oracle = roster_oracle_local_read;
    safe.oracle_arg = it.roster_oracle_local;
    cr_assert_eq(roster_safe_point_create(it.roster_store, &safe, &it.roster_safe_point), 0);
    cr_assert_eq(roster_safe_point_start(it.roster_safe_point), 0);
    cr_assert_eq(roster_status_start(it.roster, NULL, &it.roster_status), 0);
    cr_assert_eq(roster_session_open(it.roster, NULL, &it.roster_session), 0);
    cr_assert_eq(roster_txn_begin(it.roster_session, NULL), 0);
    cr_assert_eq(roster_stmt_begin(it.roster_session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    cr_assert_eq(
        roster_pin_acquire(it.roster, it.roster_session, 0, ROSTER_PIN_CURSOR, &it.roster_pin), 0);
    it.shown = roster_session_look(it.roster_session, &copy, NULL, 0);
}

/* Everything still works, and nothing was changed by the child. */
static void end_all(void)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text("x"));
    struct roster_store_range *range = NULL;
    uint64_t ts, id;

    cr_expect_eq(roster_killed(it.roster_session), 0);
    cr_expect_eq(roster_session_memory(it.roster_session), 0);
    cr_expect_eq(roster_txn_check(it.roster_session), 0);
    cr_expect_eq(roster_pin_check(it.roster_pin), 0);
    cr_expect_eq(roster_pin_release(it.roster_pin), 0);
    cr_expect_eq(roster_stmt_end(it.roster_session), 0);
    cr_expect_eq(roster_txn_finish(it.roster_session), 0);
    cr_expect_eq(roster_session_close(it.roster_session), 0);
    cr_expect_eq(roster_watchdog_run_once(it.roster_watchdog), 0);
    cr_expect_eq(roster_activity_run_once(it.roster_activity), 0);
    cr_expect_eq(roster_conn_ids_next(it.roster_conn_ids, &id), 0);
    cr_expect_eq(roster_oracle_store_allocate(it.roster_oracle_store, &ts), 0);
    cr_expect_eq(roster_oracle_persistent_allocate(it.roster_oracle_persistent, &ts), 0);
    cr_expect_eq(roster_store_get(it.roster_store, &keys, 1, 5000, &range), 0);
    roster_store_free(range);
    cr_expect_eq(roster_syncer_report(it.roster_syncer), 0);
    cr_expect_eq(roster_safe_point_refresh(it.roster_safe_point), 0);
    roster_status_stop(it.roster_status);
    roster_safe_point_destroy(it.roster_safe_point);
    cr_expect_eq(roster_syncer_stop(it.roster_syncer, 5000), 0);
    roster_syncer_destroy(it.roster_syncer);
    roster_oracle_persistent_destroy(it.roster_oracle_persistent);
    roster_oracle_store_destroy(it.roster_oracle_store);
    roster_store_watch_close(it.roster_store_watch);
    roster_store_close(it.roster_store);
    cr_expect_eq(roster_watchdog_stop(it.roster_watchdog), 0);
    cr_expect_eq(roster_activity_stop(it.roster_activity), 0);
    roster_history_destroy(it.roster_history);
    cr_expect_eq(roster_conn_ids_destroy(it.roster_conn_ids), 0);
    cr_expect_eq(roster_destroy(it.roster), 0);
    roster_oracle_local_destroy(it.roster_oracle_local);
}

static void on_signal(int number)
{
    dprintf(STDERR_FILENO, "%s: signal %d\n", current, number);
    _exit(3);
}

static void calls_all_in_child(const char *url)
{
    int status = 0;
    pid_t child;

    make_all(url);
    fflush(NULL);
    child = fork();
    cr_assert_geq(child, 0);
    if (!child) {
        signal(SIGALRM, on_signal);
        signal(SIGSEGV, on_signal);
        alarm(20);
        forked_call_all();
        if (calls < 100)
            dprintf(STDERR_FILENO, "only %u calls were made\n", calls);
        _exit(wrong || calls < 100);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %#x", status);
    end_all();
}

Test(forked, with_a_store_in_memory)
{
    calls_all_in_child("memory");
}

#ifdef HAVE_SQLITE
Test(forked, with_a_store_in_a_file)
{
    char dir[256], url[300];

    scratch_dir(dir, sizeof(dir));
    snprintf(url, sizeof(url), "sqlite:%s/store", dir);
    calls_all_in_child(url);
}

/*
 * A child has a store of its own where no other thread was inside SQLite at the moment of the fork:
 * the mutexes of SQLite, which no library may replace in its host, would stay locked in the child.
 */
Test(forked, a_child_may_open_a_store)
{
    struct roster_store *store = NULL;
    char dir[256], url[300];
    int status = 0;
    pid_t child;

    scratch_dir(dir, sizeof(dir));
    snprintf(url, sizeof(url), "sqlite:%s/store", dir);
    cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0);
    fflush(NULL);
    child = fork();
    cr_assert_geq(child, 0);
    if (!child) {
        struct roster_store_keys keys = roster_store_key(roster_store_text("x"));
        struct roster_store_range *range = NULL;
        struct roster_store *own = NULL;
        int err = roster_store_open(url, NULL, &own, NULL, 0);

        if (!err)
            err = roster_store_get(own, &keys, 1, 5000, &range);
        roster_store_close(own);
        _exit(err != 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
    roster_store_close(store);
}
#endif
