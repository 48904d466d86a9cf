/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* One etcd server on loopback for tests. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct etcd_server {
    pid_t pid;
    char dir[256];
    int client_port;
    int peer_port;
    char url[64];             /* http://127.0.0.1:PORT or https://... */
    const char *const *extra; /* further arguments, ended by NULL; or NULL */
    bool tls;
};

/* Whether the program can be run. */
bool etcd_available(void);

/*
 * Starts a server with its data below `dir`, on ports that the kernel picks, and waits until it
 * serves. The server dies with this process. With tls, `extra` has the certificate options.
 */
bool etcd_start(struct etcd_server *server, const char *dir, bool tls, const char *const *extra);

/* Starts it again on the same ports with the same data. */
bool etcd_restart(struct etcd_server *server);

void etcd_signal(struct etcd_server *server, int signal);

/* Kills it with SIGKILL and waits for its end. */
void etcd_kill(struct etcd_server *server);

/* Runs etcdctl against it with a shell-like list of arguments, ended by NULL; true on success. */
bool etcd_ctl(const struct etcd_server *server, const char *const *arguments);
