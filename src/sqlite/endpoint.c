/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The status endpoint, when it was asked for.
 */
#include "sqlite/extension.h"

#include <dlfcn.h>
#include <errno.h>
#include <roster/status.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define ENDPOINT_MISSING "roster: no status endpoint: %s (Debian: libroster-status0)"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of starting it */
static struct roster_status *status;
static char address[160];
static void (*stop_status)(struct roster_status *status);

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
                                   strerrordesc_np(errno));
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
    options.name = program_invocation_short_name;
    options.peers = true;
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
    err = rst_ext_background_start(message);
    return err ? err : start_status(message);
}

int rst_ext_endpoint_start(const char *where, char **message)
{
    int err;

    if (!strcmp(where, "off"))
        return SQLITE_OK;
    pthread_mutex_lock(&lock);
    err = start_all(where, message);
    pthread_mutex_unlock(&lock);
    return err;
}

const char *rst_ext_endpoint_address(void)
{
    return status ? address : "off";
}

/* A child has no endpoint. */
void rst_ext_endpoint_forked(void)
{
    pthread_mutex_init(&lock, NULL);
    status = NULL;
}

/* The socket goes with the process; other threads may still be inside SQLite. */
static __attribute__((destructor)) void end(void)
{
    if (status)
        stop_status(status);
}
