/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kill of a transaction (G5): one owner, two killers. kill.pml has statements and connections; what
 * is of them in the word is left out here, because neither side's steps touch the other's part, but
 * for the closing of the session.
 *
 *   owner, begin    load word; a mark or a reason: CAS them away, keep the ack; then
 *                   view := transaction                                       (release)
 *   owner, ask      load word; a reason, not acked: CAS the ack in: killed
 *   owner, finish   view := idle (release); looks at nothing
 *   owner, close    fetch_or(word, CLOSED)
 *   killer of t     under the kill lock: view is not t -> NONE; closed -> GONE; a reason -> ALREADY;
 *                   CAS the mark in, an old ack away; membarrier; view is not t -> CAS the mark
 *                   away: NONE; CAS mark to reason, no mark -> NONE; view is t -> DELIVERED;
 *                   acked -> DELIVERED; no reason -> NONE; else CAS the reason away: NONE
 *
 * The view is the number of the transaction, 0 between two. An owner need not ask, so "delivered"
 * is not "seen", but: each ask that is made while the view is t, after the answer, sees it. The
 * word does not say for which transaction it is: `aimed` is the claim that needs the mark.
 *
 * @variant tso
 * @variant pso         -DPSO
 * @variant tso-fences  -DFENCES
 * @variant pso-fences  -DPSO -DFENCES
 * @variant tso-refusals -DREFUSALS
 * @long tso-2-kills    -DKILLS=2
 * @long pso-2-kills    -DPSO -DKILLS=2
 * @reach 1 tso a kill is acked
 * @reach 2 tso the next begin removes a mark
 * @reach 3 tso the next begin removes a reason
 * @reach 4 tso a reason is taken back
 * @reach 5 tso a killer that looked late finds the ack
 * @reach 6 tso a killer that looked late finds the reason removed
 * @reach 7 tso a killer finds its mark removed
 * @reach 8 tso a kill is delivered and never asked for
 * @reach 9 tso an ask after the answer sees the kill
 * @reach 10 tso-refusals a refused killer takes its mark back
 * @mutant NO_MEMBARRIER    tso aimed|undelivered_unseen
 * @mutant NO_OWNER_FENCE   tso-fences aimed|undelivered_unseen
 * @mutant NO_MARK          tso aimed|undelivered_unseen
 * @mutant MARK_NOT_WANTED  tso aimed|undelivered_unseen
 * @mutant BEGIN_KEEPS      tso aimed|undelivered_unseen
 * @mutant BEGIN_LATE       tso aimed|undelivered_unseen|delivered_seen|already_stands
 * @mutant ACK_REMOVED      tso undelivered_unseen
 * @mutant OLD_ACK          tso delivered_seen|delivered_true|undelivered_unseen
 * @mutant LOOK_ONCE        tso delivered_true
 * @mutant NO_TURNS         tso aimed|undelivered_unseen|delivered_seen|already_stands
 */

#ifndef TXNS
#define TXNS 3
#endif
#ifndef KILLS
#define KILLS 1
#endif

/* Only the owner has plain stores, so only its buffer exists. */
#define NTHREADS 1
#define OWNER 0
#define NLOC 1
#define VIEW 0
#define DEPTH (TXNS * 2)

#include "storebuf.pmh"

hidden byte aimed;
hidden byte delivered_seen;
hidden byte delivered_true;
hidden byte undelivered_unseen;
hidden byte already_stands;

#define REASON(w) ((w) & 7)
#define ACKED 8
#define MARK 16
#define CLOSED 32
#define OPEN_PART (7 | MARK)

#ifdef PSO
#define rmw_ready 1 /* an ack that orders nothing */
#else
#define rmw_ready drained(OWNER)
#endif

/* Kills are numbered from 1: the number is the reason. */
#define NKILLS (2 * KILLS)
mtype = { NONE, ALREADY, GONE, DELIVERED, REFUSED };

byte word;
bit kill_lock;
byte cur;                /* the owner's transaction, 0 between two */
byte seen[TXNS + 1];     /* by which kill the owner saw this one killed */
byte aim[NKILLS + 1];
byte answer[NKILLS + 1];
bit open_then[NKILLS + 1]; /* what it was aimed at, when the reason was installed */
byte finished;

inline check_all()
{
    finished++;
    if
    :: finished == 3 ->
        k = 1;
        do
        :: k <= NKILLS ->
            if
            :: answer[k] == DELIVERED && seen[aim[k]] != k -> reach(8)
            :: else
            fi;
            claim(delivered_true, answer[k] != DELIVERED || open_then[k] || seen[aim[k]] == k);
            claim(undelivered_unseen, answer[k] == DELIVERED || seen[aim[k]] != k);
            claim(already_stands, answer[k] != ALREADY || named[aim[k]]);
            k++
        :: else -> break
        od;
        k = 0
    :: else
    fi
}

bit named[TXNS + 1]; /* a kill of it was installed */

/* The owner asks: must the kill that was answered for its transaction be seen? */
inline ask()
{
    d_step {
        must = 0;
        k = 1;
        do
        :: k <= NKILLS ->
            if
            :: answer[k] == DELIVERED && aim[k] == cur -> must = 1
            :: else
            fi;
            k++
        :: else -> break
        od;
        k = 0
    }
    do
    :: w = word;
       if
       :: REASON(w) != 0 && !(w & ACKED) ->
           atomic {
               rmw_ready;
               d_step {
                   if
                   :: word == w ->
                       reach(1);
                       claim(aimed, aim[REASON(w)] == cur);
                       seen[cur] = REASON(w);
                       word = w | ACKED
                   :: else
                   fi
               }
           }
       :: else -> break
       fi
    od;
    skip;
    d_step {
        if
        :: REASON(w) != 0 -> claim(aimed, aim[REASON(w)] == cur)
        :: else
        fi;
        if
        :: must -> reach(9); claim(delivered_seen, REASON(w) != 0 && seen[cur] != 0)
        :: else
        fi;
        w = 0;
        must = 0
    }
}

#ifdef MUTANT_ACK_REMOVED
#define REMOVED (OPEN_PART | ACKED)
#else
#define REMOVED OPEN_PART
#endif

/* Before the next one begins. */
inline forget()
{
    do
    :: w = word;
       if
       :: w & OPEN_PART ->
           atomic {
               rmw_ready;
               d_step {
                   if
                   :: word == w ->
                       if
                       :: REASON(w) != 0 -> reach(3)
                       :: else -> reach(2)
                       fi;
                       word = w & ~REMOVED
                   :: else
                   fi
               }
           }
       :: else -> break
       fi
    od;
    w = 0
}

active proctype Owner()
{
    byte w, k, n;
    bit must;

    do
    :: n < TXNS ->
        n++;
#if defined(FENCES) && !defined(MUTANT_NO_OWNER_FENCE)
        fence(OWNER);
#endif
#if !defined(MUTANT_BEGIN_KEEPS) && !defined(MUTANT_BEGIN_LATE)
        forget();
#endif
        cur = n;
        store_release(OWNER, VIEW, n);
#ifdef MUTANT_BEGIN_LATE
        forget();
#endif
        do
        :: ask()
        :: break
        od;
        cur = 0;
        store_release(OWNER, VIEW, 0)
    :: else -> break
    od;
    atomic {
        drained(OWNER);
        d_step {
            word = word | CLOSED;
            n = 0;
            check_all()
        }
    }
}

/* Takes a part of the word away. */
inline remove(bits)
{
    do
    :: w = word;
       if
       :: w & (bits) ->
           d_step {
               if
               :: word == w -> word = w & ~(bits); w = 0
               :: else
               fi
           };
           if
           :: w == 0 -> break
           :: else
           fi
       :: else -> break
       fi
    od;
    w = 0
}

inline mark(me)
{
    do
    :: w = word;
       if
       :: w & CLOSED -> answer[me] = GONE; break
       :: !(w & CLOSED) && REASON(w) != 0 -> answer[me] = ALREADY; break
       :: else
       fi;
       d_step {
           if
           :: word == w ->
#ifdef MUTANT_OLD_ACK
               word = w | MARK;
#else
               word = (w & ~ACKED) | MARK;
#endif
               marked = 1
           :: else
           fi
       };
       if
       :: marked -> break
       :: else
       fi
    od;
    marked = 0;
    w = 0
}

inline install(a, me)
{
    do
    :: w = word;
       if
       :: w & CLOSED -> answer[me] = GONE; break
#ifndef MUTANT_MARK_NOT_WANTED
       :: !(w & CLOSED) && !(w & MARK) -> reach(7); answer[me] = NONE; break
#endif
       :: else
       fi;
       d_step {
           if
           :: word == w ->
               word = (w & ~(MARK | 7)) | me;
               named[a] = 1;
               open_then[me] = (mem[VIEW] == a);
               marked = 1
           :: else
           fi
       };
       if
       :: marked -> break
       :: else
       fi
    od;
    marked = 0;
    w = 0
}

inline take_back(me)
{
    do
    :: w = word;
       if
       :: w & ACKED -> reach(5); answer[me] = DELIVERED; break
       :: !(w & ACKED) && REASON(w) == 0 -> reach(6); answer[me] = NONE; break
       :: else
       fi;
       d_step {
           if
           :: word == w ->
               reach(4);
               word = w & ~OPEN_PART;
               answer[me] = NONE
           :: else
           fi
       };
       if
       :: answer[me] != 0 -> break
       :: else
       fi
    od;
    w = 0
}

inline membarrier_or_refusal(me)
{
#if !defined(FENCES) && !defined(MUTANT_NO_MEMBARRIER)
    if
#ifdef REFUSALS
    :: reach(10); answer[me] = REFUSED
#endif
    :: drained(OWNER)
    fi
#else
    skip
#endif
}

inline kill_txn(a, me)
{
    if
    :: mem[VIEW] != a -> answer[me] = NONE
    :: mem[VIEW] == a ->
#ifndef MUTANT_NO_MARK
        mark(me)
#endif
    fi;
    if
    :: answer[me] == 0 ->
#ifndef MUTANT_NO_MARK
        membarrier_or_refusal(me);
#endif
        if
        :: answer[me] == 0 && mem[VIEW] != a -> answer[me] = NONE
        :: else
        fi;
        if
#ifdef MUTANT_NO_MARK
        :: answer[me] == 0 ->
            d_step {
                if
                :: word & CLOSED -> answer[me] = GONE
                :: !(word & CLOSED) && REASON(word) != 0 -> answer[me] = ALREADY
                :: else -> word = (word & ~ACKED) | me; named[a] = 1; open_then[me] = (mem[VIEW] == a)
                fi
            }
#else
        :: answer[me] == 0 -> install(a, me)
        :: answer[me] != 0 -> remove(MARK)
#endif
        :: else
        fi;
        if
        :: answer[me] == 0 ->
            if
#ifdef MUTANT_LOOK_ONCE
            :: true -> answer[me] = DELIVERED
#else
            :: mem[VIEW] == a -> answer[me] = DELIVERED
            :: mem[VIEW] != a -> take_back(me)
#endif
            fi
        :: else
        fi
    :: else
    fi
}

active [2] proctype Killer()
{
    byte w, a, k, n;
    bit marked;

    do
    :: n < KILLS ->
        n++;
        atomic {
            k = (_pid - 2) * KILLS + n;
            select(a : 1 .. TXNS);
            aim[k] = a
        }
#ifndef MUTANT_NO_TURNS
        atomic {
            kill_lock == 0 -> kill_lock = 1
        }
#endif
        kill_txn(a, k);
        atomic {
            kill_lock = 0;
            a = 0;
            k = 0
        }
    :: else -> break
    od;
    atomic {
        check_all()
    }
}
