/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin against scan (G2, G3) as C11 atomics with fences; see ../begin_scan.pml.
 *
 * The oracle is relaxed: linearizable, and it orders nothing else. One owner reads it, another one
 * allocates.
 *
 * @mutant NO_FLOOR
 * @mutant ORACLE_FIRST
 * @mutant NO_OWNER_FENCE
 * @mutant NO_SCANNER_FENCE
 * @mutant SCAN_BEFORE_NOW
 * @mutant FLOOR_AHEAD
 * @mutant NO_MAX
 */
#include "explore.hpp"

static unsigned const owners = 2;
static unsigned const txns = 2;
static unsigned const scans = 2;

struct begin_scan : rl::test_suite<begin_scan, owners + 1> {
    rl::atomic<unsigned> slot[owners];
    rl::atomic<unsigned> floor;
    rl::atomic<unsigned> oracle;
    /* What the slots protect; no part of the protocol, so nothing is reordered around it. */
    unsigned open[owners];
    unsigned safe;

    void before()
    {
        for (unsigned i = 0; i < owners; i++) {
            slot[i].store(0, rl::memory_order_relaxed);
            open[i] = 0;
        }
        floor.store(1, rl::memory_order_relaxed);
        oracle.store(1, rl::memory_order_relaxed);
        safe = 0;
    }

    unsigned ask(unsigned i)
    {
        open[i] = i ? oracle.fetch_add(1, rl::memory_order_relaxed) + 1
                    : oracle.load(rl::memory_order_relaxed);
        RL_ASSERT(safe <= open[i]);
        return open[i];
    }

    void announce(unsigned i, unsigned &announced)
    {
        announced = floor.load(rl::memory_order_acquire);
        if (!mutant(NO_FLOOR))
            slot[i].store(announced, rl::memory_order_release);
        if (!mutant(NO_OWNER_FENCE))
            full_fence();
    }

    void run_txn(unsigned i)
    {
        unsigned ts, announced = 0;

        if (!mutant(ORACLE_FIRST))
            announce(i, announced);
        ts = ask(i);
        RL_ASSERT(ts >= announced); /* else a transaction would be refused */
        if (mutant(ORACLE_FIRST))
            announce(i, announced);
        slot[i].store(ts, rl::memory_order_release);
        slot[i].store(0, rl::memory_order_release);
        open[i] = 0;
    }

    unsigned minimum(unsigned now)
    {
        unsigned m = now;

        for (unsigned i = 0; i < owners; i++) {
            unsigned word = slot[i].load(rl::memory_order_relaxed);

            if (word && word < m)
                m = word;
        }
        return m;
    }

    void hand_out(unsigned m)
    {
        if (!mutant(NO_MAX))
            m = m > safe ? m : safe;
        RL_ASSERT(m >= safe);
        safe = m;
        for (unsigned i = 0; i < owners; i++)
            RL_ASSERT(!open[i] || safe <= open[i]);
    }

    void scan()
    {
        unsigned now, m;

        if (mutant(SCAN_BEFORE_NOW)) {
            full_fence();
            m = minimum(~0u);
            now = oracle.fetch_add(0, rl::memory_order_relaxed);
            m = m < now ? m : now;
        } else {
            now = oracle.fetch_add(0, rl::memory_order_relaxed);
            if (!mutant(NO_SCANNER_FENCE))
                full_fence();
            m = minimum(now);
        }
        hand_out(m);
        floor.store(mutant(FLOOR_AHEAD) ? now + 2 : now, rl::memory_order_release);
    }

    void thread(unsigned i)
    {
        if (i < owners)
            for (unsigned n = 0; n < txns; n++)
                run_txn(i);
        else
            for (unsigned n = 0; n < scans; n++)
                scan();
    }
};

int main(int argc, char **argv)
{
    return explore<begin_scan>(argc, argv);
}
