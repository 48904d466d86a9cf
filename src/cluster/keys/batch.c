/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A small transaction of a store. */

#include "cluster/keys/keys.h"

#include <errno.h>

void rst_batch_if_revision(struct batch *batch, const char *key, int64_t revision)
{
    batch->compares[batch->n_compares++] = roster_store_if(
        roster_store_text(key), ROSTER_STORE_MOD_REVISION, ROSTER_STORE_EQUAL, revision);
}

void rst_batch_put(struct batch *batch, const char *key, struct roster_store_bytes value,
                   int64_t lease)
{
    batch->ops[batch->n_ops++] = roster_store_put(roster_store_text(key), value, lease);
}

void rst_batch_delete(struct batch *batch, const char *key)
{
    batch->ops[batch->n_ops++] = roster_store_delete(roster_store_key(roster_store_text(key)));
}

static struct roster_store_op read_of(const char *key)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(key));

    keys.prefix = key[keys.key.size - 1] == '/';
    return roster_store_read(keys, 0);
}

void rst_batch_get(struct batch *batch, const char *key)
{
    batch->ops[batch->n_ops++] = read_of(key);
}

void rst_batch_otherwise_get(struct batch *batch, const char *key)
{
    batch->otherwise[batch->n_otherwise++] = read_of(key);
}

int rst_batch_run(const struct batch *batch, struct roster_store *store, int timeout_ms,
                  struct roster_store_txn_result **result)
{
    struct roster_store_txn txn = {batch->compares, batch->n_compares, batch->ops,
                                   batch->n_ops,    batch->otherwise,  batch->n_otherwise};

    return roster_store_txn(store, &txn, timeout_ms, result);
}
