/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The statement that ended last in the open transaction, of sessions with
 * ROSTER_SESSION_LAST_STATEMENT: the object itself is kept, so that its end copies and allocates
 * nothing (G7). It is given back when another one replaces it, or when the transaction ends.
 *
 *     owner, at the end of a statement            reader, after a look: idle in a transaction
 *     1 last := statement            (release)    a l := life                        (acquire)
 *     2 life += 1                    (release)    b p := last                        (acquire)
 *     3 publish the view without it  (release)    c copy *p
 *     4 give back what was kept before            d life is l still, and the look still valid
 *
 * As in look.h: a thread that takes the object that 4 gives back executes a store-store barrier
 * before it writes, so d detects any such write that c has copied. At the end of the transaction 1
 * stores NULL after the view without it was published: a look at the next transaction finds NULL or
 * its own. A look that is still valid after b is of the same transaction as p.
 */
#pragma once

#include "core/base/rcu.h"

struct rst_statement;

struct rst_last {
    struct rst_statement *statement;
    rst_word life;
};
