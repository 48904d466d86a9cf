/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kill of a statement (G5) where loads are reordered, too, and membarrier is an interrupt; kill.pml
 * has all the rest of the protocol.
 *
 *     killer                                      owner, at the end of statement q
 *     1 read the view: statement q runs           A publish the view without it   (release)
 *     2 word := q            (cmpxchg)            B compiler barrier
 *     3 membarrier                                C load word
 *     4 read the view again: q still: delivered   D names q: set its ack bit      (cmpxchg)
 *     5 else word := none    (cmpxchg): gone, or acked: delivered
 *
 * C is a relaxed load, which may be performed before A. Two killers of one roster take turns.
 *
 * @variant window
 * @reach 1 window the owner sees a kill at the end of its statement
 * @reach 2 window the word is loaded before the view that was stored earlier is visible
 * @reach 3 window a kill is taken back
 * @reach 4 window a kill that looked late turns out to be acked
 * @mutant NO_BARRIER     window never_lost
 * @mutant NO_INTERRUPT   window never_lost
 * @mutant LOADED_EARLY   window never_lost
 * @mutant NO_SECOND_LOOK window never_lost
 * @mutant NOT_TAKEN_BACK window aimed
 * @mutant ACKED_BY_STORE window aimed
 */

#ifndef STMTS
#define STMTS 2
#endif
#ifndef KILLS
#define KILLS 2
#endif

#define NTHREADS 2
#define OWNER 0
#define KILLER 1
#define NLOC 2
#define VIEW 0
#define WORD 1
#define ACK 16
#define NREG 1
#define WINDOW 5

#define LOADED(t, l, v)                                                                            \
    if                                                                                             \
    :: (t) == OWNER && wi > 0 -> reach(2)                                                          \
    :: else                                                                                        \
    fi

#include "claims.pmh"

hidden byte never_lost;
hidden byte aimed;

/* Of each statement. */
bit seen[STMTS + 1];
bit ended[STMTS + 1];
bit delivered[STMTS + 1];
bit gone[STMTS + 1];

#include "window.pmh"

#define check(q)                                                                                   \
    claim(never_lost, !(delivered[q] && ended[q] && !seen[q]));                                    \
    claim(aimed, !(gone[q] && seen[q]))

proctype Owner()
{
    byte q;

    do
    :: q < STMTS ->
        q++;
        store_value(OWNER, VIEW, q);
#ifdef MUTANT_LOADED_EARLY
        load_relaxed(OWNER, WORD, 0);
        known(OWNER);
        store_value(OWNER, VIEW, 0);
#else
        store_value(OWNER, VIEW, 0);
        load_relaxed(OWNER, WORD, 0);
        known(OWNER);
#endif
        if
        :: REG(OWNER, 0) == q ->
            atomic {
                fence(OWNER);
                if
#ifdef MUTANT_ACKED_BY_STORE
                :: true ->
#else
                :: mem[WORD] == q ->
#endif
                    mem[WORD] = q | ACK;
                    seen[q] = 1;
                    reach(1)
                :: else
                fi
            }
        :: else
        fi;
        d_step {
            REG(OWNER, 0) = 0;
            ended[q] = 1;
            check(q)
        }
    :: else -> break
    od
}

proctype Killer()
{
    byte q, n;

    do
    :: n < KILLS ->
        n++;
        load_acquire(KILLER, VIEW, 0);
        known(KILLER);
        d_step {
            q = REG(KILLER, 0);
            REG(KILLER, 0) = 0
        }
        if
        :: q == 0 || mem[WORD] == q || mem[WORD] == (q | ACK)
        :: else ->
            atomic {
                fence(KILLER) -> mem[WORD] = q
            }
#if defined(MUTANT_NO_INTERRUPT)
            fence(KILLER);
#elif !defined(MUTANT_NO_BARRIER)
            fence(KILLER);
            fence(OWNER);
#endif
            load_acquire(KILLER, VIEW, 0);
            known(KILLER);
            d_step {
                if
#ifndef MUTANT_NO_SECOND_LOOK
                :: REG(KILLER, 0) != q ->
                    if
                    :: mem[WORD] == q ->
#ifndef MUTANT_NOT_TAKEN_BACK
                        mem[WORD] = 0;
#endif
                        gone[q] = 1;
                        reach(3)
                    :: else ->
                        delivered[q] = 1;
                        reach(4)
                    fi
#endif
                :: else -> delivered[q] = 1
                fi;
                check(q);
                REG(KILLER, 0) = 0
            }
        fi;
        q = 0
    :: else -> break
    od
}

init
{
    atomic {
        run Owner();
        run Killer()
    }
}
