/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Hints (G4): one session opens, closes, and its record is used again with another id, while an
 * array of hints is replaced by another one and a reader looks the first id up.
 *
 *   open        bit := 1 (RMW); add to next, if there is one, and to current
 *   close       inside a section: 1 bit := 0 (RMW), a full fence
 *                                 2 n := next; remove from it; remove from current
 *                                 3 delete it from the table (RMW)
 *               4 a grace period, and when no keeper is left the record is used again: bit := 1
 *   replace     a next := B (release)
 *               b as a keeper: if the bit is 1 add to B (release), fence, and if it is 0 remove it
 *               c current := B (release), next := none (release)
 *               d a grace period, then A is freed
 *   look up     inside a section: c := current; hint := c's (acquire)
 *
 * One place in each array stands for those of the session: what others write there only removes
 * hints. A hint is found only where it is; that its id is compared as well is not relied on,
 * because the record may be unmapped.
 *
 * @variant tso
 * @variant pso           -DPSO
 * @reach 1 tso           what was added to B is removed again by who added it
 * @reach 2 tso           it is removed from B before B is the current one
 * @reach 3 tso           a reader finds the session by B
 * @reach 4 tso           a reader finds the session after its bit is 0
 * @reach 5 tso           a grace period waits for a reader that has A
 * @reach 6 tso           the next session with the id is open, and a reader finds nothing
 * @mutant NO_FENCE        tso gone_is_not_found|is_of_the_id
 * @mutant NO_FENCE_B      tso gone_is_not_found|is_of_the_id
 * @mutant UNCHECKED       tso gone_is_not_found|is_of_the_id
 * @mutant CURRENT_FIRST   tso gone_is_not_found|is_of_the_id
 * @mutant ONLY_CURRENT    tso gone_is_not_found|is_of_the_id
 * @mutant FILLED_LATE     tso gone_is_not_found|is_of_the_id
 * @mutant NONE_FIRST      tso gone_is_not_found|is_of_the_id
 * @mutant NO_KEEPER       tso gone_is_not_found
 * @mutant RETIRED_EARLY   tso gone_is_not_found
 * @mutant ID_FIRST        tso is_of_the_id
 * @mutant NO_GRACE_PERIOD tso array_is_there
 */

#define NTHREADS 2
#define OWNER 0
#define REPLACER 1
#define BIT 0
#define NEXT 1
#define CURRENT 2
#define HINT(array) (3 + (array))
#define A 0
#define B 1
#define NLOC 5
#define DEPTH 8

#include "storebuf.pmh"

hidden byte gone_is_not_found;
hidden byte is_of_the_id;
hidden byte array_is_there;

bit in_use_again;      /* the record, with another id */
bit other_open;        /* the next session with the id */
bit freed;             /* A */
bit keeper;
bit owner_inside;
bit reader_inside;
bit owner_waits;       /* for the reader, who was inside when the grace period began */
bit replacer_waits;    /* likewise */
bit replacer_waits_2;  /* the same for the owner */

#define rmw(t, l, v) atomic { drained(t) -> mem[l] = (v) }

inline add(t, array)
{
    load(t, HINT(array), h);
    if
    :: h == 0 -> store_release(t, HINT(array), 1)
    :: else
    fi
}

inline remove(t, array)
{
    load(t, HINT(array), h);
    if
    :: h == 1 -> store_relaxed(t, HINT(array), 0)
    :: else
    fi
}

inline enter()
{
    owner_inside = 1
}

inline leave()
{
    atomic {
        owner_inside = 0;
        replacer_waits_2 = 0
    }
}

inline delete_it()
{
    atomic {
        drained(OWNER) -> other_open = 1
    }
}

inline remove_from_current()
{
#ifndef MUTANT_CURRENT_FIRST
    load(OWNER, CURRENT, c);
#endif
    claim(array_is_there, c == B || !freed);
    remove(OWNER, c)
}

inline wait_and_use_again()
{
    atomic {
        drained(OWNER) -> owner_waits = reader_inside
    }
    atomic {
#ifdef MUTANT_NO_KEEPER
        !owner_waits ->
#else
        !owner_waits && !keeper ->
#endif
        in_use_again = 1;
        mem[BIT] = 1
    }
}

active proctype Owner()
{
    byte n, c, h;

    enter();
    rmw(OWNER, BIT, 1);
    load(OWNER, NEXT, n);
    if
    :: n -> add(OWNER, B)
    :: else
    fi;
    load(OWNER, CURRENT, c);
    add(OWNER, c);
    leave();

    enter();
#ifdef MUTANT_CURRENT_FIRST
    load(OWNER, CURRENT, c);
#endif
#ifdef MUTANT_NO_FENCE
    store_release(OWNER, BIT, 0);
#else
    rmw(OWNER, BIT, 0);
#endif
#ifdef MUTANT_ID_FIRST
    delete_it();
#endif
    load(OWNER, NEXT, n);
    if
    :: n ->
#ifndef MUTANT_ONLY_CURRENT
        remove(OWNER, B);
        if
        :: h == 1 && mem[CURRENT] == A -> reach(2)
        :: else
        fi
#endif
        skip
    :: else
    fi;
#ifdef MUTANT_RETIRED_EARLY
    wait_and_use_again();
#endif
    remove_from_current();
#ifndef MUTANT_ID_FIRST
    delete_it();
#endif
    leave();
#ifndef MUTANT_RETIRED_EARLY
    wait_and_use_again()
#endif
}

inline fill()
{
    keeper = 1;
    load(REPLACER, BIT, is);
    /* A walk after the record is in use again finds the other session. */
    if
    :: is && !in_use_again ->
        add(REPLACER, B);
#ifndef MUTANT_NO_FENCE_B
        fence(REPLACER);
#endif
#ifndef MUTANT_UNCHECKED
        load(REPLACER, BIT, is);
        if
        :: !is ->
            remove(REPLACER, B);
            if
            :: h == 1 -> reach(1)
            :: else
            fi
        :: else
        fi
#endif
        skip
    :: else
    fi;
    fence(REPLACER); /* the lock of keepers */
    keeper = 0
}

active proctype Replacer()
{
    byte is, h;

    store_release(REPLACER, NEXT, 1);
#ifndef MUTANT_FILLED_LATE
    fill();
#endif
#ifdef MUTANT_NONE_FIRST
    store_release(REPLACER, NEXT, 0);
    store_release(REPLACER, CURRENT, B);
#else
    store_release(REPLACER, CURRENT, B);
    store_release(REPLACER, NEXT, 0);
#endif
#ifdef MUTANT_FILLED_LATE
    fill();
#endif
#ifndef MUTANT_NO_GRACE_PERIOD
    atomic {
        drained(REPLACER) ->
        replacer_waits = reader_inside;
        replacer_waits_2 = owner_inside;
        if
        :: reader_inside -> reach(5)
        :: else
        fi
    }
    !replacer_waits && !replacer_waits_2;
#endif
    freed = 1
}

active proctype Reader()
{
    byte c, h, n;
    bit other;

    do
    :: n < 2 ->
        n++;
        reader_inside = 1;
        other = other_open;
        c = mem[CURRENT];
        claim(array_is_there, c == B || !freed);
        h = mem[HINT(c)];
        if
        :: h == 1 ->
            claim(gone_is_not_found, !in_use_again);
            claim(is_of_the_id, !other);
            if
            :: c == B -> reach(3)
            :: else
            fi;
            if
            :: !mem[BIT] -> reach(4)
            :: else
            fi;
            claim(gone_is_not_found, !in_use_again) /* as long as it looks */
        :: else ->
            if
            :: other -> reach(6)
            :: else
            fi
        fi;
        atomic {
            reader_inside = 0;
            owner_waits = 0;
            replacer_waits = 0;
            c = 0;
            h = 0;
            other = 0
        }
    :: else -> break
    od
}
