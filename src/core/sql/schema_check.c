/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The metadata-lock check, based on views.
 *
 *     owner                                  schema change
 *     1 read the version v                   a version := v + 1
 *     2 publish that it uses the table at v  b membarrier
 *     3 read the version again               c walk
 *
 * Either 3 comes after b in the owner's thread and sees a; or 2 came before b, and c finds it.
 */
#include "core/owner/owner.h"
#include "core/reader/list.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/schema_check.h>
#include <string.h>

struct check {
    const struct roster_schema_job *jobs;
    struct roster_schema_verdict *verdicts;
    size_t n;
};

static bool changes(const struct roster_schema_job *job, uint64_t table_id)
{
    size_t n;

    for (n = 0; n < job->n_tables; n++)
        if (job->tables[n] == table_id)
            return true;
    return false;
}

/* The first of the transaction's tables for which the job has to wait. */
static const struct rst_table *blocking(const struct roster_schema_job *job,
                                        const struct rst_table *tables, size_t count)
{
    size_t n;

    for (n = 0; n < count; n++)
        if (tables[n].version < job->version && changes(job, tables[n].id))
            return &tables[n];
    return NULL;
}

static void blame(struct roster_schema_verdict *verdict, const struct roster_session *session,
                  const struct roster_shown *view, const struct rst_table *table)
{
    if (verdict->blockers++ && verdict->start_ts <= view->start_ts)
        return;
    verdict->session_id = roster_session_id(session);
    verdict->start_ts = view->start_ts;
    verdict->table_id = table->id;
    verdict->version = table->version;
}

static int look_at(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    struct check *check = arg;
    const struct rst_table *tables;
    size_t n, count;

    if (roster_session_kind(session) != ROSTER_SESSION_USER ||
        (roster_session_flags(session) & ROSTER_SESSION_NON_PINNING))
        return 0;
    tables = rst_tables_of(session, view, &count);
    for (n = 0; count && n < check->n; n++) {
        const struct rst_table *table = blocking(&check->jobs[n], tables, count);

        if (table)
            blame(&check->verdicts[n], session, view, table);
    }
    return 0;
}

int roster_schema_check(struct roster *roster, const struct roster_schema_job *jobs, size_t n,
                        struct roster_schema_verdict *verdicts)
{
    struct check check = {jobs, verdicts, n};
    size_t i;
    int err;

    if (!roster || !jobs || !verdicts)
        return -EINVAL;
    for (i = 0; i < n; i++)
        if (jobs[i].n_tables && !jobs[i].tables)
            return -EINVAL;
    err = roster_read_lock(roster);
    if (err)
        return err;
    /* b: pairs with 2, or with the fence in roster_txn_use_table(); also when the caller was inside
     */
    err = rst_owners_barrier(roster->membarrier);
    if (err) {
        roster_read_unlock(roster);
        return err;
    }
    memset(verdicts, 0, n * sizeof(*verdicts));
    for (i = 0; i < n; i++)
        verdicts[i].job_id = jobs[i].id;
    (void)rst_for_each(roster, look_at, &check, NULL, 0); /* c */
    roster_read_unlock(roster);
    return 0;
}
