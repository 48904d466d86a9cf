/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rounds that call back after a grace period: by the reclaiming thread, which comes and goes with the
 * users that want one, and by hand (src/core/base/reclaim.c).
 *
 *     round                                       barrier
 *     a begun := begun + 1   (its lock; by hand:  1 where there is no thread: a round by hand, under
 *       all of the round is under its lock)         the lock of these
 *     b takes all that is queued  (exchange)      2 else waits until round begun + 1 is done, and for
 *     c grace period, unless it is refused          as long as that thread lives; when it has ended,
 *     d keepers: ends a turn, waits for it          from 1
 *     e calls back
 *     f done := begun        (its lock)
 *
 * One user has the thread, up to TURNS times one after the other, the last time perhaps for good; one
 * does without. Each queues something, may wait until that is called back or, the one by hand, run a
 * round, has a barrier, upon which what the callback is about is freed, and ends. The thread ends when
 * its last user does, and leaves what is queued. A push posts only when the queue was empty, so who
 * starts the thread posts for what is there. A reader is inside READS times, or with KEEPER a thread
 * keeps something. The kernel refuses a grace period REFUSALS times. Locks stand for single steps
 * unless the one that has them may wait. Forks are in fork_locks.pml, destroying is in destroy.pml.
 *
 * @variant reader
 * @variant keeper -DKEEPER
 * @slow refused -DREFUSALS=1
 * @slow twice -DTURNS=2
 * @reach 2 reader the thread runs what the user by hand has queued
 * @reach 3 reader the thread starts with something queued
 * @reach 4 reader the thread ends with something queued
 * @reach 5 reader a barrier finds that the thread ended, and runs a round by hand
 * @reach 6 refused the thread ends while a grace period is refused
 * @reach 7 refused a barrier returns a refusal
 * @reach 8 reader a run finds another one at it
 * @turned NOT_PUT_BACK
 * @mutant NO_GRACE_PERIOD  reader after_reader
 * @mutant NO_KEEPERS       keeper after_keeper
 * @mutant NOT_LOCKED       reader nothing_left|alive
 * @mutant BARRIER_TRIES    reader nothing_left|alive
 * @mutant START_UNLOCKED   reader nothing_left|alive
 * @mutant START_NOT_POSTED reader no_deadlock
 * @mutant STOP_NOT_SEEN    reader no_deadlock
 * @mutant THREADS_UNCOUNTED reader no_deadlock
 * @mutant ROUND_UNDER_WAY  reader nothing_left|alive
 * @mutant NOT_PUT_BACK     refused nothing_left|no_deadlock
 */

#include "claims.pmh"

#ifdef MUTANT_THREADS_UNCOUNTED /* what it takes */
#define TURNS 2
#define REFUSALS 1
#endif

#ifndef TURNS
#define TURNS 1
#endif
#ifndef READS
#define READS 1
#endif
#ifndef REFUSALS
#define REFUSALS 0
#endif

hidden byte after_reader;
hidden byte after_keeper;
hidden byte nothing_left;
hidden byte alive;
hidden byte ready;
hidden byte no_deadlock;

#define THREADS_ITEM 1
#define BY_HANDS 2

bit users_lock, by_hand;
byte users, with_thread;
bit has_thread;
bit is_ready; /* the semaphore and the condition */
byte queued; /* items: THREADS_ITEM, BY_HANDS */
byte work;
byte begun, done, tries, failed_try, threads;
bit stop, thread_ended;
bit turn;
byte keepers[2];
byte section; /* of the reader; odd: inside */
bit keeps;
byte seen_by, kept_by; /* items that the reader, or who keeps something, may have found */
byte freed; /* what items are about */
byte ran;   /* items that were called back */
byte refusals;
byte ended;

#ifdef MUTANT_STOP_NOT_SEEN
#define IT_ENDED (threads != waits_for)
#elif defined(MUTANT_THREADS_UNCOUNTED)
#define IT_ENDED stop
#else
#define IT_ENDED (stop || threads != waits_for)
#endif

#define lock(l)                                                                                    \
    atomic {                                                                                       \
        !l -> l = 1                                                                                \
    }

inline post()
{
    d_step {
        claim(ready, is_ready);
        work = (work < 3 -> work + 1 : work)
    }
}

inline push(item)
{
    d_step {
        was_empty = (queued == 0);
        queued = queued | (item);
        ran = ran & ~(item);
        freed = freed & ~(item);
        seen_by = (section & 1 -> seen_by | (item) : seen_by);
        kept_by = (keeps -> kept_by | (item) : kept_by)
    }
    if
    :: was_empty -> post()
    :: else
    fi;
    was_empty = 0
}

inline call_back(by_who)
{
    d_step {
        claim(after_reader, (taken & seen_by) == 0);
        claim(after_keeper, (taken & kept_by) == 0);
        claim(alive, (taken & freed) == 0);
        if
        :: by_who == THREADS_ITEM && (taken & BY_HANDS) -> reach(2)
        :: else
        fi;
        ran = ran | taken;
        taken = 0
    }
}

inline grace_period()
{
#ifndef MUTANT_NO_GRACE_PERIOD
    at = section;
    !(at & 1) || section != at;
    at = 0
#else
    skip
#endif
}

inline wait_for_keepers()
{
#ifndef MUTANT_NO_KEEPERS
    d_step {
        ends = turn;
        turn = !turn
    }
    keepers[ends] == 0;
    ends = 0
#else
    skip
#endif
}

proctype Reclaim()
{
    byte taken, at;
    bit ends, leaves;

end:
    do
    :: atomic {
           work > 0 -> work--
       }
       d_step {
           leaves = stop;
           begun = begun + !leaves
       }
       if
       :: leaves -> break
       :: else
       fi;
       d_step {
           taken = queued;
           queued = 0
       }
#if REFUSALS > 0
       do
       :: tries++;
          if
          :: refusals < REFUSALS ->
              d_step {
                  refusals++;
                  failed_try = tries;
                  leaves = stop
              }
              if
              :: leaves -> break
              :: else
              fi
          :: true -> break
          fi
       od;
       if
       :: leaves ->
           reach(6);
#ifndef MUTANT_NOT_PUT_BACK
           d_step {
               queued = queued | taken;
               taken = 0
           }
#endif
           break
       :: else
       fi;
#endif
       grace_period();
       wait_for_keepers();
       call_back(THREADS_ITEM);
       done = begun
    od;
    atomic {
        if
        :: queued -> reach(4)
        :: else
        fi;
        thread_ended = 1
    }
}

/* A round by hand. */
inline run_round()
{
    if
#if REFUSALS > 0
    :: refusals < REFUSALS ->
        refusals++;
        err = 1
#endif
    :: true ->
        work = 0;
        d_step {
            taken = queued;
            queued = 0
        }
        grace_period();
        wait_for_keepers();
        call_back(BY_HANDS)
    fi
}

/* rst_reclaim_run() */
inline run_by_hand()
{
    if
    :: queued == 0
    :: else ->
        d_step {
            tries_it = !by_hand;
            if
            :: tries_it -> by_hand = 1
            :: else -> reach(8)
            fi
        }
        if
        :: tries_it ->
            if
            :: has_thread
            :: else -> run_round()
            fi;
            by_hand = 0;
            err = 0;
            tries_it = 0
        :: else
        fi
    fi
}

inline ask_thread()
{
    d_step {
#ifdef MUTANT_ROUND_UNDER_WAY
        target = (begun > done -> begun : begun + 1);
#else
        target = begun + 1;
#endif
        tried = tries;
        waits_for = threads;
        claim(ready, is_ready);
        work = (work < 3 -> work + 1 : work)
    }
    done >= target || failed_try > tried || IT_ENDED
}

inline answered()
{
    atomic {
        target = 0;
        tried = 0;
        waits_for = 0
    }
}

inline wait_for_thread()
{
    ask_thread();
    if
    :: done >= target
#if REFUSALS > 0
    :: done < target && !IT_ENDED ->
        reach(7);
        err = 1
#endif
    :: else -> again = 1
    fi;
    answered()
}

/* A barrier, again while it is refused. */
inline barrier()
{
    do
    :: err = 0;
       again = 0;
#ifdef MUTANT_NOT_LOCKED
       if
       :: has_thread -> again = 1
       :: !has_thread -> run_round()
       fi;
#else
#ifdef MUTANT_BARRIER_TRIES
       if
       :: by_hand -> break
       :: else
       fi;
#endif
       lock(by_hand);
       if
       :: has_thread -> again = 1
       :: !has_thread -> run_round()
       fi;
       by_hand = 0;
#endif
       if
       :: again ->
           again = 0;
           wait_for_thread();
           if
           :: again -> reach(5)
           :: else
           fi
       :: else
       fi;
       if
       :: !err && !again -> break
       :: else
       fi
    od
}

/* The same where there is a thread for as long as it lasts. */
inline barrier_of_thread()
{
    do
    :: lock(by_hand);
       by_hand = 0;
       ask_thread();
       if
       :: done >= target -> break
#if REFUSALS > 0
       :: else
#endif
       fi
    od;
    answered()
}

inline start_thread()
{
#ifndef MUTANT_START_UNLOCKED
    lock(by_hand);
#endif
    d_step {
        stop = 0;
        threads++;
        thread_ended = 0
    }
    work = 0;
    if
    :: queued ->
        reach(3);
#ifndef MUTANT_START_NOT_POSTED
        post()
#endif
    :: else
    fi;
    run Reclaim();
    has_thread = 1;
#ifndef MUTANT_START_UNLOCKED
    by_hand = 0
#endif
}

inline end_thread()
{
    lock(by_hand);
    stop = 1;
    post();
    thread_ended;
    begun = done;
    has_thread = 0;
    by_hand = 0
}

inline first()
{
    d_step {
        if
        :: users == 0 ->
            is_ready = 1;
            work = 0
        :: else
        fi
    }
}

/* No other one with a thread comes or goes. */
inline start_with_thread()
{
    lock(users_lock);
    first();
    start_thread();
    d_step {
        users++;
        with_thread++;
        users_lock = 0
    }
}

inline start_by_hand()
{
    lock(users_lock);
    first();
    d_step {
        users++;
        users_lock = 0
    }
}

inline finish_with_thread()
{
    lock(users_lock);
    d_step {
        users--;
        with_thread--
    }
    end_thread();
    d_step {
        is_ready = (users != 0);
        users_lock = 0
    }
}

inline finish_by_hand()
{
    lock(users_lock);
    d_step {
        users--;
        is_ready = (users != 0);
        users_lock = 0
    }
}

inline destroyed(item)
{
    atomic {
        claim(nothing_left, ran & (item));
        freed = freed | (item)
    }
}

proctype WithThread()
{
    byte target, tried, waits_for, n;
    bit was_empty;

    do
    :: n < TURNS ->
        n++;
        start_with_thread();
        push(THREADS_ITEM);
        if
        :: true -> ran & THREADS_ITEM
        :: true
        fi;
        if
        :: n == TURNS -> break /* it stays */
        :: true
        fi;
        barrier_of_thread();
        destroyed(THREADS_ITEM);
        finish_with_thread()
    :: else -> break
    od;
    ended++
}

proctype ByHand()
{
    byte taken, at, target, tried, waits_for;
    bit was_empty, err, again, ends, tries_it;

    start_by_hand();
    push(BY_HANDS);
    if
    :: run_by_hand()
    :: true -> ran & BY_HANDS || with_thread == 0 /* where there is a thread, it is called back */
    :: true
    fi;
    barrier();
    destroyed(BY_HANDS);
    finish_by_hand();
    ended++
}

#ifndef KEEPER
proctype Reader()
{
    byte n;

    do
    :: n < READS ->
        n++;
        section++;
        d_step {
            section++;
            seen_by = 0
        }
    :: true -> break
    od;
    ended++
}

#else
/* rst_keep_begin() to rst_keep_end() */
proctype Keeper()
{
    bit at;

    if
    :: d_step {
           at = turn;
           keepers[at]++;
           keeps = 1
       }
       d_step {
           keepers[at]--;
           keeps = 0;
           kept_by = 0
       }
    :: true
    fi;
    ended++
}

#endif

active proctype Watch()
{
    timeout;
    claim(no_deadlock, ended == 3)
}

init
{
    atomic {
        run WithThread();
        run ByHand();
#ifdef KEEPER
        run Keeper()
#else
        run Reader()
#endif
    }
}
