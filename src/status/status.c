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
#include "config.h"

#include "core/base/process.h"
#include "core/base/struct_size.h"
#include "status/status.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <roster/safe_point.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_CONNECTIONS 64
#define MAX_CONNECTIONS 1024
#define DEFAULT_REQUEST_MS 30000
#define DEFAULT_MEMORY ((uint64_t)64 << 20)
#define LEAST_MEMORY ((uint64_t)1 << 20)
#define DEFAULT_OLD_MS 600000
#define DEFAULT_BLOCKED_MS 5000
#define DEFAULT_STUCK_MS 10000
#define LOOK_MS 250 /* how often deadlines are looked at */

uint64_t rst_status_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void run(struct roster_status *status, uint64_t timeout_ms)
{
    struct pollfd fds[2] = {{status->epoll_fd, POLLIN, 0}, {status->stop_fd, POLLIN, 0}};
    MHD_UNSIGNED_LONG_LONG wanted;
    uint64_t next_ms;

    if (status->peers && timeout_ms > LOOK_MS)
        timeout_ms = LOOK_MS;
    if (status->again)
        timeout_ms = 0;
    status->again = false;
    next_ms = status->timeline ? rst_timeline_run(status) : timeout_ms;
    if (timeout_ms > next_ms)
        timeout_ms = next_ms;
    if (MHD_get_timeout(status->daemon, &wanted) == MHD_YES && wanted < timeout_ms)
        timeout_ms = wanted;
    (void)poll(fds, 2, (int)timeout_ms);
    if (status->site)
        rst_site_resume(status->site);
    MHD_run(status->daemon);
    rst_status_clients_sweep(status);
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

static int options_get(struct roster_status_options *known,
                       const struct roster_status_options *options)
{
    static const struct roster_status_options defaults = ROSTER_STATUS_OPTIONS_INIT;
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options ? options : &defaults);

    if (err)
        return err;
    if (known->max_connections > MAX_CONNECTIONS ||
        (known->max_memory && known->max_memory < LEAST_MEMORY) || known->max_memory > SIZE_MAX)
        return -EINVAL;
    if (!known->max_connections)
        known->max_connections = DEFAULT_CONNECTIONS;
    if (!known->max_per_client)
        known->max_per_client = (known->max_connections + 1) / 2;
    if (!known->max_memory)
        known->max_memory = DEFAULT_MEMORY;
    if (!known->request_ms)
        known->request_ms = DEFAULT_REQUEST_MS;
    if (!known->old_ms)
        known->old_ms = DEFAULT_OLD_MS;
    if (!known->blocked_ms)
        known->blocked_ms = DEFAULT_BLOCKED_MS;
    if (!known->stuck_ms)
        known->stuck_ms = DEFAULT_STUCK_MS;
    if (!known->address)
        known->address = "127.0.0.1:0";
    if (!known->name)
        known->name = "roster";
    if ((known->syncer || known->safe_point) &&
        (!known->cluster || known->cluster->size < sizeof(*known->cluster)))
        return -EINVAL;
    return known->token && !*known->token ? -EINVAL : 0;
}

static void free_all(struct roster_status *status)
{
    if (status->daemon) {
        MHD_stop_daemon(status->daemon); /* closes the listener's socket */
        status->listener.fd = -1;
    }
    rst_status_listener_close(&status->listener);
    if (status->diag_fd >= 0)
        close(status->diag_fd);
    if (status->stop_fd >= 0)
        close(status->stop_fd);
    rst_timeline_free(status->timeline);
    rst_stuck_free(status->suspects);
    free(status->name);
    free(status->token);
    free(status);
}

static int start_daemon(struct roster_status *status)
{
    const union MHD_DaemonInfo *info;

    status->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | (status->site ? MHD_ALLOW_SUSPEND_RESUME : 0), 0, NULL, NULL,
        rst_status_handle, status, MHD_OPTION_LISTEN_SOCKET, status->listener.fd,
        MHD_OPTION_CONNECTION_LIMIT, status->options.max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED,
        rst_status_completed, status, MHD_OPTION_NOTIFY_CONNECTION, rst_status_clients_notify,
        status, MHD_OPTION_UNESCAPE_CALLBACK, rst_status_rules_unescape, status,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_PER_IP_CONNECTION_LIMIT, 0U,
        MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END); /* doc/defaults.md has the reasons */
    if (!status->daemon)
        return -ENOMEM;
    info = MHD_get_daemon_info(status->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    status->epoll_fd = info ? info->epoll_fd : -1;
    return status->epoll_fd >= 0 ? 0 : -ENOMEM;
}

static int start_thread(struct roster_status *status)
{
    /* The name is there so that tools tell what being watched costs. */
    static const struct rst_duty serve = {"roster-status", duty, 0};

    return rst_background_open(&status->background, &serve, status->options.manual, wake, status);
}

static int open_all(struct roster_status *status)
{
    struct roster_status_options *options = &status->options;
    int err;

    status->name = strdup(options->name);
    status->token = options->token ? strdup(options->token) : NULL;
    status->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    status->timeline = status->roster ? rst_timeline_new() : NULL;
    if (!status->name || (options->token && !status->token) || status->stop_fd < 0 ||
        (status->roster && !status->timeline))
        return -ENOMEM;
    err = rst_status_listener_open(&status->listener, options->address);
    if (err)
        return err;
    if (!status->listener.path) /* without it all users are one */
        status->diag_fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    status->budget.most = (size_t)options->max_memory;
    err = start_daemon(status);
    return err ? err : start_thread(status);
}

int rst_status_open(struct roster *roster, const struct roster_status_options *options,
                    struct site *site, struct roster_status **made)
{
    struct roster_status *status = calloc(1, sizeof(*status));
    int err;

    if (!status)
        return -ENOMEM;
    status->roster = roster;
    status->site = site;
    status->process = rst_process_number();
    status->listener = LISTENER_NONE;
    status->stop_fd = status->diag_fd = -1;
    status->started_ms = rst_status_now_ms();
    err = options_get(&status->options, options);
    if (!err)
        err = open_all(status);
    if (err)
        free_all(status);
    else
        *made = status;
    return err;
}

int roster_status_start(struct roster *roster, const struct roster_status_options *options,
                        struct roster_status **made)
{
    int err;

    if (!roster || !made)
        return -EINVAL;
    err = roster_read_lock(roster); /* -ECHILD when it is the parent's */
    if (err)
        return err;
    roster_read_unlock(roster);
    return rst_status_open(roster, options, NULL, made);
}

void roster_status_stop(struct roster_status *status)
{
    if (!status || status->process != rst_process_number())
        return;
    if (!rst_background_destroy(&status->background))
        free_all(status);
}

int roster_status_run_once(struct roster_status *status, uint32_t timeout_ms)
{
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
    return status ? status->listener.address : NULL;
}
