/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The listener: accepts connections and hands them to the workers in turn.
 */
#ifndef KV_LISTENER_H
#define KV_LISTENER_H

#include <uv.h>

struct server;

struct listener {
    struct server *server;
    uv_poll_t poll;
    int fd;
    int spare; /* closed for a moment when no descriptor is left, to refuse a client properly */
    unsigned next;
};

/* Returns 0 or a negative errno; server->options.port then is the port in use. */
int listener_start(struct listener *listener, struct server *server, uv_loop_t *loop);
void listener_stop(struct listener *listener);

#endif
