/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The front end of a server that speaks the Redis protocol, which knows nothing of Roster: threads
 * with an event loop each, which accept and serve their own connections, and limits of what clients
 * may have under way. Functions that return int return 0 or a negative errno; those that start
 * something have then printed why.
 */
#pragma once

#include "resp.h"

#include <inttypes.h>
#include <pthread.h>
#include <sys/queue.h>
#include <time.h>
#include <uv.h>

#define PEER_WORD 128 /* bytes of a name that a client chose, with the final zero */
#define NO_WORD " without spaces, newlines or special characters"

struct front_options {
    const char *bind; /* a numeric address */
    uint64_t port;    /* becomes the port in use */
    uint64_t threads; /* 0 becomes one for each processor, see front_fit() */
    uint64_t max_request, write_timeout_s;
    uint64_t max_clients; /* at most as many as there are descriptors, see front_fit() */
    uint64_t max_buffers; /* bytes that all clients have under way; 0: no limit */
};

/* A connection: the first member of what the server knows of it. All calls are in its thread. */
struct peer {
    struct front *front;
    struct worker *worker;
    LIST_ENTRY(peer) link;
    uv_tcp_t tcp;
    uv_timer_t timer; /* for the server's use while the peer waits */
    uv_write_t write;
    struct request_reader reader;
    struct buf out;     /* replies */
    struct buf writing; /* replies that libuv is writing */
    size_t unwritten;   /* of these, as the last sweep saw it */
    uint64_t since;     /* when it saw that first, or when the socket was shut: loop time */
    uint64_t opened;    /* loop time */
    size_t held;        /* bytes under way, as counted in counts.buffered */
    unsigned handles;   /* that libuv still has */
    bool reading, eof, closed;
    bool waiting;   /* in a request, until peer_go_on() */
    bool finishing; /* no more requests; closed when all is written and the client has gone */
    bool shut;      /* all is written */
    bool reset;     /* when closing, drop what the kernel has still to send */
    char addr[64], lib_name[PEER_WORD], lib_ver[PEER_WORD];
};

/* What the server does. */
struct front_calls {
    const char *name; /* for messages and clients */
    const char *(*version)(void);
    size_t size;                             /* of what begins with a peer */
    void (*opened)(struct peer *peer);       /* the rest of it is 0 */
    uint64_t (*id)(const struct peer *peer); /* of the connection */
    /* The client says who it is; NULL: as before. Replies only when it cannot be. Returns 0, 1
     * after a reply, or a negative errno. */
    int (*identify)(struct peer *peer, const struct slice *user, const struct slice *name);
    void (*run)(struct peer *peer, struct request *request); /* and frees it */
    size_t (*held)(const struct peer *peer);                 /* bytes that it keeps elsewhere */
    void (*woken)(struct peer *peer);                        /* after a wake-up */
    void (*ended)(struct peer *peer); /* no request follows; may be called again */
};

struct front {
    struct front_options *options;
    const struct front_calls *calls;
    void *arg;              /* the server's */
    struct worker *workers; /* options.threads */
    size_t running;         /* of them; atomic */
    int listen_fd;
    uint64_t started;      /* uv_hrtime(), which no step of the wall clock changes */
    struct {               /* atomic, relaxed */
        uint64_t buffered; /* bytes that clients have under way */
        uint64_t waiting;  /* peers */
        uint64_t protocol_errors, slow_readers, buffer_hogs;
    } counts;
};

/* First: standard descriptors are open, there may be as many others as the system allows, and the
 * options fit the machine. */
void front_fit(struct front *front);
int front_listen(struct front *front);
int front_start(struct front *front);
void front_stop(struct front *front);
void front_wake(void *arg); /* of a front, in any thread: calls woken() for each peer */
void worker_wake(struct worker *worker); /* the same for the peers of one */

void peer_wait(struct peer *peer);    /* ends run() before its request has a reply */
void peer_go_on(struct peer *peer);   /* it has; peer_process() runs the next ones */
void peer_process(struct peer *peer); /* runs the requests that have arrived, and sends replies */
void peer_finish(struct peer *peer);  /* ends it; replies are still sent */
void peer_close(struct peer *peer);   /* at once */

/* about.c: lines of INFO; one field " name=value" of CLIENT LIST, and those that the peer alone
 * knows (numbers that clients of Redis insist on are among them); whether a text is such a value.
 */
#define LINE(name, value) buf_printf(out, name ":%" PRIu64 "\r\n", (uint64_t)(value))
#define LINE_TEXT(name, value) buf_printf(out, name ":%s\r\n", value)
void front_info(struct front *front, struct buf *out);
void peer_field(struct buf *out, const char *name, const char *value);
void peer_describe(const struct peer *peer, struct buf *out);
bool peer_word(struct slice text);
