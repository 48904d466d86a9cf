/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/eval.h"

#include "store/base/arena.h"
#include "store/base/bytes.h"

#include <errno.h>

struct collector {
    void *object;
    struct roster_store_kv *kvs;
    size_t count;
    uint32_t limit;
    bool more;
};

#define WALK_ENOUGH 1

static int collect(void *arg, const struct roster_store_kv *kv)
{
    struct collector *c = arg;

    if (c->limit != 0 && c->count == c->limit) {
        c->more = true;
        return WALK_ENOUGH;
    }
    c->kvs = rst_store_arena_grow(c->object, c->kvs, c->count, sizeof(c->kvs[0]));
    if (!c->kvs)
        return rst_store_arena_error(c->object);
    return rst_store_arena_copy_kv(c->object, kv, &c->kvs[c->count++]);
}

int rst_store_eval_range(struct store_engine *engine, const struct roster_store_keys *keys,
                         uint32_t limit, void *object, struct roster_store_range *range)
{
    struct collector c = {.object = object, .limit = limit};
    int err = engine->walk(engine, keys, collect, &c);

    if (err < 0)
        return err;
    range->kvs = c.kvs;
    range->count = c.count;
    range->more = c.more;
    return 0;
}

static int64_t number_of(const struct roster_store_kv *kv, enum roster_store_target target)
{
    switch (target) {
    case ROSTER_STORE_VERSION:
        return kv->version;
    case ROSTER_STORE_CREATE_REVISION:
        return kv->create_revision;
    case ROSTER_STORE_MOD_REVISION:
        return kv->mod_revision;
    case ROSTER_STORE_LEASE:
    case ROSTER_STORE_VALUE:
    default:
        return kv->lease;
    }
}

static bool related(int order, enum roster_store_relation relation)
{
    switch (relation) {
    case ROSTER_STORE_EQUAL:
        return order == 0;
    case ROSTER_STORE_NOT_EQUAL:
        return order != 0;
    case ROSTER_STORE_LESS:
        return order < 0;
    case ROSTER_STORE_GREATER:
    default:
        return order > 0;
    }
}

/* 1 when it holds, 0 when it does not, or a negative errno. */
static int holds(struct store_engine *engine, const struct roster_store_compare *compare)
{
    struct roster_store_kv kv = {0};
    int found = engine->find(engine, compare->key, &kv);
    int64_t number;

    if (found < 0)
        return found;
    if (compare->target == ROSTER_STORE_VALUE)
        return found &&
               related(rst_store_bytes_compare(kv.value, compare->value), compare->relation);
    number = found ? number_of(&kv, compare->target) : 0;
    return related((number > compare->number) - (number < compare->number), compare->relation);
}

static int all_hold(struct store_engine *engine, const struct roster_store_txn *txn)
{
    int held = 1;
    size_t i;

    for (i = 0; i < txn->n_compares && held == 1; i++)
        held = holds(engine, &txn->compares[i]);
    return held;
}

static int check_leases(struct store_engine *engine, const struct roster_store_op *ops, size_t n)
{
    int err = 0;
    size_t i;

    for (i = 0; i < n && !err; i++)
        if (ops[i].type == ROSTER_STORE_PUT && ops[i].lease != 0)
            err = engine->check_lease(engine, ops[i].lease);
    return err;
}

static int carry_out(struct store_engine *engine, const struct roster_store_op *op, void *object,
                     struct roster_store_op_result *result)
{
    *result = (struct roster_store_op_result){.type = op->type};
    switch (op->type) {
    case ROSTER_STORE_PUT:
        return engine->put(engine, op);
    case ROSTER_STORE_DELETE:
        return engine->erase(engine, &op->keys, &result->deleted);
    case ROSTER_STORE_GET:
    default:
        return rst_store_eval_range(engine, &op->keys, op->limit, object, &result->range);
    }
}

static int carry_out_all(struct store_engine *engine, const struct roster_store_op *ops, size_t n,
                         struct roster_store_txn_result *result)
{
    struct roster_store_op_result *results;
    int err = check_leases(engine, ops, n);
    size_t i;

    if (err || n == 0)
        return err;
    results = rst_store_arena_alloc(result, n * sizeof(*results));
    if (!results)
        return rst_store_arena_error(result);
    for (i = 0; i < n && !err; i++)
        err = carry_out(engine, &ops[i], result, &results[i]);
    result->results = results;
    result->count = n;
    return err;
}

int rst_store_eval_txn(struct store_engine *engine, const struct roster_store_txn *txn,
                       size_t max_result_bytes, struct roster_store_txn_result **result)
{
    struct roster_store_txn_result *r = rst_store_arena_new(sizeof(*r), max_result_bytes);
    int held, err;

    if (!r)
        return -ENOMEM;
    held = all_hold(engine, txn);
    if (held < 0) {
        err = held;
    } else {
        r->succeeded = held == 1;
        err = r->succeeded ? carry_out_all(engine, txn->success, txn->n_success, r)
                           : carry_out_all(engine, txn->failure, txn->n_failure, r);
    }
    if (err) {
        roster_store_free(r);
        return err;
    }
    *result = r;
    return 0;
}

void rst_store_eval_stamp(struct roster_store_txn_result *result, int64_t revision)
{
    size_t i;

    /* The results were made by carry_out_all() and are constant only for the caller. */
    struct roster_store_op_result *results =
        (struct roster_store_op_result *)(uintptr_t)result->results;

    result->revision = revision;
    for (i = 0; i < result->count; i++)
        results[i].range.revision = results[i].type == ROSTER_STORE_GET ? revision : 0;
}
