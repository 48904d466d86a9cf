/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Fences and membarrier: the part of rcu.h that needs no inlining.
 */
#include "core/base/rcu.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

char rst_grace_period;
char rst_callbacks_done;

static int membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

#ifdef RST_OWN_SECTION
static struct urcu_bp_reader *no_reader;

__thread struct urcu_bp_reader **rst_reader = &no_reader;

void rst_rcu_read_lock_slow(void)
{
    urcu_bp_read_lock();
    rst_reader = &URCU_TLS(urcu_bp_reader);
}
#endif

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

/* Where the kernel allocates for it; memory may be short for a moment. */
#define TRIES 16

static rst_word failures;
static bool refused; /* the newest call failed */

static rst_slow int membarrier_failed(int err)
{
    unsigned tries;

    for (tries = 1; err == ENOMEM && tries < TRIES; tries++) {
        sched_yield();
        err = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) ? errno : 0;
    }
    if (!err)
        return 0;
    rst_fetch_add(&failures, 1);
    rst_store(&refused, true);
    return err == ENOMEM ? -ENOMEM : -EPERM;
}

int rst_membarrier(void)
{
    if (rst_unlikely(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)))
        return membarrier_failed(errno);
    rst_store_changed(&refused, false);
    return 0;
}

uint64_t rst_membarrier_failures(void)
{
    return rst_load(&failures);
}

bool rst_membarrier_refused(void)
{
    return rst_load(&refused);
}
