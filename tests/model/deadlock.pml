/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looking for a circle of waits (src/core/owner/deadlock.c) and the record of a wait
 * (src/core/roster/block.h), with store buffers:
 *
 *     publish                                  look at one wait
 *     1 wait := 0                              a w := wait; none: no circle
 *     2 version += 1, odd                      b v := version, the holder
 *     3 the holder            (release)        c v is even, version is v and wait is w still,
 *     4 version += 1, even    (release)          else from a
 *     5 wait := the new word  (release)
 *     6 a full fence
 *     7 look at the waits from the holder on; back at itself: 8, else done
 *     8 under the lock, look at the same waits again; the same: 9, else from 7
 *     9 end its own wait, unlock, and refuse it
 *
 * Sessions wait for others, one wait after the other, each for a session of its choice, and all ask.
 * A wait that is not refused ends when its holder waits for none. All wait words are equal: those of
 * waits for one event within a tick are. In order: then a circle that was missed stands for ever.
 *
 * @variant two         -DTURNS=2
 * @variant two-pso     -DPSO -DTURNS=2
 * @variant three       -DSESSIONS=3
 * @long three-pso      -DPSO -DSESSIONS=3
 * @reach 1 two a circle of two is refused
 * @reach 2 three a circle of three is refused
 * @reach 3 two a circle is gone at the second look
 * @reach 4 two a wait changes while it is looked at
 * @reach 5 three a session waits for a circle that it is no member of
 * @mutant NO_FENCE       two none_missed
 * @mutant LOOKED_FIRST   two none_missed
 * @mutant NO_SECOND_LOOK two one_refused|true_circle
 * @mutant NO_LOCK        two one_refused|true_circle
 * @mutant ENDED_UNLOCKED two one_refused|true_circle
 * @mutant HOLDER_ALONE   two true_circle
 *
 * HOLDER_ALONE compares no versions at 8. That a record is whole is shown in digests.pml.
 */

#ifndef SESSIONS
#define SESSIONS 2
#endif
#ifndef TURNS
#define TURNS 1
#endif

#define NTHREADS SESSIONS
#define WAIT(i) (i)
#define VERSION(i) (SESSIONS + (i))
#define HOLDER(i) (2 * SESSIONS + (i))
#define NLOC (3 * SESSIONS)
#define DEPTH 6

#include "storebuf.pmh"

hidden byte none_missed;
hidden byte true_circle;
hidden byte one_refused;

bit lock;
byte waits_for[SESSIONS]; /* the truth: the holder + 1, or 0 */
bit was_refused[SESSIONS]; /* this wait */
byte ended;

/* Looks at the wait of session `at`: leaves its holder + 1 in h, 0: it waits for none; v: version. */
inline look()
{
    do
    :: load(me, WAIT(at), w);
       if
       :: w == 0 ->
           h = 0;
           break
       :: else
       fi;
       load(me, VERSION(at), v);
       load(me, HOLDER(at), h);
       load(me, VERSION(at), again);
       load(me, WAIT(at), w);
       if
       :: !(v & 1) && again == v && w -> break
       :: else -> reach(4)
       fi
    od;
    w = 0;
    again = 0
}

inline publish()
{
    store_relaxed(me, WAIT(me), 0);
    version++;
    store_relaxed(me, VERSION(me), version);
    store_release(me, HOLDER(me), holder + 1);
    version++;
    store_release(me, VERSION(me), version);
    store_release(me, WAIT(me), 1)
}

/* The truth, of this session. */
#define NEXT(i) (waits_for[i] - 1)
#if SESSIONS > 2
#define is_circle                                                                                  \
    (waits_for[me] && waits_for[NEXT(me)] &&                                                       \
     (NEXT(NEXT(me)) == me || (waits_for[NEXT(NEXT(me))] && NEXT(NEXT(NEXT(me))) == me)))
#else
#define is_circle (waits_for[me] && waits_for[NEXT(me)])
#endif

/* 7: `n` waits lead back to this session, or n is 0. */
inline follow()
{
    at = me;
    n = 0;
    do
    :: look();
       if
       :: h == 0 ->
           n = 0;
           break
       :: else
       fi;
       versions[n] = v;
       n++;
       at = h - 1;
       if
       :: d_step {
              at == me -> was_true = is_circle
          }
          break
       :: at != me && n == SESSIONS ->
#if SESSIONS > 2
           reach(5);
#endif
           n = 0;
           break
       :: else
       fi
    od
}

/* 8: whether these waits are there still. */
inline look_again()
{
    at = me;
    k = 0;
    do
    :: k < n ->
        look();
        if
#ifdef MUTANT_HOLDER_ALONE
        :: h != 0 -> skip
#else
        :: h != 0 && versions[k] == v -> skip
#endif
        :: else ->
            n = 0;
            break
        fi;
        at = h - 1;
        k++
    :: else -> break
    od;
    k = 0
}

inline end_wait()
{
    store_relaxed(me, WAIT(me), 0)
}

inline refuse()
{
    d_step {
        claim(true_circle, was_true);
        claim(one_refused, !was_refused[holder] && (n < 3 || !was_refused[3 - me - holder]));
        was_refused[me] = 1;
        waits_for[me] = 0;
        if
        :: n == 2 -> reach(1)
        :: n == 3 -> reach(2)
        :: else
        fi
    }
}

inline check()
{
    do
    :: follow();
       if
       :: n == 0 -> break
       :: else
       fi;
#ifndef MUTANT_NO_LOCK
       atomic {
           !lock -> lock = 1
       }
#endif
#ifndef MUTANT_NO_SECOND_LOOK
       look_again();
#endif
       if
       :: n != 0 ->
           refuse();
#ifndef MUTANT_ENDED_UNLOCKED
           end_wait();
           fence(me);
#endif
           refused = 1
       :: else -> reach(3)
       fi;
       lock = 0;
#ifdef MUTANT_ENDED_UNLOCKED
       end_wait();
#endif
       if
       :: refused -> break
       :: else
       fi
    od
}

proctype Session(byte me)
{
    byte holder, version, turn;
    byte at, h, v, w, again, n, k;
    byte versions[SESSIONS];
    bit refused, was_true;

    do
    :: turn < TURNS ->
        turn++;
        if
        :: holder = (me + 1) % SESSIONS
#if SESSIONS > 2
        :: me != 0 -> holder = (me + 2) % SESSIONS /* of the others: they are alike */
#endif
        fi;
        d_step {
            was_refused[me] = 0;
            waits_for[me] = holder + 1
        }
#ifdef MUTANT_LOOKED_FIRST
        check();
        publish();
#else
        publish();
#ifndef MUTANT_NO_FENCE
        fence(me);
#endif
        check();
#endif
        if
        :: !refused ->
            waits_for[holder] == 0;
            end_wait();
            fence(me);
            waits_for[me] = 0
        :: else
        fi;
        d_step {
            refused = 0;
            was_true = 0;
            at = 0;
            h = 0;
            v = 0;
            n = 0;
            holder = 0;
            k = 0;
            do
            :: k < SESSIONS ->
                versions[k] = 0;
                k++
            :: else -> break
            od;
            k = 0
        }
    :: else -> break
    od;
    ended++
}

active proctype Watch()
{
end:
    timeout;
    claim(none_missed, ended == SESSIONS)
}

init
{
    atomic {
        run Session(0);
        run Session(1);
#if SESSIONS > 2
        run Session(2)
#endif
    }
}
