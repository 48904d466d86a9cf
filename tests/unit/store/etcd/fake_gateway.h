/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * An HTTP server on loopback inside the test's process that plays etcd's gateway: each request
 * is handed to a function of the test, in a thread of its connection, which answers as it likes.
 */
#pragma once

#include <pthread.h>
#include <roster/store.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct fake_gateway;

struct fake_request {
    struct fake_gateway *gateway;
    int number;        /* of the request at this gateway, from 1 */
    int on_connection; /* of the request on its connection, from 1 */
    int fd;
    char path[64];
    char authorization[256];
    char body[4096]; /* as much of it as fits, ended by a zero */
    bool close;      /* set it to end the connection */
};

typedef void fake_answer_fn(struct fake_request *request);

#define FAKE_MAX_CONNECTIONS 256

struct fake_gateway {
    char url[64];
    fake_answer_fn *answer;
    void *arg; /* the test's */
    atomic_int requests;
    atomic_int connections;
    atomic_llong bytes_sent;
    atomic_bool stopping;
    /* of these only the accepting thread makes more */
    int listener;
    pthread_t acceptor;
    pthread_t threads[FAKE_MAX_CONNECTIONS];
    int fds[FAKE_MAX_CONNECTIONS];
};

void fake_gateway_start(struct fake_gateway *gateway, fake_answer_fn *answer, void *arg);
/* Ends all connections and waits for their threads. */
void fake_gateway_stop(struct fake_gateway *gateway);

/* Such a gateway with an open store in it, which is closed before the gateway ends. */
struct roster_store *fake_store_open(struct fake_gateway *gateway, fake_answer_fn *answer,
                                     void *arg, const struct roster_store_options *options);
void fake_store_close(struct roster_store *store, struct fake_gateway *gateway);

/* Sends bytes as they are; false when the other side has gone. */
bool fake_send(struct fake_request *request, const char *bytes, size_t size);
bool fake_send_text(struct fake_request *request, const char *text);
/* Sends a complete answer. */
void fake_reply(struct fake_request *request, int status, const char *body);
/* Begins an answer without end; continue with fake_chunk(). */
void fake_begin_stream(struct fake_request *request);
bool fake_chunk(struct fake_request *request, const char *text);
/* Sleeps, but not longer than until the gateway is stopped or the other side has gone. */
void fake_linger(struct fake_request *request, int ms);

bool fake_is(const struct fake_request *request, const char *path);
