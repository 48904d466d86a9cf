/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner's side of the kill word. operate/kill.c has the killer's, and the protocol.
 */
#include "core/roster/kill_word.h"

#include "core/roster/look.h"
#include "core/roster/session.h"

bool rst_kill_names(uint64_t word, uint64_t seq)
{
    uint64_t low_bits = (seq << RST_KILL_SEQ_SHIFT) >> RST_KILL_SEQ_SHIFT;

    return rst_kill_stmt_reason(word) &&
           (rst_control(KILL_ANY_SEQ) || rst_kill_seq(word) == low_bits);
}

/* D of kill_txn.c, between two transactions. */
static uint64_t without_txn(uint64_t word)
{
    return rst_control(TXN_KILL_KEPT) ? word : word & ~RST_KILL_TXN_OPEN;
}

uint64_t rst_kill_forget_txn_slow(struct roster_session *session)
{
    uint64_t word = rst_load_acquire(&session->kill), wanted = without_txn(word);

    while (wanted != word && !rst_kill_exchange(session, &word, wanted)) /* D: pairs with 4 */
        wanted = without_txn(word);
    return wanted;
}

/*
 * The word when the owner has seen it: the kill that it is about to return has its ack. Inside a
 * transaction, a reason for a transaction in the word is for this one (E of kill_txn.c).
 */
static uint64_t acknowledged(const struct roster_session *session, uint64_t word, uint64_t seq)
{
    if (rst_kill_names(word, seq))
        word |= RST_KILL_STMT_ACK;
    if (session->gate.txn_state == ROSTER_TXN_INVALID)
        return without_txn(word);
    return rst_kill_txn_reason(word) ? word | RST_KILL_TXN_ACK : word;
}

int rst_kill_acknowledge_slow(struct roster_session *session, uint64_t seq)
{
    uint64_t word = rst_load_acquire(&session->kill), wanted;

    rst_test_point("end: kill word loaded");
    do {
        wanted = acknowledged(session, word, seq);
        /* D of kill.c, D and E of kill_txn.c: pairs with take_back() of both */
    } while (wanted != word && !rst_kill_exchange(session, &word, wanted));
    word = wanted;
    if (rst_kill_conn_reason(word))
        return (int)rst_kill_conn_reason(word) | ROSTER_KILLED_CONNECTION;
    if (rst_kill_txn_reason(word))
        return (int)rst_kill_txn_reason(word) | ROSTER_KILLED_TRANSACTION;
    return rst_kill_names(word, seq) ? (int)rst_kill_stmt_reason(word) : 0;
}

struct rst_dying rst_kill_dying(const struct roster_session *session,
                                const struct roster_shown *shown)
{
    /* After the look: the reason of an earlier transaction is gone, see D in kill_txn.c. Acquire;
     * pairs with rst_kill_exchange(). */
    uint64_t word = rst_load_acquire(&session->kill);
    struct rst_dying dying = {.connection = rst_kill_conn_reason(word)};

    /* That of a later one was given after the life of what is shown. */
    if (shown->txn_state != ROSTER_TXN_INVALID &&
        !rst_look_is_over(rst_look_place(shown), shown->life))
        dying.txn = rst_kill_txn_reason(word);
    if (shown->statement && rst_kill_names(word, shown->statement->seq))
        dying.statement = rst_kill_stmt_reason(word);
    return dying;
}

void rst_kill_close(struct roster_session *session)
{
    __atomic_fetch_or(&session->kill, RST_KILL_CLOSED, __ATOMIC_ACQ_REL);
}
