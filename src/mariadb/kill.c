/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "mariadb/kill.h"

#include "core/base/atomic.h"
#include "mariadb/connections.h"
#include "mariadb/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* Room for a kill of every connection of a large server at once. */
#define PIPE_BYTES (1 << 20)

#define PAUSE_NS 1000000

/* What a kill has hit, as it goes through the pipe to the thread: in one piece. */
struct order {
    uint64_t id, statement, txn;
    enum roster_kill_target target;
};

static struct roster *roster;
static int orders[2] = {-1, -1};
static pthread_t thread;
static rst_word sent, late, failed;

void rst_mdb_wake(const struct roster_kill_info *kill, void *arg)
{
    struct order order = {kill->session_id, kill->stmt_seq, kill->txn_seq, kill->target};

    (void)arg;
    if (write(orders[1], &order, sizeof(order)) != (ssize_t)sizeof(order))
        rst_fetch_add(&failed, 1);
}

struct rst_mdb_kills rst_mdb_kills(void)
{
    return (struct rst_mdb_kills){rst_load(&sent), rst_load(&late), rst_load(&failed)};
}

static enum rst_mdb_answer kill_statement(struct rst_mdb_connection *connection, uint64_t seq)
{
    enum rst_mdb_answer answer = RST_MDB_NOTHING;
    unsigned n = connection->n;

    while (n && connection->open[n - 1].seq != seq)
        n--;
    if (!n)
        return RST_MDB_NOTHING;
    if (connection->open[n - 1].query_id)
        answer = rst_mdb_sql_kill("QUERY ID", connection->open[n - 1].query_id);
    /* A routine counts on where it does not say so; inside the gate it is still the same. */
    if (answer == RST_MDB_NOTHING)
        answer = rst_mdb_sql_kill("QUERY", connection->id);
    connection->open[n - 1].killed = answer == RST_MDB_DONE;
    return answer;
}

static enum rst_mdb_answer kill_txn(struct rst_mdb_connection *connection, uint64_t seq)
{
    enum rst_mdb_answer answer;

    if (connection->txn == RST_MDB_TXN_NONE || connection->txn_seq != seq)
        return RST_MDB_NOTHING;
    if (connection->txn != RST_MDB_TXN_STATEMENT)
        return rst_mdb_sql_kill("CONNECTION", connection->id);
    answer = rst_mdb_sql_kill("QUERY", connection->id);
    connection->txn_killed = answer == RST_MDB_DONE;
    return answer;
}

static bool is_open(uint64_t id)
{
    bool found;

    if (roster_read_lock(roster))
        return false;
    found = roster_lookup(roster, id) != NULL;
    roster_read_unlock(roster);
    return found;
}

/* A session can be killed a moment before its connection is in the table. */
static struct rst_mdb_connection *enter(uint64_t id)
{
    const struct timespec pause = {0, PAUSE_NS};
    struct rst_mdb_connection *connection = rst_mdb_enter(id);

    while (!connection && is_open(id)) {
        nanosleep(&pause, NULL);
        connection = rst_mdb_enter(id);
    }
    return connection;
}

static void obey(const struct order *order)
{
    struct rst_mdb_connection *connection = enter(order->id);
    enum rst_mdb_answer answer = RST_MDB_NOTHING;

    if (connection) {
        if (order->target == ROSTER_KILL_TARGET_STATEMENT)
            answer = kill_statement(connection, order->statement);
        else if (order->target == ROSTER_KILL_TARGET_TRANSACTION)
            answer = kill_txn(connection, order->txn);
        else
            answer = rst_mdb_sql_kill("CONNECTION", connection->id);
        rst_mdb_leave(connection);
    }
    rst_fetch_add(answer == RST_MDB_DONE ? &sent : answer == RST_MDB_NOTHING ? &late : &failed, 1);
}

static void *run(void *unused)
{
    struct order order;

    (void)unused;
    if (!rst_mdb_sql_begin())
        return NULL;
    while (read(orders[0], &order, sizeof(order)) == (ssize_t)sizeof(order))
        obey(&order);
    rst_mdb_sql_end();
    return NULL;
}

static void close_orders(void)
{
    close(orders[0]);
    close(orders[1]);
    orders[0] = orders[1] = -1;
}

int rst_mdb_killer_start(struct roster *of)
{
    sigset_t all, before;
    int err;

    roster = of;
    if (pipe2(orders, O_CLOEXEC))
        return -ENOMEM; /* or descriptors */
    (void)fcntl(orders[1], F_SETFL, O_NONBLOCK);
    (void)fcntl(orders[1], F_SETPIPE_SZ, PIPE_BYTES);
    /* The server takes signals in a thread of its own. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err)
        close_orders();
    return -err;
}

void rst_mdb_killer_stop(void)
{
    close(orders[1]);
    orders[1] = -1;
    pthread_join(thread, NULL);
    close(orders[0]);
    orders[0] = -1;
}
