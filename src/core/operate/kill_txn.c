/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kill of a transaction (G5).
 *
 *     killer, under kill_lock                     owner
 *     0 look: transaction t is open               A finish t: publish a view without it  (release)
 *     1 word := mark             (cmpxchg)        B compiler barrier
 *     2 membarrier                                C begin the next one: load word
 *     3 look again                                D mark or reason: remove them          (cmpxchg)
 *     4 mark := reason           (cmpxchg)
 *     5 look once more                            E check inside t: reason, set its ack  (cmpxchg)
 *
 * The word does not name the transaction, so begin and finish need not count. Begin tests the word
 * anyway, for one more bit; finish does not read it. The mark makes this correct. If 3 still sees
 * t, then A comes after 2 in the owner's thread, and so does C of every later transaction, which
 * sees 1 and removes it. So 4, which requires the mark, fails once another transaction has begun;
 * and the reason that 4 has installed is removed before the next transaction is shown. A reason
 * that an owner finds inside a transaction is for that one.
 *
 * If 5 still sees t, the kill stands while t is open: delivered. The owner sees it at any check
 * before it finishes t. If t has ended, the killer takes the reason back, and the compare-and-swaps
 * on one word decide: either the ack is set (delivered), or no thread will ever see the reason
 * (-ESTALE). D keeps the ack, which would otherwise be lost if the owner has begun another
 * transaction before 5; the next 1 removes it.
 *
 * If the kernel refuses 2, the mark is taken back and nothing is changed: the result is never
 * "unknown".
 */
#include "core/operate/kill.h"

#include "core/roster/session.h"
#include "core/roster/txn_seq.h"

#include <errno.h>

/* Whether this is what the killer means: 0, or -errno. */
static int is_aimed(const struct rst_killing *killing, const struct rst_open_txn *open)
{
    if (!open->seq)
        return -ENOENT;
    if ((killing->start_ts && killing->start_ts != open->start_ts) ||
        (killing->seq && killing->seq != open->seq))
        return -ESTALE;
    return 0;
}

/* Why the word refuses a kill: 0, or -errno. */
static int refuses(uint64_t word)
{
    if (word & RST_KILL_CLOSED)
        return -ESRCH;
    return rst_kill_conn_reason(word) || rst_kill_txn_reason(word) ? -EALREADY : 0;
}

/* 1 */
static int mark(struct roster_session *session)
{
    uint64_t word = rst_load_acquire(&session->kill);
    int err;

    do {
        err = refuses(word);
        if (err)
            return err;
    } while (!rst_kill_exchange(session, &word,
                                (word & ~RST_KILL_TXN_ACK) | RST_KILL_TXN_MARK)); /* pairs with C */
    return 0;
}

static void unmark(struct roster_session *session)
{
    uint64_t word = rst_load_acquire(&session->kill);

    while (word & RST_KILL_TXN_MARK)
        if (rst_kill_exchange(session, &word, word & ~RST_KILL_TXN_MARK))
            return;
}

/* 4 */
static int install(struct roster_session *session, enum roster_kill_reason reason)
{
    uint64_t word = rst_load_acquire(&session->kill);

    do {
        if (word & RST_KILL_CLOSED)
            return -ESRCH;
        if (!(word & RST_KILL_TXN_MARK) && !rst_control(TXN_KILL_UNMARKED))
            return -ESTALE;
    } while (!rst_kill_exchange(session, &word,
                                (word & ~RST_KILL_TXN_MARK) |
                                    (uint64_t)reason << RST_KILL_TXN_SHIFT)); /* pairs with D */
    return 0;
}

/* The transaction ended while it was being killed: whether the owner saw it is decided here. */
static int take_back(struct roster_session *session)
{
    uint64_t word = rst_load_acquire(&session->kill);

    rst_test_point("kill: transaction gone");
    while (!(word & RST_KILL_TXN_ACK)) {
        if (!rst_kill_txn_reason(word))
            return -ESTALE;                                               /* D was first */
        if (rst_kill_exchange(session, &word, word & ~RST_KILL_TXN_OPEN)) /* pairs with E */
            return -ESTALE;
    }
    return 0;
}

int rst_kill_txn_begin(struct rst_killing *killing)
{
    struct rst_open_txn open = rst_txn_look(killing->session); /* 0 */
    int err = is_aimed(killing, &open);

    /* A reason that is found here after 0 is for what 0 has seen: see D. */
    if (!err)
        err = mark(killing->session); /* 1 */
    if (err)
        return err;
    rst_test_point("kill: transaction marked");
    return RST_KILL_INSTALLED;
}

int rst_kill_txn_end(struct rst_killing *killing, enum roster_kill_reason reason, int err)
{
    struct roster_session *session = killing->session;
    struct rst_open_txn open = rst_txn_look(session); /* 3 */

    if (!err && !rst_control(TXN_KILL_UNMARKED))
        err = is_aimed(killing, &open);
    if (err) {
        unmark(session);
        return err;
    }
    rst_test_point("kill: transaction seen");
    err = install(session, reason);
    if (err)
        return err;
    killing->start_ts = open.start_ts;
    killing->seq = open.seq;
    rst_test_point("kill: transaction killed");
    if (rst_txn_look(session).seq == open.seq) /* 5 */
        return 0;
    return take_back(session);
}
