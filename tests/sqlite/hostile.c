/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * hostile CASE FILE: a program that uses SQLite in every way that it may, and wants nothing to be
 * different because roster.so was preloaded, and what is shown to be true. hostile.sh has the
 * cases.
 */
#include "program.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_bool stop;

/* Entries of a directory of /proc/self; for descriptors only what is not a file. */
static unsigned entries(const char *name, bool no_files)
{
    DIR *dir = opendir(name);
    struct dirent *entry;
    unsigned n = 0;
    struct stat info;
    char full[512];

    want(dir);
    while ((entry = readdir(dir))) {
        snprintf(full, sizeof(full), "%s/%s", name, entry->d_name);
        if (entry->d_name[0] != '.' &&
            (!no_files ||
             (!stat(full, &info) && (S_ISSOCK(info.st_mode) || S_ISFIFO(info.st_mode)))))
            n++;
    }
    closedir(dir);
    return n;
}

static long memory_kb(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kb = 0;

    want(file);
    while (fgets(line, sizeof(line), file))
        if (!strncmp(line, "VmRSS:", 6))
            kb = strtol(line + 6, NULL, 10);
    fclose(file);
    return kb;
}

static void open_and_close(unsigned n)
{
    sqlite3 *db;

    for (; n; n--) {
        want(!sqlite3_open(":memory:", &db));
        want(!sqlite3_close(db));
    }
}

/* Without a setting there is no thread, no socket and no pipe, and memory is used again all the
 * same, whether statements run or not. */
static void quiet(void)
{
    unsigned before = entries("/proc/self/fd", true), round;
    long kb;

    open_and_close(1000);
    kb = memory_kb();
    open_and_close(10000);
    want(memory_kb() < kb + 1500);
    for (round = 0; round < 10; round++) {
        sqlite3 *db = open_file();

        make_table(db);
        run(db, "BEGIN; UPDATE t SET v = 'x'; COMMIT; SELECT count(*) FROM roster_connections");
        sqlite3_close(db);
    }
    want(entries("/proc/self/task", false) == 1);
    want(entries("/proc/self/fd", true) == before);
}

/* One holds the file, another one waits for it: in the way that `how` is. */
static struct waiter {
    sqlite3 *db;
    int result, calls, wrong, most;
    atomic_bool done;
} waiter;

static int on_busy(void *arg, int count)
{
    struct waiter *it = arg;

    it->wrong += count != it->calls++;
    usleep(20000);
    return it->calls < it->most;
}

static void *wait_for_file(void *arg)
{
    waiter.result = sqlite3_exec(waiter.db, "UPDATE t SET v = 'waited'", NULL, NULL, NULL);
    atomic_store(&waiter.done, true);
    return arg;
}

/* Whether the wait was seen before it ended. */
static bool try_to_see(sqlite3 *db, const char *how)
{
    bool seen = false;
    pthread_t thread;

    waiter.calls = waiter.wrong = 0;
    atomic_store(&waiter.done, false);
    if (!strncmp(how, "PRAGMA", 6))
        run(waiter.db, how);
    want(!pthread_create(&thread, NULL, wait_for_file, NULL));
    while (!atomic_load(&waiter.done))
        seen = !strcmp(ask(db, "SELECT statement FROM roster_connections "
                               "WHERE state = 'waiting for a lock'"),
                       "UPDATE t SET v = 'waited'") ||
               seen;
    pthread_join(thread, NULL);
    want(is(ask(db, "SELECT count(*) FROM roster_connections WHERE state LIKE 'waiting%'"), "0"));
    return seen;
}

/* On a busy machine the thread that looks may come too late. */
static bool wait_is_seen(sqlite3 *db, const char *how)
{
    int tries;

    for (tries = 0; tries < 30; tries++)
        if (try_to_see(db, how))
            return true;
    fprintf(stderr, "hostile: the wait was not seen: %s\n", how);
    return false;
}

/* A file that is held. */
static sqlite3 *begin_busy(void)
{
    sqlite3 *holder = open_file();

    make_table(holder);
    waiter.db = open_file();
    run(holder, "BEGIN IMMEDIATE");
    return holder;
}

static void busy_timeouts(sqlite3 *db)
{
    want(!sqlite3_busy_timeout(waiter.db, 100));
    want(is(ask(waiter.db, "PRAGMA busy_timeout"), "100"));
    want(wait_is_seen(db, "sqlite3_busy_timeout") && waiter.result == SQLITE_BUSY);
    want(wait_is_seen(db, "PRAGMA busy_timeout = 150") && waiter.result == SQLITE_BUSY);
    want(is(ask(waiter.db, "PRAGMA busy_timeout"), "150"));
}

static void busy(void)
{
    sqlite3 *holder = begin_busy(), *db = open_flags(":memory:", 0);

    busy_timeouts(db);
    waiter.most = 5;
    want(!sqlite3_busy_handler(waiter.db, on_busy, &waiter));
    want(is(ask(waiter.db, "PRAGMA busy_timeout"), "0"));
    want(wait_is_seen(db, "sqlite3_busy_handler") && waiter.result == SQLITE_BUSY);
    want(waiter.calls == 5 && !waiter.wrong);
    want(!sqlite3_busy_timeout(waiter.db, 100));
    want(wait_is_seen(db, "sqlite3_busy_timeout again") && waiter.calls == 0);
    want(!sqlite3_busy_handler(waiter.db, NULL, NULL));
    want(sqlite3_exec(waiter.db, "UPDATE t SET v = 'y'", NULL, NULL, NULL) == SQLITE_BUSY);
    waiter.most = 1000;
    want(!sqlite3_busy_handler(waiter.db, on_busy, &waiter));
    run(holder, "ROLLBACK");
    run(waiter.db, "UPDATE t SET v = 'z'");
    sqlite3_close(waiter.db);
    sqlite3_close(holder);
    sqlite3_close(db);
}

static void *look_often(void *arg)
{
    sqlite3 *db = open_flags(":memory:", 0);
    int n;

    for (n = 0; n < 100; n++)
        want(is(ask(db, "SELECT state FROM roster_connections WHERE path != ':memory:'"),
                "cursor open"));
    sqlite3_close(db);
    atomic_store(&waiter.done, true);
    return arg;
}

/* A program that sleeps between its statements waits for no lock, whatever its cursors. */
static void sleep_outside(void)
{
    sqlite3 *db = open_file();
    sqlite3_stmt *stmt;
    pthread_t thread;

    make_table(db);
    want(!sqlite3_prepare_v2(db, "SELECT k FROM t", -1, &stmt, NULL));
    want(sqlite3_step(stmt) == SQLITE_ROW);
    run(db, "UPDATE t SET v = 'slept' WHERE k = 1");
    atomic_store(&waiter.done, false);
    want(!pthread_create(&thread, NULL, look_often, NULL));
    while (!atomic_load(&waiter.done))
        sqlite3_sleep(1);
    pthread_join(thread, NULL);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* A program may copy a VFS, or put a sleep of its own before what is there. */
static int (*sleep_before)(sqlite3_vfs *vfs, int us);
static int slept_us;

static int sleep_counted(sqlite3_vfs *vfs, int us)
{
    int slept = sleep_before(vfs, us);

    slept_us += slept;
    return slept;
}

static void vfs(void)
{
    sqlite3_vfs *usual = sqlite3_vfs_find(NULL), copied;
    sqlite3 *holder = open_file(), *asking = open_flags(":memory:", 0);

    make_table(holder);
    run(holder, "BEGIN IMMEDIATE");
    copied = *usual;
    copied.zName = "copied";
    sleep_before = copied.xSleep;
    copied.xSleep = sleep_counted;
    want(!sqlite3_vfs_register(&copied, 0));
    want(!sqlite3_open_v2(path, &waiter.db, SQLITE_OPEN_READWRITE, "copied"));
    busy_timeouts(asking);
    want(slept_us >= 200000); /* of 100 and 150 ms, in steps */
    sqlite3_close(waiter.db);
    copied.xSleep = sleep_before;
    want(!sqlite3_open_v2(path, &waiter.db, SQLITE_OPEN_READWRITE, "copied"));
    busy_timeouts(asking);
    sqlite3_close(waiter.db);
    sleep_before = usual->xSleep;
    usual->xSleep = sleep_counted;
    slept_us = 0;
    waiter.db = open_file();
    busy_timeouts(asking);
    want(slept_us >= 200000);
    sqlite3_close(waiter.db);
    sqlite3_close(holder);
    sqlite3_close(asking);
}

/* What the program's own trace callbacks saw. */
static struct traced {
    unsigned statements, rows, ends, closes;
    char text[256];
} traced;

static int on_trace(unsigned event, void *arg, void *object, void *detail)
{
    struct traced *it = arg;

    (void)object;
    if (event == SQLITE_TRACE_STMT) {
        it->statements++;
        snprintf(it->text, sizeof(it->text), "%s", (const char *)detail);
    }
    it->rows += event == SQLITE_TRACE_ROW;
    it->ends += event == SQLITE_TRACE_PROFILE;
    it->closes += event == SQLITE_TRACE_CLOSE;
    return 0;
}

static void on_legacy(void *arg, const char *sql)
{
    struct traced *it = arg;

    it->statements++;
    snprintf(it->text, sizeof(it->text), "%s", sql);
}

static void on_profile(void *arg, const char *sql, sqlite3_uint64 ns)
{
    struct traced *it = arg;

    (void)sql, (void)ns;
    it->ends++;
}

static sqlite3_stmt *begin_cursor(sqlite3 *db)
{
    sqlite3_stmt *stmt;

    want(!sqlite3_prepare_v2(db, "SELECT v FROM t WHERE k > ?1", -1, &stmt, NULL));
    sqlite3_bind_int(stmt, 1, 7);
    want(sqlite3_step(stmt) == SQLITE_ROW);
    return stmt;
}

static const char blocked[] = "SELECT state FROM roster_blocker";

/* The program's callback gets all that it asked for, and the connection is followed. */
static void trace(void)
{
    sqlite3 *db = open_file(), *other = open_file();
    sqlite3_stmt *stmt;

    make_table(db);
    want(!sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_CLOSE, on_trace, &traced));
    stmt = begin_cursor(db);
    want(is(ask(other, blocked), "cursor open"));
    want(traced.statements == 1 && !traced.rows && !traced.ends);
    want(is(traced.text, "SELECT v FROM t WHERE k > ?1"));
    want(!sqlite3_trace_v2(db, SQLITE_TRACE_ROW | SQLITE_TRACE_PROFILE, on_trace, &traced));
    sqlite3_finalize(stmt);
    want(is(ask(other, blocked), ""));
    want(traced.statements == 1 && traced.ends == 1);
    want(!sqlite3_trace_v2(db, 0, NULL, NULL));
    stmt = begin_cursor(db);
    want(is(ask(other, blocked), "cursor open"));
    sqlite3_finalize(stmt);
    want(traced.statements == 1 && traced.ends == 1 && !traced.closes);
    want(!sqlite3_trace(db, on_legacy, &traced));
    sqlite3_finalize(begin_cursor(db));
    want(traced.statements == 2 && is(traced.text, "SELECT v FROM t WHERE k > 7"));
    want(sqlite3_trace(db, NULL, NULL) == &traced);
    sqlite3_profile(db, on_profile, &traced);
    stmt = begin_cursor(db);
    want(is(ask(other, blocked), "cursor open"));
    sqlite3_finalize(stmt);
    want(is(ask(other, blocked), "") && traced.ends == 2);
    sqlite3_profile(db, NULL, NULL);
    want(!sqlite3_trace_v2(db, SQLITE_TRACE_CLOSE, on_trace, &traced));
    sqlite3_close(db);
    want(traced.closes == 1);
    sqlite3_close(other);
}

/* A program that has loaded roster.so sets a callback that takes the place of ours, while a cursor
 * and a transaction are open: what ends unseen is not shown for ever. Waits are seen as when
 * preloaded. */
static void loaded(const char *extension)
{
    sqlite3 *other = open_file(), *db;
    sqlite3_stmt *stmt;
    char *message = NULL;

    sqlite3_enable_load_extension(other, 1);
    want(!sqlite3_load_extension(other, extension, NULL, &message));
    db = open_file();
    make_table(db);
    run(db, "BEGIN");
    stmt = begin_cursor(db);
    want(!sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_trace, &traced));
    want(is(ask(other, blocked), "cursor open"));
    sqlite3_finalize(stmt);
    want(is(ask(other, blocked), "idle in transaction"));
    run(db, "COMMIT");
    want(is(ask(other, blocked), ""));
    /* What begins now is not seen, but what it holds is. */
    run(db, "BEGIN");
    stmt = begin_cursor(db);
    want(is(ask(other, blocked), "idle in transaction"));
    want(strstr(ask(other, "SELECT roster_kill(id) FROM roster_blocker"), "not ended"));
    want(!sqlite3_finalize(stmt));
    want(is(ask(other, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    want(is(ask(other, blocked), "") && sqlite3_get_autocommit(db));
    sqlite3_close(db);
    db = begin_busy();
    busy_timeouts(other);
    sqlite3_close(waiter.db);
    sqlite3_close(db);
    sqlite3_close(other);
}

/* A load on connections of their own, which other threads close. */
static sqlite3 *left[64];

static void *load(void *arg)
{
    int n;

    for (n = 0; n < 15; n++) {
        sqlite3 *db = open_file();
        sqlite3_stmt *stmt;

        sqlite3_busy_timeout(db, 20000);
        run(db, "UPDATE t SET v = v || 'x' WHERE k = 3");
        stmt = begin_cursor(db);
        run(db, "SELECT count(*) FROM t");
        sqlite3_finalize(stmt);
        if (n == 14)
            *(sqlite3 **)arg = db;
        else
            sqlite3_close_v2(db);
    }
    return NULL;
}

static void *close_one(void *arg)
{
    want(!sqlite3_close(*(sqlite3 **)arg));
    return NULL;
}

static void in_threads(void *(*fn)(void *), unsigned n)
{
    pthread_t threads[64];
    unsigned i;

    for (i = 0; i < n; i++)
        want(!pthread_create(&threads[i], NULL, fn, &left[i]));
    for (i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

static void many_threads(void)
{
    sqlite3 *db = open_file();

    run(db, "PRAGMA journal_mode = wal; PRAGMA synchronous = off");
    make_table(db);
    in_threads(load, 32);
    want(is(ask(db, "SELECT count(*) FROM roster_connections"), "33"));
    want(is(ask(db, "SELECT count(*) FROM roster_connections WHERE state != 'idle'"), "1"));
    in_threads(close_one, 32);
    want(is(ask(db, "SELECT count(*) FROM roster_connections"), "1"));
    sqlite3_close(db);
}

/* Threads on one connection. */
static sqlite3 *shared;

static void *use_shared(void *arg)
{
    int n;

    for (n = 0; n < 300; n++) {
        sqlite3_stmt *stmt = begin_cursor(shared);

        (void)sqlite3_step(stmt);
        want(!sqlite3_exec(shared, "UPDATE t SET v = 'z' WHERE k = 9", NULL, NULL, NULL));
        sqlite3_finalize(stmt);
    }
    return arg;
}

static void shared_connection(void)
{
    sqlite3 *other = open_file();

    shared = open_flags(path, SQLITE_OPEN_FULLMUTEX);
    run(shared, "PRAGMA journal_mode = wal; PRAGMA synchronous = off");
    make_table(shared);
    in_threads(use_shared, 4);
    want(is(ask(other, blocked), ""));
    want(is(ask(other, "SELECT state || cursors FROM roster_connections WHERE id != roster_id()"),
            "idle0"));
    sqlite3_close(shared);
    sqlite3_close(other);
}

/* Shared cache: a lock of another connection is waited for by sqlite3_unlock_notify(). */
static atomic_int notified;

static void on_unlock(void **args, int n)
{
    (void)args;
    atomic_fetch_add(&notified, n);
}

static void shared_cache(void)
{
    sqlite3 *one = open_flags(path, SQLITE_OPEN_SHAREDCACHE);
    sqlite3 *two = open_flags(path, SQLITE_OPEN_SHAREDCACHE);
    sqlite3_stmt *stmt;

    make_table(one);
    run(one, "BEGIN IMMEDIATE; UPDATE t SET v = 'x'");
    want(!sqlite3_prepare_v2(two, "SELECT count(*) FROM t", -1, &stmt, NULL));
    want((sqlite3_step(stmt) & 0xff) == SQLITE_LOCKED);
    want(is(ask(one, "SELECT count(*) FROM roster_connections"), "2"));
    if (sqlite3_compileoption_used("ENABLE_UNLOCK_NOTIFY")) {
        want(!sqlite3_unlock_notify(two, on_unlock, NULL));
        want(!atomic_load(&notified));
        run(one, "COMMIT");
        want(atomic_load(&notified) == 1);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(two);
    sqlite3_close(one);
}

/* SQLite is shut down, configured otherwise and begun again. */
static void shut_down(void)
{
    static const int modes[] = {SQLITE_CONFIG_MULTITHREAD, SQLITE_CONFIG_SINGLETHREAD,
                                SQLITE_CONFIG_SERIALIZED};
    sqlite3 *db;
    size_t n;

    for (n = 0; n < 3; n++) {
        want(!sqlite3_config(modes[n]));
        db = open_file();
        make_table(db);
        run(db, "BEGIN; UPDATE t SET v = 'x'; ROLLBACK");
        want(is(ask(db, "SELECT state FROM roster_connections"), "running"));
        sqlite3_close(db);
        want(!sqlite3_shutdown());
    }
}

/* Statements come and go while others kill whatever they see, in all ways. */
static void *come_and_go(void *arg)
{
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int n = 0;

    while (!atomic_load(&stop)) {
        db = open_file();
        sqlite3_busy_timeout(db, 1000);
        for (n = 0; n < 20; n++) {
            if (sqlite3_prepare_v2(db, n % 2 ? "SELECT v FROM t" : "UPDATE t SET v = 'x'", -1,
                                   &stmt, NULL))
                continue;
            (void)sqlite3_step(stmt);
            if (n % 3)
                (void)sqlite3_step(stmt);
            if (n % 5 == 0)
                sqlite3_interrupt(db);
            sqlite3_finalize(stmt);
            if (n % 7 == 0)
                (void)sqlite3_exec(db, "BEGIN; SELECT count(*) FROM t; COMMIT", NULL, NULL, NULL);
        }
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        want(!sqlite3_close(db));
    }
    return arg;
}

static void *kill_all(void *arg)
{
    static const char *const how[] = {"transaction", "statement", "unsafe"};
    sqlite3 *db = open_flags(":memory:", 0);
    char sql[256];
    int n;

    for (n = 0; n < 150; n++) {
        snprintf(sql, sizeof(sql),
                 "SELECT roster_kill(id, '%s') FROM roster_connections "
                 "WHERE statement IS NOT NULL AND path != ':memory:' LIMIT 2",
                 how[n % 3]);
        (void)ask(db, sql);
    }
    sqlite3_close(db);
    atomic_store(&stop, true);
    return arg;
}

static void *come_or_kill(void *arg)
{
    return arg == &left[0] ? kill_all(arg) : come_and_go(arg);
}

static void kills(void)
{
    sqlite3 *db = open_file();

    run(db, "PRAGMA journal_mode = wal; PRAGMA synchronous = off");
    make_table(db);
    in_threads(come_or_kill, 5);
    want(is(ask(db, "SELECT count(*) FROM roster_connections"), "1"));
    want(is(ask(db, "SELECT roster_checkpoint()"),
            "the WAL is written back and truncated to 0 bytes"));
    sqlite3_close(db);
}

/* exit() while threads are inside SQLite. */
static void leave(void)
{
    sqlite3 *db = open_file();
    pthread_t thread;
    int n;

    run(db, "PRAGMA journal_mode = wal; PRAGMA synchronous = off");
    make_table(db);
    for (n = 0; n < 4; n++)
        want(!pthread_create(&thread, NULL, come_and_go, NULL));
    usleep(30000);
    exit(0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"quiet", quiet},
                 {"busy", busy},
                 {"sleep", sleep_outside},
                 {"vfs", vfs},
                 {"trace", trace},
                 {"threads", many_threads},
                 {"shared", shared_connection},
                 {"cache", shared_cache},
                 {"shutdown", shut_down},
                 {"kills", kills},
                 {"exit", leave}};
    size_t n;

    want(argc >= 3);
    path = argv[2];
    for (n = 0; n < sizeof(cases) / sizeof(*cases); n++)
        if (!strcmp(argv[1], cases[n].name))
            cases[n].run();
    if (argc > 3)
        loaded(argv[3]);
    return 0;
}
