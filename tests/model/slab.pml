/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Slabs that go back to the system next to owners, late readers and walks (G1, G4, G7).
 *
 *   take       t := exchange(depot, none); keep one of t, push the rest back; none there: carve
 *   carve      under the lock: a piece of the newest slab, or of a new one
 *   publish    pointer := object (release)
 *   retire     pointer := none (release); push the object (release)
 *   trim       where a look has found a slab unused twice:
 *              1 t := exchange(depot, none)
 *              2 list the slabs, under the lock
 *              3 for each slab: as many of t as were carved from it, under the lock: withdraw it,
 *                else push these back
 *              4 (WALK) take its chunk out of the list: link := next, a CAS
 *              5 ask for a grace period, and then unmap
 *   read       inside a section: p := pointer; copy *p; validate by *p
 *   walk       inside a section: c := head; while c: visit c; c := next of c
 *
 * A slab that was unmapped may be mapped again, at the same address: its age counts that, and what
 * has found it must find it of the same age as long as it looks. WALK: an object is a chunk, which
 * carve pushes on the list of chunks, and readers walk that list instead of following pointers.
 *
 * @variant tso
 * @variant pso           -DPSO
 * @slow tso-2-owners     -DOWNERS=2 -DUPDATES=3 -DREADS=1
 * @variant tso-walk      -DWALK
 * @variant pso-walk      -DPSO -DWALK
 * @reach 1 tso           a slab is withdrawn
 * @reach 2 tso           a slab waits for a reader that has found an object of it
 * @reach 3 tso           a slab is unmapped and mapped again
 * @reach 4 tso           a slab stays: an object of it is in use
 * @reach 5 tso           a slab stays: more of it was carved since
 * @reach 6 tso-2-owners  an owner carves while another one, or the trim, has the depot
 * @reach 7 tso-walk      a walk goes on from a chunk that was taken out of the list
 * @reach 8 tso-walk      the front of the list changes while it is taken out
 * @mutant NO_GRACE_PERIOD  tso           is_mapped
 * @mutant NO_GRACE_PERIOD  tso-walk      is_mapped
 * @mutant PUSH_FIRST       tso           is_mapped|withdrawn_is_free
 * @mutant RELAXED_PUSH     pso           is_mapped
 * @mutant LIST_FIRST       tso-2-owners  withdrawn_is_free|nothing_lost
 * @mutant CARVED_EARLY     tso           withdrawn_is_free
 * @mutant PUT_BACK_PLAIN   tso           nothing_lost
 * @mutant UNLINK_LATE      tso-walk      is_mapped|nothing_lost
 * @mutant UNLINK_PLAIN     tso-walk      walk_misses_none|nothing_lost
 */

#ifndef OWNERS
#define OWNERS 1
#endif
#ifndef UPDATES
#define UPDATES 5
#endif
#ifndef READS
#define READS 2
#endif
#define SLABS 2
#ifdef WALK
#define PIECES 1
#else
#define PIECES 2
#endif
#define TRIMS 2

#define OBJECTS (SLABS * PIECES)
#define NONE 0
#define SLAB(o) (((o) - 1) / PIECES + 1)
#define BIT(o) (1 << ((o) - 1))
#define MEMBERS(b) (((1 << PIECES) - 1) << (((b) - 1) * PIECES))

/* The words: the owners' pointers, the head of the list, and what its chunks lead to. */
#define PTR(i) (i)
#define HEAD OWNERS
#define NEXT(c) (OWNERS + (c))
#define SAYS(o) (OWNERS + SLABS + (o))
#define NLOC (OWNERS + SLABS + 1 + OBJECTS)
#define NTHREADS OWNERS /* the trim stores nothing that is not a read-modify-write */
#define DEPTH 12

#include "storebuf.pmh"

hidden byte is_mapped;
hidden byte withdrawn_is_free;
hidden byte nothing_lost;
hidden byte walk_misses_none;

byte depot;               /* objects, as bits */
byte depot_taken;         /* threads that have taken all of it and not pushed back yet */
byte held;                /* objects that owners have, published or not */
byte trimmed;             /* objects that the trim has */
bit mapped[SLABS + 1];
bit listed[SLABS + 1];    /* not withdrawn */
byte carved[SLABS + 1];   /* pieces */
byte age[SLABS + 1];
bit waits[SLABS + 1];     /* for the reader */
bit wants_grace[SLABS + 1];
byte newest;
bit inside;               /* the reader is in a section */
byte found;               /* slabs of which it has found something, as bits */
byte owners = OWNERS;
bit trim_done;

#define is_pushed(t) drained(t)

/* A thread reads or writes an object, which it found when the slab was that old. */
#define touch(o, a) claim(is_mapped, mapped[SLAB(o)] && age[SLAB(o)] == (a))

inline carve(t, o)
{
    atomic {
        if
        :: newest != NONE && carved[newest] < PIECES
        :: else ->
            /* A new slab, where none is mapped. */
            if
            :: !mapped[1] -> newest = 1
            :: mapped[1] && !mapped[2] -> newest = 2
            :: else -> newest = NONE
            fi;
            if
            :: newest != NONE ->
                if
                :: age[newest] != 0 -> reach(3)
                :: else
                fi;
                mapped[newest] = 1;
                listed[newest] = 1;
                carved[newest] = 0
            :: else
            fi
        fi;
        if
        :: newest != NONE ->
            o = (newest - 1) * PIECES + carved[newest] + 1;
            carved[newest] = carved[newest] + 1;
            held = held | BIT(o);
            if
            :: depot_taken != 0 -> reach(6)
            :: else
            fi
        :: else -> o = NONE
        fi
    }
#ifdef WALK
    if
    :: o != NONE ->
        do
        :: h = mem[HEAD];
           store_relaxed(t, NEXT(o), h);
           atomic {
               is_pushed(t);
               if
               :: mem[HEAD] == h -> mem[HEAD] = o; h = 0; break
               :: else -> h = 0
               fi
           }
        od
    :: else
    fi
#endif
}

inline take(t, o)
{
    atomic {
        is_pushed(t);
        rest = depot;
        depot = 0;
        if
        :: rest != 0 ->
            depot_taken++;
            o = 1;
            do
            :: rest & BIT(o) -> break
            :: else -> o++
            od;
            rest = rest & ~BIT(o);
            held = held | BIT(o)
        :: else
        fi
    }
    if
    :: o != NONE ->
        atomic {
            is_pushed(t);
            depot = depot | rest;
            depot_taken--;
            rest = 0
        }
    :: else -> carve(t, o)
    fi
}

inline put(t, o)
{
    atomic {
#ifndef MUTANT_RELAXED_PUSH
        is_pushed(t);
#endif
        touch(o, age[SLAB(o)]);
        held = held & ~BIT(o);
        depot = depot | BIT(o)
    }
}

proctype Owner(byte i)
{
    byte n, o, rest;
#ifdef WALK
    byte h;
#endif

    do
    :: n < UPDATES ->
        n++;
        if
        :: o == NONE ->
            take(i, o);
            if
            :: o != NONE ->
                touch(o, age[SLAB(o)]);
                store_relaxed(i, SAYS(o), n);
                store_release(i, PTR(i), o)
            :: else
            fi
        :: else ->
#ifdef MUTANT_PUSH_FIRST
            put(i, o);
            store_release(i, PTR(i), NONE);
#else
            store_release(i, PTR(i), NONE);
            put(i, o);
#endif
            o = NONE
        fi
    :: else -> break
    od;
    atomic {
        drained(i);
        owners--
    }
}

#ifdef WALK
/* 4: the trim alone takes out, owners push at the front. */
inline unlink(b)
{
    link = HEAD;
    do
    :: c = mem[link];
       if
       :: c == NONE -> break
       :: c != NONE && c != b -> link = NEXT(c)
       :: c == b ->
#ifdef MUTANT_UNLINK_PLAIN
           h = mem[NEXT(c)];
           mem[link] = h;
           break
#else
           h = mem[NEXT(c)];
           atomic {
               if
               :: mem[link] == c -> mem[link] = h; break
               :: else ->
                   reach(8);
                   link = HEAD
               fi
           }
#endif
       fi
    od;
    atomic {
        h = 0;
        c = 0;
        link = 0
    }
}
#endif

/* 5 */
inline ask_for_grace(b)
{
    d_step {
#ifndef MUTANT_NO_GRACE_PERIOD
        waits[b] = inside;
#endif
        wants_grace[b] = 1;
        if
        :: waits[b] && (found & (1 << b)) -> reach(2)
        :: else
        fi
    }
}

inline put_back(b)
{
#ifdef MUTANT_PUT_BACK_PLAIN
    rest = depot;
    atomic {
        depot = rest | (trimmed & mine);
#else
    atomic {
        depot = depot | (trimmed & mine);
#endif
        trimmed = trimmed & ~mine;
        rest = 0
    }
}

proctype Trim()
{
    byte n, b, count, slabs, mine, rest, had;
#ifdef WALK
    byte h, c, link;
#endif

    do
    :: n < TRIMS ->
        n++;
#ifdef MUTANT_LIST_FIRST
        d_step {
            slabs = listed[1] | listed[2] << 1
        }
#endif
        atomic {
            trimmed = depot; /* 1 */
            depot = 0;
            depot_taken++
        }
#ifndef MUTANT_LIST_FIRST
        d_step { /* 2 */
            slabs = listed[1] | listed[2] << 1
        }
#endif
        b = 1;
        do
        :: b <= SLABS && (slabs & (1 << (b - 1))) ->
            d_step {
                /* By address: what is of no slab in the list is taken for its neighbour's. */
                mine = trimmed & MEMBERS(b);
                if
                :: b > 1 || (slabs & (1 << b))
                :: else -> mine = trimmed
                fi;
                count = 0;
                had = 1;
                do
                :: had <= OBJECTS ->
                    count = count + ((mine & BIT(had)) != 0);
                    had++
                :: else -> break
                od;
                had = 0
            }
#ifdef MUTANT_CARVED_EARLY
            had = carved[b];
            atomic {
                if
                :: count != 0 && had == count ->
#else
            atomic { /* 3 */
                if
                :: count != 0 && carved[b] == count ->
#endif
                    listed[b] = 0;
                    if
                    :: newest == b -> newest = NONE
                    :: else
                    fi;
                    claim(withdrawn_is_free, (held & MEMBERS(b)) == 0 && (depot & MEMBERS(b)) == 0);
                    trimmed = trimmed & ~mine;
                    reach(1);
                    had = 1
                :: else ->
                    if
                    :: count != 0 && (held & MEMBERS(b)) -> reach(4)
                    :: else
                    fi;
                    if
                    :: count != 0 && count < carved[b] && carved[b] == PIECES -> reach(5)
                    :: else
                    fi;
                    had = 0
                fi
            }
            if
            :: had ->
#ifdef WALK
#ifdef MUTANT_UNLINK_LATE
                ask_for_grace(b);
                unlink(b)
#else
                unlink(b);
                ask_for_grace(b)
#endif
#else
                ask_for_grace(b)
#endif
            :: else -> put_back(b)
            fi;
            d_step {
                mine = 0;
                count = 0;
                had = 0
            }
            b++
        :: b <= SLABS && !(slabs & (1 << (b - 1))) -> b++
        :: b > SLABS -> break
        od;
        atomic {
            depot_taken--;
            b = 0;
            slabs = 0
        }
    :: else -> break
    od;
    trim_done = 1
}

/* The memory goes. */
active proctype Reclaim()
{
    byte b;

end:
    do
    :: atomic {
           if
           :: wants_grace[1] && !waits[1] -> b = 1
           :: wants_grace[2] && !waits[2] -> b = 2
           fi;
           wants_grace[b] = 0;
           mapped[b] = 0;
           carved[b] = 0;
           age[b] = age[b] + 1;
           b = 0
       }
    od
}

inline leave()
{
    d_step {
        inside = 0;
        found = 0;
        waits[1] = 0;
        waits[2] = 0
    }
}

active proctype Reader()
{
    byte n, p, a;
#ifdef WALK
    byte due, b;
#else
    byte i;
#endif

    do
    :: n < READS ->
        n++;
#ifdef WALK
        atomic {
            inside = 1;
            /* Those that are in the list now. What is withdrawn later is due no more. */
            b = mem[HEAD];
            do
            :: b != NONE -> due = due | BIT(b); b = mem[NEXT(b)]
            :: else -> break
            od
        }
        atomic {
            p = mem[HEAD];
            a = age[p]
        }
        do
        :: p != NONE ->
            d_step {
                touch(p, a);
                found = found | (1 << p);
                due = due & ~BIT(p);
                if
                :: !listed[p] -> reach(7)
                :: else
                fi
            }
            atomic {
                touch(p, a);
                p = mem[NEXT(p)];
                a = age[p]
            }
        :: else -> break
        od;
        atomic {
            claim(walk_misses_none, !(due & BIT(1)) || !listed[1]);
            claim(walk_misses_none, !(due & BIT(2)) || !listed[2]);
            due = 0;
            a = 0
        }
#else
        inside = 1;
#if OWNERS > 1
        if
        :: i = 0
        :: i = 1
        fi;
#endif
        atomic {
            p = mem[PTR(i)];
            if
            :: p != NONE ->
                a = age[SLAB(p)];
                touch(p, a);
                found = found | (1 << SLAB(p))
            :: else
            fi
        }
        if
        :: p != NONE -> touch(p, a) /* validate */
        :: else
        fi;
        d_step {
            p = 0;
            a = 0;
            i = 0
        }
#endif
        leave()
    :: else -> break
    od
}

/* At the end everything that is mapped is somewhere. */
active proctype Last()
{
    byte b;

    owners == 0 && trim_done;
    d_step {
        b = 1;
        do
        :: b <= OBJECTS ->
            if
            :: mapped[SLAB(b)] && listed[SLAB(b)] && (b - 1) % PIECES < carved[SLAB(b)] ->
                claim(nothing_lost, (depot | held) & BIT(b))
            :: else
            fi;
            b++
        :: else -> break
        od;
#ifdef WALK
        b = mem[HEAD];
        do
        :: b != NONE ->
            carved[b] = carved[b] + 2; /* is in the list */
            b = mem[NEXT(b)]
        :: else -> break
        od;
        b = 1;
        do
        :: b <= SLABS ->
            claim(nothing_lost, !listed[b] || carved[b] != 1);
            b++
        :: else -> break
        od;
#endif
        b = 0
    }
}

init
{
    atomic {
        run Owner(0);
#if OWNERS > 1
        run Owner(1);
#endif
        run Trim()
    }
}
