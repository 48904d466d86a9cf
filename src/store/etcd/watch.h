/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The etcd store's watches. A watch has no thread: it works while roster_store_watch_next() is
 * being called, and its transfers run side by side in one multi handle of libcurl:
 *
 *   stream  the watch itself: one answer without end; each line is a message
 *   side    one request at a time: a token, a snapshot, or a check
 *
 * A silent stream may belong to a quiet cluster, or to a member that is frozen or cut off from the
 * others; nothing on the stream distinguishes these. So a silent stream is checked every
 * watch_check_ms: a linearizable read returns the cluster's revision. Unless the stream is known to
 * have reached it, the stream is reopened at its position, on a member that has.
 */
#pragma once

#include "store/etcd/etcd.h"

/* A transfer of a watch. */
struct etcd_transfer {
    struct etcd_http *http;
    char *body;
    size_t endpoint;
    unsigned token_generation;
    struct etcd_identity before;
    bool running;
    bool ended;    /* the transfer is over, its data is still to be processed */
    CURLcode code; /* how it ended */
};

enum etcd_side { ETCD_SIDE_AUTH, ETCD_SIDE_SNAPSHOT, ETCD_SIDE_CHECK };

struct etcd_watch {
    struct roster_store_watch base;
    CURLM *multi;
    struct etcd_transfer stream;
    struct etcd_transfer side;
    enum etcd_side side_kind;
    unsigned generation; /* of the cluster that base.next belongs to */

    bool created;          /* the stream is known to be open */
    int64_t fresh;         /* revision that the stream's member is known to have reached */
    int64_t checked;       /* the same when the present check began */
    int64_t wanted;        /* revision that it must have reached */
    int64_t open_deadline; /* until the stream is known to be open */
    int64_t line_deadline; /* for completing the current line, or STORE_FOREVER */
    int64_t check_at;

    unsigned failures;     /* in a row */
    int64_t retry_at;      /* nothing is begun before */
    int64_t failing_since; /* 0 while all is well */
    int last_error;

    struct roster_store_events *ready; /* to be delivered */
};

static inline struct etcd_store *etcd_watch_store(struct etcd_watch *watch)
{
    return etcd_store_of(watch->base.store);
}

/* etcd/watch.c */

/* Begins a transfer to some endpoint; takes ownership of the request. Waits if there is no
 * endpoint. */
int rst_etcd_transfer_begin(struct etcd_watch *watch, struct etcd_transfer *transfer,
                            const char *path, json_t *request, int timeout_ms);
void rst_etcd_transfer_stop(struct etcd_watch *watch, struct etcd_transfer *transfer);
/* Records the failure of a transfer, which is over then. */
void rst_etcd_watch_failed(struct etcd_watch *watch, struct etcd_transfer *transfer,
                           const struct etcd_verdict *verdict);
void rst_etcd_watch_healthy(struct etcd_watch *watch);

/* etcd/stream.c */

int rst_etcd_stream_begin(struct etcd_watch *watch);
/* The stream has delivered something: only now are earlier failures over. */
void rst_etcd_stream_lasts(struct etcd_watch *watch);
/* Processes the stream's data and its deadlines. */
void rst_etcd_stream_look(struct etcd_watch *watch);

/* etcd/side.c */

int rst_etcd_side_begin(struct etcd_watch *watch, enum etcd_side kind);
void rst_etcd_side_look(struct etcd_watch *watch);
