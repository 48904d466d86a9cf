/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster.so, an extension of SQLite: what its parts share.
 *
 * Every connection that is opened after the extension was loaded is a session of one roster of the
 * process. SQLite calls back when a statement begins and ends (sqlite3_trace_v2), always inside the
 * connection's mutex, or in the one thread that uses a connection without. So the owner of a
 * session, in Roster's sense, is the thread that is inside the connection.
 *
 * Locks, outermost first: a connection's mutex (SQLite's), rst_ext_lock. Who holds rst_ext_lock
 * only tries a connection's mutex. The beginning of a statement takes neither; its end takes
 * rst_ext_lock only when the statement was killed, and a sleep that is a wait takes it around
 * itself. Memory may be reclaimed under both: that waits for readers of the roster, which take
 * neither inside.
 */
#pragma once

#include "core/base/clock.h"

#include <pthread.h>
#include <roster/roster.h>
#include <sqlite3ext.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RST_EXT_TEXT 1024 /* bytes of a statement that are shown */

/* The ids of a process begin at its pid times this, so that no two on a machine have the same. */
#define RST_EXT_IDS UINT64_C(1000000000)

/* A statement that has begun and not ended. */
struct rst_ext_cursor {
    sqlite3_stmt *stmt;
    const char *sql; /* the statement's own */
    uint64_t rows;   /* that it has returned */
    uint64_t number; /* the session's; 0: not known yet, or not shown */
    bool shown;
};

/* The program's own trace callback, where it set one through us; see handlers.c. */
struct rst_ext_app_trace {
    unsigned mask; /* 0: none */
    int (*callback)(unsigned event, void *arg, void *stmt, void *detail);
    void (*legacy)(void *arg, const char *sql);
    void *arg;
};

struct rst_ext_conn {
    sqlite3 *db;
    struct roster_session *session;
    /* The owner's. */
    struct rst_ext_cursor *open; /* in the order in which they began; the last one is shown */
    unsigned n, room;
    unsigned unseen;         /* have begun, but there was no memory for them */
    bool pinned;             /* its transaction is one of the roster */
    bool quiet;              /* what runs now is the extension's own, and not shown */
    bool held;               /* its owner has rst_ext_lock */
    bool inherited;          /* of the parent, in a forked child */
    bool reading;            /* the transaction is that of a backup's step */
    bool catch_up;           /* `n_reset` or `attaching`: the next statement has to look */
    unsigned char attaching; /* statements that begin until its files are those of ATTACH */
    int changes;             /* sqlite3_total_changes() before the transaction's first */
    /* Written by the owner, read by any thread. */
    atomic_uint cursors;                    /* n + unseen */
    atomic_bool writes;                     /* the open transaction has written */
    atomic_bool again;                      /* an open statement may have failed unnoticed */
    atomic_uint_least64_t txn;              /* number of the open transaction, 0 without one */
    atomic_uint_least64_t rows;             /* that the statement shown has returned */
    atomic_uint_least64_t asked;            /* the transaction whose end was asked for */
    atomic_uint_least64_t since, since_txn; /* when that transaction's first statement began */
    uint64_t txns;                          /* the last number */
    /* Inside the connection's mutex. */
    struct rst_ext_app_trace trace;
    int (*busy)(void *arg, int count); /* the program's own busy handler; see handlers.c */
    void *busy_arg;
    /* Never changes. */
    char *file;         /* the main one, or ":memory:"; by sqlite3_malloc() */
    uint64_t opened_ms; /* since the Unix epoch */
    pid_t thread;       /* that opened it */
    /* Under rst_ext_lock; `reset` and `n_reset` inside the connection. */
    struct rst_ext_conn *next, **link;
    uint64_t id;
    struct rst_ext_reset {
        const sqlite3_stmt *stmt;
        uint64_t text; /* its hash */
    } * reset;         /* what was reset from outside, and must not begin again unnoticed */
    unsigned n_reset;
    char *files;      /* that are attached, see files.c; changed by the owner */
    uint64_t hidden;  /* since when it holds a snapshot without a statement that was seen; or 0 */
    uint64_t settled; /* the statement whose kill its owner has seen before it was acted on */
    uint64_t hit;     /* the statement that was interrupted */
};

#define RST_EXT_FILES "files=" /* last in a session's attributes: what is attached */

/* Within this object: found without a detour. */
#pragma GCC visibility push(hidden)

extern const sqlite3_api_routines *sqlite3_api;
extern pthread_mutex_t rst_ext_lock;
extern struct rst_ext_conn *rst_ext_conns;
extern struct roster *rst_ext_roster; /* NULL until the first connection, and if there is none */

/* Set while the background thread ticks the roster's clock; else each statement does. Then there is
 * an endpoint, or a limit, and the roster knows every transaction. */
extern atomic_bool rst_ext_ticking;

/* settings.c: what was asked for, by the environment or roster_setting(). */
struct rst_ext_settings {
    atomic_uint_least64_t max_read_ms, max_statement_ms; /* 0: no limit */
    atomic_bool values;                                  /* show bound values */
    atomic_bool unsafe; /* limits, and kills from outside, reset cursors */
};
extern struct rst_ext_settings rst_ext_settings;
int rst_ext_settings_read(char **message);
void rst_ext_setting(sqlite3_context *context, int argc, sqlite3_value **argv);

/* conn.c */
int rst_ext_open(sqlite3 *db, bool fresh, char **message); /* fresh: it is being opened */
struct rst_ext_conn *rst_ext_find(uint64_t id);            /* under rst_ext_lock */
struct rst_ext_conn *rst_ext_conn_of(const sqlite3 *db);   /* for a thread inside of it; or NULL */
int rst_ext_session_again(struct rst_ext_conn *conn);      /* owner, under rst_ext_lock: a new id */
void rst_ext_session_describe(struct rst_ext_conn *conn);  /* likewise: its files have changed */
void rst_ext_reclaim(void); /* memory of closed connections; under no lock */

/* files.c. Lists by sqlite3_malloc(), NULL for an empty one. */
void rst_ext_files_follow(struct rst_ext_conn *conn); /* owner, under rst_ext_lock */
int rst_ext_files_held(sqlite3 *db, char **files);    /* inside: a transaction reads them */
bool rst_ext_files_has(const char *files, const char *path);
const char *rst_ext_files_schema(sqlite3 *db, const char *file); /* inside: NULL for none */

/* words.c */
const char *rst_ext_first_word(const char *sql); /* behind white space and comments */
bool rst_ext_attaches(const char *sql);          /* or detaches */

/* The length of a statement up to the key of an encrypted file that it says; all of it without. */
size_t rst_ext_without_key(const char *sql);

/* trace.c: sqlite3_trace_v2()'s callback. */
#define RST_EXT_EVENTS (SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE | SQLITE_TRACE_ROW)
int rst_ext_trace(unsigned event, void *arg, void *stmt, void *detail);
/* The owner reads without a statement of its own, if it is shown; nothing else begins in between.
 */
bool rst_ext_reading_begin(struct rst_ext_conn *conn, const char *text);
void rst_ext_reading_end(struct rst_ext_conn *conn);
struct rst_ext_conn *rst_ext_inside(void); /* whose statement this thread runs; it may have gone */
/* The owner, under rst_ext_lock: forgets what has ended without SQLite having called back. */
void rst_ext_reconcile(struct rst_ext_conn *conn);
void rst_ext_reconcile_all(void);

/* waits.c: waits for a lock are shown, as SQLite sleeps. */
void rst_ext_waits_watch(sqlite3 *db);
void rst_ext_waits_forked(void);   /* in a child */
uint32_t rst_ext_wait_event(void); /* 0: there is none */

/* kill.c */
enum rst_ext_how { RST_EXT_STATEMENT, RST_EXT_TXN, RST_EXT_UNSAFE };
enum rst_ext_result {
    RST_EXT_NOTHING,  /* there is nothing to end */
    RST_EXT_GONE,     /* there is no such connection */
    RST_EXT_DONE,     /* ended */
    RST_EXT_ASKED,    /* interrupted: it ends as soon as its thread notices */
    RST_EXT_CURSOR,   /* interrupted, but a cursor stays open until its thread uses it */
    RST_EXT_OTHERS,   /* a statement beside which others are open: not interrupted */
    RST_EXT_UNSEEN,   /* a snapshot is held by what only its thread can end */
    RST_EXT_NOT_OURS, /* the connection has no mutex: only its own thread may end that */
    RST_EXT_FAILED,   /* the kernel or SQLite refused */
};
enum rst_ext_result rst_ext_end(uint64_t id, enum rst_ext_how how);
/* The next three under rst_ext_lock. `statement` is the one that is meant, 0: the one that runs. */
enum rst_ext_result rst_ext_end_statement(struct rst_ext_conn *conn, uint64_t statement);
enum rst_ext_result rst_ext_end_txn(struct rst_ext_conn *conn, enum rst_ext_how how, uint64_t txn);
bool rst_ext_end_killed(struct rst_ext_conn *conn, enum roster_kill_target target, uint64_t txn);
enum rst_ext_how rst_ext_end_as_set(void); /* for kills through the endpoint, and limits */
const char *rst_ext_result_text(enum rst_ext_result result);
void rst_ext_settle(struct rst_ext_conn *conn, uint64_t statement); /* owner: it was killed */
bool rst_ext_was_reset(struct rst_ext_conn *conn, const sqlite3_stmt *stmt, const char *sql);

/* wal.c: the WAL of a connection's file. Under the connection's mutex. Returns SQLITE_OK,
 * SQLITE_NOTFOUND when there is none, or why it cannot be read. */
struct rst_ext_wal {
    uint32_t pages, written_back;
};
int rst_ext_wal_read(sqlite3 *db, const char *schema, struct rst_ext_wal *wal);

/* rows.c: what is shown of connections, of this process and of others. */
struct rst_ext_row {
    uint64_t id, process, thread, opened_ms, rows;
    int64_t txn_ms, statement_ms; /* -1: none */
    unsigned cursors;
    bool inside; /* its thread is inside SQLite */
    bool writes;
    bool mutex;
    bool waits;                      /* for a lock, in a busy handler */
    bool is_last;                    /* the text is that of the statement that ended last */
    char *application, *file, *text; /* by sqlite3_malloc(), as the next */
    char *holds;                     /* the files whose snapshot its transaction may hold */
};
struct rst_ext_rows {
    struct rst_ext_row *row;
    size_t n, room;
};
int rst_ext_rows_add(struct rst_ext_rows *rows, struct rst_ext_row **row);
void rst_ext_row_free(struct rst_ext_row *row);
int rst_ext_rows_local(struct rst_ext_rows *rows, const sqlite3 *asking);
void rst_ext_rows_free(struct rst_ext_rows *rows);
const char *rst_ext_row_state(const struct rst_ext_row *row);

/* peers.c: other processes, through their sockets in the runtime directory. */
#define RST_EXT_SOCKET "sqlite-%ld.sock"
int rst_ext_peers_rows(sqlite3 *db, struct rst_ext_rows *rows);
char *rst_ext_peers_kill(sqlite3 *db, uint64_t id, const char *how); /* by sqlite3_malloc() */
bool rst_ext_runtime_dir(char *to, size_t size);

/* background.c: the thread that carries out kills that came through the endpoint, and limits. */
int rst_ext_background_start(char **message);
void rst_ext_background_forked(void);
void rst_ext_wake(const struct roster_kill_info *kill, void *arg);

/* limits.c */
void rst_ext_limits(void);

/* endpoint.c: the status endpoint. */
int rst_ext_endpoint_start(const char *where, char **message);
const char *rst_ext_endpoint_address(void); /* "off": none */
void rst_ext_endpoint_forked(void);

/* tables.c, functions.c */
int rst_ext_tables_register(sqlite3 *db);
int rst_ext_functions_register(sqlite3 *db, struct rst_ext_conn *conn);

#pragma GCC visibility pop
