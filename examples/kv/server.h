/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server: its threads, connections and commands. Functions that return int return 0 or a
 * negative errno; those that start something have then printed why.
 */
#pragma once

#include "../resp/commands.h"
#include "../resp/front.h"
#include "../resp/options.h"
#include "store.h"

#include <inttypes.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <time.h>

#define WORKER_TEXT 256 /* of a statement, as the roster shows it */

/* The command line, see options.c. Texts are NULL and limits are 0 when there is none. */
struct options {
    const char *store, *password_file, *token_file, *quota, *auth, *abandoned;
    const char *metrics_token_file, *metrics_cert_file, *metrics_key_file;
    uint64_t max_reply, max_txn, max_memory, gc_interval_ms, txn_age_limit_s, drain_ms;
    uint64_t history, history_min_ms, lease_ttl_ms, report_interval_ms, activity_ms;
    struct front_options front;
    struct roster_store_options meeting;
    struct roster_syncer_options syncer;
    struct roster_safe_point_options safe_point;
    struct roster_status_options endpoint;
    struct roster_watchdog_options watchdog;
};

struct server {
    struct options options;
    uint32_t sleep_event, sleep_phase;
    struct roster_oracle_local *oracle;
    struct roster *roster;
    struct store *store;
    struct front front;
    struct roster_session *collector; /* the main thread's */
    struct roster_store *meeting;     /* of the cluster; these three: NULL without --store */
    struct roster_syncer *syncer;
    struct roster_safe_point *safe_point;
    struct roster_status *status;
    struct roster_watchdog *watchdog;
    struct roster_history *history; /* NULL: none is kept */
    struct roster_activity *activity;
    int draining; /* atomic */
    struct {      /* atomic, relaxed */
        uint64_t conflicts, expired;
    } counts;
};

/* main.c: prints an error, and returns it; nothing for 0. */
int server_check(const char *what, int err);
int server_scan(struct server *server, struct roster_min *min); /* advances the safe point */

int endpoint_start(struct server *server); /* endpoint.c: with --status */

/* cluster.c: with --store all servers together decide how far each collects. */
int cluster_create(struct server *server);
int cluster_start(struct server *server, const char *status); /* where its endpoint listens */
void cluster_stop(struct server *server);   /* when no transaction is open any more */
bool cluster_fenced(struct server *server); /* the lease may have ended: reads are not valid */
int cluster_info(struct server *server, struct buf *out); /* lines of INFO */

/* conn.c: a connection and its session, in the thread of its worker. */
struct conn {
    struct peer peer; /* first */
    struct server *server;
    uint64_t slept, sleep_ms;
    const struct request *awaits;   /* a LOCK that waits; NULL: none */
    struct roster_session *session; /* NULL as soon as the connection is to end */
    struct txn txn;
    struct {
        struct request_queue queue; /* between MULTI and EXEC */
        bool open, broken;          /* broken: a command was refused, and EXEC will be */
    } multi;
    struct conn_identity {
        char user[PEER_WORD], name[PEER_WORD];
    } identity;
};

extern const struct front_calls conn_calls;

/* A statement waits, until the timer fires, a lock is free (`awaits`) or a kill comes. */
void conn_sleep(struct conn *conn, const struct request *awaits);
void conn_rise(struct conn *conn);

/* See struct front_calls. */
int conn_identify(struct peer *peer, const struct slice *user, const struct slice *name);

enum {
    CMD_DATA = CMD_SERVER,         /* runs inside a transaction: the client's, or one of its own */
    CMD_QUEUE = CMD_SERVER << 1,   /* may stand between MULTI and EXEC */
    CMD_NOW = CMD_SERVER << 2,     /* runs at once even there */
    CMD_OUTSIDE = CMD_SERVER << 3, /* only when no transaction is open */
    CMD_INSIDE = CMD_SERVER << 4,  /* only when one is */
};

/* command.c: runs a request as a statement, and frees it. */
void command_run(struct peer *peer, struct request *request);
void command_wake(struct conn *conn, int err); /* ends the statement that sleeps */
void command_retry(struct conn *conn);         /* takes the lock that it awaits, if that is free */

void multi_discard(struct conn *conn);

command_fn cmd_get, cmd_set, cmd_mget, cmd_count, cmd_incr, cmd_scan, cmd_measure, cmd_dbsize,
    cmd_flushdb;
command_fn cmd_begin, cmd_commit, cmd_rollback, cmd_multi, cmd_exec, cmd_discard, cmd_lock;
command_fn cmd_reset, debug_sleep;
command_fn client_list, client_kill, client_unblock, client_getname, trx_history;
