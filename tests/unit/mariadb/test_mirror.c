/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the MariaDB plugin makes of a server's events, without a server: the events are those that a
 * MariaDB 10.11 sends, with its numbers of queries. tests/mariadb compares with the server itself.
 */
#include "mariadb/connections.h"
#include "mariadb/kill.h"
#include "mariadb/mirror.h"
#include "mariadb/server.h"

#include "../unit.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The server, as far as the plugin asks it: KILLs that it was sent, and what it says to them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char kills[512];
static uint64_t known_query;
static pthread_mutex_t *gate; /* of the connection that is killed */
static bool outside;          /* a KILL was sent while its thread could end what is killed */

bool rst_mdb_sql_begin(void)
{
    return true;
}

void rst_mdb_sql_end(void)
{
}

enum rst_mdb_answer rst_mdb_sql_kill(const char *what, uint64_t id)
{
    bool is_known = strcmp(what, "QUERY ID") != 0 || id == known_query;

    pthread_mutex_lock(&lock);
    if (!pthread_mutex_trylock(gate)) {
        outside = true;
        pthread_mutex_unlock(gate);
    }
    snprintf(kills + strlen(kills), sizeof(kills) - strlen(kills), "%s %u%s; ", what, (unsigned)id,
             is_known ? "" : "?");
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return is_known ? RST_MDB_DONE : RST_MDB_NOTHING;
}

static struct rst_mdb_text text(const char *from)
{
    return (struct rst_mdb_text){from, from ? strlen(from) : 0};
}

/* An event of connection 7, unless it says another, in a server that commits by itself. */
static const struct rst_mdb_event *filled(struct rst_mdb_event event)
{
    static struct rst_mdb_event kept;

    kept = event;
    kept.autocommit = true;
    if (!kept.id)
        kept.id = 7;
    if (!kept.command)
        kept.command = ROSTER_COMMAND_QUERY;
    if (!kept.account.text)
        kept.account = text("root[root] @  [127.0.0.1]");
    if (!kept.database.text)
        kept.database = text("d");
    return &kept;
}

#define EVENT(...) filled((struct rst_mdb_event){__VA_ARGS__})
#define TEXT(string) .statement = {(string), sizeof(string) - 1}

static void start(void)
{
    const struct rst_mdb_who who = {text("root"), text("127.0.0.1"), text("d")};
    struct rst_mdb_connection *connection;

    cr_assert_eq(rst_mdb_open(0), 0);
    cr_assert_eq(rst_mdb_killer_start(rst_mdb_roster()), 0);
    rst_mdb_connect(7, &who);
    connection = rst_mdb_enter(7);
    gate = &connection->gate;
    rst_mdb_leave(connection);
}

static void stop(void)
{
    cr_assert_eq(rst_mdb_errors(), 0, "%u calls failed", (unsigned)rst_mdb_errors());
    rst_mdb_killer_stop();
    cr_assert_eq(rst_mdb_close(), 0);
}

TestSuite(mirror, .init = start, .fini = stop);

/* What a list shows of a connection, "command: text", with "*" in a transaction. */
static const char *row(uint64_t id)
{
    static char shown[256], room[4096];
    struct roster_entry entry;

    if (roster_look(rst_mdb_roster(), id, &entry, room, sizeof(room)))
        return "gone";
    snprintf(shown, sizeof(shown), "%s%s: %s", entry.start_ts ? "*" : "",
             roster_command_name(entry.command), entry.text ? entry.text : "");
    return shown;
}

#define SHOWS(what) cr_assert_str_eq(row(7), what)

Test(mirror, shows_a_statement_while_it_runs)
{
    SHOWS("Sleep: ");
    rst_mdb_begin(EVENT(.query_id = 5, TEXT("select 1")));
    SHOWS("Query: select 1");
    rst_mdb_end_all(EVENT(.query_id = 5, TEXT("select 1")));
    SHOWS("Sleep: ");
    rst_mdb_end(EVENT(.query_id = 5, TEXT("select 1")));
    SHOWS("Sleep: ");
    rst_mdb_disconnect(7);
    SHOWS("gone");
}

Test(mirror, shows_statements_of_routines_inside_of_their_call)
{
    rst_mdb_begin(EVENT(.query_id = 11, TEXT("call h()")));
    rst_mdb_begin(EVENT(.query_id = 11, TEXT("insert 1")));
    SHOWS("Query: insert 1");
    rst_mdb_begin(EVENT(.query_id = 12, TEXT("trigger")));
    SHOWS("Query: trigger");
    rst_mdb_end(EVENT(.query_id = 13, TEXT("trigger")));
    SHOWS("Query: insert 1");
    rst_mdb_end(EVENT(.query_id = 12, TEXT("insert 1"), .error = 1062));
    SHOWS("Query: call h()");
    rst_mdb_begin(EVENT(.query_id = 15, TEXT("select NAME_CONST('i',2)")));
    SHOWS("Query: select NAME_CONST(?,?)");
    /* One that failed may leave out its end: that of the call is of all. */
    rst_mdb_end(EVENT(.query_id = 11, TEXT("call h()"), .error = 1062));
    SHOWS("Sleep: ");
}

Test(mirror, shows_prepared_statements_without_their_values)
{
    rst_mdb_begin(EVENT(.query_id = 3, .command = ROSTER_COMMAND_EXECUTE,
                        TEXT("select ? + 1, 'a?b' /* ? */")));
    SHOWS("Execute: select ? + 1, 'a?b' /* ? */");
    rst_mdb_end(EVENT(.query_id = 3, .command = ROSTER_COMMAND_EXECUTE, TEXT("select")));
    rst_mdb_begin(EVENT(.query_id = 4, .command = ROSTER_COMMAND_EXECUTE,
                        TEXT("select 5 + 1, 'it''s', `a?b`, c2")));
    SHOWS("Execute: select ? + ?, ?, `a?b`, c2");
    rst_mdb_end(EVENT(.query_id = 4, .command = ROSTER_COMMAND_EXECUTE, TEXT("select")));
    rst_mdb_show_values(true);
    rst_mdb_begin(EVENT(.query_id = 5, .command = ROSTER_COMMAND_EXECUTE, TEXT("select 5")));
    rst_mdb_show_values(false);
    SHOWS("Execute: select 5");
}

Test(mirror, masks_passwords)
{
    static const char all[] = "select 'a'; set password = 'b'";

    rst_mdb_begin(EVENT(.query_id = 3, TEXT("alter user u identified by 'a'")));
    SHOWS("Query: alter user u identified by ?");
    rst_mdb_end(EVENT(.query_id = 3, TEXT("alter user u identified by 'a'")));
    rst_mdb_begin(EVENT(.query_id = 4, TEXT(all)));
    SHOWS("Query: select ?; set password = ?");
    rst_mdb_end(EVENT(.query_id = 4, .statement = {all, 10}));
    SHOWS("Query: set password = ?");
    rst_mdb_end(EVENT(.query_id = 5, TEXT("set password = 'b'")));
    rst_mdb_show_values(true);
    rst_mdb_begin(EVENT(.query_id = 6, TEXT("set password = 'b'")));
    rst_mdb_show_values(false);
    SHOWS("Query: set password = 'b'");
}

/* How long a text of `n` statements takes, in nanoseconds of this thread. */
static int64_t time_of_many(unsigned n)
{
    static const char one[] = "do 1;", end[] = "set password = 'b'";
    const size_t each = sizeof(one) - 1, length = n * each + sizeof(end) - 1;
    struct timespec before, after;
    char *all = malloc(length);
    unsigned done;

    for (done = 0; done < n; done++)
        memcpy(all + done * each, one, each);
    memcpy(all + n * each, end, sizeof(end) - 1);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    rst_mdb_begin(EVENT(.query_id = 3, .statement = {all, length}));
    for (done = 0; done < n; done++)
        rst_mdb_end(EVENT(.query_id = 3 + done, .statement = {all + done * each, each - 1}));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    SHOWS("Query: set password = ?");
    rst_mdb_end_all(EVENT(.query_id = 3 + n, TEXT("set password = 'b'")));
    free(all);
    return (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec - before.tv_nsec;
}

/* Four times as many take four times as long, not sixteen times. */
Test(mirror, a_text_of_many_statements_takes_no_square_of_its_length)
{
    int64_t few = time_of_many(4000), many = time_of_many(16000);

    cr_assert_lt(many, few * 9, "%lld ns, and %lld ns for four times as many", (long long)few,
                 (long long)many);
}

Test(mirror, shows_what_execute_runs)
{
    rst_mdb_begin(EVENT(.query_id = 45, TEXT("execute s using @a")));
    rst_mdb_begin(EVENT(.query_id = 45, .command = ROSTER_COMMAND_EXECUTE, TEXT("select ?")));
    SHOWS("Execute: select ?");
    /* The server reports one end, and no result after an error. */
    rst_mdb_end(EVENT(.query_id = 45, TEXT("select ?"), .error = 1062));
    SHOWS("Sleep: ");
    rst_mdb_begin(EVENT(.query_id = 46, TEXT("prepare s from 'select ?'")));
    rst_mdb_begin(EVENT(.query_id = 46, .command = ROSTER_COMMAND_PREPARE, TEXT("select ?")));
    SHOWS("Query: prepare s from 'select ?'");
}

Test(mirror, shows_the_statements_of_one_text_one_after_another)
{
    static const char all[] = "select 1; execute s;\n selec; select 4";

    rst_mdb_begin(EVENT(.query_id = 83, TEXT(all)));
    SHOWS("Query: select 1; execute s;\n selec; select 4");
    rst_mdb_end(EVENT(.query_id = 83, .statement = {all, 8}));
    SHOWS("Query: execute s;\n selec; select 4");
    rst_mdb_begin(EVENT(.query_id = 84, .command = ROSTER_COMMAND_EXECUTE, TEXT("select ?")));
    SHOWS("Execute: select ?");
    rst_mdb_end(EVENT(.query_id = 84, TEXT("select ?")));
    SHOWS("Sleep: "); /* its text is another one, so what follows is not known */
    rst_mdb_end(EVENT(.query_id = 85, .statement = {all + 22, 15}, .error = 1064));
    SHOWS("Sleep: ");
}

Test(mirror, keeps_count_of_more_statements_than_it_shows)
{
    unsigned n;

    for (n = 0; n < 300; n++)
        rst_mdb_begin(EVENT(.query_id = 100 + n, TEXT("recursion")));
    for (n = 299; n > 0; n--)
        rst_mdb_end(EVENT(.query_id = 101 + n, TEXT("recursion")));
    SHOWS("Query: recursion");
    rst_mdb_end(EVENT(.query_id = 100, TEXT("recursion")));
    SHOWS("Sleep: ");
}

/* Begins and ends a statement that uses a table and leaves the server in this state. */
static void run(const char *statement, bool begun, bool autocommit, unsigned error)
{
    static uint64_t query_id = 1000;
    struct rst_mdb_event event = *EVENT(.query_id = ++query_id);

    event.statement = text(statement);
    event.begun = begun;
    event.autocommit = autocommit;
    event.error = error;
    rst_mdb_begin(&event);
    if (!strncmp(statement, "select", 6) || !strncmp(statement, "update", 6)) {
        event.read_only = statement[0] == 's';
        rst_mdb_table(&event);
        cr_assert_eq(*row(7), '*', "%s: no transaction while it runs", statement);
    }
    event.read_only = false;
    rst_mdb_end(&event);
}

static uint64_t txn_number(void)
{
    static char room[4096];
    struct roster_entry entry;

    cr_assert_eq(roster_look(rst_mdb_roster(), 7, &entry, room, sizeof(room)), 0);
    return entry.txn_seq;
}

Test(mirror, shows_transactions_that_the_server_is_inside_of)
{
    uint64_t before;

    run("begin", true, true, 0);
    SHOWS("*Sleep: ");
    before = txn_number();
    run("select t", true, true, 0);
    run("rollback to savepoint x", true, true, 0);
    run("commit", true, true, 1205);
    cr_assert_eq(txn_number(), before);
    run("commit and chain", true, true, 0);
    cr_assert_neq(txn_number(), before);
    before = txn_number();
    run("update t", true, true, 1213);
    cr_assert_neq(txn_number(), before, "the victim of a deadlock goes on");
    run("create table t (a int)", false, true, 0);
    SHOWS("Sleep: ");
    run("begin", true, true, 0);
    rst_mdb_end(EVENT(.command = ROSTER_COMMAND_OTHER, .query_id = 9000));
    SHOWS("Sleep: ");
}

Test(mirror, shows_transactions_with_autocommit_off)
{
    static const char *const ends[] = {"commit",
                                       "/* c */ Rollback work",
                                       "/*!50000 commit */",
                                       "-- c\n truncate t",
                                       "create or replace table x",
                                       "drop table x",
                                       "load index into cache t"};
    static const char *const goes_on[] = {"rollback work to x",
                                          "set @a = 'commit'",
                                          "create temporary table x",
                                          "drop temporary table x",
                                          "drop prepare s",
                                          "load data infile 'x'",
                                          "commitment",
                                          ""};
    size_t n;

    for (n = 0; n < sizeof(ends) / sizeof(*ends); n++) {
        run("set autocommit = 0", false, false, 0);
        SHOWS("Sleep: ");
        run("select t", false, false, 0);
        SHOWS("*Sleep: ");
        run(ends[n], false, false, 0);
        cr_assert_str_eq(row(7), "Sleep: ", "%s", ends[n]);
    }
    run("select t", false, false, 0);
    for (n = 0; n < sizeof(goes_on) / sizeof(*goes_on); n++) {
        run(goes_on[n], false, false, 0);
        cr_assert_str_eq(row(7), "*Sleep: ", "%s", goes_on[n]);
    }
    run("update t", false, false, 1213);
    SHOWS("Sleep: ");
    run("update t", false, false, 0);
    run("set autocommit = 1", false, true, 0);
    SHOWS("Sleep: ");
}

Test(mirror, shows_a_statement_that_uses_tables_as_a_transaction)
{
    run("select t", false, true, 0);
    SHOWS("Sleep: ");
    /* In a procedure each statement is one. */
    rst_mdb_begin(EVENT(.query_id = 11, TEXT("call p()")));
    rst_mdb_table(EVENT(.query_id = 11, .database = {"mysql", 5}));
    SHOWS("Query: call p()");
    rst_mdb_begin(EVENT(.query_id = 11, TEXT("insert")));
    rst_mdb_table(EVENT(.query_id = 12));
    SHOWS("*Query: insert");
    rst_mdb_end(EVENT(.query_id = 12, TEXT("insert")));
    SHOWS("Query: call p()");
}

Test(mirror, takes_the_user_from_what_follows_a_change_of_user)
{
    static const struct {
        const char *account, *user;
    } cases[] = {{"root[root] @  [127.0.0.1]", "root"},
                 {"[anon] @ host.name [::1]", "anon"},
                 {"we\"ird[x] @ y[we\"ird[x] @ y] @  [10.0.0.1]", "we\"ird[x] @ y"},
                 {"a[a[a[a] @ localhost []", "a[a"}};
    static char room[4096];
    struct roster_entry entry;
    size_t n;

    for (n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        rst_mdb_change_user(EVENT(.account = {cases[n].account, strlen(cases[n].account)}));
        cr_assert_eq(roster_look(rst_mdb_roster(), 7, &entry, room, sizeof(room)), 0);
        cr_assert_str_eq(entry.user, cases[n].user);
    }
}

Test(mirror, makes_connections_known_that_began_before_it)
{
    rst_mdb_begin(EVENT(.id = 8, .query_id = 3, TEXT("select 1")));
    rst_mdb_end(EVENT(.id = 8, .query_id = 3, TEXT("select 1")));
    cr_assert_str_eq(row(8), "Sleep: ");
    /* A thread of the event scheduler: nothing says when it ends. */
    rst_mdb_begin(EVENT(.id = 9, .query_id = 0, TEXT("insert")));
    cr_assert_str_eq(row(9), "Query: insert");
    rst_mdb_end(EVENT(.id = 9, .query_id = 71, TEXT("insert")));
    cr_assert_str_eq(row(9), "gone");
    /* The event's next statement, which has a number: that of the one before. */
    rst_mdb_begin(EVENT(.id = 9, .query_id = 71, TEXT("update")));
    cr_assert_str_eq(row(9), "Query: update");
    rst_mdb_end(EVENT(.id = 9, .query_id = 72, TEXT("update")));
    cr_assert_str_eq(row(9), "gone");
    /* One of replication: nothing says when its statement ends. */
    rst_mdb_begin(EVENT(.id = 10, .query_id = 80, .account = {"[] @  []", 8}, TEXT("insert")));
    cr_assert_str_eq(row(10), "gone");
    rst_mdb_begin(EVENT(.id = 11, .query_id = 81, .account = {"cut[cut] @", 10}, TEXT("x")));
    cr_assert_str_eq(row(11), "gone");
}

/* Waits for the killer, and returns what it has sent to the server since the last call. */
static const char *sent(uint64_t orders)
{
    static char copy[sizeof(kills)];
    struct rst_mdb_kills done;

    do {
        done = rst_mdb_kills();
        sched_yield();
    } while (done.sent + done.late + done.failed < orders);
    pthread_mutex_lock(&lock);
    memcpy(copy, kills, sizeof(copy));
    kills[0] = '\0';
    cr_assert_not(outside);
    pthread_mutex_unlock(&lock);
    return copy;
}

static int kill_seen(enum roster_kill_target target, uint64_t aim)
{
    return roster_kill(rst_mdb_roster(), 7, target, aim, ROSTER_KILL_REASON_INTERRUPTED);
}

Test(mirror, kills_a_statement_by_its_query)
{
    rst_mdb_begin(EVENT(.query_id = 11, TEXT("call h()")));
    known_query = 11;
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY), 0);
    cr_assert_str_eq(sent(1), "QUERY ID 11; ");
    /* A routine has counted on. */
    rst_mdb_end(EVENT(.query_id = 11, TEXT("call h()"), .error = 1317));
    rst_mdb_begin(EVENT(.query_id = 12, TEXT("call h()")));
    rst_mdb_begin(EVENT(.query_id = 15, TEXT("do sleep(9)")));
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY), 0);
    cr_assert_str_eq(sent(2), "QUERY ID 16?; QUERY 7; ");
}

/* The server has forgotten the KILL, as the routine goes on. */
Test(mirror, kills_a_routine_that_goes_on_once_more, .timeout = 20)
{
    rst_mdb_begin(EVENT(.query_id = 11, TEXT("call h()")));
    known_query = 11;
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY), 0);
    cr_assert_str_eq(sent(1), "QUERY ID 11; ");
    known_query = 13;
    rst_mdb_begin(EVENT(.query_id = 12, TEXT("select 1")));
    cr_assert_str_eq(sent(2), "QUERY ID 11?; QUERY 7; ");
    rst_mdb_end(EVENT(.query_id = 13, TEXT("select 1")));
    rst_mdb_begin(EVENT(.query_id = 14, TEXT("select 1")));
    cr_assert_str_eq(sent(3), "QUERY ID 11?; QUERY 7; ");
    rst_mdb_end(EVENT(.query_id = 11, TEXT("call h()"), .error = 1317));
    rst_mdb_begin(EVENT(.query_id = 16, TEXT("bystander")));
    rst_mdb_begin(EVENT(.query_id = 17, TEXT("its statement")));
    SHOWS("Query: its statement");
    cr_assert_eq(rst_mdb_kills().sent, 3);
}

Test(mirror, kills_a_transaction_with_its_statement_or_its_connection)
{
    rst_mdb_begin(EVENT(.query_id = 20, TEXT("select t")));
    rst_mdb_table(EVENT(.query_id = 20));
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_TRANSACTION, ROSTER_TXN_ANY), 0);
    cr_assert_str_eq(sent(1), "QUERY 7; ");
    rst_mdb_end(EVENT(.query_id = 20, TEXT("select t"), .error = 1317));
    run("begin", true, true, 0);
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_TRANSACTION, ROSTER_TXN_ANY), 0);
    cr_assert_str_eq(sent(2), "CONNECTION 7; ");
}

/* A function's statements are inside of the transaction that the statement is which calls it. */
Test(mirror, kills_a_transaction_of_a_routine_that_goes_on_once_more, .timeout = 20)
{
    rst_mdb_begin(EVENT(.query_id = 20, TEXT("select f() from t")));
    rst_mdb_table(EVENT(.query_id = 20));
    rst_mdb_begin(EVENT(.query_id = 20, TEXT("insert")));
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_TRANSACTION, ROSTER_TXN_ANY), 0);
    cr_assert_str_eq(sent(1), "QUERY 7; ");
    rst_mdb_end(EVENT(.query_id = 21, TEXT("insert")));
    rst_mdb_begin(EVENT(.query_id = 21, TEXT("insert")));
    cr_assert_str_eq(sent(2), "QUERY 7; ");
    rst_mdb_end(EVENT(.query_id = 22, TEXT("insert"), .error = 1317));
    rst_mdb_end(EVENT(.query_id = 20, TEXT("select f() from t"), .error = 1317));
    /* The next one is another transaction. */
    rst_mdb_begin(EVENT(.query_id = 30, TEXT("select f() from t")));
    rst_mdb_table(EVENT(.query_id = 30));
    rst_mdb_begin(EVENT(.query_id = 30, TEXT("insert")));
    SHOWS("*Query: insert");
    cr_assert_eq(rst_mdb_kills().sent, 2);
}

Test(mirror, kills_a_connection)
{
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_CONNECTION, 0), 0);
    cr_assert_str_eq(sent(1), "CONNECTION 7; ");
    /* What runs until the server ends it is no error. */
    rst_mdb_begin(EVENT(.query_id = 21, TEXT("select 1")));
    rst_mdb_table(EVENT(.query_id = 21));
    rst_mdb_end(EVENT(.query_id = 21, TEXT("select 1")));
}

/*
 * A kill that is under way when its statement ends: here it waits for the gate that the test is in,
 * as an event's thread is while it handles the end.
 */

Test(mirror, sends_no_kill_that_comes_after_the_end)
{
    struct rst_mdb_connection *connection;

    rst_mdb_begin(EVENT(.query_id = 30, TEXT("victim")));
    connection = rst_mdb_enter(7);
    cr_assert_eq(kill_seen(ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY), 0);
    rst_mdb_stmt_end(connection, EVENT(.query_id = 30, TEXT("victim")));
    rst_mdb_stmt_begin(connection, EVENT(.query_id = 31, TEXT("bystander")));
    rst_mdb_leave(connection);
    cr_assert_str_eq(sent(1), "");
    cr_assert_eq(rst_mdb_kills().late, 1);
    SHOWS("Query: bystander");
}

Test(mirror, kills_a_connection_that_is_about_to_be_known)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct rst_mdb_connection connection = {.id = 77}, *removed;

    attr.id = connection.id;
    attr.wake_kill = rst_mdb_wake;
    pthread_mutex_init(&connection.gate, NULL);
    gate = &connection.gate;
    cr_assert_eq(roster_session_open(rst_mdb_roster(), &attr, &connection.session), 0);
    cr_assert_eq(roster_kill(rst_mdb_roster(), 77, ROSTER_KILL_TARGET_CONNECTION, 0,
                             ROSTER_KILL_REASON_INTERRUPTED),
                 0);
    cr_assert_eq(rst_mdb_add(&connection), 0);
    cr_assert_str_eq(sent(1), "CONNECTION 77; ");
    removed = rst_mdb_remove(77);
    cr_assert_eq(removed, &connection);
    roster_session_close(connection.session);
    pthread_mutex_destroy(&connection.gate);
}

/* A thread that ends a statement of connection 256 while the killer is inside its gate. */
static atomic_int arriving; /* its number, as the kernel has it */

static void *arrive(void *event)
{
    atomic_store(&arriving, (int)syscall(SYS_gettid));
    rst_mdb_end(event);
    return NULL;
}

/* Whether the thread sleeps: it has come to a lock, as there is nothing else that it waits for. */
static bool sleeps(int thread)
{
    char path[64], state = '?';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
    file = fopen(path, "r");
    if (file && fscanf(file, "%*d %*s %c", &state) != 1)
        state = '?';
    if (file)
        fclose(file);
    return state == 'S';
}

/* The killer's own connection has the id 0, and its KILL is an event, too. */
Test(mirror, an_event_of_the_killer_waits_for_no_connection, .timeout = 30)
{
    const struct rst_mdb_who who = {text("root"), text("127.0.0.1"), text("d")};
    struct rst_mdb_event ends = *EVENT(.id = 256, .query_id = 5, TEXT("victim"));
    struct rst_mdb_event own = {.command = ROSTER_COMMAND_QUERY, TEXT("KILL CONNECTION 256")};
    struct rst_mdb_connection *connection;
    pthread_t thread;

    rst_mdb_connect(256, &who);
    rst_mdb_begin(&ends);
    connection = rst_mdb_enter(256);
    cr_assert_eq(pthread_create(&thread, NULL, arrive, &ends), 0);
    while (!atomic_load(&arriving) || !sleeps(atomic_load(&arriving)))
        sched_yield();
    rst_mdb_begin(&own);
    rst_mdb_leave(connection);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_str_eq(row(256), "Sleep: ");
}

Test(masks, leave_out_what_may_be_a_value)
{
    static const struct {
        const char *statement, *masked;
    } cases[] = {
        {"select 'a', \"b\", 1.5e-3, x'4a', 0x4a, .5, a1, `1`",
         "select ?, ?, ?, x?, ?, ?, a1, `1`"},
        {"values ('a\\\\', 'b')", "values (?, ?)"},
        {"values ('a\\', 'b')", "values (?"}, /* sql_mode says where that ends */
        {"values ('a\\'', 'b')", "values (?"},
        {"values ('no end", "values (?"},
        {"a -- 'c'\n, 'b' # 'd'\n, 1-1", "a -- 'c'\n, ? # 'd'\n, ?-?"},
        {"/*! 'x' */ 'y'", "/*! ? */ ?"},
        {"1 --\001 it's\n, 'b'", "? --\001 it's\n, ?"},
        {"1 --", "? --"},
        {"`\344\275\240`, 'b' as `c`", "`\344\275\240`, ? as `c`"},
        {"a, `\201`` 'b' as `c`", "a, ?"}, /* in GBK, the first two bytes of the name are one */
        {"\201`, 'b' as `c`", "\201?"},
        {"a, '\277\\\\', 'b'", "a, ?"},
        {"a --\240it's\n'b'", "a --?"}, /* a space of Latin-1 */
        {"", ""},
    };
    char masked[128];
    size_t n, length;

    for (n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        length = rst_mdb_mask(text(cases[n].statement), masked, sizeof(masked) - 1);
        masked[length] = '\0';
        cr_assert_str_eq(masked, cases[n].masked);
    }
    cr_assert_eq(rst_mdb_mask(text("select 1"), masked, 4), (size_t)4);
    cr_assert_eq(rst_mdb_password(text("CREATE USER a IDENTIFIED BY 'x'")),
                 strlen("CREATE USER a IDENTIFIED"));
    cr_assert_eq(rst_mdb_password(text("change master to Master_Password='x'")),
                 strlen("change master to Master_Password"));
    cr_assert_eq(rst_mdb_password(text("password, identified, PASSWORD")),
                 strlen("password, identified, PASSWORD"));
    cr_assert_eq(rst_mdb_password(text("select 'passwor', 'identifie'")), (size_t)0);
    cr_assert_eq(rst_mdb_password(text("")), (size_t)0);
    cr_assert(rst_mdb_has_placeholder(text("select 'a', ?")));
    cr_assert_not(rst_mdb_has_placeholder(text("select 'a?'")));
    cr_assert_not(rst_mdb_has_placeholder(text("select 1 --\001 it's\n, 'a' -- '?")));
}
