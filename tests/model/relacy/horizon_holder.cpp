/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Naming the holder of a slot as C11 atomics with fences; see ../horizon_holder.pml.
 *
 * @mutant HOLDER_AFTER
 * @mutant HOLDER_RELAXED
 * @mutant HOLDER_READ_RELAXED
 * @mutant SINCE_RELAXED
 * @mutant SINCE_READ_RELAXED
 * @mutant NO_RECHECK
 * @mutant NO_HOLDER_AGAIN
 */
#include "explore.hpp"

static unsigned const tenants = 5;
static unsigned const scans = 2;

#define order_holder (mutant(HOLDER_RELAXED) ? rl::mo_relaxed : rl::mo_release), $
#define order_holder_read (mutant(HOLDER_READ_RELAXED) ? rl::mo_relaxed : rl::mo_acquire), $
#define order_since (mutant(SINCE_RELAXED) ? rl::mo_relaxed : rl::mo_release), $
#define order_since_read (mutant(SINCE_READ_RELAXED) ? rl::mo_relaxed : rl::mo_acquire), $

/* Threads: 0 begins, 1 scans, 2 finishes what 0 does not finish itself. */
struct holder_test : rl::test_suite<holder_test, 3> {
    rl::atomic<unsigned> word;
    rl::atomic<unsigned> holder;
    rl::atomic<unsigned> since; /* whose */
    rl::atomic<unsigned> floor;
    rl::atomic<unsigned> oracle;
    rl::atomic<unsigned> elsewhere; /* 1: to be finished on thread 2; 2: there is no more */
    /* Which values a tenant has announced, as bits. */
    unsigned held[tenants + 1];

    void before()
    {
        word.store(0, rl::memory_order_relaxed);
        holder.store(0, rl::memory_order_relaxed);
        since.store(0, rl::memory_order_relaxed);
        floor.store(1, rl::memory_order_relaxed);
        oracle.store(1, rl::memory_order_relaxed);
        elsewhere.store(0, rl::memory_order_relaxed);
        for (unsigned i = 0; i <= tenants; i++)
            held[i] = 0;
    }

    void announce(unsigned id, unsigned ts)
    {
        held[id] |= 1 << ts;
        word.store(ts, rl::memory_order_release);
    }

    void name(unsigned id)
    {
        since.store(id, order_since);
        holder.store(id, order_holder);
    }

    void begin(unsigned id)
    {
        unsigned f = floor.load(rl::memory_order_relaxed);

        if (mutant(HOLDER_AFTER))
            announce(id, f);
        name(id);
        if (!mutant(HOLDER_AFTER))
            announce(id, f);
        full_fence();
        if (rl::rand(2))
            announce(id, oracle.fetch_add(1, rl::memory_order_relaxed) + 1);
    }

    void begin_at(unsigned id)
    {
        unsigned ts = 1 + rl::rand(oracle.load(rl::memory_order_relaxed));

        name(id);
        announce(id, ts);
    }

    void finish()
    {
        if (rl::rand(2)) {
            word.store(0, rl::memory_order_release);
            return;
        }
        elsewhere.store(1, rl::memory_order_release);
        while (elsewhere.load(rl::memory_order_acquire))
            rl::yield(1, $);
    }

    void own()
    {
        for (unsigned id = 1; id <= tenants; id++) {
            if (rl::rand(2))
                begin(id);
            else
                begin_at(id);
            finish();
        }
        elsewhere.store(2, rl::memory_order_release);
    }

    void finish_for_others()
    {
        unsigned what;

        while ((what = elsewhere.load(rl::memory_order_acquire)) != 2) {
            if (what) {
                word.store(0, rl::memory_order_release);
                elsewhere.store(0, rl::memory_order_release);
            } else {
                rl::yield(1, $);
            }
        }
    }

    void scan()
    {
        unsigned now, w, h, s, again, holder_again;

        now = oracle.fetch_add(1, rl::memory_order_relaxed) + 1;
        full_fence();
        w = word.load(rl::memory_order_acquire);
        h = holder.load(order_holder_read);
        s = since.load(order_since_read);
        again = mutant(NO_RECHECK) ? w : word.load(rl::memory_order_acquire);
        holder_again = mutant(NO_HOLDER_AGAIN) ? h : holder.load(rl::memory_order_acquire);
        if (w && again == w && holder_again == h)
            RL_ASSERT((held[h] >> w & 1) && s == h);
        floor.store(now, rl::memory_order_release);
    }

    void thread(unsigned i)
    {
        switch (i) {
        case 0:
            own();
            break;
        case 1:
            for (unsigned n = 0; n < scans; n++)
                scan();
            break;
        default:
            finish_for_others();
        }
    }
};

int main(int argc, char **argv)
{
    return explore<holder_test>(argc, argv);
}
