/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The place of deadlocks. See deadlocks.h.
 */
#include "core/roster/deadlocks.h"

#include <stdlib.h>

int rst_deadlocks_init(struct rst_deadlocks *deadlocks)
{
    return -pthread_mutex_init(&deadlocks->lock, NULL);
}

void rst_deadlocks_destroy(struct rst_deadlocks *deadlocks)
{
    size_t n;

    for (n = 0; n < ROSTER_DEADLOCKS; n++)
        free(deadlocks->kept[n]);
    pthread_mutex_destroy(&deadlocks->lock);
}
