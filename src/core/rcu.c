/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fences and membarrier: the part of rcu.h that needs no inlining.
 */
#include "rcu.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

char rst_grace_period;

static int membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

void rst_fence_full_slow(void)
{
#ifdef RST_TSAN
    static uint64_t fence;

    (void)__atomic_exchange_n(&fence, 1, __ATOMIC_SEQ_CST);
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

bool rst_membarrier_init(void)
{
    int commands = membarrier(MEMBARRIER_CMD_QUERY);

    return commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) &&
           membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

void rst_membarrier(void)
{
    membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}
