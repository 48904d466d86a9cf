/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * sessions PORT SOCKET: what the mirror of a MariaDB server shows of statements and transactions of
 * every kind, and what kills through its endpoint at SOCKET do to them.
 */
#include "client.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERRUPTED 1317
#define SERVER_GONE 2013
#define WAIT_MS 5000

static unsigned port;
static const char *endpoint;
static MYSQL *admin;

/* What the mirror shows of a connection: "command: text", "*" before it in a transaction, or "Sleep
 * (last)". */
static char *row(unsigned long id)
{
    char text[1600];

    snprintf(
        text, sizeof(text),
        "SELECT IFNULL((SELECT CONCAT(IF(transaction_ms IS NULL, '', '*'), command, IF(info IS "
        "NULL, IF(last IS NULL, '', CONCAT(' (', last, ')')), CONCAT(': ', info))) "
        "FROM " ROSTER_ROWS " WHERE id = %lu), 'gone')",
        id);
    return answer(admin, text);
}

/* Waits until it shows that. */
static void shows(unsigned long id, const char *expected)
{
    char *shown = row(id), seen[256] = "nothing";
    int left;

    for (left = WAIT_MS; left && strcmp(shown, expected) != 0; left -= 10) {
        if (strcmp(shown, "Sleep") != 0)
            snprintf(seen, sizeof(seen), "%s", shown);
        free(shown);
        usleep(10000);
        shown = row(id);
    }
    if (!left) {
        printf("shown: %s, and before: %s\n", shown, seen);
        fail("the mirror does not show", expected);
    }
    free(shown);
}

/* A connection whose statement is executed by a thread. */
struct runner {
    MYSQL *mysql;
    unsigned long id;
    const char *text;
    unsigned error;
    pthread_t thread;
};

static void *execute(void *arg)
{
    struct runner *runner = arg;

    mysql_thread_init();
    runner->error = try_query(runner->mysql, runner->text);
    mysql_thread_end();
    return NULL;
}

static struct runner connected(void)
{
    struct runner runner = {.mysql = dial(port)};

    runner.id = mysql_thread_id(runner.mysql);
    query(runner.mysql, "USE d");
    return runner;
}

static void start(struct runner *runner, const char *text)
{
    runner->text = text;
    pthread_create(&runner->thread, NULL, execute, runner);
}

static unsigned finish(struct runner *runner)
{
    pthread_join(runner->thread, NULL);
    return runner->error;
}

static void finishes(struct runner *runner, unsigned error)
{
    if (finish(runner) != error) {
        printf("error %u, not %u\n", runner->error, error);
        fail(runner->text, mysql_error(runner->mysql));
    }
}

/* POST /kill with this; returns whether it was delivered. */
static bool kill_by(unsigned long id, const char *target)
{
    char request[160], reply[4096];

    snprintf(request, sizeof(request), "POST /kill?id=%lu&target=%s", id, target);
    ask(endpoint, request, reply, sizeof(reply));
    if (strncmp(reply, "HTTP/1.1 200", 12) == 0)
        return true;
    if (strncmp(reply, "HTTP/1.1 40", 11) != 0)
        fail(request, reply);
    return false;
}

static void must_kill(unsigned long id, const char *target)
{
    if (!kill_by(id, target))
        fail("a kill was not delivered", target);
}

static void statements(void)
{
    static const char bytes[] = "SELECT 'a\0b\xff\xc3', SLEEP(0.3)";
    static const char multi[] = "SELECT 1; SELECT SLEEP(0.3), 2; SELECT SLEEP(0.3), 3";
    struct runner one = connected();

    start(&one, multi);
    shows(one.id, "Query: SELECT SLEEP(0.3), 2; SELECT SLEEP(0.3), 3");
    shows(one.id, "Query: SELECT SLEEP(0.3), 3");
    finishes(&one, 0);
    shows(one.id, "Sleep");
    start(&one, "CALL outside()");
    shows(one.id, "Query: DO SLEEP(0.3), 'inside'");
    shows(one.id, "Query: CALL outside()");
    finishes(&one, 0);
    start(&one, "CALL handled()");
    shows(one.id, "Query: DO SLEEP(?),  NAME_CONST(?,?)");
    finishes(&one, 0);
    start(&one, "INSERT INTO triggered VALUES (1)");
    shows(one.id, "*Query: DO SLEEP(0.3), 'trigger'");
    finishes(&one, 0);
    query(one.mysql, "PREPARE s FROM 'SELECT SLEEP(?), 2'");
    start(&one, "EXECUTE s USING 0.3");
    shows(one.id, "Execute: SELECT SLEEP(?), 2");
    finishes(&one, 0);
    start(&one, "EXECUTE IMMEDIATE 'SELECT SLEEP(?), 3' USING 0.3");
    shows(one.id, "Execute: SELECT SLEEP(?), 3");
    finishes(&one, 0);
    if (!try_query(one.mysql, "EXECUTE IMMEDIATE 'SELEC'") ||
        !try_query(one.mysql, "CALL nosuch()"))
        fail("an error", "there was none");
    shows(one.id, "Sleep");
    if (mysql_send_query(one.mysql, bytes, sizeof(bytes) - 1))
        fail("NUL", mysql_error(one.mysql));
    shows(one.id, "Query: SELECT 'a\xef\xbf\xbd"
                  "b\xef\xbf\xbd\xef\xbf\xbd', SLEEP(0.3)");
    mysql_read_query_result(one.mysql);
    mysql_free_result(mysql_store_result(one.mysql));
    mysql_close(one.mysql);
    shows(one.id, "gone");
}

/* A statement that the client prepares by itself, with values that must stay private. */
static void *execute_prepared(void *arg)
{
    static const char text[] = "SELECT SLEEP(0.4), ?, 'fixed'";
    static char secret[] = "it's \\ secret";
    unsigned long length = sizeof(secret) - 1;
    MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_STRING, .buffer = secret, .length = &length};
    MYSQL_STMT *stmt = mysql_stmt_init(arg);

    if (mysql_stmt_prepare(stmt, text, sizeof(text) - 1) || mysql_stmt_bind_param(stmt, &bind) ||
        mysql_stmt_execute(stmt))
        fail(text, mysql_stmt_error(stmt));
    mysql_stmt_free_result(stmt);
    mysql_stmt_close(stmt);
    return NULL;
}

static void prepared(void)
{
    struct runner one = connected();
    pthread_t thread;
    int logged;

    for (logged = 0; logged < 2; logged++) {
        query(admin, logged ? "SET GLOBAL general_log = 1" : "SET GLOBAL general_log = 0");
        pthread_create(&thread, NULL, execute_prepared, one.mysql);
        /* With a log the server puts the value into the text; where that ends depends on sql_mode,
         * so what follows is left out. */
        shows(one.id,
              logged ? "Execute: SELECT SLEEP(?), ?" : "Execute: SELECT SLEEP(0.4), ?, 'fixed'");
        pthread_join(thread, NULL);
        shows(one.id, "Sleep");
    }
    query(admin, "SET GLOBAL general_log = 0");
    mysql_close(one.mysql);
}

/* Statements, after which a transaction is open or not. */
static void transactions(void)
{
    static const struct {
        const char *text;
        bool open;
    } cases[] = {
        {"SELECT * FROM t", false},
        {"BEGIN", true},
        {"SELECT * FROM t", true},
        {"COMMIT AND CHAIN", true},
        {"ROLLBACK", false},
        {"START TRANSACTION READ ONLY", true},
        {"COMMIT", false},
        {"BEGIN; INSERT INTO t VALUES (5)", true},
        {"CREATE OR REPLACE TABLE implicit (a INT)", false},
        {"XA START 'x'; SELECT * FROM t", true},
        {"XA END 'x'; XA ROLLBACK 'x'", false},
        {"SET autocommit = 0", false},
        {"SELECT User FROM mysql.user; COMMIT", false},
        {"SELECT * FROM t", true},
        {"SAVEPOINT x; ROLLBACK TO x", true},
        {"PREPARE c FROM 'COMMIT'; EXECUTE c", false},
        {"CALL looks()", true},
        {"CALL commits()", false},
        {"DELETE FROM t WHERE a = 99", true},
        {"SET autocommit = 1", false},
        {"CALL looks()", false},
        {"CALL begins()", true},
        {"ROLLBACK", false},
    };
    struct runner one = connected();
    size_t n;

    for (n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        char *shown;

        query(one.mysql, cases[n].text);
        /* The end is reported after the answer: what follows waits for it. */
        query(one.mysql, "DO 1");
        shown = row(one.id);
        if ((*shown == '*') != cases[n].open)
            fail(cases[n].text,
                 cases[n].open ? "no transaction is shown" : "a transaction is shown");
        free(shown);
    }
    query(one.mysql, "BEGIN; SELECT * FROM t");
    shows(one.id, "*Sleep (SELECT * FROM t)");
    mysql_reset_connection(one.mysql);
    shows(one.id, "Sleep");
    query(one.mysql, "BEGIN; SELECT * FROM d.t");
    mysql_change_user(one.mysql, "root", "", "d");
    shows(one.id, "Sleep");
    mysql_close(one.mysql);
}

static void kills(void)
{
    struct runner one = connected(), two = connected();

    /* A statement: its connection and transaction go on. */
    query(one.mysql, "BEGIN; INSERT INTO t VALUES (7)");
    start(&one, "SELECT SLEEP(60), a FROM t");
    shows(one.id, "*Query: SELECT SLEEP(60), a FROM t");
    must_kill(one.id, "statement");
    finishes(&one, INTERRUPTED);
    shows(one.id, "*Sleep (SELECT SLEEP(60), a FROM t)");
    query(one.mysql, "COMMIT");
    /* One in a routine, which goes with it. */
    start(&one, "CALL sleeps()");
    shows(one.id, "Query: SELECT SLEEP(60) INTO x");
    must_kill(one.id, "statement");
    finishes(&one, INTERRUPTED);
    /* Nothing runs. */
    shows(one.id, "Sleep");
    if (kill_by(one.id, "statement"))
        fail("a kill of no statement", "delivered");
    query(one.mysql, "DO 1");
    /* A transaction that is the statement. */
    start(&one, "SELECT SLEEP(60), 2 FROM t");
    shows(one.id, "*Query: SELECT SLEEP(60), 2 FROM t");
    must_kill(one.id, "transaction");
    finishes(&one, INTERRUPTED);
    query(one.mysql, "DO 1");
    /* One that is idle and holds a lock. */
    query(one.mysql, "BEGIN; UPDATE t SET a = 8 WHERE a = 7");
    start(&two, "UPDATE t SET a = 9 WHERE a = 7");
    shows(two.id, "*Query: UPDATE t SET a = 9 WHERE a = 7");
    must_kill(one.id, "transaction");
    finishes(&two, 0);
    shows(one.id, "gone");
    mysql_close(one.mysql);
    /* A connection. */
    start(&two, "SELECT SLEEP(60)");
    shows(two.id, "Query: SELECT SLEEP(60)");
    must_kill(two.id, "connection");
    finishes(&two, SERVER_GONE);
    shows(two.id, "gone");
    mysql_close(two.mysql);
    /* By the server's own KILL. */
    one = connected();
    start(&one, "SELECT SLEEP(60)");
    shows(one.id, "Query: SELECT SLEEP(60)");
    {
        char text[64];

        snprintf(text, sizeof(text), "KILL %lu", one.id);
        query(admin, text);
    }
    (void)finish(&one);
    shows(one.id, "gone");
    mysql_close(one.mysql);
}

/*
 * The storm: a connection executes short victims and bystanders in turn; kills are aimed at victims
 * that were seen, and many come late. No bystander is ever interrupted.
 */
#define STORM 300

static volatile bool storm_over;

static void *be_killed(void *arg)
{
    struct runner *runner = arg;
    unsigned hit = 0, error;

    mysql_thread_init();
    while (!storm_over) {
        error = try_query(runner->mysql, "SELECT 'victim', SLEEP(0.0005) FROM t WHERE a = 1");
        hit += error == INTERRUPTED;
        if (error && error != INTERRUPTED)
            fail("victim", mysql_error(runner->mysql));
        if (try_query(runner->mysql, "SELECT 'bystander', SLEEP(0.0005) FROM t WHERE a = 1"))
            fail("a bystander was hit", mysql_error(runner->mysql));
    }
    runner->error = hit;
    mysql_thread_end();
    return NULL;
}

/* The number of the statement of a connection when it is a victim, else 0. */
static unsigned long victim(unsigned long id)
{
    char request[128], reply[8192], *at;

    snprintf(request, sizeof(request), "GET /processlist?id=%lu&columns=statement,info", id);
    ask(endpoint, request, reply, sizeof(reply));
    at = strstr(reply, "victim") ? strstr(reply, "\"statement\":") : NULL;
    return at ? strtoul(at + strcspn(at, "0123456789"), NULL, 10) : 0;
}

static void storm(void)
{
    struct runner one = connected();
    unsigned long before = 0, statement;
    unsigned n, aimed = 0, delivered = 0;

    pthread_create(&one.thread, NULL, be_killed, &one);
    for (n = 0; n < STORM * 200 && aimed < STORM; n++) {
        char target[64];

        statement = victim(one.id);
        if (!statement || statement == before)
            continue;
        before = statement;
        usleep((unsigned)rand() % 700); /* about as long as one takes */
        snprintf(target, sizeof(target), "statement&statement=%lu", statement);
        aimed++;
        delivered += kill_by(one.id, target);
    }
    storm_over = true;
    pthread_join(one.thread, NULL);
    printf("%u kills, %u delivered, %u victims hit\n", aimed, delivered, one.error);
    if (!delivered || !one.error || one.error > delivered)
        fail("the storm", "victims that were hit are not those that were killed");
    mysql_close(one.mysql);
}

static void make_tables(void)
{
    query(admin, "CREATE DATABASE d; USE d; CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB; "
                 "INSERT INTO t VALUES (1); CREATE TABLE triggered (a INT);"
                 "CREATE TRIGGER tr BEFORE INSERT ON triggered FOR EACH ROW "
                 "BEGIN DO SLEEP(0.3), 'trigger'; END");
    query(admin, "CREATE PROCEDURE outside() BEGIN DECLARE i INT DEFAULT 1; "
                 "DO SLEEP(0.3), 'inside'; IF SLEEP(0.3) THEN SET i = 2; END IF; END");
    query(admin, "CREATE PROCEDURE handled() BEGIN DECLARE v INT DEFAULT 42; "
                 "DECLARE CONTINUE HANDLER FOR 1062 BEGIN END; INSERT INTO t VALUES (1); "
                 "DO SLEEP(0.3), v; END");
    query(admin, "CREATE PROCEDURE sleeps() BEGIN DECLARE x INT; SELECT SLEEP(60) INTO x; END");
    query(admin, "CREATE PROCEDURE looks() SELECT * FROM t");
    query(admin, "CREATE PROCEDURE commits() COMMIT");
    query(admin, "CREATE PROCEDURE begins() BEGIN START TRANSACTION; SELECT * FROM t; END");
}

int main(int argc, char **argv)
{
    port = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    endpoint = argc > 2 ? argv[2] : "";
    admin = dial(port);
    make_tables();
    statements();
    prepared();
    transactions();
    kills();
    storm();
    mysql_close(admin);
    mysql_library_end();
    printf("statements, transactions and kills are mirrored\n");
    return 0;
}
