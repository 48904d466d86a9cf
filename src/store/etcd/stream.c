/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The stream of a watch: messages, one JSON object a line. */

#include "store/base/backoff.h"
#include "store/base/clock.h"
#include "store/base/json.h"
#include "store/etcd/json.h"
#include "store/etcd/watch.h"

#include <errno.h>
#include <string.h>

int rst_etcd_stream_begin(struct etcd_watch *watch)
{
    const struct roster_store_options *options = &watch->base.store->options;

    if (watch->fresh != 0 || watch->failures > 0)
        store_count(&watch->base.store->counters.watch_restarts);
    watch->created = false;
    watch->fresh = 0;
    watch->line_deadline = STORE_FOREVER;
    watch->open_deadline = rst_store_deadline_in(options->attempt_timeout_ms);
    return rst_etcd_transfer_begin(watch, &watch->stream, ETCD_PATH_WATCH,
                                   rst_etcd_encode_watch(&watch->base.keys, watch->base.next), 0);
}

static struct etcd_verdict failure(int err, const char *reason)
{
    struct etcd_verdict v = {.fate = ETCD_UNKNOWN, .err = err, .blameless = err == -ENOMEM};

    strncpy(v.reason, reason, sizeof(v.reason) - 1);
    return v;
}

static void fail(struct etcd_watch *watch, struct etcd_verdict v)
{
    /* A message that the gateway finds too large will be too large again. */
    if (v.err == -EMSGSIZE)
        watch->base.next = 0;
    rst_etcd_watch_failed(watch, &watch->stream, &v);
}

void rst_etcd_stream_lasts(struct etcd_watch *watch)
{
    watch->failures = 0;
    rst_etcd_endpoint_worked(etcd_watch_store(watch), ETCD_STREAMS, watch->stream.endpoint);
}

/* The member must have reached what others are known to have reached. */
static struct etcd_verdict accept_creation(struct etcd_watch *watch)
{
    if (watch->fresh < watch->wanted)
        return failure(-EHOSTUNREACH, "the member is behind the others");
    watch->created = true;
    watch->check_at = rst_store_deadline_in(watch->base.store->options.watch_check_ms);
    rst_etcd_watch_healthy(watch);
    return (struct etcd_verdict){.fate = ETCD_DONE};
}

/* What comes after the last snapshot is gone. That does not happen again and again, unless one lies
 * or compacts all the time: until a stream lasts, the next snapshot waits longer each time. */
static struct etcd_verdict take_snapshot(struct etcd_watch *watch)
{
    const struct roster_store_options *options = &watch->base.store->options;

    watch->base.next = 0;
    rst_etcd_transfer_stop(watch, &watch->stream);
    store_count(&watch->base.store->counters.watch_snapshots);
    if (watch->failures++ > 0)
        watch->retry_at =
            rst_store_time_add(rst_store_monotonic_ns(),
                               rst_store_backoff_ns(options->backoff_min_ms,
                                                    options->backoff_max_ms, watch->failures - 2));
    return (struct etcd_verdict){.fate = ETCD_DONE};
}

/* History that is gone is not the member's fault, nor is a permission that is missing. */
static struct etcd_verdict accept_cancellation(struct etcd_watch *watch, const json_t *result)
{
    const char *reason = rst_store_json_peek_text(result, "cancel_reason");
    int64_t compacted = 0;
    struct etcd_verdict v = failure(-EHOSTUNREACH, "the watch was canceled");

    if (rst_store_json_get_int(result, "compact_revision", 0, &compacted))
        return failure(-EPROTO, "a wrong compact_revision");
    if (compacted > 0)
        return take_snapshot(watch);
    if (reason && strstr(reason, "auth token"))
        v = (struct etcd_verdict){.fate = ETCD_WANTS_TOKEN, .err = -EACCES, .blameless = true};
    else if (reason && strstr(reason, "ermission"))
        v = (struct etcd_verdict){.fate = ETCD_REFUSED, .err = -EACCES, .blameless = true};
    return v;
}

static struct etcd_verdict accept_events(struct etcd_watch *watch, const json_t *array,
                                         int64_t revision)
{
    struct store_event_list list;
    int err = rst_store_event_list_begin(&list, watch->base.store, false);

    if (!err) {
        err = rst_etcd_decode_events(array, &watch->base, revision, &list);
        list.revision = list.last;
        err = rst_store_event_list_end(&list, err, &watch->base, &watch->ready);
    }
    if (!err) {
        rst_etcd_stream_lasts(watch);
        return (struct etcd_verdict){.fate = ETCD_DONE};
    }
    return failure(err, "events that cannot be");
}

static struct etcd_verdict accept_result(struct etcd_watch *watch, const json_t *result)
{
    bool created = false, canceled = false;
    const json_t *array = NULL;
    int64_t revision = 0;
    int err = rst_etcd_identity_check(etcd_watch_store(watch), &watch->stream.before, result, false,
                                      &revision);

    if (!err)
        err = rst_store_json_get_bool(result, "created", &created);
    if (!err)
        err = rst_store_json_get_bool(result, "canceled", &canceled);
    if (!err)
        err = rst_store_json_get(result, "events", JSON_ARRAY, &array);
    if (err)
        return failure(err, "a message that is not etcd's");
    if (canceled)
        return accept_cancellation(watch, result);
    if (revision == 0)
        return failure(-EPROTO, "a message without revision");
    if (revision > watch->fresh)
        watch->fresh = revision;
    if (!watch->created && created)
        return accept_creation(watch);
    if (!watch->created)
        return failure(-EPROTO, "a stream that does not begin with its creation");
    watch->check_at = rst_store_deadline_in(watch->base.store->options.watch_check_ms);
    return json_array_size(array) > 0 ? accept_events(watch, array, revision)
                                      : (struct etcd_verdict){.fate = ETCD_DONE};
}

static struct etcd_verdict accept_line(struct etcd_watch *watch, const char *line, size_t size)
{
    json_t *root = rst_json_parse(line, size, JSON_REJECT_DUPLICATES);
    struct etcd_verdict v = failure(!root && errno == ENOMEM ? -ENOMEM : -EPROTO,
                                    "a message that is not a JSON object");
    const json_t *member = json_object_get(root, "error");
    int64_t code = 0;

    if (json_is_object(member)) {
        if (rst_store_json_get_int(member, "grpc_code", 0, &code))
            code = 0;
        v = rst_etcd_judge_error(200, code, rst_store_json_peek_text(member, "message"));
    } else if (json_is_object(root)) {
        member = json_object_get(root, "result");
        v = json_is_object(member) ? accept_result(watch, member)
                                   : failure(-EPROTO, "a message without result");
    }
    json_decref(root);
    return v;
}

/* Takes one complete line, if there is one. */
static bool take_line(struct etcd_watch *watch)
{
    struct etcd_http *http = watch->stream.http;
    const char *end = http->answer_size > 0 ? memchr(http->answer, '\n', http->answer_size) : NULL;
    struct etcd_verdict v;
    size_t size;
    long status = 0;

    /* With another status what comes is not a stream, and is looked at when it is complete. */
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!end || status != 200)
        return false;
    size = (size_t)(end - http->answer) + 1;
    v = accept_line(watch, http->answer, size);
    watch->line_deadline = STORE_FOREVER;
    if (v.fate != ETCD_DONE)
        fail(watch, v);
    else if (watch->stream.running)
        rst_etcd_http_consume(http, size);
    return true;
}

static void look_at_end(struct etcd_watch *watch)
{
    struct etcd_http *http = watch->stream.http;
    struct etcd_verdict v = rst_etcd_judge_transfer(http, watch->stream.code);
    json_t *root = NULL;

    if (v.fate == ETCD_DONE && http->answer_size > 0)
        v = rst_etcd_judge_answer(http, &root);
    json_decref(root);
    if (v.fate == ETCD_DONE)
        v = failure(-EHOSTUNREACH, "the stream has ended");
    fail(watch, v);
}

static void look_at_clock(struct etcd_watch *watch)
{
    const struct roster_store_options *options = &watch->base.store->options;
    int64_t now = rst_store_monotonic_ns();

    if (watch->stream.http->answer_size > 0 && watch->line_deadline == STORE_FOREVER)
        watch->line_deadline = rst_store_deadline_in(options->attempt_timeout_ms);
    if (!watch->created && now >= watch->open_deadline)
        fail(watch, failure(-ETIMEDOUT, "the watch was not created in time"));
    else if (now >= watch->line_deadline)
        fail(watch, failure(-EPROTO, "a message that does not end"));
}

void rst_etcd_stream_look(struct etcd_watch *watch)
{
    while (watch->stream.running && !watch->ready && take_line(watch))
        ;
    if (!watch->stream.running || watch->ready)
        return;
    if (watch->stream.ended)
        look_at_end(watch);
    else
        look_at_clock(watch);
}
