/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin at a chosen old timestamp against scans (G2, G3), with a life time above 0.
 *
 *     owner, begin at t                       scanner, all under the same mutex
 *     1 lock                                  a now := oracle()
 *     2 t >= safe ? else -ESTALE              b membarrier
 *     3 slot := t                             c m := min(now, every non-zero slot)
 *     4 unlock                                d safe := max(safe, min(m, now - life time))
 *                                             e floor := max(floor, now)
 *
 * Owner 0 begins as in begin_scan.pml, owner 1 at any timestamp from 0 to now. The mutex, the safe
 * point and the floor are ordinary words behind the same store buffers: lock is an atomic
 * read-modify-write (with PSO one that empties no buffer, only the later loads are ordered),
 * unlock a release store.
 *
 * @variant tso
 * @variant pso          -DPSO -DTXNS=1
 * @variant tso-fences   -DFENCES -DTXNS=1
 * @variant pso-fences   -DPSO -DFENCES -DTXNS=1
 * @long pso-2+2         -DPSO
 * @long fences-2+2      -DPSO -DFENCES
 * @long tso-3-scans     -DSCANS=3
 * @reach 1 tso a begin at a timestamp below the last minimum succeeds
 * @reach 2 tso a begin at a timestamp is refused
 * @reach 3 tso the chosen timestamp holds back a later safe point
 * @mutant NO_MUTEX        tso safe_below_open|safe_below_chosen
 * @mutant DECIDED_OUTSIDE tso safe_below_open|safe_below_chosen
 * @mutant DECIDED_OUTSIDE pso safe_below_open|safe_below_chosen
 * @mutant STORED_OUTSIDE  tso safe_below_open
 * @mutant OFF_BY_ONE      tso safe_below_chosen
 * @mutant BOUND_MINIMUM   tso safe_below_chosen
 * @mutant PUBLISHED_LATE  tso safe_below_open|safe_below_chosen
 * @mutant NO_MAX          tso safe_monotone
 * @mutant UNLOCK_RELAXED  pso safe_below_open|safe_below_chosen|safe_monotone
 *
 * BOUND_MINIMUM compares t with the last minimum in place of the safe point: a minimum may go
 * back, behind a safe point that was handed out before.
 */

#ifndef SCANS
#define SCANS 2
#endif
#ifndef TXNS
#define TXNS 2
#endif
#define LIFE 1

#define NTHREADS 3
#define SCANNER 2
#define NLOC 5
#define SLOT(i) (i)
#define FLOOR 2
#define SAFE 3
#define MUTEX 4
#define DEPTH 8

#include "storebuf.pmh"

hidden byte safe_below_open;
hidden byte safe_below_new;
hidden byte safe_below_chosen;
hidden byte safe_monotone;

byte clock = 2;
byte handed_out; /* the highest safe point that anyone may have seen */
byte last_minimum;
byte open[2];

#ifdef PSO
#define lock_ready(t) true
#else
#define lock_ready(t) drained(t)
#endif

inline lock(t)
{
    atomic {
        mem[MUTEX] == 0 && lock_ready(t) -> mem[MUTEX] = 1
    }
}

inline unlock(t)
{
#ifdef MUTANT_UNLOCK_RELAXED
    store_relaxed(t, MUTEX, 0);
#else
    store_release(t, MUTEX, 0);
#endif
}

proctype Beginner()
{
    byte f, n;

    do
    :: n < TXNS ->
        n++;
        load(0, FLOOR, f);
        store_relaxed(0, SLOT(0), f);
#ifdef FENCES
        fence(0);
#endif
        d_step {
            clock++;
            f = clock;
            open[0] = f;
            claim(safe_below_new, handed_out <= f)
        }
        store_relaxed(0, SLOT(0), f);
        d_step {
            open[0] = 0;
            store_to(0, (SLOT(0) | REL), 0);
            f = 0
        }
    :: else -> break
    od
}

/* The transaction is open from the moment that its begin is decided. */
inline decide(t, bound)
{
    d_step {
        if
        :: t >= bound ->
            open[1] = t;
            claim(safe_below_chosen, handed_out <= t);
            if
            :: t < last_minimum -> reach(1)
            :: else
            fi
        :: else -> reach(2)
        fi
    }
}

proctype ChoosesOld()
{
    byte t, bound, n;

    do
    :: n < TXNS ->
        n++;
        select(t : 1 .. clock);
#if !defined(MUTANT_NO_MUTEX) && !defined(MUTANT_DECIDED_OUTSIDE)
        lock(1);
#endif
#ifdef MUTANT_BOUND_MINIMUM
        bound = last_minimum;
#else
        load(1, SAFE, bound);
#endif
#ifdef MUTANT_OFF_BY_ONE
        bound = (bound > 0 -> bound - 1 : 0);
#endif
#ifdef MUTANT_DECIDED_OUTSIDE
        decide(t, bound);
        lock(1);
#else
        decide(t, bound);
#endif
#ifdef MUTANT_STORED_OUTSIDE
        unlock(1);
#endif
        if
        :: open[1] != 0 -> store_relaxed(1, SLOT(1), t)
        :: else
        fi;
#if !defined(MUTANT_NO_MUTEX) && !defined(MUTANT_STORED_OUTSIDE)
        unlock(1);
#endif
        d_step {
            if
            :: open[1] != 0 ->
                open[1] = 0;
                store_to(1, (SLOT(1) | REL), 0)
            :: else
            fi;
            t = 0;
            bound = 0
        }
    :: else -> break
    od
}

inline visit(l)
{
    d_step {
        v = mem[l];
        if
        :: l == SLOT(1) && v != 0 && v < m && v < now - LIFE && open[1] == v -> reach(3)
        :: else
        fi;
        m = (v != 0 && v < m -> v : m);
        v = 0
    }
}

inline hand_out(s)
{
    d_step {
        claim(safe_monotone, s >= handed_out);
        handed_out = (s > handed_out -> s : handed_out);
        last_minimum = m;
        claim(safe_below_open, (open[0] == 0 || s <= open[0]) && (open[1] == 0 || s <= open[1]))
    }
}

active proctype Scanner()
{
    byte now, m, v, s, n;

    d_step {
        mem[FLOOR] = clock
    }
    atomic {
        run Beginner();
        run ChoosesOld()
    }
    do
    :: n < SCANS ->
        n++;
        lock(SCANNER);
        if /* other servers take timestamps too */
        :: clock = clock + 2
        :: true
        fi;
        d_step {
            now = clock;
            m = now
        }
#ifdef FENCES
        fence(SCANNER);
#else
        membarrier(SCANNER, 0, 1);
#endif
        visit(SLOT(0));
        visit(SLOT(1));
        load(SCANNER, SAFE, v);
        d_step {
            s = (m < now - LIFE -> m : now - LIFE);
#ifndef MUTANT_NO_MAX
            s = (s > v -> s : v);
#endif
            v = 0
        }
#ifdef MUTANT_PUBLISHED_LATE
        unlock(SCANNER);
#endif
        /* From here on it may be read and used, also by a collector that asks no mutex. */
        store_release(SCANNER, SAFE, s);
        hand_out(s);
        load(SCANNER, FLOOR, v);
        d_step {
            v = (v > now -> v : now);
            store_to(SCANNER, (FLOOR | REL), v);
            v = 0
        }
#ifndef MUTANT_PUBLISHED_LATE
        unlock(SCANNER);
#endif
        d_step {
            now = 0;
            m = 0;
            s = 0
        }
    :: else -> break
    od
}
