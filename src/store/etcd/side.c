/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The requests beside a watch's stream: for a token, for a snapshot, and for a check. */

#include "store/base/arena.h"
#include "store/base/clock.h"
#include "store/etcd/watch.h"

#include <errno.h>
#include <string.h>

int rst_etcd_side_begin(struct etcd_watch *watch, enum etcd_side kind)
{
    static const char *const paths[] = {
        [ETCD_SIDE_AUTH] = ETCD_PATH_AUTH,
        [ETCD_SIDE_SNAPSHOT] = ETCD_PATH_RANGE,
        [ETCD_SIDE_CHECK] = ETCD_PATH_RANGE,
    };
    json_t *request = kind == ETCD_SIDE_AUTH
                          ? rst_etcd_auth_request(etcd_watch_store(watch))
                          : rst_etcd_encode_range(&watch->base.keys, 0, kind == ETCD_SIDE_CHECK);

    watch->side_kind = kind;
    watch->checked = watch->fresh;
    return rst_etcd_transfer_begin(watch, &watch->side, paths[kind], request,
                                   watch->base.store->options.attempt_timeout_ms);
}

static int list_keys(struct etcd_watch *watch, const struct roster_store_range *range)
{
    struct store_event_list list;
    int err = rst_store_event_list_begin(&list, watch->base.store, true);
    size_t i;

    if (err)
        return err;
    for (i = 0; i < range->count && !err; i++)
        err = rst_store_event_list_add(&list, &range->kvs[i]);
    list.revision = range->revision;
    return rst_store_event_list_end(&list, err, &watch->base, &watch->ready);
}

static int accept_snapshot(struct etcd_watch *watch, const json_t *answer, int64_t revision)
{
    struct roster_store_range *range =
        rst_store_arena_new(sizeof(*range), watch->base.store->options.max_result_bytes);
    int err = range ? 0 : -ENOMEM;

    if (!err)
        err = rst_etcd_decode_range(answer, &watch->base.keys, 0, revision, range, range);
    if (!err)
        err = list_keys(watch, range);
    roster_store_free(range);
    if (!err && watch->wanted < revision)
        watch->wanted = revision;
    return err;
}

/*
 * The stream was ahead of all members before this was asked: it has delivered what has not
 * happened, and would wait for what comes after that.
 */
static void drop_future(struct etcd_watch *watch)
{
    struct etcd_verdict v = {.fate = ETCD_UNKNOWN, .err = -EPROTO};

    strcpy(v.reason, "its stream delivers revisions that are yet to come");
    watch->base.next = 0;
    store_count(&watch->base.store->counters.watch_snapshots);
    rst_etcd_watch_failed(watch, &watch->stream, &v);
}

/* A stream that may have missed something is opened again, where it is now. */
static void accept_check(struct etcd_watch *watch, int64_t revision)
{
    watch->check_at = rst_store_deadline_in(watch->base.store->options.watch_check_ms);
    rst_etcd_watch_healthy(watch);
    if (revision < watch->checked) {
        drop_future(watch);
        return;
    }
    if (revision <= watch->fresh)
        return;
    watch->wanted = revision;
    rst_etcd_transfer_stop(watch, &watch->stream);
}

static int accept_answer(struct etcd_watch *watch, const json_t *answer)
{
    struct etcd_store *store = etcd_watch_store(watch);
    int64_t revision = 0;
    int err = rst_etcd_identity_check(store, &watch->side.before, answer,
                                      watch->side_kind != ETCD_SIDE_AUTH, &revision);

    if (err)
        return err;
    switch (watch->side_kind) {
    case ETCD_SIDE_AUTH:
        return rst_etcd_auth_accept(store, answer);
    case ETCD_SIDE_SNAPSHOT:
        return accept_snapshot(watch, answer, revision);
    case ETCD_SIDE_CHECK:
    default:
        accept_check(watch, revision);
        return 0;
    }
}

static struct etcd_verdict judge(struct etcd_watch *watch)
{
    struct etcd_verdict v = rst_etcd_judge_transfer(watch->side.http, watch->side.code);
    json_t *answer = NULL;

    if (v.fate == ETCD_DONE)
        v = rst_etcd_judge_answer(watch->side.http, &answer);
    if (v.fate == ETCD_DONE) {
        v.err = accept_answer(watch, answer);
        if (v.err) {
            v.fate = ETCD_UNKNOWN;
            v.blameless = v.err != -EPROTO;
            strcpy(v.reason, "an answer that is not etcd's");
        }
    }
    json_decref(answer);
    return v;
}

void rst_etcd_side_look(struct etcd_watch *watch)
{
    struct etcd_verdict v;

    if (!watch->side.running || !watch->side.ended)
        return;
    v = judge(watch);
    if (v.fate == ETCD_DONE || rst_etcd_auth_declined(etcd_watch_store(watch), &v)) {
        rst_etcd_endpoint_worked(etcd_watch_store(watch), ETCD_CALLS, watch->side.endpoint);
        if (watch->stream.running && watch->created)
            rst_etcd_stream_lasts(watch);
        rst_etcd_transfer_stop(watch, &watch->side);
    } else {
        rst_etcd_watch_failed(watch, &watch->side, &v);
    }
}
