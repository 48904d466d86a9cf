/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A connection has one trace callback and one busy handler. Where roster.so stands before SQLite,
 * the program's own are called as if roster.so were not there, and the connection is followed on. A
 * program that has loaded roster.so calls SQLite past it: then its trace callback takes the place
 * of ours (rst_ext_reconcile()), and its busy handler is seen as far as it sleeps by SQLite
 * (waits.c).
 */
#include "sqlite/extension.h"

#include "sqlite/entry.h"

#include <dlfcn.h>

SQLITE_EXTENSION_INIT3

#undef sqlite3_trace_v2
#undef sqlite3_trace
#undef sqlite3_busy_handler

typedef int trace_fn(unsigned event, void *arg, void *stmt, void *detail);
typedef int busy_fn(void *arg, int count);
typedef void legacy_fn(void *arg, const char *sql);

RST_EXT_EXPORT int sqlite3_trace_v2(sqlite3 *db, unsigned uMask, trace_fn *xCallback, void *pCtx);
RST_EXT_EXPORT void *sqlite3_trace(sqlite3 *db, legacy_fn *xTrace, void *arg);
RST_EXT_EXPORT int sqlite3_busy_handler(sqlite3 *db, busy_fn *callback, void *arg);

/* What sqlite3_trace() reports: parameters are replaced by their values, comments are as they are.
 */
static void trace_legacy(const struct rst_ext_app_trace *trace, sqlite3_stmt *stmt,
                         const char *detail)
{
    char *expanded = NULL;

    if (!detail || detail[0] != '-' || detail[1] != '-')
        expanded = sqlite3_expanded_sql(stmt);
    trace->legacy(trace->arg, expanded ? expanded : detail);
    sqlite3_free(expanded);
}

/* In place of rst_ext_trace(), for a connection on which the program traces as well. It may set
 * another callback inside of its own. */
static int trace_both(unsigned event, void *arg, void *stmt, void *detail)
{
    struct rst_ext_conn *conn = arg;
    struct rst_ext_app_trace trace = conn->trace;

    if (event & RST_EXT_EVENTS)
        (void)rst_ext_trace(event, conn, stmt, detail);
    /* What another thread rolls back is no statement of the program's. */
    if (!(event & trace.mask) || conn->quiet || conn->held)
        return 0;
    if (!trace.legacy)
        return trace.callback(event, trace.arg, stmt, detail);
    trace_legacy(&trace, stmt, detail);
    return 0;
}

static int set_trace(struct rst_ext_conn *conn, const struct rst_ext_app_trace *trace,
                     void **before)
{
    sqlite3_mutex *mutex = sqlite3_db_mutex(conn->db);
    int err;

    sqlite3_mutex_enter(mutex);
    if (before)
        *before = conn->trace.arg;
    conn->trace = *trace;
    err = RST_EXT_NEXT(sqlite3_trace_v2)(conn->db, RST_EXT_EVENTS | trace->mask,
                                         trace->mask ? trace_both : rst_ext_trace, conn);
    sqlite3_mutex_leave(mutex);
    return err;
}

int sqlite3_trace_v2(sqlite3 *db, unsigned uMask, trace_fn *xCallback, void *pCtx)
{
    struct rst_ext_app_trace trace = {uMask, xCallback, NULL, pCtx};
    struct rst_ext_conn *conn = xCallback == rst_ext_trace ? NULL : rst_ext_conn_of(db);

    if (!conn)
        return RST_EXT_NEXT(sqlite3_trace_v2)(db, uMask, xCallback, pCtx);
    if (!uMask || !xCallback)
        trace = (struct rst_ext_app_trace){.mask = 0};
    return set_trace(conn, &trace, NULL);
}

void *sqlite3_trace(sqlite3 *db, legacy_fn *xTrace, void *arg)
{
    struct rst_ext_app_trace trace = {xTrace ? SQLITE_TRACE_STMT : 0, NULL, xTrace, arg};
    struct rst_ext_conn *conn = rst_ext_conn_of(db);
    void *before = NULL;

    if (!conn)
        return RST_EXT_NEXT(sqlite3_trace)(db, xTrace, arg);
    (void)set_trace(conn, &trace, &before);
    return before;
}

/* Its thread is inside the connection. */
static int busy(void *arg, int count)
{
    struct rst_ext_conn *conn = arg;
    int again;

    (void)roster_wait_begin(conn->session, rst_ext_wait_event());
    again = conn->busy(conn->busy_arg, count);
    roster_wait_end(conn->session);
    return again;
}

int sqlite3_busy_handler(sqlite3 *db, busy_fn *callback, void *arg)
{
    struct rst_ext_conn *conn = callback ? rst_ext_conn_of(db) : NULL;
    sqlite3_mutex *mutex;
    int err;

    if (!conn)
        return RST_EXT_NEXT(sqlite3_busy_handler)(db, callback, arg);
    mutex = sqlite3_db_mutex(db);
    sqlite3_mutex_enter(mutex);
    conn->busy = callback;
    conn->busy_arg = arg;
    err = RST_EXT_NEXT(sqlite3_busy_handler)(db, busy, conn);
    sqlite3_mutex_leave(mutex);
    return err;
}
