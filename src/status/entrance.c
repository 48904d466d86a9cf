/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The entrances of an endpoint: their sockets and daemons, and when they are run.
 *
 * Each has limits of its own, and in each round of the loop the local one is run first. The remote
 * one is run for at most a part of the time: whatever other machines send costs this one no more,
 * and local clients wait for no more than one round of it.
 */
#include "status/status.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 250 /* how often deadlines are looked at, and whether there are descriptors */
#define SHARE 10    /* the remote entrance takes at most one part in SHARE of the time */
#define REST_MS 10  /* its pauses are no shorter: a clock of milliseconds measures them */
#define REST_MOST_MS 5000
#define NS_PER_MS UINT64_C(1000000)

/* GnuTLS's defaults depend on its version and on the machine's configuration. */
static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

void rst_entrance_init(struct entrance *entrance, struct roster_status *status)
{
    entrance->status = status;
    entrance->listener = LISTENER_NONE;
    entrance->epoll_fd = entrance->diag_fd = -1;
}

/* Some versions of libmicrohttpd close the socket when they do not start. By then it may be
 * another thread's. */
static int fail(struct entrance *entrance, const struct stat *before)
{
    struct stat now;

    if (fstat(entrance->listener.fd, &now) || now.st_ino != before->st_ino ||
        now.st_dev != before->st_dev)
        entrance->listener.fd = -1;
    return entrance->key ? -EINVAL : -ENOMEM; /* it does not say why */
}

static int start_daemon(struct entrance *entrance)
{
    struct MHD_OptionItem more[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, entrance->key},
                                    {MHD_OPTION_HTTPS_MEM_CERT, 0, entrance->certificate},
                                    {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
                                    {MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | (entrance->status->site ? MHD_ALLOW_SUSPEND_RESUME : 0) |
                     (entrance->key ? MHD_USE_TLS : 0);
    const union MHD_DaemonInfo *info;
    struct stat before;

    if (fstat(entrance->listener.fd, &before))
        return -ENOMEM;
    entrance->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, rst_status_handle, entrance, MHD_OPTION_LISTEN_SOCKET,
        entrance->listener.fd, MHD_OPTION_CONNECTION_LIMIT, entrance->max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED,
        rst_status_completed, entrance, MHD_OPTION_NOTIFY_CONNECTION, rst_status_clients_notify,
        entrance, MHD_OPTION_UNESCAPE_CALLBACK, rst_status_rules_unescape, entrance,
        MHD_OPTION_URI_LOG_CALLBACK, rst_status_rules_target, entrance,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_PER_IP_CONNECTION_LIMIT, 0U,
        MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_ARRAY, entrance->key ? more : more + 3,
        MHD_OPTION_END); /* doc/defaults.md has the reasons */
    if (!entrance->daemon)
        return fail(entrance, &before);
    info = MHD_get_daemon_info(entrance->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    entrance->epoll_fd = info ? info->epoll_fd : -1;
    return entrance->epoll_fd >= 0 ? 0 : -ENOMEM;
}

int rst_entrance_open(struct entrance *entrance, const char *address)
{
    int err = rst_status_listener_open(&entrance->listener, address, entrance->is_remote);

    if (err)
        return err;
    if (!entrance->is_remote && !entrance->listener.path) /* without it all users are one */
        entrance->diag_fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    return start_daemon(entrance);
}

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void rst_entrance_close(struct entrance *entrance)
{
    if (entrance->daemon) {
        MHD_stop_daemon(entrance->daemon); /* closes the listener's socket */
        entrance->listener.fd = -1;
    }
    rst_status_listener_close(&entrance->listener);
    if (entrance->diag_fd >= 0)
        close(entrance->diag_fd);
    forget(entrance->token);
    forget(entrance->key);
    free(entrance->certificate);
}

/* Without a clock it does not rest: no moment would end it. */
static bool is_resting(const struct entrance *entrance)
{
    uint64_t now_ms = rst_monotonic_ms();

    return now_ms && now_ms < entrance->rests_until_ms;
}

int rst_entrance_fd(const struct entrance *entrance)
{
    return is_resting(entrance) ? -1 : entrance->epoll_fd;
}

uint64_t rst_entrance_due(const struct entrance *entrance, uint64_t timeout_ms)
{
    MHD_UNSIGNED_LONG_LONG wanted;
    uint64_t now_ms;

    if (!entrance->daemon)
        return timeout_ms;
    if (is_resting(entrance)) {
        now_ms = rst_monotonic_ms();
        wanted = entrance->rests_until_ms > now_ms ? entrance->rests_until_ms - now_ms : 0;
        return timeout_ms < wanted ? timeout_ms : wanted;
    }
    if (entrance->again)
        return 0;
    if (!LIST_EMPTY(&entrance->peers) && timeout_ms > LOOK_MS)
        timeout_ms = LOOK_MS;
    if (MHD_get_timeout(entrance->daemon, &wanted) == MHD_YES && wanted < timeout_ms)
        timeout_ms = wanted;
    return timeout_ms;
}

/* After a turn that took so long. A process that was stopped in it, or an oracle that was slow,
 * does not keep others away for ever. */
static void rest(struct entrance *entrance, uint64_t took_ns)
{
    uint64_t rest_ms;

    entrance->owed_ns += took_ns * (SHARE - 1);
    rest_ms = entrance->owed_ns / NS_PER_MS;
    if (rest_ms < REST_MS)
        return;
    entrance->owed_ns = 0;
    entrance->rests_until_ms =
        rst_monotonic_ms() + (rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS);
}

/*
 * Without a descriptor for it a connection stays where it is, and the socket ready: the loop would
 * run without a pause until the process has one again. While others are open libmicrohttpd waits
 * for one of these to end. Once is not enough, as it may have come this moment.
 */
static bool cannot_accept(struct entrance *entrance)
{
    struct pollfd listener = {entrance->listener.fd, POLLIN, 0};

    if (!LIST_EMPTY(&entrance->peers) || entrance->again || poll(&listener, 1, 0) <= 0)
        entrance->left = 0;
    else
        entrance->left++;
    return entrance->left > 1;
}

void rst_entrance_run(struct entrance *entrance)
{
    uint64_t began_ns;

    if (!entrance->daemon || is_resting(entrance))
        return;
    began_ns = entrance->is_remote ? rst_monotonic_ns() : 0;
    entrance->again = false;
    MHD_run(entrance->daemon);
    rst_status_clients_sweep(entrance);
    if (entrance->is_remote)
        rest(entrance, rst_since(rst_monotonic_ns(), began_ns));
    if (cannot_accept(entrance))
        entrance->rests_until_ms = rst_monotonic_ms() + LOOK_MS;
}
