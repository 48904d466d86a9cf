/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What an etcd gateway answers: the first byte chooses for what question the rest is the answer.
 */
#include "fuzz.h"
#include "store/base/arena.h"
#include "store/base/bytes.h"
#include "store/base/events.h"
#include "store/base/json.h"
#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#define MOST_BYTES ((size_t)1 << 20)

static void check_range(const struct roster_store_range *range,
                        const struct roster_store_keys *keys)
{
    for (size_t i = 0; i < range->count; i++) {
        const struct roster_store_kv *kv = &range->kvs[i];

        fuzz_require(rst_store_keys_match(keys, kv->key), "a key that was not asked for");
        fuzz_require(i == 0 || rst_store_bytes_compare(kv[-1].key, kv->key) < 0,
                     "keys out of order");
        fuzz_require(kv->version > 0 && kv->create_revision <= kv->mod_revision &&
                         kv->mod_revision <= range->revision,
                     "revisions out of order");
    }
}

static void as_range(const json_t *root, const struct roster_store_keys *keys)
{
    struct roster_store_range *range = rst_store_arena_new(sizeof(*range), MOST_BYTES);

    if (range && rst_etcd_decode_range(root, keys, 3, (INT64_MAX - 1), range, range) == 0) {
        fuzz_require(range->count <= 3, "more keys than asked for");
        check_range(range, keys);
    }
    roster_store_free(range);
}

static void as_txn(const json_t *root, const struct roster_store_keys *keys)
{
    struct roster_store_op ops[] = {
        roster_store_put(roster_store_text("k"), roster_store_text("v"), 0),
        roster_store_delete(*keys),
        roster_store_read(*keys, 0),
    };
    struct roster_store_compare compare = roster_store_if_absent(roster_store_text("k"));
    struct roster_store_txn txn = {&compare, 1, ops, 3, ops + 2, 1};
    struct roster_store_txn_result *result = NULL;

    if (rst_etcd_decode_txn(root, &txn, (INT64_MAX - 1), MOST_BYTES, &result) == 0) {
        fuzz_require(result->count == (result->succeeded ? 3u : 1u), "results that are missing");
        check_range(&result->results[result->count - 1].range, keys);
    }
    roster_store_free(result);
}

static void as_events(const json_t *root, struct etcd_store *store,
                      const struct roster_store_keys *keys)
{
    struct roster_store_watch watch = {.store = &store->base, .keys = *keys, .next = 5};
    struct roster_store_events *events = NULL;
    struct store_event_list list;
    const json_t *array = NULL;
    int err;

    if (rst_store_json_get(root, "events", JSON_ARRAY, &array) != 0 ||
        rst_store_event_list_begin(&list, &store->base, false) != 0)
        return;
    list.revision = (INT64_MAX - 1);
    err = rst_etcd_decode_events(array, &watch, (INT64_MAX - 1), &list);
    err = rst_store_event_list_end(&list, err, &watch, &events);
    for (size_t i = 0; err == 0 && events && i < events->count; i++)
        fuzz_require(events->events[i].kv.mod_revision >= 5, "a change that was told before");
    roster_store_free(events);
}

static void as_header(const json_t *root, struct etcd_store *store)
{
    struct etcd_identity before;
    int64_t revision = 0;

    if (rst_etcd_identity_begin(store, &before) == 0 &&
        rst_etcd_identity_check(store, &before, root, true, &revision) == 0)
        fuzz_require(revision >= 1, "revision %lld", (long long)revision);
    rst_etcd_identity_reset(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct etcd_store store = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                      .base.options.max_result_bytes = MOST_BYTES};
    struct roster_store_keys keys = roster_store_prefix(roster_store_text("k"));
    json_t *root;

    if (size < 1)
        return 0;
    root = rst_json_parse((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES);
    if (!json_is_object(root)) {
        json_decref(root);
        return 0;
    }
    switch (data[0] % 4) {
    case 0:
        as_range(root, &keys);
        break;
    case 1:
        as_txn(root, &keys);
        break;
    case 2:
        as_events(root, &store, &keys);
        break;
    default:
        as_header(root, &store);
        break;
    }
    json_decref(root);
    return 0;
}
