/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Connections: each is a session from its opening until SQLite frees it, which may be long after
 * sqlite3_close_v2() when a cursor was leaked.
 */
#include "sqlite/extension.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

pthread_mutex_t rst_ext_lock = PTHREAD_MUTEX_INITIALIZER;
struct rst_ext_conn *rst_ext_conns;
struct roster *rst_ext_roster;
atomic_bool rst_ext_ticking;

static uint64_t last_id; /* under rst_ext_lock */
static bool forks_seen;

struct rst_ext_conn *rst_ext_find(uint64_t id)
{
    struct rst_ext_conn *conn;

    for (conn = rst_ext_conns; conn && conn->id != id; conn = conn->next)
        ;
    return conn;
}

/* A fork finds the lock free, in the child as well; what the child inherits is the parent's. */
static void before_fork(void)
{
    pthread_mutex_lock(&rst_ext_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&rst_ext_lock);
}

static void after_fork_in_child(void)
{
    struct rst_ext_conn *conn;

    for (conn = rst_ext_conns; conn; conn = conn->next)
        conn->quiet = conn->inherited = true;
    rst_ext_conns = NULL;
    rst_ext_roster = NULL;
    last_id = 0;
    rst_ext_background_forked();
    rst_ext_endpoint_forked();
    rst_ext_waits_forked();
    pthread_mutex_unlock(&rst_ext_lock);
}

/*
 * The first connection of the process makes the roster. Under rst_ext_lock, which is held around
 * calls of Roster: so a fork takes it before Roster's locks, and its handlers are registered last.
 */
static int make_roster(char **message)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    int err;

    if (rst_ext_roster)
        return 0;
    options.tick_ms = ROSTER_TICK_MANUAL;
    options.flags = ROSTER_RECLAIM_MANUAL; /* no thread that was not asked for */
    options.text_limit = RST_EXT_TEXT;
    err = roster_create(&options, &rst_ext_roster);
    if (!err && !forks_seen) {
        err = -pthread_atfork(before_fork, after_fork, after_fork_in_child);
        forks_seen = !err;
        if (err) {
            (void)roster_destroy(rst_ext_roster);
            rst_ext_roster = NULL;
        }
    }
    if (err)
        *message = sqlite3_mprintf("roster: %s", roster_strerror(err));
    return err;
}

/* Who it is. Its attributes are for other processes, which read them in peers.c; by
 * sqlite3_malloc(). */
static struct roster_session_attr describe(const struct rst_ext_conn *conn, char **attributes)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    *attributes = sqlite3_mprintf(
        "thread=%ld,opened=%llu,mutex=%s%s%s", (long)conn->thread,
        (unsigned long long)conn->opened_ms, sqlite3_db_mutex(conn->db) ? "serialized" : "none",
        conn->files ? "," RST_EXT_FILES : "", conn->files ? conn->files : "");
    attr.database = conn->file;
    attr.application = program_invocation_short_name;
    attr.attributes = *attributes;
    attr.wake_kill = rst_ext_wake;
    attr.flags = ROSTER_SESSION_TRUNCATE | ROSTER_SESSION_LAST_STATEMENT;
    return attr;
}

void rst_ext_session_describe(struct rst_ext_conn *conn)
{
    char *attributes;
    struct roster_session_attr attr = describe(conn, &attributes);

    if (roster_session_update(conn->session, &attr))
        sqlite3_log(SQLITE_NOMEM, "roster: other processes do not see what is attached");
    sqlite3_free(attributes);
}

/* Under rst_ext_lock. */
static int open_session(struct rst_ext_conn *conn)
{
    char *attributes;
    struct roster_session_attr attr = describe(conn, &attributes);
    int err;

    attr.id = (uint64_t)getpid() * RST_EXT_IDS + last_id % RST_EXT_IDS + 1;
    err = roster_session_open(rst_ext_roster, &attr, &conn->session);
    sqlite3_free(attributes);
    if (err)
        return err;
    last_id++;
    conn->id = attr.id;
    return 0;
}

int rst_ext_session_again(struct rst_ext_conn *conn)
{
    struct roster_session *before = conn->session;
    int err = open_session(conn);

    if (!err)
        (void)roster_session_close(before);
    return err;
}

static void link_conn(struct rst_ext_conn *conn)
{
    conn->next = rst_ext_conns;
    conn->link = &rst_ext_conns;
    if (conn->next)
        conn->next->link = &conn->next;
    rst_ext_conns = conn;
}

static void free_conn(struct rst_ext_conn *conn)
{
    free(conn->open);
    free(conn->reset);
    sqlite3_free(conn->file);
    sqlite3_free(conn->files);
    free(conn);
}

void rst_ext_reclaim(void)
{
    /* Without a grace period now, what waits is for the next call. */
    if (roster_reclaim(rst_ext_roster))
        return;
}

/* SQLite frees the connection. */
static void gone(void *arg)
{
    struct rst_ext_conn *conn = arg;

    if (conn->inherited) {
        free_conn(conn);
        return;
    }
    pthread_mutex_lock(&rst_ext_lock);
    *conn->link = conn->next;
    if (conn->next)
        conn->next->link = conn->link;
    pthread_mutex_unlock(&rst_ext_lock);
    (void)roster_session_close(conn->session);
    free_conn(conn);
    if (!atomic_load(&rst_ext_ticking))
        rst_ext_reclaim();
}

static struct rst_ext_conn *new_conn(sqlite3 *db)
{
    struct rst_ext_conn *conn = calloc(1, sizeof(*conn));
    const char *file = sqlite3_db_filename(db, "main");

    if (!conn)
        return NULL;
    conn->file = sqlite3_mprintf("%s", file && *file ? file : ":memory:");
    if (!conn->file) {
        free(conn);
        return NULL;
    }
    conn->db = db;
    conn->opened_ms = rst_wall_ms();
    conn->thread = (pid_t)syscall(SYS_gettid);
    return conn;
}

static void id_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const struct rst_ext_conn *conn = sqlite3_user_data(context);

    (void)argc;
    (void)argv;
    sqlite3_result_int64(context, (sqlite3_int64)conn->id);
}

static struct rst_ext_conn *find_db(const sqlite3 *db)
{
    struct rst_ext_conn *conn;

    for (conn = rst_ext_conns; conn && conn->db != db; conn = conn->next)
        ;
    return conn;
}

struct rst_ext_conn *rst_ext_conn_of(const sqlite3 *db)
{
    struct rst_ext_conn *conn;

    pthread_mutex_lock(&rst_ext_lock);
    conn = find_db(db);
    pthread_mutex_unlock(&rst_ext_lock);
    return conn;
}

static int add(sqlite3 *db, bool fresh, char **message, struct rst_ext_conn **made)
{
    struct rst_ext_conn *conn;
    int err = make_roster(message);

    *made = NULL;
    if (err || (!fresh && find_db(db)))
        return err;
    conn = new_conn(db);
    if (!conn)
        return -ENOMEM;
    err = open_session(conn);
    if (err) { /* nothing is known of it */
        *message = sqlite3_mprintf("roster: %s", roster_strerror(err));
        free_conn(conn);
        return err;
    }
    link_conn(conn);
    *made = conn;
    return 0;
}

/* What was asked for by the environment is not there, and no call of the program can return that.
 */
static void complain(char **message)
{
    fprintf(stderr, "%s\n", *message ? *message : "roster: out of memory");
    sqlite3_free(*message);
    *message = NULL;
}

/*
 * SQLite frees the connection's record with a function of the connection. A program may define a
 * function of any name that it knows, which ends the one that was there; so no program may know
 * this one's, nor another copy of this file in the process. Calls gone() if it fails, too.
 */
static int keep(sqlite3 *db, struct rst_ext_conn *conn)
{
    char name[64];

    snprintf(name, sizeof(name), "roster connection of %p", (void *)&rst_ext_conns);
    return sqlite3_create_function_v2(db, name, 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, conn,
                                      id_function, NULL, NULL, gone);
}

int rst_ext_open(sqlite3 *db, bool fresh, char **message)
{
    struct rst_ext_conn *conn;
    bool is_first;
    int err;

    pthread_mutex_lock(&rst_ext_lock);
    is_first = !rst_ext_roster;
    err = add(db, fresh, message, &conn);
    pthread_mutex_unlock(&rst_ext_lock);
    if (!err && is_first) {
        if (rst_ext_settings_read(message))
            complain(message);
    }
    if (err)
        return err == -ENOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
    if (!conn)
        return SQLITE_OK;
    err = keep(db, conn);
    if (!err)
        err = sqlite3_create_function_v2(db, "roster_id", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, conn,
                                         id_function, NULL, NULL, NULL);
    if (!err)
        err = sqlite3_trace_v2(db, RST_EXT_EVENTS, rst_ext_trace, conn);
    if (!err)
        rst_ext_waits_watch(db);
    if (!err)
        err = rst_ext_functions_register(db, conn);
    return err;
}
