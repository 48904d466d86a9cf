/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * versions DIRECTORY [careless]: a bank in RocksDB whose versions are collected by Roster's safe
 * point. Threads transfer money and each of them raises the low-water mark, while a report holds
 * the snapshot with which it began. Ends with 0 when no total was ever wrong.
 *
 * "careless" raises the mark to the present instead of the safe point, to show what is lost then.
 */
#include "versions.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNTS 16
#define DEPOSIT 1000
#define THREADS 4
#define TRANSFERS 500

static struct versions *bank;
static struct roster *roster;
static bool careless;
static atomic_int transferred, conflicts, wrong;

static void must(int err, const char *what)
{
    if (err)
        errx(1, "%s: %s", what, roster_strerror(err));
}

/* [collect] */
/* Any thread, as often as it likes. */
static void collect(void)
{
    uint64_t present;

    must(roster_min_advance(roster, 0, NULL), "roster_min_advance");
    versions_now(bank, &present);
    must(versions_raise(bank, careless ? present : roster_local_safe_point(roster)), "raise");
}
/* [collect] */

/* What all accounts had together at `start_ts`; -1 when a version is gone. */
static int64_t total(uint64_t start_ts)
{
    int64_t sum = 0, balance;
    uint32_t i;

    for (i = 0; i < ACCOUNTS; i++) {
        if (versions_read(bank, start_ts, i, &balance))
            return -1;
        sum += balance;
    }
    return sum;
}

static struct roster_session *open_session(const char *application)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;

    attr.application = application;
    must(roster_session_open(roster, &attr, &session), "roster_session_open");
    return session;
}

/* [transfer] */
static int transfer(struct roster_session *session, uint32_t from, uint32_t to)
{
    struct versions_write writes[2] = {{from, 0}, {to, 0}};
    uint64_t start_ts;
    int err;

    must(roster_txn_begin(session, &start_ts), "roster_txn_begin");
    err = versions_read(bank, start_ts, from, &writes[0].value);
    if (!err)
        err = versions_read(bank, start_ts, to, &writes[1].value);
    if (!err)
        err = roster_txn_check(session); /* nothing of what was read had been collected */
    writes[0].value--;
    writes[1].value++;
    if (!err)
        err = versions_commit(bank, start_ts, writes, 2);
    roster_txn_finish(session);
    return err;
}
/* [transfer] */

static void *work(void *arg)
{
    struct roster_session *session = open_session("transfers");
    unsigned int seed = *(unsigned int *)arg;
    uint64_t start_ts;
    uint32_t from;
    int i, err;

    for (i = 0; i < TRANSFERS; i++) {
        from = (uint32_t)rand_r(&seed) % ACCOUNTS;
        err = transfer(session, from, (from + 1) % ACCOUNTS);
        if (err && err != -EAGAIN)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(err ? &conflicts : &transferred, 1);
        if (i % 10 != 0)
            continue;
        collect();
        must(roster_txn_begin(session, &start_ts), "roster_txn_begin");
        if (total(start_ts) != ACCOUNTS * DEPOSIT || roster_txn_check(session))
            atomic_fetch_add(&wrong, 1);
        roster_txn_finish(session);
    }
    roster_session_close(session);
    return NULL;
}

static void deposit(void)
{
    struct versions_write writes[ACCOUNTS];
    uint64_t now;
    uint32_t i;

    for (i = 0; i < ACCOUNTS; i++)
        writes[i] = (struct versions_write){i, DEPOSIT};
    versions_now(bank, &now);
    must(versions_commit(bank, now, writes, ACCOUNTS), "deposit");
}

/* Whose transaction it is that keeps versions from being dropped. */
static void name_holder(void)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_entry entry;
    char room[1024];

    must(roster_min_peek(roster, &min), "roster_min_peek");
    if (min.holder.kind == ROSTER_HOLDER_NONE) {
        printf("held by nothing\n");
        return;
    }
    must(roster_look(roster, min.holder.session_id, &entry, room, sizeof(room)), "roster_look");
    printf("held by session %" PRIu64 ", application %s\n", entry.id, entry.application);
}

static void compact(void)
{
    uint64_t left;

    versions_tick(bank);
    collect();
    must(versions_compact(bank, &left), "compaction");
    printf("compacted: %" PRIu64 " versions of %d accounts are left\n", left, ACCOUNTS);
}

static void run_threads(void)
{
    unsigned int seeds[THREADS];
    pthread_t threads[THREADS];
    unsigned int i;

    for (i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        must(-pthread_create(&threads[i], NULL, work, &seeds[i]), "pthread_create");
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d transfers, %d conflicts\n", atomic_exchange(&transferred, 0),
           atomic_exchange(&conflicts, 0));
}

static void report(void)
{
    struct roster_session *session = open_session("report");
    uint64_t start_ts;
    int64_t again;

    versions_tick(bank); /* RocksDB keeps one version more of what was written at the mark itself */
    must(roster_txn_begin(session, &start_ts), "roster_txn_begin");
    printf("the report reads a total of %" PRId64 "\n", total(start_ts));
    run_threads();
    name_holder();
    compact();
    again = total(start_ts);
    if (again != ACCOUNTS * DEPOSIT || roster_txn_check(session))
        atomic_fetch_add(&wrong, 1);
    if (again < 0)
        printf("the report has lost its snapshot\n");
    else
        printf("the report reads a total of %" PRId64 " again\n", again);
    roster_session_close(session);
}

int main(int argc, char **argv)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    careless = argc == 3 && strcmp(argv[2], "careless") == 0;
    if (argc != 2 && !careless) {
        fprintf(stderr, "usage: versions DIRECTORY [careless]\n");
        return 2;
    }
    must(versions_create(argv[1], &bank), argv[1]);
    options.oracle = versions_now;
    options.oracle_arg = bank;
    must(roster_create(&options, &roster), "roster_create");
    deposit();
    run_threads();
    report();
    name_holder();
    compact();
    must(roster_destroy(roster), "roster_destroy");
    versions_destroy(bank);
    printf("%d wrong\n", atomic_load(&wrong));
    return atomic_load(&wrong) ? 1 : 0;
}
