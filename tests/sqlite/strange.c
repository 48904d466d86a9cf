/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * strange CASE FILE: uses of SQLite that leave no statement, or an odd one, and what is shown of
 * them; nothing is different for the program. Run with roster.so preloaded; strange.sh has the
 * cases.
 */
#include "program.h"

#include <pthread.h>
#include <stdatomic.h>

static char second[600]; /* a file beside `path` */

static const char blocked[] = "SELECT state FROM roster_blocker";

/* A WAL file with a table. */
static sqlite3 *make_file(const char *name)
{
    sqlite3 *db = open_flags(name, SQLITE_OPEN_URI);

    run(db, "PRAGMA journal_mode = wal; PRAGMA synchronous = off; PRAGMA wal_autocheckpoint = 0");
    make_table(db);
    return db;
}

static void attach(sqlite3 *db, const char *file, const char *schema)
{
    char *sql = sqlite3_mprintf("/* a tool's comment */ ATTACH %Q AS %s", file, schema);

    run(db, sql);
    sqlite3_free(sql);
}

/* What the connection of a file says of who blocks it. */
static bool blocks(sqlite3 *asking, const char *wanted)
{
    return is(ask(asking, "SELECT coalesce(group_concat(state || ' ' || path), '') FROM "
                          "roster_blocker"),
              wanted);
}

static sqlite3_stmt *begin(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;

    want(!sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
    want(sqlite3_step(stmt) == SQLITE_ROW);
    return stmt;
}

static sqlite3 *joining;

static void *join_attached(void *arg)
{
    (void)sqlite3_exec(joining, "SELECT count(*) FROM b.t x, b.t y, b.t z, b.t u, b.t v, b.t w",
                       NULL, NULL, NULL);
    return arg;
}

/* A connection holds the snapshots of the files that its transaction reads, attached ones too, and
 * of no others. */
static void attached(void)
{
    sqlite3 *first = make_file(path), *other = make_file(second), *memory;
    char wanted[700];
    sqlite3_stmt *stmt;
    pthread_t thread;
    int tries;

    memory = open_flags(":memory:", 0);
    attach(memory, path, "a");
    attach(memory, second, "b");
    run(memory, "BEGIN; SELECT count(*) FROM b.t");
    want(blocks(other, "idle in transaction :memory:"));
    want(blocks(first, ""));
    run(memory, "SELECT count(*) FROM a.t");
    want(blocks(first, "idle in transaction :memory:"));
    run(other, "UPDATE t SET v = 'x'");
    want(is(ask(other, "SELECT pages > 0 FROM roster_blocker"), "1"));
    want(strstr(ask(other, "SELECT roster_checkpoint()"), "in the way"));
    want(is(ask(other, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    want(blocks(first, "") && blocks(other, ""));
    stmt = begin(memory, "SELECT k FROM b.t");
    want(blocks(other, "cursor open :memory:") && blocks(first, ""));
    sqlite3_finalize(stmt);
    /* While it runs, no other thread can look which of its files it reads. */
    joining = memory;
    want(!pthread_create(&thread, NULL, join_attached, NULL));
    for (tries = 5000; tries && !*ask(other, blocked); tries--)
        usleep(1000);
    want(blocks(other, "running :memory:"));
    want(is(ask(other, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    pthread_join(thread, NULL);
    /* Whatever a statement is, it is one line of the answer. */
    stmt = begin(memory, "SELECT k FROM b.t /*\nin the way: \033[2J */");
    want(!strstr(ask(other, "SELECT roster_checkpoint()"), "\nin the way: ?"));
    want(strstr(ask(other, "SELECT roster_checkpoint()"), "/* in the way: ?[2J */"));
    sqlite3_finalize(stmt);
    run(memory, "DETACH b; BEGIN; SELECT count(*) FROM a.t");
    want(blocks(other, ""));
    run(memory, "COMMIT");
    /* From a connection that has attached the file. */
    run(first, "BEGIN; SELECT count(*) FROM t");
    snprintf(wanted, sizeof(wanted), "SELECT pages >= 0 FROM roster_blocker('%s')", path);
    want(is(ask(memory, wanted), "1"));
    want(strstr(ask(memory, "SELECT roster_checkpoint('a')"), "in the way") ||
         strstr(ask(memory, "SELECT roster_checkpoint('a')"), "truncated"));
    run(first, "COMMIT");
    want(sqlite3_exec(memory, "SELECT roster_checkpoint('none')", NULL, NULL, NULL) ==
         SQLITE_ERROR);
    want(strstr(sqlite3_errmsg(memory), "has no database 'none'"));
    sqlite3_close(memory);
    sqlite3_close(other);
    sqlite3_close(first);
}

/* Names: relative, by a link, as a URI, with what JSON and SQL quote, and not in UTF-8. */
static void names(void)
{
    sqlite3 *db = make_file(path), *reader, *odd;
    const char *base = strrchr(path, '/') + 1;
    char folder[600], sql[1400];

    snprintf(folder, sizeof(folder), "%.*s", (int)(base - path), path);
    want(!chdir(folder));
    want(!symlink(path, "link"));
    reader = open_flags("link", 0);
    run(reader, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(db, blocked), "idle in transaction"));
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM roster_blocker('%s')", base);
    want(is(ask(db, sql), "1"));
    want(is(ask(db, "SELECT count(*) FROM roster_blocker('link')"), "1"));
    want(is(ask(db, "SELECT count(*) FROM roster_blocker('nowhere')"), "0"));
    run(reader, "COMMIT");
    sqlite3_close(reader);
    snprintf(sql, sizeof(sql), "file:%s?mode=ro&cache=private&vfs=unix&key=x%%27%%22", path);
    reader = open_flags(sql, SQLITE_OPEN_URI);
    run(reader, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(db, blocked), "idle in transaction"));
    sqlite3_close(reader);
    odd = make_file("it's \"100%\"\n,files=x\xff.db;PRAGMA key='x'");
    reader = open_flags("it's \"100%\"\n,files=x\xff.db;PRAGMA key='x'", 0);
    run(reader, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(odd, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    sqlite3_close(reader);
    sqlite3_close(odd);
    sqlite3_close(db);
}

/* Keys of encrypted files: this SQLite may encrypt nothing, but it takes the statements. */
static void keys(void)
{
    static const char *const tried[][2] = {
        {"PRAGMA key = 'hunter2'", "PRAGMA key"},
        {"/* a */ pragma main . \"rekey\"('hunter2')", "/* a */ pragma main . \"rekey\""},
        {"PRAGMA hexkey='hunter2';", "PRAGMA hexkey"},
        {"PRAGMA/**/textrekey = \"hunter2\"", "PRAGMA/**/textrekey"},
        {"PRAGMA [key] = hunter2", "PRAGMA [key]"},
        {"ATTACH ':memory:' AS m KEY 'hunter2'", "ATTACH ':memory:' AS m KEY"},
        {"ATTACH 'file:monkey?mode=memory&hexkey=hunter2' AS m", "ATTACH 'file:monkey"},
        {"ATTACH 'file:x?mode=memory&%6bey=hunter2' AS m", "ATTACH 'file:x"},
        {"\xef\xbb\xbfPRAGMA key = 'hunter2'", "\xef\xbb\xbfPRAGMA key"},
        {"PRAGMA \xef\xbb\xbfmain . key = 'hunter2'", "PRAGMA \xef\xbb\xbfmain . key"},
        {" \v;/**/ \vPRAGMA key = 'hunter2'", " \v;/**/ \vPRAGMA key"},
        {"\357\273\277ATTACH ':memory:' AS m KEY 'hunter2'",
         "\357\273\277ATTACH ':memory:' AS m KEY"},
        {"ATTACH 'file:x?mode=memory&' || '%6bey=hunter2' AS m", "ATTACH 'file:x"},
        {"ATTACH 'file:x' || char(63) || 'mode=memory&hexkey=hunter2' AS m", "ATTACH 'file:x' "},
        {"ATTACH printf('file:x%smode=memory&hexkey=hunter2', char(63)) AS m", "ATTACH printf"},
        {"PRAGMA foreign_keys = 1", "PRAGMA foreign_keys = 1"},
        {"PRAGMA key", "PRAGMA key"},
        {"ATTACH 'file:monkey?mode=memory' AS m", "ATTACH 'file:monkey?mode=memory' AS m"},
        {"ATTACH ':memory:' AS monkey", "ATTACH ':memory:' AS monkey"},
        {"SELECT 'PRAGMA key = 1'", "SELECT 'PRAGMA key = 1'"},
    };
    sqlite3 *db = make_file(path), *reader;
    size_t n;

    for (n = 0; n < sizeof(tried) / sizeof(*tried); n++) {
        reader = open_flags(path, SQLITE_OPEN_URI);
        run(reader, "BEGIN; SELECT count(*) FROM t");
        run(reader, tried[n][0]);
        want(is(ask(db, "SELECT statement FROM roster_blocker"), tried[n][1]));
        sqlite3_close(reader);
    }
    sqlite3_close(db);
}

/* An incremental blob reads without a statement; a backup likewise, and leaves nothing. */
static void blobs(void)
{
    sqlite3 *db = make_file(path), *reader = open_file(), *copy = open_flags(":memory:", 0);
    sqlite3_backup *backup;
    sqlite3_blob *blob;

    run(db, "UPDATE t SET v = zeroblob(100000) WHERE k = 7");
    want(!sqlite3_blob_open(reader, "main", "t", "v", 7, 0, &blob));
    want(is(ask(db, blocked), "idle in transaction"));
    want(strstr(ask(db, "SELECT statement FROM roster_blocker"), "incremental blob"));
    want(strstr(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "not ended: what holds"));
    want(is(ask(db, "SELECT count(*) FROM roster_blocker"), "1"));
    want(!sqlite3_blob_close(blob));
    want(is(ask(db, blocked), ""));
    /* In a transaction its snapshot stays. */
    attach(reader, ":memory:", "m");
    run(reader, "BEGIN");
    attach(reader, ":memory:", "n");
    want(!sqlite3_blob_open(reader, "main", "t", "v", 7, 0, &blob));
    want(strstr(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "not ended: what holds"));
    want(!sqlite3_blob_close(blob));
    want(is(ask(db, blocked), "idle in transaction"));
    want(is(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    want(is(ask(db, blocked), "") && sqlite3_get_autocommit(reader));
    backup = sqlite3_backup_init(copy, "main", reader, "main");
    want(backup && sqlite3_backup_step(backup, 2) == SQLITE_OK);
    want(is(ask(db, blocked), ""));
    run(db, "UPDATE t SET v = 'x'");
    want(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    want(!sqlite3_backup_finish(backup));
    want(is(ask(copy, "SELECT count(*) FROM t"), "100"));
    want(is(ask(db, blocked), ""));
    sqlite3_close(copy);
    sqlite3_close(reader);
    sqlite3_close(db);
}

/* A step of a backup that copies all at once reads for as long as it takes: here its copy is locked
 * away from it for a moment, in which others look. */
static atomic_int looks;

static void *look(void *asking)
{
    want(is(ask(asking, "SELECT state || ' ' || statement FROM roster_blocker"),
            "running sqlite3_backup_step()"));
    want(strstr(ask(asking, "SELECT roster_kill(id) FROM roster_blocker"), "interrupted"));
    return NULL;
}

static int look_at_backup(void *asking, int count)
{
    pthread_t thread;

    (void)count;
    atomic_fetch_add(&looks, 1);
    want(!pthread_create(&thread, NULL, look, asking));
    pthread_join(thread, NULL);
    return 0;
}

static void backups(void)
{
    sqlite3 *db = make_file(path), *reader = open_file(), *copy = open_flags(second, 0);
    sqlite3 *locks = open_flags(second, 0);
    sqlite3_backup *backup;

    make_table(locks);
    run(locks, "BEGIN EXCLUSIVE");
    want(!sqlite3_busy_handler(copy, look_at_backup, db));
    backup = sqlite3_backup_init(copy, "main", reader, "main");
    want(backup && sqlite3_backup_step(backup, -1) == SQLITE_BUSY);
    want(atomic_load(&looks));
    want(is(ask(db, blocked), ""));
    run(locks, "COMMIT");
    want(sqlite3_backup_step(backup, 1) == SQLITE_OK);
    want(is(ask(db, blocked), ""));
    want(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    want(!sqlite3_backup_finish(backup));
    want(is(ask(db, "SELECT state || cursors FROM roster_connections WHERE path = "
                    "(SELECT file FROM pragma_database_list) AND id != roster_id()"),
            "idle0"));
    sqlite3_close(locks);
    sqlite3_close(copy);
    sqlite3_close(reader);
    sqlite3_close(db);
}

/* A program that was closed by sqlite3_close_v2() goes on with what it has not finalized. */
static void zombies(void)
{
    sqlite3 *db = make_file(path), *reader = open_file();
    sqlite3_stmt *stmt = begin(reader, "SELECT k FROM t");

    want(!sqlite3_close_v2(reader));
    want(is(ask(db, blocked), "cursor open"));
    want(strstr(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "cursor is open"));
    sqlite3_finalize(stmt);
    want(is(ask(db, "SELECT count(*) FROM roster_connections"), "1"));
    reader = open_file();
    run(reader, "BEGIN");
    stmt = begin(reader, "SELECT k FROM t");
    sqlite3_reset(stmt);
    want(!sqlite3_close_v2(reader));
    want(is(ask(db, blocked), "idle in transaction"));
    want(strstr(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "not finalized"));
    sqlite3_finalize(stmt);
    want(is(ask(db, "SELECT count(*) FROM roster_connections"), "1"));
    sqlite3_close(db);
}

/* Savepoints; what is asked to end may end, whatever stands before ROLLBACK. */
static void savepoints(void)
{
    sqlite3 *db = make_file(path), *reader = open_file();

    run(reader, "SAVEPOINT one; SELECT count(*) FROM t; SAVEPOINT two; ROLLBACK TO two");
    want(is(ask(db, blocked), "idle in transaction"));
    run(reader, "RELEASE two");
    want(is(ask(db, blocked), "idle in transaction"));
    run(reader, "RELEASE one");
    want(is(ask(db, blocked), ""));
    run(reader, "SAVEPOINT one; SELECT count(*) FROM t");
    want(is(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    want(sqlite3_exec(reader, "RELEASE one", NULL, NULL, NULL) == SQLITE_ERROR);
    want(sqlite3_exec(reader, "BEGIN CONCURRENT", NULL, NULL, NULL) == SQLITE_ERROR);
    want(is(ask(db, blocked), ""));
    sqlite3_close(reader);
    /* Without a mutex its own thread has to: and its tool writes a comment before everything. */
    reader = open_flags(path, SQLITE_OPEN_NOMUTEX);
    run(reader, "/* x */ BEGIN; -- y\n SELECT count(*) FROM t");
    want(strstr(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "asked"));
    want(sqlite3_exec(reader, "/* x */ SELECT 1", NULL, NULL, NULL) == SQLITE_INTERRUPT);
    run(reader, "/* a tool's\ncomment */ -- and another\n ROLLBACK /* x */");
    want(is(ask(db, blocked), ""));
    sqlite3_close(reader);
    sqlite3_close(db);
}

/* Long texts, large values, triggers in triggers, statements inside of functions. */
static void inside(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    sqlite3_result_text(context, ask(sqlite3_context_db_handle(context), blocked), -1,
                        SQLITE_TRANSIENT);
}

/* Of the connection that asks. */
static void inside_here(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    sqlite3_result_text(context,
                        ask(sqlite3_context_db_handle(context),
                            "SELECT statement\n"
                            "FROM roster_connections WHERE id = roster_id()"),
                        -1, SQLITE_TRANSIENT);
}

static void statements(void)
{
    sqlite3 *db = make_file(path), *other = open_file();
    const size_t size = 3000000;
    char *text = malloc(size + 1), *blob = malloc(size);
    sqlite3_stmt *stmt;

    want(text && blob);
    memset(text, ' ', size);
    memset(blob, 0xff, size);
    memcpy(text, "SELECT k, /*\xc3", 13);
    memcpy(text + size - 22, "\xa4*/ ?1 FROM t WHERE k>1", 23);
    want(is(ask(other, "SELECT roster_setting('values', 'on')"), "on"));
    want(!sqlite3_prepare_v2(db, text, -1, &stmt, NULL));
    want(!sqlite3_bind_blob(stmt, 1, blob, (int)size, SQLITE_STATIC));
    want(sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 1) == (int)size);
    want(sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1) >= 1000000000);
    want(is(ask(other, "SELECT length(statement) <= 1024 AND statement LIKE 'SELECT k, /*%' "
                       "FROM roster_blocker"),
            "1"));
    sqlite3_finalize(stmt);
    want(!sqlite3_prepare_v2(db, "SELECT ?1 FROM t", -1, &stmt, NULL));
    want(!sqlite3_bind_text(stmt, 1, "a'b", -1, SQLITE_STATIC));
    want(sqlite3_step(stmt) == SQLITE_ROW);
    want(is(ask(other, "SELECT statement FROM roster_blocker"), "SELECT 'a''b' FROM t"));
    sqlite3_finalize(stmt);
    /* SQLite makes a comment of each line of it. */
    want(!sqlite3_create_function_v2(db, "here", 0, SQLITE_UTF8, NULL, inside_here, NULL, NULL,
                                     NULL));
    want(is(ask(db, "SELECT here()"),
            "SELECT statement\nFROM roster_connections WHERE id = roster_id()"));
    want(is(ask(other, "SELECT roster_setting('values', 'off')"), "off"));
    run(db, "PRAGMA recursive_triggers = on; CREATE TABLE r(n);"
            "CREATE TRIGGER tr AFTER INSERT ON r WHEN new.n < 200 BEGIN "
            "INSERT INTO r VALUES(new.n + 1); END; INSERT INTO r VALUES(1)");
    want(is(ask(db, "SELECT count(*) FROM r"), "200"));
    want(is(ask(other, "SELECT cursors || state FROM roster_connections WHERE id != roster_id()"),
            "0idle"));
    want(!sqlite3_create_function_v2(db, "inside", 0, SQLITE_UTF8, NULL, inside, NULL, NULL, NULL));
    want(is(ask(db, "SELECT inside() FROM t WHERE k = 3"), "running"));
    want(is(ask(other, blocked), ""));
    free(text);
    free(blob);
    sqlite3_close(other);
    sqlite3_close(db);
}

/* A program whose own functions, tables, handlers and extensions are in the way. */
static atomic_int called;
static const char *denied; /* a table that may not be read, or NULL */

static int authorize(void *arg, int action, const char *one, const char *two, const char *three,
                     const char *four)
{
    (void)arg, (void)two, (void)three, (void)four;
    atomic_fetch_add(&called, 1);
    return denied && one && (action == SQLITE_READ || action == SQLITE_PRAGMA) &&
                   !strcmp(one, denied)
               ? SQLITE_DENY
               : SQLITE_OK;
}

static int progress(void *arg)
{
    (void)arg;
    atomic_fetch_add(&called, 1);
    return 0;
}

static void own(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc, (void)argv;
    sqlite3_result_text(context, "the program's own", -1, SQLITE_STATIC);
}

static int traced;

static int on_trace(unsigned event, void *arg, void *stmt, void *detail)
{
    (void)event, (void)arg, (void)stmt, (void)detail;
    traced++;
    return 0;
}

static void replaced(void)
{
    static const char *const functions[] = {"roster_id", "roster_kill", "roster_checkpoint",
                                            "roster_setting"};
    sqlite3 *db = make_file(path), *other = open_file();
    size_t n;

    for (n = 0; n < sizeof(functions) / sizeof(*functions); n++)
        want(!sqlite3_create_function_v2(db, functions[n], (int)n ? 1 : 0, SQLITE_UTF8, NULL, own,
                                         NULL, NULL, NULL));
    want(is(ask(db, "SELECT roster_id()"), "the program's own"));
    want(is(ask(db, "SELECT roster_kill(1)"), "the program's own"));
    run(db, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(other, blocked), "idle in transaction"));
    want(!sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_trace, NULL));
    traced = 0;
    want(is(ask(other, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    want(traced == 0);
    want(sqlite3_drop_modules(db, NULL) == SQLITE_OK);
    run(db, "BEGIN; SELECT count(*) FROM t; COMMIT");
    sqlite3_reset_auto_extension();
    sqlite3_close(db);
    db = open_file();
    want(is(ask(other, "SELECT count(*) FROM roster_connections"), "2"));
    sqlite3_close(db);
    sqlite3_close(other);
}

static void handlers(void)
{
    sqlite3 *db = make_file(path), *other = open_file();

    want(!sqlite3_set_authorizer(db, authorize, NULL));
    sqlite3_progress_handler(db, 1, progress, NULL);
    run(db, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(other, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    want(is(ask(db, "SELECT count(*) FROM roster_connections"), "2"));
    want(is(ask(db, "SELECT roster_checkpoint()"),
            "the WAL is written back and truncated to 0 bytes"));
    denied = "journal_mode";
    want(sqlite3_exec(db, "SELECT roster_checkpoint()", NULL, NULL, NULL) == SQLITE_ERROR);
    want(strstr(sqlite3_errmsg(db), "the WAL cannot be read: authorization denied"));
    want(atomic_load(&called) > 0);
    sqlite3_close(db);
    sqlite3_close(other);
}

/* Interrupts of the program's own, at any moment, hit what runs then, and disturb no list. */
static atomic_bool stop;

static void *interrupt_often(void *db)
{
    while (!atomic_load(&stop)) {
        sqlite3_interrupt(db);
        usleep(100);
    }
    return NULL;
}

static void interrupts(void)
{
    sqlite3 *db = make_file(path), *other = open_file();
    pthread_t thread;
    int n;

    want(!pthread_create(&thread, NULL, interrupt_often, db));
    for (n = 0; n < 300; n++) {
        (void)sqlite3_exec(db, "BEGIN; SELECT count(*) FROM t x, t y; UPDATE t SET v = 'i'; COMMIT",
                           NULL, NULL, NULL);
        if (!sqlite3_get_autocommit(db))
            (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        if (n % 30 == 0)
            want(is(ask(other, "SELECT count(*) FROM roster_connections"), "2"));
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    if (!sqlite3_get_autocommit(db))
        run(db, "ROLLBACK");
    want(is(ask(other, blocked), ""));
    sqlite3_close(db);
    sqlite3_close(other);
}

/* A journal that does not belong to a WAL, files without names. */
static void journals(void)
{
    sqlite3 *db = open_file(), *other = open_file();
    sqlite3 *memory = open_flags(":memory:", 0), *asking = open_flags(":memory:", 0);

    make_table(db);
    run(other, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(db, "SELECT state || coalesce(pages, ' none') FROM roster_blocker"),
            "idle in transaction none"));
    want(strstr(ask(db, "SELECT roster_checkpoint()"), "there is no WAL"));
    want(strstr(ask(memory, "SELECT roster_checkpoint()"), "there is no WAL"));
    make_table(memory);
    run(memory, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(asking, "SELECT count(*) FROM roster_blocker"), "2"));
    want(is(ask(asking, "SELECT count(*) FROM roster_blocker(':memory:')"), "1"));
    want(is(ask(db, "SELECT count(*) FROM roster_blocker"), "1"));
    sqlite3_close(asking);
    sqlite3_close(memory);
    sqlite3_close(other);
    other = open_flags("", 0);
    make_table(other);
    run(other, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(db, "SELECT count(*) FROM roster_blocker"), "0"));
    sqlite3_close(other);
    sqlite3_close(db);
}

/* A statement that begins once more, as another connection has changed the schema, is shown while
 * it runs; one that cannot is not. */
static sqlite3_stmt *again;

static void *step_again(void *arg)
{
    (void)sqlite3_step(again);
    return arg;
}

static void schema(void)
{
    sqlite3 *db = make_file(path), *other = open_file();
    pthread_t thread;
    int tries;

    want(!sqlite3_prepare_v2(other, "SELECT count(*) FROM t a, t b, t c, t d, t e, t f", -1, &again,
                             NULL));
    run(db, "CREATE TABLE more(x)");
    want(!pthread_create(&thread, NULL, step_again, NULL));
    for (tries = 5000; tries && !*ask(db, blocked); tries--)
        usleep(1000);
    usleep(2000);
    want(is(ask(db, blocked), "running"));
    want(is(ask(db, "SELECT substr(statement, 1, 15) FROM roster_blocker"), "SELECT count(*)"));
    want(is(ask(db, "SELECT roster_kill(id) FROM roster_blocker"), "ended"));
    pthread_join(thread, NULL);
    want(sqlite3_finalize(again) == SQLITE_INTERRUPT);
    want(!sqlite3_prepare_v2(other, "INSERT INTO more VALUES(1)", -1, &again, NULL));
    run(db, "DROP TABLE more");
    want(sqlite3_step(again) == SQLITE_ERROR);
    want(is(ask(db, "SELECT state || cursors FROM roster_connections WHERE id != roster_id()"),
            "idle0"));
    run(db, "CREATE TABLE more(x)");
    sqlite3_reset(again);
    want(sqlite3_step(again) == SQLITE_DONE);
    run(db, "DROP TABLE more");
    sqlite3_reset(again);
    want(sqlite3_step(again) == SQLITE_ERROR);
    run(db, "CREATE TABLE more(x)");
    usleep(50000);
    sqlite3_reset(again);
    want(sqlite3_step(again) == SQLITE_DONE);
    run(db, "DROP TABLE more");
    sqlite3_reset(again);
    want(sqlite3_step(again) == SQLITE_ERROR);
    run(other, "BEGIN; SELECT count(*) FROM t");
    want(is(ask(db, "SELECT state || cursors FROM roster_blocker"), "idle in transaction0"));
    run(other, "COMMIT; CREATE TABLE other(x); DROP TABLE other");
    want(is(ask(db, "SELECT state || cursors FROM roster_connections WHERE id != roster_id()"),
            "idle0"));
    sqlite3_finalize(again);
    sqlite3_close(other);
    sqlite3_close(db);
}

/* Nothing strange. */
static void plain(void)
{
    sqlite3 *db = make_file(path), *other = open_file();

    want(is(ask(other, "SELECT count(*) FROM t"), "100"));
    sqlite3_close(other);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"attached", attached},
                 {"names", names},
                 {"keys", keys},
                 {"blobs", blobs},
                 {"backups", backups},
                 {"zombies", zombies},
                 {"savepoints", savepoints},
                 {"statements", statements},
                 {"replaced", replaced},
                 {"handlers", handlers},
                 {"interrupts", interrupts},
                 {"journals", journals},
                 {"schema", schema},
                 {"plain", plain}};
    size_t n;

    want(argc == 3);
    path = argv[2];
    snprintf(second, sizeof(second), "%s.second", path);
    for (n = 0; n < sizeof(cases) / sizeof(*cases); n++)
        if (!strcmp(argv[1], cases[n].name))
            cases[n].run();
    return 0;
}
