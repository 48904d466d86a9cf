/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "etcd_server.h"

#include "../scratch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGUMENTS 48
#define START_ATTEMPTS 5
#define START_CHECKS 600

static void pause_ms(int ms)
{
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&ts, NULL);
}

bool etcd_available(void)
{
    const char *const arguments[] = {"etcd", "--version", NULL};

    return scratch_run(arguments) == 0;
}

static void exec_etcd(const struct etcd_server *server)
{
    char data[300], log[300], peer[64], cluster[96];
    const char *arguments[MAX_ARGUMENTS];
    int n = 0, fd;

    snprintf(data, sizeof(data), "%s/data", server->dir);
    snprintf(log, sizeof(log), "%s/etcd.log", server->dir);
    snprintf(peer, sizeof(peer), "http://127.0.0.1:%d", server->peer_port);
    snprintf(cluster, sizeof(cluster), "member=%s", peer);
    const char *const fixed[] = {"etcd",      "--name",
                                 "member",    "--data-dir",
                                 data,        "--listen-client-urls",
                                 server->url, "--advertise-client-urls",
                                 server->url, "--listen-peer-urls",
                                 peer,        "--initial-advertise-peer-urls",
                                 peer,        "--initial-cluster",
                                 cluster,     "--heartbeat-interval",
                                 "10",        "--election-timeout",
                                 "100"};

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        arguments[n++] = fixed[i];
    for (size_t i = 0; server->extra != NULL && server->extra[i] != NULL && n < MAX_ARGUMENTS - 1;
         i++)
        arguments[n++] = server->extra[i];
    arguments[n] = NULL;
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, 1);
    dup2(fd, 2);
    close_range(3, ~0U, 0);
    execvp("etcd", (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static bool ended(struct etcd_server *server)
{
    if (waitpid(server->pid, NULL, WNOHANG) == 0)
        return false;
    server->pid = 0;
    return true;
}

/* The client port is opened before the server serves, so a listener alone is not enough. */
static bool serves(const struct etcd_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)server->client_port)};
    const char request[] = "GET /health HTTP/1.0\r\n\r\n";
    char answer[1024] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 2};
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (ok && !server->tls) {
        size_t got = 0;
        ssize_t n = write(fd, request, sizeof(request) - 1);

        while (n > 0 && got < sizeof(answer) - 1) {
            n = read(fd, answer + got, sizeof(answer) - 1 - got);
            got += n > 0 ? (size_t)n : 0;
        }
        ok = strstr(answer, "\"health\":\"true\"") != NULL;
    }
    close(fd);
    return ok;
}

bool etcd_restart(struct etcd_server *server)
{
    server->pid = scratch_fork();
    if (server->pid == 0)
        exec_etcd(server);
    for (int i = 0; i < START_CHECKS; i++) {
        if (ended(server))
            return false;
        if (serves(server))
            return true;
        pause_ms(50);
    }
    etcd_kill(server);
    return false;
}

bool etcd_start(struct etcd_server *server, const char *dir, bool tls, const char *const *extra)
{
    memset(server, 0, sizeof(*server));
    snprintf(server->dir, sizeof(server->dir), "%s", dir);
    server->tls = tls;
    server->extra = extra;
    /* Between the choice of a port and its use another process may take it. */
    for (int i = 0; i < START_ATTEMPTS; i++) {
        server->client_port = scratch_port();
        server->peer_port = scratch_port();
        snprintf(server->url, sizeof(server->url), "%s://127.0.0.1:%d", tls ? "https" : "http",
                 server->client_port);
        if (etcd_restart(server))
            return true;
    }
    return false;
}

void etcd_signal(struct etcd_server *server, int signal)
{
    kill(server->pid, signal);
}

void etcd_kill(struct etcd_server *server)
{
    if (server->pid == 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

bool etcd_ctl(const struct etcd_server *server, const char *const *arguments)
{
    const char *all[MAX_ARGUMENTS] = {"env", "ETCDCTL_API=3", "etcdctl", "--endpoints",
                                      server->url};
    int n = 5;

    for (size_t i = 0; arguments[i] != NULL && n < MAX_ARGUMENTS - 1; i++)
        all[n++] = arguments[i];
    all[n] = NULL;
    return scratch_run(all) == 0;
}
