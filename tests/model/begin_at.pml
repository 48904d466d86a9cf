/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin at a chosen old timestamp against scans, of which several run at once (G2, G3), with a life
 * time above 0 or without one. Nothing here is under a lock.
 *
 *     owner, begin at t                        scanner i
 *     1 t >= from ? else 6                     a now := oracle()
 *     2 slot := t             (release)        1 active[i] := 1                 (exchange)
 *     3 fence                                  2 low[i] := none, seq[i]++       (release)
 *     4 for each active i:                     b membarrier
 *       low[i] 0: t >= bound[i] ? else 6       c m := min(now, every non-zero slot)
 *       low[i] > t: low[i] := t  (cmpxchg)     d bound[i] := min(m, low[i], now - life time)
 *     5 t >= from ? begun : 6                  e low[i] := 0, or d again        (cmpxchg)
 *     6 slot := 0; for each active i:          f from := max(from, bound[i])    (cmpxchg)
 *       low[i] 0: f and g in its place         g safe point and floor, likewise
 *       -ESTALE                                h active[i] := 0                 (release)
 *
 * A pin that the walk c missed stood after b, so its owner sees low[i] as 2 left it, or later: then
 * either it lowers low[i] before e, and d counts it, or it finds 0 and compares with what e decided.
 * An owner that finds i inactive after h sees f. bound[i] is written while low[i] is not 0, and may
 * be written again; so 4 and 6 read it between two equal reads of seq[i]: then it was decided.
 *
 * Thread 0 begins as in begin_scan.pml, or is a second scanner, or begins at an old timestamp, too;
 * thread 1 begins at any timestamp from 1 to now. Each word is behind the same store buffers; a
 * read-modify-write has an empty one.
 *
 * @large   tso
 * @slow    pso          -DPSO
 * @slow    tso-two      -DTWO -DSCANS=1
 * @slow tso-old         -DOLD -DLIFE=0 -DCLOCK=4
 * @slow    tso-fences   -DFENCES
 * @long pso-two         -DTWO -DSCANS=1 -DPSO
 * @long pso-fences      -DPSO -DFENCES
 * @long tso-old-6       -DOLD
 * @long pso-old         -DOLD -DPSO
 * @long tso-2+2         -DTXNS=2
 * @long pso-2+2         -DTXNS=2 -DPSO
 * @long fences-2+2      -DTXNS=2 -DPSO -DFENCES
 * @long two-2           -DTXNS=2 -DTWO -DSCANS=1
 * @long two-pso-2       -DTXNS=2 -DTWO -DSCANS=1 -DPSO
 * @reach 1 tso a begin at a timestamp below the last minimum succeeds
 * @reach 2 tso a begin at a timestamp is refused before it takes a slot
 * @reach 3 tso the chosen timestamp holds back a later safe point
 * @reach 4 tso a begin is refused by a scan that has decided and not published
 * @reach 5 tso a scan counts a pin that its walk has missed
 * @reach 6 tso-two both scanners are active when a begin is decided
 * @reach 7 tso an owner publishes what a scan has decided
 * @reach 8 tso-old what an owner reads of a decision is the next scan's
 * @turned UNNUMBERED NUMBERED_FIRST
 * @mutant NO_SLOT_FENCE   tso-fences safe_below_open|safe_below_chosen
 * @mutant NOT_RECORDED    tso safe_below_open|safe_below_chosen
 * @mutant BOUND_IGNORED   tso safe_below_open|safe_below_chosen
 * @mutant ONE_RECORDED    tso-two safe_below_open|safe_below_chosen
 * @mutant NO_LAST_LOOK    tso safe_below_open|safe_below_chosen
 * @mutant CLOSED_BY_STORE tso safe_below_open|safe_below_chosen
 * @mutant BOUND_LATE      tso safe_below_open|safe_below_chosen
 * @mutant OPENED_LATE     tso safe_below_open|safe_below_chosen
 * @mutant RELEASED_EARLY  tso refused_known|safe_below_open|safe_below_chosen
 * @mutant RELAXED_CLOSE   pso safe_below_open|safe_below_chosen
 * @mutant OFF_BY_ONE      tso safe_below_open|safe_below_chosen
 * @mutant NO_MAX          tso-two safe_monotone
 * @mutant FROM_BEFORE     tso refused_rightly
 * @mutant UNPUBLISHED     tso refused_known
 * @mutant UNNUMBERED      tso-old safe_below_open|safe_below_chosen
 * @mutant NUMBERED_FIRST  tso-old safe_below_open|safe_below_chosen
 */

#ifndef SCANS
#define SCANS 2
#endif
#ifndef TXNS
#define TXNS 1
#endif
#ifndef CLOCK
#define CLOCK 6
#endif
#ifndef LIFE
#define LIFE 1
#endif
#define NONE 255

/* Thread 0 begins at the present or, with TWO, is the second scanner, or, with OLD, chooses, too. */
#define NTHREADS 3
#define SCANNER(i) (2 - 2 * (i))
#define NLOC 12
#define SLOT(i) (i)
#define FLOOR 2
#define FROM 3
#define ACTIVE(i) (4 + (i))
#define LOW(i) (6 + (i))
#define BOUND(i) (8 + (i))
#define SEQ(i) (10 + (i))
#define DEPTH 6

#include "storebuf.pmh"

hidden byte safe_below_open;
hidden byte safe_below_new;
hidden byte safe_below_chosen;
hidden byte safe_monotone;
hidden byte refused_rightly;
hidden byte refused_known;

byte clock = 2;
byte handed_out; /* the highest safe point that anyone may have seen */
byte last_minimum;
byte decided; /* the highest bound that a scan has decided */
byte open[2];
byte stands[2]; /* the chosen timestamps in slots; for the points */

/* f and g: by compare-and-swap, so the buffer is empty. */
inline raise(t, l, to)
{
    atomic {
        drained(t);
        mem[l] = (mem[l] > to -> mem[l] : to)
    }
}

inline hand_out(t, to)
{
    atomic {
        drained(t);
#ifdef MUTANT_NO_MAX
        claim(safe_monotone, to >= handed_out);
        handed_out = to;
#else
        handed_out = (to > handed_out -> to : handed_out);
#endif
        claim(safe_below_open, (open[0] == 0 || handed_out <= open[0]) &&
                                   (open[1] == 0 || handed_out <= open[1]))
    }
}

#if !defined(TWO) && !defined(OLD)
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
#endif

/* What scanner i has decided: `bound`, with v = 1; v = 0 when it has not, or is over. */
inline read_decision(i)
{
    load(p, SEQ(i), q);
    load(p, LOW(i), v);
    if
    :: v != 0 -> v = 0
    :: else ->
        load(p, BOUND(i), bound);
#ifdef MUTANT_UNNUMBERED
        v = 1;
#else
        load(p, SEQ(i), v);
        d_step {
            if
            :: v != q -> reach(8)
            :: else
            fi;
            v = (v == q -> 1 : 0)
        }
#endif
    fi;
    q = 0
}

/* Step 4 for scanner i. */
inline tell(i)
{
    load(p, ACTIVE(i), v);
    do
    :: v == 0 -> break
    :: else ->
        load(p, LOW(i), v);
        if
        :: v == 0 ->
            read_decision(i);
#ifndef MUTANT_BOUND_IGNORED
            d_step {
                stale = stale || (v != 0 && t < bound);
                if
                :: v != 0 && t < bound && t >= mem[FROM] -> reach(4)
                :: else
                fi
            }
#endif
            break
        :: v != 0 && v <= t -> break
        :: else ->
#ifdef MUTANT_NOT_RECORDED
            break
#else
            atomic {
                drained(p);
                if
                :: mem[LOW(i)] == v -> mem[LOW(i)] = t; v = 0
                :: else -> v = 1
                fi
            }
#endif
        fi
    od;
    v = 0;
    bound = 0
}

/* Step 6 for scanner i. */
inline publish(i)
{
    load(p, ACTIVE(i), v);
    if
    :: v == 0
    :: else ->
        read_decision(i);
        if
        :: v == 0
        :: else ->
            raise(p, FROM, bound);
            d_step {
                if
                :: bound > handed_out -> reach(7)
                :: else
                fi
            };
            hand_out(p, bound)
        fi
    fi;
    v = 0;
    bound = 0
}

proctype ChoosesOld(byte p)
{
    byte t, bound, v, q, n;
    bit stale;

    do
    :: n < TXNS ->
        n++;
        select(t : 1 .. clock);
        load(p, FROM, bound);
        if
        :: t < bound ->
            reach(2);
            stale = 1
        :: else ->
            bound = 0;
            d_step {
                store_to(p, SLOT(p), t);
                stands[p] = t
            }
#ifndef MUTANT_NO_SLOT_FENCE
            fence(p);
#endif
#ifdef MUTANT_FROM_BEFORE
            load(p, BOUND(0), bound);
            stale = t < bound;
#endif
            tell(0);
#if defined(TWO) && !defined(MUTANT_ONE_RECORDED)
            tell(1);
#endif
#ifndef MUTANT_NO_LAST_LOOK
            load(p, FROM, bound);
#endif
            d_step {
                if
                :: stale || t < bound ->
                    stale = 1;
                    claim(refused_rightly, t < decided)
                :: else ->
                    open[p] = t;
#ifdef TWO
                    if
                    :: mem[ACTIVE(0)] && mem[ACTIVE(1)] -> reach(6)
                    :: else
                    fi;
#endif
                    claim(safe_below_chosen, handed_out <= t);
                    if
                    :: t < last_minimum -> reach(1)
                    :: else
                    fi
                fi
            };
            d_step {
                open[p] = 0;
                stands[p] = 0;
                store_to(p, (SLOT(p) | REL), 0)
            }
        fi;
        bound = 0;
        if
        :: stale ->
#ifndef MUTANT_UNPUBLISHED
            publish(0);
#ifdef TWO
            publish(1);
#endif
#endif
            claim(refused_known, t < handed_out)
        :: else
        fi;
        d_step {
            t = 0;
            stale = 0
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

proctype Scanner(byte i)
{
    byte now, m, v, s, n;

    do
    :: n < SCANS ->
        n++;
        if /* other servers take timestamps too */
        :: clock < CLOCK -> clock = clock + 2
        :: true
        fi;
        d_step {
            now = clock;
            m = now
        }
        atomic {
            drained(SCANNER(i)) -> mem[ACTIVE(i)] = 1
        }
#ifdef MUTANT_NUMBERED_FIRST
        store_release(SCANNER(i), SEQ(i), n);
#endif
#ifndef MUTANT_OPENED_LATE
        store_release(SCANNER(i), LOW(i), NONE);
#endif
#ifndef MUTANT_NUMBERED_FIRST
        store_release(SCANNER(i), SEQ(i), n);
#endif
#ifdef FENCES
        fence(SCANNER(i));
#else
        membarrier(SCANNER(i), 0, 1);
#endif
#ifdef MUTANT_OPENED_LATE
        store_release(SCANNER(i), LOW(i), NONE);
#endif
        visit(SLOT(0));
        visit(SLOT(1));
        do
        :: load(SCANNER(i), LOW(i), v);
           d_step {
               s = (m < now - LIFE -> m : now - LIFE);
               if
               :: v < s -> s = v;
                   if
                   :: stands[0] == v || stands[1] == v -> reach(5)
                   :: else
                   fi
               :: else
               fi;
#ifdef MUTANT_OFF_BY_ONE
               s++;
#endif
#ifndef MUTANT_BOUND_LATE
               store_to(SCANNER(i), (BOUND(i) | REL), s)
#endif
           };
#ifdef MUTANT_CLOSED_BY_STORE
           d_step {
               decided = (s > decided -> s : decided);
               store_to(SCANNER(i), (LOW(i) | REL), 0)
           };
           break
#else
           atomic {
#ifndef MUTANT_RELAXED_CLOSE
               drained(SCANNER(i));
#endif
               if
               :: mem[LOW(i)] == v ->
                   mem[LOW(i)] = 0;
                   decided = (s > decided -> s : decided);
                   v = 0;
                   break
               :: else -> v = 0
               fi
           }
#endif
        od;
#ifdef MUTANT_BOUND_LATE
        store_relaxed(SCANNER(i), BOUND(i), s);
#endif
#ifdef MUTANT_RELEASED_EARLY
        mem[ACTIVE(i)] = 0;
#endif
        raise(SCANNER(i), FROM, s);
        last_minimum = m;
        hand_out(SCANNER(i), s);
        raise(SCANNER(i), FLOOR, now);
        store_release(SCANNER(i), ACTIVE(i), 0);
        d_step {
            now = 0;
            m = 0;
            s = 0
        }
    :: else -> break
    od
}

init
{
    d_step {
        mem[FLOOR] = clock
    }
    atomic {
#ifdef TWO
        run Scanner(1);
#elif defined(OLD)
        run ChoosesOld(0);
#else
        run Beginner();
#endif
        run ChoosesOld(1);
        run Scanner(0)
    }
}
