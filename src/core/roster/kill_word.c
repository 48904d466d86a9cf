/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner's side of the kill word. operate/kill.c has the killer's, and the protocol.
 */
#include "core/roster/kill_word.h"

#include "core/roster/session.h"

bool rst_kill_names(uint64_t word, uint64_t seq)
{
    uint64_t low_bits = (seq << RST_KILL_SEQ_SHIFT) >> RST_KILL_SEQ_SHIFT;

    return rst_kill_stmt_reason(word) &&
           (rst_control(KILL_ANY_SEQ) || rst_kill_seq(word) == low_bits);
}

int rst_kill_acknowledge_slow(struct roster_session *session, uint64_t seq)
{
    uint64_t word = rst_load_acquire(&session->kill);

    rst_test_point("end: kill word loaded");
    while (rst_kill_names(word, seq) && !(word & RST_KILL_STMT_ACK))
        if (rst_kill_exchange(session, &word,
                              word | RST_KILL_STMT_ACK)) /* D: pairs with take_back() */
            word |= RST_KILL_STMT_ACK;
    if (rst_kill_conn_reason(word))
        return (int)rst_kill_conn_reason(word) | ROSTER_KILLED_CONNECTION;
    return rst_kill_names(word, seq) ? (int)rst_kill_stmt_reason(word) : 0;
}

void rst_kill_close(struct roster_session *session)
{
    __atomic_fetch_or(&session->kill, RST_KILL_CLOSED, __ATOMIC_ACQ_REL);
}
