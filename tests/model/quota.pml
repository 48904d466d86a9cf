/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Counting the sessions of groups, which begins and ends while sessions are opened, updated and
 * closed (src/core/roster/quota.h, whose numbers and letters these are):
 *
 *     opening, updating, closing                    setting rules
 *     1 enter a read-side section                   a counting := user, ...     (under the lock)
 *     2 load counting: is anything counted?         b wait for a grace period
 *     3 if so, take the lock and move the           c walk the registry, count each session that
 *       session's places and the mark on it           is not marked              (under the lock)
 *     4 add to the registry, publish the            d enforce the rules         (under the lock)
 *       identity, or leave the registry
 *     5 leave the section
 *
 * Two owners, the second of them privileged, open a session in either of two groups, which may fail
 * late, rename it, and close it or leave it open; the second one up to ROUNDS, each in a record of its
 * own (a record is used again after a grace period only, and a walk is one section). The rules are set
 * up to SETS times, each time about users or nothing, with DATABASES about databases, too, or both. A
 * session's user and its database have the same number here; a group of users has one place, one of
 * databases two, of which one is reserved. What is done under the lock is one step: of what the others
 * do without it only the word of what is counted, the identity and the registry matter, and each of
 * these is read or written once in such a step. A walk finds the sessions of a word of the registry at
 * once and takes the lock then. With FAULTS so many grace periods are refused, or groups get no memory.
 *
 * Sections and grace periods order all that matters, so memory is in order here; but within a section
 * the load of 2 may be performed before what precedes it: with CLOSES_REORDERED a session leaves the
 * registry after its owner has looked.
 *
 * @variant sets
 * @slow faults      -DFAULTS=2
 * @slow reordered   -DCLOSES_REORDERED
 * @slow databases   -DDATABASES
 * @slow rounds      -DROUNDS=2
 * @reach 1 sets an owner that has not been counted finds that counting has begun
 * @reach 2 sets an open is refused
 * @reach 3 sets an update is refused
 * @reach 4 sets an open fails with places that are not counted any more
 * @reach 5 sets a walk finds a session that has left
 * @reach 6 sets a walk finds a session that is counted
 * @reach 7 sets a session leaves with a mark that is stale
 * @reach 8 sets a walk counts more sessions than there are places
 * @reach 9 faults a stale mark is taken away by the next call
 * @turned STALE_FORGOTTEN
 * @mutant OWNERS_NOT_AWAITED   sets none_uncounted|has_place
 * @mutant LEAVERS_NOT_AWAITED  sets has_place|none_uncounted
 * @mutant MARKS_STAY           sets has_place|none_uncounted
 * @mutant STALE_FORGOTTEN      faults has_place|none_uncounted
 * @mutant LEAVER_UNMARKED      sets none_lost
 * @mutant OPEN_LOOKS_ONCE      sets none_uncounted|has_place
 * @mutant UPDATE_LOOKS_OUTSIDE sets none_uncounted|has_place
 * @mutant MOVED_THEN_SHOWN     sets never_over|none_uncounted
 * @mutant GIVEN_BACK_OUTSIDE   sets has_place|none_uncounted
 * @mutant GIVES_ALL            sets has_place|none_uncounted
 * @mutant COUNTS_AGAIN         sets none_lost
 * @mutant ENFORCED_FIRST       sets none_uncounted
 * @mutant GROUPS_KEPT          sets none_lost
 * @mutant PLACE_NOT_RETURNED   sets none_lost
 */

#include "claims.pmh"

#ifndef SETS
#define SETS 2
#endif
#ifndef FAULTS
#define FAULTS 0
#endif
#ifdef MUTANT_STALE_FORGOTTEN
#undef FAULTS
#define FAULTS 1 /* one is enough */
#endif

#define USER 1
#define DATABASE 2
#define COUNTED 4
#define LEFT 8

#ifdef DATABASES
#define ALL_RULES (USER | DATABASE)
#else
#define ALL_RULES USER
#endif

/* Sessions of the second owner. */
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define RECORDS 3

hidden byte none_uncounted;
hidden byte has_place;
hidden byte never_over;
hidden byte none_lost;

byte counting;
byte marks[RECORDS];
bit occupied[RECORDS]; /* in the registry */
bit identity[RECORDS];
bit holds[RECORDS]; /* it is open, or is being opened and has its places */
byte users[2], databases[2]; /* how many sessions their groups have */
byte rules; /* what those in force are about */
byte stale;
byte places; /* that are taken in the roster */
bit inside[2], awaited[2];
byte faults;
byte found; /* by a walk */
byte ended;

#define HELD(g) ((holds[0] && identity[0] == g) + (holds[1] && identity[1] == g) +                 \
                 (holds[2] && identity[2] == g))

/* No more sessions are open than are counted, where rules are in force. */
#define ENOUGH(counts) (HELD(0) <= counts[0] && HELD(1) <= counts[1])
#define check()                                                                                    \
    claim(none_uncounted, (!(rules & USER) || ENOUGH(users)) &&                                    \
                              (!(rules & DATABASE) || ENOUGH(databases)))

inline enter()
{
    inside[me] = 1
}

inline leave()
{
    d_step {
        inside[me] = 0;
        awaited[me] = 0
    }
}

#define ROOM_DATABASES (2 - !me) /* the second owner is privileged */

/* Whether a group has no place for one more. */
#define IS_FULL(bits, g)                                                                           \
    ((((bits) & rules & USER) && users[g] >= 1) ||                                                 \
     (((bits) & rules & DATABASE) && databases[g] >= ROOM_DATABASES))

inline count_in(bits, g)
{
    users[g] = users[g] + ((bits) & USER);
    databases[g] = databases[g] + (((bits) & DATABASE) >> 1)
}

inline count_out(bits, g)
{
    claim(has_place, (!((bits) & USER) || users[g] > 0) &&
                         (!((bits) & DATABASE) || databases[g] > 0));
    users[g] = users[g] - ((bits) & USER);
    databases[g] = databases[g] - (((bits) & DATABASE) >> 1)
}

inline not_over(bits, g)
{
    claim(never_over, (!((bits) & rules & USER) || HELD(g) < 1) &&
                          (!((bits) & rules & DATABASE) || HELD(g) < ROOM_DATABASES))
}

#ifdef MUTANT_GIVES_ALL
#define OF_MARK(m) counting
#else
#define OF_MARK(m) ((m) & counting)
#endif

/* Of a session that was not opened, or is closed. */
inline give()
{
    d_step {
        if
        :: (marks[r] & (USER | DATABASE)) & ~counting -> reach(7)
        :: else
        fi;
        count_out(OF_MARK(marks[r]), identity[r])
    }
}

inline open_counted()
{
    enter();
    d_step { /* 3 */
        if
        :: IS_FULL(counting, identity[r]) -> reach(2)
        :: else ->
            not_over(counting, identity[r]);
            count_in(counting, identity[r]);
            marks[r] = counting | COUNTED;
            holds[r] = 1;
            places++;
            check()
        fi
    }
    if
    :: !holds[r] -> leave()
    :: holds[r] -> occupied[r] = 1; leave() /* 4 */
    :: holds[r] -> /* it fails late */
#ifdef MUTANT_GIVEN_BACK_OUTSIDE
        leave();
#endif
        d_step {
            if
            :: !(counting & marks[r]) -> reach(4)
            :: else
            fi;
            count_out(OF_MARK(marks[r]), identity[r]);
            holds[r] = 0;
            marks[r] = 0;
            places--
        }
#ifndef MUTANT_GIVEN_BACK_OUTSIDE
        leave()
#endif
    fi
}

inline open()
{
    if
    :: identity[r] = 0
    :: identity[r] = 1
    fi;
    if
    :: counting -> open_counted()
    :: !counting ->
        places++;
        enter();
#ifndef MUTANT_OPEN_LOOKS_ONCE
        seen = (counting != 0);
#endif
        if
        :: seen ->
            reach(1);
            leave();
#ifndef MUTANT_PLACE_NOT_RETURNED
            places--;
#endif
            seen = 0;
            open_counted()
        :: else ->
            d_step {
                holds[r] = 1;
                occupied[r] = 1;
                check()
            }
            leave()
        fi
    fi
}

inline show_other()
{
    identity[r] = 1 - identity[r];
    check()
}

inline update()
{
#ifdef MUTANT_UPDATE_LOOKS_OUTSIDE
    seen = (counting != 0);
    enter();
#else
    enter();
    seen = (counting != 0);
#endif
    if
    :: seen ->
        d_step {
            if
            :: IS_FULL(marks[r] & counting, 1 - identity[r]) -> reach(3)
            :: else ->
                not_over(marks[r] & counting, 1 - identity[r]);
                count_in(marks[r] & counting, 1 - identity[r]);
                count_out(marks[r] & counting, identity[r]);
#ifdef MUTANT_MOVED_THEN_SHOWN
                moved = 1
#else
                show_other()
#endif
            fi
        }
#ifdef MUTANT_MOVED_THEN_SHOWN
        if
        :: moved ->
            d_step {
                moved = 0;
                show_other()
            }
        :: else
        fi
#endif
    :: else ->
        d_step {
            show_other()
        }
    fi;
    seen = 0;
    leave()
}

inline left_counted()
{
    d_step {
        if
        :: (marks[r] & (USER | DATABASE)) & ~counting -> reach(7)
        :: else
        fi;
        count_out(OF_MARK(marks[r]), identity[r]);
#ifndef MUTANT_LEAVER_UNMARKED
        marks[r] = LEFT
#endif
    }
}

/* A record that no walk has found is as it was at first. */
inline forget(n)
{
    if
    :: !holds[n] && !(found & (1 << n)) && (marks[n] & LEFT) ->
        marks[n] = 0;
        identity[n] = 0
    :: else
    fi
}

inline unlist()
{
    d_step {
        occupied[r] = 0;
        holds[r] = 0
    }
}

inline close()
{
    enter();
#ifdef CLOSES_REORDERED
    seen = (counting != 0);
    unlist();
#else
    unlist();
    seen = (counting != 0);
#endif
    if
    :: seen -> left_counted()
    :: else
    fi;
    d_step {
        seen = 0;
        inside[me] = 0;
        awaited[me] = 0;
        places--;
        forget(r)
    }
}

proctype Owner(byte me; byte first; byte last)
{
    byte r;
    bit seen;
#ifdef MUTANT_MOVED_THEN_SHOWN
    bit moved;
#endif

    r = first;
    do
    :: r <= last ->
        open();
        if
        :: holds[r] ->
            if
            :: update()
            :: true
            fi;
            if
            :: close()
            :: r == last -> skip
            fi
        :: else
        fi;
        r++
    :: else -> break
    od;
    ended++
}

/* b */
inline barrier()
{
    if
#if FAULTS > 0
    :: faults < FAULTS ->
        faults++;
        err = 1
#endif
    :: true ->
        d_step {
            awaited[0] = inside[0];
            awaited[1] = inside[1]
        }
        !awaited[0] && !awaited[1]
    fi
}

inline count(n, bits)
{
    if
    :: !(found & (1 << n))
    :: (found & (1 << n)) && (marks[n] & LEFT) -> reach(5)
    :: else ->
        if
        :: marks[n] & (bits) -> reach(6)
        :: else
        fi;
#ifdef MUTANT_COUNTS_AGAIN
        count_in(bits, identity[n]);
#else
        count_in((bits) & ~marks[n], identity[n]);
#endif
        marks[n] = marks[n] | (bits) | COUNTED
    fi
}

/* c: of two words, the first of which has two sessions. */
inline count_all(bits)
{
    found = occupied[0] + 2 * occupied[1];
    d_step {
        count(0, bits);
        found = found & 2;
        forget(0)
    }
    if
#if FAULTS > 0
    :: faults < FAULTS -> /* no memory, in the middle of a batch */
        d_step {
            faults++;
            err = 1;
            found = 0;
            forget(1)
        }
#endif
    :: true ->
        d_step {
            count(1, bits);
            found = 0;
            forget(1)
        }
        found = 4 * occupied[2];
        d_step {
            count(2, bits);
            found = 0;
            forget(2)
        }
    fi
}

/* c, where nothing is counted any more */
inline clear(n)
{
    if
    :: found & (1 << n) -> marks[n] = marks[n] & ~stale
    :: else
    fi
}

inline clear_all()
{
    found = occupied[0] + 2 * occupied[1];
    d_step {
        clear(0);
        clear(1);
        found = 0;
        forget(0);
        forget(1)
    }
    found = 4 * occupied[2];
    d_step {
        clear(2);
        found = 0;
        forget(2)
    }
}

inline clear_stale()
{
    if
    :: stale ->
        barrier();
        if
        :: !err ->
#ifndef MUTANT_MARKS_STAY
            clear_all();
#endif
#ifndef MUTANT_LEAVERS_NOT_AWAITED
            barrier()
#endif
        :: else
        fi;
#ifndef MUTANT_STALE_FORGOTTEN
        if
        :: err
        :: else -> stale = 0
        fi
#else
        stale = 0
#endif
    :: else
    fi
}

inline stop_counting(bits)
{
    d_step {
        counting = counting & ~(bits);
#ifndef MUTANT_GROUPS_KEPT
        users[0] = ((bits) & USER -> 0 : users[0]);
        users[1] = ((bits) & USER -> 0 : users[1]);
        databases[0] = ((bits) & DATABASE -> 0 : databases[0]);
        databases[1] = ((bits) & DATABASE -> 0 : databases[1]);
#endif
        stale = stale | (bits)
    }
    clear_stale()
}

inline start_counting(bits)
{
    counting = counting | (bits);
#ifdef MUTANT_ENFORCED_FIRST
    d_step {
        rules = wanted;
        check()
    }
#endif
#ifndef MUTANT_OWNERS_NOT_AWAITED
    barrier();
#endif
    if
    :: err
    :: else -> count_all(bits)
    fi;
#if FAULTS > 0
    if
    :: err ->
        err = 0;
        stop_counting(bits);
        err = 1
    :: else
    fi
#endif
}

inline set()
{
#if FAULTS > 0
    if
    :: stale -> reach(9)
    :: else
    fi;
    clear_stale();
#endif
    if
    :: err
    :: else ->
        counted = counting;
        if
        :: wanted & ~counted -> start_counting(wanted & ~counted)
        :: else
        fi;
        if
        :: err
        :: else ->
            d_step { /* d */
                rules = wanted;
                if
                :: (rules & USER) && (users[0] > 1 || users[1] > 1) -> reach(8)
                :: else
                fi;
                check()
            }
            if
            :: counted & ~wanted -> stop_counting(counted & ~wanted)
            :: else
            fi
        fi
    fi
}

proctype Setter()
{
    byte n, wanted, counted;
    bit err;

    do
    :: n < SETS ->
        n++;
        select(wanted : 0 .. ALL_RULES);
        set();
        d_step {
            err = 0;
            wanted = 0;
            counted = 0
        }
    :: true -> break
    od;
    ended++
}

#define ALL_COUNTED(bit, counts)                                                                   \
    (counting & (bit) -> HELD(0) == counts[0] && HELD(1) == counts[1]                              \
                      : counts[0] == 0 && counts[1] == 0)

active proctype End()
{
    ended == 3;
    claim(none_lost, ALL_COUNTED(USER, users) && ALL_COUNTED(DATABASE, databases));
    claim(none_lost, places == HELD(0) + HELD(1))
}

init
{
    atomic {
        if
        :: counting = ALL_RULES
        :: true
        fi;
        rules = counting;
        run Owner(0, 0, 0);
        run Owner(1, 1, ROUNDS);
        run Setter()
    }
}
