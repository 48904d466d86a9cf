/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Starting and stopping the endpoint, and its loop.
 *
 * The loop is our own and not libmicrohttpd's, because that knows only how long a connection does
 * nothing: a client that sends a byte now and then would keep its place for ever. Here every
 * request has a deadline, and so has the pause before it.
 */
#include "status/status.h"

#include "core/base/cancel.h"
#include "core/base/descriptors.h"
#include "core/base/process.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define REMOTE_CONNECTIONS 16
#define REMOTE_MEMORY ((size_t)4 << 20)
#define TLS_MEMORY ((size_t)64 << 10) /* about what GnuTLS takes for a connection */

static void run(struct roster_status *status, uint64_t timeout_ms)
{
    struct pollfd fds[3] = {{rst_entrance_fd(&status->local), POLLIN, 0},
                            {rst_entrance_fd(&status->remote), POLLIN, 0},
                            {status->stop_fd, POLLIN, 0}};
    uint64_t next_ms = status->timeline ? rst_timeline_run(status) : timeout_ms;

    timeout_ms = rst_entrance_due(&status->local, timeout_ms < next_ms ? timeout_ms : next_ms);
    timeout_ms = rst_entrance_due(&status->remote, timeout_ms);
    (void)poll(fds, 3, (int)timeout_ms);
    if (status->site)
        rst_site_resume(status->site);
    rst_entrance_run(&status->local);
    rst_entrance_run(&status->remote);
}

static void duty(void *arg)
{
    run(arg, 3600000);
}

static void wake(void *arg)
{
    struct roster_status *status = arg;

    (void)eventfd_write(status->stop_fd, 1);
}

static void free_all(struct roster_status *status)
{
    rst_entrance_close(&status->local);
    rst_entrance_close(&status->remote);
    if (status->stop_fd >= 0)
        close(status->stop_fd);
    free(status->timeline);
    free(status->suspects);
    free(status->name);
    free(status);
}

static int start_thread(struct roster_status *status)
{
    /* The name is there so that tools tell what being watched costs. */
    static const struct rst_duty serve = {"roster-status", duty, 0};

    return rst_background_open(&status->background, &serve, status->options.manual, wake, status);
}

static int open_local(struct roster_status *status)
{
    const struct roster_status_options *options = &status->options;
    struct entrance *local = &status->local;
    int err;

    local->max_connections = options->max_connections;
    local->max_per_client = options->max_per_client;
    local->connection_memory = CONNECTION_MEMORY;
    local->budget.most = (size_t)options->max_memory;
    local->token = options->token ? strdup(options->token) : NULL;
    if (options->token && !local->token)
        return -ENOMEM;
    err = rst_entrance_open(local, options->address);
    return err ? rst_status_cannot_listen(options, local, err) : 0;
}

static int open_remote(struct roster_status *status)
{
    const struct roster_status_options *options = &status->options;
    struct entrance *remote = &status->remote;
    int err;

    if (!options->metrics_address)
        return 0;
    remote->max_connections = REMOTE_CONNECTIONS;
    remote->max_per_client = REMOTE_CONNECTIONS / 2;
    remote->connection_memory = CONNECTION_MEMORY + (options->metrics_key ? TLS_MEMORY : 0);
    remote->budget.most = REMOTE_MEMORY;
    remote->token = strdup(options->metrics_token);
    if (options->metrics_key) {
        remote->certificate = strdup(options->metrics_cert);
        remote->key = strdup(options->metrics_key);
    }
    if (!remote->token || (options->metrics_key && (!remote->certificate || !remote->key)))
        return -ENOMEM;
    err = rst_entrance_open(remote, options->metrics_address);
    return err ? rst_status_cannot_listen(options, remote, err) : 0;
}

/* What has a text of its own has left it. */
static int open_all(struct roster_status *status)
{
    const struct roster_status_options *options = &status->options;
    int err;

    rst_descriptors_fill();
    status->name = strdup(status->options.name);
    status->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    status->timeline = status->roster ? rst_timeline_new() : NULL;
    (void)rst_status_refuse(options, 0, "%s", roster_strerror(-ENOMEM));
    if (!status->name || status->stop_fd < 0 || (status->roster && !status->timeline))
        return -ENOMEM;
    err = open_local(status);
    if (!err)
        err = open_remote(status);
    if (err)
        return err;
    err = start_thread(status);
    return rst_status_refuse(options, err, "%s", err ? roster_strerror(err) : "");
}

int rst_status_open(struct roster *roster, const struct roster_status_options *options,
                    struct site *site, struct roster_status **made)
{
    struct roster_status *status = calloc(1, sizeof(*status));
    int err;

    if (!status)
        return rst_status_refuse(options, -ENOMEM, "%s", roster_strerror(-ENOMEM));
    status->roster = roster;
    status->site = site;
    status->process = rst_process_number();
    rst_entrance_init(&status->local, status);
    rst_entrance_init(&status->remote, status);
    status->remote.is_remote = true;
    status->stop_fd = -1;
    status->started_ms = rst_monotonic_ms();
    err = rst_status_options_get(&status->options, options);
    if (!err)
        err = open_all(status);
    status->options.error = NULL; /* the caller's */
    if (err)
        free_all(status);
    else
        *made = status;
    return err;
}

int roster_status_start(struct roster *roster, const struct roster_status_options *options,
                        struct roster_status **made)
{
    RST_NOT_CANCELLED;
    int err;

    if (!roster || !made)
        return rst_status_refuse(options, -EINVAL, "%s is NULL", roster ? "status" : "roster");
    err = roster_read_lock(roster); /* -ECHILD when it is the parent's */
    if (err)
        return rst_status_refuse(options, err, "%s", roster_strerror(err));
    roster_read_unlock(roster);
    return rst_status_open(roster, options, NULL, made);
}

void roster_status_stop(struct roster_status *status)
{
    RST_NOT_CANCELLED;

    if (!status || status->process != rst_process_number())
        return;
    if (!rst_background_destroy(&status->background))
        free_all(status);
}

int roster_status_run_once(struct roster_status *status, uint32_t timeout_ms)
{
    RST_NOT_CANCELLED;
    int err;

    if (!status)
        return -EINVAL;
    if (status->process != rst_process_number())
        return -ECHILD;
    err = rst_background_enter(&status->background);
    if (err)
        return err;
    run(status, timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX);
    rst_background_leave(&status->background);
    return 0;
}

const char *roster_status_address(const struct roster_status *status)
{
    return status ? status->local.listener.address : NULL;
}

const char *roster_status_metrics_address(const struct roster_status *status)
{
    return status ? status->remote.listener.address : NULL;
}
