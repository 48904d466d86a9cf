/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Begin against scan (G2, G3) where loads are reordered, too, and membarrier is an interrupt; the
 * steps are those of begin_scan.pml:
 *
 *     owner                                   scanner
 *     1 slot := floor  (acquire; release)     a now := oracle()
 *     2 compiler barrier                      b membarrier
 *     3 ts := oracle()                        c m := min(now, every non-zero slot)
 *     4 slot := ts     (release)              d safe := max(safe, m)
 *     5 slot := 0 at the end (release)        e floor := max(floor, now)      (release)
 *
 * The oracle is a word that others advance; reading it is a relaxed load, which may be performed
 * before anything that was issued earlier. A compiler barrier does nothing here. The transaction
 * has its timestamp from the moment that the load is performed.
 *
 * @variant one
 * @variant one-relaxed    -DFLOOR_RELAXED
 * @variant two          -DOWNERS=2 -DSCANS=1 -DTIMES=3
 * @slow owners          -DOWNERS=2 -DSCANS=1
 * @reach 1 one a timestamp is read before the slot that was stored earlier is visible
 * @reach 2 one a scan sees an announced floor and stays below now
 * @reach 3 one a minimum is the timestamp of an open transaction
 * @mutant NO_BARRIER      one safe_below_open|safe_below_new
 * @mutant NO_FLOOR        one safe_below_open|safe_below_new
 * @mutant SCAN_BEFORE_NOW one safe_below_open|safe_below_new
 * @mutant NO_INTERRUPT    one safe_below_open|safe_below_new
 * @mutant ONE_INTERRUPTED two safe_below_open|safe_below_new
 * @mutant NO_MAX          one safe_monotone
 *
 * NO_INTERRUPT is a fence of the scanner alone; ONE_INTERRUPTED leaves out the second owner. FLOOR_RELAXED loads the floor without acquire. It is a
 * variant and not a mutant: a floor that an owner can read was the now of a scan whose membarrier
 * came before the owner's first step, or whose steps the owner's come after; so no owner is refused
 * (-ESTALE) for a floor of a later scan than its timestamp. The code loads it by acquire all the
 * same, which costs nothing and needs no such argument.
 */

#ifndef OWNERS
#define OWNERS 1
#endif
#ifndef SCANS
#define SCANS 2
#endif

#ifndef TIMES
#define TIMES 4
#endif

#define NTHREADS (OWNERS + 1)
#define SCANNER OWNERS
#define NLOC 4
#define SLOT(i) (i)
#define FLOOR 2
#define ORACLE 3
#define NREG 2
#define WINDOW 5

#define LOADED(t, l, v)                                                                            \
    if                                                                                             \
    :: (t) != SCANNER && (l) == ORACLE -> took(t, v)                                               \
    :: else                                                                                        \
    fi

#include "claims.pmh"

hidden byte safe_below_open;
hidden byte safe_below_new;
hidden byte safe_monotone;
hidden byte not_stale;

byte safe;
byte open[2]; /* the timestamp of the owner's open transaction */

inline took(i, v)
{
    open[i] = v;
    claim(safe_below_new, safe <= v);
    if
    :: win[i].used > 1 && wi > 0 -> reach(1)
    :: else
    fi
}

#include "window.pmh"

proctype Owner(byte i)
{
#ifdef FLOOR_RELAXED
    load_relaxed(i, FLOOR, 0);
#else
    load_acquire(i, FLOOR, 0);
#endif
#ifndef MUTANT_NO_FLOOR
    store_reg(i, SLOT(i), 0);
#endif
    load_relaxed(i, ORACLE, 1);
    known(i);
    claim(not_stale, REG(i, 1) >= REG(i, 0));
    store_value(i, SLOT(i), open[i]);
    open[i] = 0;
    store_value(i, SLOT(i), 0)
}

inline visit(i)
{
    d_step {
        if
        :: REG(SCANNER, i) != 0 && REG(SCANNER, i) < m ->
            m = REG(SCANNER, i);
            if
            :: open[i] == m -> reach(3)
            :: else -> reach(2)
            fi
        :: else
        fi;
        REG(SCANNER, i) = 0
    }
}

inline read_slots()
{
    load_relaxed(SCANNER, SLOT(0), 0);
#if OWNERS > 1
    load_relaxed(SCANNER, SLOT(1), 1);
    known(SCANNER);
    visit(1);
#else
    known(SCANNER);
#endif
    visit(0)
}

inline read_now()
{
    load_relaxed(SCANNER, ORACLE, 0);
    known(SCANNER);
    d_step {
        now = REG(SCANNER, 0);
        REG(SCANNER, 0) = 0;
        m = (now < m -> now : m)
    }
}

proctype Scanner()
{
    byte now, m, n;

    do
    :: n < SCANS ->
        n++;
        m = 255;
#ifndef MUTANT_SCAN_BEFORE_NOW
        read_now();
#endif
#if defined(MUTANT_NO_INTERRUPT)
        fence(SCANNER);
#elif !defined(MUTANT_NO_BARRIER)
#if OWNERS > 1 && !defined(MUTANT_ONE_INTERRUPTED)
        membarrier(SCANNER, 0, 1);
#else
        fence(SCANNER);
        fence(0);
#endif
#endif
        read_slots();
#ifdef MUTANT_SCAN_BEFORE_NOW
        read_now();
#endif
        d_step {
#ifdef MUTANT_NO_MAX
            claim(safe_monotone, m >= safe);
            safe = m;
#else
            safe = (m > safe -> m : safe);
#endif
            claim(safe_below_open, (open[0] == 0 || safe <= open[0]) &&
                                       (open[1] == 0 || safe <= open[1]));
            m = 0
        }
        store_value(SCANNER, FLOOR, now)
    :: else -> break
    od
}

/* Commits, and the wall clock. */
proctype Clock()
{
    do
    :: mem[ORACLE] < TIMES -> mem[ORACLE] = mem[ORACLE] + 1
    :: true -> break
    od
}

init
{
    d_step {
        mem[ORACLE] = 1;
        mem[FLOOR] = 1
    }
    atomic {
        run Owner(0);
#if OWNERS > 1
        run Owner(1);
#endif
        run Scanner();
        run Clock()
    }
}
