/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * two_owners own|shared FILE: two threads execute the common paths of begin, check, finish,
 * statement begin and end and the two-step begin, on sessions that lie next to each other, one
 * thread while the other one waits. Before and after its turn a thread writes a marker, so that who
 * reads a trace of all stores can tell whose they are; the markers' addresses go to FILE.
 * With "shared" both take their timestamps from one counter: a control, which must be found.
 * Exit 77 where the kernel has no membarrier, for then the common path is another.
 */
#include <roster/roster.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNERS 2
#define SESSIONS 16 /* of each */
#define WARM_UP 4

/* markers[n]: the turn of thread n begins; markers[OWNERS]: a turn has ended. */
static struct {
    volatile uint64_t word;
} markers[OWNERS + 1] __attribute__((aligned(64)));

struct owner {
    pthread_t thread;
    sem_t turn;
    sem_t done;
    size_t number;
    struct roster_session *sessions[SESSIONS];
    uint64_t count;
} __attribute__((aligned(128)));

static struct owner owners[OWNERS];
static __thread uint64_t *ticket;
static uint64_t one_counter;

static void ok(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "two_owners: %s: %s\n", what, roster_strerror(result));
    exit(1);
}

/* Linearizable, because one thread at a time asks. */
static int tell_time(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = ++*ticket;
    return 0;
}

static void common_path(struct owner *owner)
{
    static const char text[64] = "select balance from account where id = 12345678 for update";
    size_t i;

    for (i = 0; i < SESSIONS; i++) {
        struct roster_session *session = owner->sessions[i];

        ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text), NULL, 0), "stmt");
        ok(roster_txn_begin(session, NULL), "begin");
        ok(roster_txn_check(session), "check");
        ok(roster_killed(session), "killed");
        ok(roster_txn_finish(session), "finish");
        ok(roster_stmt_end(session), "stmt_end");
        ok(roster_txn_prepare(session), "prepare");
        ok(roster_txn_activate(session, ++*ticket), "activate");
        ok(roster_txn_finish(session), "finish");
    }
}

static void *own(void *arg)
{
    struct owner *owner = arg;
    size_t i;

    ticket = &one_counter;
    sem_wait(&owner->turn);
    for (i = 0; i < WARM_UP; i++)
        common_path(owner);
    sem_post(&owner->done);
    sem_wait(&owner->turn);
    if (owner->count)
        ticket = &owner->count;
    markers[owner->number].word = 1;
    common_path(owner);
    common_path(owner);
    markers[OWNERS].word = 1;
    sem_post(&owner->done);
    return NULL;
}

static void start(struct roster *roster)
{
    size_t i, n;

    for (i = 0; i < SESSIONS; i++)
        for (n = 0; n < OWNERS; n++)
            ok(roster_session_open(roster, NULL, &owners[n].sessions[i]), "open");
    for (n = 0; n < OWNERS; n++) {
        owners[n].number = n;
        sem_init(&owners[n].turn, 0, 0);
        sem_init(&owners[n].done, 0, 0);
        if (pthread_create(&owners[n].thread, NULL, own, &owners[n]))
            ok(-1, "pthread_create");
    }
}

static void take_turns(void)
{
    size_t n;

    for (n = 0; n < OWNERS; n++) {
        sem_post(&owners[n].turn);
        sem_wait(&owners[n].done);
    }
}

static void finish(struct roster *roster)
{
    size_t i, n;

    for (n = 0; n < OWNERS; n++) {
        pthread_join(owners[n].thread, NULL);
        for (i = 0; i < SESSIONS; i++)
            ok(roster_session_close(owners[n].sessions[i]), "close");
    }
    ok(roster_destroy(roster), "destroy");
}

int main(int argc, char **argv)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster *roster;
    size_t n;
    FILE *file;

    if (argc != 3 || !(file = fopen(argv[2], "w"))) {
        fprintf(stderr, "usage: two_owners own|shared FILE\n");
        return 2;
    }
    for (n = 0; n <= OWNERS; n++)
        fprintf(file, "%llx\n", (unsigned long long)(uintptr_t)&markers[n]);
    fclose(file);
    ticket = &one_counter;
    options.oracle = tell_time;
    options.tick_ms = ROSTER_TICK_MANUAL;
    ok(roster_create(&options, &roster), "create");
    ok(roster_stats(roster, &stats), "stats");
    if (!stats.membarrier)
        return 77;
    start(roster);
    take_turns();
    for (n = 0; n < OWNERS; n++)
        owners[n].count = strcmp(argv[1], "own") == 0 ? one_counter : 0;
    take_turns();
    finish(roster);
    return 0;
}
