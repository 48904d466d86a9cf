/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Holders that are older than a limit, and how they are passed (G2, G8).
 *
 * Leases, revisions of the safe points and acknowledgements that come late are the subject of
 * lease_fence.pml and safe_points.pml. Here a live server holds its record at an open transaction,
 * and a client holds a barrier without an end. `old` is what the leader's oracle gave as long ago
 * as the limit: whatever holds less is too old, whatever is at or above it is young.
 *
 *   leader, safe points   as in safe_points.pml, in one step
 *   leader, a server      pass line := old, when a record is below it. Nothing is passed by that.
 *   server, follows       upto := min(pass line, what is old here); gives up what it holds below,
 *                         protected_from first and in one step with the scan; then puts the record.
 *                         From here on the leader's ordinary round passes.
 *   leader, a barrier     reads it; deletes it over its revision when it is too old, and has stood
 *                         unmoved since as long ago as the limit: it may be set at any timestamp
 *   barrier's owner       reads, and then looks whether its barrier stands: that vouches for what
 *                         it has read, as a check does for a transaction
 *
 * So a safe point passes no record and no barrier: the server raises the first, by which the checks
 * of those who lose fail before anything can be collected, and the leader takes the second away,
 * which its owner sees. The server is not fenced: no safe point contradicts what it protects.
 *
 * NO_CLAMP: the server gives up all that the store asks it to.
 *
 * @variant pass
 * @variant off    -DOFF
 * @variant liar   -DLIAR
 * @reach 1 pass   a transaction that is too old fails its check, and its versions are collected
 * @reach 2 pass   a young transaction survives that the server follows
 * @reach 3 pass   a barrier is passed, and its owner learns it after data was collected
 * @reach 4 pass   a barrier that was moved since is not deleted
 * @reach 5 off    a holder that is too old holds the safe point
 * @reach 6 liar   a line that nothing old is above is not followed
 * @mutant PASS_UNTOLD     pass vouched|not_fenced
 * @mutant RECORD_FIRST    pass vouched|not_fenced
 * @mutant PASS_UNTOLD_ACK pass vouched
 * @mutant YOUNG_PASSED    pass young_kept
 * @mutant BARRIER_LEFT    pass barrier_vouched
 * @mutant BARRIER_BLIND   pass barrier_young_kept
 * @mutant BARRIER_BY_TS   pass barrier_young_kept
 * @mutant OFF_PASSES      off  off_kept
 * @mutant OFF_FOLLOWS     off  off_kept
 * @mutant NO_CLAMP        liar young_kept
 *
 * PASS_UNTOLD_ACK: the server, too, takes the line for the proof that nothing below it is needed: it
 * publishes and acknowledges a safe point above what it protects.
 */

#include "claims.pmh"

hidden byte vouched;
hidden byte not_fenced;
hidden byte young_kept;
hidden byte barrier_vouched;
hidden byte barrier_young_kept;
hidden byte off_kept;

#define TOP 4
#define INFINITE 15

/* The oracle, and what it gave as long ago as the limit. */
byte now = 1;
byte old = 1;

/* The store. */
byte txn = 1;
byte gc = 1;
byte record = 1;
byte ack = 1;
byte barrier; /* 0: none */
byte stands;  /* when it was set */
byte line;    /* 0: none */

bit barrier_current; /* the leader has read the barrier as it is */

/* The server. */
byte guard = 1;  /* protected_from: what checks compare with */
byte start;      /* of the open transaction, 0: none */
bit wrong;       /* it has read something that was collected */
byte view = 1;   /* the txn safe point as it is published */

#define minimum(a, b) ((a) < (b) -> (a) : (b))
#define maximum(a, b) ((a) > (b) -> (a) : (b))

active proctype Time()
{
end:
    do
    :: d_step {
           now < TOP -> now++
       }
    :: d_step {
           old < now -> old++
       }
    od
}

active proctype Leader()
{
    byte limit;

end:
    do
    :: d_step { /* the txn safe point */
           limit = now;
#if defined(MUTANT_PASS_UNTOLD) || defined(MUTANT_PASS_UNTOLD_ACK)
           limit = (record >= line -> minimum(limit, record) : limit);
#else
           limit = minimum(limit, record);
#endif
#ifdef MUTANT_BARRIER_LEFT
           limit = (barrier >= old -> minimum(limit, barrier) : limit);
#else
           limit = (barrier != 0 -> minimum(limit, barrier) : limit);
#endif
#ifdef OFF
           if
           :: limit < old -> reach(5)
           :: else
           fi;
#endif
           txn = maximum(txn, limit);
           limit = 0
       }
    :: d_step { /* the gc safe point */
           gc = maximum(gc, minimum(txn, ack))
       }
#if !defined(OFF) || defined(MUTANT_OFF_PASSES)
    :: d_step { /* a server that is too old */
           record < old && line < old -> line = old
       }
    :: d_step { /* a barrier that is too old */
#ifdef MUTANT_BARRIER_BY_TS
           barrier != 0 && barrier < old -> barrier_current = 1
#else
           barrier != 0 && barrier < old && stands < old -> barrier_current = 1
#endif
       };
       d_step {
           if
#ifdef MUTANT_BARRIER_BLIND
           :: barrier != 0 ->
#else
           :: barrier_current && barrier != 0 ->
#endif
               claim(barrier_young_kept, barrier < old && stands < old);
#ifdef OFF
               claim(off_kept, false);
#endif
               barrier = 0;
               stands = 0
           :: else -> reach(4)
           fi;
           barrier_current = 0
       }
#endif
    od
}

#ifdef LIAR
active proctype Liar()
{
end:
    do
    :: d_step {
           line != INFINITE -> line = INFINITE
       }
    od
}
#endif

/* What a server gives up is lost for good: here the one transaction that may be open. */
#define is_lost (start != 0 && start < guard)

active proctype Syncer()
{
    byte m, upto;
    bit held;

end:
    do
    :: d_step { /* a report: the scan, and what is protected, in one step */
           m = (start != 0 && !is_lost -> minimum(start, now) : now);
           guard = maximum(guard, m);
           m = 0
       };
       d_step {
           record = guard
       }
#if !defined(OFF) || defined(MUTANT_OFF_PASSES) || defined(MUTANT_OFF_FOLLOWS)
    :: d_step {
#ifdef MUTANT_OFF_FOLLOWS
           (old > guard) -> upto = old
#elif defined(MUTANT_NO_CLAMP)
           (minimum(line, now) > guard) -> upto = minimum(line, now)
#elif defined(MUTANT_YOUNG_PASSED)
           (line > guard) -> upto = now
#else
           (minimum(line, old) > guard) -> upto = minimum(line, old);
           if
           :: line > old -> reach(6)
           :: else
           fi
#endif
       };
#ifdef MUTANT_RECORD_FIRST
       d_step {
           record = maximum(record, upto)
       };
#endif
       d_step {
           held = (start != 0 && !is_lost);
           m = (held && start >= upto -> minimum(start, now) : now);
#ifdef MUTANT_YOUNG_PASSED
           m = now;
#endif
           if
           :: held && start >= upto -> reach(2)
           :: else
           fi;
           guard = maximum(guard, m);
           claim(young_kept, !held || !is_lost || start < old);
#ifdef OFF
           claim(off_kept, !held || !is_lost);
#endif
           m = 0;
           held = 0;
           upto = 0
       };
       d_step {
           record = maximum(record, guard)
       }
#endif
    od
}

/* Publishes the txn safe point, which is not above what is protected, and acknowledges it. */
active proctype Follower()
{
end:
    do
    :: d_step {
           view < txn ->
#ifndef MUTANT_PASS_UNTOLD_ACK
           claim(not_fenced, txn <= guard);
#endif
           view = txn
       };
       d_step {
           ack = view
       }
    od
}

active proctype Transactions()
{
end:
    do
    :: d_step { /* it reads now, which a report that has not seen it does not pass */
           start == 0 -> start = now
       }
    :: d_step { /* reads */
           start != 0 -> wrong = wrong || gc > start
       }
    :: d_step { /* checks */
           start != 0 ->
           if
           :: start >= guard -> claim(vouched, !wrong)
           :: else ->
               if
               :: wrong -> reach(1)
               :: else
               fi
           fi
       }
    :: d_step { /* ends */
           start != 0 -> start = 0;
           wrong = 0
       }
    od
}

/* A client that reads under a barrier. */
active proctype Owner()
{
    byte mine;
    bit misled;

end:
    do
    :: d_step { /* sets it, or moves it: not below the txn safe point */
           (mine == 0 || barrier != 0) && now >= txn ->
           mine = now;
           barrier = now;
           stands = now;
           barrier_current = 0;
           misled = 0
       }
    :: d_step { /* at an old timestamp */
           mine == 0 && now > txn ->
           mine = txn;
           barrier = txn;
           stands = now;
           barrier_current = 0;
           misled = 0
       }
    :: d_step { /* reads */
           mine != 0 -> misled = misled || gc > mine
       }
    :: d_step { /* looks */
           mine != 0 ->
           if
           :: barrier != 0 -> claim(barrier_vouched, !misled)
           :: else ->
               if
               :: misled -> reach(3)
               :: else
               fi;
               mine = 0;
               misled = 0
           fi
       }
    od
}
