/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Slots that are finished on another thread, and contexts that are adopted (G2, G7), as C11
 * atomics; see ../horizon_handover.pml.
 *
 * The free bitmap and the chunks' links are plain memory, so that whoever touches them out of turn
 * is reported as a race. The memory orders are those of src/core/base/horizon.c.
 *
 * @mutant NEXT_AFTER
 * @mutant LOAD_AND_STORE
 * @mutant RETURN_BEFORE_CLEAR
 * @mutant RELAXED_RETURN
 * @mutant RELAXED_PUSH
 * @mutant RELAXED_POP
 * @mutant ALWAYS_PUSH
 * @mutant NEVER_PUSH
 * @mutant ADOPT_RUNNING
 */
#include "explore.hpp"

static unsigned const finishers = 2;
static unsigned const begins = 5;
static unsigned const slots = 3;
static unsigned const chunks = 2;
static unsigned const all = (1 << slots) - 1;

#define order_return (mutant(RELAXED_RETURN) ? rl::mo_relaxed : rl::mo_acq_rel), $
#define order_push (mutant(RELAXED_PUSH) ? rl::mo_relaxed : rl::mo_release), $
#define order_pop (mutant(RELAXED_POP) ? rl::mo_relaxed : rl::mo_acquire), $

/* Threads: 0 has the context at first, 1 adopts it, the others finish. */
struct handover : rl::test_suite<handover, 2 + finishers> {
    rl::atomic<unsigned> word[slots];
    rl::atomic<unsigned> returned[chunks];
    rl::atomic<unsigned> head; /* 1 + chunk, 0 for none */
    rl::var<unsigned> next[chunks];
    rl::var<unsigned> free_slots;
    rl::mutex process_lock;
    bool is_orphan; /* under the lock */
    /* Sessions on their way: their slots, as bits. */
    rl::atomic<unsigned> handed[finishers];
    rl::atomic<unsigned> no_more;
    rl::atomic<unsigned> finished;
    /* What happened. */
    bool is_held[slots];
    unsigned begun;

    void before()
    {
        for (unsigned i = 0; i < slots; i++) {
            word[i].store(0, rl::memory_order_relaxed);
            is_held[i] = false;
        }
        for (unsigned i = 0; i < chunks; i++) {
            returned[i].store(0, rl::memory_order_relaxed);
            next[i]($) = 0;
        }
        for (unsigned i = 0; i < finishers; i++)
            handed[i].store(0, rl::memory_order_relaxed);
        head.store(0, rl::memory_order_relaxed);
        no_more.store(0, rl::memory_order_relaxed);
        finished.store(0, rl::memory_order_relaxed);
        free_slots($) = all;
        is_orphan = false;
        begun = 0;
    }

    static unsigned chunk_of(unsigned slot)
    {
        return slot == 2;
    }

    void merge(unsigned chunk)
    {
        unsigned back;

        if (mutant(LOAD_AND_STORE)) {
            back = returned[chunk].load(rl::memory_order_acquire);
            returned[chunk].store(0, rl::memory_order_release);
        } else {
            back = returned[chunk].exchange(0, rl::memory_order_acq_rel);
        }
        RL_ASSERT(!(free_slots($) & back));
        free_slots($) = free_slots($) | back;
    }

    void collect()
    {
        unsigned chunk = head.exchange(0, order_pop);

        for (unsigned n = 0; chunk; n++) {
            RL_ASSERT(n < chunks); /* else the stack has become a ring */
            unsigned at = chunk - 1;

            if (mutant(NEXT_AFTER))
                merge(at);
            chunk = next[at]($);
            if (!mutant(NEXT_AFTER))
                merge(at);
        }
    }

    unsigned take()
    {
        unsigned slot = 0;

        while (!(free_slots($) & 1 << slot))
            slot++;
        free_slots($) = free_slots($) & ~(1 << slot);
        RL_ASSERT(!is_held[slot]);
        is_held[slot] = true;
        RL_ASSERT(!word[slot].load(rl::memory_order_relaxed));
        word[slot].store(1, rl::memory_order_release);
        begun++;
        return slot;
    }

    void begin_and_end()
    {
        unsigned slot = take();
        unsigned to = rl::rand(finishers + 1);

        if (to < finishers) {
            handed[to].fetch_or(1 << slot, rl::memory_order_release);
            return;
        }
        word[slot].store(0, rl::memory_order_release);
        is_held[slot] = false;
        free_slots($) = free_slots($) | 1 << slot;
    }

    void use_context(bool may_end)
    {
        for (unsigned tries = 0; begun < begins && tries < 2 * begins; tries++) {
            if (may_end && rl::rand(4) == 0)
                return;
            if (!free_slots($) || rl::rand(2))
                collect();
            if (free_slots($))
                begin_and_end();
        }
    }

    void first()
    {
        use_context(true);
        process_lock.lock($);
        is_orphan = true;
        process_lock.unlock($);
    }

    void await_orphan()
    {
        for (;;) {
            process_lock.lock($);
            bool adopt = is_orphan;
            process_lock.unlock($);
            if (adopt)
                return;
            rl::yield(1, $);
        }
    }

    void adopter()
    {
        if (!mutant(ADOPT_RUNNING))
            await_orphan();
        use_context(false);
        if (mutant(ADOPT_RUNNING))
            await_orphan();
        no_more.store(1, rl::memory_order_release);
        while (finished.load(rl::memory_order_acquire) < finishers)
            rl::yield(1, $);
        collect();
        RL_ASSERT(free_slots($) == all);
    }

    void clear(unsigned slot)
    {
        word[slot].store(0, rl::memory_order_release);
    }

    void give_back(unsigned slot)
    {
        unsigned chunk = chunk_of(slot);

        unsigned old, top;

        if (!mutant(RETURN_BEFORE_CLEAR))
            clear(slot);
        is_held[slot] = false;
        old = returned[chunk].fetch_or(1 << slot, order_return);
        if (mutant(RETURN_BEFORE_CLEAR))
            clear(slot);
        if (mutant(NEVER_PUSH) || (old && !mutant(ALWAYS_PUSH)))
            return;
        top = head.load(rl::memory_order_relaxed);
        do
            next[chunk]($) = top;
        while (!head.compare_exchange_weak(top, 1 + chunk, order_push, rl::mo_relaxed, $));
    }

    void finisher(unsigned me)
    {
        for (;;) {
            bool last = no_more.load(rl::memory_order_acquire);
            unsigned mine = handed[me].exchange(0, rl::memory_order_acquire);

            for (unsigned slot = 0; slot < slots; slot++)
                if (mine & 1 << slot)
                    give_back(slot);
            if (last && !mine)
                break;
            if (!mine)
                rl::yield(1, $);
        }
        finished.fetch_add(1, rl::memory_order_release);
    }

    void thread(unsigned i)
    {
        switch (i) {
        case 0:
            first();
            break;
        case 1:
            adopter();
            break;
        default:
            finisher(i - 2);
        }
    }
};

int main(int argc, char **argv)
{
    return explore<handover>(argc, argv);
}
