/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kill word (G5): one owner, two killers, statements, close.
 *
 * The word of a session holds: seq, reason and ack of a statement kill, whether that kill is
 * settled, reason and ack of a connection kill, closed.
 *
 *   owner, statement begin   seq++, view := running seq                       (release)
 *   owner, statement end     view := idle (release), compiler barrier, then look as a poll does
 *   owner, poll              load word; does it name this statement, or the connection, not acked?
 *                            CAS(word, word | ack): success = killed, failure = look again
 *   owner, close             fetch_or(word, CLOSED): the statement part stays readable
 *   killer of statement a    view idle -> IDLE, another statement -> STALE
 *                            word closed -> CLOSED; connection dying or a already named -> ALREADY;
 *                            a newer statement named -> STALE;
 *                            an older one named, not settled -> wait for its killer, look again;
 *                            CAS(word, {a, reason, unsettled}, connection part kept), membarrier;
 *                            view still runs a -> DELIVERED;
 *                            else CAS the statement part away: success -> STALE (retracted),
 *                            acked meanwhile -> DELIVERED; at last clear "unsettled" by CAS
 *   killer of connection     CAS the reason in, the statement part kept; CLOSED, ALREADY as above
 *
 * Two rules were added because the model refuted the protocol without them; they cost the owner
 * nothing:
 *
 *   SETTLED  A killer that is still between its CAS and its answer marks the word "unsettled", and
 *            nobody replaces such a word. Without it (mutants REPLACE_SAY_*): killer 1 installs
 *            a kill of statement 1, the owner acks it at its end and begins statement 2, killer 2
 *            replaces the word by a kill of statement 2; killer 1 finds its word gone and cannot
 *            tell whether it was acked (DELIVERED) or not (STALE).
 *   EVIDENCE Close sets a bit and keeps the rest of the word. Without it (mutants EXCHANGE_SAY_*):
 *            killer 1 finds CLOSED and again cannot tell acked from not acked.
 *
 * @variant tso
 * @variant pso         -DPSO
 * @variant tso-fences  -DFENCES
 * @variant pso-fences  -DPSO -DFENCES
 * @variant tso-2-kills -DKILLS=2 -DSTMTS=2
 * @long pso-2-kills    -DPSO -DKILLS=2 -DSTMTS=2
 * @long tso-4-kills    -DKILLS=2
 * @reach 1 tso a kill is acked by the owner's poll
 * @reach 2 tso a kill is acked at the statement's end
 * @reach 3 tso a kill is retracted
 * @reach 4 tso a kill that looked late turns out to be acked
 * @reach 5 tso a killer waits for another one to settle
 * @reach 6 tso a settled older kill is replaced
 * @reach 7 tso a connection kill is seen only by close
 * @reach 8 tso a statement kill finds the session closed and itself acked
 * @mutant NO_MEMBARRIER        tso delivered_seen
 * @mutant NO_OWNER_FENCE       tso-fences delivered_seen
 * @mutant END_LOADS_FIRST      tso delivered_seen
 * @mutant NO_RETRACT           tso undelivered_unseen
 * @mutant RETRACT_BY_STORE     tso delivered_seen|undelivered_unseen
 * @mutant ACK_BY_STORE         tso delivered_seen|undelivered_unseen
 * @mutant SEQ_NOT_COMPARED     tso aimed
 * @mutant REPLACE_SAY_STALE      tso undelivered_unseen
 * @mutant REPLACE_SAY_DELIVERED  tso delivered_seen
 * @mutant EXCHANGE_SAY_STALE     tso undelivered_unseen
 * @mutant EXCHANGE_SAY_DELIVERED tso delivered_seen
 * @mutant CONNECTION_DROPS_STATEMENT tso delivered_seen|undelivered_unseen
 */

#ifndef STMTS
#define STMTS 3
#endif
#ifndef KILLS
#define KILLS 1
#endif

/* Only the owner has plain stores, so only its buffer exists. */
#define NTHREADS 1
#define OWNER 0
#define NLOC 1
#define VIEW 0
#define DEPTH (STMTS * 2)

#include "storebuf.h"

hidden byte aimed;
hidden byte acked_once;
hidden byte delivered_seen;
hidden byte undelivered_unseen;

#define SEQ(w) ((w) & 3)
#define REASON(w) (((w) >> 2) & 7)
#define ACKED 32
#define UNSETTLED 64
#define STMT_PART 127
#define CONN_REASON(w) (((w) >> 7) & 7)
#define CONN_ACKED 1024
#define CLOSED 2048
#define MAKE(seq, r) ((seq) | ((r) << 2) | UNSETTLED)
#define MAKE_CONN(r) ((r) << 7)

#ifdef PSO
#define rmw_ready 1 /* an ack that orders nothing */
#else
#define rmw_ready drained(OWNER)
#endif

/* What a killer says whose word is gone. Only mutants get there, and no answer saves them. */
#if defined(MUTANT_REPLACE_SAY_STALE) || defined(MUTANT_EXCHANGE_SAY_STALE) ||                     \
    defined(MUTANT_RETRACT_BY_STORE) || defined(MUTANT_CONNECTION_DROPS_STATEMENT)
#define LOST_WORD_ANSWER STALE
#elif defined(MUTANT_REPLACE_SAY_DELIVERED) || defined(MUTANT_EXCHANGE_SAY_DELIVERED)
#define LOST_WORD_ANSWER DELIVERED
#endif

/* Kills are numbered from 1: the number is the reason. Aim 0 is the connection. */
#define NKILLS (2 * KILLS)
mtype = { IDLE, STALE, ALREADY, GONE, DELIVERED };

short word;
byte stmt_seen[STMTS + 1]; /* by which kill the owner saw this statement killed */
byte conn_seen;
byte aim[NKILLS + 1];
byte answer[NKILLS + 1];
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
            :: answer[k] == DELIVERED && aim[k] == 0 -> claim(delivered_seen, conn_seen == k)
            :: answer[k] == DELIVERED && aim[k] != 0 -> claim(delivered_seen, stmt_seen[aim[k]] == k)
            :: answer[k] != DELIVERED && aim[k] == 0 -> claim(undelivered_unseen, conn_seen != k)
            :: answer[k] != DELIVERED && aim[k] != 0 ->
                claim(undelivered_unseen, stmt_seen[aim[k]] != k)
            fi;
            k++
        :: else -> break
        od;
        k = 0
    :: else
    fi
}

#ifdef MUTANT_SEQ_NOT_COMPARED
#define names_stmt(w) (REASON(w) != 0 && !((w) & ACKED))
#else
#define names_stmt(w) (SEQ(w) == cur && REASON(w) != 0 && !((w) & ACKED))
#endif
#define names_conn(w) (CONN_REASON(w) != 0 && !((w) & CONN_ACKED))

inline record(w)
{
    if
    :: names_stmt(w) ->
        claim(aimed, aim[REASON(w)] == cur);
        claim(acked_once, stmt_seen[cur] == 0);
        stmt_seen[cur] = REASON(w)
    :: else
    fi;
    if
    :: names_conn(w) -> conn_seen = CONN_REASON(w)
    :: else
    fi
}

inline look(point)
{
    do
    :: w = word;
       if
       :: names_stmt(w) || names_conn(w) ->
           atomic {
               rmw_ready;
               d_step {
                   if
#ifdef MUTANT_ACK_BY_STORE
                   :: true ->
#else
                   :: word == w ->
#endif
                       reach(point);
                       word = (names_stmt(w) -> w | ACKED : w);
                       word = (names_conn(w) -> word | CONN_ACKED : word);
                       record(w);
                       w = 0
                   :: else
                   fi
               }
           }
           if
           :: w == 0 -> break
           :: else
           fi
       :: else -> break
       fi
    od;
    w = 0
}

active proctype Owner()
{
    short w;
    byte cur, k;

    do
    :: cur < STMTS && conn_seen == 0 ->
        cur++;
        store_release(OWNER, VIEW, cur);
        if
        :: look(1)
        :: true
        fi;
#ifdef MUTANT_END_LOADS_FIRST
        look(2);
        store_release(OWNER, VIEW, 0);
#else
        store_release(OWNER, VIEW, 0);
#if defined(FENCES) && !defined(MUTANT_NO_OWNER_FENCE)
        fence(OWNER);
#endif
        look(2);
#endif
    :: else -> break
    od;
    atomic {
        drained(OWNER);
        d_step {
            w = word;
            if
            :: names_conn(w) ->
                reach(7);
                conn_seen = CONN_REASON(w)
            :: else
            fi;
#if defined(MUTANT_EXCHANGE_SAY_STALE) || defined(MUTANT_EXCHANGE_SAY_DELIVERED)
            word = CLOSED;
#else
            word = w | CLOSED;
#endif
            w = 0;
            cur = 0;
            check_all()
        }
    }
}

/* Nobody but its killer may change the statement part of this word. */
#if defined(MUTANT_REPLACE_SAY_STALE) || defined(MUTANT_REPLACE_SAY_DELIVERED)
#define in_anothers_hands(w) false
#else
#define in_anothers_hands(w) (REASON(w) != 0 && ((w) & UNSETTLED))
#endif

/* Looks at the word until the kill is installed (then new != 0) or refused (then answer). */
inline install(me, a, w, new)
{
    do
    :: w = word;
       d_step {
           if
           :: w & CLOSED -> answer[me] = GONE
           :: !(w & CLOSED) && CONN_REASON(w) != 0 -> answer[me] = ALREADY
           :: !(w & CLOSED) && CONN_REASON(w) == 0 ->
               if
               :: REASON(w) != 0 && SEQ(w) == a -> answer[me] = ALREADY
               :: REASON(w) != 0 && SEQ(w) > a -> answer[me] = STALE
               :: else -> new = (w & ~STMT_PART) | MAKE(a, me)
               fi
           fi
       }
       if
       :: new == 0 -> break
       :: new != 0 && in_anothers_hands(w) ->
           reach(5);
           new = 0;
           if
           :: word != w
           :: mem[VIEW] != a ->
               answer[me] = STALE;
               break
           fi
       :: new != 0 && !in_anothers_hands(w) ->
           d_step {
               if
               :: word == w ->
                   if
                   :: REASON(w) != 0 -> reach(6)
                   :: else
                   fi;
                   word = new;
                   w = 0
               :: else -> new = 0
               fi
           }
           if
           :: new != 0 -> break
           :: else
           fi
       fi
    od;
    w = 0
}

inline kill_connection(me, w)
{
    do
    :: w = word;
       if
       :: w & CLOSED ->
           answer[me] = GONE;
           break
       :: !(w & CLOSED) && CONN_REASON(w) != 0 ->
           answer[me] = ALREADY;
           break
       :: !(w & CLOSED) && CONN_REASON(w) == 0 ->
           d_step {
               if
               :: word == w ->
#ifdef MUTANT_CONNECTION_DROPS_STATEMENT
                   word = MAKE_CONN(me);
#else
                   word = w | MAKE_CONN(me);
#endif
                   answer[me] = DELIVERED
               :: else
               fi
           }
           if
           :: answer[me] != 0 -> break
           :: else
           fi
       fi
    od;
    w = 0
}

/* The statement may have ended without seeing the kill: takes the kill back unless it was acked. */
inline retract(me, a, w)
{
    do
    :: w = word;
       if
#ifdef LOST_WORD_ANSWER
       :: SEQ(w) != a || REASON(w) != me ->
           answer[me] = LOST_WORD_ANSWER;
           break
#endif
       :: SEQ(w) == a && REASON(w) == me && (w & ACKED) ->
           reach(4);
           if
           :: w & CLOSED -> reach(8)
           :: else
           fi;
           answer[me] = DELIVERED;
           break
       :: SEQ(w) == a && REASON(w) == me && !(w & ACKED) ->
           d_step {
               if
#ifdef MUTANT_RETRACT_BY_STORE
               :: true ->
#else
               :: word == w ->
#endif
                   reach(3);
                   word = w & ~STMT_PART;
                   answer[me] = STALE
               :: else
               fi
           }
           if
           :: answer[me] != 0 -> break
           :: else
           fi
       fi
    od;
    w = 0
}

inline settle(me, a)
{
    d_step {
        if
        :: SEQ(word) == a && REASON(word) == me -> word = word & ~UNSETTLED
        :: else
        fi
    }
}

inline kill_statement(me, a, w, new)
{
    if
    :: mem[VIEW] == 0 -> answer[me] = IDLE
    :: mem[VIEW] != 0 && mem[VIEW] != a -> answer[me] = STALE
    :: mem[VIEW] == a ->
        install(me, a, w, new);
        if
        :: new != 0 ->
#if !defined(FENCES) && !defined(MUTANT_NO_MEMBARRIER)
            drained(OWNER);
#endif
            if
            :: mem[VIEW] == a -> answer[me] = DELIVERED
            :: mem[VIEW] != a ->
#ifdef MUTANT_NO_RETRACT
                answer[me] = STALE
#else
                retract(me, a, w)
#endif
            fi;
            settle(me, a)
        :: else
        fi
    fi
}

active [2] proctype Killer()
{
    short w, new;
    byte a, k, n;

    do
    :: n < KILLS ->
        n++;
        atomic {
            k = (_pid - 2) * KILLS + n;
            select(a : 0 .. STMTS);
            aim[k] = a
        }
        if
        :: a == 0 -> kill_connection(k, w)
        :: else -> kill_statement(k, a, w, new)
        fi;
        new = 0;
        a = 0;
        k = 0
    :: else -> break
    od;
    atomic {
        check_all()
    }
}
