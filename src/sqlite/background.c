/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What runs only when it was asked for: the status endpoint, and the thread that carries out the
 * kills that come through it, and the limits.
 */
#include "config.h"

#include "sqlite/extension.h"

#include "core/base/background.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <roster/status.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define TICK_MS 10
#define ENDPOINT_MISSING "roster: no status endpoint: %s (Debian: libroster-status0)"
#define LIMITS_EVERY 10 /* ticks */
#define MOST_PENDING 256

/* What a kill has hit, as it goes through the pipe to the thread. */
struct order {
    uint64_t id, statement, txn;
    enum roster_kill_target target;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of starting and stopping */
static int orders[2] = {-1, -1};
static struct rst_background background;
static struct roster_status *status;
static char address[160];
static void (*stop_status)(struct roster_status *status);

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
    if (pipe2(orders, O_CLOEXEC | O_NONBLOCK))
        err = -errno;
    if (!err)
        err = rst_background_open(&background, &duty, false, NULL, NULL);
    if (!err) {
        atomic_store(&rst_ext_ticking, true);
        return SQLITE_OK;
    }
    close_orders();
    *message = sqlite3_mprintf("roster: no thread: %s", roster_strerror(err));
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

/* "on": a socket of its own in the runtime directory, which only its user may enter. */
static bool own_address(char **message)
{
    char directory[96];

    if (!rst_ext_runtime_dir(directory, sizeof(directory))) {
        *message = sqlite3_mprintf("roster: XDG_RUNTIME_DIR is too long for a socket");
        return false;
    }
    if (mkdir(directory, 0700) && errno != EEXIST) {
        *message = sqlite3_mprintf("roster: there is no directory %s for the socket: %s", directory,
                                   roster_strerror(-errno));
        return false;
    }
    snprintf(address, sizeof(address), "unix:%s/" RST_EXT_SOCKET, directory, (long)getpid());
    return true;
}

/* The endpoint is a library of its own, which brings others into the process: only if asked for. */
static int start_status(char **message)
{
    int (*start)(struct roster *, const struct roster_status_options *, struct roster_status **);
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    char error[ROSTER_STATUS_ERROR_SIZE] = "libroster-status.so.0 is another version's";
    void *library = dlopen("libroster-status.so.0", RTLD_NOW);

    if (!library) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): of this thread */
        *message = sqlite3_mprintf(ENDPOINT_MISSING, dlerror());
        return SQLITE_ERROR;
    }
    *(void **)(void *)&start = dlsym(library, "roster_status_start");
    *(void **)(void *)&stop_status = dlsym(library, "roster_status_stop");
    options.address = address;
    options.name = rst_ext_application();
    options.peers = 1;
    options.error = error;
    options.error_size = sizeof(error);
    if (start && stop_status && !start(rst_ext_roster, &options, &status))
        return SQLITE_OK;
    *message = sqlite3_mprintf("roster: %s", error);
    return SQLITE_ERROR;
}

static int start_all(const char *where, char **message)
{
    int err;

    if (status) {
        *message = sqlite3_mprintf("roster: the endpoint is on %s already", address);
        return SQLITE_ERROR;
    }
    snprintf(address, sizeof(address), "%s", where);
    if (!strcmp(where, "on") && !own_address(message))
        return SQLITE_ERROR;
    err = start_thread(message);
    return err ? err : start_status(message);
}

int rst_ext_status_start(const char *where, char **message)
{
    int err;

    if (!strcmp(where, "off"))
        return SQLITE_OK;
    pthread_mutex_lock(&lock);
    err = start_all(where, message);
    pthread_mutex_unlock(&lock);
    return err;
}

const char *rst_ext_status_address(void)
{
    return status ? address : "off";
}

/* A child has neither the thread nor the endpoint. */
void rst_ext_background_forked(void)
{
    pthread_mutex_init(&lock, NULL);
    close_orders();
    status = NULL;
    atomic_store(&rst_ext_ticking, false);
}

/* The socket goes with the process; other threads may still be inside SQLite. */
static __attribute__((destructor)) void end(void)
{
    if (status)
        stop_status(status);
}
