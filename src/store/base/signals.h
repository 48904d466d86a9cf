/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Signals that what we call raises in the calling thread, and that by default end the process:
 * SIGPIPE, when a TLS library writes with write() to a connection that the other side has closed,
 * and SIGXFSZ, when SQLite writes beyond the limit of a file's size. A library must not change a
 * signal's action, so the signal is held back in the calling thread and taken away again: the call
 * that failed says so, too.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

struct store_signal {
    int number; /* 0: none is held */
    bool was_pending;
    sigset_t before;
};

/* Blocks all signals in the calling thread; `before` is for pthread_sigmask(SIG_SETMASK). */
void rst_store_signals_block(sigset_t *before);

struct store_signal rst_store_signal_hold(int number);
void rst_store_signal_release(const struct store_signal *held);

/* Up to the end of the block: what this kind of store may raise. A declaration. */
#define STORE_HOLDS_SIGNAL(kind)                                                                   \
    const struct store_signal store_held                                                           \
        __attribute__((cleanup(rst_store_signal_release), unused)) =                               \
            rst_store_signal_hold((kind)->raises)
