/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A small transaction of a store, put together step by step. */
#ifndef ROSTER_CLUSTER_KEYS_BATCH_H
#define ROSTER_CLUSTER_KEYS_BATCH_H

#include <roster/store.h>

#define BATCH_MAX 8

/* Zeroed at first. Keys and values are not copied. */
struct batch {
    struct roster_store_compare compares[BATCH_MAX];
    struct roster_store_op ops[BATCH_MAX];
    struct roster_store_op otherwise[BATCH_MAX];
    size_t n_compares, n_ops, n_otherwise;
};

/* The key's last change must be this revision; 0: it must not exist. */
void rst_batch_if_revision(struct batch *batch, const char *key, int64_t revision);
void rst_batch_put(struct batch *batch, const char *key, struct roster_store_bytes value,
                   int64_t lease);
void rst_batch_delete(struct batch *batch, const char *key);
/* Reads one key or, if it ends with a slash, all below it. */
void rst_batch_get(struct batch *batch, const char *key);
void rst_batch_otherwise_get(struct batch *batch, const char *key);

/* As roster_store_txn(). */
int rst_batch_run(const struct batch *batch, struct roster_store *store, int timeout_ms,
                  struct roster_store_txn_result **result);

#endif
