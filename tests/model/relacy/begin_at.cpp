/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin at a chosen old timestamp against scans (G2, G3) as C11 atomics with fences and a mutex;
 * see ../begin_at.pml. Thread 0 begins at the present, as in begin_scan.cpp, thread 1 at any
 * timestamp up to it, thread 2 scans with a life time above 0.
 *
 * @mutant DECIDED_OUTSIDE
 * @mutant STORED_OUTSIDE
 * @mutant NO_MUTEX
 * @mutant OFF_BY_ONE
 * @mutant PUBLISHED_LATE
 * @mutant NO_MAX
 * @mutant NO_SCANNER_FENCE
 */
#include "explore.hpp"

static unsigned const txns = 2;
static unsigned const scans = 2;
static unsigned const life_time = 1;

struct begin_at : rl::test_suite<begin_at, 3> {
    rl::atomic<unsigned> slot[2];
    rl::atomic<unsigned> floor;
    rl::atomic<unsigned> oracle;
    rl::atomic<unsigned> safe;
    rl::mutex mutex;
    /* What the slots protect, and what anyone may have seen; no part of the protocol. */
    unsigned open[2];
    unsigned handed_out;

    void before()
    {
        for (unsigned i = 0; i < 2; i++) {
            slot[i].store(0, rl::memory_order_relaxed);
            open[i] = 0;
        }
        floor.store(2, rl::memory_order_relaxed);
        oracle.store(2, rl::memory_order_relaxed);
        safe.store(0, rl::memory_order_relaxed);
        handed_out = 0;
    }

    void lock()
    {
        if (!mutant(NO_MUTEX))
            mutex.lock($);
    }

    void unlock()
    {
        if (!mutant(NO_MUTEX))
            mutex.unlock($);
    }

    void begin()
    {
        slot[0].store(floor.load(rl::memory_order_relaxed), rl::memory_order_release);
        full_fence();
        open[0] = oracle.fetch_add(1, rl::memory_order_relaxed) + 1;
        RL_ASSERT(handed_out <= open[0]);
        slot[0].store(open[0], rl::memory_order_release);
        slot[0].store(0, rl::memory_order_release);
        open[0] = 0;
    }

    bool decide(unsigned ts)
    {
        unsigned bound = safe.load(rl::memory_order_relaxed);

        if (mutant(OFF_BY_ONE) && bound > 0)
            bound--;
        if (ts < bound)
            return false;
        open[1] = ts;
        RL_ASSERT(handed_out <= ts);
        return true;
    }

    void begin_old()
    {
        unsigned ts = 1 + rl::rand(oracle.load(rl::memory_order_relaxed));
        bool begun = mutant(DECIDED_OUTSIDE) && decide(ts);

        lock();
        if (!mutant(DECIDED_OUTSIDE))
            begun = decide(ts);
        if (mutant(STORED_OUTSIDE))
            unlock();
        if (begun)
            slot[1].store(ts, rl::memory_order_relaxed);
        if (!mutant(STORED_OUTSIDE))
            unlock();
        if (begun) {
            open[1] = 0;
            slot[1].store(0, rl::memory_order_release);
        }
    }

    unsigned minimum(unsigned now)
    {
        unsigned m = now;

        for (unsigned i = 0; i < 2; i++) {
            unsigned word = slot[i].load(rl::memory_order_relaxed);

            if (word && word < m)
                m = word;
        }
        return m;
    }

    /* From here on a collector that asks no mutex may use it. */
    void hand_out(unsigned s)
    {
        safe.store(s, rl::memory_order_release);
        RL_ASSERT(s >= handed_out);
        handed_out = s;
        for (unsigned i = 0; i < 2; i++)
            RL_ASSERT(!open[i] || s <= open[i]);
    }

    void scan()
    {
        unsigned elsewhere = rl::rand(2) * 2; /* other servers take timestamps too */
        unsigned now, m, s;

        lock();
        now = oracle.fetch_add(elsewhere, rl::memory_order_relaxed) + elsewhere;
        if (!mutant(NO_SCANNER_FENCE))
            full_fence();
        m = minimum(now);
        s = m < now - life_time ? m : now - life_time;
        if (!mutant(NO_MAX) && s < safe.load(rl::memory_order_relaxed))
            s = safe.load(rl::memory_order_relaxed);
        if (mutant(PUBLISHED_LATE))
            unlock();
        hand_out(s);
        floor.store(now, rl::memory_order_release);
        if (!mutant(PUBLISHED_LATE))
            unlock();
    }

    void thread(unsigned i)
    {
        unsigned n;

        for (n = 0; i == 0 && n < txns; n++)
            begin();
        for (n = 0; i == 1 && n < txns; n++)
            begin_old();
        for (n = 0; i == 2 && n < scans; n++)
            scan();
    }
};

int main(int argc, char **argv)
{
    return explore<begin_at>(argc, argv);
}
