/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <pthread.h>
#include <time.h>

#include "store/etcd/sigpipe.h"

static void set_of_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

static bool is_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

void rst_store_signals_block(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

void rst_store_sigpipe_hold(struct store_sigpipe *state)
{
    sigset_t set;

    set_of_sigpipe(&set);
    /* One that is pending already is not ours to take away. */
    state->was_pending = is_pending();
    pthread_sigmask(SIG_BLOCK, &set, &state->before);
}

void rst_store_sigpipe_release(const struct store_sigpipe *state)
{
    static const struct timespec at_once = {0, 0};
    sigset_t set;

    set_of_sigpipe(&set);
    if (!state->was_pending && is_pending())
        sigtimedwait(&set, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &state->before, NULL);
}
