/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The loops over a roster. See loops.h.
 */
#include "loops.h"

#include <errno.h>
#include <roster/list.h>
#include <roster/minimum.h>
#include <roster/statement.h>
#include <roster/txn.h>

#define BATCH 256

typedef int op_fn(const struct world *world, struct roster_session *session);

static inline int begin_finish(const struct world *world, struct roster_session *session)
{
    int err = roster_txn_begin(session, NULL);

    (void)world;
    return err | roster_txn_finish(session);
}

static inline int statement(const struct world *world, struct roster_session *session)
{
    int err =
        roster_stmt_begin(session, ROSTER_COMMAND_QUERY, world->text, world->text_length, NULL, 0);

    return err | roster_stmt_end(session);
}

static inline __attribute__((always_inline)) int in_turn(struct worker *worker, op_fn *op)
{
    struct share *share = worker->job->arg;
    const struct world *world = share->world;
    struct roster_session *const *sessions = world->sessions;
    size_t at = share->at, i;
    uint64_t ops = 0;
    int err = 0;

    oracle_role_owner();
    for (; !runner_stopped(worker) && !err; ops += BATCH)
        for (i = 0; i < BATCH; i++) {
            err |= op(world, sessions[at]);
            at = at + 1 == share->to ? share->from : at + 1;
        }
    share->at = at;
    worker->ops = ops;
    return err;
}

int loop_begin_finish(struct worker *worker)
{
    return in_turn(worker, begin_finish);
}

int loop_statement(struct worker *worker)
{
    return in_turn(worker, statement);
}

struct reading {
    uint64_t sum;
    size_t count;
};

static uint64_t first_byte(const char *string)
{
    return string ? (unsigned char)string[0] : 0;
}

/* Reads everything that a process list shows. */
static int read_session(const struct roster_session *session, const struct roster_shown *view,
                        void *arg)
{
    const struct roster_statement *statement = view->statement;
    struct reading *reading = arg;
    uint64_t sum = roster_session_id(session) + roster_session_since(session, view);

    sum += view->start_ts + view->entries + view->entry_bytes;
    sum += (uint64_t)view->schema_version + view->txn_state + view->run_state;
    if (statement)
        sum += statement->seq + statement->since + statement->command + statement->text_length +
               first_byte(statement->text);
    sum += first_byte(roster_identity_user(view->identity)) +
           first_byte(roster_identity_host(view->identity)) +
           first_byte(roster_identity_database(view->identity));
    reading->sum += sum;
    reading->count++;
    return 0;
}

/* Fails when a session was missed, so that the figure is that of a whole list. */
static int list_once(const struct world *world)
{
    struct reading reading = {0, 0};
    int err = roster_read_lock(world->roster);

    if (err)
        return err;
    err = roster_for_each(world->roster, read_session, &reading);
    roster_read_unlock(world->roster);
    if (!err && (reading.count != world->n_sessions || !reading.sum))
        err = -EPROTO;
    return err;
}

/* Fails when the minimum is not that of an open transaction although some are open throughout. */
static int scan_once(const struct world *world)
{
    struct roster_min min = {.size = sizeof(min)};
    int err = roster_min_advance(world->roster, 0, &min);

    if (!err && world->n_open && min.holder.kind != ROSTER_HOLDER_TXN)
        err = -EPROTO;
    return err;
}

static int repeat(struct worker *worker, int (*once)(const struct world *), unsigned pause_ms)
{
    const struct world *world = worker->job->arg;
    uint64_t ops = 0;
    int err = 0;

    oracle_role_scanner();
    while (!runner_stopped(worker) && !err) {
        err = once(world);
        ops++;
        if (pause_ms)
            runner_nap(worker, pause_ms);
    }
    worker->ops = ops;
    return err;
}

int loop_list(struct worker *worker)
{
    return repeat(worker, list_once, 0);
}

int loop_scan(struct worker *worker)
{
    return repeat(worker, scan_once, 0);
}

int loop_list_every_100_ms(struct worker *worker)
{
    return repeat(worker, list_once, 100);
}

int loop_scan_every_10_ms(struct worker *worker)
{
    return repeat(worker, scan_once, 10);
}
