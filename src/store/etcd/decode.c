/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Results from etcd's JSON, checked against the request. */

#include "store/base/arena.h"
#include "store/base/bytes.h"
#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#include <errno.h>
#include <string.h>

static int decode_numbers(const json_t *object, struct roster_store_kv *kv)
{
    int err = rst_store_json_get_int(object, "create_revision", 0, &kv->create_revision);

    if (!err)
        err = rst_store_json_get_int(object, "mod_revision", 1, &kv->mod_revision);
    if (!err)
        err = rst_store_json_get_int(object, "version", 0, &kv->version);
    if (!err)
        err = rst_store_json_get_int(object, "lease", 0, &kv->lease);
    return err;
}

/* A key that exists, or with `deleted` one that does not any more. */
static int decode_kv(const json_t *object, bool deleted, int64_t revision, void *arena,
                     struct roster_store_kv *kv)
{
    int err = json_is_object(object) ? decode_numbers(object, kv) : -EPROTO;

    if (!err)
        err = rst_store_json_get_bytes(object, "key", arena, &kv->key);
    if (!err)
        err = rst_store_json_get_bytes(object, "value", arena, &kv->value);
    if (err)
        return err;
    if (kv->key.size == 0 || kv->mod_revision > revision)
        return -EPROTO;
    if (deleted)
        return kv->version == 0 && kv->value.size == 0 ? 0 : -EPROTO;
    if (kv->version < 1 || kv->create_revision < 1 || kv->create_revision > kv->mod_revision)
        return -EPROTO;
    return 0;
}

static int decode_kvs(const json_t *array, const struct roster_store_keys *keys, int64_t revision,
                      void *object, struct roster_store_kv *kvs)
{
    int err = 0;
    size_t i;

    for (i = 0; i < json_array_size(array) && !err; i++) {
        err = decode_kv(json_array_get(array, i), false, revision, object, &kvs[i]);
        if (!err && !rst_store_keys_match(keys, kvs[i].key))
            err = -EPROTO;
        if (!err && i > 0 && rst_store_bytes_compare(kvs[i - 1].key, kvs[i].key) >= 0)
            err = -EPROTO;
    }
    return err;
}

int rst_etcd_decode_range(const json_t *answer, const struct roster_store_keys *keys,
                          uint32_t limit, int64_t revision, void *object,
                          struct roster_store_range *range)
{
    struct roster_store_kv *kvs = NULL;
    const json_t *array;
    size_t count;
    int err = rst_store_json_get(answer, "kvs", JSON_ARRAY, &array);

    if (!err)
        err = rst_store_json_get_bool(answer, "more", &range->more);
    if (err)
        return err;
    count = json_array_size(array);
    if ((limit != 0 && count > limit) || (range->more && (limit == 0 || count != limit)))
        return -EPROTO;
    if (count > 0) {
        kvs = rst_store_arena_alloc(object, count * sizeof(*kvs));
        if (!kvs)
            return rst_store_arena_error(object);
    }
    range->kvs = kvs;
    range->count = count;
    range->revision = revision;
    return decode_kvs(array, keys, revision, object, kvs);
}

static int decode_op(const json_t *answer, const struct roster_store_op *op, int64_t revision,
                     void *object, struct roster_store_op_result *result)
{
    static const char *const members[] = {"response_put", "response_delete_range",
                                          "response_range"};
    const json_t *member;
    int err = rst_store_json_get(answer, members[op->type], JSON_OBJECT, &member);

    if (!err && !member)
        err = -EPROTO;
    if (err)
        return err;
    *result = (struct roster_store_op_result){.type = op->type};
    switch (op->type) {
    case ROSTER_STORE_PUT:
        return 0;
    case ROSTER_STORE_DELETE:
        return rst_store_json_get_int(member, "deleted", 0, &result->deleted);
    case ROSTER_STORE_GET:
    default:
        return rst_etcd_decode_range(member, &op->keys, op->limit, revision, object,
                                     &result->range);
    }
}

static int decode_ops(const json_t *answer, const struct roster_store_op *ops, size_t n,
                      int64_t revision, struct roster_store_txn_result *result)
{
    struct roster_store_op_result *results;
    const json_t *array;
    int err = rst_store_json_get(answer, "responses", JSON_ARRAY, &array);
    size_t i;

    if (!err && json_array_size(array) != n)
        err = -EPROTO;
    if (err || n == 0)
        return err;
    results = rst_store_arena_alloc(result, n * sizeof(*results));
    if (!results)
        return rst_store_arena_error(result);
    for (i = 0; i < n && !err; i++)
        err = decode_op(json_array_get(array, i), &ops[i], revision, result, &results[i]);
    result->results = results;
    result->count = n;
    return err;
}

int rst_etcd_decode_txn(const json_t *answer, const struct roster_store_txn *txn, int64_t revision,
                        size_t max_result_bytes, struct roster_store_txn_result **result)
{
    struct roster_store_txn_result *r = rst_store_arena_new(sizeof(*r), max_result_bytes);
    int err;

    if (!r)
        return -ENOMEM;
    r->revision = revision;
    err = rst_store_json_get_bool(answer, "succeeded", &r->succeeded);
    if (!err && txn->n_compares == 0 && !r->succeeded)
        err = -EPROTO;
    if (!err)
        err = r->succeeded ? decode_ops(answer, txn->success, txn->n_success, revision, r)
                           : decode_ops(answer, txn->failure, txn->n_failure, revision, r);
    if (err) {
        roster_store_free(r);
        return err;
    }
    *result = r;
    return 0;
}

static int decode_event(const json_t *object, const struct roster_store_watch *watch,
                        int64_t revision, struct store_event_list *list)
{
    const char *type = rst_store_json_peek_text(object, "type");
    bool deleted = type && strcmp(type, "DELETE") == 0;
    struct roster_store_kv kv = {0};
    const json_t *member;
    int err = rst_store_json_get(object, "kv", JSON_OBJECT, &member);

    if (!err && type && !deleted && strcmp(type, "PUT") != 0)
        err = -EPROTO;
    if (!err)
        err = decode_kv(member, deleted, revision, list->result, &kv);
    if (err)
        return err;
    if (kv.mod_revision < watch->next || kv.mod_revision < list->last ||
        !rst_store_keys_match(&watch->keys, kv.key))
        return -EPROTO;
    return rst_store_event_list_add(list, &kv);
}

int rst_etcd_decode_events(const json_t *array, const struct roster_store_watch *watch,
                           int64_t revision, struct store_event_list *list)
{
    int err = 0;
    size_t i;

    for (i = 0; i < json_array_size(array) && !err; i++)
        err = decode_event(json_array_get(array, i), watch, revision, list);
    return err;
}
