/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The check against a collector in the same process (G8): whoever missed a version because it was
 * collected is told so.
 *
 *     transaction                     scanner                           collector
 *     1 read the version              a protected_from := s (release)   c s := safe point (acquire)
 *     2 fence: loads before loads     b safe point := s     (release)   d collect what s allows
 *     3 start_ts >= protected_from?                                       (release)
 *
 * Removing a version is a release operation here, as it is in every structure whose readers take no
 * lock.
 *
 * @mutant NO_FENCE
 * @mutant SAFE_POINT_FIRST
 * @mutant RELAXED_SAFE_POINT
 * @mutant CHECK_FIRST
 */
#include "explore.hpp"

static unsigned const start_ts = 2;

struct check : rl::test_suite<check, 3> {
    rl::atomic<unsigned> protected_from;
    rl::atomic<unsigned> safe_point;
    rl::atomic<unsigned> version; /* 1 while it is there */

    void before()
    {
        protected_from.store(1, rl::memory_order_relaxed);
        safe_point.store(1, rl::memory_order_relaxed);
        version.store(1, rl::memory_order_relaxed);
    }

    void transaction()
    {
        unsigned found, bound = 0;

        if (mutant(CHECK_FIRST))
            bound = protected_from.load(rl::memory_order_acquire);
        found = version.load(rl::memory_order_relaxed);
        if (!mutant(NO_FENCE))
            rl::atomic_thread_fence(rl::memory_order_acquire);
        if (!mutant(CHECK_FIRST))
            bound = protected_from.load(rl::memory_order_acquire);
        if (start_ts >= bound)
            RL_ASSERT(found);
    }

    void scan(unsigned s)
    {
        if (mutant(SAFE_POINT_FIRST))
            safe_point.store(s, rl::memory_order_release);
        protected_from.store(s, rl::memory_order_release);
        safe_point.store(s, mutant(RELAXED_SAFE_POINT) ? rl::mo_relaxed : rl::mo_release, $);
    }

    void collect()
    {
        if (start_ts < safe_point.load(rl::memory_order_acquire))
            version.store(0, rl::memory_order_release);
    }

    void thread(unsigned i)
    {
        switch (i) {
        case 0:
            transaction();
            transaction();
            break;
        case 1:
            scan(2);
            scan(3);
            break;
        default:
            collect();
            collect();
        }
    }
};

int main(int argc, char **argv)
{
    return explore<check>(argc, argv);
}
