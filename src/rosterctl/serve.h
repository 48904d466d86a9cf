/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * serve: the page of a whole cluster.
 */
#pragma once

#include "rosterctl/cluster.h"

#include "status/site.h"

#include <pthread.h>

/* A server that did not answer: it is passed over for a while, so that the others do not wait for
 * it each time. */
struct silence {
    uint64_t since_ms, until_ms; /* 0: it answers */
    char error[512];
};

struct serve {
    const struct options *options;
    uint64_t started_ms;
    char store[512]; /* its address without passwords */

    pthread_mutex_t mutex;    /* of what follows */
    struct servers known;     /* as their records were read last */
    struct silence *silences; /* one for each */
    uint64_t due_ms;          /* when they are to be read again */
    bool reading;             /* a request does so */
    int code;                 /* whether they could be read again, and why not */
    char error[512], command[512];
    uint64_t failing_since_ms; /* 0: they could */
};

/* A request of the page. */
struct asking {
    struct serve *serve;
    const char *path; /* of the page, and of that of a server */
    struct options options;
    const char *server; /* only this one; NULL: all */
    const char *id, *after, *since, *from, *to, *step, *by;
    const char *target, *statement, *start_ts, *transaction;
    struct servers servers; /* to be asked */
    char store_error[512], store_command[512];
    uint64_t store_failing_ms; /* for so long */
};

/* serve_known.c: which servers there are, and afterwards which did not answer. */
bool serve_read(struct serve *serve); /* false: they were never read; see `error` */
struct reply serve_begin(struct asking *asking);
void serve_end(struct asking *asking);

/* Make an answer of what the servers say. */
typedef struct reply serve_make_fn(struct asking *asking);

/* serve_status.c, serve_past.c, serve_lists.c */
serve_make_fn serve_status;
serve_make_fn serve_timeline, serve_activity;
serve_make_fn serve_rows, serve_locks, serve_minimum, serve_events, serve_kill;

/* Whether a server has said something, even if that it has no such thing. */
bool serve_answered(const struct server *server);

/* Leaves the members that are objects alone: a server may answer anything. */
void serve_keep_objects(json_t *rows);

struct reply serve_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
