/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin against scan (G2, G3).
 *
 *     owner                                   scanner
 *     1 slot := floor        (release)        a now := oracle()
 *     2 compiler barrier                      b membarrier
 *     3 ts := oracle()                        c m := min(now, every non-zero slot)
 *     4 slot := ts           (release)        d safe := max(safe, min(m, now - life time))
 *     5 slot := 0 at the end (release)        e floor := max(floor, now)
 *
 * The oracle is linearizable and is not a fence. With READS owners read it: the clock may move
 * before any read (a commit, the wall clock), or may not, and then a start timestamp is one that
 * others have too. Without READS it moves each time. The life time is 0, the hardest case: then a
 * safe point is a minimum, and what holds for one holds for the other. `now` is always read. Each
 * owner has two slots; which free one it takes is left open. The stores of steps 1 and 4 are modelled
 * as relaxed, weaker than the release stores of the code.
 *
 * @slow tso
 * @variant tso-1        -DTXNS_OF_1=1
 * @variant pso          -DPSO -DTXNS_OF_1=1
 * @slow tso-reads       -DREADS -DTXNS_OF_1=1
 * @slow pso-reads       -DREADS -DPSO -DTXNS_OF_1=1
 * @variant tso-fences   -DFENCES -DTXNS_OF_1=1
 * @variant pso-fences   -DPSO -DFENCES -DTXNS_OF_1=1
 * @slow early-floor     -DEARLY_FLOOR -DTXNS_OF_1=1
 * @long pso-2+2         -DPSO
 * @long tso-reads-2+2   -DREADS
 * @long fences-2+2      -DPSO -DFENCES
 * @long early-floor-2+2 -DEARLY_FLOOR
 * @long tso-3-scans     -DSCANS=3
 * @reach 1 tso-1 a scan sees a pending transaction's floor and stays below now
 * @reach 2 tso-1 a scan runs while a finish is still in the store buffer
 * @reach 3 tso-1 a minimum is the start timestamp of an open transaction
 * @reach 4 tso-1 the safe point is held by max although the minimum went back
 * @mutant NO_FLOOR            tso safe_below_open|safe_below_new
 * @mutant NO_FLOOR            tso-reads safe_below_open|safe_below_new
 * @mutant NO_BARRIER          tso-reads safe_below_open|safe_below_new
 * @mutant ORACLE_FIRST        tso safe_below_open|safe_below_new
 * @mutant NO_BARRIER          tso safe_below_open|safe_below_new
 * @mutant NO_BARRIER          pso safe_below_open|safe_below_new
 * @mutant SCAN_BEFORE_NOW     tso safe_below_open|safe_below_new
 * @mutant FLOOR_AHEAD         tso safe_below_open|safe_below_new
 * @mutant NO_MAX              tso safe_monotone
 * @mutant NO_OWNER_FENCE      tso-fences safe_below_open|safe_below_new
 * @mutant CLEARED_AT_ACTIVATE tso safe_below_open|safe_below_new
 * @mutant AGE_LIMIT           tso young_protected
 *
 * EARLY_FLOOR publishes step e before the scan has begun. It is a variant and not a mutant: the
 * floor only has to be a timestamp that the oracle has passed, so the scan that fetched it need
 * not be complete. The model confirms this.
 *
 * AGE_LIMIT admits a known race. A scan may ignore pins at or below a lower limit; it then takes a
 * pending transaction for expired by its announced floor, although the timestamp it is about to get
 * lies above the limit. That needs a floor as old as the age limit, and its owner is told: its check
 * fails (G8).
 *
 * The scanner's fence orders its loads, which no store buffer reorders: a mutant without it is
 * refuted in relacy/begin_scan.cpp and not here.
 */

#ifndef TXNS
#define TXNS 2
#endif
#ifndef TXNS_OF_1
#define TXNS_OF_1 TXNS
#endif
#ifndef SCANS
#define SCANS 2
#endif

#define NTHREADS 3
#define SCANNER 2
#define NLOC 5
#define FLOOR 4
#define SLOT(i, s) ((i) * 2 + (s))
#ifdef MUTANT_CLEARED_AT_ACTIVATE
#define DEPTH (TXNS * 4)
#else
#define DEPTH (TXNS * 3)
#endif

#include "storebuf.pmh"

hidden byte safe_below_open;
hidden byte safe_below_new;
hidden byte safe_monotone;
hidden byte young_protected;

byte clock = 1;
byte safe;
byte lower;   /* pins at or below are ignored: the age limit */
byte open[2]; /* start timestamp of the owner's open transaction; what the slots are to protect */

inline ask_oracle(i, ts)
{
    atomic {
        if
        :: clock++
#ifdef READS
        :: skip
#endif
        fi;
        ts = clock;
        open[i] = ts;
        claim(safe_below_new, safe <= ts)
    }
}

inline announce_floor(i, s, f)
{
    load(i, FLOOR, f);
    store_relaxed(i, SLOT(i, s), f);
#if defined(FENCES) && !defined(MUTANT_NO_OWNER_FENCE)
    fence(i);
#endif
}

proctype Owner(byte i; byte txns)
{
    byte f, ts, s, n;

    do
    :: n < txns ->
        n++;
        if
        :: s = 0
        :: n > 1 -> s = 1
        fi;
#if defined(MUTANT_NO_FLOOR)
        ask_oracle(i, ts);
#elif defined(MUTANT_ORACLE_FIRST)
        ask_oracle(i, ts);
        announce_floor(i, s, f);
#else
        announce_floor(i, s, f);
        ask_oracle(i, ts);
#endif
#ifdef MUTANT_CLEARED_AT_ACTIVATE
        store_release(i, SLOT(i, s), 0);
#endif
        store_relaxed(i, SLOT(i, s), ts);
        d_step {
            open[i] = 0;
            store_to(i, (SLOT(i, s) | REL), 0);
            f = 0;
            ts = 0;
            s = 0
        }
    :: else -> break
    od
}

inline publish_floor(now, t)
{
    load(SCANNER, FLOOR, t);
#ifdef MUTANT_FLOOR_AHEAD
    t = now + 2;
#else
    t = (t > now -> t : now);
#endif
    store_release(SCANNER, FLOOR, t);
    t = 0;
}

inline visit(l, v, m)
{
    d_step {
        v = mem[l];
        m = (v > lower && v < m -> v : m);
        v = 0
    }
}

inline scan_slots(v, m)
{
    visit(0, v, m);
    visit(1, v, m);
    visit(2, v, m);
    visit(3, v, m);
}

inline hand_out(m)
{
    d_step {
        if
        :: open[0] != 0 && m == open[0] && m < clock -> reach(3)
        :: else
        fi;
        if
        :: m < safe -> reach(4)
        :: else
        fi;
#ifdef MUTANT_NO_MAX
        v = m;
#else
        v = (m > safe -> m : safe);
#endif
        claim(safe_monotone, v >= safe);
        safe = v;
        v = 0;
#ifdef MUTANT_AGE_LIMIT
        claim(young_protected, open[0] <= lower || safe <= open[0]);
        claim(young_protected, open[1] <= lower || safe <= open[1])
#else
        claim(safe_below_open, open[0] == 0 || safe <= open[0]);
        claim(safe_below_open, open[1] == 0 || safe <= open[1])
#endif
    }
}

active proctype Scanner()
{
    byte now, m, v, n;

    d_step {
        mem[FLOOR] = clock;
        m = 255
    }
    atomic {
        run Owner(0, TXNS);
        run Owner(1, TXNS_OF_1)
    }
    do
    :: n < SCANS ->
        n++;
#ifdef MUTANT_SCAN_BEFORE_NOW
        membarrier(SCANNER, 0, 1);
        scan_slots(v, m);
        d_step {
            now = clock;
            m = (now < m -> now : m)
        }
#else
        d_step {
            now = clock;
#ifdef MUTANT_AGE_LIMIT
            lower = now - 2;
#endif
            m = now
        }
#ifdef EARLY_FLOOR
        publish_floor(now, v);
#endif
#if defined(FENCES)
        fence(SCANNER);
#elif !defined(MUTANT_NO_BARRIER)
        membarrier(SCANNER, 0, 1);
#endif
        d_step {
            if
            :: buf[0].sb_used > 0 && open[0] == 0 -> reach(2)
            :: else
            fi
        }
        scan_slots(v, m);
        if
        :: m < now && open[0] == 0 && open[1] == 0 -> reach(1)
        :: else
        fi;
#endif
        hand_out(m);
#ifndef EARLY_FLOOR
        publish_floor(now, v);
#endif
        d_step {
            now = 0;
            m = 255
        }
    :: else -> break
    od
}
