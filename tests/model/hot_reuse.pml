/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Publish, retire and recycle views; hot reuse (G1, G4).
 *
 * The door says how many readers are inside, and how many moments without readers there were.
 *
 *     owner                                    reader
 *     1 write a view nobody can see            a read lock, door: inside += 1
 *     2 pointer := view       (release)        b membarrier
 *     3 pointer := idle view, or another       c p := pointer, read the fields of *p
 *     4 compiler barrier                       d door: inside -= 1, and one more moment when that
 *     5 before the retired view is written       leaves nobody  (release), read unlock
 *       again, look at the door (acquire):
 *       nobody inside: it may be written at once
 *       else it waits in the thread with the moments that a look after 4 saw, until there were
 *       more; or it goes through a grace period
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
 * @reach 6 tso-2-readers a view that waited is used again beside a reader who came later
 * @mutant NO_CHECK           tso-2-readers writer_alone|reader_sees_whole
 * @mutant NO_CHECK           tso-2-owners  writer_alone|reader_sees_whole
 * @mutant NO_MEMBARRIER      tso-2-readers writer_alone|reader_sees_whole
 * @mutant NO_MEMBARRIER      pso-2-readers writer_alone|reader_sees_whole
 * @mutant CHECK_FIRST        tso-2-readers writer_alone|reader_sees_whole
 * @mutant NO_GRACE_PERIOD    tso-2-readers writer_alone|reader_sees_whole
 * @mutant RELAXED_DECREMENT  tso-2-readers writer_alone|reader_sees_whole
 * @mutant ENTERS_LATE        tso-2-readers writer_alone|reader_sees_whole
 * @mutant RELAXED_PUBLISH    pso-2-readers reader_sees_whole
 * @mutant MOMENTS_SEEN_EARLY tso-2-readers writer_alone|reader_sees_whole
 * @mutant EVERY_LEAVE_COUNTS tso-2-readers writer_alone|reader_sees_whole
 * @mutant WAITS_FOR_NOTHING  tso-2-readers writer_alone|reader_sees_whole
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

byte readers; /* the door's two parts */
byte moments;
bit locked[READERS];          /* inside the read lock */
byte waits_for[OWNERS * 3];   /* readers, as bits, that a view's grace period waits for */
bit in_pool[OWNERS * 3];
bit in_thread[OWNERS * 3];
byte seen[OWNERS * 3]; /* the moments that a view in_thread waits to pass */
bit is_private[OWNERS * 3];   /* the owner writes it */
byte held[READERS];           /* 1 + the view that a reader has a pointer to */

inline all_drained()
{
    drained(0);
#if OWNERS > 1
    drained(1);
#endif
}

inline send_to_grace_period(o)
{
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
}

inline keep_in_thread(o)
{
    d_step {
        in_thread[VIEW(o, hot)] = 1;
#ifdef MUTANT_MOMENTS_SEEN_EARLY
        seen[VIEW(o, hot)] = early
#else
        seen[VIEW(o, hot)] = moments
#endif
    }
}

#ifdef MUTANT_WAITS_FOR_NOTHING
#define has_waited(o, v) (in_thread[VIEW(o, v)])
#else
#define has_waited(o, v) (in_thread[VIEW(o, v)] && (readers == 0 || moments != seen[VIEW(o, v)]))
#endif

/* The view that was retired last, or another one. */
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
        if
        :: send_to_grace_period(o)
        :: keep_in_thread(o)
        fi
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
        :: has_waited(o, 1) -> v = 1
        :: has_waited(o, 2) -> v = 2
        fi;
        d_step {
            if
            :: in_thread[VIEW(o, v)] && readers != 0 -> reach(6)
            :: else
            fi;
            in_pool[VIEW(o, v)] = 0;
            in_thread[VIEW(o, v)] = 0;
            seen[VIEW(o, v)] = 0
        }
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
#ifdef MUTANT_MOMENTS_SEEN_EARLY
    byte early;
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
#ifdef MUTANT_MOMENTS_SEEN_EARLY
        early = moments;
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

inline leave()
{
    d_step {
        readers--;
#ifdef MUTANT_EVERY_LEAVE_COUNTS
        moments++
#else
        moments = (readers == 0 -> moments + 1 : moments)
#endif
    }
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
            leave();
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
        :: else -> leave()
#else
        :: else
#endif
        fi;
        d_step {
            held[r] = 0;
            o = 0;
            p = 0;
            a = 0;
            b = 0
        }
#ifndef MUTANT_RELAXED_DECREMENT
        leave();
#endif
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
