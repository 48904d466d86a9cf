/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * SIGKILL for processes in the middle of a transaction on an SQLite store: at every system call
 * of one, at instructions between them, and at any moment of many processes. What they had been
 * told was done must be there, the rest entirely or not at all, and no process may be stuck.
 */

#include "../scratch.h"
#include "../store_fixture.h"
#include "sqlite_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static struct roster_store *open_store(void)
{
    static const struct roster_store_options options = {.size = sizeof(options),
                                                        .history = 1000000};
    struct roster_store *store = NULL;

    if (roster_store_open(sqlite_url, &options, &store, NULL, 0) != 0)
        return NULL;
    return store;
}

/* Puts the number under two keys and deletes a third, in one transaction. */
static int put_pair(struct roster_store *store, const char *first, const char *second,
                    const char *third, int64_t n, int64_t lease)
{
    char number[32];
    struct roster_store_op ops[] = {
        roster_store_put(roster_store_text(first), roster_store_text(""), lease),
        roster_store_put(roster_store_text(second), roster_store_text(""), 0),
        roster_store_delete(roster_store_key(roster_store_text(third))),
    };
    struct roster_store_txn txn = {.success = ops, .n_success = 3};

    snprintf(number, sizeof(number), "%lld", (long long)n);
    ops[0].value = ops[1].value = roster_store_text(number);
    return roster_store_txn(store, &txn, 20000, NULL);
}

static int64_t number_at(struct roster_store *store, const char *key)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(key));
    struct roster_store_range *range = NULL;
    char digits[32] = "-1";

    if (roster_store_get(store, &keys, 0, 20000, &range) != 0)
        return -2;
    if (range->count == 1)
        snprintf(digits, sizeof(digits), "%.*s", (int)range->kvs[0].value.size,
                 (const char *)range->kvs[0].value.data);
    roster_store_free(range);
    return strtoll(digits, NULL, 10);
}

/* ------------------------------------------------- one process, stopped at a chosen place */

#define CANNOT_TRACE 77

/* The victim: opens, does one transaction to be warm, stops, and does the one that counts. */
static void be_victim(void)
{
    struct roster_store *store = open_store();

    if (store == NULL)
        _exit(3);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(errno == ENOSYS ? CANNOT_TRACE : 3);
    raise(SIGSTOP);
    if (put_pair(store, "a", "b", "c", 2, 0) != 0)
        _exit(4);
    _exit(0);
}

static int step(pid_t victim, int status, int request, long times)
{
    for (long i = 0; i < times && WIFSTOPPED(status); i++) {
        ptrace((enum __ptrace_request)request, victim, NULL, NULL);
        waitpid(victim, &status, 0);
    }
    return status;
}

/*
 * Lets the victim enter and leave a number of system calls, then execute a number of instructions,
 * and kills it there; false when it ended before.
 */
static bool kill_victim_at(long system_calls, long instructions)
{
    pid_t victim = scratch_fork();
    int status = 0;

    if (victim == 0)
        be_victim();
    waitpid(victim, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TRACE)
        cr_skip_test("qemu-user has no ptrace(), so nothing can stop a process at a chosen place");
    cr_assert(WIFSTOPPED(status), "the victim did not start: %d", status);
    ptrace(PTRACE_SETOPTIONS, victim, NULL, (void *)PTRACE_O_EXITKILL);
    status = step(victim, status, PTRACE_SYSCALL, system_calls);
    status = step(victim, status, PTRACE_SINGLESTEP, instructions);
    if (!WIFSTOPPED(status)) {
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the victim failed: %d", status);
        return false;
    }
    kill(victim, SIGKILL);
    waitpid(victim, &status, 0);
    return true;
}

static void prepare_victim_file(void)
{
    struct roster_store *store = open_store();

    cr_assert_not_null(store);
    cr_assert_eq(put_pair(store, "a", "b", "none", 1, 0), 0);
    put_text(store, "c", "1");
    roster_store_close(store);
}

/* All or nothing, and the next writer does not wait. Returns whether it was all. */
static bool check_after_kill(void)
{
    struct roster_store *store = open_store();
    struct roster_store_op op = roster_store_put(text("next"), text("value"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    int64_t a, b;
    bool c;

    cr_assert_not_null(store, "the file cannot be opened any more");
    cr_expect_eq(roster_store_txn(store, &txn, 2000, NULL), 0, "a lock stayed behind");
    a = number_at(store, "a");
    b = number_at(store, "b");
    c = key_exists(store, "c");
    cr_expect_eq(a, b, "half a transaction: a is %d, b is %d", (int)a, (int)b);
    cr_expect(a == 1 || a == 2);
    cr_expect_eq(c, a == 1, "a is %d, c %s", (int)a, c ? "is there" : "is not");
    roster_store_close(store);
    return a == 2;
}

struct outcomes {
    long undone;
    long done;
};

static bool kill_and_check(long system_calls, long instructions, struct outcomes *outcomes)
{
    bool killed;

    prepare_victim_file();
    killed = kill_victim_at(system_calls, instructions);
    if (check_after_kill())
        outcomes->done++;
    else
        outcomes->undone++;
    return killed;
}

Test(store_sqlite_kill, at_every_system_call_of_a_transaction, .init = sqlite_file_name)
{
    struct outcomes outcomes = {0};
    long place = 0;

    while (kill_and_check(place, 0, &outcomes))
        place++;
    cr_log_info("%ld places, %ld before and %ld after the commit", place, outcomes.undone,
                outcomes.done);
    cr_expect_gt(outcomes.undone, 10, "the transaction was not interrupted");
    cr_expect_gt(outcomes.done, 1, "no kill came after the commit");
}

/* Other processes also see what is written to the shared index of the log, without any call. */
Test(store_sqlite_kill, at_instructions_between_system_calls, .init = sqlite_file_name,
     .timeout = 240)
{
    struct outcomes outcomes = {0};
    unsigned seed = 4711;
    long place = 0;

    do {
        seed = seed * 1103515245U + 12345U;
        place++;
    } while (kill_and_check(place, 1L << ((seed >> 16) % 12), &outcomes));
    cr_log_info("%ld places, %ld before and %ld after the commit", place, outcomes.undone,
                outcomes.done);
    cr_expect_gt(outcomes.undone, 10);
}

/* ------------------------------------------------------------ many processes, at any moment */

#define WORKERS 4
#define KILLS 120

/* What a worker has begun and what it was told is done; in memory shared with it. */
struct diary {
    volatile int64_t begun;
    volatile int64_t done;
};

static void be_worker(int number, struct diary *diary)
{
    struct roster_store *store = open_store();
    struct roster_store_lease lease;
    char first[32], second[32], third[32];

    if (store == NULL || roster_store_lease_grant(store, 600, 20000, &lease) != 0)
        _exit(3);
    snprintf(first, sizeof(first), "leased/%d", number);
    snprintf(second, sizeof(second), "kept/%d", number);
    snprintf(third, sizeof(third), "other/%d", number);
    for (;;) {
        int err;

        diary->begun = diary->done + 1;
        err = put_pair(store, first, second, third, diary->begun, lease.id);
        if (err == 0)
            diary->done = diary->begun;
        if (err != 0 && err != -EKEYEXPIRED)
            _exit(4);
        /* On two busy processors a lease may run out before it is kept alive. */
        if (roster_store_lease_keep_alive(store, lease.id, 20000, &lease) == -EKEYEXPIRED &&
            roster_store_lease_grant(store, 600, 20000, &lease) != 0)
            _exit(5);
    }
}

static pid_t start_worker(int number, struct diary *diary)
{
    pid_t worker = scratch_fork();

    cr_assert_geq(worker, 0);
    if (worker == 0)
        be_worker(number, diary);
    return worker;
}

static void check_diary(struct roster_store *store, int number, const struct diary *diary)
{
    char key[32];
    int64_t kept;

    snprintf(key, sizeof(key), "kept/%d", number);
    kept = number_at(store, key);
    if (kept == -1)
        kept = 0;
    cr_expect(kept >= diary->done && kept <= diary->begun,
              "worker %d was told that %d is done and had begun %d, but %d is there", number,
              (int)diary->done, (int)diary->begun, (int)kept);
    /* The next life of the worker counts on from what is there. */
    ((struct diary *)(uintptr_t)diary)->done = kept;
}

/* Every revision must have left its changes, at least one and all of the same one. */
static void check_history(struct roster_store *store)
{
    struct roster_store_keys all = roster_store_prefix(text(""));
    struct roster_store_watch *watch = NULL;
    struct roster_store_events *events = NULL;
    int64_t last = 1, now = store_revision(store);

    cr_assert_eq(roster_store_watch_open(store, &all, 2, &watch), 0);
    while (last < now && roster_store_watch_next(watch, 0, &events) == 0) {
        cr_assert(!events->snapshot);
        for (size_t i = 0; i < events->count; i++) {
            int64_t revision = events->events[i].kv.mod_revision;

            cr_assert(revision == last || revision == last + 1, "revision %d follows %d",
                      (int)revision, (int)last);
            last = revision;
        }
        roster_store_free(events);
    }
    cr_expect_eq(last, now, "the history ends at %d before %d", (int)last, (int)now);
    roster_store_watch_close(watch);
}

static void kill_worker(pid_t *workers, struct diary *diaries, int i)
{
    struct roster_store *store;
    int status = 0;

    kill(workers[i], SIGKILL);
    waitpid(workers[i], &status, 0);
    cr_assert(WIFSIGNALED(status), "worker %d ended by itself: %d", i, status);
    store = open_store();
    cr_assert_not_null(store);
    check_diary(store, i, &diaries[i]);
    roster_store_close(store);
    workers[i] = start_worker(i, &diaries[i]);
}

Test(store_sqlite_kill, at_any_moment_of_many_processes, .init = sqlite_file_name, .timeout = 240)
{
    struct diary *diaries = mmap(NULL, sizeof(*diaries) * WORKERS, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t workers[WORKERS];
    struct roster_store *store = open_store();
    unsigned seed = 42;
    int64_t sum = 0;

    cr_assert_neq(diaries, MAP_FAILED);
    cr_assert_not_null(store);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start_worker(i, &diaries[i]);
    for (int n = 0; n < KILLS; n++) {
        seed = seed * 1103515245U + 12345U;
        usleep(2000 + (seed >> 8) % 30000);
        kill_worker(workers, diaries, (int)((seed >> 24) % WORKERS));
    }
    for (int i = 0; i < WORKERS; i++) {
        kill(workers[i], SIGKILL);
        waitpid(workers[i], NULL, 0);
        check_diary(store, i, &diaries[i]);
        sum += diaries[i].done;
    }
    cr_log_info("%d transactions", (int)sum);
    cr_expect_gt(sum, KILLS / 4, "hardly anything was done");
    check_history(store);
    /* The dead keep nothing: their leases run out. */
    for (int i = 0; i < WORKERS; i++) {
        char key[32];

        snprintf(key, sizeof(key), "leased/%d", i);
        cr_expect(key_vanishes(store, key));
    }
    check_history(store);
    roster_store_close(store);
}
