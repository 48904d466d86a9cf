/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin at a chosen old timestamp against two scanners (G2, G3) as C11 atomics with fences; see
 * ../begin_at.pml. Thread 0 begins at the present, as in begin_scan.cpp, thread 1 at any timestamp up
 * to it, as thread 0 does in half of the runs, threads 2 and 3 scan with a life time above 0.
 *
 * @mutant NO_SLOT_FENCE
 * @mutant NOT_RECORDED
 * @mutant BOUND_IGNORED
 * @mutant NO_LAST_LOOK
 * @mutant CLOSED_BY_STORE
 * @mutant RELEASED_EARLY
 * @mutant OFF_BY_ONE
 * @mutant NO_MAX
 * @mutant OPENED_RELAXED
 * @mutant NO_SCANNER_FENCE
 * @mutant UNPUBLISHED
 */
#include "explore.hpp"

static unsigned const txns = 2;
static unsigned const scans = 2;
static unsigned const life_time = 1;
static unsigned const none = ~0u;

struct begin_at : rl::test_suite<begin_at, 4> {
    rl::atomic<unsigned> slot[2];
    rl::atomic<unsigned> floor;
    rl::atomic<unsigned> oracle;
    rl::atomic<unsigned> from;
    rl::atomic<unsigned> safe;
    rl::atomic<unsigned> active[2];
    rl::atomic<unsigned> low[2];
    rl::atomic<unsigned> bound[2];
    rl::atomic<unsigned> seq[2];
    /* What the slots protect, and what anyone may have seen; no part of the protocol. */
    unsigned open[2];
    unsigned handed_out;
    bool chooses; /* whether thread 0 begins at an old timestamp, too */

    void before()
    {
        chooses = rl::rand(2);
        for (unsigned i = 0; i < 2; i++) {
            slot[i].store(0, rl::memory_order_relaxed);
            active[i].store(0, rl::memory_order_relaxed);
            low[i].store(0, rl::memory_order_relaxed);
            bound[i].store(0, rl::memory_order_relaxed);
            seq[i].store(0, rl::memory_order_relaxed);
            open[i] = 0;
        }
        floor.store(2, rl::memory_order_relaxed);
        oracle.store(2, rl::memory_order_relaxed);
        from.store(0, rl::memory_order_relaxed);
        safe.store(0, rl::memory_order_relaxed);
        handed_out = 0;
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

    /* 0 when scanner i has decided nothing, or is over. */
    unsigned decided(unsigned i)
    {
        unsigned number = seq[i].load(rl::memory_order_acquire);
        unsigned found;

        if (low[i].load(rl::memory_order_acquire))
            return 0;
        found = bound[i].load(rl::memory_order_acquire);
        if (seq[i].load(rl::memory_order_acquire) != number)
            return 0;
        return found;
    }

    bool tell(unsigned i, unsigned ts)
    {
        unsigned seen;

        if (!active[i].load(rl::memory_order_acquire))
            return true;
        seen = low[i].load(rl::memory_order_acquire);
        while (seen > ts && !mutant(NOT_RECORDED))
            if (low[i].compare_exchange_strong(seen, ts, rl::memory_order_acq_rel,
                                               rl::memory_order_acquire))
                return true;
        return seen || mutant(BOUND_IGNORED) || ts >= decided(i);
    }

    void publish(unsigned s)
    {
        raise(from, s);
        hand_out(s);
    }

    /* Step 6. */
    void refuse(unsigned ts)
    {
        for (unsigned i = 0; i < 2 && !mutant(UNPUBLISHED); i++)
            if (active[i].load(rl::memory_order_acquire))
                if (unsigned s = decided(i))
                    publish(s);
        RL_ASSERT(ts < safe.load(rl::memory_order_acquire));
    }

    void begin_old(unsigned thread)
    {
        unsigned ts = 1 + rl::rand(oracle.load(rl::memory_order_relaxed));
        bool stands;

        if (ts < from.load(rl::memory_order_acquire)) {
            refuse(ts);
            return;
        }
        slot[thread].store(ts, rl::memory_order_release);
        if (!mutant(NO_SLOT_FENCE))
            full_fence();
        stands = tell(0, ts) & tell(1, ts);
        stands = stands && (mutant(NO_LAST_LOOK) || ts >= from.load(rl::memory_order_acquire));
        if (stands) {
            open[thread] = ts;
            RL_ASSERT(handed_out <= ts);
        }
        slot[thread].store(0, rl::memory_order_release);
        open[thread] = 0;
        if (!stands)
            refuse(ts);
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

    void raise(rl::atomic<unsigned> &word, unsigned to)
    {
        unsigned was = word.load(rl::memory_order_relaxed);

        while (was < to && !word.compare_exchange_strong(was, to, rl::memory_order_release,
                                                         rl::memory_order_relaxed))
            ;
    }

    /* From here on a collector may use it. */
    void hand_out(unsigned s)
    {
        if (mutant(NO_MAX)) {
            safe.store(s, rl::memory_order_release);
            RL_ASSERT(s >= handed_out);
        }
        raise(safe, s);
        if (s > handed_out)
            handed_out = s;
        for (unsigned i = 0; i < 2; i++)
            RL_ASSERT(!open[i] || handed_out <= open[i]);
    }

    void scan(unsigned i)
    {
        unsigned elsewhere = rl::rand(2) * 2; /* other servers take timestamps too */
        unsigned now, m, s, seen;

        now = oracle.fetch_add(elsewhere, rl::memory_order_relaxed) + elsewhere;
        active[i].exchange(1, rl::memory_order_acq_rel);
        low[i].store(none, mutant(OPENED_RELAXED) ? rl::mo_relaxed : rl::mo_release, $);
        seq[i].store(seq[i].load(rl::memory_order_relaxed) + 1, rl::memory_order_release);
        if (!mutant(NO_SCANNER_FENCE))
            full_fence();
        m = minimum(now);
        do {
            seen = low[i].load(rl::memory_order_acquire);
            s = m < now - life_time ? m : now - life_time;
            if (seen < s)
                s = seen;
            if (mutant(OFF_BY_ONE))
                s++;
            bound[i].store(s, rl::memory_order_release);
            if (mutant(CLOSED_BY_STORE)) {
                low[i].store(0, rl::memory_order_release);
                break;
            }
        } while (!low[i].compare_exchange_strong(seen, 0, rl::memory_order_acq_rel,
                                                 rl::memory_order_relaxed));
        if (mutant(RELEASED_EARLY))
            active[i].store(0, rl::memory_order_release);
        publish(s);
        raise(floor, now);
        active[i].store(0, rl::memory_order_release);
    }

    void thread(unsigned i)
    {
        unsigned n;

        for (n = 0; i == 0 && n < txns; n++)
            chooses ? begin_old(0) : begin();
        for (n = 0; i == 1 && n < txns; n++)
            begin_old(1);
        for (n = 0; i >= 2 && n < scans; n++)
            scan(i - 2);
    }
};

int main(int argc, char **argv)
{
    return explore<begin_at>(argc, argv);
}
