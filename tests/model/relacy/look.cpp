/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looks as C11 atomics; see ../look.pml. A view shows two sessions in turn. One thread ends its
 * lives, as a finish on another thread does; another writes it again and publishes it.
 *
 * Either passes the view to the other by a release store (`with`), as a slot that is returned or a
 * batch in the depot is. The barrier between 2 and 3 stands in the thread that writes: a release
 * fence in the one that ends the life orders nothing for the other's stores (FENCE_AT_2).
 *
 * @mutant NO_LIFE
 * @mutant NO_C
 * @mutant NO_E
 * @mutant NO_SECOND_E
 * @mutant NO_WRITE_FENCE
 * @mutant FENCE_AT_2
 * @mutant RELAXED_LIFE
 * @mutant RELAXED_PUBLISH
 * @mutant NO_READ_FENCE
 * @mutant RELAXED_B
 * @mutant RELAXED_C
 */
#include "explore.hpp"

static unsigned const updates = 4;
static unsigned const reads = 2;
static unsigned const writes = 0, ends = 1;

struct look : rl::test_suite<look, 4> {
    /* A session's pointer: 0 is the view at rest, else what it shows; the view is always this one. */
    rl::atomic<unsigned> pointer[2];
    rl::atomic<unsigned> life, a, b, text;
    rl::atomic<unsigned> with; /* who owns the view, and above that what it shows where */

    void before()
    {
        for (auto word : {&pointer[0], &pointer[1], &life, &a, &b, &text, &with})
            word->store(0, rl::memory_order_relaxed);
    }

    void write(unsigned n)
    {
        unsigned s = rl::rand(2);

        if (!mutant(NO_WRITE_FENCE) && !mutant(FENCE_AT_2))
            rl::atomic_thread_fence(rl::memory_order_release);
        text.store(n, rl::memory_order_relaxed); /* 3 */
        a.store(n, rl::memory_order_relaxed);
        b.store(n, rl::memory_order_relaxed);
        pointer[s].store(n, mutant(RELAXED_PUBLISH) ? rl::mo_relaxed : rl::mo_release, $); /* 4 */
        /* Some lives end where they began. */
        if (rl::rand(2))
            end(s, n);
        else
            with.store(ends + 2 * s, rl::memory_order_release);
    }

    void end(unsigned s, unsigned n)
    {
        pointer[s].store(0, rl::memory_order_release); /* 1 */
        if (!mutant(NO_LIFE))
            life.store(2 * n, mutant(RELAXED_LIFE) ? rl::mo_relaxed : rl::mo_release, $); /* 2 */
        if (mutant(FENCE_AT_2))
            rl::atomic_thread_fence(rl::memory_order_release);
        with.store(writes, rl::memory_order_release);
    }

    void end_some()
    {
        unsigned n, w;

        for (n = 0; n < 2 * updates; n++) {
            w = with.load(rl::memory_order_acquire);
            if (w % 2 == ends)
                end(w / 2, pointer[w / 2].load(rl::memory_order_relaxed));
            else
                rl::yield(1, $);
        }
    }

    bool over(unsigned l)
    {
        if (!mutant(NO_READ_FENCE))
            rl::atomic_thread_fence(rl::memory_order_acquire);
        return life.load(rl::memory_order_relaxed) != l;
    }

    void read()
    {
        unsigned s = rl::rand(2), q, l, x, y, t;

        if (!pointer[s].load(rl::memory_order_acquire)) /* a */
            return;
        l = life.load(mutant(RELAXED_B) ? rl::mo_relaxed : rl::mo_acquire, $); /* b */
        q = pointer[s].load(mutant(RELAXED_C) ? rl::mo_relaxed : rl::mo_acquire, $);
        if (!q && !mutant(NO_C)) /* c */
            return;
        x = a.load(rl::memory_order_relaxed); /* d */
        y = b.load(rl::memory_order_relaxed);
        if (!mutant(NO_E) && over(l)) /* e */
            return;
        RL_ASSERT(x == y);
        RL_ASSERT(x == q);
        t = text.load(rl::memory_order_relaxed);
        if (!mutant(NO_E) && !mutant(NO_SECOND_E) && over(l))
            return;
        RL_ASSERT(t == x);
    }

    void thread(unsigned i)
    {
        unsigned n;

        if (i == 0)
            for (n = 1; n <= updates; n++) {
                if (with.load(rl::memory_order_acquire) % 2 == writes)
                    write(n);
                else
                    rl::yield(1, $);
            }
        else if (i == 1)
            end_some();
        else
            for (n = 0; n < reads; n++)
                read();
    }
};

int main(int argc, char **argv)
{
    return explore<look>(argc, argv);
}
