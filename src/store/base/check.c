/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The arguments of calls, so that each kind of store refuses the same ones. */

#include "store/base/bytes.h"
#include "store/base/kind.h"

#include <errno.h>
#include <stdlib.h>

static bool valid_bytes(struct roster_store_bytes bytes)
{
    return bytes.data || bytes.size == 0;
}

int rst_store_check_keys(const struct roster_store_keys *keys, bool reading)
{
    if (!valid_bytes(keys->key) || !valid_bytes(keys->after))
        return -EINVAL;
    if (!keys->prefix && (keys->key.size == 0 || keys->after.size > 0))
        return -EINVAL;
    if (keys->after.size > 0 && (!reading || !rst_store_bytes_begins(keys->after, keys->key)))
        return -EINVAL;
    if (keys->key.size > ROSTER_STORE_MAX_REQUEST || keys->after.size > ROSTER_STORE_MAX_REQUEST)
        return -EMSGSIZE;
    return 0;
}

/* Adds up sizes; each is at most SIZE_MAX, so the sum is checked at every step. */
static int add_size(size_t *total, size_t size)
{
    if (size > ROSTER_STORE_MAX_REQUEST - *total)
        return -EMSGSIZE;
    *total += size;
    return 0;
}

static int check_compare(const struct roster_store_compare *compare, size_t *total)
{
    if (!compare->key.data || compare->key.size == 0 || !valid_bytes(compare->value))
        return -EINVAL;
    if ((unsigned)compare->target >= ROSTER_STORE_TARGETS ||
        (unsigned)compare->relation >= ROSTER_STORE_RELATIONS)
        return -EINVAL;
    if (compare->target == ROSTER_STORE_VALUE) {
        if (compare->number != 0)
            return -EINVAL;
    } else if (compare->number < 0 || compare->value.size > 0) {
        return -EINVAL;
    }
    if (add_size(total, compare->key.size))
        return -EMSGSIZE;
    return add_size(total, compare->value.size);
}

static int check_op(const struct roster_store_op *op, size_t *total)
{
    int err = rst_store_check_keys(&op->keys, op->type == ROSTER_STORE_GET);

    if (err)
        return err;
    switch (op->type) {
    case ROSTER_STORE_PUT:
        if (op->keys.prefix || !valid_bytes(op->value) || op->lease < 0 || op->limit != 0)
            return -EINVAL;
        break;
    case ROSTER_STORE_DELETE:
        if (op->value.size > 0 || op->lease != 0 || op->limit != 0)
            return -EINVAL;
        break;
    case ROSTER_STORE_GET:
        if (op->value.size > 0 || op->lease != 0)
            return -EINVAL;
        break;
    default:
        return -EINVAL;
    }
    if (add_size(total, op->keys.key.size) || add_size(total, op->keys.after.size))
        return -EMSGSIZE;
    return add_size(total, op->value.size);
}

static int compare_puts(const void *a, const void *b)
{
    const struct roster_store_op *const *left = a;
    const struct roster_store_op *const *right = b;

    return rst_store_bytes_compare((*left)->keys.key, (*right)->keys.key);
}

/* Whether one of the sorted puts is to a key that is deleted. */
static bool deletes_a_put(const struct roster_store_op *op, const struct roster_store_op **puts,
                          size_t n_puts)
{
    size_t i;

    for (i = 0; i < n_puts; i++)
        if (rst_store_keys_match(&op->keys, puts[i]->keys.key))
            return true;
    return false;
}

/* Which of two changes of one key wins is nothing that stores agree upon, so neither may be. */
static int check_overlap(const struct roster_store_op *ops, size_t n)
{
    const struct roster_store_op *puts[ROSTER_STORE_MAX_OPS];
    size_t n_puts = 0;
    size_t i;

    for (i = 0; i < n; i++)
        if (ops[i].type == ROSTER_STORE_PUT)
            puts[n_puts++] = &ops[i];
    qsort(puts, n_puts, sizeof(puts[0]), compare_puts);
    for (i = 1; i < n_puts; i++)
        if (rst_store_bytes_equal(puts[i - 1]->keys.key, puts[i]->keys.key))
            return -EINVAL;
    for (i = 0; i < n; i++)
        if (ops[i].type == ROSTER_STORE_DELETE && deletes_a_put(&ops[i], puts, n_puts))
            return -EINVAL;
    return 0;
}

static int check_ops(const struct roster_store_op *ops, size_t n, size_t *total)
{
    int err = 0;
    size_t i;

    if (n > ROSTER_STORE_MAX_OPS || (!ops && n > 0))
        return -EINVAL;
    for (i = 0; i < n && !err; i++)
        err = check_op(&ops[i], total);
    return err ? err : check_overlap(ops, n);
}

int rst_store_check_txn(const struct roster_store_txn *txn)
{
    size_t total = 0;
    int err = 0;
    size_t i;

    if (txn->n_compares > ROSTER_STORE_MAX_OPS || (!txn->compares && txn->n_compares > 0))
        return -EINVAL;
    for (i = 0; i < txn->n_compares && !err; i++)
        err = check_compare(&txn->compares[i], &total);
    if (!err)
        err = check_ops(txn->success, txn->n_success, &total);
    if (!err)
        err = check_ops(txn->failure, txn->n_failure, &total);
    return err;
}

static bool ops_change(const struct roster_store_op *ops, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (ops[i].type != ROSTER_STORE_GET)
            return true;
    return false;
}

bool rst_store_txn_changes(const struct roster_store_txn *txn)
{
    return ops_change(txn->success, txn->n_success) || ops_change(txn->failure, txn->n_failure);
}
