/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The ring of ids that have rested (src/core/sql/id_queue.c).
 *
 *     put                                         take
 *     1 position := tail++                        a head, put_end: done unless that is above
 *     2 the entry of the position := its cycle    b position := head++
 *       and the id (exchange), if the entry is    c the entry has the cycle of the position: takes
 *       of an earlier cycle, has no id, and is      the id out, done
 *       safe or the position not below head       d it is of an earlier cycle: marks it unsafe if it
 *       else from 1                                 has an id, else with the cycle (exchange)
 *     3 put_end := max(put_end, position + 1)       from a
 *
 * Every operation is sequentially consistent. Threads take an id and put it back, up to TURNS times
 * each; when all have ended, all ids can be taken. A take finds the queue empty only if at some moment
 * since it began the head had passed each id whose put was over. MISSES_COUNTED is Nikolaev's
 * threshold in the place of put_end: it is proved for no more threads than ids.
 *
 * Not shown: that positions wrap.
 *
 * @variant one    -DIDS=1 -DENTRIES=2 -DTHREADS=3 -DTURNS=1
 * @variant two    -DIDS=2 -DENTRIES=4 -DTHREADS=3 -DTURNS=1
 * @reach 1 one an entry is marked unsafe
 * @reach 2 one a put finds its position passed
 * @reach 3 one a put finds its entry unsafe
 * @reach 4 one a take finds nothing after it was told that there is something
 * @reach 5 two a put finds the end raised already
 * @turned MISSES_COUNTED
 * @mutant MISSES_COUNTED  one nothing_lost|was_empty
 * @mutant UNSAFE_IGNORED  one nothing_lost|was_empty
 * @mutant NOT_MARKED      one nothing_lost|was_empty
 * @mutant EMPTY_LEFT      one nothing_lost|was_empty
 * @mutant TAKEN_BY_STORE  one nothing_lost|was_empty
 * @mutant TAKEN_WHOLE     one taken_once|nothing_lost|was_empty
 * @mutant END_BY_STORE    two nothing_lost|was_empty
 * @mutant END_READ_FIRST  two was_empty
 */

#include "claims.pmh"

hidden byte nothing_lost;
hidden byte taken_once;
hidden byte was_empty;

/* A refutation needs four threads, of which one puts. */
#ifdef MUTANT_MISSES_COUNTED
#define PUTS(t) ((t) == 1)
#undef THREADS
#define THREADS 4
#else
#define PUTS(t) 1
#endif

#define NOWHERE 255
#define CYCLE(p) ((p) / ENTRIES)
#define AT(p) ((p) % ENTRIES)

/* An entry. */
byte cycles[ENTRIES];
byte ids[ENTRIES];
bit unsafe[ENTRIES];

byte head = ENTRIES, tail = ENTRIES, put_end = ENTRIES;
#ifdef MUTANT_MISSES_COUNTED
#define MOST (3 * ENTRIES / 2 - 1)
short threshold = -1;
#define IN_REACH (threshold < 0 -> 0 : NOWHERE)
#else
#define IN_REACH put_end
#endif

/* Of each id: where it is once its put is over, else NOWHERE; whether a thread has it. */
byte rests_at[IDS + 1] = NOWHERE;
bit held[IDS + 1];
bit empty_since[THREADS + 1]; /* a take began: the queue was empty */
byte begun, ended;

#define RESTS(id) (rests_at[id] != NOWHERE && rests_at[id] >= head)
#if IDS > 1
#define IS_EMPTY (!RESTS(1) && !RESTS(2))
#else
#define IS_EMPTY (!RESTS(1))
#endif

/* After each step that may have emptied the queue. */
inline look()
{
    if
    :: IS_EMPTY ->
        ghost = 1;
        do
        :: ghost <= THREADS ->
            empty_since[ghost] = 1;
            ghost++
        :: else -> break
        od;
        ghost = 0
    :: else
    fi
}

inline put_at()
{
    do
    :: d_step {
           cycle = cycles[AT(position)];
           other = ids[AT(position)];
           mark = unsafe[AT(position)]
       }
       if
       :: cycle >= CYCLE(position) || other ->
           if
           :: !other -> reach(2)
           :: else
           fi;
           break
#ifndef MUTANT_UNSAFE_IGNORED
       :: cycle < CYCLE(position) && !other && mark && head > position ->
           reach(3);
           break
#endif
       :: else
       fi;
       d_step {
           if
           :: cycles[AT(position)] == cycle && ids[AT(position)] == other &&
                  unsafe[AT(position)] == mark ->
               cycles[AT(position)] = CYCLE(position);
               ids[AT(position)] = id;
               unsafe[AT(position)] = 0;
               held[id] = 0;
               done = 1
           :: else
           fi
       }
       if
       :: done -> break
       :: else
       fi
    od
}

/* The put is over; the id may have been taken since. */
inline over()
{
    if
    :: ids[AT(position)] == id && cycles[AT(position)] == CYCLE(position) ->
        rests_at[id] = position
    :: else
    fi
}

inline put()
{
    do
    :: atomic {
           position = tail;
           tail++
       }
#ifdef MUTANT_MISSES_COUNTED
       atomic { /* else it takes long to find */
           put_at()
       }
#else
       put_at();
#endif
       if
       :: done -> break
       :: else
       fi
    od;
#if defined(MUTANT_MISSES_COUNTED)
    atomic {
        threshold = MOST;
        over()
    }
#elif defined(MUTANT_END_BY_STORE)
    atomic {
        put_end = position + 1;
        over()
    }
#else
    end = put_end;
    do
    :: end > position ->
        d_step {
            reach(5);
            over()
        }
        break
    :: else ->
        d_step {
            if
            :: put_end == end ->
                put_end = position + 1;
                over();
                end = NOWHERE
            :: else -> end = put_end
            fi
        }
        if
        :: end == NOWHERE -> break
        :: else
        fi
    od;
#endif
    atomic {
        done = 0;
        end = 0;
        cycle = 0;
        other = 0;
        mark = 0
    }
}

/* c and d */
inline take_at()
{
    do
    :: d_step {
           cycle = cycles[AT(position)];
           other = ids[AT(position)];
           mark = unsafe[AT(position)]
       }
       if
#ifdef MUTANT_TAKEN_WHOLE
       :: cycle <= CYCLE(position) && other ->
#else
       :: cycle == CYCLE(position) ->
#endif
           d_step {
               id = other;
               claim(taken_once, id == 0 || !held[id]);
#ifdef MUTANT_TAKEN_BY_STORE
               unsafe[AT(position)] = mark;
#endif
               ids[AT(position)] = 0;
               if
               :: id ->
                   held[id] = 1;
                   rests_at[id] = NOWHERE
               :: else
               fi
           }
           break
       :: cycle > CYCLE(position) -> break
       :: else
       fi;
       d_step {
           if
           :: cycles[AT(position)] == cycle && ids[AT(position)] == other &&
                  unsafe[AT(position)] == mark ->
               if
               :: other ->
                   reach(1);
#ifndef MUTANT_NOT_MARKED
                   unsafe[AT(position)] = 1
#endif
#ifndef MUTANT_EMPTY_LEFT
               :: !other -> cycles[AT(position)] = CYCLE(position)
#else
               :: !other
#endif
               fi;
               done = 1
           :: else
           fi
       }
       if
       :: done -> break
       :: else
       fi
    od;
    done = 0
}

#ifndef MUTANT_MISSES_COUNTED
inline take()
{
    d_step {
        empty_since[me] = IS_EMPTY;
        id = 0
    }
    do
#ifdef MUTANT_END_READ_FIRST
    :: end = put_end;
       at = head;
#else
    :: at = head;
       end = put_end;
#endif
       if
       :: end <= at ->
           claim(was_empty, empty_since[me]);
           break
       :: else
       fi;
       d_step {
           position = head;
           head++;
           look()
       }
       take_at();
       if
       :: id -> break
       :: else -> reach(4)
       fi
    od;
    atomic {
        at = 0;
        end = 0;
        cycle = 0;
        other = 0;
        mark = 0
    }
}
#else
inline take()
{
    d_step {
        empty_since[me] = IS_EMPTY;
        id = 0
    }
    do
    :: threshold < 0 ->
        claim(was_empty, empty_since[me]);
        break
    :: else ->
        d_step {
            position = head;
            head++;
            look()
        }
        atomic {
            take_at()
        }
        if
        :: id -> break
        :: else
        fi;
        d_step { /* and where takers have passed the tail, it follows */
            end = (tail <= position + 1);
            tail = (end && tail < head -> head : tail)
        }
        d_step {
            threshold--;
            end = end || threshold < 0
        }
        if
        :: end ->
            claim(was_empty, empty_since[me]);
            break
        :: else
        fi
    od;
    end = 0
}
#endif

proctype Thread(byte me)
{
    byte turns, position, cycle, other, id, end, at, ghost;
    bit mark, done;

    begun == me - 1; /* it does not matter which of them is first */
    begun++;
    do
    :: turns < TURNS ->
        turns++;
        take();
        if
        :: id && PUTS(me) -> put()
        :: else
        fi
    :: else -> break
    od;
    ended++
}

/* An id is where a take would find it. */
active proctype End()
{
    byte n;

    ended == THREADS;
    d_step {
        do
        :: n < ENTRIES ->
            if
            :: ids[n] && cycles[n] * ENTRIES + n >= head && cycles[n] * ENTRIES + n < IN_REACH ->
                claim(taken_once, !held[ids[n]]);
                held[ids[n]] = 1
            :: else
            fi;
            n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < IDS ->
            n++;
            claim(nothing_lost, held[n])
        :: else -> break
        od
    }
}

init
{
    byte n;

    atomic {
        do
        :: n < IDS ->
            n++;
            cycles[n - 1] = 1;
            ids[n - 1] = n;
            rests_at[n] = tail;
            tail++
        :: else -> break
        od;
        put_end = tail;
#ifdef MUTANT_MISSES_COUNTED
        threshold = MOST;
#endif
        n = 0;
        do
        :: n < THREADS ->
            n++;
            run Thread(n)
        :: else -> break
        od
    }
}
