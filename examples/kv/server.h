/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server: its threads, connections and commands. Functions that return int return 0 or a
 * negative errno; those that start something have then printed why.
 */
#ifndef KV_SERVER_H
#define KV_SERVER_H

#include "store.h"

#include <inttypes.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <time.h>
#include <uv.h>

#define WORKER_INPUT 16384 /* bytes that are read at once */
#define WORKER_TEXT 256    /* of a statement, as the roster shows it */
#define CONN_NAME 128      /* bytes of a name that a client chose, with the final zero */

/* The command line, see options.c. Texts are NULL and limits are 0 when there is none. */
struct options {
    const char *bind, *store, *password_file, *token_file, *quota, *auth, *abandoned;
    uint64_t port, threads, max_clients, max_request, max_reply, max_txn, max_memory, max_buffers;
    uint64_t write_timeout_s, gc_interval_ms, txn_age_limit_s, drain_ms, history, history_min_ms;
    uint64_t lease_ttl_ms, report_interval_ms, activity_ms;
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
    struct worker *workers; /* options.threads */
    size_t running;         /* of them; atomic */
    int listen_fd;
    struct roster_session *collector; /* the main thread's */
    time_t started;
    struct roster_store *meeting; /* of the cluster; these three: NULL without --store */
    struct roster_syncer *syncer;
    struct roster_safe_point *safe_point;
    struct roster_status *status;
    struct roster_watchdog *watchdog;
    struct roster_history *history; /* NULL: none is kept */
    struct roster_activity *activity;
    int draining;          /* atomic */
    struct {               /* atomic, relaxed */
        uint64_t buffered; /* bytes that clients have under way */
        uint64_t sleeping; /* clients in DEBUG SLEEP or LOCK */
        uint64_t conflicts, expired, protocol_errors, slow_readers, buffer_hogs;
    } counts;
};

static inline void server_count(uint64_t *counter, uint64_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static inline uint64_t server_counted(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* options.c: fills in what is not preset; exits with a message and status 2 when it makes no sense.
 */
void options_parse(struct options *options, int argc, char **argv);

/* Calls `fn` with each option that is set. */
void options_each(const struct options *options,
                  void (*fn)(const char *name, const char *value, void *arg), void *arg);

/* main.c: prints an error, and returns it; nothing for 0. */
int server_check(const char *what, int err);

/* The first line of a file; NULL, and it was printed, when it cannot be read. */
const char *server_read_line(const char *path, char *line, int size);

/* Advances the safe point of the roster. */
int server_scan(struct server *server, struct roster_min *min);

/* cluster.c: with --store all servers together decide how far each collects. */
int cluster_create(struct server *server);
int cluster_start(struct server *server, const char *status); /* where its endpoint listens */
void cluster_stop(struct server *server);   /* when no transaction is open any more */
bool cluster_fenced(struct server *server); /* the lease may have ended: reads are not valid */
/* Lines of INFO. */
#define LINE(name, value) buf_printf(out, name ":%" PRIu64 "\r\n", (uint64_t)(value))
#define LINE_TEXT(name, value) buf_printf(out, name ":%s\r\n", value)
#define LINE_COUNT(name, counter) LINE(name, server_counted(&server->counts.counter))
int cluster_info(struct server *server, struct buf *out);

/* conn.c: threads with an event loop each, which accept and serve their own connections. */
struct worker {
    struct server *server;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t wake; /* look for kills, and for the end */
    uv_timer_t sweep;
    uv_poll_t listener;
    LIST_HEAD(conn_list, conn) conns;
    bool stop; /* atomic */
    char input[WORKER_INPUT];
};

int workers_listen(struct server *server); /* options.port becomes the port in use */
int workers_start(struct server *server);
void workers_stop(struct server *server);
void worker_wake(uint64_t session_id, void *worker); /* a roster_wake_fn */
void workers_wake(void *arg);                        /* has all those who wait for a lock try */

/* A connection and its session, in the thread of its worker. */
struct conn {
    struct worker *worker;
    LIST_ENTRY(conn) link;
    uv_tcp_t tcp;
    uv_timer_t timer; /* DEBUG SLEEP */
    uint64_t slept, sleep_ms;
    const struct request *awaits; /* a LOCK that waits; NULL: none */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct roster_session *session; /* NULL as soon as the connection is to end */
    struct request_reader reader;
    struct buf out;     /* replies */
    struct buf writing; /* replies that libuv is writing */
    size_t unwritten;   /* of these, as the last sweep saw it */
    uint64_t since;     /* when it saw that first, or when the socket was shut: loop time */
    struct txn txn;
    struct {
        struct request *first, *last; /* between MULTI and EXEC */
        size_t count, bytes;
        bool open, broken; /* broken: a command was refused, and EXEC will be */
    } multi;
    uint64_t opened;  /* loop time */
    size_t held;      /* bytes under way, as counted in counts.buffered */
    unsigned handles; /* that libuv still has */
    bool reading, eof, closed;
    bool sleeping;  /* in a statement until the timer fires, a lock is free or a kill comes */
    bool finishing; /* no more requests; closed when all is written and the client has gone */
    bool shut;      /* all is written */
    bool reset;     /* when closing, drop what the kernel has still to send */
    char addr[64], lib_name[CONN_NAME], lib_ver[CONN_NAME];
    struct conn_identity {
        char user[CONN_NAME], name[CONN_NAME];
    } identity;
};

void conn_process(struct conn *conn); /* runs the requests that have arrived */
void conn_sleep(struct conn *conn, const struct request *awaits); /* begins a wait: of a LOCK */
void conn_rise(struct conn *conn);
void conn_finish(struct conn *conn); /* ends the session; replies are still sent */
struct roster_session_attr conn_attributes(const struct conn *conn);

/*
 * A command appends one reply to conn->out. Returns 0, 1 when it is an error, or a negative errno
 * when it could not be done at all; what it appended is then replaced by an error.
 */
typedef int command_fn(struct conn *conn, const struct request *request);

enum {
    CMD_DATA = 1,    /* runs inside a transaction: the client's, or one of its own */
    CMD_QUEUE = 2,   /* may stand between MULTI and EXEC */
    CMD_NOW = 4,     /* runs at once even there */
    CMD_OUTSIDE = 8, /* only when no transaction is open */
    CMD_INSIDE = 16, /* only when one is */
};

struct command {
    const char *name; /* "COMMAND", or "COMMAND|SUBCOMMAND" */
    command_fn *run;  /* NULL: there are subcommands alone */
    int arity;        /* arguments with the name; negative: at least that number */
    const char *usage, *summary;
    unsigned flags;
    enum roster_command kind;
};

extern const struct command commands[]; /* the last one has no name */

/* command.c: runs a request as a statement, and frees it. */
void command_run(struct conn *conn, struct request *request);
void command_wake(struct conn *conn, int err); /* ends the statement that sleeps */
void command_retry(struct conn *conn);         /* takes the lock that it awaits, if that is free */
const struct command *command_find(const struct request *request); /* NULL: there is none */
const char *command_sub(const struct command *command); /* NULL, or what follows the '|' */

/* Runs commands until their transaction is the first to commit, and replies. */
int command_autocommit(struct conn *conn, const struct request *request, command_fn *run);

int multi_queue(struct conn *conn, const struct command *command, struct request *request);
void multi_discard(struct conn *conn);

/* A number that is all of an argument. */
bool command_number(struct slice text, uint64_t *number);

/* Set the session's name, its user where clients may choose it, and neither any more. They reply
 * only when they cannot. */
int client_set_name(struct conn *conn, struct slice name);
int client_set_user(struct conn *conn, struct slice user);
int client_forget(struct conn *conn);

command_fn cmd_get, cmd_set, cmd_mget, cmd_count, cmd_incr, cmd_scan, cmd_measure, cmd_dbsize,
    cmd_flushdb;
command_fn cmd_begin, cmd_commit, cmd_rollback, cmd_multi, cmd_exec, cmd_discard, cmd_lock;
command_fn cmd_auth, cmd_ping, cmd_echo, cmd_quit, cmd_reset, cmd_select, cmd_hello, cmd_command,
    command_count, command_docs, config_get, debug_sleep, cmd_info;
command_fn client_list, client_kill, client_unblock, client_id, client_getname, client_setname,
    client_setinfo, trx_list, trx_history;

#endif
