/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looks at a session at rest (G1): all such sessions lead to one view, and the identity stands in
 * the session, where loads and stores are reordered.
 *
 *     owner, in any order                          reader
 *     session's view := another     (release)      r1 i := session's identity        (acquire)
 *     session's identity := another (release)      r2 session's view is that of rest (acquire)
 *                                                  r3 session's identity is i still
 *
 * No identity comes back, as the reader is in a read section. The owner begins to work, rests again
 * and replaces the identity in every order.
 *
 * @variant window
 * @reach 1 window a look shows the first identity
 * @reach 2 window a look shows one that was replaced at work
 * @reach 3 window r2 finds the session at work
 * @reach 4 window r3 finds another identity
 * @mutant NO_R2            window of_one_instant
 * @mutant NO_R3            window of_one_instant
 * @mutant R1_RELAXED       window of_one_instant
 * @mutant R2_RELAXED       window of_one_instant
 * @mutant VIEW_RELAXED     window of_one_instant
 * @mutant IDENTITY_RELAXED window of_one_instant
 */

#define NTHREADS 2
#define OWNER 0
#define READER 1
#define VIEW 0
#define IDENTITY 1
#define NLOC 2
#define NREG 3
#define STEPS 6
#define WINDOW 6
#define LOADED(t, l, v) skip

#include "claims.pmh"
#include "window.pmh"

hidden byte of_one_instant;

bit rested_with[STEPS + 1]; /* by identity: there was an instant at which it was so */

#define room() (win[OWNER].used < WINDOW)
#define store_relaxed(t, l, v) issue(t, STORE, l, v)

inline publish(v)
{
    room();
#ifdef MUTANT_VIEW_RELAXED
    store_relaxed(OWNER, VIEW, v)
#else
    store_value(OWNER, VIEW, v)
#endif
}

inline replace(i)
{
    room();
#ifdef MUTANT_IDENTITY_RELAXED
    store_relaxed(OWNER, IDENTITY, i)
#else
    store_value(OWNER, IDENTITY, i)
#endif
}

proctype Owner()
{
    byte n, identity;
    bit works;

    do
    :: n < STEPS ->
        n++;
        if
        :: works = 1 - works;
           rested_with[identity] = rested_with[identity] || !works;
           publish(works)
        :: identity++;
           rested_with[identity] = !works;
           replace(identity)
        fi
    :: else -> break
    od
}

#define I REG(READER, 0)

proctype Reader()
{
#ifdef MUTANT_R1_RELAXED
    load_relaxed(READER, IDENTITY, 0);
#else
    load_acquire(READER, IDENTITY, 0);
#endif
#ifdef MUTANT_R2_RELAXED
    load_relaxed(READER, VIEW, 1);
#else
    load_acquire(READER, VIEW, 1);
#endif
    load_relaxed(READER, IDENTITY, 2);
    fence(READER); /* the registers are known */
    d_step {
        if
#ifndef MUTANT_NO_R2
        :: REG(READER, 1) -> reach(3)
#endif
#ifndef MUTANT_NO_R3
        :: !REG(READER, 1) && REG(READER, 2) != I -> reach(4)
#endif
        :: else ->
            claim(of_one_instant, rested_with[I]);
            if
            :: I == 0 -> reach(1)
            :: I > 1 && !rested_with[I - 1] -> reach(2)
            :: else
            fi
        fi
    }
}

init
{
    atomic {
        rested_with[0] = 1;
        run Owner();
        run Reader()
    }
}
