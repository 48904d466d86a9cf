/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The private side of an endpoint. All of it runs in one thread.
 */
#ifndef ROSTER_STATUS_PRIVATE_H
#define ROSTER_STATUS_PRIVATE_H

#include "text.h"

#include <microhttpd.h>
#include <pthread.h>
#include <roster/roster.h>
#include <roster/status.h>

/* A connection, to see how long it takes. */
struct peer {
    struct peer *prev, *next;
    int fd;
    uint64_t since_ms; /* when its request, or the pause before it, began */
};

struct roster_status {
    struct roster *roster;
    struct roster_status_options options;
    char *name, *token, *address;
    char *path; /* of the Unix socket, to be removed; else NULL */
    struct MHD_Daemon *daemon;
    int listen_fd, epoll_fd;
    int stop_fd; /* an eventfd: the thread is to end */
    pthread_t thread;
    struct peer *peers;
    uint64_t started_ms, swept_ms;
    bool again; /* a connection was closed, so there may be a place for another one */
};

/* A request, and its reply while that is made. */
struct request {
    struct roster_status *status;
    struct MHD_Connection *connection;
    const char *accept; /* NULL when there is none */
    bool may;           /* kill and drain */
    struct text text;   /* the reply */
    const char *type;   /* its media type; NULL: JSON */
    char error[128];    /* when the status is not 200 */
};

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t status_now_ms(void);

/* Opens the socket of the address `text`. Returns 0 or a negative errno; `*real` is what it became,
 * to be freed, and `*path` the Unix socket's file or NULL. */
int status_listen(const char *text, int *fd, char **real, char **path);

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback, with the endpoint. */
enum MHD_Result status_handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **per_request);
void status_completed(void *cls, struct MHD_Connection *connection, void **per_request,
                      enum MHD_RequestTerminationCode why);

/* Sets the error that goes with a status, and returns that. */
unsigned request_fail(struct request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes a reply and returns its HTTP status. */
typedef unsigned handler_fn(struct request *request);

handler_fn get_page, get_status, get_processlist, get_trx, get_minimum, get_safepoint, get_history;
handler_fn get_metrics, post_kill, post_drain;

/* Made from page.html. */
extern const char status_page[];
extern const size_t status_page_length;

#endif /* ROSTER_STATUS_PRIVATE_H */
