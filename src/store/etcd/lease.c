/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The etcd store's leases. The client chooses the ids, at random. So a grant with an unknown
 * outcome can be requested again; if the lease already exists, it is this client's.
 */

#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#include <errno.h>

#define MS_PER_S 1000

/* What the decoders fill in. */
struct lease_answer {
    int64_t id;    /* the lease queried */
    int64_t ttl_s; /* requested, then as granted */
    int64_t granted_s;
    bool used; /* a key hangs on it: for a drop */
};

/* The numbers that answers about leases have in common; the header need not be the latest. */
static int decode_common(struct etcd_store *store, const struct etcd_call *call,
                         const json_t *answer, int64_t *ttl_s)
{
    const struct lease_answer *out = call->out;
    int64_t id = 0;
    int err = rst_etcd_identity_check(store, &call->before, answer, false, NULL);

    if (!err)
        err = rst_store_json_get_int(answer, "ID", 1, &id);
    if (!err && id != out->id)
        err = -EPROTO;
    if (!err)
        err = rst_store_json_get_int(answer, "TTL", -1, ttl_s);
    if (!err && *ttl_s > INT64_MAX / MS_PER_S)
        err = -EPROTO;
    return err;
}

static int decode_grant(struct etcd_store *store, const struct etcd_call *call,
                        const json_t *answer, void *out)
{
    struct lease_answer *lease = out;
    int64_t ttl_s = 0;
    int err = decode_common(store, call, answer, &ttl_s);

    if (!err && ttl_s < lease->ttl_s)
        err = -EPROTO;
    if (!err)
        lease->ttl_s = lease->granted_s = ttl_s;
    return err;
}

/* The answer of a stream is wrapped. A lease that is gone has no time to live. */
static int decode_keep(struct etcd_store *store, const struct etcd_call *call, const json_t *answer,
                       void *out)
{
    struct lease_answer *lease = out;
    const json_t *result;
    int err = rst_store_json_get(answer, "result", JSON_OBJECT, &result);

    if (!err)
        err = decode_common(store, call, result, &lease->ttl_s);
    if (!err && lease->ttl_s < 1)
        err = -EKEYEXPIRED;
    lease->granted_s = lease->ttl_s;
    return err;
}

static int decode_look(struct etcd_store *store, const struct etcd_call *call, const json_t *answer,
                       void *out)
{
    struct lease_answer *lease = out;
    int err = decode_common(store, call, answer, &lease->ttl_s);

    if (!err && lease->ttl_s < 0)
        return -EKEYEXPIRED;
    if (!err)
        err = rst_store_json_get_int(answer, "grantedTTL", 1, &lease->granted_s);
    return !err && lease->granted_s > INT64_MAX / MS_PER_S ? -EPROTO : err;
}

static int decode_drop(struct etcd_store *store, const struct etcd_call *call, const json_t *answer,
                       void *out)
{
    struct lease_answer *lease = out;
    const json_t *keys = NULL;
    int err = decode_look(store, call, answer, out);

    if (!err)
        err = rst_store_json_get(answer, "keys", JSON_ARRAY, &keys);
    lease->used = json_array_size(keys) > 0;
    return err;
}

static int decode_revoke(struct etcd_store *store, const struct etcd_call *call,
                         const json_t *answer, void *out)
{
    (void)out;
    return rst_etcd_identity_check(store, &call->before, answer, false, NULL);
}

/* What an earlier attempt of unknown outcome may have done already has been done. */
static int settle(const struct etcd_call *call, enum store_lease_verb verb, int err)
{
    if (verb == STORE_LEASE_GRANT && err == -EEXIST)
        return call->unknown ? 0 : -EPROTO;
    if (verb == STORE_LEASE_REVOKE && err == -EKEYEXPIRED && call->unknown)
        return 0;
    return err;
}

static json_t *encode(const struct store_lease_call *call, const struct lease_answer *lease)
{
    json_t *request = rst_store_json_set_int(json_object(), "ID", lease->id);

    if (call->verb == STORE_LEASE_GRANT)
        request = rst_store_json_set_int(request, "TTL", lease->ttl_s);
    if (call->verb == STORE_LEASE_DROP)
        request = rst_store_json_set(request, "keys", json_true());
    return request;
}

static int run(struct roster_store *base, const struct store_lease_call *call, int64_t deadline,
               struct roster_store_lease *lease, bool *used)
{
    static const struct {
        const char *path;
        int (*decode)(struct etcd_store *, const struct etcd_call *, const json_t *, void *);
        bool changes;
    } verbs[] = {
        [STORE_LEASE_GRANT] = {ETCD_PATH_GRANT, decode_grant, true},
        [STORE_LEASE_KEEP] = {ETCD_PATH_KEEP, decode_keep, false},
        [STORE_LEASE_LOOK] = {ETCD_PATH_LOOK, decode_look, false},
        [STORE_LEASE_REVOKE] = {ETCD_PATH_REVOKE, decode_revoke, true},
        [STORE_LEASE_DROP] = {ETCD_PATH_LOOK, decode_drop, false},
    };
    struct lease_answer answer = {.id = call->id};
    struct etcd_call etcd = {.path = verbs[call->verb].path,
                             .changes = verbs[call->verb].changes,
                             .repeatable = true,
                             .decode = verbs[call->verb].decode,
                             .out = &answer};
    uint64_t bits = 0;
    int err = call->verb == STORE_LEASE_GRANT ? rst_store_random(base, &bits) : 0;

    if (err)
        return err;
    if (call->verb == STORE_LEASE_GRANT) {
        answer.id = (int64_t)(bits >> 1 | 1);
        answer.ttl_s = answer.granted_s = (call->ttl_ms + MS_PER_S - 1) / MS_PER_S;
    }
    etcd.request = encode(call, &answer);
    err = settle(&etcd, call->verb, rst_etcd_call_run(etcd_store_of(base), &etcd, deadline));
    if (err)
        return err;
    lease->id = answer.id;
    lease->ttl_ms = answer.ttl_s * MS_PER_S;
    lease->granted_ms = answer.granted_s * MS_PER_S;
    /* Of several grants the first may be the one that was carried out. */
    lease->asked_at_ns =
        call->verb == STORE_LEASE_GRANT ? etcd.first_asked_at_ns : etcd.asked_at_ns;
    *used = answer.used;
    return 0;
}

int rst_etcd_lease(struct roster_store *base, const struct store_lease_call *call, int64_t deadline,
                   struct roster_store_lease *lease)
{
    struct store_lease_call revoke = {.verb = STORE_LEASE_REVOKE, .id = call->id};
    bool used = false;
    int err = run(base, call, deadline, lease, &used);

    if (err || call->verb != STORE_LEASE_DROP || used)
        return err;
    return run(base, &revoke, deadline, lease, &used);
}
