/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Destroying a roster: nothing touches it once it is freed, and a destroy that fails has changed
 * nothing.
 *
 *     destroyer                                   others, as long as they may
 *     1 nothing is open             (acquire)     owner: retires its session (call_rcu), then lets go
 *     2 no trim is queued any more                  (release); its thread may end at any moment, and
 *       barrier while one is under way              gives back what its context has, under the lock
 *     3 takes the contexts away, under the lock     of all contexts, unless 3 has taken it
 *     4 barrier                                   reader: inside since before 1
 *     5 stops the clock, frees                    clock: queues a trim, unless one is queued; that
 *     6 ends the reclaiming thread                  calls back in the reclaiming thread, and may
 *                                                   queue a slab's end
 *
 * Not modelled: rounds by hand, see rounds.pml. The reclaiming thread and its barrier are as in reclaim.c: rounds, each of one grace period; the
 * kernel may refuse the membarrier that one needs, which a barrier returns.
 *
 * @variant all
 * @long two-trims -DTRIMS=2
 * @reach 1 all a barrier fails after the contexts were taken away
 * @reach 2 all the owner's thread ends before its context is taken away
 * @reach 3 all the owner's thread ends after that
 * @reach 4 all the clock has decided to queue a trim when the destroyer looks
 * @reach 5 all a round is under way when the last barrier begins
 * @reach 6 all a grace period waits for the reader while the destroyer does
 * @reach 7 all a destroy has failed, and the clock queues a trim again
 * @turned CLOCK_LATE
 * @mutant LET_GO_RELAXED    all alive
 * @mutant LET_GO_FIRST      all alive
 * @mutant TRIM_NOT_STOPPED  all alive
 * @mutant TRIM_NOT_AWAITED  all alive
 * @mutant CONTEXTS_LATE     all alive
 * @mutant CONTEXTS_UNLOCKED all alive
 * @mutant NO_BARRIER        all alive
 * @mutant ROUND_UNDER_WAY   all alive
 * @mutant BEGUN_AFTER       all alive
 * @mutant CLOCK_LATE        all alive
 * @mutant NOT_TAKEN_BACK    all as_before
 */

#include "claims.pmh"

#ifndef TRIMS
#define TRIMS 1
#endif

hidden byte alive;
hidden byte as_before;
hidden byte nothing_left;

/* What is queued for a grace period. */
#define SESSION 1
#define CHUNK 2
#define TRIM 4
#define SLAB 8

bit freed;
bit late; /* the owner's last store to the roster has not left its processor */
byte open = 1;
bit inside; /* the reader */
bit destroying;
bit trim_queued;
bit clock_stops, clock_ended;
bit decided; /* the clock will queue a trim */
bit taken_away;
bit contexts_lock;

byte queue, running;
byte work; /* the semaphore; more posts than rounds that could matter are not counted */
bit in_round;
byte needed;  /* by the destroyer's barrier: that so many rounds end */
bit refused;  /* a try for a grace period that began after the barrier has failed */
bit was_refused; /* the kernel does so once */
bit stop, reclaim_ended;

/* A barrier waits until number begun + 1 is done: for the next round, after one that is under way. */
#define post() work = (work < 3 -> work + 1 : work)

#define touch() claim(alive, !freed)

/* rst_reclaim_push(): the exchange, then the semaphore. */
inline push(what)
{
    d_step {
        none = (queue == 0);
        queue = queue | what
    }
    if
    :: none -> post()
    :: else
    fi;
    none = 0
}

inline give_back()
{
    touch();
    push(CHUNK)
}

active proctype Owner()
{
    bit none;

    late = 1;
#ifdef MUTANT_LET_GO_FIRST
    open--;
    touch();
    push(SESSION);
#else
    push(SESSION);
#ifndef MUTANT_LET_GO_RELAXED
    !late;
#endif
    open--;
#endif
    if
    :: true /* the thread goes on */
    :: true ->
#ifndef MUTANT_CONTEXTS_UNLOCKED
        atomic {
            !contexts_lock -> contexts_lock = 1
        }
#endif
        if
        :: !taken_away ->
            reach(2);
            give_back();
            taken_away = 1
        :: else -> reach(3)
        fi;
        contexts_lock = 0
    fi
}

/* A store leaves a processor. */
active proctype StoreBuffer()
{
end:
    do
    :: atomic {
           late -> touch();
           late = 0
       }
    od
}

active proctype Reader()
{
    if
    :: atomic {
           !destroying -> inside = 1
       }
       touch();
       atomic {
           touch();
           inside = 0
       }
    :: destroying /* too late, as the interface says */
    fi
}

active proctype Clock()
{
    bit was, none;
    byte n;

    do
    :: clock_stops -> break
    :: n < TRIMS && !clock_stops ->
        d_step {
            touch();
            n++;
            was = trim_queued;
            trim_queued = 1;
            decided = !was
        }
        if
        :: was
        :: else ->
            if
            :: destroying -> reach(4)
            :: else
            fi;
            touch();
            push(TRIM);
            decided = 0
        fi
    od;
    clock_ended = 1
}

inline call_back()
{
    if
    :: running & (SESSION | CHUNK | SLAB) -> touch()
    :: else
    fi;
    if
    :: running & TRIM ->
        push(SLAB);
        d_step {
            touch();
            trim_queued = 0
        }
    :: else
    fi
}

inline take_queue()
{
    d_step {
        running = queue;
        queue = 0
    }
}

active proctype Reclaim()
{
    bit none, in_time;

    do
    :: work > 0 ->
        work--;
        if
        :: stop -> break
        :: else
        fi;
#ifdef MUTANT_BEGUN_AFTER
        take_queue();
        in_round = 1;
#else
        in_round = 1;
        take_queue();
#endif
        do
        :: in_time = (needed > 0);
           if
           :: d_step {
                  !was_refused -> was_refused = 1;
                  refused = refused || in_time
              }
           :: break
           fi
        od;
        in_time = 0;
        if
        :: inside ->
            if
            :: destroying -> reach(6)
            :: else
            fi;
            !inside
        :: else
        fi;
        call_back();
        d_step {
            running = 0;
            in_round = 0;
            needed = (needed > 0 -> needed - 1 : 0)
        }
    od;
    reclaim_ended = 1
}

inline barrier()
{
    d_step {
#ifdef MUTANT_ROUND_UNDER_WAY
        needed = 1;
#else
        needed = 1 + in_round;
#endif
        post()
    }
    needed == 0 || refused;
    d_step {
        failed = (needed > 0);
        needed = 0;
        refused = 0
    }
}

active proctype Destroyer()
{
    bit was, failed, none;

    do
    :: open == 0 ->
        destroying = 1;
#ifndef MUTANT_TRIM_NOT_STOPPED
        do
        :: d_step {
               was = trim_queued;
               trim_queued = 1
           }
           if
#ifdef MUTANT_TRIM_NOT_AWAITED
           :: true -> break
#else
           :: !was -> break
           :: else ->
               barrier();
               if
               :: failed -> break
               :: else
               fi
#endif
           fi
        od;
#endif
        was = 0;
        if
        :: failed
        :: else ->
#ifndef MUTANT_CONTEXTS_LATE
#ifndef MUTANT_CONTEXTS_UNLOCKED
            atomic {
                !contexts_lock -> contexts_lock = 1
            }
#endif
            if
            :: !taken_away ->
                give_back();
                taken_away = 1
            :: else
            fi;
            contexts_lock = 0;
#endif
            if
            :: in_round -> reach(5)
            :: else
            fi;
#ifndef MUTANT_NO_BARRIER
            barrier();
#endif
            if
            :: failed ->
                reach(1);
#ifndef MUTANT_NOT_TAKEN_BACK
                trim_queued = 0
#endif
            :: else -> break
            fi
        fi;
        failed = 0;
        if
        :: true -> goto failed_for_good
        :: true
        fi
    od;
#ifdef MUTANT_CONTEXTS_LATE
    atomic {
        !contexts_lock -> contexts_lock = 1
    }
    if
    :: !taken_away ->
        give_back();
        taken_away = 1
    :: else
    fi;
    contexts_lock = 0;
#endif
#ifdef MUTANT_CLOCK_LATE
    freed = 1;
#endif
    clock_stops = 1;
    clock_ended;
    freed = 1;
    d_step {
        claim(nothing_left, queue == 0);
        stop = 1;
        post()
    }
    reclaim_ended;
    goto over;
failed_for_good:
    clock_stops = 1;
    clock_ended;
    /* All that is under way ends: then a trim may be queued. */
    queue == 0 && !in_round;
    claim(as_before, !trim_queued);
    reach(7);
    d_step {
        stop = 1;
        post()
    }
    reclaim_ended;
over:
    skip
}
