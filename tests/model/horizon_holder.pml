/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Naming the holder of a slot: the culprit that is named really held the word.
 *
 *     owner                                     scanner, under its mutex
 *     1 holder := id          (release)         a w := word
 *     2 word := floor         (release)         b h := holder
 *     3 ts := oracle()                          c accept h only if word is still w
 *     4 word := ts            (release)
 *     5 word := 0             (release), here or on the thread that finishes
 *
 * One slot, one tenant after the other, each with an id of its own; a tenant may also begin at a
 * chosen timestamp, then holder and word are stored under the scanner's mutex. "Really held" means:
 * tenant h announced the value w at some time.
 *
 * Three conditions that the model shows to be needed:
 *
 *   The holder's store is a release store. Relaxed, it may overtake the word := 0 of the tenant
 *   before it, and the new tenant is named for the old one's word (mutant HOLDER_RELAXED).
 *
 *   The three loads stand inside the scanner's mutex, which excludes beginning at a chosen
 *   timestamp. Outside it (mutant NAMED_OUTSIDE), a tenant with floor F may leave, a second one
 *   begin at a chosen timestamp T and leave, and a third one announce F again: word is F both
 *   times, and the second tenant, who never held F, is named.
 *
 *   Where membarrier is missing, now must not be a timestamp that a transaction holds (mutant
 *   TIES): else the third tenant's floor may be the first one's start timestamp. With membarrier
 *   such ties do no harm (variant tso-ties).
 *
 * @variant tso
 * @variant pso          -DPSO
 * @variant tso-fences   -DFENCES
 * @variant pso-fences   -DPSO -DFENCES
 * @variant tso-ties     -DTIES
 * @long tso-5-tenants   -DTENANTS=5
 * @long pso-5-tenants   -DPSO -DTENANTS=5
 * @reach 1 tso a holder is named
 * @reach 2 tso the word has changed and no holder is named
 * @reach 3 tso the holder has changed under an equal word
 * @reach 4 tso a tenant is named whose transaction has been finished on the other thread
 * @mutant HOLDER_AFTER    tso held_it
 * @mutant HOLDER_RELAXED  pso held_it
 * @mutant NO_RECHECK      tso held_it
 * @mutant NAMED_OUTSIDE   tso held_it
 * @mutant TIES            tso-fences held_it
 * @mutant SINCE_BELIEVED  tso since_of_holder
 *
 * SINCE_BELIEVED admits a known race. Beside the holder stands since when it holds the slot, and
 * two tenants may announce the same floor one after the other: the first one may then be named with
 * the second one's beginning. The holder is right, the time is that of a successor.
 */

#ifndef TENANTS
#define TENANTS 4
#endif
#ifndef SCANS
#define SCANS 2
#endif

/* Thread 0 begins, thread 1 may finish, thread 2 scans. */
#define NTHREADS 3
#define SCANNER 2
#define THE_WORD 0
#define HOLDER 1
#define FLOOR 2
#ifdef MUTANT_SINCE_BELIEVED
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
bit mutex;
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
#ifdef MUTANT_SINCE_BELIEVED
    store_relaxed(0, SINCE, id);
#endif
#if defined(MUTANT_HOLDER_RELAXED)
    store_relaxed(0, HOLDER, id);
#else
    store_release(0, HOLDER, id);
#endif
}

#define unlocked (mutex == 0)

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
        :: atomic {
               unlocked && drained(0) -> mutex = 1
           }
           select(f : 1 .. clock);
           name_holder(id);
           announce(id, f);
           atomic {
               drained(0);
               mutex = 0
           }
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

active proctype Scanner()
{
    byte now, w, h, v, n;
#ifdef MUTANT_SINCE_BELIEVED
    byte since;
#endif

    atomic {
        mem[FLOOR] = clock;
        run Owner()
    }
    do
    :: n < SCANS ->
        n++;
        atomic {
            unlocked && drained(SCANNER) -> mutex = 1
        }
        d_step {
#if !defined(TIES) && !defined(MUTANT_TIES)
            clock++;
#endif
            now = clock
        }
#ifdef FENCES
        fence(SCANNER);
#else
        membarrier(SCANNER, 0, 1);
#endif
        w = mem[THE_WORD];
#ifdef MUTANT_NAMED_OUTSIDE
        mutex = 0;
#endif
        h = mem[HOLDER];
#ifdef MUTANT_SINCE_BELIEVED
        since = mem[SINCE];
#endif
#ifdef MUTANT_NO_RECHECK
        v = w;
#else
        v = mem[THE_WORD];
#endif
        d_step {
            if
            :: w != 0 && v == w ->
                reach(1);
                if
                :: finished_elsewhere -> reach(4)
                :: else
                fi;
                if
                :: mem[HOLDER] != h -> reach(3)
                :: else
                fi;
#ifdef MUTANT_SINCE_BELIEVED
                claim(since_of_holder, since == h);
#endif
                claim(held_it, (held[h] >> w) & 1)
            :: w != 0 && v != w -> reach(2)
            :: else
            fi;
            w = 0;
            h = 0;
            v = 0
        }
#ifdef MUTANT_NAMED_OUTSIDE
        atomic {
            unlocked && drained(SCANNER) -> mutex = 1
        }
#endif
        store_release(SCANNER, FLOOR, now);
        now = 0;
        atomic {
            drained(SCANNER);
            mutex = 0
        }
    :: else -> break
    od
}
