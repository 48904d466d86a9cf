/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What operates the server: the status endpoint, the watchdog with its limits, the history of
 * transactions, and the drain before the end.
 */
#ifndef KV_OPERATE_H
#define KV_OPERATE_H

#include <argp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct roster_history;
struct roster_status;
struct roster_watchdog;
struct server;

struct operate_options {
    const char *status;     /* where the endpoint listens; NULL: none */
    const char *token_file; /* NULL: only trusted peers of a Unix socket may kill and drain */
    uint64_t drain_ms;      /* how long open work may finish */
    uint64_t max_execution_ms, idle_ms, txn_idle_ms, txn_age_ms; /* 0: no limit */
    uint64_t history, history_min_ms;
};

struct operate {
    struct roster_status *status;
    struct roster_watchdog *watchdog;
    struct roster_history *history; /* NULL: none is kept */
    uv_async_t async;               /* the main loop's: a drain is wanted, or done */
    pthread_t drainer;
    bool draining;
    int wanted, done, hurry; /* atomic */
    void (*end)(void *arg);  /* ends the main loop */
    void *end_arg;
};

/* The options, as a child of those of the server; its input is a struct operate_options. */
extern const struct argp operate_argp;
void operate_presets(struct operate_options *options);

/* Starts what the options ask for, the endpoint excepted; `end` is called in the loop when a drain
 * is done. Returns 0 or a negative errno, about which the user has been told. */
int operate_start(struct server *server, uv_loop_t *loop, void (*end)(void *arg), void *arg);

/* Starts the endpoint, if the options ask for one; the server is in its cluster by now. */
int operate_show(struct server *server);

/* Drains the server, then ends it; a second call ends it without further ado. In the loop. */
void operate_drain(struct server *server);

/* The endpoint goes, so that nobody asks for a drain any more. In the loop. */
void operate_quiet(struct server *server);

/* After the loop has ended; the history stays for the last transactions. */
void operate_stop(struct server *server);

#endif
