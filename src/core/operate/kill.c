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
 * happens next. If q has gone, C may have come before or after 2, so the killer takes the word
 * back; the two compare-and-swaps on one word decide: either the owner's ack is in (delivered), or
 * the word is taken back and no thread will ever see it (-ESTALE). No other thread changes the
 * statement part in between, because killers take turns; owners never wait for them.
 *
 * When the kernel refuses the membarrier and 4 still sees q, the owner may see 2 or not: the answer
 * is "unknown", and the word stays. Who kills the same statement again makes up for the membarrier
 * before it says that the earlier kill stands; it never takes back what another one learnt is
 * delivered.
 */
#include "core/operate/kill.h"

#include "core/base/probes.h"
#include "core/base/process.h"
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

/* 3 and the question of 4: whether an owner that still runs the statement will see the word. */
static int fence_owner(const struct roster *roster, const struct roster_session *session)
{
    int err = 0;

    if (rst_control(NO_KILL_BARRIER))
        rst_compiler_barrier();
    else
        err = rst_owners_barrier(roster->membarrier); /* 3: pairs with B, or the fence there */
    rst_test_point("kill: owner fenced");
    /* Acquire: pairs with D. */
    return !err || (rst_load_acquire(&session->kill) & RST_KILL_STMT_ACK) ? 0 : -EINPROGRESS;
}

/* The statement runs and an earlier kill names it. */
static int kill_again(const struct roster *roster, const struct roster_session *session,
                      uint64_t seq)
{
    int err = fence_owner(roster, session);

    if (!runs(session, seq))
        return -ESTALE;
    return err ? err : -EALREADY;
}

static int kill_statement(const struct roster *roster, struct roster_session *session,
                          struct roster_kill_info *kill)
{
    uint64_t seq = kill->stmt_seq;
    uint64_t now = running(session); /* 1 */
    uint64_t word = rst_load_acquire(&session->kill);
    uint64_t wanted;
    int err;

    if (!now)
        return -ENOENT;
    if (seq != ROSTER_STMT_ANY && now != seq)
        return -ESTALE;
    kill->stmt_seq = seq = now;
    rst_test_point("kill: statement seen");
    do {
        if (word & RST_KILL_CLOSED)
            return -ESRCH;
        if (rst_kill_conn_reason(word))
            return -EALREADY;
        if (rst_kill_names(word, seq))
            return kill_again(roster, session, seq);
        wanted = without_statement(word) | seq << RST_KILL_SEQ_SHIFT |
                 (uint64_t)kill->reason << RST_KILL_STMT_SHIFT;
    } while (
        !rst_kill_exchange(session, &word, wanted)); /* 2: pairs with C in rst_statement_end() */
    rst_test_point("kill: word installed");
    err = fence_owner(roster, session); /* 3 */
    if (rst_control(KILL_UNCONFIRMED))
        return 0;
    return runs(session, seq) ? err : take_back(session); /* 4 */
}

static int kill_connection(struct roster *roster, struct roster_session *session,
                           enum roster_kill_reason reason)
{
    uint64_t word = rst_load_acquire(&session->kill);

    do {
        if (word & RST_KILL_CLOSED)
            return -ESRCH;
        if (rst_kill_conn_reason(word))
            return -EALREADY;
    } while (!rst_kill_exchange(session, &word, word | (uint64_t)reason << RST_KILL_CONN_SHIFT));
    if (rst_control(KILL_TEARS_DOWN))
        rst_registry_del(&roster->registry, session);
    return 0;
}

static int kill_locked(struct roster *roster, struct roster_session *session,
                       struct roster_kill_info *kill)
{
    switch (kill->target) {
    case ROSTER_KILL_TARGET_STATEMENT:
        return kill_statement(roster, session, kill);
    case ROSTER_KILL_TARGET_TRANSACTION:
        return rst_kill_txn_locked(roster, session, kill);
    default:
        return kill_connection(roster, session, kill->reason);
    }
}

static void wake(const struct rst_side *side, const struct roster_kill_info *kill)
{
    if (side->wake)
        side->wake(kill->session_id, side->wake_arg);
    if (side->wake_kill)
        side->wake_kill(kill, side->wake_arg);
}

static void log_user(struct roster_logged *event, const struct roster_session *session)
{
    struct roster_copy copy;
    const char *user = roster_identity_user(rst_look_at(session, &copy, NULL, 0)->identity);

    if (user)
        rst_event_log_text(event->user, sizeof(event->user), user, strlen(user));
}

/* For operators: what became of a kill; the session is NULL when there is none. */
static void log_kill(struct roster *roster, const struct roster_session *session,
                     const struct roster_kill_info *kill, int err)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_KILL,
                                  .result = err,
                                  .session_id = kill->session_id,
                                  .stmt_seq = kill->stmt_seq,
                                  .start_ts = kill->start_ts,
                                  .txn_seq = kill->txn_seq,
                                  .target = kill->target,
                                  .reason = kill->reason};

    if (kill->by)
        rst_event_log_text(event.by, sizeof(event.by), kill->by, strlen(kill->by));
    if (session)
        log_user(&event, session);
    rst_event_log_add(roster, &event);
}

int rst_kill_session(struct roster *roster, struct roster_session *session,
                     struct roster_kill_info *kill)
{
    const struct rst_side *side = rst_side_of(session);
    int err;

    kill->session_id = session->id;
    pthread_mutex_lock(&roster->kill_lock);
    err = kill_locked(roster, session, kill);
    pthread_mutex_unlock(&roster->kill_lock);
    if ((!err || err == -EINPROGRESS) && side)
        wake(side, kill);
    rst_fetch_add(err ? &roster->kills_refused : &roster->kills_delivered, 1);
    rst_kill_count(roster->kills, (unsigned)kill->reason, err);
    rst_probe4(kill, session->id, kill->target, kill->reason, err);
    log_kill(roster, session, kill, err);
    return err;
}

static int kill_one(struct roster *roster, struct roster_kill_info *kill)
{
    struct roster_session *session;
    int err;

    if (!roster)
        return -EINVAL;
    if (rst_process_is_other(roster->process))
        return -ECHILD;
    if ((unsigned)kill->target > ROSTER_KILL_TARGET_TRANSACTION ||
        !rst_kill_is_reason(kill->reason))
        return -EINVAL;
    err = roster_read_lock(roster);
    if (err)
        return err;
    /* A kernel that refuses 3 mostly refuses this, too: then nothing is done. */
    if (kill->target == ROSTER_KILL_TARGET_STATEMENT)
        err = rst_owners_barrier(roster->membarrier);
    if (err) {
        roster_read_unlock(roster);
        return err;
    }
    session = rst_registry_find(&roster->registry, kill->session_id);
    err = session ? rst_kill_session(roster, session, kill) : -ESRCH;
    if (!session) {
        rst_kill_count(roster->kills, (unsigned)kill->reason, err);
        log_kill(roster, NULL, kill, err);
    }
    roster_read_unlock(roster);
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
