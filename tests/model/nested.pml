/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Nested statements beside kills of each (G5), where loads and stores are reordered and membarrier
 * is an interrupt (src/core/owner/nested.c, src/core/operate/kill.c; kill.pml has the rest):
 *
 *     killer                                      owner, suspends or ends statement q
 *     1 look: statement q runs                    + changing := 1
 *     * changing? then nothing is done            A publish the view of another one   (release)
 *     2 word := q            (cmpxchg)            B compiler barrier
 *     3 membarrier                                C load word
 *     4 look again: q still: delivered            D names q: set its ack bit          (cmpxchg)
 *     5 else word := none    (cmpxchg): gone,     - changing := 0                     (release)
 *       or acked: delivered
 *
 * The owner begins up to STMTS statements, each alone or inside the last one that is open, and ends
 * that one or a suspended one. Before it suspends a statement it asks whether that was killed, and
 * again at D; if so, the new one does not begin: q is shown again, and the number of the new one is
 * spent, because lists may have shown it. A statement that is alone is ended without the mark. Killers
 * take turns, so one process kills KILLS times what it finds shown. The store marked - need be no
 * release here, because the owner has the word by then.
 *
 * @variant window
 * @variant fences -DFENCES
 * @slow window-4 -DSTMTS=4 -DKILLS=2
 * @reach 1 window a kill is seen at the suspension of its statement, by the one that is shown then
 * @reach 2 window a kill is seen at the end of a nested statement
 * @reach 3 window a kill is seen at the end of the outermost statement
 * @reach 4 window a killer finds the mark
 * @reach 5 window a kill is taken back while another statement is shown
 * @reach 6 window a kill that looked late turns out to be acked
 * @reach 7 window a statement did not begin and another one begins in its place
 * @reach 8 window a killer has seen a statement that does not begin
 * @reach 9 window a suspended statement ends
 * @mutant NO_BARRIER       window delivered_seen
 * @mutant NO_INTERRUPT     window delivered_seen
 * @mutant NO_FENCE         fences delivered_seen
 * @mutant PUSH_UNMARKED    window delivered_seen
 * @mutant POP_UNMARKED     window delivered_seen
 * @mutant MARKED_LATE      window delivered_seen
 * @mutant UNMARKED_EARLY   window delivered_seen
 * @mutant MARK_READ_FIRST  window delivered_seen
 * @mutant SUSPENDED_UNASKED window delivered_seen
 * @mutant NUMBER_AGAIN     window aimed|undelivered_unseen|delivered_seen
 * @mutant NOT_TAKEN_BACK   window undelivered_unseen
 */

#ifndef STMTS
#define STMTS 3
#endif
#ifndef KILLS
#define KILLS 2
#endif

#define NTHREADS 2
#define OWNER 0
#define KILLER 1
#define NLOC 3
#define VIEW 0
#define CHANGING 1
#define WORD 2
#define NREG 2
#define WINDOW 5
#define LOADED(t, l, v) skip

#include "claims.pmh"
#include "window.pmh"

hidden byte aimed;
hidden byte delivered_seen;
hidden byte undelivered_unseen;
hidden byte already_stands;

/* The word: the number of a statement, which kill it is, and whether the owner has seen it. */
#define SEQ(w) ((w) & 7)
#define REASON(w) (((w) >> 3) & 3)
#define ACK 32
#define MAKE(seq, k) ((seq) | ((k) << 3))
#define NAMES(w, q) (REASON(w) != 0 && SEQ(w) == number[q])

mtype = { NOTHING, STALE, ALREADY, DELIVERED };

/* Of each statement, by the order in which they are begun or not begun: its number. */
byte number[STMTS + 1];
byte last; /* number */
bit refused[STMTS + 1];
/* Of each kill. */
bit seen[KILLS + 1];
byte aim[KILLS + 1];
byte answer[KILLS + 1];
byte ended;

#define store_relaxed(t, l, v) issue(t, STORE, l, v)

/* A window is not endless. */
#define room() win[OWNER].used <= 1

/* D: of statement q. */
inline acknowledge(q, point)
{
    atomic {
        fence(OWNER);
        d_step {
            if
            :: NAMES(mem[WORD], q) && !(mem[WORD] & ACK) ->
                claim(aimed, aim[REASON(mem[WORD])] == q);
                seen[REASON(mem[WORD])] = 1;
                mem[WORD] = mem[WORD] | ACK;
                if
                :: point == 1 -> reach(1)
                :: point == 2 -> reach(2)
                :: point == 3 -> reach(3)
                :: point == 4
                fi
            :: else
            fi
        }
    }
}

/* C and D; killed says whether the word names it. */
inline ask(q, point)
{
    load_relaxed(OWNER, WORD, 0);
    known(OWNER);
    killed = 0;
    if
    :: NAMES(REG(OWNER, 0), q) ->
        acknowledge(q, point);
        killed = NAMES(mem[WORD], q)
    :: else
    fi;
    REG(OWNER, 0) = 0
}

/* B */
inline own_fence()
{
#if defined(FENCES) && !defined(MUTANT_NO_FENCE)
    fence(OWNER)
#else
    skip
#endif
}

inline mark(left_out)
{
    room();
#if !defined(MUTANT_MARKED_LATE)
    if
    :: !(left_out) -> store_relaxed(OWNER, CHANGING, 1)
    :: else
    fi
#else
    skip
#endif
}

inline marked_late()
{
#ifdef MUTANT_MARKED_LATE
    store_value(OWNER, CHANGING, 1)
#else
    skip
#endif
}

inline unmark()
{
#ifdef MUTANT_UNMARKED_EARLY
    skip
#else
    store_value(OWNER, CHANGING, 0)
#endif
}

inline unmark_early()
{
#ifdef MUTANT_UNMARKED_EARLY
    room();
    store_value(OWNER, CHANGING, 0)
#else
    skip
#endif
}

#ifdef MUTANT_PUSH_UNMARKED
#define PUSH_UNMARKED 1
#else
#define PUSH_UNMARKED 0
#endif
#ifdef MUTANT_POP_UNMARKED
#define POP_UNMARKED 1
#else
#define POP_UNMARKED 0
#endif

inline new_number()
{
    d_step {
        begun++;
        number[begun] = last + 1;
        if
        :: begun > 1 && refused[begun - 1] -> reach(7)
        :: else
        fi
    }
}

inline begin()
{
    new_number();
    room();
    d_step {
        last++;
        shown = begun
    }
    store_value(OWNER, VIEW, shown)
}

inline push()
{
    room();
    ask(shown, 4);
    if
    :: killed -> killed = 0
    :: else ->
        new_number();
        mark(PUSH_UNMARKED);
        store_value(OWNER, VIEW, begun); /* A */
        marked_late();
        unmark_early();
        own_fence();
#ifndef MUTANT_SUSPENDED_UNASKED
        ask(shown, 1);
#endif
        if
        :: killed ->
            d_step {
                killed = 0;
                refused[begun] = 1;
#ifndef MUTANT_NUMBER_AGAIN
                last++
#endif
            }
            store_value(OWNER, VIEW, shown);
            unmark()
        :: else ->
            unmark();
            d_step {
                last++;
                suspended[depth] = shown;
                depth++;
                shown = begun
            }
        fi
    fi
}

inline pop()
{
    d_step {
        depth--;
        q = shown;
        shown = suspended[depth];
        suspended[depth] = 0
    }
    mark(POP_UNMARKED);
    store_value(OWNER, VIEW, shown);
    marked_late();
    unmark_early();
    own_fence();
    ask(q, 2);
    unmark();
    d_step {
        killed = 0;
        q = 0
    }
}

inline end()
{
    d_step {
        q = shown;
        shown = 0
    }
    room();
    store_value(OWNER, VIEW, 0);
    own_fence();
    ask(q, 3);
    d_step {
        killed = 0;
        q = 0
    }
}

inline end_suspended()
{
    d_step {
        suspended[0] = suspended[1];
        suspended[1] = 0;
        depth--;
        reach(9)
    }
}

inline check_all()
{
    ended++;
    if
    :: ended == 2 ->
        k = 1;
        do
        :: k <= KILLS ->
            claim(delivered_seen, answer[k] != DELIVERED || seen[k]);
            claim(undelivered_unseen, answer[k] == DELIVERED || !seen[k]);
            claim(already_stands,
                  answer[k] != ALREADY || (k > 1 && aim[k - 1] == aim[k] && seen[k - 1]));
            k++
        :: else -> break
        od;
        k = 0
    :: else
    fi
}

proctype Owner()
{
    byte begun, shown, q, depth, k;
    byte suspended[2];
    bit killed;

    do
    :: shown == 0 && begun < STMTS -> begin()
    :: shown && begun < STMTS && depth < 2 -> push()
    :: shown && depth > 0 -> pop()
    :: shown && depth > 0 -> end_suspended()
    :: shown && depth == 0 -> end()
    :: shown == 0 && begun == STMTS -> break
    od;
    atomic {
        check_all()
    }
}

inline take_back()
{
    atomic {
        fence(KILLER);
        d_step {
            if
            :: mem[WORD] & ACK ->
                reach(6);
                answer[k] = DELIVERED
            :: else ->
                if
                :: REG(KILLER, 0) -> reach(5)
                :: else
                fi;
#ifndef MUTANT_NOT_TAKEN_BACK
                mem[WORD] = 0;
#endif
                answer[k] = STALE
            fi
        }
    }
}

/* 1 */
inline find()
{
#ifdef MUTANT_MARK_READ_FIRST
    load_acquire(KILLER, CHANGING, 1);
    load_acquire(KILLER, VIEW, 0);
#else
    load_acquire(KILLER, VIEW, 0);
    load_acquire(KILLER, CHANGING, 1);
#endif
    known(KILLER);
    d_step {
        aim[k] = REG(KILLER, 0);
        if
        :: aim[k] == 0 -> answer[k] = NOTHING
        :: aim[k] && REG(KILLER, 1) ->
            reach(4);
            answer[k] = NOTHING
        :: else ->
            if
            :: refused[aim[k]] -> reach(8)
            :: else
            fi
        fi;
        REG(KILLER, 0) = 0;
        REG(KILLER, 1) = 0
    }
}

proctype Killer()
{
    byte k, n;
    bit stands;

    do
    :: n < KILLS ->
        n++;
        k = n;
        find();
        if
        :: answer[k]
        :: else ->
            atomic { /* 2 */
                fence(KILLER);
                d_step {
                    stands = NAMES(mem[WORD], aim[k]);
                    if
                    :: stands
                    :: else -> mem[WORD] = MAKE(number[aim[k]], k)
                    fi
                }
            }
#if defined(MUTANT_NO_INTERRUPT)
            fence(KILLER);
#elif !defined(MUTANT_NO_BARRIER)
            fence(KILLER);
#ifndef FENCES
            fence(OWNER);
#endif
#endif
            load_acquire(KILLER, VIEW, 0); /* 4 */
            known(KILLER);
            if
            :: REG(KILLER, 0) && number[REG(KILLER, 0)] == number[aim[k]] ->
                answer[k] = (stands -> ALREADY : DELIVERED)
            :: else ->
                if
                :: stands -> answer[k] = STALE
                :: else -> take_back()
                fi
            fi;
            d_step {
                REG(KILLER, 0) = 0;
                stands = 0
            }
        fi
    :: else -> break
    od;
    atomic {
        k = 0;
        check_all()
    }
}

init
{
    atomic {
        run Owner();
        run Killer()
    }
}
