/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Publish, retire and recycle views; hot reuse (G1, G4).
 *
 *     owner                                    reader
 *     1 write a view nobody can see            a read lock, readers += 1
 *     2 pointer := view       (release)        b membarrier
 *     3 pointer := idle view, or another       c p := pointer, read the fields of *p
 *     4 compiler barrier                       d readers -= 1  (release), read unlock
 *     5 before the retired view is written again:
 *       readers = 0 (acquire)? write it at once
 *       else it goes through a grace period, and another view is taken
 *
 * A grace period is what RCU promises and no more: it begins at the retirement and ends when every
 * reader that was inside the read lock then has left. Entering the read lock orders nothing here:
 * where the model holds without the reader's membarrier, RCU's own ordering would be what helps.
 *
 * There is no variant with fences: without membarrier nothing is reused hot.
 *
 * A view is two fields, always written alike. The idle view is written once, before all.
 *
 * @variant tso-2-readers
 * @variant pso-2-readers   -DPSO
 * @variant tso-2-owners    -DOWNERS=2 -DREADERS=1 -DUPDATES=2
 * @variant pso-2-owners    -DPSO -DOWNERS=2 -DREADERS=1 -DUPDATES=2 -DREADS=1
 * @long pso-2-owners-2     -DPSO -DOWNERS=2 -DREADERS=1 -DUPDATES=2
 * @long tso-2-owners-3     -DOWNERS=2 -DREADERS=1
 * @long tso-5-updates      -DUPDATES=5
 * @long pso-5-updates      -DPSO -DUPDATES=5
 * @long tso-3-reads        -DREADS=3
 * @reach 1 tso-2-readers a view is used again hot
 * @reach 2 tso-2-readers a view retires because a reader is inside
 * @reach 3 tso-2-readers a reader reads a retired view
 * @reach 4 tso-2-readers a view comes back from a grace period
 * @reach 5 tso-2-readers hot reuse while a reader has entered but not dereferenced
 * @mutant NO_CHECK           tso-2-readers writer_alone|reader_sees_whole
 * @mutant NO_CHECK           tso-2-owners  writer_alone|reader_sees_whole
 * @mutant NO_MEMBARRIER      tso-2-readers writer_alone|reader_sees_whole
 * @mutant NO_MEMBARRIER      pso-2-readers writer_alone|reader_sees_whole
 * @mutant CHECK_FIRST        tso-2-readers writer_alone|reader_sees_whole
 * @mutant NO_GRACE_PERIOD    tso-2-readers writer_alone|reader_sees_whole
 * @mutant RELAXED_DECREMENT  tso-2-readers writer_alone|reader_sees_whole
 * @mutant ENTERS_LATE        tso-2-readers writer_alone|reader_sees_whole
 * @mutant RELAXED_PUBLISH    pso-2-readers reader_sees_whole
 */

#ifndef OWNERS
#define OWNERS 1
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef UPDATES
#define UPDATES 3
#endif
#ifndef READS
#define READS 2
#endif

/* Only owners have plain stores. Of each: the pointer, and two fields of the views 1 and 2. */
#define NTHREADS OWNERS
#define PTR(o) ((o) * 5)
#define FIELD(o, v, f) ((o) * 5 + (v) * 2 - 1 + (f))
#define NLOC (OWNERS * 5)
#define DEPTH (UPDATES * 4)
#define IDLE 0

#include "storebuf.pmh"

hidden byte writer_alone;
hidden byte reader_sees_whole;

#define VIEW(o, v) ((o) * 3 + (v))

byte readers;
bit locked[READERS];          /* inside the read lock */
byte waits_for[OWNERS * 3];   /* readers, as bits, that a view's grace period waits for */
bit in_pool[OWNERS * 3];
bit is_private[OWNERS * 3];   /* the owner writes it */
byte held[READERS];           /* 1 + the view that a reader has a pointer to */

inline all_drained()
{
    drained(0);
#if OWNERS > 1
    drained(1);
#endif
}

/* The retired view v again, or another one after its grace period. */
inline take(o, v, n)
{
#ifdef MUTANT_CHECK_FIRST
    n = checked;
#else
    n = readers;
#endif
    if
#ifdef MUTANT_NO_CHECK
    :: hot != 0 -> v = hot
#else
    :: hot != 0 && n == 0 ->
        reach(1);
        if
        :: readers != 0 -> reach(5)
        :: else
        fi;
        v = hot
    :: hot != 0 && n != 0 ->
        reach(2);
        atomic {
            drained(o); /* call_rcu() is a full barrier */
            d_step {
                in_pool[VIEW(o, hot)] = 1;
#ifndef MUTANT_NO_GRACE_PERIOD
                waits_for[VIEW(o, hot)] = locked[0];
#if READERS > 1
                waits_for[VIEW(o, hot)] = waits_for[VIEW(o, hot)] | (locked[1] << 1);
#endif
#endif
            }
        }
#endif
    :: hot == 0
    fi;
    hot = 0;
    n = 0;
    if
    :: v != 0
    :: v == 0 ->
        if
        :: in_pool[VIEW(o, 1)] && waits_for[VIEW(o, 1)] == 0 -> v = 1
        :: in_pool[VIEW(o, 2)] && waits_for[VIEW(o, 2)] == 0 -> v = 2
        fi;
        in_pool[VIEW(o, v)] = 0
    fi
}

inline start_writing(o, v)
{
    d_step {
        claim(writer_alone, held[0] != 1 + VIEW(o, v));
#if READERS > 1
        claim(writer_alone, held[1] != 1 + VIEW(o, v));
#endif
        is_private[VIEW(o, v)] = 1
    }
}

inline publish(o, v)
{
    d_step {
        is_private[VIEW(o, v)] = 0;
#ifdef MUTANT_RELAXED_PUBLISH
        store_to(o, (PTR(o)), v)
#else
        store_to(o, (PTR(o) | REL), v)
#endif
    }
}

proctype Owner(byte o)
{
    byte n, v, hot, now, t;
#ifdef MUTANT_CHECK_FIRST
    byte checked;
#endif

    do
    :: n < UPDATES ->
        n++;
        take(o, v, t);
        start_writing(o, v);
        store_relaxed(o, FIELD(o, v, 0), n);
        store_relaxed(o, FIELD(o, v, 1), n);
        publish(o, v);
        hot = now; /* the view before, when there was no idle between */
        now = v;
        v = 0;
#ifdef MUTANT_CHECK_FIRST
        checked = readers;
#endif
        if
        :: hot == 0 ->
            publish(o, IDLE);
            hot = now;
            now = 0
        :: true
        fi
    :: else -> break
    od
}

proctype Reader(byte r)
{
    byte n, o, p, a, b;

    do
    :: n < READS ->
        n++;
#ifdef MUTANT_ENTERS_LATE
        locked[r] = 1;
#else
        d_step {
            locked[r] = 1;
            readers++
        }
#endif
#ifndef MUTANT_NO_MEMBARRIER
        all_drained();
#endif
#if OWNERS > 1
        if
        :: o = 0
        :: o = 1
        fi;
#endif
        d_step {
            p = mem[PTR(o)];
            if
            :: p != IDLE ->
                held[r] = 1 + VIEW(o, p);
                claim(writer_alone, !is_private[VIEW(o, p)])
            :: else
            fi
        }
#ifdef MUTANT_ENTERS_LATE
        readers++;
#endif
        if
        :: p != IDLE ->
            a = mem[FIELD(o, p, 0)];
#ifdef MUTANT_RELAXED_DECREMENT
            readers--;
#endif
            b = mem[FIELD(o, p, 1)];
            d_step {
                claim(reader_sees_whole, a == b);
                if
                :: mem[PTR(o)] != p -> reach(3)
                :: else
                fi
            }
#ifdef MUTANT_RELAXED_DECREMENT
        :: else -> readers--
#else
        :: else
#endif
        fi;
        d_step {
            held[r] = 0;
            o = 0;
            p = 0;
            a = 0;
            b = 0;
#ifndef MUTANT_RELAXED_DECREMENT
            readers--;
#endif
        }
        d_step {
            locked[r] = 0;
            if
            :: waits_for[1] & (1 << r) -> reach(4)
            :: else
            fi;
            waits_for[1] = waits_for[1] & ~(1 << r);
            waits_for[2] = waits_for[2] & ~(1 << r);
#if OWNERS > 1
            waits_for[4] = waits_for[4] & ~(1 << r);
            waits_for[5] = waits_for[5] & ~(1 << r);
#endif
        }
    :: else -> break
    od
}

init
{
    atomic {
        in_pool[1] = 1;
        in_pool[2] = 1;
        run Owner(0);
#if OWNERS > 1
        in_pool[4] = 1;
        in_pool[5] = 1;
        run Owner(1);
#endif
        run Reader(0);
#if READERS > 1
        run Reader(1);
#endif
    }
}
