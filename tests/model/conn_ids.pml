/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Connection ids that rest before they are given out again (src/core/sql/conn_ids.c): a thread that
 * met an id inside a read-side section does not find another bearer of it there.
 *
 *     release                                   after a grace period, in the reclaiming thread
 *     1 link of the id: out -> 0 (exchange)     a puts those that have waited for it into the queue
 *     2 w := limbo                              b w := limbo
 *     3 link of the id := top of w              c limbo := scheduled, or 0 when it is empty
 *     4 limbo := scheduled | id  (exchange)         (exchange; else from b)
 *       else from 3                             d waits for one more grace period for what it took
 *     5 not scheduled before: calls back
 *
 * Two threads take ids and release them, one of them again; a reader looks at who bears an id; all are done when the
 * allocator is destroyed. The queue of ids that have rested (id_queue.c, see id_queue.pml) is
 * one step here, and gives out any of them.
 *
 * @variant all
 * @reach 1 all an id is given out again
 * @reach 2 all an id comes into limbo while a callback is under way
 * @reach 3 all a callback takes two ids
 * @reach 4 all a destroy waits for a second callback
 * @reach 5 all the reader meets an id that is released while it is inside
 * @mutant NO_REST        all rests
 * @mutant PUT_AT_ONCE    all rests
 * @mutant LINK_LATE      all nothing_lost
 * @mutant TAKEN_BY_STORE all nothing_lost
 * @mutant NEXT_LATE      all nothing_lost|one_bearer
 * @mutant WAITED_ONCE    all nothing_lost
 * @mutant TOUCHED_LAST   all alive
 */

#include "claims.pmh"

#define IDS 2
#define OUT 9

hidden byte rests;
hidden byte one_bearer;
hidden byte nothing_lost;
hidden byte alive;

bit queued[IDS + 1];
byte links[IDS + 1];
byte top; /* of limbo */
bit scheduled;
byte waiting; /* the callback's list */
bit called;   /* rst_call_rcu() */
bit calling;
byte needed; /* by a barrier: that so many callbacks return */
byte bearers[IDS + 1]; /* how many an id has had */
bit borne[IDS + 1];
bit inside;
byte section;
bit freed;
byte ended;

inline give_out()
{
    d_step {
        links[id] = OUT;
        claim(one_bearer, !borne[id]);
        borne[id] = 1;
        bearers[id]++
    }
    if
    :: bearers[id] > 1 -> reach(1)
    :: else
    fi
}

inline release()
{
    d_step { /* 1; the session is closed */
        borne[id] = 0;
        links[id] = 0
    }
#ifdef MUTANT_NO_REST
    queued[id] = 1;
#else
    do
    :: d_step { /* 2 */
           seen = top;
           was = scheduled
       }
#ifndef MUTANT_LINK_LATE
       links[id] = seen;
#endif
       if
       :: d_step { /* 4 */
              top == seen && scheduled == was -> top = id;
              scheduled = 1
          }
          break
       :: else
       fi
    od;
#ifdef MUTANT_LINK_LATE
    links[id] = seen;
#endif
    if
    :: !was -> called = 1
    :: else -> reach(2)
    fi;
#endif
    d_step {
        seen = 0;
        was = 0;
        id = 0
    }
}

proctype Thread(byte turns)
{
    byte id, seen, n;
    bit was;

    do
    :: n < turns ->
        n++;
        if
        :: d_step {
               queued[1] -> queued[1] = 0;
               id = 1
           }
           give_out();
           release()
        :: d_step {
               queued[2] -> queued[2] = 0;
               id = 2
           }
           give_out();
           release()
        :: n > 1 -> skip
        fi
    :: else -> break
    od;
    ended++
}

active proctype Reader()
{
    byte met, had;

    inside = 1;
    if
    :: d_step {
           borne[1] -> met = 1;
           had = bearers[1]
       }
    :: d_step {
           borne[2] -> met = 2;
           had = bearers[2]
       }
    :: true
    fi;
    if
    :: met ->
        if
        :: !borne[met] -> reach(5)
        :: else
        fi;
        claim(rests, bearers[met] == had)
    :: else
    fi;
    d_step {
        inside = 0;
        section++
    }
    ended++
}

inline put_waiting()
{
    do
    :: waiting == 0 -> break
    :: else ->
#ifdef MUTANT_NEXT_LATE
        queued[waiting] = 1;
        waiting = links[waiting]
#else
        d_step {
            id = waiting;
            waiting = links[id]
        }
        queued[id] = 1
#endif
    od;
    id = 0
}

/* In the opposite order; more than two there are not. */
inline reverse()
{
    d_step {
        waiting = word;
        if
        :: word && links[word] ->
            id = links[word];
            waiting = id;
            links[id] = word;
            links[word] = 0;
            id = 0
        :: else
        fi
    }
    if
    :: waiting != word -> reach(3)
    :: else
    fi
}

inline settle()
{
    put_waiting();
    do
    :: word = top; /* b */
#ifdef MUTANT_TAKEN_BY_STORE
       top = 0;
       scheduled = (word != 0);
       break
#else
       if
       :: d_step { /* c */
              top == word -> scheduled = (word != 0);
              top = 0
          }
          break
       :: else
       fi
#endif
    od;
#ifdef MUTANT_TOUCHED_LAST
    claim(alive, !freed);
#endif
    if
    :: word ->
        claim(alive, !freed);
        reverse();
        word = 0;
#ifdef MUTANT_PUT_AT_ONCE
        put_waiting();
#endif
        called = 1
    :: else
    fi
}

active proctype Reclaim()
{
    byte word, id, at;

end:
    do
    :: d_step {
           called -> called = 0;
           calling = 1;
           at = section
       }
       !inside || section != at;
       at = 0;
       settle();
       d_step {
           calling = 0;
           needed = (needed > 0 -> needed - 1 : 0)
       }
    od
}

active proctype Destroyer()
{
    ended == 3;
    do
    :: d_step { /* a barrier: each callback that was queued has run */
           needed = called + calling
       }
       needed == 0;
       if
#ifdef MUTANT_WAITED_ONCE
       :: true -> break
#else
       :: !scheduled -> break
       :: else -> reach(4)
#endif
       fi
    od;
    skip;
    d_step {
        freed = 1;
        claim(nothing_lost, queued[1] && queued[2] && waiting == 0 && top == 0)
    }
}

init
{
    atomic {
        queued[1] = 1;
        queued[2] = 1;
        run Thread(2);
        run Thread(1)
    }
}
