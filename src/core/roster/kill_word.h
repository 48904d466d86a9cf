/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kill word of a session.
 *
 *     bits 63..16  the statement aimed at (its sequence number's low 48 bits)
 *     bits 15..12  why it was killed; 0: no statement was
 *     bit  11      the owner has seen it
 *     bits 10..7   why the transaction that is open was killed; 0: it was not
 *     bit   6      the owner has seen it; stays until the next kill of a transaction
 *     bit   5      a killer wants to know which transaction is open
 *     bits  4..1   why the connection was killed; 0: it was not
 *     bit   0      the session is closed
 *
 * A statement's kill ends with the statement, because later sequence numbers differ. So the owner
 * clears nothing: its path is one load (G9). kill.c has the protocol.
 *
 * A transaction's kill does not name the transaction: it is aimed at the one that was open when it
 * was installed. The owner clears it, with the mark, before the next one begins. The common path of
 * begin tests the word anyway, for a killed connection, so this costs it nothing; finish does not
 * read the word. kill_txn.c has the protocol.
 */
#pragma once

#include "core/roster/session.h"

#include <roster/kill.h>

#define RST_KILL_SEQ_SHIFT 16
#define RST_KILL_STMT_SHIFT 12
#define RST_KILL_TXN_SHIFT 7
#define RST_KILL_CONN_SHIFT 1
#define RST_KILL_REASON_MASK UINT64_C(15)
#define RST_KILL_STMT_ACK (UINT64_C(1) << 11)
#define RST_KILL_TXN_ACK (UINT64_C(1) << 6)
#define RST_KILL_TXN_MARK (UINT64_C(1) << 5)
/* The bits that belong to the open transaction; the next one must not find them. */
#define RST_KILL_TXN_OPEN (RST_KILL_REASON_MASK << RST_KILL_TXN_SHIFT | RST_KILL_TXN_MARK)
#define RST_KILL_CONN_MASK (RST_KILL_REASON_MASK << RST_KILL_CONN_SHIFT)
/* The bits that a kill of a statement does not change. */
#define RST_KILL_NOT_STMT                                                                          \
    (RST_KILL_TXN_OPEN | RST_KILL_TXN_ACK | RST_KILL_CONN_MASK | RST_KILL_CLOSED)
#define RST_KILL_CLOSED UINT64_C(1)

static inline uint64_t rst_kill_seq(uint64_t word)
{
    return word >> RST_KILL_SEQ_SHIFT;
}

static inline unsigned rst_kill_stmt_reason(uint64_t word)
{
    return (unsigned)(word >> RST_KILL_STMT_SHIFT & RST_KILL_REASON_MASK);
}

static inline unsigned rst_kill_txn_reason(uint64_t word)
{
    return (unsigned)(word >> RST_KILL_TXN_SHIFT & RST_KILL_REASON_MASK);
}

static inline unsigned rst_kill_conn_reason(uint64_t word)
{
    return (unsigned)(word >> RST_KILL_CONN_SHIFT & RST_KILL_REASON_MASK);
}

_Static_assert(ROSTER_KILL_REASONS - 1 <= RST_KILL_REASON_MASK, "reasons fit into the word");

/* One step on the word; both sides take it. */
static inline bool rst_kill_exchange(struct roster_session *session, uint64_t *expected,
                                     uint64_t wanted)
{
    return __atomic_compare_exchange_n(&session->kill, expected, wanted, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* Whether the word kills this statement. */
bool rst_kill_names(uint64_t word, uint64_t seq);

/* Why the parts of a session were killed; 0: that part was not. */
struct rst_dying {
    unsigned connection, txn, statement;
};

/* Of what `shown`, a look at the session, shows. Under the RCU read lock. */
struct rst_dying rst_kill_dying(const struct roster_session *session,
                                const struct roster_shown *shown);

/* Whether the session's connection was killed. */
static inline bool rst_kill_connection(const struct roster_session *session)
{
    return rst_kill_conn_reason(rst_load(&session->kill)) != 0;
}

/* Whether a transaction may begin at once: no kill of the connection or of an earlier one. */
static inline bool rst_kill_lets_begin(const struct roster_session *session)
{
    return (rst_load(&session->kill) & (RST_KILL_TXN_OPEN | RST_KILL_CONN_MASK)) == 0;
}

/* Between two transactions: clears the bits of an earlier one. Returns the new word. */
rst_slow uint64_t rst_kill_forget_txn_slow(struct roster_session *session);

/* Acknowledges the kill word for statement `seq` and returns what roster_killed() returns. */
rst_slow int rst_kill_acknowledge_slow(struct roster_session *session, uint64_t seq);

/* The last change of the word: from now on every kill is refused. */
void rst_kill_close(struct roster_session *session);
