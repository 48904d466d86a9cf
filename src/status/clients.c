/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Who is connected, and how much of an entrance each client may have.
 *
 * All local clients are on this machine, so that an address says little: a client that connects
 * from 127.0.0.1 may as well do so from 127.0.0.2. What identifies them is the user. A Unix socket
 * knows it; of a TCP connection the kernel reports it through sock_diag(7). Of remote ones nothing
 * is known but the address; one machine usually has all of an IPv6 network of 64 bits.
 */
#include "status/status.h"

#include "core/base/count.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SWEEP_MS 250

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* The two ends of a connection, as the peer's socket has them. */
static bool fill_ends(int fd, struct inet_diag_req_v2 *wanted)
{
    union address near = {.any = {0}}, far = {.any = {0}};
    socklen_t near_size = sizeof(near), far_size = sizeof(far);

    if (getsockname(fd, &near.any, &near_size) || getpeername(fd, &far.any, &far_size))
        return false;
    wanted->sdiag_family = (uint8_t)far.any.sa_family;
    if (far.any.sa_family == AF_INET) {
        wanted->id.idiag_sport = far.in.sin_port;
        wanted->id.idiag_dport = near.in.sin_port;
        wanted->id.idiag_src[0] = far.in.sin_addr.s_addr;
        wanted->id.idiag_dst[0] = near.in.sin_addr.s_addr;
        return true;
    }
    wanted->id.idiag_sport = far.in6.sin6_port;
    wanted->id.idiag_dport = near.in6.sin6_port;
    memcpy(wanted->id.idiag_src, &far.in6.sin6_addr, sizeof(far.in6.sin6_addr));
    memcpy(wanted->id.idiag_dst, &near.in6.sin6_addr, sizeof(near.in6.sin6_addr));
    return far.any.sa_family == AF_INET6;
}

/* The kernel answers while it is asked, so nothing here waits. */
static bool tcp_user(int diag_fd, int fd, uint64_t *who)
{
    static uint32_t asked;
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 wanted;
    } question;
    union {
        struct nlmsghdr header;
        char bytes[1024];
    } answer;
    const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
    ssize_t length;

    memset(&question, 0, sizeof(question));
    question.header.nlmsg_len = sizeof(question);
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.header.nlmsg_seq = ++asked;
    question.wanted.sdiag_protocol = IPPROTO_TCP;
    question.wanted.idiag_states = UINT32_MAX;
    question.wanted.id.idiag_cookie[0] = question.wanted.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (diag_fd < 0 || !fill_ends(fd, &question.wanted) ||
        send(diag_fd, &question, sizeof(question), MSG_DONTWAIT) != (ssize_t)sizeof(question))
        return false;
    do
        length = recv(diag_fd, &answer, sizeof(answer), MSG_DONTWAIT);
    while (length >= (ssize_t)sizeof(answer.header) &&
           answer.header.nlmsg_seq != question.header.nlmsg_seq);
    if (length < (ssize_t)NLMSG_LENGTH(sizeof(*found)) ||
        answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return false;
    *who = found->idiag_uid;
    return true;
}

/* The address of a remote client, or its network. An IPv4 one is the same when a socket of IPv6
 * has it. */
static uint64_t network_of(int fd)
{
    union address far = {.any = {0}};
    socklen_t size = sizeof(far);
    const unsigned char *bytes = far.in6.sin6_addr.s6_addr, *end = bytes + 8;
    uint64_t network = 0;

    if (getpeername(fd, &far.any, &size))
        return NOT_A_USER;
    if (far.any.sa_family == AF_INET)
        return ntohl(far.in.sin_addr.s_addr);
    if (IN6_IS_ADDR_V4MAPPED(&far.in6.sin6_addr)) {
        bytes += 12;
        end = bytes + 4;
    }
    while (bytes < end)
        network = network << 8 | *bytes++;
    return network;
}

static uint64_t who_is(const struct entrance *entrance, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    uint64_t who;

    if (entrance->is_remote)
        return network_of(fd);
    if (entrance->listener.path)
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) ? NOT_A_USER : peer.uid;
    return tcp_user(entrance->diag_fd, fd, &who) ? who : NOT_A_USER;
}

static struct client *client_of(struct entrance *entrance, uint64_t who)
{
    struct client *client;

    for (client = LIST_FIRST(&entrance->clients); client; client = LIST_NEXT(client, link))
        if (client->who == who)
            return client;
    client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    client->who = who;
    client->budget.most = entrance->budget.most / 2; /* so that something is left for others */
    client->budget.whole = &entrance->budget;
    LIST_INSERT_HEAD(&entrance->clients, client, link);
    return client;
}

static void client_leave(struct client *client)
{
    if (client->connections)
        return;
    LIST_REMOVE(client, link);
    free(client);
}

/* Says why, as far as the socket takes it, and closes. What has been sent already is read, since
 * otherwise the answer would be lost with a reset. */
static void refuse(const struct entrance *entrance, int fd)
{
    char text[320], body[128], unread[4096];
    int length;

    length = snprintf(body, sizeof(body),
                      "{\"error\":\"this %s has too many connections or replies under way; at "
                      "most %u connection%s\"}",
                      entrance->is_remote ? "address" : "user", entrance->max_per_client,
                      count_s(entrance->max_per_client));
    length = snprintf(text, sizeof(text),
                      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                      "Retry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
                      length, body);
    while (recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0)
        ;
    if (!entrance->certificate) /* nothing is encrypted yet */
        (void)!send(fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_RDWR);
}

static void on_start(struct entrance *entrance, struct MHD_Connection *connection,
                     void **per_connection)
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct client *client = client_of(entrance, who_is(entrance, fd));
    struct peer *peer = client ? calloc(1, sizeof(*peer)) : NULL;

    *per_connection = peer;
    if (client && (!peer || client->connections >= entrance->max_per_client ||
                   !budget_take(&client->budget, entrance->connection_memory))) {
        client_leave(client);
        client = NULL;
    }
    if (!client) {
        entrance->refused++;
        refuse(entrance, fd);
    }
    if (!peer)
        return;
    if (client)
        client->connections++;
    peer->client = client;
    peer->fd = fd;
    peer->since_ms = rst_monotonic_ms();
    LIST_INSERT_HEAD(&entrance->peers, peer, link);
}

static void on_close(struct entrance *entrance, struct peer *peer)
{
    entrance->again = true; /* when all places were taken the listener comes back only then */
    if (!peer)
        return;
    LIST_REMOVE(peer, link);
    if (peer->client) {
        budget_give(&peer->client->budget, entrance->connection_memory);
        peer->client->connections--;
        client_leave(peer->client);
    }
    free(peer);
}

struct peer *rst_status_peer(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

void rst_status_clients_notify(void *cls, struct MHD_Connection *connection, void **per_connection,
                               enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        on_start(cls, connection, per_connection);
    else
        on_close(cls, *per_connection);
}

/* Closes for reading and writing what has taken too long; libmicrohttpd then sees the end. */
void rst_status_clients_sweep(struct entrance *entrance)
{
    uint64_t now = rst_monotonic_ms();
    struct peer *peer;

    if (rst_since(now, entrance->swept_ms) < SWEEP_MS)
        return;
    entrance->swept_ms = now;
    for (peer = LIST_FIRST(&entrance->peers); peer; peer = LIST_NEXT(peer, link))
        if (rst_since(now, peer->since_ms) > entrance->status->options.request_ms)
            shutdown(peer->fd, SHUT_RDWR);
}
