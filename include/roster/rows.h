/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rows of the tables in which a SQL server shows its sessions and transactions, from a copied list
 * (roster_snapshot()). Columns and their NULLs are those of TiDB; what belongs to a NULL is
 * described beside each member, every other string is never NULL. Strings belong to the snapshot.
 */
#ifndef ROSTER_ROWS_H
#define ROSTER_ROWS_H

#include <roster/block.h>
#include <roster/export.h>
#include <roster/list.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* Number of characters of a text that SHOW PROCESSLIST shows without FULL. */
#define ROSTER_ROW_INFO_CHARACTERS 100

/* A row of SHOW [FULL] PROCESSLIST. */
struct roster_row_process {
    uint64_t id;
    const char *user;
    const char *host;    /* "host:port" when the server set the port */
    const char *db;      /* NULL when none is in use */
    const char *command; /* "Sleep" between statements */
    uint64_t time;       /* whole seconds in this statement, or since it did something last */
    const char *state;   /* "in transaction" or "autocommit" */
    const char *info;    /* the statement; NULL between statements and for an empty text */
    size_t info_length;  /* in bytes: `info` is not cut, so it may go on after them */
};

/*
 * Fills a row of SHOW PROCESSLIST, or of SHOW FULL PROCESSLIST with `full`. A character is
 * what UTF-8 makes one; text in another encoding is cut somewhere. Any thread.
 * Returns 0; -EINVAL for NULL.
 */
ROSTER_API int roster_row_process(const struct roster_snapshot *snapshot,
                                  const struct roster_entry *entry, bool full,
                                  struct roster_row_process *row);

/* A row of INFORMATION_SCHEMA.PROCESSLIST. */
struct roster_row_is_process {
    struct roster_row_process show; /* its first columns, info in full */
    const char *digest;             /* "" when there is none */
    uint64_t mem;                   /* bytes */
    uint64_t disk;                  /* bytes */
    char txn_start[96];             /* "MM-DD hh:mm:ss.mmm(start_ts)"; "" without transaction */
};

/*
 * Fills a row of INFORMATION_SCHEMA.PROCESSLIST. Times are in the zone that is `utc_offset_s`
 * seconds east of Greenwich. Any thread. Returns 0; -EINVAL for NULL.
 */
ROSTER_API int roster_row_is_process(const struct roster_snapshot *snapshot,
                                     const struct roster_entry *entry, int32_t utc_offset_s,
                                     struct roster_row_is_process *row);

/* A row of INFORMATION_SCHEMA.TIDB_TRX. Times in milliseconds since the Unix epoch. */
struct roster_row_trx {
    uint64_t id; /* start_ts */
    uint64_t start_time;
    const char *current_sql_digest; /* NULL between statements and without digest */
    const char *state;              /* "Idle", "Running", "LockWaiting", ... */
    uint64_t waiting_start_time;    /* NULL unless `waiting` */
    uint64_t mem_buffer_keys;
    uint64_t mem_buffer_bytes;
    uint64_t session_id;
    const char *user;
    const char *db;
    const char *all_sql_digests;   /* JSON array; "[]" when none are known */
    const char *related_table_ids; /* "1,2,3" */
    uint64_t waiting_time;         /* milliseconds; NULL unless `waiting` */
    bool waiting;                  /* whether the two waiting columns are not NULL */
    enum roster_session_kind kind; /* no column of TiDB's, which leaves internal sessions out */
};

/*
 * Fills a row of TIDB_TRX. Any thread. Returns 0; -ENOENT when the session has no valid
 * transaction, so no row; -EINVAL for NULL.
 */
ROSTER_API int roster_row_trx(const struct roster_snapshot *snapshot,
                              const struct roster_entry *entry, struct roster_row_trx *row);

/* A row of INFORMATION_SCHEMA.DATA_LOCK_WAITS. Timestamps are 0 outside of transactions. */
struct roster_row_lock_wait {
    const char *key_info;            /* what is waited for */
    uint64_t trx_id;                 /* start_ts of the transaction that waits */
    uint64_t current_holding_trx_id; /* and of the one that holds it */
    const char *sql_digest;          /* NULL between statements and without digest */
    const char *sql_digest_text;     /* the statement; NULL between statements */
    uint64_t session_id;             /* no columns of TiDB's from here on */
    uint64_t current_holding_session_id;
    uint64_t root_session_id; /* where the chain of waits ends; 0 for a circle */
    uint64_t waiting_time;    /* milliseconds */
};

/*
 * Fills a row of DATA_LOCK_WAITS. Any thread. Returns 0; -ENOENT when the session waits for no
 * other, so no row; -EINVAL for NULL.
 */
ROSTER_API int roster_row_lock_wait(const struct roster_snapshot *snapshot,
                                    const struct roster_entry *entry,
                                    struct roster_row_lock_wait *row);

/* A row of INFORMATION_SCHEMA.DEADLOCKS: one for each member of a deadlock. */
struct roster_row_deadlock {
    uint64_t deadlock_id;
    uint64_t occur_time;          /* milliseconds since the Unix epoch */
    uint64_t try_lock_trx_id;     /* start_ts of the transaction that waited */
    const char *current_sql_text; /* its statement; NULL between statements */
    const char *key_info;         /* what it waited for */
    uint64_t trx_holding_lock;    /* start_ts of the next member's, which held it */
    uint64_t session_id;          /* no column of TiDB's */
};

/*
 * Fills the row of member `n` of a deadlock. Any thread. Strings belong to the deadlock. Returns 0;
 * -ENOENT when it has no such member, or that was not kept; -EINVAL for NULL.
 */
ROSTER_API int roster_row_deadlock(const struct roster_deadlock *deadlock, uint32_t n,
                                   struct roster_row_deadlock *row);

ROSTER_END_DECLS

#endif /* ROSTER_ROWS_H */
