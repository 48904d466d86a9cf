/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * mariadb-bench PORT PID PLAIN-PORT PLAIN-PID CONNECTIONS ROUNDS SECONDS: what it costs to list the
 * connections of a MariaDB server ten times a second, through the plugin's function and through
 * INFORMATION_SCHEMA.PROCESSLIST. At PORT is a server with the plugin, at PLAIN-PORT one without;
 * each has CONNECTIONS that are idle and some that read rows. In each round every way has its turn,
 * and the order turns, too. Figures are medians of the rounds, with the least and the most; ratios
 * are the median of each round's.
 */
#include "core/base/clock.h"
#include "stats.h"

#include <mysql.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 4
#define MOST_ROUNDS 99
#define PERIOD_NS 100000000

enum way { PLAIN, PLUGIN, ROSTER, PROCESSLIST, WAYS };

static const struct {
    const char *name, *list; /* NULL: nothing is listed */
} ways[] = {
    [PLAIN] = {"without the plugin, not listed", NULL},
    [PLUGIN] = {"with the plugin, not listed", NULL},
    [ROSTER] = {"listed by roster_processlist()", "SELECT roster_processlist()"},
    [PROCESSLIST] = {"listed by PROCESSLIST", "SELECT * FROM information_schema.processlist"},
};

struct worker {
    MYSQL *mysql;
    pthread_t thread;
    uint64_t reads;
};

static volatile bool over;
static double rates[WAYS][MOST_ROUNDS], costs[WAYS][MOST_ROUNDS], lists[WAYS][MOST_ROUNDS],
    worst[WAYS][MOST_ROUNDS];

static void fail(const char *what, MYSQL *mysql)
{
    fprintf(stderr, "mariadb-bench: %s: %s\n", what, mysql_error(mysql));
    _exit(1); /* of threads too */
}

static MYSQL *dial(unsigned port)
{
    const my_bool wanted = 0; /* the server has no TLS */
    MYSQL *mysql = mysql_init(NULL);

    mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &wanted);
    if (!mysql_real_connect(mysql, "127.0.0.1", "root", "", NULL, port, NULL, 0))
        fail("connect", mysql);
    return mysql;
}

static void query(MYSQL *mysql, const char *text)
{
    if (mysql_query(mysql, text))
        fail(text, mysql);
    mysql_free_result(mysql_store_result(mysql));
}

static double now(void)
{
    return (double)rst_monotonic_ns() / 1e9;
}

/* The processor time that a process has used, in seconds. */
static double used(long pid)
{
    clockid_t clock;

    return clock_getcpuclockid((pid_t)pid, &clock) ? 0 : (double)rst_clock_ns(clock) / 1e9;
}

static void *read_rows(void *arg)
{
    struct worker *worker = arg;
    unsigned seed = (unsigned)(uintptr_t)worker;
    char text[80];

    mysql_thread_init();
    while (!over) {
        snprintf(text, sizeof(text), "SELECT v FROM bench.t WHERE id = %d", rand_r(&seed) % 1000);
        query(worker->mysql, text);
        worker->reads++;
    }
    mysql_thread_end();
    return NULL;
}

static void turn(enum way way, int round, double seconds, struct worker *workers, MYSQL *lister,
                 long pid)
{
    static double took[STATS_MOST];
    double begin, at, before = used(pid);
    uint64_t reads = 0;
    int n = 0, i;

    over = false;
    for (i = 0; i < WORKERS; i++) {
        workers[i].reads = 0;
        pthread_create(&workers[i].thread, NULL, read_rows, &workers[i]);
    }
    begin = now();
    while ((at = now()) - begin < seconds) {
        struct timespec pause = {0, PERIOD_NS};

        if (ways[way].list) {
            query(lister, ways[way].list);
            took[n++] = (now() - at) * 1000;
            pause.tv_nsec -= (long)((now() - at) * 1e9);
        }
        if (pause.tv_nsec > 0)
            nanosleep(&pause, NULL);
    }
    over = true;
    for (i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        reads += workers[i].reads;
    }
    costs[way][round] = (used(pid) - before) * 1e6 / (double)reads;
    rates[way][round] = (double)reads / (now() - begin);
    if (n) {
        struct spread spread = spread_of(took, (size_t)n);

        lists[way][round] = spread.median;
        worst[way][round] = spread.max;
    }
}

static void print_spread(const char *what, struct spread spread, const char *unit)
{
    printf("  %-34s %8.5g %s (%.5g to %.5g)\n", what, spread.median, unit, spread.min, spread.max);
}

static void print(const char *what, const double *values, int n, const char *unit)
{
    print_spread(what, spread_of(values, (size_t)n), unit);
}

static void print_ratio(const char *what, const double *of, const double *to, int n)
{
    print_spread(what, spread_of_ratios(of, to, (size_t)n), "times");
}

static void print_memory(MYSQL *mysql)
{
    MYSQL_RES *result = NULL;
    MYSQL_ROW row;

    if (mysql_query(mysql, "SHOW GLOBAL STATUS LIKE 'Roster_m%'") ||
        !(result = mysql_store_result(mysql)))
        fail("status", mysql);
    while ((row = mysql_fetch_row(result)))
        printf("%s: %s\n", row[0], row[1]);
    mysql_free_result(result);
}

int main(int argc, char **argv)
{
    unsigned ports[2] = {0, 0};
    long pids[2] = {0, 0};
    int connections = 0, rounds = 0, server, n, way;
    double seconds = 0, load[3];
    struct worker workers[2][WORKERS];
    MYSQL *lister[2], **idle;

    if (argc == 8) {
        for (server = 0; server < 2; server++) {
            ports[server] = (unsigned)strtoul(argv[1 + 2 * server], NULL, 10);
            pids[server] = strtol(argv[2 + 2 * server], NULL, 10);
        }
        connections = (int)strtol(argv[5], NULL, 10);
        rounds = (int)strtol(argv[6], NULL, 10);
        seconds = strtod(argv[7], NULL);
    }
    if (rounds < 1 || rounds > MOST_ROUNDS || !(seconds > 0 && seconds <= 60) || connections < 0)
        return 2;
    idle = calloc(2 * (size_t)connections + 1, sizeof(MYSQL *));
    for (server = 0; server < 2; server++) {
        lister[server] = dial(ports[server]);
        query(lister[server], "CREATE DATABASE bench");
        query(lister[server], "CREATE TABLE bench.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB");
        query(lister[server], "INSERT INTO bench.t SELECT seq, seq FROM bench.seq_0_to_999");
        for (n = 0; n < WORKERS; n++)
            workers[server][n].mysql = dial(ports[server]);
        for (n = 0; n < connections; n++)
            idle[server * connections + n] = dial(ports[server]);
    }
    for (n = 0; n < rounds; n++)
        for (way = 0; way < WAYS; way++) {
            enum way next = (enum way)((way + n) % WAYS);

            server = next == PLAIN;
            turn(next, n, seconds, workers[server], lister[server], pids[server]);
        }
    getloadavg(load, 3);
    printf("%d connections and %d that read, %d rounds of %g s, load %.1f\n", connections, WORKERS,
           rounds, seconds, load[0]);
    printf("reads per second:\n");
    for (way = 0; way < WAYS; way++)
        print(ways[way].name, rates[way], rounds, "");
    printf("reads, as a ratio:\n");
    print_ratio("with the plugin to without", rates[PLUGIN], rates[PLAIN], rounds);
    print_ratio("listed by Roster to not listed", rates[ROSTER], rates[PLUGIN], rounds);
    print_ratio("listed by PROCESSLIST to not", rates[PROCESSLIST], rates[PLUGIN], rounds);
    print_ratio("listed by Roster to PROCESSLIST", rates[ROSTER], rates[PROCESSLIST], rounds);
    printf("the server's processor time for a read, lists included:\n");
    for (way = 0; way < WAYS; way++)
        print(ways[way].name, costs[way], rounds, "us");
    print_ratio("with the plugin to without", costs[PLUGIN], costs[PLAIN], rounds);
    print_ratio("listed by Roster to not listed", costs[ROSTER], costs[PLUGIN], rounds);
    print_ratio("listed by PROCESSLIST to not", costs[PROCESSLIST], costs[PLUGIN], rounds);
    printf("a list, beside these reads:\n");
    print("roster_processlist()", lists[ROSTER], rounds, "ms");
    print("PROCESSLIST", lists[PROCESSLIST], rounds, "ms");
    print("roster_processlist(), longest", worst[ROSTER], rounds, "ms");
    print("PROCESSLIST, longest", worst[PROCESSLIST], rounds, "ms");
    print_ratio("PROCESSLIST to Roster", lists[PROCESSLIST], lists[ROSTER], rounds);
    print_memory(lister[0]);
    for (server = 0; server < 2; server++) {
        mysql_close(lister[server]);
        for (n = 0; n < WORKERS; n++)
            mysql_close(workers[server][n].mysql);
    }
    for (n = 0; n < 2 * connections; n++)
        mysql_close(idle[n]);
    free(idle);
    mysql_library_end();
    return 0;
}
