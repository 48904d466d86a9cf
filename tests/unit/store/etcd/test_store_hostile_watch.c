/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Watches of an etcd gateway that misbehaves. */

#include "../failing_json.h"
#include "../store_fixture.h"
#include "fake_answers.h"

#include <errno.h>
#include <stdio.h>

static const struct roster_store_options impatient = {.size = sizeof(impatient),
                                                      .attempt_timeout_ms = 200,
                                                      .backoff_min_ms = 10,
                                                      .backoff_max_ms = 50,
                                                      .max_result_bytes = 65536,
                                                      .watch_check_ms = 200};

/* A watch of the keys "k..." of a gateway. */
struct watched {
    struct fake_gateway gateway;
    struct roster_store *store;
    struct roster_store_watch *watch;
};

static void start_with(struct watched *w, fake_answer_fn *answer, const char *arg, int64_t revision,
                       const struct roster_store_options *options)
{
    struct roster_store_keys keys = roster_store_prefix(text("k"));

    fake_gateway_start(&w->gateway, answer, (void *)(uintptr_t)arg);
    w->store = open_etcd(w->gateway.url, options);
    cr_assert_eq(roster_store_watch_open(w->store, &keys, revision, &w->watch), 0);
}

static void start(struct watched *w, fake_answer_fn *answer, const char *arg, int64_t revision)
{
    start_with(w, answer, arg, revision, &impatient);
}

static void stop(struct watched *w)
{
    roster_store_watch_close(w->watch);
    roster_store_close(w->store);
    fake_gateway_stop(&w->gateway);
}

#define EVENT(key, mod)                                                                            \
    "{\"kv\":{\"key\":\"" key "\",\"create_revision\":\"5\",\"mod_revision\":\"" mod               \
    "\",\"version\":\"2\"}}"
#define EVENTS(list) "{\"result\":{" FAKE_HEADER ",\"events\":[" list "]}}\n"
/* FAKE_HEADER's cluster, ten revisions later. */
#define HEADER_60 "\"header\":{\"cluster_id\":\"7\",\"revision\":\"60\"}"

/* The first stream says what the gateway's argument points to, and later ones work. */
static void misbehave_once(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
        return;
    }
    fake_begin_stream(request);
    if (request->number == 1) {
        fake_chunk(request, request->gateway->arg);
    } else {
        fake_chunk(request, FAKE_CREATED);
        fake_chunk(request, EVENTS(EVENT("a2E=", "20")));
    }
    fake_hang(request);
}

/* Whether an allocation was refused until the event came. */
static bool watch_without(unsigned nth)
{
    struct roster_store_options options = {
        .size = sizeof(options), .backoff_min_ms = 1, .backoff_max_ms = 5};
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct roster_store_events *events = NULL;
    struct watched w;
    bool refused;
    int err, tries = 0;

    failing_json_nth(nth, false);
    start_with(&w, misbehave_once, FAKE_CREATED EVENTS(EVENT("a2E=", "20")), 10, &options);
    while ((err = roster_store_watch_next(w.watch, 5000, &events)) == -ENOMEM && ++tries < 3)
        ;
    cr_expect_eq(err, 0, "%u: %d", nth, err);
    roster_store_free(events);
    cr_assert_eq(roster_store_stats(w.store, &stats), 0);
    cr_expect_eq(stats.endpoint_failures, 0, "%u: it is not the endpoint's fault", nth);
    refused = failing_json_none();
    stop(&w);
    return refused;
}

Test(store_hostile_watch, a_message_that_memory_lacks_for_comes_again)
{
    unsigned nth = 1;

    while (watch_without(nth))
        nth++;
    cr_expect_gt(nth, 20);
}

static const char *const bad_streams[] = {
    "\n",
    "nonsense\n",
    "7\n",
    "{}\n",
    "{\"result\":7}\n",
    "{\"result\":{}}\n",
    "{\"result\":{\"created\":true}}\n",
    "{\"result\":{\"header\":{\"cluster_id\":\"7\"},\"created\":true}}\n",
    "{\"result\":{" FAKE_HEADER ",\"created\":\"yes\"}}\n",
    "{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no leader\"}}\n",
    "{\"error\":\"text\"}\n",
    EVENTS(EVENT("a2E=", "10")),
    "{\"result\":{" FAKE_HEADER ",\"canceled\":true}}\n",
    "{\"result\":{" FAKE_HEADER ",\"canceled\":true,\"compact_revision\":\"x\"}}\n",
    FAKE_CREATED EVENTS("7"),
    FAKE_CREATED EVENTS("{}"),
    FAKE_CREATED EVENTS("{\"kv\":[]}"),
    FAKE_CREATED EVENTS("{\"type\":\"OTHER\",\"kv\":{\"key\":\"a2E=\",\"mod_revision\":\"20\"}}"),
    FAKE_CREATED EVENTS("{\"type\":\"DELETE\",\"kv\":{\"key\":\"a2E=\"}}"),
    FAKE_CREATED EVENTS(EVENT("a2E", "20")),
    FAKE_CREATED EVENTS(EVENT("", "20")),
    FAKE_CREATED EVENTS(EVENT("eA==", "20")),
    FAKE_CREATED EVENTS(EVENT("a2E=", "4")),
    FAKE_CREATED EVENTS(EVENT("a2E=", "9")),
    FAKE_CREATED EVENTS(EVENT("a2E=", "51")),
    FAKE_CREATED EVENTS(EVENT("a2E=", "12") "," EVENT("a2I=", "11")),
    FAKE_CREATED "{\"result\":{" FAKE_HEADER ",\"events\":{}}}\n",
    FAKE_CREATED "{\"result\":{" FAKE_HEADER ",\"events\":[",
    FAKE_CREATED "{\"error\":{\"grpc_code\":13,\"message\":\"oh\"}}\n",
    ("{\"result\":{" FAKE_HEADER),
    "",
};

Test(store_hostile_watch, a_wrong_stream_is_dropped_and_opened_again_where_it_was)
{
    for (size_t i = 0; i < sizeof(bad_streams) / sizeof(bad_streams[0]); i++) {
        struct watched w;
        struct roster_store_events *events = NULL;

        start(&w, misbehave_once, bad_streams[i], 10);
        cr_expect_eq(roster_store_watch_next(w.watch, 5000, &events), 0, "%s", bad_streams[i]);
        if (events != NULL) {
            cr_expect_eq(events->count, 1, "%s", bad_streams[i]);
            cr_expect(!events->snapshot, "%s", bad_streams[i]);
            cr_expect_eq(events->events[0].kv.mod_revision, 20, "%s", bad_streams[i]);
        }
        roster_store_free(events);
        stop(&w);
    }
}

static void end_at_once(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
        return;
    }
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    fake_send_text(request, "0\r\n\r\n");
}

static void say_a_long_line(struct fake_request *request)
{
    static const char junk[] = "{\"result\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fake_begin_stream(request);
    while (!atomic_load(&request->gateway->stopping) && fake_chunk(request, junk))
        ;
}

static void drip_a_line(struct fake_request *request)
{
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    while (!atomic_load(&request->gateway->stopping) && fake_chunk(request, " "))
        fake_linger(request, 20);
}

static void refuse_permission(struct fake_request *request)
{
    fake_begin_stream(request);
    fake_chunk(request, "{\"result\":{" FAKE_HEADER ",\"created\":true,\"canceled\":true,"
                        "\"cancel_reason\":\"rpc error: code = PermissionDenied desc = "
                        "etcdserver: permission denied\"}}\n");
    fake_hang(request);
}

struct failing {
    const char *name;
    fake_answer_fn *answer;
    int err; /* 0: any of those that mean that nothing is being watched */
};

static const struct failing failings[] = {
    {"no gateway", fake_say_text, -EPROTO},
    {"status 503", fake_say_no_leader, -EHOSTUNREACH},
    {"a stream that ends at once", end_at_once, 0},
    {"a line without end", say_a_long_line, 0},
    {"a slow line", drip_a_line, 0},
    {"no permission", refuse_permission, -EACCES},
};

/* However it fails: it ends in time, says why, and does not ask without pause. */
Test(store_hostile_watch, a_stream_that_always_fails_is_told_and_not_hammered)
{
    for (size_t i = 0; i < sizeof(failings) / sizeof(failings[0]); i++) {
        struct watched w;
        struct roster_store_events *events = NULL;
        int64_t begun = now_ms();
        int err;

        start(&w, failings[i].answer, "nonsense", 10);
        err = roster_store_watch_next(w.watch, 1000, &events);
        cr_expect_null(events, "%s", failings[i].name);
        if (failings[i].err != 0)
            cr_expect_eq(err, failings[i].err, "%s: %d", failings[i].name, err);
        else
            cr_expect(err == -EPROTO || err == -EHOSTUNREACH || err == -ETIMEDOUT ||
                          err == -EMSGSIZE,
                      "%s: %d", failings[i].name, err);
        cr_expect_leq(now_ms() - begun, 1500, "%s", failings[i].name);
        cr_expect_leq(atomic_load(&w.gateway.requests), 200, "%s: %d requests", failings[i].name,
                      atomic_load(&w.gateway.requests));
        stop(&w);
    }
}

/* Each stream delivers the next event, and ends. Calls work all the time. */
static void end_after_an_event(struct fake_request *request)
{
    static atomic_int streams;
    char line[512];

    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
        return;
    }
    snprintf(line, sizeof(line),
             "{\"result\":{" FAKE_HEADER ",\"events\":[{\"kv\":{\"key\":\"a2E=\","
             "\"create_revision\":\"5\",\"mod_revision\":\"%d\",\"version\":\"2\"}}]}}\n",
             10 + atomic_fetch_add(&streams, 1));
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    fake_chunk(request, line);
    fake_send_text(request, "0\r\n\r\n");
    request->close = true;
}

static atomic_int lines_written;

static void count_line(enum roster_store_log_level level, const char *text, void *arg)
{
    (void)arg, (void)level, (void)text;
    atomic_fetch_add(&lines_written, 1);
}

#define BREAKS 30

/* Item 15: breaking and working take turns, and neither the log nor the gateway is flooded. */
Test(store_hostile_watch, a_watch_that_breaks_beside_calls_that_work_floods_nothing)
{
    struct roster_store_options options = impatient;
    struct watched w;

    options.log = count_line;
    start_with(&w, end_after_an_event, NULL, 10, &options);
    for (int i = 0; i < BREAKS; i++) {
        struct roster_store_keys keys = roster_store_prefix(text("k"));
        struct roster_store_events *events = NULL;
        struct roster_store_range *range = NULL;

        cr_assert_eq(roster_store_watch_next(w.watch, 20000, &events), 0);
        roster_store_free(events);
        cr_assert_eq(roster_store_get(w.store, &keys, 0, 20000, &range), 0);
        roster_store_free(range);
    }
    cr_expect_leq(atomic_load(&w.gateway.requests), 2 * BREAKS + 5, "%d requests",
                  atomic_load(&w.gateway.requests));
    stop(&w);
    cr_expect(atomic_load(&lines_written) >= 2 && atomic_load(&lines_written) <= BREAKS / 2,
              "%d lines", atomic_load(&lines_written));
}

static void bad_snapshot(struct fake_request *request)
{
    if (fake_is(request, "/v3/kv/range") && request->number == 1)
        fake_reply(request, 200, "{" FAKE_HEADER ",\"kvs\":[{}]}");
    else
        misbehave_once(request);
}

Test(store_hostile_watch, a_wrong_snapshot_is_asked_for_again)
{
    struct watched w;
    struct roster_store_events *events = NULL;

    start(&w, bad_snapshot, NULL, 0);
    cr_assert_eq(roster_store_watch_next(w.watch, 5000, &events), 0);
    cr_expect(events->snapshot);
    cr_expect_eq(events->count, 0);
    cr_expect_eq(events->revision, 50);
    roster_store_free(events);
    stop(&w);
}

/* Its first stream falls silent while the cluster goes on to revision 60. */
static void fall_silent(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" HEADER_60 "}");
        return;
    }
    fake_begin_stream(request);
    if (request->number == 1) {
        fake_chunk(request, FAKE_CREATED);
    } else {
        fake_chunk(request, "{\"result\":{" HEADER_60 ",\"created\":true}}\n");
        fake_chunk(request, "{\"result\":{" HEADER_60 ",\"events\":[" EVENT("a2E=", "55") "]}}\n");
    }
    fake_hang(request);
}

Test(store_hostile_watch, a_stream_that_fell_silent_is_noticed)
{
    struct watched w;
    struct roster_store_events *events = NULL;
    struct roster_store_stats stats = {.size = sizeof(stats)};

    start(&w, fall_silent, NULL, 51);
    cr_assert_eq(roster_store_watch_next(w.watch, 5000, &events), 0);
    cr_expect_eq(events->events[0].kv.mod_revision, 55);
    roster_store_free(events);
    cr_assert_eq(roster_store_stats(w.store, &stats), 0);
    cr_expect_eq(stats.watch_restarts, 1);
    stop(&w);
}

/* Its first stream is at revision 900, and the cluster at 50. */
static void run_ahead(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
        return;
    }
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    if (request->number == 1)
        fake_chunk(request, "{\"result\":{\"header\":{\"cluster_id\":\"7\",\"revision\":\"900\"},"
                            "\"events\":[" EVENT("a2E=", "900") "]}}\n");
    fake_hang(request);
}

Test(store_hostile_watch, a_stream_from_the_future_is_noticed_and_what_is_true_is_told)
{
    struct watched w;
    struct roster_store_events *events = NULL;

    start(&w, run_ahead, NULL, 10);
    cr_assert_eq(roster_store_watch_next(w.watch, 5000, &events), 0);
    cr_expect_eq(events->events[0].kv.mod_revision, 900, "no other member was asked so far");
    roster_store_free(events);
    cr_assert_eq(roster_store_watch_next(w.watch, 5000, &events), 0);
    cr_expect(events->snapshot);
    cr_expect_eq(events->count, 0);
    cr_expect_eq(events->revision, 50);
    roster_store_free(events);
    stop(&w);
}

/* A member that stays at revision 50 while the others have 60. */
static void lag_behind(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" HEADER_60 "}");
        return;
    }
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    fake_hang(request);
}

Test(store_hostile_watch, a_member_that_lags_behind_does_not_count_as_watching)
{
    struct watched w;
    struct roster_store_events *events = NULL;

    start(&w, lag_behind, NULL, 51);
    cr_expect_eq(roster_store_watch_next(w.watch, 1500, &events), -EHOSTUNREACH);
    stop(&w);
}

/* What no history can have: each stream finds that what comes after the snapshot is gone already.
 */
static void compact_always(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
        return;
    }
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    fake_chunk(request, "{\"result\":{" FAKE_HEADER ",\"canceled\":true,"
                        "\"compact_revision\":\"51\"}}\n");
    fake_hang(request);
}

Test(store_hostile_watch, history_that_is_always_gone_is_not_hammered)
{
    struct roster_store_options options = impatient;
    int64_t end = now_ms() + 1000;
    struct watched w;

    options.backoff_min_ms = 200;
    options.backoff_max_ms = 1000;
    start_with(&w, compact_always, NULL, 10, &options);
    while (now_ms() < end) {
        struct roster_store_events *events = NULL;
        int err = roster_store_watch_next(w.watch, 100, &events);

        cr_assert(err == 0 || err == -ETIMEDOUT, "%d", err);
        roster_store_free(events);
    }
    cr_expect_leq(atomic_load(&w.gateway.requests), 12, "%d requests",
                  atomic_load(&w.gateway.requests));
    stop(&w);
}

static void stay_quiet(struct fake_request *request)
{
    if (!fake_is(request, "/v3/watch")) {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
        return;
    }
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED);
    fake_hang(request);
}

Test(store_hostile_watch, a_quiet_cluster_costs_a_read_now_and_then)
{
    struct watched w;
    struct roster_store_events *events = NULL;
    int requests;

    start(&w, stay_quiet, NULL, 51);
    cr_expect_eq(roster_store_watch_next(w.watch, 1100, &events), -ETIMEDOUT);
    requests = atomic_load(&w.gateway.requests);
    cr_expect(requests >= 3 && requests <= 7, "%d requests: one stream, and a check each 200 ms",
              requests);
    cr_expect_leq(atomic_load(&w.gateway.connections), 2);
    stop(&w);
}

/* Several messages in one piece must not get lost or wait for more to come. */
static void say_all_at_once(struct fake_request *request)
{
    fake_begin_stream(request);
    fake_chunk(request, FAKE_CREATED EVENTS(EVENT("a2E=", "20")) EVENTS(EVENT("a2I=", "21"))
                            EVENTS(EVENT("a2M=", "22")));
    fake_send_text(request, "0\r\n\r\n");
    fake_hang(request);
}

Test(store_hostile_watch, messages_in_one_piece_are_all_told)
{
    struct watched w;

    start(&w, say_all_at_once, NULL, 10);
    for (int64_t revision = 20; revision <= 22; revision++) {
        struct roster_store_events *events = NULL;

        cr_assert_eq(roster_store_watch_next(w.watch, 2000, &events), 0);
        cr_assert_eq(events->count, 1);
        cr_expect_eq(events->events[0].kv.mod_revision, revision);
        roster_store_free(events);
    }
    stop(&w);
}
