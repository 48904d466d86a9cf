/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Kill (G5): of a statement and of a connection. kill_txn.c has transactions.
 *
 *     killer, under kill_lock                     owner, at the end of statement q
 *     1 look: statement q runs                    A publish the view without it   (release)
 *     2 word := {q, reason}      (cmpxchg)        B compiler barrier
 *     3 membarrier                                C load word
 *     4 look again                                D names q: set its ack bit      (cmpxchg)
 *
 * If 4 still sees q, then C comes after 3 in the owner's thread and sees 2: delivered, whatever
 * happens next. If q has ended, C may have come before or after 2, so the killer takes the word
 * back; the two compare-and-swaps on one word decide: either the owner's ack is set (delivered), or
 * the word is taken back and no thread will ever see it (-ESTALE). No other thread changes the
 * statement part in between, because killers take turns; owners never wait for them.
 *
 * If the kernel refuses the membarrier and 4 still sees q, the owner may or may not see 2: the
 * result is "unknown", and the word stays. The next killer of the same statement executes a
 * membarrier before it reports that the earlier kill stands. It never takes back a kill that was
 * reported as delivered.
 */
#include "core/operate/kill.h"

#include "core/base/cancel.h"
#include "core/base/probes.h"
#include "core/base/process.h"
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/roster/event_log.h"
#include "core/roster/kill_word.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <errno.h>
#include <roster/view.h>
#include <string.h>

/* The same word without its statement part. */
static uint64_t without_statement(uint64_t word)
{
    return word & RST_KILL_NOT_STMT;
}

/* The sequence number of the session's statement; 0 between statements. One whole look. */
static uint64_t running(const struct roster_session *session)
{
    struct roster_copy copy;
    const struct roster_shown *shown = rst_look_at(session, &copy, NULL, 0);

    return shown->statement ? shown->statement->seq : 0;
}

static bool runs(const struct roster_session *session, uint64_t seq)
{
    return running(session) == seq;
}

/* After 1: its owner has yet to look whether the statement before this one was killed, and must
 * find the word as it is. */
static bool is_changing(const struct roster_session *session)
{
    const struct rst_side *side = rst_side_of(session);

    return side && rst_load_acquire(&side->changing); /* pairs with change_begin(), change_end() */
}

/* The statement ended while it was being killed: whether the owner saw it is decided here. */
static int take_back(struct roster_session *session)
{
    uint64_t word = rst_load_acquire(&session->kill);

    rst_test_point("kill: statement gone");
    while (!(word & RST_KILL_STMT_ACK))
        if (rst_kill_exchange(session, &word, without_statement(word))) /* pairs with D */
            return -ESTALE;
    return 0;
}

int rst_kill_barrier(const struct roster *roster)
{
    int err = 0;

    if (rst_control(NO_KILL_BARRIER))
        rst_compiler_barrier();
    else
        err = rst_owners_barrier(roster->membarrier); /* 3: pairs with B, or the fence there */
    rst_test_point("kill: owner fenced");
    return err;
}

/* 1 and 2 */
static int begin_statement(struct rst_killing *killing, enum roster_kill_reason reason)
{
    struct roster_session *session = killing->session;
    uint64_t now = running(session); /* 1 */
    uint64_t word = rst_load_acquire(&session->kill);
    uint64_t wanted;

    if (!now)
        return -ENOENT;
    if (killing->seq != ROSTER_STMT_ANY && now != killing->seq)
        return -ESTALE;
    if (is_changing(session))
        return -ENOENT;
    killing->seq = now;
    rst_test_point("kill: statement seen");
    do {
        if (word & RST_KILL_CLOSED)
            return -ESRCH;
        if (rst_kill_conn_reason(word))
            return -EALREADY;
        if (rst_kill_names(word, now))
            return RST_KILL_STANDS;
        wanted = without_statement(word) | now << RST_KILL_SEQ_SHIFT |
                 (uint64_t)reason << RST_KILL_STMT_SHIFT;
    } while (!rst_kill_exchange(session, &word, wanted)); /* 2: pairs with C */
    rst_test_point("kill: word installed");
    return RST_KILL_INSTALLED;
}

/* 4, after a barrier that has returned `err`. */
static int end_statement(const struct rst_killing *killing, int err)
{
    struct roster_session *session = killing->session;
    bool stands = killing->result == RST_KILL_STANDS;

    /* Refused, but its ack is in. Acquire: pairs with D. */
    if (err && !(rst_load_acquire(&session->kill) & RST_KILL_STMT_ACK))
        err = -EINPROGRESS;
    else
        err = 0;
    if (!stands && rst_control(KILL_UNCONFIRMED))
        return 0;
    if (runs(session, killing->seq)) /* 4 */
        return stands && !err ? -EALREADY : err;
    return stands ? -ESTALE : take_back(session);
}

static int kill_connection(struct roster_session *session, enum roster_kill_reason reason)
{
    uint64_t word = rst_load_acquire(&session->kill);

    do {
        if (word & RST_KILL_CLOSED)
            return -ESRCH;
        if (rst_kill_conn_reason(word))
            return -EALREADY;
    } while (!rst_kill_exchange(session, &word, word | (uint64_t)reason << RST_KILL_CONN_SHIFT));
    if (rst_control(KILL_TEARS_DOWN))
        rst_registry_del(&rst_session_roster(session)->registry, session);
    return 0;
}

bool rst_kill_rejects(const struct roster_session *session, enum roster_kill_reason reason)
{
    return roster_session_kind(session) == ROSTER_SESSION_BACKGROUND &&
           !(roster_session_flags(session) & ROSTER_SESSION_KILLABLE) &&
           reason != ROSTER_KILL_REASON_SHUTDOWN;
}

bool rst_kill_begin(struct rst_killing *killing, enum roster_kill_target target,
                    enum roster_kill_reason reason)
{
    if (rst_kill_rejects(killing->session, reason)) {
        killing->result = -ENOTSUP;
        return false;
    }
    switch (target) {
    case ROSTER_KILL_TARGET_STATEMENT:
        killing->result = begin_statement(killing, reason);
        break;
    case ROSTER_KILL_TARGET_TRANSACTION:
        killing->result = rst_kill_txn_begin(killing);
        break;
    default:
        killing->result = kill_connection(killing->session, reason);
        break;
    }
    return killing->result > 0;
}

void rst_kill_end(struct rst_killing *killing, enum roster_kill_target target,
                  enum roster_kill_reason reason, int err)
{
    killing->result = target == ROSTER_KILL_TARGET_STATEMENT
                          ? end_statement(killing, err)
                          : rst_kill_txn_end(killing, reason, err);
}

void rst_kill_describe(struct roster_kill_info *kill, const struct rst_killing *killing)
{
    kill->session_id = killing->session->id;
    if (kill->target == ROSTER_KILL_TARGET_STATEMENT)
        kill->stmt_seq = killing->seq;
    if (kill->target == ROSTER_KILL_TARGET_TRANSACTION) {
        kill->start_ts = killing->start_ts;
        kill->txn_seq = killing->seq;
    }
}

void rst_kill_wake(const struct roster_session *session, const struct roster_kill_info *kill,
                   int err)
{
    const struct rst_side *side = rst_side_of(session);

    if ((err && err != -EINPROGRESS) || !side)
        return;
    if (side->wake)
        side->wake(kill->session_id, side->wake_arg);
    if (side->wake_kill)
        side->wake_kill(kill, side->wake_arg);
}

enum roster_kill_result rst_kill_result(int err)
{
    switch (err) {
    case 0:
        return ROSTER_KILL_RESULT_DELIVERED;
    case -ENOENT:
        return ROSTER_KILL_RESULT_NOTHING;
    case -ESTALE:
        return ROSTER_KILL_RESULT_STALE;
    case -EALREADY:
        return ROSTER_KILL_RESULT_DYING;
    case -ESRCH:
        return ROSTER_KILL_RESULT_GONE;
    case -ENOTSUP:
        return ROSTER_KILL_RESULT_REJECTED;
    default: /* -EINPROGRESS, or of a transaction that the kernel has refused the barrier */
        return ROSTER_KILL_RESULT_UNKNOWN;
    }
}

/* For operators: what became of a kill; the identity is NULL when there is no session. */
static void log_kill(struct roster *roster, const struct roster_identity *identity,
                     const struct roster_kill_info *kill, int err, struct rst_moment now)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_KILL,
                                  .result = err,
                                  .session_id = kill->session_id,
                                  .stmt_seq = kill->stmt_seq,
                                  .start_ts = kill->start_ts,
                                  .txn_seq = kill->txn_seq,
                                  .target = kill->target,
                                  .reason = kill->reason};

    rst_event_log_string(event.by, sizeof(event.by), kill->by);
    rst_event_log_string(event.user, sizeof(event.user), roster_identity_user(identity));
    rst_event_log_add_at(roster->event_log, &event, now);
}

void rst_kill_record(struct roster *roster, const struct roster_identity *identity,
                     const struct roster_kill_info *kill, int err, struct rst_moment now)
{
    rst_fetch_add(err ? &roster->kills_refused : &roster->kills_delivered, 1);
    rst_fetch_add(&roster->kills[kill->reason][rst_kill_result(err)], 1);
    rst_probe4(kill, kill->session_id, kill->target, kill->reason, err);
    log_kill(roster, identity, kill, err, now);
}

int rst_kill_session(struct roster *roster, struct roster_session *session,
                     struct roster_kill_info *kill)
{
    struct rst_killing killing = {.session = session, .start_ts = kill->start_ts};
    struct roster_copy copy;

    killing.seq = kill->target == ROSTER_KILL_TARGET_STATEMENT ? kill->stmt_seq : kill->txn_seq;
    pthread_mutex_lock(&roster->kill_lock);
    if (rst_kill_begin(&killing, kill->target, kill->reason))
        rst_kill_end(&killing, kill->target, kill->reason, rst_kill_barrier(roster));
    pthread_mutex_unlock(&roster->kill_lock);
    rst_kill_describe(kill, &killing);
    rst_kill_record(roster, rst_look_at(session, &copy, NULL, 0)->identity, kill, killing.result,
                    rst_moment());
    rst_rcu_read_unlock();
    rst_kill_wake(session, kill, killing.result);
    rst_rcu_read_lock();
    return killing.result;
}

/* A kernel that refuses 3 mostly refuses this, too: then nothing is done. */
static int ask_kernel(const struct roster *roster, enum roster_kill_target target)
{
    return target == ROSTER_KILL_TARGET_STATEMENT ? rst_owners_barrier(roster->membarrier) : 0;
}

static int find_and_kill(struct roster *roster, struct roster_kill_info *kill)
{
    struct roster_session *session = rst_registry_find(&roster->registry, kill->session_id);

    if (session)
        return rst_kill_session(roster, session, kill);
    rst_fetch_add(&roster->kills[kill->reason][ROSTER_KILL_RESULT_GONE], 1);
    log_kill(roster, NULL, kill, -ESRCH, rst_moment());
    return -ESRCH;
}

static int kill_one(struct roster *roster, struct roster_kill_info *kill)
{
    RST_NOT_CANCELLED;
    int err;

    if (!roster)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    if ((unsigned)kill->target >= ROSTER_KILL_TARGETS || !rst_kill_is_reason(kill->reason))
        return -EINVAL;
    err = ask_kernel(roster, kill->target);
    if (err)
        return err;
    rst_keep_begin();
    rst_rcu_read_lock();
    err = find_and_kill(roster, kill);
    rst_rcu_read_unlock();
    rst_keep_end();
    return err;
}

int roster_kill(struct roster *roster, uint64_t session_id, enum roster_kill_target target,
                uint64_t aim, enum roster_kill_reason reason)
{
    struct roster_kill_info kill = rst_kill_aim(target, reason, NULL);

    kill.session_id = session_id;
    if (target == ROSTER_KILL_TARGET_STATEMENT)
        kill.stmt_seq = aim;
    else if (target == ROSTER_KILL_TARGET_TRANSACTION)
        kill.start_ts = aim;
    return kill_one(roster, &kill);
}

int roster_kill_txn(struct roster *roster, uint64_t session_id, uint64_t start_ts, uint64_t txn_seq,
                    enum roster_kill_reason reason)
{
    struct roster_kill_info kill = rst_kill_aim(ROSTER_KILL_TARGET_TRANSACTION, reason, NULL);

    kill.session_id = session_id;
    kill.start_ts = start_ts;
    kill.txn_seq = txn_seq;
    return kill_one(roster, &kill);
}

int roster_kill_by(struct roster *roster, const struct roster_kill_info *kill)
{
    struct roster_kill_info known;
    int err;

    if (!kill)
        return -EINVAL;
    err = rst_struct_get(&known, sizeof(known), sizeof(known), kill);
    if (err)
        return err;
    if (known.target != ROSTER_KILL_TARGET_STATEMENT)
        known.stmt_seq = 0;
    if (known.target != ROSTER_KILL_TARGET_TRANSACTION)
        known.start_ts = known.txn_seq = 0;
    return kill_one(roster, &known);
}
