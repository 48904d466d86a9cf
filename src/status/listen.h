/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The socket on which an endpoint listens.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct listener {
    int fd;        /* -1: none, or libmicrohttpd closes it */
    int lock_fd;   /* of a Unix socket: holds the lock on its path; else -1 */
    char *address; /* what it became, with the port that the kernel chose */
    char *path;    /* the Unix socket's file, else NULL */
    dev_t dev;     /* of that file, to remove no other */
    ino_t ino;
};

#define LISTENER_NONE ((struct listener){.fd = -1, .lock_fd = -1})

/* Opens the socket of the address `text` in a listener that is LISTENER_NONE: a local one, or any
 * of this machine's for a remote one, which is not a Unix socket. Returns 0 or a negative errno,
 * and it is LISTENER_NONE again. Never waits for another process. */
int rst_status_listener_open(struct listener *listener, const char *text, bool is_remote);

/* Removes what it made, and closes what is open. */
void rst_status_listener_close(struct listener *listener);
