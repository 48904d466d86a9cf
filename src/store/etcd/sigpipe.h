/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A TLS library may write to a connection that the other side has closed, with write(), which
 * raises SIGPIPE and by default ends the process. A library must not change a signal's action,
 * so the signal is held back in the calling thread and taken away again.
 */
#ifndef ROSTER_STORE_ETCD_SIGPIPE_H
#define ROSTER_STORE_ETCD_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct store_sigpipe {
    sigset_t before;
    bool was_pending;
};

/* Blocks all signals in the calling thread; `before` is for pthread_sigmask(SIG_SETMASK). */
void rst_store_signals_block(sigset_t *before);

void rst_store_sigpipe_hold(struct store_sigpipe *state);
void rst_store_sigpipe_release(const struct store_sigpipe *state);

#endif
