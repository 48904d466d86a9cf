/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Publication and hot reuse of views (G1, G4) as C11 atomics with fences; see ../hot_reuse.pml.
 *
 * A view's fields are plain memory, so that a read beside a write is reported as a race. Views that
 * could not be reused stay away for good: grace periods are checked by Spin only.
 *
 * @mutant NO_CHECK
 * @mutant NO_READER_FENCE
 * @mutant NO_OWNER_FENCE
 * @mutant CHECK_FIRST
 * @mutant RELAXED_CHECK
 * @mutant RELAXED_DECREMENT
 * @mutant RELAXED_PUBLISH
 * @mutant ENTERS_LATE
 */
#include "explore.hpp"

static unsigned const readers_inside = 2;
static unsigned const updates = 3;
static unsigned const reads = 2;
static unsigned const idle = 0;

struct hot_reuse : rl::test_suite<hot_reuse, 1 + readers_inside> {
    struct view {
        rl::var<unsigned> a, b;
    };

    rl::atomic<unsigned> pointer;
    rl::atomic<unsigned> readers;
    view views[1 + updates]; /* 0 is the idle view */

    void before()
    {
        for (unsigned i = 0; i < 1 + updates; i++) {
            views[i].a($) = 0;
            views[i].b($) = 0;
        }
        pointer.store(idle, rl::memory_order_relaxed);
        readers.store(0, rl::memory_order_relaxed);
    }

    bool quiet()
    {
        return readers.load(mutant(RELAXED_CHECK) ? rl::mo_relaxed : rl::mo_acquire, $) == 0;
    }

    void publish(unsigned v)
    {
        pointer.store(v, mutant(RELAXED_PUBLISH) ? rl::mo_relaxed : rl::mo_release, $);
    }

    void own()
    {
        unsigned fresh = 1, v = 0;

        for (unsigned n = 1; n <= updates; n++) {
            if (v == 0)
                v = fresh++;
            views[v].a($) = n;
            views[v].b($) = n;
            publish(v);

            bool reuse = mutant(NO_CHECK) || (mutant(CHECK_FIRST) && quiet());

            publish(idle);
            if (!mutant(NO_OWNER_FENCE))
                full_fence();
            if (!reuse && (mutant(CHECK_FIRST) || !quiet()))
                v = 0;
        }
    }

    void enter()
    {
        readers.fetch_add(1, rl::memory_order_relaxed);
    }

    void read()
    {
        unsigned v, a, b;

        if (!mutant(ENTERS_LATE))
            enter();
        if (!mutant(NO_READER_FENCE))
            full_fence();
        v = pointer.load(rl::memory_order_acquire);
        if (mutant(ENTERS_LATE))
            enter();
        a = views[v].a($);
        b = views[v].b($);
        RL_ASSERT(a == b);
        readers.fetch_sub(1, mutant(RELAXED_DECREMENT) ? rl::mo_relaxed : rl::mo_release, $);
    }

    void thread(unsigned i)
    {
        if (i == 0)
            own();
        else
            for (unsigned n = 0; n < reads; n++)
                read();
    }
};

int main(int argc, char **argv)
{
    return explore<hot_reuse>(argc, argv);
}
