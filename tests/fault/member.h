/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A server of the fault tests: what its threads share. */
#pragma once

#include "data.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <roster/oracle_store.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/store.h>
#include <roster/syncer.h>

struct member_options {
    const char *url;
    const char *id;
    const char *dir;    /* of logs and data */
    const char *prefix; /* of the keys in the store */
    uint32_t slot;      /* which keys of the data set it writes */
    uint32_t ttl_ms;
    uint32_t interval_ms;
    uint32_t timeout_ms;
    uint32_t life_ms; /* how far safe points stay behind now */
    uint32_t hold_ms; /* the longest transaction */
    bool stuck;       /* one more transaction, which never ends */
    uint32_t pass_ms; /* what holds the safe points for longer is passed; 0: nothing is */
};

#define WORKERS 3

struct member {
    struct member_options options;
    struct data *data;
    struct roster_store *store;
    struct roster_oracle_store *oracle;
    struct roster *roster;
    struct roster_syncer *syncer;
    struct roster_safe_point *safe_point;
    _Atomic uint64_t newest; /* timestamp got */
    _Atomic uint64_t txns;
    _Atomic bool stop;
    unsigned n_threads;
    pthread_t threads[WORKERS + 5];
};

/* The oracle with a note of each request; a roster_oracle_fn over the member. */
int member_oracle(void *member, uint64_t *ts);

/* Starts all threads that work until `stop`. */
void member_work(struct member *member);

/* Starts the threads that look at the cluster until `stop`. */
void member_observe(struct member *member);

/* Starts one thread; ends the process when it cannot. */
void member_thread(struct member *member, void *(*run)(void *));

/* Prints a line with the time; any thread. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
