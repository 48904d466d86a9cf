/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of an endpoint. All of it runs in one thread.
 */
#pragma once

#include "status/listen.h"
#include "status/text.h"

#include "core/base/background.h"
#include "core/base/clock.h"

#include <microhttpd.h>
#include <pthread.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <sys/queue.h>

struct suspects;
struct timeline;
struct site;
struct job;

/* What libmicrohttpd takes for a connection; longer headers are refused. */
#define CONNECTION_MEMORY ((size_t)16 << 10)

/* What verdict.h reports is no more than this. */
#define PROBLEMS_MOST 24

/* Bytes of an error's text, which may list what is valid. */
#define ERROR_MOST 512

/* In the place of a user: all whose user is not known. */
#define NOT_A_USER (UINT64_C(1) << 32)

/* The client: a user of this machine; of the remote entrance, an address. */
struct client {
    LIST_ENTRY(client) link;
    uint64_t who;
    uint32_t connections;
    struct budget budget;
};

/* A connection. */
struct peer {
    LIST_ENTRY(peer) link;
    struct client *client; /* NULL: it was refused */
    int fd;
    const char *malformed; /* why its request's target is none; NULL: it is one */
    uint64_t since_ms;     /* when its request, or the pause before it, began */
};

/*
 * A way in: a socket, those who came through it, and what they may have. The local one serves
 * everything to this machine, the remote one GET /metrics to others. They share the thread alone.
 */
struct entrance {
    struct roster_status *status;
    bool is_remote;
    char *token; /* that it takes; NULL: none */
    char *certificate, *key;
    struct listener listener;
    struct MHD_Daemon *daemon; /* NULL: it is not there */
    int epoll_fd;
    int diag_fd; /* names the users behind TCP connections; -1: not available */
    uint32_t max_connections, max_per_client;
    size_t connection_memory; /* that one is counted with */
    struct budget budget;
    LIST_HEAD(clients, client) clients;
    LIST_HEAD(peers, peer) peers;
    uint64_t refused; /* connections, by the limits of one client */
    uint64_t swept_ms;
    uint64_t rests_until_ms, owed_ns; /* see entrance.c; the latter of the remote one */
    unsigned left;                    /* turns in a row that left a connection where it was */
    bool again; /* a connection was closed, so there may be a place for another one */
};

struct roster_status {
    struct roster *roster; /* NULL: the answers are those of `site` */
    struct site *site;     /* NULL: they are of the roster */
    unsigned process;      /* that made it */
    struct roster_status_options options;
    char *name;
    struct entrance local, remote;
    int stop_fd; /* an eventfd: the thread is to end */
    struct rst_background background;
    uint64_t started_ms;
    uint64_t process_started_ms;               /* since the Unix epoch; 0: not known so far */
    uint64_t problems_since_ms[PROBLEMS_MOST]; /* when each was seen first; 0: it is not there */
    uint64_t
        unacknowledged_since_ms; /* of a server that has acknowledged nothing; 0: there is none */
    uint64_t blocked_ms;         /* when sessions were seen blocked last; 0: never */
    struct suspects *suspects;   /* of verdict_stuck.c; NULL until there was a kill; free()d */
    struct timeline *timeline;
};

/* Of both entrances: bytes in use, and connections that were refused. */
static inline uint64_t rst_status_memory(const struct roster_status *status)
{
    return status->local.budget.used + status->remote.budget.used;
}

static inline uint64_t rst_status_refused(const struct roster_status *status)
{
    return status->local.refused + status->remote.refused;
}

/* A reply that is made while the client reads it. */
struct stream;

/* A request, and its reply while that is made and sent. */
struct request {
    struct roster_status *status;
    struct entrance *entrance;
    struct MHD_Connection *connection;
    struct peer *peer;
    bool may;               /* kill and drain */
    bool head;              /* without the body */
    bool close;             /* the connection cannot be used for another request */
    struct text text;       /* the reply, or the part of a stream that is on its way */
    struct stream *stream;  /* NULL: `text` is all */
    struct job *job;        /* NULL: nothing else makes the reply */
    const char *type;       /* its media type; NULL: JSON */
    char error[ERROR_MOST]; /* when the status is not 200 */
};

/* options.c: the options as they are used. Returns 0, or a negative errno after the text. */
int rst_status_options_get(struct roster_status_options *known,
                           const struct roster_status_options *options);

/* Stores a text where the options have room for one, and returns `err`. */
int rst_status_refuse(const struct roster_status_options *options, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of an entrance that could not be opened. */
int rst_status_cannot_listen(const struct roster_status_options *options,
                             const struct entrance *entrance, int err);

/* status.c: opens an endpoint of a roster, or of a site. Returns 0 or a negative errno. */
int rst_status_open(struct roster *roster, const struct roster_status_options *options,
                    struct site *site, struct roster_status **made);

/* clients.c: MHD_NotifyConnectionCallback, and what closes connections that take too long. */
void rst_status_clients_notify(void *cls, struct MHD_Connection *connection, void **per_connection,
                               enum MHD_ConnectionNotificationCode what);
void rst_status_clients_sweep(struct entrance *entrance);
struct peer *rst_status_peer(struct MHD_Connection *connection); /* NULL: it is not known */

/*
 * entrance.c: makes one that is not there; opens it with its limits and secrets, and returns 0 or a
 * negative errno; closes it, and frees all of them. It is run when its descriptor (-1: none now) is
 * ready, and after a number of milliseconds, at most `timeout_ms`.
 */
void rst_entrance_init(struct entrance *entrance, struct roster_status *status);
int rst_entrance_open(struct entrance *entrance, const char *address);
void rst_entrance_close(struct entrance *entrance);
int rst_entrance_fd(const struct entrance *entrance);
uint64_t rst_entrance_due(const struct entrance *entrance, uint64_t timeout_ms);
void rst_entrance_run(struct entrance *entrance);

/* timeline.c: the last hour, a point for each second, in memory of a fixed size. Run in the
 * endpoint's thread: records a point when one is due, and returns in how many milliseconds the next
 * one is. */
struct timeline *rst_timeline_new(void); /* to be free()d; NULL: memory is out */
uint64_t rst_timeline_run(struct roster_status *status);

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback, with the entrance. */
enum MHD_Result rst_status_handle(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **per_request);
void rst_status_completed(void *cls, struct MHD_Connection *connection, void **per_request,
                          enum MHD_RequestTerminationCode why);

/* rules.c: MHD_UnescapeCallback, and what looks at a target before that; what HTTP demands of a
 * request, as a status or 0; the same of its conditions, once it would be served; whether the host
 * it names is this one. */
size_t rst_status_rules_unescape(void *cls, struct MHD_Connection *connection, char *text);
size_t rst_status_rules_length(const char *value); /* of a header, without blanks behind it */
void *rst_status_rules_target(void *cls, const char *target, struct MHD_Connection *connection);
unsigned rst_status_rules_check(struct request *request, const char *method, const char *version);
unsigned rst_status_rules_condition(struct request *request, bool reads);
bool rst_status_rules_is_own_host(struct MHD_Connection *connection);

/* accept.c: how much the request wants a media type, in thousandths; 0: not at all, -1: it does not
 * say. A `version` in a media range has to be this one. */
int rst_accept_quality(struct MHD_Connection *connection, const char *type, const char *version);

/* Sets the error that goes with a status, and returns that. */
unsigned rst_status_request_fail(struct request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* list.c: appends to request->text what comes next; `*end` when that is all. Returns 0 or a
 * negative errno. */
int rst_stream_more(struct request *request, bool *end);
void rst_stream_free(struct request *request);

/* The same for a negative errno. */
unsigned rst_status_request_error(struct request *request, int err);

/* Makes the reply to what is asked for, and returns its HTTP status. */
struct query;
typedef unsigned handler_fn(struct request *request, struct query *query);

handler_fn rst_status_get_page, rst_status_get_status, rst_status_get_rows, rst_status_get_locks,
    rst_status_get_minimum, rst_status_get_safe_point, rst_status_get_history,
    rst_status_get_timeline, rst_status_get_activity, rst_status_get_events, rst_status_get_groups,
    rst_status_get_metrics, rst_status_post_kill, rst_status_post_drain;

/* site.c: the HTTP status of a request to a site, with its text or error; RST_SITE_LATER: the
 * connection is suspended, and this is called again. `*allow` is what methods the address takes. */
#define RST_SITE_LATER 0U
unsigned rst_site_dispatch(struct request *request, const char *url, const char *method,
                           const char **allow);
void rst_site_job_free(struct request *request);
void rst_site_resume(struct site *site); /* goes on with those whose answers are there */

/* Made from page.html. */
extern const char rst_status_page[];
extern const size_t rst_status_page_length;
