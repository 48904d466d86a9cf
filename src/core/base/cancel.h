/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A cancelled thread ends between two calls of this library, never inside one, where it would leave
 * locks held and a change incomplete. A public function that waits, reads or writes, and so would
 * be a cancellation point, begins with RST_NOT_CANCELLED.
 */
#pragma once

#include <pthread.h>

static inline int rst_cancel_off(void)
{
    int before = PTHREAD_CANCEL_ENABLE;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

static inline void rst_cancel_restore(const int *before)
{
    pthread_setcancelstate(*before, NULL);
}

/* Up to the end of the block. A declaration. */
#define RST_NOT_CANCELLED                                                                          \
    const int rst_cancel_before __attribute__((cleanup(rst_cancel_restore), unused)) =             \
        rst_cancel_off()
