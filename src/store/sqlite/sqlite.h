/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The SQLite store: one file in WAL mode that the processes of one host share.
 *
 * Every call takes a connection of its own from a pool, so calls wait for each other only as
 * writers, which SQLite serializes across processes. Each change is one SQLite transaction begun
 * with BEGIN IMMEDIATE. So a process that is killed at any point leaves all or nothing of it
 * behind, and the kernel releases its locks.
 *
 * Leases are rows with a deadline on CLOCK_BOOTTIME, which all processes of a host share and which
 * does not change with the wall clock. After a reboot that clock restarts, but then no process that
 * held a lease exists. The file records the boot, and all leases of an earlier boot have expired. A
 * process that finds an expired lease ends it before it reads or writes anything else.
 */
#pragma once

#include "store/base/eval.h"
#include "store/base/kind.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

#define STORE_BOOT_ID_SIZE 40

/* The prepared statements of a connection; their texts are in sqlite/conn.c. */
enum sqlite_statement {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_DATA_VERSION,
    SQL_STATE_GET,
    SQL_STATE_SET,
    SQL_KEY_FIND,
    SQL_KEY_WALK,
    SQL_KEY_PUT,
    SQL_KEY_DELETE,
    SQL_KEY_OF_LEASE,
    SQL_EVENT_ADD,
    SQL_EVENT_TRIM,
    SQL_EVENT_WALK,
    SQL_LEASE_FIND,
    SQL_LEASE_PUT,
    SQL_LEASE_DELETE,
    SQL_LEASE_NEXT,
    SQL_N_STATEMENTS
};

/* Which file a path leads to. */
struct sqlite_file_id {
    dev_t device;
    ino_t inode;
};

/* SQLite's files beside it: the log, and the log's index with its locks. */
enum { SQLITE_BESIDE = 2 };

/* A connection; one thread uses it at a time. */
struct sqlite_conn {
    struct sqlite_store *store;
    struct sqlite_conn *next; /* in the pool */
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_N_STATEMENTS];
    int64_t deadline;    /* of the call, for the busy handler */
    unsigned generation; /* of the store when it was opened */
    bool knows_beside;
    struct sqlite_file_id beside[SQLITE_BESIDE]; /* those that it works with */
};

struct sqlite_store {
    struct roster_store base;
    char *path; /* absolute */
    char boot[STORE_BOOT_ID_SIZE];
    int64_t boottime_offset_ns; /* of this process's time namespace */

    pthread_mutex_t mutex;  /* protects the rest; never held during input or output */
    pthread_cond_t changed; /* a change was committed here, or a watch was ended */
    struct sqlite_conn *idle;
    unsigned generation;        /* grows with each rebind */
    bool parted;                /* other processes may use another log, until a rebind */
    struct sqlite_file_id file; /* the file that this handle is about ... */
    int64_t id;                 /* ... what it calls itself ... */
    int64_t seen;               /* ... and how far its revision has come */
    int log_wait_from;          /* pages of the log from which a commit waits for readers again */
    int log_warn_from;          /* and from which a wait in vain is warned of again */
};

/* The file's metadata. */
struct sqlite_state {
    int64_t id;
    int64_t revision;
    int64_t compacted;
    bool other_boot; /* the leases are of an earlier boot */
};

/* A transaction on the file. */
struct sqlite_tx {
    struct store_engine engine;
    struct sqlite_store *store;
    struct sqlite_conn *conn;
    struct sqlite_state state; /* as it will be after the transaction */
    int64_t now;               /* on the clock of leases, read while the lock is held */
    int64_t place;             /* of the next event in its revision */
    uint64_t expired;          /* leases ended */
    bool asked_to_write;       /* by the caller, and not only to end leases */
    bool writing;
    bool dirty;   /* has changes to commit */
    bool changed; /* the revision after state.revision has begun */
};

static inline struct sqlite_store *sqlite_store_of(struct roster_store *store)
{
    return (struct sqlite_store *)store;
}

static inline struct sqlite_tx *sqlite_tx_of(struct store_engine *engine)
{
    return (struct sqlite_tx *)engine; /* its first member */
}

/* sqlite/file.c */

/* Makes the path absolute and refuses files that cannot be a store. */
int rst_sqlite_file_locate(const char *address, const struct roster_store_options *options,
                           char **path, const struct store_error *error);
/* Whether files can be created beside it: 0, -EACCES, -EROFS or -ENOMEM. */
int rst_sqlite_file_check_directory(const char *path);
/* 0, or -EREMCHG when nothing is there any more, or what stat() said. */
int rst_sqlite_file_identify(const char *path, struct sqlite_file_id *id);
/* The same of what SQLite keeps beside it. */
int rst_sqlite_file_identify_beside(const char *path, struct sqlite_file_id ids[SQLITE_BESIDE]);
bool rst_sqlite_file_same(const struct sqlite_file_id *a, const struct sqlite_file_id *b);
/* The identity of the running kernel, and the offset of this process's CLOCK_BOOTTIME from its own.
 */
int rst_sqlite_boot_identify(char boot[STORE_BOOT_ID_SIZE], int64_t *offset_ns);

/* sqlite/conn.c */

/* The errno for what SQLite returned on this connection; logs what an operator should know. */
int rst_sqlite_conn_errno(struct sqlite_conn *conn, int rc);
/* Opens a connection to the store's file, which it may create, without reading it. */
int rst_sqlite_conn_open(struct sqlite_store *store, bool create, int64_t deadline,
                         struct sqlite_conn **out);
/* Which file it works with: the one that has the name, or else -EREMCHG. */
int rst_sqlite_conn_identify(struct sqlite_conn *conn, struct sqlite_file_id *id);
void rst_sqlite_conn_close(struct sqlite_conn *conn);
/* Runs a statement that returns nothing of interest. */
int rst_sqlite_conn_exec(struct sqlite_conn *conn, const char *sql);
/* The statement, prepared and reset, with its parameters unbound; NULL on failure, see below. */
sqlite3_stmt *rst_sqlite_conn_statement(struct sqlite_conn *conn, enum sqlite_statement which,
                                        int *err);
/* 1 when there is a row, 0 at the end, or a negative errno. */
int rst_sqlite_conn_step(struct sqlite_conn *conn, sqlite3_stmt *statement);
/* The first step of a statement whose parameter, if it has one, is a number. Returns as that; the
 * statement is to be reset, also NULL. */
int rst_sqlite_conn_ask(struct sqlite_conn *conn, enum sqlite_statement which, int64_t number,
                        sqlite3_stmt **statement);
/* Runs such a statement to its end. */
int rst_sqlite_conn_do(struct sqlite_conn *conn, enum sqlite_statement which, int64_t number);
/* Runs a statement to its end. */
int rst_sqlite_conn_run(struct sqlite_conn *conn, sqlite3_stmt *statement);
/* Whether these columns of a row are numbers: the file may hold anything. */
bool rst_sqlite_conn_numbers(sqlite3_stmt *statement, int first, int last);
/* Binds bytes that stay valid until the statement is reset. */
void rst_sqlite_conn_bind(sqlite3_stmt *statement, int place, struct roster_store_bytes bytes);

/* sqlite/settings.c */

/* Sets the options of a new connection that would otherwise have SQLite's defaults. */
int rst_sqlite_settings_apply(struct sqlite_conn *conn);

/* sqlite/wal.c */

/* Makes a connection's commits keep the file's log small. */
void rst_sqlite_wal_bound(struct sqlite_conn *conn);

/* sqlite/pool.c */

/* Takes a connection to the file that the handle is about, or fails with -EREMCHG and others. */
int rst_sqlite_pool_take(struct sqlite_store *store, int64_t deadline, struct sqlite_conn **out);
/* Gives it back after a call that returned err. */
void rst_sqlite_pool_give(struct sqlite_store *store, struct sqlite_conn *conn, int err);
void rst_sqlite_pool_empty(struct sqlite_store *store);
/* 0 while the path leads to the file that the handle is about, and to the log that the connection
 * works with; -EREMCHG afterwards. */
int rst_sqlite_pool_check_file(struct sqlite_store *store, const struct sqlite_conn *conn);
/* In its first transaction: notes what the connection works with beside the file. */
int rst_sqlite_pool_note_beside(struct sqlite_conn *conn);

/* sqlite/schema.c */

/* Checks the file, creates the schema if it is empty, and refuses other files. */
int rst_sqlite_schema_prepare(struct sqlite_conn *conn, const struct store_error *error);

/* sqlite/tx.c */

/*
 * Begins a transaction and ends the expired leases; for that it may write although `writing` is
 * false. On failure nothing is left open.
 */
int rst_sqlite_tx_begin(struct sqlite_tx *tx, struct sqlite_conn *conn, bool writing);
/* Ends it: with err 0 commits what it changed, else rolls back. Returns err or what failed. */
int rst_sqlite_tx_end(struct sqlite_tx *tx, int err);
/* The revision of the changes being made now. */
int64_t rst_sqlite_tx_revision(struct sqlite_tx *tx);
/* Ends the changes of one revision; later changes have the next. */
void rst_sqlite_tx_seal(struct sqlite_tx *tx);
/* Copies the columns of a key or an event, which begin with the key; -EUCLEAN for nonsense. */
int rst_sqlite_tx_row(const struct sqlite_tx *tx, sqlite3_stmt *statement, bool event,
                      struct roster_store_kv *kv);

/* sqlite/engine.c */

extern const struct store_engine rst_sqlite_engine;
/* 1 when a key hangs on the lease, 0 when none does. */
int rst_sqlite_engine_lease_is_used(struct sqlite_tx *tx, int64_t lease);
int rst_sqlite_engine_erase_lease(struct sqlite_tx *tx, int64_t lease);

/* sqlite/lease.c */

int rst_sqlite_lease(struct roster_store *base, const struct store_lease_call *call,
                     int64_t deadline, struct roster_store_lease *lease);
/* Deletes a lease and its keys, at a revision of its own if there are any. */
int rst_sqlite_lease_end(struct sqlite_tx *tx, int64_t id);
/* 1 and the lease that runs out next, 0 when there is none. */
int rst_sqlite_lease_next(struct sqlite_tx *tx, int64_t *id, int64_t *expires_ns);

/* sqlite/watch.c */

int rst_sqlite_watch_open(struct roster_store_watch *base, struct roster_store_watch **out);
int rst_sqlite_watch_next(struct roster_store_watch *base, int64_t deadline,
                          struct roster_store_events **events);
void rst_sqlite_watch_wake(struct roster_store_watch *base);
void rst_sqlite_watch_close(struct roster_store_watch *base);

extern const struct store_kind rst_store_sqlite_kind;
