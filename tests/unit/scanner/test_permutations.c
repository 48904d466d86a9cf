/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Every order of calls on one session, against the model: G1 (the view after each call is the one
 * that the calls so far add up to), G5 (kills hit the statement they were aimed at), G8.
 *
 * All sequences of calls that change the session are walked up to a depth. After each of them,
 * every call that must be refused and every call that only looks is made too, and has to leave the
 * session as it was, bit for bit; so it need not be part of the sequences.
 */
#include "../model.h"
#include "../unit.h"
#include "core/roster/session.h"
#include "core/scanner/lease.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 8
#define CLOCK_STEP 1000

struct explorer {
    struct roster *roster;
    struct unit_oracle oracle;
    struct roster_session *session;
    struct model model;
    enum model_op path[MAX_DEPTH];
    unsigned length;
    unsigned depth;
    bool pinning;
    bool reader_inside;
    uint64_t id;
    uint64_t sequences;
    uint64_t refusals;
    struct roster_stats expected;
};

static const char *path_text(const struct explorer *explorer, const char *last)
{
    static char text[512];
    size_t used = 0;
    unsigned i;

    text[0] = '\0';
    for (i = 0; i < explorer->length; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s, ",
                                 model_op_names[explorer->path[i]]);
    snprintf(text + used, sizeof(text) - used, "then %s", last);
    return text;
}

#define same(actual, wanted, what)                                                                 \
    cr_assert_eq((actual), (wanted), "%s: %s is %llu, not %llu", path_text(explorer, op), (what),  \
                 (unsigned long long)(actual), (unsigned long long)(wanted))

static void text_of(char *text, size_t size, const char *what, uint64_t n)
{
    snprintf(text, size, "%s %llu", what, (unsigned long long)n);
}

static int update(struct roster_session *session, unsigned n)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char user[32];

    text_of(user, sizeof(user), "user", n);
    attr.user = user;
    attr.database = n % 2 ? "odd" : NULL;
    return roster_session_update(session, &attr);
}

static int stmt_begin(struct roster_session *session, uint64_t seq)
{
    char text[32], digest[32];

    text_of(text, sizeof(text), "statement", seq);
    text_of(digest, sizeof(digest), "digest", seq);
    return roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, strlen(text), digest,
                             seq % 2 ? strlen(digest) : 0);
}

static int scan(struct explorer *explorer, uint64_t lower)
{
    const struct model *model = &explorer->model;
    uint64_t pinned = model_pinned(model), now = model->oracle_next;
    bool counts = pinned && pinned > lower && pinned < now;
    struct roster_min min = {.size = sizeof(min)};
    const char *op = "scan";
    int err = rst_lease_scan(explorer->roster, 0, lower + 1, false, &min);

    if (err)
        return err;
    same(min.now, now, "now");
    same(min.min_start_ts, counts ? pinned : now, "the minimum");
    same((unsigned)min.holder.kind, (unsigned)(counts ? ROSTER_HOLDER_TXN : ROSTER_HOLDER_NONE),
         "the holder's kind");
    same(min.holder.session_id, counts ? explorer->id : 0, "the holder");
    same((unsigned)min.next.kind, (unsigned)ROSTER_HOLDER_NONE, "the next oldest");
    same(min.expired, (uint64_t)(pinned && pinned <= lower), "how many expired");
    return 0;
}

static int send_kill(struct explorer *explorer, enum roster_kill_target target, uint64_t seq,
                     enum roster_kill_reason reason)
{
    return roster_kill(explorer->roster, explorer->id, target, seq, reason);
}

/* Calls the library as model_apply() says; before the model is moved on. */
static int call(struct explorer *explorer, enum model_op op)
{
    struct roster_session *session = explorer->session;
    const struct model *model = &explorer->model;

    switch (op) {
    case OP_STMT_BEGIN:
        return stmt_begin(session, model->stmt_seq + 1);
    case OP_STMT_END:
        return roster_stmt_end(session);
    case OP_PREPARE:
        return roster_txn_prepare(session);
    case OP_ACTIVATE:
        /* Only who has prepared asks the oracle. */
        if (model->txn == ROSTER_TXN_PENDING && !model->closed)
            explorer->oracle.next++;
        return roster_txn_activate(session, model->oracle_next);
    case OP_ACTIVATE_STALE:
        return roster_txn_activate(session, model->announced ? model->announced - 1 : 1);
    case OP_BEGIN:
        return roster_txn_begin(session, NULL);
    case OP_BEGIN_AT:
        return roster_txn_begin_at(session, model_begin_at_ts(model));
    case OP_BEGIN_AT_STALE:
        return roster_txn_begin_at(session, model_begin_at_ts(model) - 1);
    case OP_WAIT:
        return roster_txn_set_state(session, ROSTER_RUN_LOCK_WAITING);
    case OP_COMMIT:
        return roster_txn_set_state(session, ROSTER_RUN_COMMITTING);
    case OP_PROGRESS:
        return roster_txn_set_progress(session, model->clock, model->clock * 10,
                                       (uint32_t)model->clock + 1);
    case OP_UPDATE:
        return update(session, model->identity + 1);
    case OP_FINISH:
        return roster_txn_finish(session);
    case OP_CHECK:
        return roster_txn_check(session);
    case OP_KILLED:
        return roster_killed(session);
    case OP_KILL_STMT:
        return send_kill(explorer, ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY,
                         ROSTER_KILL_REASON_RUNAWAY);
    case OP_KILL_STALE:
        return send_kill(explorer, ROSTER_KILL_TARGET_STATEMENT, model->stmt_seq + 7,
                         ROSTER_KILL_REASON_RUNAWAY);
    case OP_KILL_CONN:
        return send_kill(explorer, ROSTER_KILL_TARGET_CONNECTION, 0,
                         ROSTER_KILL_REASON_SERVER_MEMORY);
    case OP_SCAN:
        return scan(explorer, 0);
    case OP_EXPIRE:
        return scan(explorer, model_expire_lower(model));
    default:
        return roster_session_close(session);
    }
}

static void check_statement(const struct explorer *explorer, const struct roster_shown *view,
                            const char *op)
{
    const struct model *model = &explorer->model;
    char text[32];

    same(view->statement != NULL, model->in_stmt, "whether a statement is shown");
    if (!model->in_stmt)
        return;
    text_of(text, sizeof(text), "statement", model->stmt_seq);
    same(view->statement->seq, model->stmt_seq, "the statement");
    same(view->statement->since, model->stmt_since, "since when it runs");
    cr_assert_str_eq(view->statement->text, text, "%s", path_text(explorer, op));
    text_of(text, sizeof(text), "digest", model->stmt_seq);
    if (model->stmt_seq % 2)
        cr_assert_str_eq(view->statement->digest, text, "%s", path_text(explorer, op));
    else
        cr_assert_null(view->statement->digest, "%s", path_text(explorer, op));
}

static void check_identity(const struct explorer *explorer, const struct roster_shown *view,
                           const char *op)
{
    const char *database = roster_identity_database(view->identity);
    unsigned n = explorer->model.identity;
    char user[32];

    text_of(user, sizeof(user), "user", n);
    cr_assert_str_eq(roster_identity_user(view->identity), user, "%s", path_text(explorer, op));
    same(database != NULL, n % 2 == 1, "whether the database is known");
}

/* The view and what stands beside it, after `op`. */
static void check_view(const struct explorer *explorer, const char *op)
{
    const struct roster_session *session = explorer->session;
    const struct roster_shown *view = unit_look(session);
    const struct model *model = &explorer->model;
    uint64_t pinned = model_pinned(model);

    same(view->txn_state, model->txn, "the transaction's state");
    same(view->start_ts, model->start_ts, "the start timestamp");
    same(view->run_state, model->run.state, "the running state");
    same(roster_session_since(session, view), model->run.since, "since when");
    same(unit_blocked_since(view), model->run.blocked_since, "since when it is blocked");
    same(view->entries, model->entries, "the entries");
    same(view->entry_bytes, model->entry_bytes, "their bytes");
    same(view->schema_version, model->schema_version, "the schema version");
    same(roster_stmt_seq(session), model->stmt_seq, "the statement's number");
    check_statement(explorer, view, op);
    check_identity(explorer, view, op);
    same(unit_pinned_by(session), pinned, "what is pinned");
}

static void check_closed(const struct explorer *explorer, const char *op)
{
    const struct roster_session *found;

    unit_ok(roster_read_lock(explorer->roster));
    found = roster_lookup(explorer->roster, explorer->id);
    roster_read_unlock(explorer->roster);
    cr_assert_null(found, "%s: found after its close", path_text(explorer, op));
}

static void count(struct explorer *explorer, const struct model *before, enum model_op op)
{
    struct roster_stats *expected = &explorer->expected;
    bool open = before->txn != ROSTER_TXN_INVALID;

    expected->statements += op == OP_STMT_BEGIN;
    expected->txns_begun += op == OP_ACTIVATE || op == OP_BEGIN || op == OP_BEGIN_AT;
    expected->txns_forced += op == OP_CLOSE && open;
    expected->kills_delivered += op == OP_KILL_STMT || op == OP_KILL_CONN;
}

static void step(struct explorer *explorer, enum model_op which)
{
    const char *op = model_op_names[which];
    struct model before = explorer->model;
    int result, due;

    explorer->model.clock += CLOCK_STEP;
    unit_set_clock(explorer->roster, explorer->model.clock);
    result = call(explorer, which);
    due = model_apply(&explorer->model, which);
    same(result, due, "the result");
    same(explorer->oracle.next, explorer->model.oracle_next, "the oracle");
    count(explorer, &before, which);
    if (explorer->model.closed)
        check_closed(explorer, op);
    else
        check_view(explorer, op);
}

/* All calls that must be refused here, and those that only look. Who pins nothing has announced
 * nothing that a timestamp could be below. */
static void try_the_others(struct explorer *explorer)
{
    /* A closed session is emptied as soon as no reader can see it: refused, but not compared. */
    bool stays = !explorer->model.closed || explorer->reader_inside;
    const struct roster_shown *view = explorer->session->view;
    struct roster_shown as_it_was;
    struct roster_session before, after;
    enum model_op op;
    int result, due;

    if (stays) {
        as_it_was = *view;
        unit_session_copy(&before, explorer->session);
    }
    for (op = 0; op < OPS; op++) {
        if (model_moves(&explorer->model, op) || (op == OP_ACTIVATE_STALE && !explorer->pinning))
            continue;
        result = call(explorer, op);
        due = model_apply(&explorer->model, op);
        cr_assert_eq(result, due, "%s: %d, not %d", path_text(explorer, model_op_names[op]), result,
                     due);
        explorer->refusals++;
        if (!stays)
            continue;
        unit_session_copy(&after, explorer->session);
        /* An owner that has asked has seen its kill: the one bit that looking may set. */
        before.kill = after.kill;
        cr_assert_arr_eq(&before, &after, sizeof(before), "%s changed the session",
                         path_text(explorer, model_op_names[op]));
        cr_assert_arr_eq(&as_it_was, view, sizeof(as_it_was), "%s changed the view in place",
                         path_text(explorer, model_op_names[op]));
    }
}

static void open_session(struct explorer *explorer)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = "user 0";
    attr.flags = explorer->pinning ? 0 : ROSTER_SESSION_NON_PINNING;
    unit_ok(roster_session_open(explorer->roster, &attr, &explorer->session));
    explorer->id = roster_session_id(explorer->session);
    model_open(&explorer->model, explorer->pinning);
    explorer->model.stmt_seq = roster_stmt_seq(explorer->session);
}

/* Runs the sequence on a new session and looks at its end closely. */
static void run(struct explorer *explorer)
{
    unsigned i, length = explorer->length;

    if (explorer->reader_inside)
        unit_ok(roster_read_lock(explorer->roster));
    open_session(explorer);
    for (i = 0; i < length; i++) {
        explorer->length = i;
        step(explorer, explorer->path[i]);
    }
    explorer->length = length;
    try_the_others(explorer);
    explorer->sequences++;
}

static void leave(struct explorer *explorer)
{
    if (!explorer->model.closed) {
        count(explorer, &explorer->model, OP_CLOSE);
        unit_close(explorer->session);
    }
    if (explorer->reader_inside)
        roster_read_unlock(explorer->roster);
}

static void explore(struct explorer *explorer)
{
    struct model here;
    enum model_op op;

    run(explorer);
    here = explorer->model;
    leave(explorer);
    if (explorer->length == explorer->depth)
        return;
    for (op = 0; op < OP_FIRST_PURE; op++) {
        if (!model_moves(&here, op))
            continue;
        explorer->path[explorer->length++] = op;
        explore(explorer);
        explorer->length--;
    }
}

static void check_totals(struct explorer *explorer)
{
    struct roster_stats stats = unit_stats(explorer->roster);
    const struct roster_stats *expected = &explorer->expected;

    cr_assert_eq(stats.sessions, 0);
    cr_assert_eq(stats.sessions_opened, explorer->sequences);
    cr_assert_eq(stats.statements, expected->statements);
    cr_assert_eq(stats.txns_begun, expected->txns_begun);
    cr_assert_eq(stats.txns_forced, expected->txns_forced);
    cr_assert_eq(stats.kills_delivered, expected->kills_delivered);
}

static void explore_all(struct explorer *explorer)
{
    struct unit_oracle oracle = {.next = 1000};

    explorer->oracle = oracle;
    explorer->roster = unit_roster(&explorer->oracle);
    explorer->model.clock = CLOCK_STEP;
    unit_set_clock(explorer->roster, CLOCK_STEP);
    explorer->model.oracle_next = explorer->oracle.next;
    explorer->model.floor = explorer->oracle.next - 1;
    scan(explorer, 0);
    model_apply(&explorer->model, OP_SCAN);
    explore(explorer);
    check_totals(explorer);
    printf("depth %u: %llu sequences, %llu calls that change nothing\n", explorer->depth,
           (unsigned long long)explorer->sequences, (unsigned long long)explorer->refusals);
    unit_destroy(explorer->roster);
}

Test(permutations, of_a_pinning_session)
{
    struct explorer explorer = {.depth = UNIT_SCALE(6, 5), .pinning = true};

    explore_all(&explorer);
}

Test(permutations, of_a_non_pinning_session)
{
    struct explorer explorer = {.depth = UNIT_SCALE(5, 4), .pinning = false};

    explore_all(&explorer);
}

Test(permutations, with_a_reader_inside)
{
    struct explorer explorer = {.depth = UNIT_SCALE(5, 4), .pinning = true, .reader_inside = true};

    explore_all(&explorer);
}
