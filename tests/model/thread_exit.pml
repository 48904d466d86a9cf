/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a thread leaves behind when it ends (src/core/roster/thread.c, src/core/base/horizon.c), beside
 * a scan, a late reader, transactions of its own that others finish, and a thread that begins:
 *
 *     ending, under the lock of all contexts      finish elsewhere
 *     1 its free objects go to the depot          a word := 0
 *     2 takes the returns: the slots that came    b returned |= bit
 *       back are free                             c if it was 0: pushes the chunk on its owner's returns
 *     3 gives back chunks without slots in use;
 *       a block without chunks that are given     trim, under that lock: of each orphan with returns
 *       out is withdrawn, and unmapped after a    2 and 3, and when it has no chunk left frees it;
 *       grace period                              objects in the depot are withdrawn, and unmapped
 *     4 without chunks its context is freed,        after a grace period
 *       else an orphan, which a new thread
 *       adopts
 *
 * The first thread has one chunk of two slots, begins a transaction in one, with BOTH in both, has
 * each finished by itself or elsewhere, and ends; with BOTH there is no scan. The next one begins at any moment, with the orphan or
 * a new context, whose memory may be the old one's; it has one transaction and ends. With OBJECT each
 * shows an object, a view or a statement, in place of what is finished elsewhere and of the scan. Blocks
 * are numbered by their addresses: the first has a chunk of another thread's, each of the others one for
 * these two. Memory is in order here: horizon_handover.pml has the returns with store buffers, look.pml
 * what a reader sees of an object that is used again, slab.pml how slabs are withdrawn.
 *
 * @variant slots
 * @variant object -DOBJECT
 * @variant both -DBOTH
 * @reach 1 slots the next thread adopts the orphan
 * @reach 2 slots the next thread has a new context in the memory of the old one
 * @reach 3 slots a slot comes back to an orphan and a trim frees it
 * @reach 4 slots a slot comes back after its context was adopted
 * @reach 5 slots a block is withdrawn while the scan is in it
 * @reach 6 slots a block is mapped again
 * @reach 7 object the next thread shows an object of the first one
 * @reach 8 object an object is unmapped after a reader had found it
 * @reach 9 both both slots come back in one return
 * @turned ADOPTED_UNLOCKED BOUND_REAPED
 * @mutant IN_USE_GIVEN_BACK slots one_holder|is_mapped|scan_finds|owner_lives
 * @mutant IN_USE_FREED      slots owner_lives|nothing_lost
 * @mutant FREED_BY_RETURN   both owner_lives|nothing_lost
 * @mutant UNMAPPED_AT_ONCE  slots is_mapped
 * @mutant LINK_CUT          slots scan_finds
 * @mutant ADOPTED_UNLOCKED  slots one_bearer|is_mapped
 * @mutant BOUND_REAPED      slots one_bearer|one_holder|owner_lives|is_mapped
 * @mutant NOT_FLUSHED       object nothing_lost
 * @mutant RETURNED_FIRST    slots scan_finds|one_holder|word_is_clear
 * @mutant SLAB_AT_ONCE      object is_mapped
 */

#include "claims.pmh"

#ifdef OBJECT
#define OTHERS_END 3 /* two threads and the reader */
#elif defined(BOTH)
#define OTHERS_END 4 /* two threads, two that finish */
#else
#define OTHERS_END 4 /* two threads, one that finishes, the scan */
#endif
#ifndef TRIMS
#define TRIMS 1
#endif

hidden byte one_holder;
hidden byte one_bearer;
hidden byte word_is_clear;
hidden byte owner_lives;
hidden byte is_mapped;
hidden byte scan_finds;
hidden byte nothing_lost;

/* Contexts 1 and 2: places in memory. */
#define NONE 0
bit exists[3];
bit orphan[3];
bit bound[3];
byte chunk[3];   /* its block */
byte free[3];    /* slots */
byte returns[3]; /* the chunk on its stack */
bit contexts; /* the lock */

/* Blocks 2 and 3, in front of block 1, which stays. A slot is a bit of four, two for each block. */
#define OTHERS 1
#define SLOT(b, s) (1 << (2 * ((b) - 2) + (s)))
#define SHIFT(b) (2 * ((b) - 2))
#define ALL 3
byte blocks = OTHERS;
byte next[4];
bit mapped[4];
bit was_mapped[4];
bit withdrawn[4];
byte owner[4];
byte returned[4];
byte words, held, handed;

/* The object. */
mtype = { CACHED, SHOWN, DEPOT, WITHDRAWN, UNMAPPED };
mtype object = CACHED;
byte cached_by = 1;
bit found_it; /* the reader has */
bit second_had_it;

byte section[2]; /* of the scan and the reader; odd: inside */
byte must, saw;
byte inside_block; /* the scan */
bit first_ended;
bit adopted_first; /* by the second thread */
byte ended;

inline lock()
{
    atomic {
        !contexts -> contexts = 1
    }
}

#define HAS_ROOM(n) (mapped[n] && !withdrawn[n] && owner[n] == NONE)

/* Under a lock, like the next one; scans read the links. */
inline new_chunk(c)
{
    d_step {
        b = (HAS_ROOM(2) -> 2 : (HAS_ROOM(3) -> 3 : 0));
        if
        :: b == 0 ->
            b = (mapped[2] -> 3 : 2);
            if
            :: was_mapped[b] -> reach(6)
            :: else
            fi;
            mapped[b] = 1;
            was_mapped[b] = 1;
            next[b] = blocks;
            blocks = b
        :: else
        fi;
        owner[b] = c;
        chunk[c] = b;
        free[c] = ALL;
        b = 0
    }
}

/* 3 */
inline give_back(c)
{
    d_step {
        if
#ifdef MUTANT_IN_USE_GIVEN_BACK
        :: chunk[c] ->
#else
        :: chunk[c] && free[c] == ALL ->
#endif
            b = chunk[c];
            owner[b] = NONE;
            chunk[c] = 0;
            free[c] = 0;
            if
            :: blocks == b -> blocks = next[b]
            :: else -> next[blocks] = next[b]
            fi;
            withdrawn[b] = 1;
            if
            :: inside_block == b -> reach(5)
            :: else
            fi;
#ifdef MUTANT_LINK_CUT
            next[b] = OTHERS;
#endif
#ifdef MUTANT_UNMAPPED_AT_ONCE
            mapped[b] = 0;
            withdrawn[b] = 0;
#endif
            b = 0
        :: else
        fi
    }
}

/* 2: the link, then the bits. */
inline collect(c)
{
#ifdef OBJECT
    skip
#else
    d_step {
        x = returns[c];
        returns[c] = 0
    }
    if
    :: x ->
        d_step {
            if
            :: returned[x] == ALL -> reach(9)
            :: else
            fi;
            claim(one_holder, (free[c] & returned[x]) == 0);
            free[c] = free[c] | returned[x];
            returned[x] = 0;
            x = 0
        }
    :: else
    fi
#endif
}

inline enter()
{
#ifndef MUTANT_ADOPTED_UNLOCKED
    lock();
#endif
    if
#ifndef OBJECT
    :: orphan[1] || orphan[2] ->
        c = (orphan[1] -> 1 : 2);
        d_step {
            reach(1);
            claim(one_bearer, exists[c] && orphan[c] && !bound[c]);
            orphan[c] = 0;
            bound[c] = 1;
            adopted_first = 1
        }
#endif
    :: else ->
        d_step {
            c = (exists[1] -> 2 : 1);
            if
            :: c == 1 && first_ended -> reach(2)
            :: else
            fi;
            exists[c] = 1;
            bound[c] = 1
        }
    fi;
    contexts = 0
}

/* 1 to 4 */
inline leave(c)
{
    lock();
    bound[c] = 0;
#if defined(OBJECT) && !defined(MUTANT_NOT_FLUSHED)
    d_step {
        if
        :: object == CACHED && cached_by == c -> object = DEPOT
        :: else
        fi
    }
#endif
    collect(c);
    give_back(c);
    d_step {
#ifdef MUTANT_IN_USE_FREED
        exists[c] = 0;
#else
        exists[c] = (chunk[c] != 0);
        orphan[c] = exists[c];
#endif
        contexts = 0
    }
}

inline begin(s)
{
    d_step {
        s = (free[c] & 1 -> 0 : 1);
        free[c] = free[c] & ~(1 << s);
        s = SLOT(chunk[c], s);
        claim(one_holder, !(held & s));
        claim(word_is_clear, !(words & s));
        held = held | s
    }
    words = words | s
}

inline clear(s)
{
    d_step {
        claim(is_mapped, mapped[(s > 2 -> 3 : 2)]);
        words = words & ~s;
        must = must & ~s;
        held = held & ~s
    }
}

/* By the thread that has begun it, or handed to another one. */
inline finish(s)
{
    if
    :: clear(s);
       d_step {
           free[c] = free[c] | (s >> SHIFT(chunk[c]));
           s = 0
       }
#ifndef OBJECT
    :: d_step {
           handed = handed | s;
           s = 0
       }
#endif
    fi
}

proctype First()
{
    byte b, x, s, t, c = 1;

    new_chunk(1);
#ifdef OBJECT
    object = SHOWN;
#endif
    begin(s);
#ifdef BOTH
    begin(t);
#endif
#ifdef OBJECT
    d_step {
        object = CACHED;
        cached_by = 1
    }
#endif
    finish(s);
#ifdef BOTH
    finish(t);
#endif
    leave(1);
    first_ended = 1;
    ended++
}

proctype Second()
{
    byte b, x, s, c;

    enter();
    collect(c);
    if
#ifndef OBJECT
    :: free[c] == 0 && chunk[c] -> skip /* another chunk */
#endif
    :: else ->
        if
        :: chunk[c] == 0 -> new_chunk(c)
#ifndef OBJECT
        :: else
#endif
        fi;
        begin(s);
#ifdef OBJECT
        d_step {
            if
            :: object == DEPOT ->
                object = SHOWN;
                second_had_it = 1;
                reach(7)
            :: else
            fi
        }
#endif
        clear(s);
        d_step {
            free[c] = free[c] | (s >> SHIFT(chunk[c]));
            s = 0
        }
#ifdef OBJECT
        d_step {
            if
            :: second_had_it ->
                object = CACHED;
                cached_by = c
            :: else
            fi
        }
#endif
    fi;
    leave(c);
    ended++
}

#ifndef OBJECT
proctype Finisher()
{
    byte s, b, o;
    bit pushes;

    do
    :: d_step {
           handed ->
           s = (handed & 1 -> 1 : (handed & 2 -> 2 : (handed & 4 -> 4 : 8)));
           handed = handed & ~s;
           b = (s > 2 -> 3 : 2)
       }
#ifndef MUTANT_RETURNED_FIRST
       clear(s);
#endif
       o = owner[b];
       d_step {
           pushes = (returned[b] == 0);
           returned[b] = returned[b] | (s >> SHIFT(b))
       }
       if
       :: pushes ->
           d_step {
               claim(owner_lives, exists[o] && chunk[o] == b);
               if
               :: o == 1 && adopted_first -> reach(4)
               :: else
               fi;
               returns[o] = b
           }
       :: else
       fi;
#ifdef MUTANT_RETURNED_FIRST
       clear(s);
#endif
       d_step {
           s = 0;
           b = 0;
           o = 0;
           pushes = 0
       }
    :: first_ended && handed == 0 -> break
    od;
    ended++
}

#endif

#ifndef OBJECT
/* Of the orphan, if there is one. */
inline reap()
{
    c = (orphan[2] -> 2 : 1);
#ifdef MUTANT_BOUND_REAPED
    if
    :: exists[c] && returns[c] ->
#else
    if
    :: orphan[c] && returns[c] ->
#endif
        collect(c);
        give_back(c);
        d_step {
#ifdef MUTANT_FREED_BY_RETURN
            if
            :: true ->
#else
            if
            :: chunk[c] == 0 ->
#endif
                reach(3);
                orphan[c] = 0;
                exists[c] = 0
            :: else
            fi
        }
    :: else
    fi;
    c = 0
}
#endif

inline trim()
{
    lock();
#ifndef OBJECT
    reap();
#endif
    contexts = 0;
#ifdef OBJECT
    d_step {
        if
        :: object == DEPOT ->
#ifdef MUTANT_SLAB_AT_ONCE
            object = UNMAPPED;
#else
            object = WITHDRAWN;
#endif
        :: else
        fi
    }
#endif
}

active proctype Trim()
{
    byte b, c, x, n;

    do
    :: n < TRIMS ->
        n++;
        trim()
    :: ended == OTHERS_END -> break
    od;
    trim();
    claim(nothing_lost, !orphan[1] && !orphan[2] && !exists[1] && !exists[2]);
    claim(nothing_lost, owner[2] == NONE && owner[3] == NONE && held == 0);
#ifdef OBJECT
    claim(nothing_lost, object == WITHDRAWN || object == UNMAPPED)
#endif
}

#define IS_OUT(i) (!(at[i] & 1) || section[i] != at[i])

/* What was withdrawn is unmapped after a grace period. */
active proctype Reclaim()
{
    byte gone, at[2];
    bit slab;

end:
    do
    :: d_step {
           withdrawn[2] || withdrawn[3] || object == WITHDRAWN ->
           gone = withdrawn[2] + 2 * withdrawn[3];
           slab = (object == WITHDRAWN);
           at[0] = section[0];
           at[1] = section[1]
       }
       IS_OUT(0) && IS_OUT(1);
       d_step {
           if
           :: gone & 1 ->
               mapped[2] = 0;
               withdrawn[2] = 0
           :: else
           fi;
           if
           :: gone & 2 ->
               mapped[3] = 0;
               withdrawn[3] = 0
           :: else
           fi;
           if
           :: slab ->
               object = UNMAPPED;
               if
               :: found_it -> reach(8)
               :: else
               fi
           :: else
           fi;
           gone = 0;
           slab = 0;
           at[0] = 0;
           at[1] = 0
       }
    od
}

#if !defined(OBJECT) && !defined(BOTH)
active proctype Scan()
{
    byte b;

    section[0]++;
    d_step {
        must = words;
        b = blocks;
        inside_block = b
    }
    do
    :: b == OTHERS -> break
    :: else ->
        claim(is_mapped, mapped[b]);
        saw = saw | (words & SLOT(b, 0));
        d_step {
            claim(is_mapped, mapped[b]);
            saw = saw | (words & SLOT(b, 1))
        }
        d_step {
            claim(is_mapped, mapped[b]);
            b = next[b];
            inside_block = b
        }
    od;
    claim(scan_finds, (must & ~saw) == 0);
    atomic {
        b = 0;
        must = 0;
        saw = 0;
        inside_block = 0;
        section[0]++
    }
    ended++
}

#endif

#ifdef OBJECT
/* It looks at what it has found for as long as it likes. */
active proctype Reader()
{
    section[1]++;
    if
    :: object == SHOWN ->
        found_it = 1;
        claim(is_mapped, object != UNMAPPED)
    :: true
    fi;
    section[1]++;
    ended++
}

#endif

init
{
    atomic {
        exists[1] = 1;
        bound[1] = 1;
        run First();
        run Second();
#ifndef OBJECT
        run Finisher();
#endif
#ifdef BOTH
        run Finisher()
#endif
    }
}
