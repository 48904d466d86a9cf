/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A store that lies, and a server that does not believe it (G8).
 *
 * Somebody may write any value over either safe point, at any moment and as often as they like. The
 * server reads one, and any time later decides about it: while it is not fenced, its bound is the
 * record that its roster protects; while it is fenced, the oracle's now. Three things must follow:
 *
 *   kept            what is published or acknowledged is never above protected_from, whatever the
 *                   store holds: every check below it fails first
 *   no_false_alarm  a store that does not lie (variant honest) is never rejected, however late the
 *                   server decides, and while its record is raised and lowered
 *   back            the server does not come back below a safe point that stands in the store
 *
 *   learn      read a safe point; later: if not fenced and the record is below, or the gc safe point
 *              is above what was acknowledged: reject, that is fence and give up the lease; if fenced
 *              and it is above now: reject; else passed := it, in one step with the comparison with
 *              the record under the guard's lock; then publish
 *   register   read both safe points; m := a minimum not below either; one transaction: requires the
 *              txn safe point's revision unchanged, sets the record; then the guard's record := m;
 *              then unfence
 *   report     guard's record := m, then the store's
 *   lower      the store's record := m, not below either safe point, requires the txn safe point's
 *              revision unchanged; then the guard's
 *   fence      the deadline has passed; the lease may live on (resumed: unfence with the old record)
 *              or end
 *
 * protected_from is infinite while fenced, else max(guard's record, passed).
 *
 * @variant liar    -DLIAR
 * @variant honest  -DTOP=4
 * @long    liar-3  -DLIAR -DTOP=3
 * @reach 1 liar    a txn safe point above the record of a live server is rejected
 * @reach 2 liar    a gc safe point above the acknowledgement is rejected
 * @reach 3 liar    a safe point above now is rejected by a fenced server
 * @reach 4 liar    a server comes back above a safe point that was a lie
 * @reach 5 honest  a fenced server learns a safe point above its old record
 * @reach 6 honest  a fenced server's lease turns out to be alive
 * @mutant UNCHECKED        liar   kept
 * @mutant PUBLISHED_FIRST  liar   kept
 * @mutant DECIDED_APART    liar   kept
 * @mutant NOT_PASSED       liar   kept
 * @mutant BACK_BELOW_GC    liar   back
 * @mutant BOUND_IN_STORE   honest no_false_alarm
 * @mutant ACK_NOTED_LATE   honest no_false_alarm
 *
 * NOT_PASSED: what is learnt while fenced is published without `passed`, and then the lease turns
 * out to be alive. BOUND_IN_STORE: the bound is the record that the server knows to stand in the
 * store, which the store may have raised already. ACK_NOTED_LATE: what was acknowledged is noted
 * when the store has answered, and the leader may be faster.
 */

#ifndef TOP
#define TOP 2 /* the oracle's now; a greater timestamp is a lie */
#endif
#define BEYOND (TOP + 1)
#define INFINITE 15

#include "claims.pmh"

hidden byte kept;
hidden byte no_false_alarm;
hidden byte back;

/* The store. */
byte txn = 1;
byte gc = 1;
byte record; /* 0: no lease */
byte ack;    /* 0: none */
bit txn_current;

/* The server. */
bit fenced = 1;
bit lost = 1;  /* it has given up its lease, or found it gone */
byte guard;    /* the record as the roster protects it */
byte passed;
byte known;    /* the record as it is known to stand in the store */
byte view_txn;
byte view_gc;
byte ack_sent;
bit acked;     /* under this lease */

#define maximum(a, b) ((a) > (b) -> (a) : (b))
#define protected_from (fenced -> INFINITE : maximum(guard, passed))

inline look()
{
    claim(kept, view_txn <= protected_from && view_gc <= protected_from);
    claim(kept, ack == 0 || record == 0 || ack <= protected_from)
}

/* Fences and gives up the lease, whose keys go with it some time later. */
inline reject()
{
#ifndef LIAR
    claim(no_false_alarm, false);
#endif
    fenced = 1;
    lost = 1;
    acked = 0
}

#ifdef MUTANT_BOUND_IN_STORE
#define BOUND known
#else
#define BOUND guard
#endif

/* One of the safe points; two may be on their way at once. */
proctype Follower(bit is_gc)
{
    byte v;

end:
    do
    :: d_step {
           true -> v = (is_gc -> gc : txn)
       };
       /* Any time later. */
#ifdef MUTANT_UNCHECKED
       d_step {
           if
           :: is_gc -> view_gc = maximum(view_gc, v)
           :: else
           fi;
           view_txn = maximum(view_txn, v);
           look();
           v = 0
       }
#else
#ifdef MUTANT_PUBLISHED_FIRST
       d_step {
           if
           :: v <= TOP -> view_txn = maximum(view_txn, v)
           :: else
           fi;
           look()
       };
#endif
#ifdef MUTANT_DECIDED_APART
       d_step {
           if
           :: !fenced && v > guard -> reject(); v = 0
           :: fenced && v > TOP -> v = 0
           :: else
           fi
       };
       d_step {
           view_txn = maximum(view_txn, v);
           look();
           v = 0
       }
#else
       d_step {
           if
           :: is_gc && !fenced && acked && v > ack_sent ->
               reach(2);
               reject();
               v = 0
           :: else ->
               if
               :: !fenced && v > BOUND ->
                   reach(1);
                   reject();
                   v = 0
               :: fenced && v > TOP ->
                   reach(3);
#ifndef LIAR
                   claim(no_false_alarm, false);
#endif
                   v = 0
               :: else ->
                   if
                   :: fenced && v > guard && guard != 0 -> reach(5)
                   :: else
                   fi;
#ifndef MUTANT_NOT_PASSED
                   passed = maximum(passed, v)
#endif
               fi
           fi
       };
       d_step { /* published after that */
           if
           :: is_gc -> view_gc = maximum(view_gc, v)
           :: else
           fi;
           view_txn = maximum(view_txn, v);
           look();
           v = 0
       }
#endif
#endif
    od
}

proctype Syncer()
{
    byte m, stood;

end:
    do
    :: d_step { /* register: the old lease is revoked or has ended */
           (fenced && lost) -> record = 0;
           ack = 0;
           acked = 0;
           txn_current = 1;
           stood = maximum(txn, gc);
#ifdef MUTANT_BACK_BELOW_GC
           m = txn
#else
           m = maximum(txn, gc)
#endif
       };
       if
#ifdef LIAR
       :: m > TOP ->
           m = 0;
           stood = 0
#endif
       :: else ->
           do
           :: m < TOP -> m++
           :: true -> break
           od;
           if
           :: d_step {
                  txn_current -> record = m;
                  known = m;
                  txn_current = 0
              };
              d_step {
#ifdef LIAR
                  if
                  :: txn > 1 || gc > 1 -> reach(4)
                  :: else
                  fi;
#endif
                  guard = m
              };
              d_step {
                  claim(back, m >= stood);
                  fenced = 0;
                  lost = 0;
                  look();
                  stood = 0;
                  m = 0
              }
           :: d_step {
                  !txn_current -> stood = 0;
                  m = 0
              }
           fi
       fi
    :: d_step { /* report: the guard first */
           (!lost && guard < TOP) -> guard++;
           look()
       };
       if
       :: d_step {
              !lost && record != 0 -> record = guard
          };
          d_step { known = guard }
       :: true /* not applied, or the answer is lost */
       fi
    :: d_step { /* lower: the store first */
           (!fenced && !lost && record > maximum(txn, gc) && record > passed &&
            record > view_txn) ->
               record--;
               known = record
       };
       d_step {
           if
           :: !lost && !fenced -> guard = record; look()
           :: else
           fi
       }
    :: d_step { /* the deadline has passed, and then the lease may be alive after all, or not */
           (!fenced) -> fenced = 1
       };
       if
       :: d_step {
              !lost && record != 0 -> reach(6);
              fenced = 0;
              look()
          }
       :: d_step {
              true -> lost = 1;
              acked = 0;
              record = 0;
              ack = 0
          }
       fi
    od
}

/* Acknowledges what is published, under the lease. */
proctype Acker()
{
end:
    do
    :: d_step {
           (!fenced && view_txn != 0 && view_txn >= gc) ->
#ifndef MUTANT_ACK_NOTED_LATE
               ack_sent = maximum(ack_sent, view_txn);
#endif
               ack = (record != 0 -> view_txn : 0);
#ifdef MUTANT_ACK_NOTED_LATE
               acked = 1;
#endif
               look()
       };
       d_step {
           if
           :: ack != 0 && !fenced ->
               acked = 1;
               ack_sent = maximum(ack_sent, ack)
           :: else
           fi
       }
    od
}

/* A leader elsewhere, which reads and writes in one step: safe_points.pml has it in two. */
proctype Leader()
{
end:
    do
    :: d_step {
           (txn < TOP && (record == 0 || txn < record)) -> txn++;
           txn_current = 0
       }
    :: d_step {
           (gc < txn && (record == 0 || gc < (ack != 0 -> ack : record))) -> gc++
       }
    od
}

#ifdef LIAR
proctype Liar()
{
    byte v;

end:
    do
    :: atomic {
           select(v : 1 .. BEYOND);
           txn = v;
           txn_current = 0;
           v = 0
       }
    :: atomic {
           select(v : 1 .. BEYOND);
           gc = v;
           v = 0
       }
    od
}
#endif

init {
    atomic {
        run Follower(0);
        run Follower(1);
        run Syncer();
        run Acker();
        run Leader();
#ifdef LIAR
        run Liar();
#endif
    }
}
