/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * An existing server with its own connections, ids and kill. Only mirror_*() call Roster. One of
 * its connections runs an endless statement in a transaction, until it is killed through Roster.
 */
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server's record of a connection. */
struct conn {
    uint64_t id;
    const char *user;
    atomic_bool killed;            /* the server's kill */
    struct roster_session *mirror; /* NULL: not mirrored */
};

static struct roster *roster;
static atomic_int freed;

/* [kill] */
/* Called in the killer's thread: only forwards the kill. The record stays until conn_free(). */
static void conn_kill(const struct roster_kill_info *kill, void *arg)
{
    struct conn *conn = arg;

    (void)kill; /* the server's kill has no narrower target */
    atomic_store(&conn->killed, true);
}

/* Called when no killer and no list can reach the record any more. */
static void conn_free(void *arg)
{
    free(arg);
    atomic_fetch_add(&freed, 1);
}
/* [kill] */

/* [open] */
/* Called after authentication. If the session cannot be opened, the server serves without it. */
static void mirror_open(struct conn *conn)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.id = conn->id;
    attr.user = conn->user;
    attr.tag = (uint64_t)(uintptr_t)conn;
    attr.wake_kill = conn_kill;
    attr.release = conn_free;
    attr.wake_arg = conn;
    if (roster_session_open(roster, &attr, &conn->mirror))
        conn->mirror = NULL;
}

/* Called on every path that closes a connection. A mirrored record is freed by its session. */
static void mirror_close(struct conn *conn)
{
    if (!conn->mirror)
        conn_free(conn);
    else
        (void)roster_session_close(conn->mirror);
}
/* [open] */

/* [statement] */
static void conn_run(struct conn *conn, const char *sql)
{
    bool shown = !roster_stmt_begin(conn->mirror, ROSTER_COMMAND_QUERY, sql, strlen(sql), NULL, 0);

    while (!atomic_load(&conn->killed)) /* the server executes it */
        ;
    if (shown)
        (void)roster_stmt_end(conn->mirror);
}
/* [statement] */

static void *serve(void *arg)
{
    struct conn *conn = arg;

    bool counted;

    mirror_open(conn);
    counted = !roster_txn_begin(conn->mirror, NULL); /* the server takes a snapshot */
    conn_run(conn, "SELECT forever");
    if (counted)
        (void)roster_txn_finish(conn->mirror);
    mirror_close(conn);
    return NULL;
}

static void must(int err, const char *call)
{
    if (err) {
        fprintf(stderr, "%s: %s\n", call, roster_strerror(err));
        abort();
    }
}

/* An operator's work, in any thread: list, find the holder of the minimum, kill. */
static bool operate(void)
{
    struct roster_min min = {.size = sizeof(min)};
    struct roster_snapshot *list;
    const struct conn *conn;

    must(roster_snapshot(roster, &list), "roster_snapshot");
    if (!list->count || !list->entries[0].text) {
        roster_snapshot_free(list);
        return false;
    }
    conn = (const struct conn *)(uintptr_t)list->entries[0].tag;
    printf("connection %" PRIu64 " of %s runs %s\n", list->entries[0].id, list->entries[0].user,
           list->entries[0].text);
    printf("the server's record of it is %s\n", conn->id == list->entries[0].id ? "found" : "not");
    must(roster_min_advance(roster, 0, &min), "roster_min_advance");
    printf("connection %" PRIu64 " holds the minimum\n", min.holder.session_id);
    must(roster_kill(roster, list->entries[0].id, ROSTER_KILL_TARGET_STATEMENT,
                     list->entries[0].stmt_seq, ROSTER_KILL_REASON_INTERRUPTED),
         "roster_kill");
    roster_snapshot_free(list);
    return true;
}

int main(void)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    pthread_t thread;

    if (!conn)
        return 1;
    conn->id = 4711;
    conn->user = "alice";
    must(roster_create(NULL, &roster), "roster_create");
    if (pthread_create(&thread, NULL, serve, conn))
        return 1;
    while (!operate())
        ;
    pthread_join(thread, NULL);
    must(roster_release_wait(roster), "roster_release_wait");
    printf("killed, closed, and %d record freed\n", atomic_load(&freed));
    must(roster_destroy(roster), "roster_destroy");
    return 0;
}
