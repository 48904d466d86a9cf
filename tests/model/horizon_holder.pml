/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Naming the holder of a slot: the culprit that is named really held the word.
 *
 *     owner                                     scanner
 *     1 since, holder := id   (release, each)   a w := word
 *     2 word := floor         (release)         b h := holder, s := since
 *     3 ts := oracle()                          c word is still w, else from a
 *     4 word := ts            (release)         d holder is still h, else from a
 *     5 word := 0             (release), here or on the thread that finishes
 *
 * One slot, one tenant after the other, each with an id of its own; a tenant may also begin at a
 * chosen timestamp. Other scanners may raise the floor at any moment, also to a timestamp that a
 * transaction has. "Really held" means: tenant h announced the value w at some time.
 *
 * Two conditions that the model shows to be needed:
 *
 *   The stores of the holder and of since when it holds the slot are release stores. Relaxed, they
 *   may overtake the word := 0 of the tenant before: the new tenant is named for the old one's word
 *   (mutant HOLDER_RELAXED), or the old one is named with the new one's since (SINCE_RELAXED).
 *
 *   Both are read again. Without d (mutant NO_HOLDER_AGAIN), a tenant with floor F may leave, a
 *   second one begin at a chosen timestamp T and leave, and a third one announce F again: word is F
 *   both times, and the second tenant, who never held F, is named.
 *
 * Not modelled: a tenant that comes back to the slot, with another one between, within a to d.
 *
 * @variant tso
 * @slow    pso          -DPSO
 * @slow    tso-fences   -DFENCES
 * @variant pso-fences   -DPSO -DFENCES
 * @long tso-since       -DSINCE_TOO
 * @long pso-since       -DPSO -DSINCE_TOO
 * @long tso-4-tenants   -DTENANTS=4
 * @long pso-4-tenants   -DPSO -DTENANTS=4
 * @reach 1 tso a holder is named
 * @reach 2 tso the word has changed and no holder is named
 * @reach 3 tso the holder has changed under an equal word
 * @reach 5 tso the word is the same and the holder has changed
 * @reach 4 tso a tenant is named whose transaction has been finished on the other thread
 * @mutant HOLDER_AFTER    tso held_it
 * @mutant HOLDER_RELAXED  pso held_it
 * @mutant NO_RECHECK      tso held_it
 * @mutant NO_HOLDER_AGAIN tso held_it
 * @mutant SINCE_RELAXED   pso since_of_holder
 */

#ifdef MUTANT_SINCE_RELAXED
#define SINCE_TOO
#endif
#ifndef TENANTS
#define TENANTS 3
#endif
#ifndef SCANS
#define SCANS 2
#endif

/* Thread 0 begins, thread 1 may finish; the scanner has no stores that wait. */
#define NTHREADS 2
#define THE_WORD 0
#define HOLDER 1
#define FLOOR 2
#ifdef SINCE_TOO
#define SINCE 3
#define NLOC 4
#define DEPTH (TENANTS * 5)
#else
#define NLOC 3
#define DEPTH (TENANTS * 4)
#endif

#include "storebuf.pmh"

hidden byte held_it;
hidden byte since_of_holder;

byte clock = 1;
bit elsewhere; /* the transaction is to be finished on thread 1 */
bit finished_elsewhere;
bit no_more;
short held[TENANTS + 1]; /* the values that this tenant has announced, as bits */

inline announce(id, t)
{
    d_step {
        held[id] = held[id] | (1 << t);
        store_to(0, (THE_WORD | REL), t)
    }
}

inline name_holder(id)
{
#if defined(MUTANT_SINCE_RELAXED)
    store_relaxed(0, SINCE, id);
#elif defined(SINCE_TOO)
    store_release(0, SINCE, id);
#endif
#if defined(MUTANT_HOLDER_RELAXED)
    store_relaxed(0, HOLDER, id);
#else
    store_release(0, HOLDER, id);
#endif
}

proctype Owner()
{
    byte id, f;

    do
    :: id < TENANTS ->
        id++;
        if
        :: load(0, FLOOR, f);
#ifndef MUTANT_HOLDER_AFTER
           name_holder(id);
#endif
           announce(id, f);
#ifdef MUTANT_HOLDER_AFTER
           name_holder(id);
#endif
#ifdef FENCES
           fence(0);
#endif
           if
           :: d_step {
                  clock++;
                  f = clock
              }
              announce(id, f)
           :: true /* finished without having been activated */
           fi
        :: select(f : 1 .. clock);
           name_holder(id);
           announce(id, f);
        fi;
        f = 0;
        if
        :: store_release(0, THE_WORD, 0)
        :: atomic {
               drained(0) -> elsewhere = 1
           }
           finished_elsewhere;
           finished_elsewhere = 0
        fi
    :: else -> break
    od;
    no_more = 1
}

active proctype Finisher()
{
    do
    :: elsewhere ->
        elsewhere = 0;
        store_release(1, THE_WORD, 0);
        atomic {
            drained(1); /* the slot goes back by a release operation */
            finished_elsewhere = 1
        }
    :: no_more && !elsewhere -> break
    od
}

active proctype OtherScanner()
{
end:
    do
    :: atomic {
           mem[FLOOR] < clock -> mem[FLOOR] = clock
       }
    od
}

active proctype Scanner()
{
    byte now, w, h, v, again, n;
#ifdef SINCE_TOO
    byte since;
#endif

    atomic {
        mem[FLOOR] = clock;
        run Owner()
    }
    do
    :: n < SCANS ->
        n++;
        d_step {
            now = clock
        }
#ifndef FENCES
        if /* membarrier */
        :: drained(0) -> drained(1)
        :: drained(1) -> drained(0)
        fi;
#endif
        w = mem[THE_WORD];
        h = mem[HOLDER];
#ifdef SINCE_TOO
        since = mem[SINCE];
#endif
#ifdef MUTANT_NO_RECHECK
        v = w;
#else
        v = mem[THE_WORD];
#endif
#ifdef MUTANT_NO_HOLDER_AGAIN
        again = h;
#else
        again = mem[HOLDER];
#endif
        d_step {
            if
            :: w != 0 && v == w && again == h ->
                reach(1);
                if
                :: finished_elsewhere -> reach(4)
                :: else
                fi;
                if
                :: mem[HOLDER] != h -> reach(3)
                :: else
                fi;
#ifdef SINCE_TOO
                claim(since_of_holder, since == h);
#endif
                claim(held_it, (held[h] >> w) & 1)
            :: w != 0 && v != w -> reach(2)
            :: w != 0 && v == w && again != h -> reach(5)
            :: else
            fi;
            w = 0;
            h = 0;
            v = 0;
            again = 0
        }
        atomic { /* a compare-and-swap: others raise it, too */
            mem[FLOOR] = (mem[FLOOR] > now -> mem[FLOOR] : now);
            now = 0
        }
    :: else -> break
    od
}
