/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Requests to etcd as JSON. NULL: out of memory. */

#include "store/base/bytes.h"
#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#include <stdlib.h>
#include <string.h>

static const struct roster_store_bytes zero = {"", 1};

/* The least key that is greater: the same with a zero at its end. */
static json_t *set_successor(json_t *object, const char *name, struct roster_store_bytes key)
{
    unsigned char *bytes = malloc(key.size + 1);

    if (!bytes)
        return rst_store_json_set(object, name, NULL);
    memcpy(bytes, key.data, key.size);
    bytes[key.size] = 0;
    object =
        rst_store_json_set_bytes(object, name, (struct roster_store_bytes){bytes, key.size + 1});
    free(bytes);
    return object;
}

/* etcd's end of a range is exclusive; a single zero byte means no end. */
static json_t *set_prefix_end(json_t *object, struct roster_store_bytes prefix)
{
    unsigned char *end = malloc(prefix.size + 1);
    size_t size;

    if (!end)
        return rst_store_json_set(object, "range_end", NULL);
    size = rst_store_prefix_end(prefix, end);
    object = rst_store_json_set_bytes(object, "range_end",
                                      size > 0 ? (struct roster_store_bytes){end, size} : zero);
    free(end);
    return object;
}

static json_t *set_keys(json_t *object, const struct roster_store_keys *keys)
{
    if (keys->prefix && keys->after.size > 0)
        object = set_successor(object, "key", keys->after);
    else
        object = rst_store_json_set_bytes(object, "key", keys->key.size > 0 ? keys->key : zero);
    return keys->prefix ? set_prefix_end(object, keys->key) : object;
}

json_t *rst_etcd_encode_range(const struct roster_store_keys *keys, uint32_t limit, bool count_only)
{
    json_t *range = set_keys(json_object(), keys);

    if (limit != 0)
        range = rst_store_json_set_int(range, "limit", limit);
    return count_only ? rst_store_json_set(range, "count_only", json_true()) : range;
}

static json_t *encode_compare(const struct roster_store_compare *compare)
{
    static const char *const targets[] = {"VALUE", "VERSION", "CREATE", "MOD", "LEASE"};
    static const char *const members[] = {"value", "version", "create_revision", "mod_revision",
                                          "lease"};
    static const char *const relations[] = {"EQUAL", "NOT_EQUAL", "LESS", "GREATER"};
    json_t *object = rst_store_json_set_bytes(json_object(), "key", compare->key);

    object = rst_store_json_set_text(object, "target", targets[compare->target]);
    object = rst_store_json_set_text(object, "result", relations[compare->relation]);
    if (compare->target == ROSTER_STORE_VALUE)
        return rst_store_json_set_bytes(object, "value", compare->value);
    return rst_store_json_set_int(object, members[compare->target], compare->number);
}

static json_t *encode_put(const struct roster_store_op *op)
{
    json_t *put = rst_store_json_set_bytes(json_object(), "key", op->keys.key);

    put = rst_store_json_set_bytes(put, "value", op->value);
    return op->lease != 0 ? rst_store_json_set_int(put, "lease", op->lease) : put;
}

static json_t *encode_op(const struct roster_store_op *op)
{
    switch (op->type) {
    case ROSTER_STORE_PUT:
        return rst_store_json_set(json_object(), "request_put", encode_put(op));
    case ROSTER_STORE_DELETE:
        return rst_store_json_set(json_object(), "request_delete_range",
                                  set_keys(json_object(), &op->keys));
    case ROSTER_STORE_GET:
    default:
        return rst_store_json_set(json_object(), "request_range",
                                  rst_etcd_encode_range(&op->keys, op->limit, false));
    }
}

/* Takes over the item; frees the array and returns NULL when memory is out. */
static json_t *append(json_t *array, json_t *item)
{
    if (!array) {
        json_decref(item);
        return NULL;
    }
    if (!json_array_append_new(array, item))
        return array;
    json_decref(array);
    return NULL;
}

static json_t *encode_ops(const struct roster_store_op *ops, size_t n)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < n; i++)
        array = append(array, encode_op(&ops[i]));
    return array;
}

json_t *rst_etcd_encode_txn(const struct roster_store_txn *txn)
{
    json_t *compares = json_array(), *object;
    size_t i;

    for (i = 0; i < txn->n_compares; i++)
        compares = append(compares, encode_compare(&txn->compares[i]));
    object = rst_store_json_set(json_object(), "compare", compares);
    object = rst_store_json_set(object, "success", encode_ops(txn->success, txn->n_success));
    return rst_store_json_set(object, "failure", encode_ops(txn->failure, txn->n_failure));
}

json_t *rst_etcd_encode_watch(const struct roster_store_keys *keys, int64_t revision)
{
    json_t *create = set_keys(json_object(), keys);

    create = rst_store_json_set_int(create, "start_revision", revision);
    return rst_store_json_set(json_object(), "create_request", create);
}
