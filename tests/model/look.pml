/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looks: views that are used again at once, and readers that copy and then validate (G1, G4).
 *
 *     owner                                        reader, inside the read lock
 *     1 session's pointer := another  (release)    a p := session's pointer          (acquire)
 *     2 p's life += 1                 (release)    b l := p's life                   (acquire)
 *       store-store barrier, in the thread that    c the pointer is p still, else from a (acquire)
 *       writes                                     d copy *p, and what it leads to
 *     3 write *p, and what it leads to             e p's life is l still, after each of the two
 *     4 session's pointer := p        (release)        copies, else from a
 *
 * A view is free as soon as 2 is done: for another session, or another owner (DEPOT: two owners
 * share the free views through an atomic stack; the code has several, and a view goes through one of
 * them at a time). GIVEBACK: a free view's memory is returned to the
 * system, after a grace period, and comes back with the life that every view begins with.
 *
 * A view is a number, the statement it leads to, and that statement's number. For the claims alone a
 * session's pointer also carries the number of what it shows: a look that succeeds must have copied
 * what this session showed at c, all of it, with its statement.
 *
 * @slow    tso-2-sessions  -DUPDATES=4
 * @variant tso-3-updates
 * @variant tso-2-reads     -DREADS=2 -DSESSIONS=1 -DUPDATES=4
 * @variant tso-2-readers   -DREADERS=2 -DSESSIONS=1
 * @variant tso-2-owners    -DOWNERS=2 -DSESSIONS=1 -DUPDATES=2 -DDEPOT
 * @variant tso-giveback    -DGIVEBACK
 * @variant pso-2-sessions  -DPSO
 * @slow    pso-2-readers   -DPSO -DREADERS=2 -DSESSIONS=1
 * @variant pso-2-owners    -DPSO -DOWNERS=2 -DSESSIONS=1 -DUPDATES=2 -DDEPOT
 * @variant pso-giveback    -DPSO -DGIVEBACK -DSESSIONS=1
 * @long tso-2-readers-5    -DREADERS=2 -DSESSIONS=1 -DUPDATES=5
 * @long pso-2-sessions-4   -DPSO -DUPDATES=4
 * @long pso-giveback-2     -DPSO -DGIVEBACK -DREADS=2
 * @reach 1 tso-3-updates   a look succeeds
 * @reach 2 tso-3-updates   c fails
 * @reach 3 tso-3-updates   e fails
 * @reach 4 tso-3-updates   a look succeeds on another publication of p than a saw
 * @reach 5 tso-2-owners    a view comes from the other owner
 * @reach 6 tso-3-updates   a view is written while a reader is between a and e of it
 * @reach 7 tso-3-updates   a view is replaced and its statement stays
 * @reach 8 tso-giveback    a view is used again after its memory was returned
 * @reach 9 tso-giveback    memory is not returned yet because of a reader
 * @turned NO_GRACE_PERIOD
 * @mutant NO_LIFE         tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant NO_LIFE         tso-2-owners   sees_whole|sees_own|statement_is_its
 * @mutant LIFE_LATE       tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant LIFE_EARLY      tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant COPY_LIFE       tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant NO_C            tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant NO_C            tso-2-owners   sees_whole|sees_own|statement_is_its
 * @mutant C_BEFORE_B      tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant NO_E            tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant E_BEFORE_D      tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant NO_SECOND_E     tso-3-updates  statement_is_its
 * @mutant STATEMENT_FIRST tso-3-updates  statement_is_its
 * @mutant POINTER_FOR_E   tso-3-updates  sees_whole|sees_own|statement_is_its
 * @mutant NO_GRACE_PERIOD tso-giveback   sees_whole|sees_own|statement_is_its
 * @mutant RELAXED_LIFE    pso-2-sessions sees_whole|sees_own|statement_is_its
 * @mutant NO_WRITE_FENCE  pso-2-sessions sees_whole|sees_own|statement_is_its
 * @mutant RELAXED_PUBLISH pso-2-sessions sees_whole|sees_own|statement_is_its
 */

#ifndef OWNERS
#define OWNERS 1
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef SESSIONS
#define SESSIONS 2
#endif
#ifndef UPDATES
#define UPDATES 3
#endif
#ifndef READS
#define READS 1
#endif
#define VIEWS 2

/* The words: session pointers; of each view life, number, statement; of each statement its text. */
#define NSESSIONS (OWNERS * SESSIONS)
#define PTR(s) (s)
#define LIFE(v) (NSESSIONS + ((v) - 1) * 3)
#define NUMBER(v) (LIFE(v) + 1)
#define LEADS(v) (LIFE(v) + 2)
#define TEXT(t) (NSESSIONS + VIEWS * 3 + (t) - 1)
#define NLOC (NSESSIONS + VIEWS * 4)
#define NTHREADS OWNERS
#define DEPTH 24

/* What a pointer holds: the view, 0 for the one at rest, and for the claims what it shows. */
#define POINT(v, n) ((v) | (n) << 2)
#define VIEW_OF(p) ((p) & 3)
#define SHOWS(p) ((p) >> 2)

#define MOST_NUMBERS 24

#include "storebuf.pmh"

hidden byte sees_whole;
hidden byte sees_own;
hidden byte statement_is_its;

bit free_view[VIEWS + 1];
bit free_text[VIEWS + 1];
bit last_by[VIEWS + 1];      /* who used it last */
bit looking_at[VIEWS + 1];   /* a reader is between a and e of it */
byte leads_of[MOST_NUMBERS]; /* by number: to which statement a view leads */
byte text_of[MOST_NUMBERS];  /* by number: what that statement says */
byte life[VIEWS + 1];        /* the owners' own knowledge of what they stored last */
#ifdef GIVEBACK
bit locked[READERS];
bit returning[VIEWS + 1];
byte waits_for[VIEWS + 1];
#endif

/* A free object changes hands over a happens-before edge. */
#ifdef DEPOT
#define may_pass(o) drained(o)
#else
#define may_pass(o) true
#endif

inline publish(o, s, x)
{
#ifdef MUTANT_RELAXED_PUBLISH
    store_relaxed(o, PTR(s), x)
#else
    store_release(o, PTR(s), x)
#endif
}

/* 2 */
inline end_life(o, v)
{
    d_step {
        life[v] = life[v] + 1;
#ifdef MUTANT_RELAXED_LIFE
        store_relaxed(o, LIFE(v), life[v])
#else
        store_release(o, LIFE(v), life[v])
#endif
    }
}

inline end_life_in_time(o, v)
{
#if !defined(MUTANT_NO_LIFE) && !defined(MUTANT_LIFE_LATE) && !defined(MUTANT_LIFE_EARLY)
    end_life(o, v);
#else
    skip;
#endif
}

inline take_view(o, v)
{
    atomic {
        may_pass(o);
        if
        :: free_view[1] -> v = 1
        :: free_view[2] -> v = 2
        fi;
        free_view[v] = 0;
#if OWNERS > 1
        if
        :: last_by[v] != o -> reach(5)
        :: else
        fi;
        last_by[v] = o
#endif
    }
}

inline take_text(o, t)
{
    atomic {
        may_pass(o);
        if
        :: free_text[1] -> t = 1
        :: free_text[2] -> t = 2
        fi;
        free_text[t] = 0
    }
}

/* 3: the view says n and leads to t; `m`, unless 0, is what t says from now on. */
inline fill(o, v, n, t, m, from)
{
    if
    :: looking_at[v] -> reach(6)
    :: else
    fi;
#ifndef MUTANT_NO_WRITE_FENCE
    store_fence(o);
#endif
    if
    :: m != 0 -> store_relaxed(o, TEXT(t), m)
    :: else
    fi;
    store_relaxed(o, NUMBER(v), n);
    store_relaxed(o, LEADS(v), t);
#ifdef MUTANT_COPY_LIFE
    /* The view is assigned as a whole from the one that it replaces. */
    if
    :: from != 0 ->
        life[v] = life[from];
        store_relaxed(o, LIFE(v), life[v])
    :: else
    fi;
#endif
#ifdef MUTANT_LIFE_LATE
    end_life(o, v);
#endif
}

proctype Owner(byte o)
{
    byte n, s, v, t, x;
    byte shown[SESSIONS];
    byte text[SESSIONS];
    byte said[SESSIONS];

    do
    :: n < UPDATES ->
        n++;
        x = n * OWNERS + o;
#if SESSIONS > 1
        if
        :: s = 0
        :: s = 1
        fi;
#endif
        if
        :: shown[s] == 0 && (free_view[1] || free_view[2]) && (free_text[1] || free_text[2]) ->
            take_view(o, v);
            take_text(o, t);
            d_step {
                text[s] = t;
                said[s] = x;
                text_of[x] = x;
                leads_of[x] = t
            }
            fill(o, v, x, t, x, 0);
            publish(o, (o * SESSIONS + s), POINT(v, x)); /* 4 */
            shown[s] = v
        :: shown[s] != 0 ->
#ifdef MUTANT_LIFE_EARLY
            end_life(o, shown[s]);
#endif
            publish(o, (o * SESSIONS + s), POINT(0, 0)); /* 1 */
#ifdef MUTANT_STATEMENT_FIRST
            /* Its statement is given away, and written by another, before the life is over. */
            store_fence(o);
            store_relaxed(o, TEXT(text[s]), MOST_NUMBERS - 1);
#endif
            end_life_in_time(o, shown[s]);
            atomic {
                may_pass(o);
                free_view[shown[s]] = 1;
                free_text[text[s]] = 1;
                shown[s] = 0;
                text[s] = 0;
                said[s] = 0
            }
        :: shown[s] != 0 && (free_view[1] || free_view[2]) ->
            /* Another view with the same statement. */
            reach(7);
            take_view(o, v);
            d_step {
                text_of[x] = said[s];
                leads_of[x] = text[s]
            }
            fill(o, v, x, text[s], 0, shown[s]);
            publish(o, (o * SESSIONS + s), POINT(v, x)); /* 4, and 1 of the other */
            end_life_in_time(o, shown[s]);
            atomic {
                may_pass(o);
                free_view[shown[s]] = 1;
                shown[s] = v
            }
        :: else
        fi;
        d_step {
            v = 0;
            t = 0;
            x = 0;
            s = 0
        }
    :: else -> break
    od
}

#ifdef GIVEBACK
/* Returns the memory of one free view and gets it back. */
proctype System()
{
    byte v;

    atomic {
        drained(0);
        if
        :: free_view[1] -> v = 1
        :: free_view[2] -> v = 2
        :: true
        fi;
        if
        :: v != 0 ->
            free_view[v] = 0;
#ifndef MUTANT_NO_GRACE_PERIOD
            waits_for[v] = locked[0];
#endif
            returning[v] = 1;
            if
            :: waits_for[v] -> reach(9)
            :: else
            fi
        :: else
        fi
    }
    if
    :: v != 0 ->
        atomic {
            waits_for[v] == 0 && drained(0);
            mem[LIFE(v)] = 0;
            mem[NUMBER(v)] = 0;
            mem[LEADS(v)] = 0;
            life[v] = 0;
            free_view[v] = 1
        }
    :: else
    fi
}
#endif

inline enter(r)
{
#ifdef GIVEBACK
    locked[r] = 1;
#else
    skip;
#endif
}

inline leave(r)
{
#ifdef GIVEBACK
    d_step {
        locked[r] = 0;
        waits_for[1] = 0;
        waits_for[2] = 0
    }
#else
    skip
#endif
}

/* b and c, or what a mutant does in their place. */
inline begin_look()
{
#ifdef MUTANT_C_BEFORE_B
    q = mem[PTR(s)];
    l = mem[LIFE(VIEW_OF(p))];
#else
    l = mem[LIFE(VIEW_OF(p))]; /* b */
#ifdef MUTANT_NO_C
    q = p;
#else
    q = mem[PTR(s)]; /* c */
#endif
#endif
}

inline validate()
{
#if defined(MUTANT_E_BEFORE_D)
    skip;
#elif defined(MUTANT_NO_E)
    ok = 1;
#elif defined(MUTANT_POINTER_FOR_E)
    ok = (VIEW_OF(mem[PTR(s)]) == VIEW_OF(p));
#else
    ok = (mem[LIFE(VIEW_OF(p))] == l); /* e */
#endif
}

proctype Reader(byte r)
{
    byte n, s, p, q, l, a, t, m;
    bit ok;

    do
    :: n < READS ->
        n++;
        enter(r);
#if NSESSIONS > 1
        if
        :: s = 0
        :: s = 1
        fi;
#endif
        p = mem[PTR(s)]; /* a */
        if
        :: VIEW_OF(p) == 0
        :: else ->
            looking_at[VIEW_OF(p)] = 1;
            begin_look();
            if
            :: VIEW_OF(q) != VIEW_OF(p) -> reach(2)
            :: else ->
#ifdef MUTANT_E_BEFORE_D
                ok = (mem[LIFE(VIEW_OF(p))] == l);
#endif
                a = mem[NUMBER(VIEW_OF(p))]; /* d */
                t = mem[LEADS(VIEW_OF(p))];
                validate();
                if
                :: ok ->
                    d_step {
                        claim(sees_own, a == SHOWS(q));
                        claim(sees_whole, t == leads_of[a]);
                        m = text_of[a];
                        if
                        :: p != q -> reach(4)
                        :: else
                        fi;
                        if
#ifdef GIVEBACK
                        :: returning[VIEW_OF(p)] -> reach(8)
#endif
                        :: else
                        fi
                    }
                    a = mem[TEXT(t)];
#ifndef MUTANT_NO_SECOND_E
                    ok = (mem[LIFE(VIEW_OF(p))] == l);
#endif
                    d_step {
                        if
                        :: ok ->
                            claim(statement_is_its, a == m);
                            reach(1)
                        :: else
                        fi
                    }
                :: else -> reach(3)
                fi
            fi;
            looking_at[VIEW_OF(p)] = 0
        fi;
        d_step {
            s = 0;
            p = 0;
            q = 0;
            l = 0;
            a = 0;
            t = 0;
            m = 0;
            ok = 0
        }
        leave(r)
    :: else -> break
    od
}

init
{
    atomic {
        free_view[1] = 1;
        free_view[2] = 1;
        free_text[1] = 1;
        free_text[2] = 1;
        run Owner(0);
#if OWNERS > 1
        run Owner(1);
#endif
        run Reader(0);
#if READERS > 1
        run Reader(1);
#endif
#ifdef GIVEBACK
        run System();
#endif
    }
}
