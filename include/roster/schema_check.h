/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The metadata-lock question: which schema changes wait for a transaction that still uses a table
 * as it was before.
 */
#ifndef ROSTER_SCHEMA_CHECK_H
#define ROSTER_SCHEMA_CHECK_H

#include <roster/export.h>
#include <roster/session.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/*
 * Publishes that the transaction uses a table as of a schema version. The first version stays: a
 * transaction sees each table once. Owner only; not wait-free: it may allocate.
 *
 * To have a change of the schema either wait for the transaction or be seen by it, read the
 * server's current version, use the table with it, and read the version again: if it has changed,
 * this transaction must begin anew, else every roster_schema_check() that begins after the change
 * finds it.
 *
 * Returns 0; -EINVAL for NULL or when no transaction is valid; -EBADF when closed; -ENOBUFS when
 * the backlog limit is reached; -ENOMEM; -ECHILD. After an error nothing has changed.
 */
ROSTER_API int roster_txn_use_table(struct roster_session *session, uint64_t table_id,
                                    uint64_t schema_version) ROSTER_MUST_CHECK;

/* A schema change: it waits for transactions that use one of its tables at a lower version. */
struct roster_schema_job {
    uint64_t id; /* the caller's */
    uint64_t version;
    const uint64_t *tables;
    size_t n_tables;
};

/* What became of a job. All 0 but job_id when nothing blocks it. */
struct roster_schema_verdict {
    uint64_t job_id;
    uint64_t blockers;   /* transactions that block it */
    uint64_t session_id; /* whose is the oldest of them */
    uint64_t start_ts;   /* of the oldest */
    uint64_t table_id;   /* a table that the oldest uses */
    uint64_t version;    /* at this version */
};

/*
 * Returns for each of `n` jobs whether it is blocked, and by which transaction longest. Only valid
 * transactions of user sessions that pin block; `verdicts` has room for `n`, in the order of the
 * jobs. Any thread; lock-free.
 *
 * Returns 0; -EINVAL for NULL or a job without a list of its tables; -EPERM and -ENOMEM when
 * the kernel refuses the membarrier; -ECHILD.
 */
ROSTER_API int roster_schema_check(struct roster *roster, const struct roster_schema_job *jobs,
                                   size_t n, struct roster_schema_verdict *verdicts);

ROSTER_END_DECLS

#endif /* ROSTER_SCHEMA_CHECK_H */
