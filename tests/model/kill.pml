/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kill word (G5): one owner, two killers, statements, close.
 *
 * The word of a session holds: seq, reason and ack of a statement kill, the reason of a connection
 * kill, closed.
 *
 *   owner, statement begin   seq++, view := running seq                       (release)
 *   owner, statement end     view := idle (release), compiler barrier, then look as a poll does
 *   owner, poll              load word; does it name this statement, not acked?
 *                            CAS(word, word | ack): success = killed, failure = look again;
 *                            a connection kill is seen by every look
 *   owner, close             fetch_or(word, CLOSED): the statement part stays readable
 *   killer of statement a    under the kill lock:
 *                            view idle -> IDLE, another statement -> STALE;
 *                            word closed -> GONE; connection dying or a already named -> ALREADY;
 *                            CAS(word, {a, reason}), again if it fails; membarrier;
 *                            view still runs a -> DELIVERED;
 *                            acked -> DELIVERED; else CAS the statement part away: STALE
 *   killer of connection     under the kill lock: CAS the reason in, the statement part kept
 *
 * Two rules are there because the model refuted the protocol without them; they cost the owner
 * nothing:
 *
 *   TURNS     Killers take turns. Otherwise (mutant NO_TURNS): killer 1 installs a kill of
 *             statement 1, the owner acks it at its end and begins statement 2, killer 2 replaces
 *             the word by a kill of statement 2; killer 1 finds its word gone and cannot tell
 *             whether it was acked (DELIVERED) or not (STALE).
 *   EVIDENCE  Close sets a bit and keeps the rest of the word. Otherwise (mutant
 *             CLOSE_BY_EXCHANGE) killer 1 finds CLOSED and again cannot tell.
 *
 * A killer of many sessions (kill_all.c) takes each step for all of them before the next, within one
 * turn, and has one membarrier. Sessions share no word, so to each of them this is the killer above,
 * with more time between the steps.
 *
 * With REFUSALS the kernel may refuse a membarrier (end_statement() in kill.c):
 *
 *   view still runs a -> UNKNOWN, unless acked; the word stays
 *   another kill of a, already named -> membarrier; view still runs a -> ALREADY, or UNKNOWN as
 *   above; else STALE, and the word is left alone, because another killer may have been told that
 *   it is delivered
 *
 * @variant tso
 * @variant pso         -DPSO
 * @variant tso-fences  -DFENCES
 * @variant pso-fences  -DPSO -DFENCES
 * @slow tso-2-kills    -DKILLS=2 -DSTMTS=2
 * @variant tso-refusals -DREFUSALS
 * @variant pso-refusals -DPSO -DREFUSALS
 * @long pso-2-kills    -DPSO -DKILLS=2 -DSTMTS=2
 * @long tso-2-kills-3  -DKILLS=2
 * @reach 1 tso a kill is acked by the owner's poll
 * @reach 2 tso a kill is acked at the statement's end
 * @reach 3 tso a kill is retracted
 * @reach 4 tso a kill that looked late turns out to be acked
 * @reach 5 tso an older kill's word is replaced
 * @reach 6 tso a connection kill is seen only by close
 * @reach 7 tso a statement kill finds the session closed and itself acked
 * @reach 8 tso-refusals the owner sees a kill whose killer does not know
 * @reach 9 tso-refusals the owner never sees a kill whose killer does not know
 * @reach 10 tso-refusals an earlier kill is made sure of
 * @reach 11 tso-refusals an earlier kill's statement has gone
 * @mutant NO_MEMBARRIER        tso delivered_seen
 * @mutant REFUSAL_IGNORED      tso-refusals delivered_seen
 * @mutant AGAIN_UNFENCED       tso-refusals already_stands
 * @mutant AGAIN_TAKES_BACK     tso-refusals delivered_seen
 * @mutant NO_OWNER_FENCE       tso-fences delivered_seen
 * @mutant END_LOADS_FIRST      tso delivered_seen
 * @mutant NO_RETRACT           tso undelivered_unseen
 * @mutant RETRACT_BY_STORE     tso delivered_seen|undelivered_unseen
 * @mutant ACK_BY_STORE         tso delivered_seen|undelivered_unseen
 * @mutant SEQ_NOT_COMPARED     tso aimed
 * @mutant NO_TURNS             tso delivered_seen|undelivered_unseen|already_stands
 * @mutant CLOSE_BY_EXCHANGE    tso delivered_seen|undelivered_unseen
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

#include "storebuf.pmh"

hidden byte aimed;
hidden byte acked_once;
hidden byte delivered_seen;
hidden byte undelivered_unseen;
hidden byte already_stands;

#define SEQ(w) ((w) & 3)
#define REASON(w) (((w) >> 2) & 7)
#define ACKED 32
#define STMT_PART 63
#define CONN_REASON(w) (((w) >> 6) & 7)
#define CLOSED 512
#define MAKE(seq, r) ((seq) | ((r) << 2))
#define MAKE_CONN(r) ((r) << 6)

#ifdef PSO
#define rmw_ready 1 /* an ack that orders nothing */
#else
#define rmw_ready drained(OWNER)
#endif

/* Kills are numbered from 1: the number is the reason. Aim 0 is the connection. */
#define NKILLS (2 * KILLS)
mtype = { IDLE, STALE, ALREADY, GONE, DELIVERED, UNKNOWN };

short word;
bit kill_lock;
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
#ifdef REFUSALS
            :: answer[k] == UNKNOWN ->
                if
                :: stmt_seen[aim[k]] == k -> reach(8)
                :: else -> reach(9)
                fi
#endif
            :: answer[k] != DELIVERED && answer[k] != UNKNOWN && aim[k] == 0 ->
                claim(undelivered_unseen, conn_seen != k)
            :: answer[k] != DELIVERED && answer[k] != UNKNOWN && aim[k] != 0 ->
                claim(undelivered_unseen, stmt_seen[aim[k]] != k)
            fi;
            claim(already_stands,
                  answer[k] != ALREADY || conn_seen != 0 || stmt_seen[aim[k]] != 0);
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
inline record(w)
{
    if
    :: names_stmt(w) ->
        claim(aimed, aim[REASON(w)] == cur);
        claim(acked_once, stmt_seen[cur] == 0);
        stmt_seen[cur] = REASON(w)
    :: else
    fi
}

inline look(point)
{
    do
    :: w = word;
       if
       :: names_stmt(w) ->
           atomic {
               rmw_ready;
               d_step {
                   if
#ifdef MUTANT_ACK_BY_STORE
                   :: true ->
#else
                   :: word == w ->
#endif
                       if
                       :: point == 1 -> reach(1)
                       :: else -> reach(2)
                       fi;
                       record(w);
                       w = w | ACKED;
                       word = w
                   :: else
                   fi
               }
           }
       :: else -> break
       fi
    od;
    atomic {
        conn_seen = CONN_REASON(w);
        w = 0
    }
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
            :: conn_seen == 0 && CONN_REASON(w) != 0 -> reach(6)
            :: else
            fi;
            conn_seen = CONN_REASON(w);
#ifdef MUTANT_CLOSE_BY_EXCHANGE
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

/* Why no kill may be added to this word, if so. */
inline refuse(w, me)
{
    if
    :: w & CLOSED -> answer[me] = GONE
    :: !(w & CLOSED) && CONN_REASON(w) != 0 -> answer[me] = ALREADY
    :: else
    fi
}

/* The membarrier, or a refusal; then whether the owner has seen the kill anyway. */
inline fence_owner(w, refused)
{
#if !defined(FENCES) && !defined(MUTANT_NO_MEMBARRIER)
    if
#ifdef REFUSALS
    :: refused = 1;
       atomic {
           w = word;
           refused = ((w & ACKED) -> 0 : 1);
           w = 0
       }
#endif
    :: drained(OWNER)
    fi
#else
    skip
#endif
}

/* Statement a runs, and an earlier kill names it. */
inline kill_again(a, w, me, refused)
{
#if defined(REFUSALS) && !defined(MUTANT_AGAIN_UNFENCED)
    fence_owner(w, refused);
    if
    :: mem[VIEW] == a && !refused -> reach(10); answer[me] = ALREADY
    :: mem[VIEW] == a && refused -> answer[me] = UNKNOWN
    :: mem[VIEW] != a ->
        reach(11);
#ifdef MUTANT_AGAIN_TAKES_BACK
        retract(w, me)
#else
        answer[me] = STALE
#endif
    fi;
    refused = 0
#else
    answer[me] = ALREADY
#endif
}

/* Until the kill is installed or has its answer. */
inline install(a, w, me, installed, again)
{
    do
    :: w = word;
       d_step {
           refuse(w, me);
           if
           :: answer[me] == 0 && REASON(w) != 0 && SEQ(w) == a -> again = 1
           :: else
           fi
       };
       if
       :: answer[me] != 0 || again -> break
       :: else
       fi;
       d_step {
           if
           :: word == w ->
               if
               :: REASON(w) != 0 -> reach(5)
               :: else
               fi;
               word = MAKE(a, me);
               installed = 1
           :: else
           fi
       };
       if
       :: installed -> break
       :: else
       fi
    od;
    w = 0
}

/* The statement may have ended without seeing the kill: takes the kill back unless it was acked. */
inline retract(w, me)
{
    do
    :: w = word;
       if
       :: w & ACKED ->
           reach(4);
           if
           :: w & CLOSED -> reach(7)
           :: else
           fi;
           answer[me] = DELIVERED;
           break
       :: else
       fi;
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
       };
       if
       :: answer[me] != 0 -> break
       :: else
       fi
    od;
    w = 0
}

inline kill_statement(a, w, me, installed, again, refused)
{
    if
    :: mem[VIEW] == 0 -> answer[me] = IDLE
    :: mem[VIEW] != 0 && mem[VIEW] != a -> answer[me] = STALE
    :: mem[VIEW] == a -> install(a, w, me, installed, again)
    fi;
    if
    :: again -> again = 0; kill_again(a, w, me, refused)
    :: installed ->
        installed = 0;
        fence_owner(w, refused);
        if
#ifdef MUTANT_REFUSAL_IGNORED
        :: mem[VIEW] == a -> answer[me] = DELIVERED
#else
        :: mem[VIEW] == a -> answer[me] = (refused -> UNKNOWN : DELIVERED)
#endif
        :: mem[VIEW] != a ->
#ifdef MUTANT_NO_RETRACT
            answer[me] = STALE
#else
            retract(w, me)
#endif
        fi;
        refused = 0
    :: else
    fi
}

inline kill_connection(w, me)
{
    do
    :: w = word;
       d_step {
           refuse(w, me);
           if
           :: answer[me] == 0 && word == w ->
#ifdef MUTANT_CONNECTION_DROPS_STATEMENT
               word = MAKE_CONN(me);
#else
               word = w | MAKE_CONN(me);
#endif
               answer[me] = DELIVERED
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

active [2] proctype Killer()
{
    short w;
    byte a, k, n;
    bit installed, again, refused;

    do
    :: n < KILLS ->
        n++;
        atomic {
            k = (_pid - 2) * KILLS + n;
            select(a : 0 .. STMTS);
            aim[k] = a
        }
#ifndef MUTANT_NO_TURNS
        atomic {
            kill_lock == 0 -> kill_lock = 1
        }
#endif
        if
        :: a == 0 -> kill_connection(w, k)
        :: else -> kill_statement(a, w, k, installed, again, refused)
        fi;
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
