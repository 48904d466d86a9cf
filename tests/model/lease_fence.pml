/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Lease, fence and safe point (G2, G3, G8).
 *
 * Servers keep a record (their minimum) in a store, under a lease. Leaders compute the txn safe
 * point from the live records. Any process may stop for any time between two steps, or for good;
 * messages may be late or lost, also after they took effect; a request that its sender has given up
 * may still be applied later. Time passes in ticks for everybody; the store's clock may gain MARGIN
 * ticks on a server's between a request and the deadline that rests on it.
 *
 *   keep-alive  sent; the store renews the lease; the reply moves the own deadline to the time of
 *               SENDING + TTL - MARGIN
 *   report      protected_from := m, then put(record := m) if the record is unchanged
 *   lower       (a begin at a timestamp t below protected_from) one transaction: requires the lease,
 *               the record unchanged, txn safe point <= t; sets the record, writes the safe point's
 *               key again; only then protected_from := t and the pin
 *   return      past the deadline: protected_from := infinite; read the safe point; m := minimum of
 *               the pins at or above it; one transaction with a new lease: requires the record
 *               unchanged, txn safe point <= m; sets the record, writes the safe point's key again;
 *               then protected_from := m, then the deadline
 *   check       past the deadline? then start_ts >= protected_from?
 *   leader      read the safe point and its revision; now := oracle(); read the records;
 *               safe point := max(old, min(now, records)) if its revision is unchanged
 *
 * Four points of this go beyond the first drawing of the protocol; each has a mutant without it:
 *
 *   REVISION  A leader compares the revision of the safe point, not its value, and whoever adds or
 *             lowers a record writes the safe point's key again. Otherwise (VALUE_COMPARE,
 *             NO_TOUCH) a leader reads the records, a server comes back or lowers its record at or
 *             above the old safe point, and the leader's compare-and-swap on the unchanged value
 *             still succeeds and passes the server's transactions.
 *   UNCHANGED A record is written only over the record that the writer knows, by revision.
 *             Otherwise (NO_RECORD_COMPARE) a put that timed out arrives after the record has been
 *             lowered and raises it again, or an old registration arrives and ties the record to a
 *             lease that nobody keeps alive.
 *   RAISE     protected_from is raised before the put is sent, since the put may be applied without
 *             its sender ever knowing. Otherwise (RAISE_ON_ACK) a transaction begins at a timestamp
 *             between the two.
 *   DEADLINE  The check looks at the deadline first and then at protected_from. The other way round
 *             (PROTECTED_FIRST) it may take protected_from from before the fence and the deadline
 *             from after the return.
 *
 * With REVISION it no longer matters whether a leader asks for now before or after it reads the
 * records (variant now-last); the code does it before, which costs nothing.
 *
 * @large   one-server
 * @slow    late-requests -DLATE -DGAINS=0
 * @large   two-leaders   -DLEADERS=2 -DPLAIN -DGAINS=0
 * @slow two-servers      -DPEER -DPLAIN -DGAINS=0 -DWRITES=1
 * @variant now-last      -DNOW_LAST -DGAINS=0
 * @long one-server-3     -DWRITES=3
 * @long late-and-gains   -DLATE
 * @long two-leaders-all  -DLEADERS=2
 * @long two-checks       -DBEGINS=2
 * @long two-rounds       -DROUNDS=2
 * @long two-servers-2    -DPEER -DPLAIN
 * @reach 1 one-server    a check succeeds while a transaction is open
 * @reach 2 one-server    a check fails and the safe point has passed the transaction
 * @reach 3 one-server    a server returns and an old transaction survives
 * @reach 4 one-server    a server returns and an old transaction is lost
 * @reach 5 late-requests a request that was given up is applied
 * @reach 6 one-server    a leader's write is refused
 * @reach 7 one-server    a record is lowered for a begin at a timestamp
 * @reach 8 one-server    the record of an open transaction holds the safe point
 * @reach 9 two-servers   the other server's check succeeds
 * @turned FROM_REPLY NO_FENCE VALUE_COMPARE NO_TOUCH RETURN_UNCOMPARED NO_RECORD_COMPARE
 * @turned PROTECTED_FIRST DEADLINE_BEFORE_READ LOST_PINS_REPORTED PEER_FORGOTTEN
 * @mutant FROM_REPLY           one-server    not_passed|vouched
 * @mutant NO_MARGIN            one-server    not_passed|vouched
 * @mutant NO_FENCE             one-server    not_passed|vouched
 * @mutant NO_COMPARE           two-leaders   safe_monotone|not_passed|vouched
 * @mutant VALUE_COMPARE        one-server    not_passed|vouched
 * @mutant NO_TOUCH             one-server    not_passed|vouched
 * @mutant RETURN_UNCOMPARED    one-server    not_passed|vouched
 * @mutant NO_RECORD_COMPARE    late-requests not_passed|vouched
 * @mutant RAISE_ON_ACK         one-server    not_passed|vouched
 * @mutant PROTECTED_FIRST      one-server    not_passed|vouched
 * @mutant DEADLINE_BEFORE_READ one-server    vouched
 * @mutant LOST_PINS_REPORTED   one-server    not_passed|vouched
 * @mutant PEER_FORGOTTEN       two-servers   peer_not_passed
 */

#ifndef BEGINS
#define BEGINS 1
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef LEADERS
#define LEADERS 1
#endif
#ifndef GAINS
#define GAINS 1
#endif
#define TTL 2
#define MARGIN 1
#ifdef MUTANT_NO_MARGIN
#define MAX_AGE TTL
#else
#define MAX_AGE (TTL - MARGIN) /* older answers are worth nothing */
#endif
#define INFINITE 15

#include "claims.pmh"

hidden byte not_passed;
hidden byte vouched;
hidden byte peer_not_passed;
hidden byte safe_monotone;

/* The oracle and the store. */
byte clock = 3;
byte txn_safe = 1;
bit safe_is_newer[2];          /* than what this leader read: its revision differs */
byte record;          /* 0: no record */
bit record_lease;     /* the lease that the record goes with */
byte lease_left[2];  /* 0 gone, 1 may go at any time, TTL + 1 full */

/* A server. */
byte start_ts;        /* 0: no transaction */
byte protected_from;
byte deadline;        /* ticks until then */
bit lease_of;         /* which of its two lease names the server uses */

mtype = { NOTHING, SENT, RENEWED, PUT, LOWER, RETURN, APPLIED, REFUSED };

/* The keep-alive under way, and its age in ticks. */
mtype alive = NOTHING;
byte alive_age;
byte gains = GAINS; /* ticks that the store's clocks may still gain, in the whole run */

/*
 * What a write knows of the record's revision: that there is none, or the one it read, which is
 * the present one until anybody writes or deletes the record.
 */
#define ABSENT 0
#define PRESENT 1
#define OUTDATED 2

/* The write under way, and one that was given up and may still arrive. */
typedef Write {
    mtype kind;
    byte value;
    byte knows;
    bit lease
};
Write under_way;
Write given_up;
byte knows; /* the server itself, for its next write */
mtype state = NOTHING;
bit returning;
byte return_age;

#define minimum(a, b) ((a) < (b) -> (a) : (b))

inline clear(w)
{
    w.kind = 0;
    w.value = 0;
    w.knows = 0;
    w.lease = 0
}

#define outdate(k) k = (k == PRESENT -> OUTDATED : k)

inline outdate_all()
{
    outdate(knows);
    outdate(under_way.knows);
    outdate(given_up.knows)
}

inline touch_safe()
{
    safe_is_newer[0] = 1;
    safe_is_newer[1] = 1
}

#define unchanged(w)                                                                            \
    ((w.knows == ABSENT && record == 0) || (w.knows == PRESENT && record != 0))

/* The store's side of a write; done tells whether its conditions held. */
inline apply(w, done)
{
    done = (w.kind == RETURN || lease_left[w.lease] > 0);
#ifndef MUTANT_NO_RECORD_COMPARE
    done = done && unchanged(w);
#endif
#ifdef MUTANT_RETURN_UNCOMPARED
    done = done && (w.kind != LOWER || txn_safe <= w.value);
#else
    done = done && (w.kind == PUT || txn_safe <= w.value);
#endif
    if
    :: done ->
        outdate_all();
        record = w.value;
        record_lease = w.lease;
        if
        :: w.kind == RETURN ->
#ifndef LATE
            lease_left[1 - w.lease] = 0; /* nobody speaks of it again */
#endif
            lease_left[w.lease] = TTL + 1
        :: else
        fi;
#ifndef MUTANT_NO_TOUCH
        if
        :: w.kind != PUT -> touch_safe()
        :: else
        fi
#endif
    :: else
    fi
}

/* What happens by itself: leases run out, requests arrive or are lost. */
proctype World()
{
    bit done;

end:
    do
    :: d_step {
           (lease_left[0] == 1) -> lease_left[0] = 0;
           if
           :: record != 0 && record_lease == 0 ->
               outdate_all();
               record = 0
           :: else
           fi
       }
    :: d_step {
           (lease_left[1] == 1) -> lease_left[1] = 0;
           if
           :: record != 0 && record_lease == 1 ->
               outdate_all();
               record = 0;
               record_lease = 0
           :: else
           fi
       }
    :: d_step {
           (state == SENT) -> apply(under_way, done);
           state = (done -> APPLIED : REFUSED);
           done = 0
       }
#ifdef LATE
    :: d_step {
           (given_up.kind != 0) -> apply(given_up, done);
           reach(5);
           clear(given_up);
           done = 0
       }
#endif
    od
}

inline pass()
{
    lease_left[0] =
        (lease_left[0] > 1 -> lease_left[0] - 1 : lease_left[0]);
    lease_left[1] =
        (lease_left[1] > 1 -> lease_left[1] - 1 : lease_left[1])
}

#define older(age) ((age) < MAX_AGE -> (age) + 1 : (age))

inline tick()
{
    pass();
    deadline = (deadline > 0 -> deadline - 1 : 0);
    alive_age = (alive != NOTHING -> older(alive_age) : 0);
    return_age = (returning -> older(return_age) : 0)
}

active proctype Time()
{
end:
    do
    :: d_step {
           tick()
       }
    :: d_step {
           (gains > 0) -> gains--;
           pass()
       }
    od
}

#ifdef MUTANT_NO_MARGIN
#define own_deadline(age) ((age) < TTL -> TTL - (age) : 0)
#elif defined(MUTANT_FROM_REPLY)
#define own_deadline(age) (TTL - MARGIN)
#else
#define own_deadline(age) ((age) < TTL - MARGIN -> TTL - MARGIN - (age) : 0)
#endif

/* Absolute times in the code: an older answer never moves the deadline back. */
#define move_deadline(age)                                                                      \
    deadline = (own_deadline(age) > deadline -> own_deadline(age) : deadline)

/* Not with -DPLAIN. The store renews at the moment of sending: later would only make the lease last longer. */
#ifndef PLAIN
proctype Keeper()
{
end:
    do
    :: d_step {
           (alive == NOTHING && protected_from != INFINITE &&
            lease_left[lease_of] > 0) ->
           lease_left[lease_of] = TTL + 1;
           alive = RENEWED
       }
    :: d_step {
           (alive == RENEWED) -> move_deadline(alive_age);
           alive = NOTHING;
           alive_age = 0
       }
    :: d_step { /* the answer is lost */
           (alive == RENEWED) -> alive = NOTHING;
           alive_age = 0
       }
    od
}
#endif

inline read_own_record()
{
    knows = (record != 0 -> PRESENT : ABSENT)
}

inline send(what, m)
{
    under_way.kind = what;
    under_way.value = m;
    under_way.knows = knows;
    under_way.lease = lease_of;
    state = SENT;
    knows = 0;
    m = 0
}

/* The answer, or none. The record is read again before the next write. */
inline receive(won)
{
    atomic {
        if
        :: state == APPLIED ->
            won = 1;
            m = under_way.value
        :: state == REFUSED
        :: state != NOTHING
#ifdef LATE
        :: state == SENT && given_up.kind == 0 ->
            given_up.kind = under_way.kind;
            given_up.value = under_way.value;
            given_up.knows = under_way.knows;
            given_up.lease = under_way.lease
#endif
        fi;
        state = NOTHING;
        clear(under_way)
    }
}

proctype Syncer()
{
    byte m, seen, n;
    bit won;

end:
    do
    :: n < WRITES && protected_from != INFINITE ->
        if
        :: d_step { /* report: the scan and the raise stand under one mutex */
               n++;
               m = clock;
#ifdef MUTANT_LOST_PINS_REPORTED
               m = (start_ts != 0 -> minimum(m, start_ts) : m);
               protected_from = m;
#else
               m = (start_ts != 0 && start_ts >= protected_from -> minimum(m, start_ts)
                                                                         : m);
#endif
#ifndef MUTANT_RAISE_ON_ACK
               protected_from = m;
#endif
               send(PUT, m)
           };
           receive(won);
#ifdef MUTANT_RAISE_ON_ACK
           if
           :: won -> protected_from = m
           :: else
           fi
#endif
#ifndef PLAIN
        :: start_ts == 0 && protected_from > 1 -> /* lower */
           select(m : 1 .. (protected_from - 1));
           atomic {
               n++;
               send(LOWER, m)
           };
           receive(won);
           d_step {
               if
               :: won && start_ts == 0 ->
                   reach(7);
                   protected_from = m;
                   start_ts = m
               :: else
               fi
           }
#endif
        fi;
        d_step {
            read_own_record();
            won = 0;
            m = 0
        }
    :: n < WRITES + 1 && deadline == 0 && lease_left[1 - lease_of] == 0 ->
        n++;
#ifndef MUTANT_NO_FENCE
        protected_from = INFINITE;
#endif
        d_step {
            alive = NOTHING; /* replies for the old lease are not listened to */
            alive_age = 0;
            read_own_record();
            seen = txn_safe
        };
        d_step {
            m = clock;
            m = (start_ts != 0 && start_ts >= seen -> minimum(m, start_ts) : m);
            seen = 0;
            lease_of = 1 - lease_of;
            send(RETURN, m);
            returning = 1
        };
        receive(won);
        if
        :: won ->
            d_step {
                if
                :: start_ts != 0 && start_ts >= m -> reach(3)
                :: start_ts != 0 && start_ts < m -> reach(4)
                :: else
                fi;
                protected_from = m
            };
            deadline = own_deadline(return_age)
        :: else
        fi;
        d_step {
            won = 0;
            m = 0;
            returning = 0;
            return_age = 0
        }
    od
}

inline look_at_deadline()
{
    d_step {
        in_time = deadline > 0;
        passed = passed || txn_safe > start_ts
    }
}

inline look_at_protected()
{
    d_step {
        p = protected_from;
        passed = passed || (!looked && txn_safe > start_ts);
        looked = 1
    }
}

proctype Transactions()
{
    byte p, t, n;
    bit in_time, passed, wrong, looked;

end:
    do
    :: n < BEGINS ->
        n++;
        if
        :: d_step {
               (start_ts == 0) -> clock++;
               start_ts = clock
           }
#ifndef PLAIN
        :: start_ts == 0 ->
           select(t : 1 .. clock);
           atomic { /* decided under the scanner's mutex */
               if
               :: start_ts == 0 && t >= protected_from -> start_ts = t
               :: else
               fi;
               t = 0
           }
        :: start_ts != 0 /* begun by the syncer, which lowered the record */
#endif
        fi;
        if
        :: start_ts != 0 ->
#ifdef MUTANT_DEADLINE_BEFORE_READ
            in_time = deadline > 0;
#endif
            wrong = txn_safe > start_ts; /* the read: its data may have been collected */
#ifdef MUTANT_PROTECTED_FIRST
            look_at_protected();
            in_time = deadline > 0;
#elif defined(MUTANT_DEADLINE_BEFORE_READ)
            p = protected_from;
#else
            look_at_deadline();
            p = protected_from;
#endif
            d_step {
                if
                :: in_time && start_ts >= p ->
                    reach(1);
                    claim(vouched, !wrong);
                    claim(not_passed, !passed)
                :: else ->
                    if
                    :: passed -> reach(2)
                    :: else
                    fi
                fi;
                p = 0;
                in_time = 0;
                passed = 0;
                looked = 0;
                wrong = 0
            };
            if
            :: start_ts = 0
            :: true /* goes on, and is checked again */
            fi
        :: else
        fi
    od
}

#ifdef PEER
/* Another server, each of whose operations is one step, and whose lease runs out at any time. */
byte peer_record = 1;

proctype Peer()
{
    byte ts, m, n;

end:
    do
    :: n < 2 ->
       d_step {
           n++;
           clock++;
           ts = clock
       };
       d_step { /* report */
           (peer_record != 0) -> peer_record = ts
       }
    :: d_step {
           (peer_record != 0) -> peer_record = 0
       }
    :: d_step { /* return */
           (peer_record == 0 && n < 2) -> n++;
           m = (ts >= txn_safe -> ts : clock);
           if
           :: txn_safe <= m ->
               peer_record = m;
               touch_safe()
           :: else
           fi;
           m = 0
       }
    :: d_step { /* check */
           (ts != 0 && peer_record != 0 && ts >= peer_record) ->
           reach(9);
           claim(peer_not_passed, txn_safe <= ts)
       }
    od
}
#endif

#define live (record != 0)

inline read_records()
{
    d_step {
        t = (live -> minimum(t, record) : t);
#if defined(PEER) && !defined(MUTANT_PEER_FORGOTTEN)
        t = (peer_record != 0 -> minimum(t, peer_record) : t);
#endif
    }
}

proctype Leader(bit me)
{
    byte old, t, n;

end:
    do
    :: n < ROUNDS ->
        n++;
        d_step {
            old = txn_safe;
            safe_is_newer[me] = 0
        };
#ifdef NOW_LAST
        t = INFINITE;
        read_records();
        d_step {
            t = minimum(t, clock)
        };
#else
        t = clock;
        read_records();
#endif
        d_step {
            t = (t > old -> t : old);
            if
#if defined(MUTANT_NO_COMPARE)
            :: true ->
#elif defined(MUTANT_VALUE_COMPARE)
            :: txn_safe == old ->
#else
            :: !safe_is_newer[me] ->
#endif
                if
                :: start_ts != 0 && t == start_ts && t < clock && live -> reach(8)
                :: else
                fi;
                claim(safe_monotone, t >= txn_safe);
                txn_safe = t;
                touch_safe()
            :: else -> reach(6)
            fi;
            old = 0;
            t = 0
        }
    od
}

inline start()
{
    record = 1;
    knows = PRESENT;
    lease_left[0] = TTL + 1;
    protected_from = 1;
    deadline = TTL - MARGIN;
    run World();
#ifndef PLAIN
    run Keeper();
#endif
    run Syncer();
    run Transactions()
}

init
{
    atomic {
        start();
#ifdef PEER
        run Peer();
#endif
        run Leader(0);
#if LEADERS > 1
        run Leader(1)
#endif
    }
}
