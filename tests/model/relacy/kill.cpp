/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The kill word (G5) as C11 atomics with fences; see ../kill.pml.
 *
 * @mutant NO_OWNER_FENCE
 * @mutant NO_KILLER_FENCE
 * @mutant END_LOADS_FIRST
 * @mutant NO_RETRACT
 * @mutant RETRACT_BY_STORE
 * @mutant ACK_BY_STORE
 * @mutant SEQ_NOT_COMPARED
 * @mutant NO_TURNS
 * @mutant CLOSE_BY_EXCHANGE
 * @mutant CONNECTION_DROPS_STATEMENT
 */
#include "explore.hpp"

static unsigned const killers = 2;
static unsigned const statements = 2;
static unsigned const idle = 0;

enum answer { none, not_delivered, delivered };

/* The word: closed, connection reason, acked, statement reason, statement. */
static unsigned const closed = 1;
static unsigned const acked = 1 << 4;
static unsigned const connection_part = 7 << 1;

static unsigned conn_reason(unsigned word)
{
    return word >> 1 & 7;
}

static unsigned stmt_reason(unsigned word)
{
    return word >> 5 & 7;
}

static unsigned seq_of(unsigned word)
{
    return word >> 8;
}

static bool names(unsigned word, unsigned seq)
{
    return stmt_reason(word) && (mutant(SEQ_NOT_COMPARED) || seq_of(word) == seq);
}

struct kill_word : rl::test_suite<kill_word, 1 + killers> {
    rl::atomic<unsigned> word;
    rl::atomic<unsigned> view;
    rl::mutex turns;
    /* What happened. Reasons are 1 + the killer's number. */
    unsigned aim[killers]; /* 0: the connection */
    answer answers[killers];
    unsigned stmt_seen[statements + 1];
    unsigned conn_seen;

    void before()
    {
        word.store(0, rl::memory_order_relaxed);
        view.store(idle, rl::memory_order_relaxed);
        for (unsigned i = 0; i <= statements; i++)
            stmt_seen[i] = 0;
        conn_seen = 0;
    }

    bool exchange(unsigned &expected, unsigned wanted)
    {
        return word.compare_exchange_strong(expected, wanted, rl::memory_order_acq_rel,
                                            rl::memory_order_acquire);
    }

    /* The owner's side. */

    void see(unsigned loaded, unsigned seq)
    {
        RL_ASSERT(aim[stmt_reason(loaded) - 1] == seq);
        RL_ASSERT(!stmt_seen[seq]);
        stmt_seen[seq] = stmt_reason(loaded);
    }

    void look(unsigned seq)
    {
        unsigned loaded = word.load(rl::memory_order_relaxed);

        if (!loaded)
            return;
        loaded = word.load(rl::memory_order_acquire);
        while (names(loaded, seq) && !(loaded & acked)) {
            if (mutant(ACK_BY_STORE))
                word.store(loaded | acked, rl::memory_order_release);
            else if (!exchange(loaded, loaded | acked))
                continue;
            see(loaded, seq);
            loaded |= acked;
        }
        conn_seen = conn_reason(loaded);
    }

    void end(unsigned seq)
    {
        if (mutant(END_LOADS_FIRST))
            look(seq);
        view.store(idle, rl::memory_order_release);
        if (!mutant(NO_OWNER_FENCE))
            full_fence();
        if (!mutant(END_LOADS_FIRST))
            look(seq);
    }

    void own()
    {
        for (unsigned seq = 1; seq <= statements && !conn_seen; seq++) {
            view.store(seq, rl::memory_order_release);
            if (rl::rand(2))
                look(seq);
            end(seq);
        }
        if (mutant(CLOSE_BY_EXCHANGE))
            conn_seen = conn_reason(word.exchange(closed, rl::memory_order_acq_rel));
        else
            conn_seen = conn_reason(word.fetch_or(closed, rl::memory_order_acq_rel));
    }

    /* The killers' side. */

    answer retract()
    {
        unsigned loaded = word.load(rl::memory_order_acquire);

        while (!(loaded & acked)) {
            unsigned without = loaded & (connection_part | closed);

            if (mutant(RETRACT_BY_STORE))
                word.store(without, rl::memory_order_release);
            else if (!exchange(loaded, without))
                continue;
            return not_delivered;
        }
        return delivered;
    }

    answer kill_statement(unsigned me, unsigned seq)
    {
        unsigned loaded;

        if (view.load(rl::memory_order_acquire) != seq)
            return not_delivered;
        loaded = word.load(rl::memory_order_acquire);
        do {
            if (loaded & closed || conn_reason(loaded) ||
                (stmt_reason(loaded) && seq_of(loaded) == seq))
                return not_delivered;
        } while (!exchange(loaded, seq << 8 | (me + 1) << 5));
        if (!mutant(NO_KILLER_FENCE))
            full_fence();
        if (view.load(rl::memory_order_acquire) == seq)
            return delivered;
        return mutant(NO_RETRACT) ? not_delivered : retract();
    }

    answer kill_connection(unsigned me)
    {
        unsigned loaded = word.load(rl::memory_order_acquire);
        unsigned wanted;

        do {
            if (loaded & closed || conn_reason(loaded))
                return not_delivered;
            wanted = (mutant(CONNECTION_DROPS_STATEMENT) ? 0 : loaded) | (me + 1) << 1;
        } while (!exchange(loaded, wanted));
        return delivered;
    }

    void thread(unsigned i)
    {
        if (i == 0) {
            own();
            return;
        }
        unsigned me = i - 1;

        aim[me] = rl::rand(statements + 1);
        if (!mutant(NO_TURNS))
            turns.lock($);
        answers[me] = aim[me] ? kill_statement(me, aim[me]) : kill_connection(me);
        if (!mutant(NO_TURNS))
            turns.unlock($);
    }

    void after()
    {
        for (unsigned i = 0; i < killers; i++) {
            unsigned seen = aim[i] ? stmt_seen[aim[i]] : conn_seen;

            RL_ASSERT((answers[i] == delivered) == (seen == i + 1));
        }
    }
};

int main(int argc, char **argv)
{
    return explore<kill_word>(argc, argv);
}
