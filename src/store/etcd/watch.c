/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The life of a watch: what to begin when, waiting, and failures. */

#include "store/etcd/watch.h"

#include "store/base/backoff.h"
#include "store/base/clock.h"
#include "store/base/json.h"
#include "store/base/signals.h"

#include <errno.h>
#include <stdlib.h>

#define POLL_AGAIN_NS (20 * STORE_NS_PER_MS)

static struct etcd_watch *watch_of(struct roster_store_watch *watch)
{
    return (struct etcd_watch *)watch;
}

static void release(struct etcd_watch *watch)
{
    rst_etcd_http_free(watch->stream.http);
    rst_etcd_http_free(watch->side.http);
    if (watch->multi)
        curl_multi_cleanup(watch->multi);
    roster_store_free(watch->ready);
    free(watch);
}

int rst_etcd_watch_open(struct roster_store_watch *base, struct roster_store_watch **out)
{
    struct etcd_store *store = etcd_store_of(base->store);
    struct etcd_watch *watch = calloc(1, sizeof(*watch));
    struct etcd_identity now;
    int err = watch ? 0 : -ENOMEM;

    if (err)
        return err;
    watch->base = *base;
    watch->multi = curl_multi_init();
    err = watch->multi ? rst_etcd_settings_multi(watch->multi) : -ENOMEM;
    if (!err)
        err = rst_etcd_http_new(store, &watch->stream.http);
    if (!err)
        err = rst_etcd_http_new(store, &watch->side.http);
    if (err) {
        release(watch);
        return err;
    }
    /* Room for one whole message behind the one that is being looked at. */
    watch->stream.http->answer_limit *= 2;
    watch->line_deadline = STORE_FOREVER;
    rst_etcd_identity_begin(store, &now);
    watch->generation = now.generation;
    *out = &watch->base;
    return 0;
}

void rst_etcd_watch_close(struct roster_store_watch *base)
{
    struct etcd_watch *watch = watch_of(base);
    struct store_signal held;

    held = rst_store_signal_hold(SIGPIPE);
    rst_etcd_transfer_stop(watch, &watch->stream);
    rst_etcd_transfer_stop(watch, &watch->side);
    release(watch);
    rst_store_signal_release(&held);
}

void rst_etcd_watch_wake(struct roster_store_watch *base)
{
    curl_multi_wakeup(watch_of(base)->multi);
}

void rst_etcd_transfer_stop(struct etcd_watch *watch, struct etcd_transfer *transfer)
{
    if (transfer->running)
        curl_multi_remove_handle(watch->multi, transfer->http->easy);
    transfer->running = false;
    transfer->ended = false;
    free(transfer->body);
    transfer->body = NULL;
}

static int prepare(struct etcd_watch *watch, struct etcd_transfer *transfer, const char *path,
                   int timeout_ms)
{
    struct etcd_store *store = etcd_watch_store(watch);
    struct etcd_http_request request = {.endpoint = store->endpoints[transfer->endpoint].url,
                                        .path = path,
                                        .body = transfer->body,
                                        .timeout_ms = timeout_ms};
    char *token = NULL;
    int err = rst_etcd_identity_begin(store, &transfer->before);

    request.connect_timeout_ms = store->base.options.connect_timeout_ms;
    if (!err)
        err = rst_etcd_auth_copy(store, &token, &transfer->token_generation);
    request.token = token;
    if (!err)
        err = rst_etcd_http_prepare(transfer->http, &request);
    free(token);
    return err;
}

int rst_etcd_transfer_begin(struct etcd_watch *watch, struct etcd_transfer *transfer,
                            const char *path, json_t *request, int timeout_ms)
{
    struct etcd_store *store = etcd_watch_store(watch);
    int err;

    transfer->body = request ? rst_json_text(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!transfer->body)
        return -ENOMEM;
    err = prepare(watch, transfer, path, timeout_ms);
    if (!err && curl_multi_add_handle(watch->multi, transfer->http->easy) != CURLM_OK)
        err = -ENOMEM;
    if (err) {
        free(transfer->body);
        transfer->body = NULL;
        return err;
    }
    transfer->running = true;
    transfer->ended = false;
    store_count(&store->base.counters.requests);
    return 0;
}

static enum etcd_use use_of(const struct etcd_watch *watch, const struct etcd_transfer *transfer)
{
    return transfer == &watch->stream ? ETCD_STREAMS : ETCD_CALLS;
}

void rst_etcd_watch_failed(struct etcd_watch *watch, struct etcd_transfer *transfer,
                           const struct etcd_verdict *verdict)
{
    const struct roster_store_options *options = &watch->base.store->options;
    struct etcd_store *store = etcd_watch_store(watch);
    int64_t now = rst_store_monotonic_ns();

    rst_etcd_transfer_stop(watch, transfer);
    if (verdict->fate == ETCD_WANTS_TOKEN)
        rst_etcd_auth_forget(store, transfer->token_generation);
    rst_etcd_endpoint_failed(store, use_of(watch, transfer), transfer->endpoint, verdict);
    watch->last_error = verdict->err;
    if (watch->failing_since == 0)
        watch->failing_since = now;
    /* Another endpoint may be tried at once; if there is no other, pause. */
    if (verdict->blameless)
        watch->retry_at =
            rst_store_time_add(now, rst_store_backoff_ns(options->backoff_min_ms,
                                                         options->backoff_max_ms, watch->failures));
    watch->failures++;
}

void rst_etcd_watch_healthy(struct etcd_watch *watch)
{
    watch->failing_since = 0;
    watch->last_error = 0;
    watch->retry_at = 0;
}

/* After a rebind nothing that was known counts any more. */
static int follow_identity(struct etcd_watch *watch)
{
    struct etcd_identity now;
    int err = rst_etcd_identity_begin(etcd_watch_store(watch), &now);

    if (!err && watch->generation == now.generation)
        return 0;
    rst_etcd_transfer_stop(watch, &watch->stream);
    rst_etcd_transfer_stop(watch, &watch->side);
    if (err)
        return err;
    watch->generation = now.generation;
    watch->base.next = 0;
    watch->wanted = 0;
    watch->failures = 0;
    rst_etcd_watch_healthy(watch);
    store_count(&watch->base.store->counters.watch_snapshots);
    return 0;
}

/* The endpoint for the next transfer; when there is none, sets when there will be. */
static bool choose_endpoint(struct etcd_watch *watch, struct etcd_transfer *transfer)
{
    int64_t until;

    if (rst_etcd_endpoint_choose(etcd_watch_store(watch), use_of(watch, transfer), false,
                                 &transfer->endpoint, &until))
        return true;
    watch->retry_at = until;
    return false;
}

/* Begins what is missing: a token, then a snapshot if there is no position to resume from, then a
 * stream. */
static int begin_missing(struct etcd_watch *watch)
{
    int64_t now = rst_store_monotonic_ns();
    bool check = watch->stream.running && watch->created && now >= watch->check_at;
    enum etcd_side side;

    if (now < watch->retry_at || watch->side.running || (watch->stream.running && !check))
        return 0;
    if (rst_etcd_auth_is_due(etcd_watch_store(watch)))
        side = ETCD_SIDE_AUTH;
    else if (check)
        side = ETCD_SIDE_CHECK;
    else if (watch->base.next == 0)
        side = ETCD_SIDE_SNAPSHOT;
    else
        return choose_endpoint(watch, &watch->stream) ? rst_etcd_stream_begin(watch) : 0;
    return choose_endpoint(watch, &watch->side) ? rst_etcd_side_begin(watch, side) : 0;
}

/* Lets libcurl work and notes which transfers are over. It does not wait, but it may start a thread
 * that looks a name up; see look_up() in http.c. */
static void run_transfers(struct etcd_watch *watch)
{
    const CURLMsg *message;
    int running = 0, left = 0;
    sigset_t before;

    rst_store_signals_block(&before);
    curl_multi_perform(watch->multi, &running);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while ((message = curl_multi_info_read(watch->multi, &left))) {
        struct etcd_transfer *transfer =
            message->easy_handle == watch->stream.http->easy ? &watch->stream : &watch->side;

        if (message->msg != CURLMSG_DONE)
            continue;
        transfer->ended = true;
        transfer->code = message->data.result;
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void wait_for_news(struct etcd_watch *watch, int64_t deadline)
{
    int64_t until = deadline, now = rst_store_monotonic_ns();
    int ms;

    if (watch->stream.running && !watch->created)
        until = earlier(until, watch->open_deadline);
    if (watch->stream.running)
        until = earlier(until, watch->line_deadline);
    if (watch->stream.running && watch->created && !watch->side.running)
        until =
            earlier(until, watch->check_at > watch->retry_at ? watch->check_at : watch->retry_at);
    if (!watch->stream.running && !watch->side.running)
        until = earlier(until, watch->retry_at);
    ms = until > now ? rst_store_remaining_ms(until) : 0;
    /* It may not be able to wait, for want of memory or by a limit on descriptors. */
    if (curl_multi_poll(watch->multi, NULL, 0, ms, NULL) != CURLM_OK) {
        rst_store_sleep(earlier(POLL_AGAIN_NS, rst_store_remaining_ns(until)));
    }
}

/* Failures that pass are not worth telling, unless they last. */
static bool is_worth_telling(const struct etcd_watch *watch, int64_t deadline)
{
    int64_t patience = watch->base.store->options.call_timeout_ms * STORE_NS_PER_MS;

    if (!rst_store_remaining_ns(deadline))
        return true;
    return deadline == STORE_FOREVER && watch->failing_since != 0 &&
           rst_store_since(rst_store_monotonic_ns(), watch->failing_since) >= patience;
}

static int advance(struct etcd_watch *watch)
{
    int err = follow_identity(watch);

    if (!err)
        err = begin_missing(watch);
    if (err)
        return err;
    run_transfers(watch);
    rst_etcd_side_look(watch);
    if (!watch->ready)
        rst_etcd_stream_look(watch);
    return 0;
}

static int run(struct etcd_watch *watch, int64_t deadline, struct roster_store_events **events)
{
    for (;;) {
        int err = rst_store_watch_canceled(&watch->base) ? -ECANCELED : advance(watch);

        if (err)
            return err;
        if (watch->ready) {
            *events = watch->ready;
            watch->ready = NULL;
            return 0;
        }
        if (is_worth_telling(watch, deadline))
            return watch->last_error != 0 ? watch->last_error : -ETIMEDOUT;
        wait_for_news(watch, deadline);
    }
}

int rst_etcd_watch_next(struct roster_store_watch *base, int64_t deadline,
                        struct roster_store_events **events)
{
    struct store_signal held;
    int err;

    held = rst_store_signal_hold(SIGPIPE);
    err = run(watch_of(base), deadline, events);
    rst_store_signal_release(&held);
    return err;
}
