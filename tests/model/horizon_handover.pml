/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Slots that are finished on another thread, and contexts that are adopted (G2, G7).
 *
 * A context owns chunks of slots and has a free bitmap that only its thread touches.
 *
 *   begin              slot := lowest bit of free; word := announcement
 *   finish, same       word := 0; free |= bit
 *   finish, elsewhere  word := 0 (release); old := fetch_or(chunk.returned, bit) (release);
 *                      old = 0: push the chunk on the context's stack:
 *                      h := head; next := h; CAS(head, h, chunk) (release), again if it fails
 *   collect            c := exchange(head, none); while c: n := c.next;
 *                      free |= exchange(c.returned, 0); c := n
 *   thread ends        under a mutex: the context is an orphan; another thread adopts all of it
 *
 * Threads: 0 has the context and ends at some time, 1 adopts it, 2 and 3 finish what is handed to
 * them. Handing over a session is a happens-before edge. Chunk 1 has the slots 0 and 1, chunk 2
 * the slot 2.
 *
 * @large   tso
 * @slow    pso          -DPSO
 * @long tso-7-begins    -DBEGINS=7
 * @long pso-7-begins    -DPSO -DBEGINS=7
 * @reach 1 tso a slot comes back through the stack and is used again
 * @reach 2 tso a chunk is pushed again between the reading of its link and the end of the walk
 * @reach 3 tso a return finds the chunk returned already and does not push
 * @reach 4 tso two chunks are on the stack
 * @reach 5 tso a slot taken before the adoption comes back after it
 * @reach 6 tso a push fails and is tried again
 * @mutant NEXT_AFTER           tso nothing_lost|returned_once|one_holder
 * @mutant LOAD_AND_STORE       tso nothing_lost|returned_once|one_holder
 * @mutant RETURN_BEFORE_CLEAR  tso word_is_clear
 * @mutant RELAXED_RETURN       pso word_is_clear
 * @mutant RELAXED_PUSH         pso nothing_lost|returned_once|one_holder
 * @mutant ALWAYS_PUSH          tso pushed_once
 * @mutant NEVER_PUSH           tso nothing_lost
 * @mutant ADOPT_RUNNING        tso returned_once|one_holder|word_is_clear
 */

#ifndef BEGINS
#define BEGINS 5
#endif

#define NTHREADS 4
#define SLOT(s) (s)
#define RETURNED(c) (2 + (c))
#define NEXT(c) (4 + (c))
#define HEAD 7
#define NLOC 8
#define DEPTH (2 * BEGINS + 2)
#define NONE 0
#define ALL 7

#include "storebuf.pmh"

hidden byte nothing_lost;
hidden byte returned_once;
hidden byte one_holder;
hidden byte pushed_once;
hidden byte word_is_clear;

#define CHUNK(s) ((s) == 2 -> 2 : 1)

byte free_slots = ALL; /* of the context, whoever has it */
byte begins;
bit is_held[3];
bit is_orphan;
byte finishers = 2;
bit no_more;
byte walking; /* the chunk that a collector has read the link of */
byte by_first; /* slots that thread 0 took */
byte handed; /* sessions on their way to a finisher, by slot, in no order */
bit on_stack[3];
byte came_back;

inline collect(t)
{
    atomic {
        drained(t);
        c = mem[HEAD];
        mem[HEAD] = NONE
    }
    do
    :: c != NONE ->
#ifndef MUTANT_NEXT_AFTER
        next = mem[NEXT(c)];
#endif
        d_step {
            if
            :: next != NONE -> reach(4)
            :: else
            fi;
            walking = c
        }
#ifdef MUTANT_LOAD_AND_STORE
        old = mem[RETURNED(c)];
        store_relaxed(t, RETURNED(c), 0);
        d_step {
#else
        atomic {
            drained(t);
            d_step {
            old = mem[RETURNED(c)];
            mem[RETURNED(c)] = 0;
#endif
            claim(returned_once, (free_slots & old) == 0);
            free_slots = free_slots | old;
            came_back = came_back | old;
            on_stack[c] = 0;
            if
            :: t == 1 && (by_first & old) -> reach(5)
            :: else
            fi;
            by_first = by_first & ~old;
            old = 0
        }
#ifndef MUTANT_LOAD_AND_STORE
        }
#endif
#ifdef MUTANT_NEXT_AFTER
        next = mem[NEXT(c)];
#endif
        d_step {
            c = next;
            next = 0;
            walking = 0
        }
    :: else -> break
    od
}

inline take(t)
{
    d_step {
        s = (free_slots & 1 -> 0 : (free_slots & 2 -> 1 : 2));
        free_slots = free_slots & ~(1 << s);
        claim(one_holder, !is_held[s]);
        is_held[s] = 1;
        if
        :: t == 0 -> by_first = by_first | (1 << s)
        :: else
        fi;
        if
        :: came_back & (1 << s) -> reach(1)
        :: else
        fi;
        begins++
    }
    load(t, SLOT(s), old);
    d_step {
        claim(word_is_clear, old == 0);
        old = 0;
        store_to(t, (SLOT(s) | REL), 1)
    }
}

inline finish_here(t)
{
    d_step {
        store_to(t, (SLOT(s) | REL), 0);
        is_held[s] = 0;
        free_slots = free_slots | (1 << s);
        s = 0
    }
}

inline use_context(t, may_end)
{
    do
    :: begins < BEGINS ->
        if
        :: collect(t)
        :: free_slots != 0
        fi;
        if
        :: free_slots != 0 ->
            take(t);
            if
            :: finish_here(t)
            :: atomic {
                   drained(t) -> handed = handed | (1 << s);
                   s = 0
               }
            fi
        :: else -> begins++ /* the code adds a chunk */
        fi
    :: begins == BEGINS || may_end -> break
    od
}

active proctype First()
{
    byte c, next, old, s;

    use_context(0, true);
    atomic {
        drained(0);
        is_orphan = 1
    }
}

active proctype Adopter()
{
    byte c, next, old, s;

#ifndef MUTANT_ADOPT_RUNNING
    is_orphan;
#endif
    use_context(1, false);
    is_orphan;
    no_more = 1;
    finishers == 0;
    collect(1);
    claim(nothing_lost, free_slots == ALL)
}

inline give_back(t)
{
    atomic {
#ifndef MUTANT_RELAXED_RETURN
        drained(t);
#endif
        d_step {
            is_held[s] = 0;
            old = mem[RETURNED(c)];
            mem[RETURNED(c)] = old | (1 << s);
            if
            :: old != 0 -> reach(3)
            :: else
            fi
        }
    }
}

inline push(t)
{
    do
    :: h = mem[HEAD];
       store_relaxed(t, NEXT(c), h);
       atomic {
#ifndef MUTANT_RELAXED_PUSH
           drained(t);
#endif
           d_step {
               if
               :: mem[HEAD] == h ->
                   mem[HEAD] = c;
                   claim(pushed_once, !on_stack[c]);
                   on_stack[c] = 1;
                   pushed = 1;
                   if
                   :: walking == c -> reach(2)
                   :: else
                   fi
               :: else -> reach(6)
               fi;
               h = 0
           }
       }
       if
       :: pushed -> break
       :: else
       fi
    od
}

proctype Finisher(byte t)
{
    byte c, old, h, s;
    bit pushed;

    do
    :: atomic {
           if
           :: handed & 1 -> s = 0
           :: handed & 2 -> s = 1
           :: handed & 4 -> s = 2
           fi;
           handed = handed & ~(1 << s);
           c = CHUNK(s)
       }
#ifdef MUTANT_RETURN_BEFORE_CLEAR
       give_back(t);
       store_release(t, SLOT(s), 0);
#else
       store_release(t, SLOT(s), 0);
       give_back(t);
#endif
       if
#ifdef MUTANT_ALWAYS_PUSH
       :: true -> push(t)
#elif !defined(MUTANT_NEVER_PUSH)
       :: old == 0 -> push(t)
#endif
       :: else
       fi;
       atomic {
           c = 0;
           old = 0;
           s = 0;
           pushed = 0
       }
    :: no_more && handed == 0 -> break
    od;
    finishers--
}

init
{
    atomic {
        run Finisher(2);
        run Finisher(3)
    }
}
