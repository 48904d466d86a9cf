/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "model.h"

#include <errno.h>

const char *const model_op_names[OPS] = {
    [OP_STMT_BEGIN] = "stmt_begin",
    [OP_STMT_END] = "stmt_end",
    [OP_PREPARE] = "prepare",
    [OP_ACTIVATE] = "activate",
    [OP_BEGIN] = "begin",
    [OP_BEGIN_AT] = "begin_at",
    [OP_WAIT] = "set_state(lock waiting)",
    [OP_COMMIT] = "set_state(committing)",
    [OP_PROGRESS] = "set_progress",
    [OP_UPDATE] = "update",
    [OP_FINISH] = "finish",
    [OP_KILL_STMT] = "kill(statement)",
    [OP_KILL_CONN] = "kill(connection)",
    [OP_EXPIRE] = "scan(expire)",
    [OP_CLOSE] = "close",
    [OP_ACTIVATE_STALE] = "activate(stale)",
    [OP_BEGIN_AT_STALE] = "begin_at(stale)",
    [OP_CHECK] = "check",
    [OP_KILLED] = "killed",
    [OP_KILL_STALE] = "kill(earlier statement)",
    [OP_SCAN] = "scan",
};

static void set_run(struct model_run *run, enum roster_run_state state, uint64_t since)
{
    run->state = state;
    run->since = since;
    run->blocked_since = state == ROSTER_RUN_LOCK_WAITING ? since : 0;
}

void model_open(struct model *model, bool pinning)
{
    struct model fresh = {0};

    fresh.clock = model->clock;
    fresh.oracle_next = model->oracle_next;
    fresh.floor = model->floor;
    fresh.safe_point = model->safe_point;
    fresh.protected_from = model->protected_from;
    fresh.pinning = pinning;
    set_run(&fresh.run, ROSTER_RUN_IDLE, model->clock);
    *model = fresh;
}

static int stmt_begin(struct model *model)
{
    if (model->in_stmt)
        return -EBUSY;
    if (model->conn_killed)
        return -ECANCELED;
    model->in_stmt = true;
    model->stmt_seq++;
    model->stmt_since = model->clock;
    model->stmt_killed = 0;
    model->between = model->run;
    set_run(&model->run, ROSTER_RUN_RUNNING, model->clock);
    model->outside = model->run;
    return 0;
}

static int killed(const struct model *model)
{
    if (model->conn_killed)
        return model->conn_killed | ROSTER_KILLED_CONNECTION;
    return model->in_stmt ? model->stmt_killed : 0;
}

static int stmt_end(struct model *model)
{
    int result = killed(model);

    if (!model->in_stmt)
        return -EALREADY;
    model->in_stmt = false;
    if (model->txn != ROSTER_TXN_INVALID && model->between.state != ROSTER_RUN_IDLE)
        model->run = model->between;
    else
        set_run(&model->run, ROSTER_RUN_IDLE, model->clock);
    return result;
}

static void open_txn(struct model *model, enum roster_txn_state state, uint64_t start_ts)
{
    model->txn = state;
    model->start_ts = start_ts;
    model->entries = 0;
    model->entry_bytes = 0;
    model->schema_version = 0;
    set_run(&model->run, model->in_stmt ? ROSTER_RUN_RUNNING : ROSTER_RUN_IDLE, model->clock);
    set_run(&model->between, ROSTER_RUN_IDLE, model->clock);
}

static int may_begin(const struct model *model)
{
    if (model->txn != ROSTER_TXN_INVALID)
        return -EBUSY;
    return model->conn_killed ? -ECANCELED : 0;
}

static int prepare(struct model *model)
{
    int err = may_begin(model);

    if (err)
        return err;
    model->announced = model->floor;
    open_txn(model, ROSTER_TXN_PENDING, 0);
    return 0;
}

static int activate(struct model *model, bool stale)
{
    if (model->txn != ROSTER_TXN_PENDING)
        return -EINVAL;
    if (stale)
        return -ESTALE;
    open_txn(model, ROSTER_TXN_VALID, model->oracle_next++);
    return 0;
}

static int begin(struct model *model)
{
    int err = may_begin(model);

    if (err)
        return err;
    open_txn(model, ROSTER_TXN_VALID, model->oracle_next++);
    return 0;
}

static int begin_at(struct model *model, bool stale)
{
    int err = may_begin(model);

    if (err)
        return err;
    if (stale)
        return -ESTALE;
    open_txn(model, ROSTER_TXN_VALID, model->protected_from);
    return 0;
}

static int set_state(struct model *model, enum roster_run_state state)
{
    if (model->txn != ROSTER_TXN_VALID && (model->txn != ROSTER_TXN_INVALID || !model->in_stmt))
        return -EINVAL;
    set_run(&model->run, state, model->clock);
    if (model->txn == ROSTER_TXN_INVALID)
        model->outside = model->run;
    return 0;
}

static int set_progress(struct model *model)
{
    if (model->txn != ROSTER_TXN_VALID)
        return -EINVAL;
    model->entries = model->clock;
    model->entry_bytes = model->clock * 10;
    model->schema_version = (uint32_t)model->clock + 1;
    return 0;
}

static int finish(struct model *model)
{
    if (model->txn == ROSTER_TXN_INVALID)
        return -EALREADY;
    model->txn = ROSTER_TXN_INVALID;
    model->start_ts = 0;
    model->entries = 0;
    model->entry_bytes = 0;
    model->schema_version = 0;
    if (model->in_stmt)
        model->run = model->outside;
    else
        set_run(&model->run, ROSTER_RUN_IDLE, model->clock);
    return 0;
}

static int kill_stmt(struct model *model, bool stale)
{
    if (model->closed)
        return -ESRCH;
    if (!model->in_stmt)
        return -ENOENT;
    if (stale)
        return -ESTALE;
    if (model->conn_killed || model->stmt_killed)
        return -EALREADY;
    model->stmt_killed = ROSTER_KILL_REASON_RUNAWAY;
    return 0;
}

static int kill_conn(struct model *model)
{
    if (model->closed)
        return -ESRCH;
    if (model->conn_killed)
        return -EALREADY;
    model->conn_killed = ROSTER_KILL_REASON_SERVER_MEMORY;
    return 0;
}

uint64_t model_pinned(const struct model *model)
{
    if (model->closed || !model->pinning || model->txn == ROSTER_TXN_INVALID)
        return 0;
    return model->txn == ROSTER_TXN_PENDING ? model->announced : model->start_ts;
}

uint64_t model_begin_at_ts(const struct model *model)
{
    return model->protected_from;
}

/* Without a transaction: a limit that nothing is below. */
uint64_t model_expire_lower(const struct model *model)
{
    uint64_t pinned = model_pinned(model);

    return pinned ? pinned : 1;
}

static int scan(struct model *model, uint64_t lower)
{
    uint64_t now = model->oracle_next++, pinned = model_pinned(model);
    uint64_t minimum = pinned > lower && pinned < now ? pinned : now;

    if (minimum > model->safe_point)
        model->safe_point = minimum;
    if (model->safe_point > model->protected_from)
        model->protected_from = model->safe_point;
    if (lower && lower + 1 > model->protected_from)
        model->protected_from = lower + 1;
    model->floor = now;
    return 0;
}

static int check(const struct model *model)
{
    if (model->txn != ROSTER_TXN_VALID)
        return -EINVAL;
    return model->start_ts < model->protected_from ? -ESTALE : 0;
}

static int close_session(struct model *model)
{
    model->closed = true;
    model->in_stmt = false;
    model->txn = ROSTER_TXN_INVALID;
    return 0;
}

/* The operations that the owner does; closed sessions refuse them all. */
static int apply_owner(struct model *model, enum model_op op)
{
    switch (op) {
    case OP_STMT_BEGIN:
        return stmt_begin(model);
    case OP_STMT_END:
        return stmt_end(model);
    case OP_PREPARE:
        return prepare(model);
    case OP_ACTIVATE:
    case OP_ACTIVATE_STALE:
        return activate(model, op == OP_ACTIVATE_STALE);
    case OP_BEGIN:
        return begin(model);
    case OP_BEGIN_AT:
    case OP_BEGIN_AT_STALE:
        return begin_at(model, op == OP_BEGIN_AT_STALE);
    case OP_WAIT:
        return set_state(model, ROSTER_RUN_LOCK_WAITING);
    case OP_COMMIT:
        return set_state(model, ROSTER_RUN_COMMITTING);
    case OP_PROGRESS:
        return set_progress(model);
    case OP_UPDATE:
        model->identity++;
        return 0;
    case OP_FINISH:
        return finish(model);
    case OP_CHECK:
        return check(model);
    case OP_KILLED:
        return killed(model);
    default:
        return close_session(model);
    }
}

int model_apply(struct model *model, enum model_op op)
{
    switch (op) {
    case OP_KILL_STMT:
    case OP_KILL_STALE:
        return kill_stmt(model, op == OP_KILL_STALE);
    case OP_KILL_CONN:
        return kill_conn(model);
    case OP_SCAN:
        return scan(model, 0);
    case OP_EXPIRE:
        return scan(model, model_expire_lower(model));
    default:
        return model->closed ? -EBADF : apply_owner(model, op);
    }
}

int model_result(const struct model *model, enum model_op op)
{
    struct model copy = *model;

    return model_apply(&copy, op);
}

bool model_moves(const struct model *model, enum model_op op)
{
    if (op >= OP_FIRST_PURE)
        return false;
    /* Without a transaction to expire it would be a plain scan. */
    if (op == OP_EXPIRE)
        return model_pinned(model) != 0;
    /* The end of a killed statement returns why it was killed, a positive number. */
    return model_result(model, op) >= 0;
}
