/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Transactions on a table of this process's own: what the memory and SQLite stores share, so
 * that they cannot disagree on the meaning of a compare or an operation.
 *
 * All functions run inside one transaction of the engine, which the caller has begun, and which
 * it rolls back if they fail.
 */
#pragma once

#include <roster/store.h>

/* Called for each key of a walk; not 0 ends the walk, which then returns it. */
typedef int store_visit_fn(void *arg, const struct roster_store_kv *kv);

/* A table of keys, inside a transaction. What they hand out is valid until the next call. */
struct store_engine {
    /* 1 and the key, or 0 when it does not exist, or a negative errno. */
    int (*find)(struct store_engine *engine, struct roster_store_bytes key,
                struct roster_store_kv *kv);
    /* Visits keys in ascending order. */
    int (*walk)(struct store_engine *engine, const struct roster_store_keys *keys,
                store_visit_fn *visit, void *arg);
    /* 0, or -EKEYEXPIRED when there is no such lease. */
    int (*check_lease)(struct store_engine *engine, int64_t lease);
    int (*put)(struct store_engine *engine, const struct roster_store_op *op);
    int (*erase)(struct store_engine *engine, const struct roster_store_keys *keys,
                 int64_t *deleted);
};

/*
 * Reads keys into a range that is part of `object`, see base/arena.h. The revision is left to
 * the caller.
 */
int rst_store_eval_range(struct store_engine *engine, const struct roster_store_keys *keys,
                         uint32_t limit, void *object, struct roster_store_range *range);

/* Carries out a transaction into a new result; the result's revisions are left to the caller. */
int rst_store_eval_txn(struct store_engine *engine, const struct roster_store_txn *txn,
                       size_t max_result_bytes, struct roster_store_txn_result **result);

/* Sets the revision of a result and of all that was read with it. */
void rst_store_eval_stamp(struct roster_store_txn_result *result, int64_t revision);
