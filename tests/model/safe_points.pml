/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The cluster's two safe points, barriers and acknowledgements (G2, G3, G8).
 *
 * Servers have records and acknowledgements, which go with their leases; leaders move the txn safe
 * point as far as records and a barrier let them, and the gc safe point as far as it has been
 * acknowledged. Nobody takes turns: any process may stop between two steps, for any time or for
 * good, so a leader may be frozen between reading and writing while another one leads, and a lease
 * may end at any moment. All loops are without bound; only the timestamps are few. A leader's
 * target is any timestamp, since nothing may rest on its clock.
 *
 *   leader, txn  known := what this process has seen; read all at one revision: the store must not
 *                be behind known; limit := min(target, records, barrier);
 *                txn := limit if its revision is unchanged
 *   leader, gc   read all at one revision; limit := min(txn, of each server with a record its
 *                acknowledgement, or the record when there is none); gc := limit if its revision
 *                is unchanged
 *   register,    read the txn safe point; one transaction: requires its revision unchanged and the
 *   lower        record as it was; sets the record, not below it; writes the safe point again
 *   barrier      read the txn safe point; one transaction: requires its revision unchanged and
 *                txn safe point <= barrier; sets the barrier, writes the safe point again
 *   acknowledge  learn the txn safe point, then put it under the lease; the first time under a
 *                lease not below the gc safe point, over its revision, writing it again
 *   learn        whoever learns the gc safe point knows that the txn safe point is not below
 *
 * What a record is worth to the server's transactions is the subject of lease_fence.pml: whatever
 * they are vouched for is at or above the record while the lease lives. Here a record is a
 * timestamp that no safe point may pass (not_passed).
 *
 * An acknowledgement adds that the server has been told: from its first one under a lease until
 * that lease ends, the gc safe point is not above the txn safe point that is known in the server
 * (told). So whoever reads there and afterwards finds his timestamp at or above
 * roster_txn_safe_point() has read nothing that may have been collected: when he read, the gc safe
 * point was not above the known txn safe point, which has not gone back since.
 *
 * FIRST_ACK_BLIND, without the condition on the gc safe point, is refuted like this: a server that
 * has come back counts with its record; a leader reads that, the server acknowledges the safe
 * point it knew before, the leader moves the gc safe point past that. No transaction is hurt, but
 * the server was not told.
 *
 * A server that registers between a leader's reading and its write of the gc safe point need not
 * be noticed: its record is at or above the txn safe point (point 4).
 *
 * @variant two-leaders -DLEADERS=2
 * @variant two-servers -DSERVERS=2 -DTOP=2
 * @variant barrier     -DLEADERS=2 -DBARRIER -DTXN_ONLY
 * @variant late-acks   -DLATE
 * @variant all         -DLEADERS=2 -DBARRIER -DTOP=2
 * @long all-3          -DLEADERS=2 -DBARRIER
 * @long late-leaders   -DLEADERS=2 -DLATE
 * @long two-of-each    -DLEADERS=2 -DSERVERS=2 -DTOP=2
 * @reach 1 two-leaders a leader's write of the txn safe point is refused
 * @reach 2 two-leaders a leader's write of the gc safe point is refused
 * @reach 3 two-servers the gc safe point waits for a server that has not acknowledged
 * @reach 4 two-servers a server registers between a leader's reading and its write of gc
 * @reach 5 barrier     the barrier holds the txn safe point
 * @reach 6 barrier     a barrier below the txn safe point is refused
 * @reach 7 barrier     the write of a barrier is refused, as the safe point was written meanwhile
 * @reach 8 two-leaders a first acknowledgement is refused, as the gc safe point was written
 * @reach 9 late-acks   an acknowledgement that was given up takes the standing one back
 * @reach 10 two-leaders an acknowledgement under a lease that has ended is refused
 * @mutant NO_ACK_WAIT          two-leaders told
 * @mutant NO_ACK_WAIT          two-servers told
 * @mutant ACK_FIRST            two-leaders told
 * @mutant FIRST_ACK_BLIND      two-leaders told
 * @mutant FIRST_ACK_NO_TOUCH   two-leaders told
 * @mutant ACK_OUTLIVES_LEASE   two-leaders told
 * @mutant ACK_WITHOUT_LEASE    late-acks   told
 * @mutant ACKS_READ_BEFORE     two-leaders told
 * @mutant TXN_NOT_COMPARED     two-leaders txn_monotone|not_passed
 * @mutant TXN_NO_MAX           two-leaders txn_monotone
 * @mutant GC_NO_MAX            late-acks   gc_monotone
 * @mutant TXN_NOT_COMPARED     two-servers not_passed
 * @mutant TXN_NOT_COMPARED     barrier     barrier_held|txn_monotone|not_passed
 * @mutant GC_NOT_COMPARED      two-leaders gc_monotone|told
 * @mutant GC_BEYOND_TXN        two-leaders gc_below_txn
 * @mutant RECORDS_READ_BEFORE  two-leaders not_passed
 * @mutant JOIN_COMPARED_APART  two-leaders not_passed
 * @mutant JOIN_NO_TOUCH        two-leaders not_passed
 * @mutant BARRIER_UNCOMPARED   barrier     below_refused
 * @mutant BARRIER_COMPARED_APART barrier   below_refused
 * @mutant BARRIER_NO_TOUCH     barrier     barrier_held
 * @mutant BARRIER_OWN_CLOCK    barrier     barrier_held
 * @mutant KNOWN_READ_AFTER     two-leaders no_false_alarm
 * @mutant GC_LEARNT_ALONE      two-leaders known_in_order
 *
 * BARRIER_OWN_CLOCK: the leader judges by its own clock, which may be ahead, whether a barrier has
 * expired. KNOWN_READ_AFTER: what is known is looked up after the store was read, when another
 * thread may have learnt more; then a store that has not gone back is taken for one that has.
 */

#ifndef SERVERS
#define SERVERS 1
#endif
#ifndef LEADERS
#define LEADERS 1
#endif
#ifndef TOP
#define TOP 3 /* the greatest timestamp */
#endif

#include "claims.pmh"

hidden byte txn_monotone;
hidden byte gc_monotone;
hidden byte gc_below_txn;
hidden byte not_passed;
hidden byte barrier_held;
hidden byte below_refused;
hidden byte told;
hidden byte no_false_alarm;
hidden byte known_in_order;

/* The store. */
byte txn = 1;
byte gc = 1;
byte record[2]; /* 0: no lease */
byte ack[2];    /* 0: none */
#ifdef BARRIER
byte barrier; /* 0: none, or it has expired */
#else
#define barrier 0
#endif

/*
 * Whether a reader's revision is the present one. Leaders are 0 and 1, servers 2 and 3, the
 * barrier's owner is 4; requests of the servers that were given up are 5 and 6. Whoever writes a
 * safe point makes all readings of it outdated.
 */
bit txn_current[5];
bit gc_current[7];
#define OWNER 4

/* A server. */
byte view[2]; /* the txn safe point as it is known there */
bit acked[2]; /* it has acknowledged under this lease */

/* The acknowledgement under way, and one that was given up and may still arrive. */
typedef Ack {
    byte value; /* 0: none */
    bit leased; /* the lease that it was sent under lives */
    bit first
};
Ack sent[2];
#ifdef LATE
Ack given_up[2];
#endif

#define minimum(a, b) ((a) < (b) -> (a) : (b))
#define maximum(a, b) ((a) > (b) -> (a) : (b))

#define is_told(i) (record[i] == 0 || ack[i] == 0 || gc <= view[i])
#define is_not_passed(i) (record[i] == 0 || txn <= record[i])

/* After every write of the store, in one step with it. */
inline look()
{
    claim(gc_below_txn, gc <= txn);
    claim(not_passed, is_not_passed(0) && is_not_passed(1));
    claim(barrier_held, barrier == 0 || txn <= barrier);
    claim(told, is_told(0) && is_told(1))
}

inline touch_txn()
{
    txn_current[0] = 0;
    txn_current[1] = 0;
    txn_current[2] = 0;
    txn_current[3] = 0;
    txn_current[4] = 0
}

inline touch_gc()
{
    gc_current[0] = 0;
    gc_current[1] = 0;
    gc_current[2] = 0;
    gc_current[3] = 0;
    gc_current[5] = 0;
    gc_current[6] = 0
}

/* How far records and barrier let the txn safe point go. */
inline lower_to_records()
{
    limit = (record[0] != 0 -> minimum(limit, record[0]) : limit);
    limit = (record[1] != 0 -> minimum(limit, record[1]) : limit);
#ifdef BARRIER
#ifdef MUTANT_BARRIER_OWN_CLOCK
    limit = (barrier != 0 && !deems_expired -> minimum(limit, barrier) : limit);
#else
    limit = (barrier != 0 -> minimum(limit, barrier) : limit);
#endif
    if
    :: barrier != 0 && limit == barrier && limit < TOP -> reach(5)
    :: else
    fi
#endif
}

#define needs(i) (ack[i] != 0 -> ack[i] : record[i])

inline lower_to_acks()
{
#ifndef MUTANT_NO_ACK_WAIT
    limit = (record[0] != 0 -> minimum(limit, needs(0)) : limit);
    limit = (record[1] != 0 -> minimum(limit, needs(1)) : limit);
#endif
    n_records = (record[0] != 0) + (record[1] != 0);
    if
    :: limit < txn -> reach(3)
    :: else
    fi
}

inline write_txn()
{
    d_step {
        if
#ifdef MUTANT_TXN_NOT_COMPARED
        :: true ->
#else
        :: txn_current[me] ->
#endif
            claim(txn_monotone, limit >= txn);
            txn = limit;
            touch_txn();
            look()
        :: else -> reach(1)
        fi;
        txn_current[me] = 0;
        limit = 0
    }
}

inline write_gc()
{
    d_step {
        if
#ifdef MUTANT_GC_NOT_COMPARED
        :: true ->
#else
        :: gc_current[me] ->
#endif
            claim(gc_monotone, limit >= gc);
            if
            :: (record[0] != 0) + (record[1] != 0) > n_records -> reach(4)
            :: else
            fi;
            gc = limit;
            touch_gc();
            look()
        :: else -> reach(2)
        fi;
        gc_current[me] = 0;
        limit = 0;
        n_records = 0
    }
}

/* A leader knows what the process knows that it is part of: a server, here the first. */
proctype Leader(byte me)
{
    byte known, limit, n_records;
#ifdef MUTANT_BARRIER_OWN_CLOCK
    bit deems_expired;
#endif

end:
    do
    :: atomic {
           select(limit : 2 .. TOP);
#ifdef MUTANT_BARRIER_OWN_CLOCK
           if
           :: deems_expired = 0
           :: deems_expired = 1
           fi;
#endif
           known = view[0]
       }
#ifdef MUTANT_RECORDS_READ_BEFORE
       d_step { lower_to_records() };
#endif
       d_step {
#ifndef MUTANT_KNOWN_READ_AFTER
           claim(no_false_alarm, known <= txn);
           known = 0;
#else
           known = txn;
#endif
           txn_current[me] = 1;
#ifndef MUTANT_RECORDS_READ_BEFORE
           lower_to_records();
#endif
#ifndef MUTANT_TXN_NO_MAX
           if
           :: limit <= txn ->
               limit = 0;
               txn_current[me] = 0
           :: else
           fi
#endif
       };
#ifdef MUTANT_KNOWN_READ_AFTER
       d_step {
           claim(no_false_alarm, view[0] <= known);
           known = 0
       };
#endif
       if
       :: limit != 0 -> write_txn()
       :: else
       fi
#ifndef TXN_ONLY
    :: true ->
#ifdef MUTANT_ACKS_READ_BEFORE
       d_step {
           limit = TOP;
           lower_to_acks()
       };
#endif
       d_step {
           gc_current[me] = 1;
#ifdef MUTANT_ACKS_READ_BEFORE
           limit = minimum(limit, txn);
#else
#ifdef MUTANT_GC_BEYOND_TXN
           limit = TOP;
#else
           limit = txn;
#endif
           lower_to_acks();
#endif
#ifndef MUTANT_GC_NO_MAX
           if
           :: limit <= gc ->
               limit = 0;
               n_records = 0;
               gc_current[me] = 0
           :: else
           fi
#endif
       };
       if
       :: limit != 0 -> write_gc()
       :: else
       fi
#endif
    od
}

/* The record: raised by a report, added by registering, lowered for a begin at a timestamp. */
proctype Syncer(byte me)
{
    byte m;
    bit was;

end:
    do
    :: d_step {
           (record[me] != 0 && record[me] < TOP) -> record[me]++
       }
    :: atomic {
           select(m : txn .. TOP);
           was = (record[me] != 0);
           txn_current[2 + me] = 1
       };
       d_step {
           if
#ifdef MUTANT_JOIN_COMPARED_APART
           :: was == (record[me] != 0) ->
#else
           :: was == (record[me] != 0) && txn_current[2 + me] ->
#endif
               record[me] = m;
#ifndef MUTANT_JOIN_NO_TOUCH
               touch_txn();
#endif
               look()
           :: else
           fi;
           txn_current[2 + me] = 0;
           m = 0;
           was = 0
       }
    od
}

#ifndef TXN_ONLY
inline clear(a)
{
    a.value = 0;
    a.leased = 0;
    a.first = 0
}

/* The store's side of an acknowledgement. */
inline apply_ack(a, reading, me)
{
    if
#ifdef MUTANT_ACK_WITHOUT_LEASE
    :: record[me] != 0 && (!a.first || gc_current[reading]) ->
#elif defined(MUTANT_FIRST_ACK_BLIND)
    :: a.leased ->
#else
    :: a.leased && (!a.first || gc_current[reading]) ->
#endif
        if
        :: ack[me] > a.value -> reach(9)
        :: else
        fi;
        ack[me] = a.value;
        if
        :: a.first ->
#ifndef MUTANT_FIRST_ACK_NO_TOUCH
            touch_gc();
#endif
            skip
        :: else
        fi;
        look()
    :: else ->
        if
        :: !a.leased -> reach(10)
        :: else -> reach(8)
        fi
    fi;
    gc_current[reading] = 0;
    clear(a)
}

/* Follows the safe points through a watch, which may tell late, and acknowledges. */
proctype Follower(byte me)
{
end:
    do
    :: d_step {
           (view[me] < txn) -> view[me]++
       }
    :: d_step { /* the gc safe point is told first, by a snapshot in the order of the keys */
           (view[me] < gc) ->
#ifndef MUTANT_GC_LEARNT_ALONE
           view[me] = gc;
#endif
           claim(known_in_order, gc <= view[me])
       }
    :: d_step {
           (record[me] != 0) -> sent[me].leased = 1;
           sent[me].first = !acked[me];
#ifndef MUTANT_FIRST_ACK_BLIND
           if
           :: sent[me].first ->
               gc_current[2 + me] = 1;
               view[me] = maximum(view[me], gc)
           :: else
           fi;
#endif
#ifdef MUTANT_ACK_FIRST
           sent[me].value = txn
#else
           sent[me].value = view[me]
#endif
       };
       if
       :: d_step { /* answered: from now on the server counts on it */
              true -> acked[me] = acked[me] ||
                                  (sent[me].leased && gc_current[2 + me]);
              apply_ack(sent[me], 2 + me, me)
          }
       :: d_step { /* the answer is lost */
              sent[me].first -> apply_ack(sent[me], 2 + me, me)
          }
#ifdef LATE
       :: d_step { /* given up, before it arrives */
              (given_up[me].value == 0) -> given_up[me].value = sent[me].value;
              given_up[me].leased = sent[me].leased;
              given_up[me].first = sent[me].first;
              gc_current[5 + me] = gc_current[2 + me];
              gc_current[2 + me] = 0;
              clear(sent[me])
          }
#endif
       fi
    od
}
#endif

/* What happens by itself: leases end, a barrier expires or is deleted, late requests arrive. */
proctype World(byte me)
{
end:
    do
    :: d_step {
           (record[me] != 0) -> record[me] = 0;
           acked[me] = 0;
#ifndef MUTANT_ACK_OUTLIVES_LEASE
           ack[me] = 0;
#endif
#ifdef LATE
           given_up[me].leased = 0;
#endif
           sent[me].leased = 0
       }
#ifdef LATE
    :: d_step {
           (given_up[me].value != 0) -> apply_ack(given_up[me], 5 + me, me)
       }
#endif
    od
}

#ifdef BARRIER
proctype Barrier()
{
    byte ts;

end:
    do
    :: atomic { /* set, renewed or moved */
           select(ts : 1 .. TOP);
           txn_current[OWNER] = 1;
#ifndef MUTANT_BARRIER_UNCOMPARED
           if
           :: ts < txn ->
               reach(6);
               ts = 0;
               txn_current[OWNER] = 0
           :: else
           fi
#endif
       };
       d_step {
           if
#ifdef MUTANT_BARRIER_COMPARED_APART
           :: ts != 0 ->
#else
           :: ts != 0 && txn_current[OWNER] ->
#endif
               claim(below_refused, txn <= ts);
               barrier = ts;
#ifndef MUTANT_BARRIER_NO_TOUCH
               touch_txn();
#endif
               look()
           :: else ->
               if
               :: ts != 0 -> reach(7)
               :: else
               fi
           fi;
           txn_current[OWNER] = 0;
           ts = 0
       }
    od
}

proctype Expiry()
{
end:
    do
    :: d_step {
           (barrier != 0) -> barrier = 0
       }
    od
}
#endif

init {
    atomic {
        view[0] = 1;
        view[1] = 1;
        run Leader(0);
#if LEADERS == 2
        run Leader(1);
#endif
        run Syncer(0);
        run World(0);
#if SERVERS == 2
        run Syncer(1);
        run World(1);
#endif
#ifndef TXN_ONLY
        run Follower(0);
#if SERVERS == 2
        run Follower(1);
#endif
#endif
#ifdef BARRIER
        run Barrier();
        run Expiry();
#endif
    }
}
