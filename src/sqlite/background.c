/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The thread that carries out the kills that come through the endpoint, and the limits. It runs
 * only when one of these was asked for.
 */
#include "sqlite/extension.h"

#include "core/base/background.h"
#include "core/base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define TICK_MS 10
#define LIMITS_EVERY 10 /* ticks */
#define MOST_PENDING 256

/* What a kill has hit, as it goes through the pipe to the thread. */
struct order {
    uint64_t id, statement, txn;
    enum roster_kill_target target;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of starting it */
static int orders[2] = {-1, -1};
static struct rst_background background;

void rst_ext_wake(const struct roster_kill_info *kill, void *arg)
{
    struct order order = {kill->session_id, kill->stmt_seq, kill->txn_seq, kill->target};

    (void)arg;
    /* Without room it is lost: then the transaction stays, and the kill can be repeated. */
    if (orders[1] >= 0 && write(orders[1], &order, sizeof(order)) < 0)
        return;
}

/* Whether that is all there is to do. Under rst_ext_lock. */
static bool obey(const struct order *order)
{
    struct rst_ext_conn *conn = rst_ext_find(order->id);

    if (!conn)
        return true;
    if (order->target == ROSTER_KILL_TARGET_STATEMENT)
        return rst_ext_end_statement(conn, order->statement) != RST_EXT_OTHERS;
    return rst_ext_end_killed(conn, order->target, order->txn);
}

static void obey_all(struct order *pending, size_t *n)
{
    size_t kept = 0, i;

    if (!*n)
        return;
    pthread_mutex_lock(&rst_ext_lock);
    for (i = 0; i < *n; i++)
        if (!obey(&pending[i]))
            pending[kept++] = pending[i];
    pthread_mutex_unlock(&rst_ext_lock);
    *n = kept;
}

static void close_orders(void)
{
    if (orders[0] >= 0) {
        close(orders[0]);
        close(orders[1]);
    }
    orders[0] = orders[1] = -1;
}

/* Every TICK_MS. */
static void work(void *unused)
{
    static struct order pending[MOST_PENDING];
    static size_t n;
    static unsigned round;

    (void)unused;
    while (n < MOST_PENDING && read(orders[0], &pending[n], sizeof(*pending)) == sizeof(*pending))
        n++;
    (void)roster_tick(rst_ext_roster);
    rst_ext_reclaim();
    obey_all(pending, &n);
    if (++round % LIMITS_EVERY == 0) {
        rst_ext_reconcile_all();
        rst_ext_limits();
    }
}

/* Under `lock`. */
static int start_thread(char **message)
{
    static const struct rst_duty duty = {"roster-sqlite", work, TICK_MS};
    int err = 0;

    if (orders[0] >= 0)
        return SQLITE_OK;
    rst_descriptors_fill();
    if (pipe2(orders, O_CLOEXEC | O_NONBLOCK))
        err = -ENOMEM; /* or descriptors */
    if (!err)
        err = rst_background_open(&background, &duty, false, NULL, NULL);
    if (!err) {
        atomic_store(&rst_ext_ticking, true);
        return SQLITE_OK;
    }
    close_orders();
    *message = sqlite3_mprintf("roster: limits and the endpoint: %s", roster_strerror(err));
    return SQLITE_ERROR;
}

int rst_ext_background_start(char **message)
{
    int err;

    pthread_mutex_lock(&lock);
    err = start_thread(message);
    pthread_mutex_unlock(&lock);
    return err;
}

/* A child has no such thread. */
void rst_ext_background_forked(void)
{
    pthread_mutex_init(&lock, NULL);
    close_orders();
    atomic_store(&rst_ext_ticking, false);
}
