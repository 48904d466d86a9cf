/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The tables that a transaction uses: a list that only grows, in the session's side. It belongs to
 * the transaction with its start timestamp. It is never cleared, so ends cost no more (G9). (Two
 * transactions of one session that chose the same old timestamp look like one: the second inherits
 * the first one's table list. That is harmless: a schema change may wait longer than needed.)
 */
#include "core/owner/owner.h"

#include "core/base/reclaim.h"
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/thread.h"
#include "core/roster/txn_seq.h"

#include <roster/schema_check.h>
#include <string.h>

#define FIRST_CAPACITY 6

static void free_tables(struct rcu_head *head)
{
    struct rst_tables *tables = caa_container_of(head, struct rst_tables, rcu);
    size_t bytes = rst_tables_bytes(tables->capacity);

    rst_callback_begin(head);
    rst_fetch_sub(&tables->heap->account->backlog, bytes);
    rst_heap_give(tables->heap, tables, bytes);
    rst_callback_end();
}

/* A larger list that begins like `old`, or with nothing when that is NULL. */
static struct rst_tables *new_list(struct rst_heap *heap, const struct rst_tables *old,
                                   uint64_t txn_seq)
{
    uint32_t capacity = old ? 2 * old->capacity : FIRST_CAPACITY;
    struct rst_tables *made = rst_heap_take(heap, rst_tables_bytes(capacity));

    if (!made)
        return NULL;
    made->heap = heap;
    made->txn_seq = txn_seq;
    made->capacity = capacity;
    made->count = old ? old->count : 0;
    if (old)
        memcpy(made->list, old->list, old->count * sizeof(old->list[0]));
    return made;
}

/* Adds to the list, which the owner alone writes; a new one when it is full or another's. */
static int add(struct rst_heap *heap, struct rst_side *side, uint64_t txn_seq,
               const struct rst_table *table)
{
    struct rst_tables *tables = side->tables, *old = tables;
    bool goes_on = tables && tables->txn_seq == txn_seq;

    if (!goes_on || tables->count == tables->capacity) {
        if (old && rst_account_check(heap->account)) /* the old one awaits a grace period */
            return -ENOBUFS;
        tables = new_list(heap, goes_on ? old : NULL, txn_seq);
        if (!tables)
            return -ENOMEM;
    }
    tables->list[tables->count] = *table;
    /* The entry before the count; pairs with rst_tables_of(). */
    rst_store_release(&tables->count, tables->count + 1);
    if (tables == old)
        return 0;
    rst_assign_pointer(&side->tables, tables); /* pairs with rst_tables_of() */
    if (!old)
        return 0;
    rst_account_await(heap->account, rst_tables_bytes(old->capacity));
    rst_call_rcu(&old->rcu, free_tables);
    return 0;
}

static bool has(const struct rst_side *side, uint64_t txn_seq, uint64_t table_id)
{
    const struct rst_tables *tables = side->tables;
    uint32_t n;

    if (!tables || tables->txn_seq != txn_seq)
        return false;
    for (n = 0; n < tables->count; n++)
        if (tables->list[n].id == table_id)
            return true;
    return false;
}

static int use(struct roster_session *session, const struct rst_table *table)
{
    struct rst_side *side;
    uint64_t txn_seq;

    if (session->gate.txn_state != ROSTER_TXN_VALID)
        return -EINVAL;
    side = rst_side_need(session);
    if (!side)
        return -ENOMEM;
    txn_seq = rst_txn_look(session).seq;
    if (has(side, txn_seq, table->id))
        return 0;
    return add(&rst_session_roster(session)->heap, side, txn_seq, table);
}

int roster_txn_use_table(struct roster_session *session, uint64_t table_id, uint64_t schema_version)
{
    const struct rst_table table = {table_id, schema_version};
    struct rst_thread *thread;
    int err;

    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    rst_owner_enter(session);
    err = use(session, &table);
    rst_owner_leave(session);
    rst_compiler_barrier(); /* before the caller reads the version again; pairs with the checker's
                             */
    if (!thread->roster->membarrier)
        rst_fence_full_slow(); /* the same: pairs with the fence in roster_schema_check() */
    return err;
}

const struct rst_table *rst_tables_of(const struct roster_session *session,
                                      const struct roster_shown *view, size_t *count)
{
    const struct rst_side *side = rst_side_of(session);
    const struct rst_tables *tables = side ? rst_dereference(&side->tables) : NULL;
    struct rst_open_txn open;

    *count = 0;
    if (!tables || view->txn_state != ROSTER_TXN_VALID)
        return NULL;
    open = rst_txn_look(session);
    if (open.start_ts != view->start_ts || open.seq != tables->txn_seq)
        return NULL;
    *count = rst_load_acquire(&tables->count); /* pairs with add() */
    return tables->list;
}
