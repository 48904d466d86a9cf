/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The etcd store: opening, closing, reading and transactions. */

#include "store/base/arena.h"
#include "store/base/backoff.h"
#include "store/etcd/etcd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_file(const char *option, const char *path, const struct store_error *error)
{
    if (!path || !access(path, R_OK))
        return 0;
    return rst_store_error_set(
        error, -EKEYREJECTED,
        "option %s is \"%s\", which cannot be read (%s); name a PEM file that "
        "this user may read",
        option, path, strerrorname_np(errno));
}

static int check_tls(const struct roster_store_options *options, const struct store_error *error)
{
    int err = check_file("tls_ca_file", options->tls_ca_file, error);

    if (!err)
        err = check_file("tls_cert_file", options->tls_cert_file, error);
    return err ? err : check_file("tls_key_file", options->tls_key_file, error);
}

static void etcd_close(struct roster_store *base)
{
    struct etcd_store *store = etcd_store_of(base);
    struct etcd_http *http, *next;

    for (http = store->idle; http; http = next) {
        next = http->next;
        rst_etcd_http_free(http);
    }
    if (store->token)
        explicit_bzero(store->token, strlen(store->token));
    free(store->token);
    rst_etcd_endpoints_free(store);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

/* Makes the first handle now, so that a libcurl that will not do is refused here. */
static int check_libcurl(struct etcd_store *store, const struct store_error *error)
{
    struct etcd_http *http;
    int err = rst_etcd_http_new(store, &http);

    if (!err)
        rst_etcd_http_give(store, http);
    if (err == -ENOTSUP)
        return rst_store_error_set(error, err,
                                   "libcurl %s lacks TLS or another setting that the store needs; "
                                   "install one of 7.68 or newer with TLS",
                                   curl_version_info(CURLVERSION_NOW)->version);
    return err ? rst_store_error_set(error, err, "out of memory") : 0;
}

static int etcd_open(const char *address, const struct roster_store_options *options,
                     struct roster_store **out, const struct store_error *error)
{
    struct etcd_store *store;
    uint64_t first;
    int err = rst_etcd_http_init();

    if (err)
        return rst_store_error_set(error, err, "libcurl cannot be initialized");
    store = calloc(1, sizeof(*store));
    if (!store)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    store->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    rst_store_begin(&store->base, options);
    err = rst_etcd_endpoints_parse(store, address, error);
    if (!err)
        err = check_tls(options, error);
    if (!err)
        err = check_libcurl(store, error);
    if (err) {
        etcd_close(&store->base);
        return err;
    }
    /* So that many servers with the same list do not all begin with its first endpoint. */
    if (!rst_random(&first))
        store->preferred = first % store->n_endpoints;
    *out = &store->base;
    return 0;
}

static int etcd_rebind(struct roster_store *base)
{
    rst_etcd_identity_reset(etcd_store_of(base));
    return 0;
}

struct range_call {
    const struct roster_store_keys *keys;
    uint32_t limit;
    struct roster_store_range *range;
};

static int decode_range(struct etcd_store *store, const struct etcd_call *call,
                        const json_t *answer, void *out)
{
    struct range_call *range = out;
    struct roster_store_range *r =
        rst_store_arena_new(sizeof(*r), store->base.options.max_result_bytes);
    int64_t revision = 0;
    int err;

    if (!r)
        return -ENOMEM;
    err = rst_etcd_identity_check(store, &call->before, answer, true, &revision);
    if (!err)
        err = rst_etcd_decode_range(answer, range->keys, range->limit, revision, r, r);
    if (err) {
        roster_store_free(r);
        return err;
    }
    range->range = r;
    return 0;
}

static int etcd_get(struct roster_store *base, const struct roster_store_keys *keys, uint32_t limit,
                    int64_t deadline, struct roster_store_range **range)
{
    struct range_call out = {.keys = keys, .limit = limit};
    struct etcd_call call = {.path = ETCD_PATH_RANGE,
                             .request = rst_etcd_encode_range(keys, limit, false),
                             .repeatable = true,
                             .decode = decode_range,
                             .out = &out};
    int err = rst_etcd_call_run(etcd_store_of(base), &call, deadline);

    *range = out.range;
    return err;
}

struct txn_call {
    const struct roster_store_txn *txn;
    struct roster_store_txn_result *result;
};

static int decode_txn(struct etcd_store *store, const struct etcd_call *call, const json_t *answer,
                      void *out)
{
    struct txn_call *txn = out;
    int64_t revision = 0;
    int err = rst_etcd_identity_check(store, &call->before, answer, true, &revision);

    if (err)
        return err;
    return rst_etcd_decode_txn(answer, txn->txn, revision, store->base.options.max_result_bytes,
                               &txn->result);
}

static int etcd_txn(struct roster_store *base, const struct roster_store_txn *txn, int64_t deadline,
                    struct roster_store_txn_result **result)
{
    struct txn_call out = {.txn = txn};
    bool changes = rst_store_txn_changes(txn);
    struct etcd_call call = {.path = ETCD_PATH_TXN,
                             .request = rst_etcd_encode_txn(txn),
                             .changes = changes,
                             .repeatable = !changes,
                             .decode = decode_txn,
                             .out = &out};
    int err = rst_etcd_call_run(etcd_store_of(base), &call, deadline);

    *result = out.result;
    return err;
}

const struct store_kind rst_store_etcd_kind = {
    .scheme = "etcd",
    .open = etcd_open,
    .close = etcd_close,
    .rebind = etcd_rebind,
    .get = etcd_get,
    .txn = etcd_txn,
    .lease = rst_etcd_lease,
    .watch_open = rst_etcd_watch_open,
    .watch_next = rst_etcd_watch_next,
    .watch_wake = rst_etcd_watch_wake,
    .watch_close = rst_etcd_watch_close,
};
