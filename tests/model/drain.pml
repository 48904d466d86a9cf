/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Draining beside a session that is being opened (G6), where loads and stores are reordered and
 * membarrier is an interrupt:
 *
 *     opener                                   drainer
 *     1 opening := its kind                    a draining := kinds
 *     2 compiler barrier                       b membarrier
 *     3 draining? then 5 and refuse it         c opening                     (acquire)
 *     4 add the session        (release)       d walk: is there a session?   (acquire)
 *     5 opening := 0           (release)       again unless c and d find nothing
 *
 * The opener opens and closes sessions, one after the other, until it is refused; a session that a
 * look has met is asked to leave, and closes at any moment. After a look that found nothing the
 * drain is over: there is no session of that kind, nor will be.
 *
 * @variant window
 * @variant fences -DFENCES
 * @reach 1 window an open is refused
 * @reach 2 window a look finds a session that is being opened, and no session
 * @reach 3 window a look finds a session
 * @reach 4 window a drain is over after a session was opened beside it
 * @mutant NO_BARRIER     window none_left
 * @mutant NO_INTERRUPT   window none_left
 * @mutant NOT_ANNOUNCED  window none_left
 * @mutant ASKED_FIRST    fences none_left
 * @mutant CLOSED_FIRST   window none_left
 * @mutant END_RELAXED    window none_left
 * @mutant WALKED_FIRST   window none_left
 * @mutant COUNT_RELAXED  window none_left
 * @mutant NO_FENCE       fences none_left
 * @mutant REFUSED_LATE   window nothing_published
 *
 * NO_INTERRUPT is a fence of the drainer alone. REFUSED_LATE asks after 4, and withdraws.
 */

#define NTHREADS 2
#define OPENER 0
#define DRAINER 1
#define OPENING 0
#define DRAINING 1
#define SESSION 2
#define NLOC 3
#define NREG 2
#define WINDOW 5
#define LOADED(t, l, v) skip

#include "claims.pmh"
#include "window.pmh"

hidden byte none_left;
hidden byte nothing_published;

bit over;   /* a look found nothing */
bit beside; /* one was opened after a */

#define store_relaxed(t, l, v) issue(t, STORE, l, v)

inline ask()
{
    load_relaxed(OPENER, DRAINING, 0);
    known(OPENER)
}

inline announce()
{
#ifndef MUTANT_NOT_ANNOUNCED
    store_relaxed(OPENER, OPENING, 1);
#endif
#if defined(FENCES) && !defined(MUTANT_NO_FENCE)
    fence(OPENER)
#else
    skip
#endif
}

inline opened()
{
#ifdef MUTANT_END_RELAXED
    store_relaxed(OPENER, OPENING, 0)
#else
    store_value(OPENER, OPENING, 0)
#endif
}

inline add()
{
    d_step {
        claim(none_left, !over);
        issue(OPENER, STORE | RELEASE, SESSION, 1)
    }
}

proctype Opener()
{
    byte n;

    do
    :: n < 2 ->
        n++;
#ifdef MUTANT_ASKED_FIRST
        ask();
        announce();
#else
        announce();
#ifndef MUTANT_REFUSED_LATE
        ask();
#endif
#endif
#ifdef MUTANT_REFUSED_LATE
        add();
        ask();
#endif
        if
        :: REG(OPENER, 0) ->
            reach(1);
            claim(nothing_published, mem[SESSION] == 0);
            opened();
            break
        :: else ->
#ifdef MUTANT_CLOSED_FIRST
            opened();
#endif
#ifndef MUTANT_REFUSED_LATE
            add();
#endif
#ifndef MUTANT_CLOSED_FIRST
            opened();
#endif
            beside = mem[DRAINING];
            fence(OPENER); /* the window has room again */
            store_value(OPENER, SESSION, 0);
            fence(OPENER)
        fi
    :: else -> break
    od
}

inline count()
{
#ifdef MUTANT_COUNT_RELAXED
    load_relaxed(DRAINER, OPENING, 0)
#else
    load_acquire(DRAINER, OPENING, 0)
#endif
}

proctype Drainer()
{
    byte looks;

    store_relaxed(DRAINER, DRAINING, 1);
#ifndef MUTANT_NO_BARRIER
    fence(DRAINER);
#if !defined(MUTANT_NO_INTERRUPT) && !defined(FENCES)
    fence(OPENER);
#endif
#endif
    do
    :: looks < 3 ->
        looks++;
#ifdef MUTANT_WALKED_FIRST
        load_acquire(DRAINER, SESSION, 1);
        count();
#else
        count();
        load_acquire(DRAINER, SESSION, 1);
#endif
        known(DRAINER);
        d_step {
            if
            :: REG(DRAINER, 1) -> reach(3)
            :: REG(DRAINER, 0) && !REG(DRAINER, 1) -> reach(2)
            :: else ->
                over = 1;
                claim(none_left, mem[SESSION] == 0);
                if
                :: beside -> reach(4)
                :: else
                fi
            fi;
            REG(DRAINER, 0) = 0;
            REG(DRAINER, 1) = 0
        }
    :: over -> break
    :: looks == 3 -> break
    od
}

init
{
    atomic {
        run Opener();
        run Drainer()
    }
}
