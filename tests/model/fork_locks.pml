/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * No thread waits for a reader who waits for it: the locks of the reclaiming thread, of liburcu and
 * of all contexts, beside forks, and users of the reclaiming thread who come and go.
 *
 *     fork, outside a section     reclaiming thread, in a round
 *     1 users' lock               a its lock: the round begins
 *     2 liburcu's lock            b liburcu's lock, waits for readers
 *     3 its lock                  c its lock: the round ends
 *     4 lock of all contexts
 *
 * A fork inside a section takes 4 alone: a grace period may wait for it, which need not be a round. The server has
 * one of its own here. The last user joins the reclaiming thread under the users' lock; a thread that ends takes
 * liburcu's lock. A reader may need the lock of all contexts and, to keep something, that of the
 * thread; to become a user is refused inside its section. So it is for who keeps something from one section to the next
 * (rst_keep_begin()), for whom a round waits as for a reader. Not modelled: rounds by hand, see rounds.pml.
 *
 * @variant all
 * @reach 1 all the server's grace period waits for the reader who forks
 * @reach 2 all a round waits for the reader who forks
 * @reach 3 all a fork waits for a grace period
 * @reach 4 all the last user joins the thread inside a round
 * @reach 5 all a reader takes the lock of all contexts while a fork waits
 * @mutant FORK_WAITS      all no_deadlock
 * @mutant FORK_TRIES      all no_deadlock
 * @mutant USER_INSIDE     all no_deadlock
 * @mutant CONTEXTS_FIRST  all no_deadlock
 * @mutant LIBURCU_FIRST   all no_deadlock
 * @mutant ITS_FIRST       all no_deadlock
 * @mutant NO_LOCK         all child_whole
 */

#include "claims.pmh"

hidden byte no_deadlock;
hidden byte child_whole;

bit users, its, liburcu, contexts; /* locks */
bit inside;                        /* the reader */
bit in_round;
bit server_waits;                  /* in a grace period of its own */
bit stop, reclaim_ended, fork_waits;
byte ended; /* processes */

#define lock(l)                                                                                    \
    atomic {                                                                                       \
        !l -> l = 1                                                                                \
    }

active proctype Reclaim()
{
    bit more;

    do
    :: lock(its);
       d_step {
           more = !stop;
           in_round = more;
           its = 0
       }
       if
       :: !more -> break
       :: else
       fi;
       lock(liburcu);
       !inside;
       liburcu = 0;
       lock(its);
       d_step {
           in_round = 0;
           its = 0;
           more = 0
       }
    od;
    lock(liburcu);
    liburcu = 0;
    reclaim_ended = 1;
    ended++
}

/* The child of a fork outside finds liburcu, and what they guard, as between two rounds. */
inline copy()
{
    d_step {
        claim(child_whole, users && its && liburcu)
    }
}

inline fork_outside()
{
#ifdef MUTANT_CONTEXTS_FIRST
    lock(contexts);
#endif
#ifdef MUTANT_LIBURCU_FIRST
    lock(liburcu);
#endif
    lock(users);
#ifdef MUTANT_ITS_FIRST
    lock(its);
#endif
#ifndef MUTANT_LIBURCU_FIRST
    if
    :: in_round && inside ->
        fork_waits = 1;
        reach(3)
    :: else
    fi;
    lock(liburcu);
    fork_waits = 0;
#endif
#if !defined(MUTANT_ITS_FIRST) && !defined(MUTANT_NO_LOCK)
    lock(its);
#endif
#ifndef MUTANT_CONTEXTS_FIRST
    lock(contexts);
#endif
    copy();
    contexts = 0;
    liburcu = 0;
    its = 0;
    users = 0
}

inline fork_inside()
{
    if
    :: server_waits -> reach(1)
    :: in_round -> reach(2)
    :: else
    fi;
#if defined(MUTANT_FORK_WAITS)
    lock(users);
    lock(liburcu);
    liburcu = 0;
    users = 0;
#elif defined(MUTANT_FORK_TRIES) /* only where no round is under way */
    if
    :: atomic {
           !users && !its && !in_round ->
           users = 1;
           its = 1
       }
       lock(liburcu);
       liburcu = 0;
       its = 0;
       users = 0
    :: users || its || in_round
    fi;
#endif
    lock(contexts);
    contexts = 0
}

active proctype Reader()
{
    inside = 1;
    if
    :: true ->
       lock(contexts);
       if
       :: fork_waits -> reach(5)
       :: else
       fi;
       contexts = 0
    :: true ->
       lock(its);
       its = 0
    :: fork_inside()
#ifdef MUTANT_USER_INSIDE
    :: true ->
       lock(users);
       users = 0
#endif
    :: true
    fi;
    inside = 0;
    lock(users); /* outside it may become a user, or fork */
    users = 0;
    ended++
}

active proctype Server()
{
    lock(liburcu);
    server_waits = 1;
    !inside;
    server_waits = 0;
    liburcu = 0;
    ended++
}

active proctype Forker()
{
    fork_outside();
    ended++
}

active proctype LastUser()
{
    lock(users);
    lock(its);
    d_step {
        stop = 1;
        its = 0
    }
    if
    :: in_round -> reach(4)
    :: else
    fi;
    reclaim_ended;
    users = 0;
    ended++
}

active proctype Watch()
{
end:
    timeout;
    claim(no_deadlock, ended == 5)
}
