/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Ids that come back (G5): a kill that was aimed at a statement of an id's last bearer never hits a
 * statement of the next one, because no two statements of an id have the same number. kill.pml has
 * what happens between a killer and one bearer.
 *
 *   closing   1 last_seq := max(last_seq, the number of its last statement)    (cmpxchg, if higher)
 *             2 take the id out of the table
 *   opening   3 put the id into the table, which fails while it is there
 *             4 number := last_seq
 *   statement number++, and it runs
 *   killer    looks at the statement that runs; later kills that number, if it runs
 *
 * last_seq is one word for all ids. 1 stores nothing when another session has raised it already. The
 * table's operations are full barriers and nothing else is stored here, so no store buffer is ever
 * in use; what they would add to the kill itself is in kill.pml.
 *
 * @variant all
 * @long all-3-opens     -DOPENS=3
 * @long all-2-stmts     -DSTMTS=2
 * @reach 1 all the id has come back
 * @reach 2 all a number was kept already by another id
 * @reach 3 all another one raised it first
 * @reach 4 all a kill hits what it was aimed at
 * @reach 5 all a kill finds another statement of the id
 * @mutant RESTART          all number_once|aimed
 * @mutant FREED_FIRST      all number_once|aimed
 * @mutant LOADED_FIRST     all number_once|aimed
 * @mutant KEPT_BY_STORE    all number_once|aimed
 */

#include "claims.pmh"

#ifndef OPENS
#define OPENS 2
#endif
#ifndef STMTS
#define STMTS 1
#endif
#define IDS 2
#define MOST 16

hidden byte number_once;
hidden byte aimed;

byte bearer[IDS]; /* the table: who has the id; 0: nobody */
byte last_seq;
bit used[MOST]; /* by the first id */
byte runs[4];   /* by bearer: the number of the statement that runs */
byte aim_of;    /* the bearer whose statement the killer has seen, while that runs */

inline keep()
{
    last = last_seq;
    do
    :: last < seq ->
#ifdef MUTANT_KEPT_BY_STORE
        last_seq = seq;
        break
#else
        atomic {
            if
            :: last_seq == last ->
                last_seq = seq;
                break
            :: else ->
                reach(3);
                last = last_seq
            fi
        }
#endif
    :: else ->
        if
        :: last > seq -> reach(2)
        :: else
        fi;
        break
    od;
    last = 0
}

/* Two for the first id, one for the second. */
active [3] proctype Bearer()
{
    byte id, opens, n, seq, last;

    id = _pid / 2;
    do
    :: opens < OPENS ->
        opens++;
#ifdef MUTANT_LOADED_FIRST
        seq = last_seq;
#endif
        atomic {
            bearer[id] == 0 -> bearer[id] = _pid + 1
        }
#if !defined(MUTANT_LOADED_FIRST) && !defined(MUTANT_RESTART)
        seq = last_seq;
#endif
        do
        :: n < STMTS ->
            n++;
            d_step {
                seq++;
                if
                :: id == 0 && seq > n -> reach(1)
                :: else
                fi;
                if
                :: id == 0 ->
                    claim(number_once, used[seq] == 0);
                    used[seq] = 1;
                    runs[_pid + 1] = seq
                :: else
                fi
            };
            d_step {
                runs[_pid + 1] = 0;
                if
                :: aim_of == _pid + 1 -> aim_of = 0
                :: else
                fi
            }
        :: break
        od;
        n = 0;
#ifdef MUTANT_FREED_FIRST
        bearer[id] = 0;
        keep();
#else
        keep();
        bearer[id] = 0;
#endif
        seq = 0
    :: else -> break
    od
}

/* Of the first id's statements. */
active proctype Killer()
{
    byte seq;

    if
    :: atomic {
           bearer[0] != 0 && runs[bearer[0]] != 0 ->
           seq = runs[bearer[0]];
           aim_of = bearer[0]
       };
       d_step {
           if
           :: bearer[0] != 0 && runs[bearer[0]] == seq ->
               reach(4);
               claim(aimed, aim_of == bearer[0])
           :: bearer[0] != 0 && runs[bearer[0]] != seq && runs[bearer[0]] != 0 -> reach(5)
           :: else
           fi
       }
    :: true
    fi
}
