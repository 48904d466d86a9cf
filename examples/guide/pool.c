/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The life of a server: create the roster, serve, drain, destroy the roster.
 */
#define _GNU_SOURCE 1
#include "pool.h"

#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct pool {
    struct conns conns;
    pool_serve_fn *serve;
};

static void *serve_all(void *arg)
{
    struct pool *pool = arg;
    struct conn *conn;

    while ((conn = conns_wait(&pool->conns)))
        pool->serve(conn, pool->conns.roster);
    return NULL;
}

/* [shutdown] */
/* Refuses new sessions and asks idle ones to leave. Running ones have a second to finish; then they
 * are killed, and have five seconds to close. */
static int shut_down(struct roster *roster)
{
    struct roster_drain_options options = ROSTER_DRAIN_OPTIONS_INIT;
    struct roster_drain_report report = {.size = sizeof(report)};
    int err;

    options.finish_ms = 1000;
    err = roster_drain(roster, &options, &report);
    printf("drained %" PRIu64 " sessions, %" PRIu64 " of them idle, %" PRIu64 " killed: %s\n",
           report.sessions, report.idle, report.killed, roster_strerror(err));
    return err;
}
/* [shutdown] */

/* Returns 0 on success. */
static int run(struct pool *pool, int wanted, const sigset_t *signals)
{
    pthread_t *threads = calloc((size_t)wanted, sizeof(*threads));
    int started = 0, wrong = 1, i, signal;

    while (threads && started < wanted &&
           pthread_create(&threads[started], NULL, serve_all, pool) == 0)
        started++;
    if (started == wanted) {
        sigwait(signals, &signal);
        wrong = shut_down(pool->conns.roster) != 0;
    }
    conns_stop(&pool->conns);
    for (i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return wrong;
}

/* [life] */
static int serve_roster(struct pool *pool, int threads, const sigset_t *signals)
{
    struct roster *roster;
    int err = roster_create(NULL, &roster), wrong;

    if (err) {
        fprintf(stderr, "roster_create: %s\n", roster_strerror(err));
        return 1;
    }
    if (conns_open(&pool->conns, roster)) {
        perror("cannot listen");
        wrong = 1;
    } else {
        wrong = run(pool, threads, signals);
        conns_close(&pool->conns);
    }
    err = roster_destroy(roster);
    if (err)
        fprintf(stderr, "roster_destroy: %s\n", roster_strerror(err));
    return err ? 1 : wrong;
}
/* [life] */

int pool_main(int threads, pool_serve_fn *serve)
{
    static struct pool pool;
    sigset_t signals;

    /* Blocked before any thread is created: all inherit the mask, and sigwait() gets the signal. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    pool.serve = serve;
    return serve_roster(&pool, threads, &signals);
}
