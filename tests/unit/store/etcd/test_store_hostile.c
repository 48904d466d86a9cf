/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* An etcd gateway that answers wrongly, too much, too slowly, half, or not at all. */

#include "../failing_json.h"
#include "../store_fixture.h"
#include "fake_answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads the keys with prefix "k", at most two of them. */
static int try_get(struct roster_store *store, int timeout_ms)
{
    struct roster_store_keys keys = roster_store_prefix(text("k"));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 2, timeout_ms, &range);

    cr_expect_eq(err == 0, range != NULL);
    roster_store_free(range);
    return err;
}

/* One put, and one read whose answer is looked at too. */
static int try_txn(struct roster_store *store, int timeout_ms)
{
    struct roster_store_op ops[] = {
        roster_store_put(text("k"), text("v"), 0),
        roster_store_read(roster_store_prefix(text("k")), 2),
    };
    struct roster_store_txn txn = {.success = ops, .n_success = 2};
    struct roster_store_txn_result *result = NULL;
    int err = roster_store_txn(store, &txn, timeout_ms, &result);

    cr_expect_eq(err == 0, result != NULL);
    roster_store_free(result);
    return err;
}

#define KV(key, rest) "{\"key\":\"" key "\"," rest "}"
#define GOOD "\"create_revision\":\"5\",\"mod_revision\":\"6\",\"version\":\"2\",\"value\":\"dg==\""
#define RANGE(kvs) "{" FAKE_HEADER ",\"kvs\":[" kvs "],\"count\":\"1\"}"

static const char *const good_ranges[] = {
    RANGE(KV("a2E=", GOOD)),
    RANGE(KV("a2E=", GOOD) "," KV("a2I=", GOOD)),
    "{" FAKE_HEADER "}",
    "{\"header\":{\"cluster_id\":7,\"revision\":50},\"kvs\":[],\"more\":false}",
    "{" FAKE_HEADER ",\"unknown\":{\"to\":[\"us\"]}}",
};

static const char *const bad_ranges[] = {
    "",
    "nonsense",
    "[]",
    "null",
    "7",
    "\"text\"",
    "{",
    "{}",
    "{\"header\":7}",
    "{\"header\":{}}",
    "{\"header\":{\"cluster_id\":\"7\"}}",
    "{\"header\":{\"revision\":\"5\"}}",
    "{\"header\":{\"cluster_id\":\"-7\",\"revision\":\"5\"}}",
    "{\"header\":{\"cluster_id\":\"99999999999999999999\",\"revision\":\"5\"}}",
    "{\"header\":{\"cluster_id\":\"7\",\"revision\":\"5x\"}}",
    "{\"header\":{\"cluster_id\":\"7\",\"revision\":\"\"}}",
    "{\"header\":{\"cluster_id\":\"7\",\"revision\":\" 5\"}}",
    "{\"header\":{\"cluster_id\":\"7\",\"revision\":5.5}}",
    "{\"header\":{\"cluster_id\":\"7\",\"revision\":\"-5\"}}",
    "{\"header\":{\"cluster_id\":\"7\",\"revision\":\"9223372036854775808\"}}",
    "{\"header\":{\"cluster_id\":\"7\",\"cluster_id\":\"7\",\"revision\":\"5\"}}",
    "{" FAKE_HEADER ",\"kvs\":{}}",
    "{" FAKE_HEADER ",\"kvs\":\"YQ==\"}",
    "{" FAKE_HEADER ",\"more\":1}",
    "{" FAKE_HEADER ",\"more\":true}",
    RANGE("7"),
    RANGE("null"),
    RANGE(KV("", GOOD)),
    RANGE("{" GOOD "}"),
    RANGE("{\"key\":7," GOOD "}"),
    RANGE(KV("a2E", GOOD)),
    RANGE(KV("a2E!", GOOD)),
    RANGE(KV("a2F=", GOOD)),
    RANGE(KV("a===", GOOD)),
    RANGE(KV("====", GOOD)),
    RANGE(KV("aw==a2E=", GOOD)),
    RANGE(KV("a2E=\\u0000", GOOD)),
    RANGE(KV("eHk=", GOOD)),
    RANGE(KV("a2E=", "\"version\":\"1\"")),
    RANGE(KV("a2E=", "\"create_revision\":\"5\",\"mod_revision\":\"6\"")),
    RANGE(KV("a2E=", "\"create_revision\":\"7\",\"mod_revision\":\"6\",\"version\":\"1\"")),
    RANGE(KV("a2E=", "\"create_revision\":\"5\",\"mod_revision\":\"51\",\"version\":\"1\"")),
    RANGE(KV("a2E=", GOOD ",\"lease\":\"-1\"")),
    RANGE(KV("a2E=", GOOD ",\"lease\":[]")),
    RANGE(KV("a2E=", GOOD) "," KV("a2E=", GOOD)),
    RANGE(KV("a2I=", GOOD) "," KV("a2E=", GOOD)),
    RANGE(KV("a2E=", GOOD) "," KV("a2I=", GOOD) "," KV("a2M=", GOOD)),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(store_hostile, wrong_answers_to_a_read_are_not_believed)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, fake_say_text, NULL, NULL);

    for (size_t i = 0; i < COUNT(good_ranges); i++) {
        gateway.arg = (void *)(uintptr_t)good_ranges[i];
        cr_expect_eq(try_get(store, 5000), 0, "%s", good_ranges[i]);
    }
    for (size_t i = 0; i < COUNT(bad_ranges); i++) {
        int before = atomic_load(&gateway.requests);

        gateway.arg = (void *)(uintptr_t)bad_ranges[i];
        cr_expect_eq(try_get(store, 5000), -EPROTO, "%s", bad_ranges[i]);
        cr_expect_eq(atomic_load(&gateway.requests), before + 1, "asking again is of no use");
    }
    fake_store_close(store, &gateway);
}

#define PUT_DONE "{\"response_put\":{}}"
#define READ_DONE "{\"response_range\":{}}"
#define TXN(responses) "{" FAKE_HEADER ",\"succeeded\":true,\"responses\":[" responses "]}"

static const char *const bad_txns[] = {
    "{}",
    "{" FAKE_HEADER ",\"succeeded\":true}",
    "{" FAKE_HEADER ",\"succeeded\":\"yes\"}",
    "{" FAKE_HEADER ",\"responses\":[" PUT_DONE "," READ_DONE "]}",
    "{" FAKE_HEADER ",\"succeeded\":true,\"responses\":{}}",
    TXN(PUT_DONE),
    TXN(PUT_DONE "," READ_DONE "," READ_DONE),
    TXN(READ_DONE "," PUT_DONE),
    TXN(PUT_DONE ",7"),
    TXN(PUT_DONE ",{}"),
    TXN(PUT_DONE ",{\"response_range\":[]}"),
    TXN(PUT_DONE ",{\"response_range\":{\"kvs\":[" KV("eA==", GOOD) "]}}"),
};

static void expect_unknown(struct fake_gateway *gateway, struct roster_store *store,
                           const char *answer)
{
    int before = atomic_load(&gateway->requests);

    gateway->arg = (void *)(uintptr_t)answer;
    cr_expect_eq(try_txn(store, 5000), -EINPROGRESS, "%s", answer);
    cr_expect_eq(atomic_load(&gateway->requests), before + 1, "%s: it was repeated", answer);
}

Test(store_hostile, wrong_answers_to_a_change_leave_it_unknown)
{
    struct fake_gateway gateway;
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct roster_store *store = fake_store_open(
        &gateway, fake_say_text, (void *)(uintptr_t)TXN(PUT_DONE "," READ_DONE), NULL);

    cr_expect_eq(try_txn(store, 5000), 0);
    for (size_t i = 0; i < COUNT(bad_txns); i++)
        expect_unknown(&gateway, store, bad_txns[i]);
    for (size_t i = 0; i < COUNT(bad_ranges); i++)
        expect_unknown(&gateway, store, bad_ranges[i]);
    cr_assert_eq(roster_store_stats(store, &stats), 0);
    cr_expect_eq(stats.unknown, COUNT(bad_txns) + COUNT(bad_ranges));
    fake_store_close(store, &gateway);
}

Test(store_hostile, deep_nesting_is_no_way_to_crash)
{
    struct fake_gateway gateway;
    struct roster_store *store;
    size_t depth = 200000;
    char *answer = malloc(depth + 8);

    strcpy(answer, "{\"a\":");
    memset(answer + 5, '[', depth);
    answer[depth + 5] = '\0';
    fake_gateway_start(&gateway, fake_say_text, answer);
    store = open_etcd(gateway.url, NULL);
    cr_expect_eq(try_get(store, 5000), -EPROTO);
    fake_store_close(store, &gateway);
    free(answer);
}

/* ------------------------------------------------------------------------ HTTP errors */

struct http_error {
    int status;
    const char *body;
    int get;
    int txn;
};

#define ERROR(code, text) "{\"error\":\"" text "\",\"message\":\"" text "\",\"code\":" #code "}"

static const struct http_error http_errors[] = {
    {200, "{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no leader\"}}", -EHOSTUNREACH,
     -EHOSTUNREACH},
    {204, "", -EPROTO, -EINPROGRESS},
    {302, "elsewhere", -EPROTO, -EINPROGRESS},
    {400, "bad request", -EPROTO, -EPROTO},
    {400, ERROR(3, "etcdserver: request is too large"), -EMSGSIZE, -EMSGSIZE},
    {400, ERROR(3, "etcdserver: too many operations in txn request"), -EMSGSIZE, -EMSGSIZE},
    {400, ERROR(3, "etcdserver: duplicate key given in txn request"), -EPROTO, -EPROTO},
    {400, ERROR(3, "etcdserver: user name is empty"), -EACCES, -EACCES},
    {401, ERROR(16, "etcdserver: invalid auth token"), -EACCES, -EACCES},
    {403, ERROR(7, "etcdserver: permission denied"), -EACCES, -EACCES},
    {404, "404 page not found", -EPROTO, -EPROTO},
    {404, ERROR(5, "etcdserver: requested lease not found"), -EPROTO, -EKEYEXPIRED},
    {400, ERROR(9, "etcdserver: lease already exists"), -EPROTO, -EPROTO},
    {400, ERROR(9, "etcdserver: authentication is not enabled"), -EPROTO, -EPROTO},
    {404, ERROR(5, "no such thing"), -EHOSTUNREACH, -EINPROGRESS},
    {429, ERROR(8, "etcdserver: mvcc: database space exceeded"), -ENOSPC, -ENOSPC},
    {429, ERROR(8, "etcdserver: too many requests"), -EHOSTUNREACH, -EHOSTUNREACH},
    {429, ERROR(8, "grpc: received message larger than max (5 vs. 4)"), -EMSGSIZE, -EINPROGRESS},
    {500, "oh", -EHOSTUNREACH, -EINPROGRESS},
    {500, ERROR(2, "context deadline exceeded"), -EHOSTUNREACH, -EINPROGRESS},
    {501, ERROR(12, "Not Implemented"), -EPROTO, -EPROTO},
    {503, ERROR(14, "etcdserver: request timed out"), -EHOSTUNREACH, -EINPROGRESS},
    {503, ERROR(14, "etcdserver: leader changed"), -EHOSTUNREACH, -EINPROGRESS},
    {503, ERROR(14, "etcdserver: no leader"), -EHOSTUNREACH, -EHOSTUNREACH},
    {503, "{\"error\":7,\"message\":[],\"code\":{}}", -EHOSTUNREACH, -EINPROGRESS},
    {599, "{\"message\":\"\\u0000\",\"code\":\"99999999999999999999\"}", -EHOSTUNREACH,
     -EINPROGRESS},
};

static atomic_int changes_asked_for; /* a read that ran out of time may still come in later */

static void say_error(struct fake_request *request)
{
    const struct http_error *error = request->gateway->arg;

    atomic_fetch_add(&changes_asked_for, fake_is(request, "/v3/kv/txn"));
    fake_reply(request, error->status, error->body);
}

/* What may work again is asked for until the time is up; all else is an answer, however late. */
static int patience_ms(int err)
{
    return err == -EHOSTUNREACH ? 500 : 10000;
}

Test(store_hostile, http_errors_are_told_apart)
{
    struct roster_store_options options = {
        .size = sizeof(options), .backoff_min_ms = 1, .backoff_max_ms = 5};
    struct fake_gateway gateway;

    fake_gateway_start(&gateway, say_error, NULL);
    for (size_t i = 0; i < COUNT(http_errors); i++) {
        const struct http_error *error = &http_errors[i];
        struct roster_store *store = open_etcd(gateway.url, &options);
        int before;

        gateway.arg = (void *)(uintptr_t)error;
        cr_expect_eq(try_get(store, patience_ms(error->get)), error->get, "read: %d %s",
                     error->status, error->body);
        before = atomic_load(&changes_asked_for);
        cr_expect_eq(try_txn(store, patience_ms(error->txn)), error->txn, "change: %d %s",
                     error->status, error->body);
        if (error->txn == -EINPROGRESS)
            cr_expect_eq(atomic_load(&changes_asked_for), before + 1, "%s: repeated", error->body);
        roster_store_close(store);
    }
    fake_gateway_stop(&gateway);
}

/* ------------------------------------------------------------------------ memory is out */

/* Whether an allocation was refused to the call. */
static bool call_without(unsigned nth, int (*call)(struct roster_store *, int),
                         struct roster_store *store, int *err)
{
    failing_json_nth(nth, false);
    *err = call(store, 2000);
    return failing_json_none();
}

/* What was answered is unknown then, whichever it was, and neither repeated nor etcd's fault. */
static void expect_without_memory(const struct http_error *answer)
{
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct fake_gateway gateway;
    struct roster_store *store =
        fake_store_open(&gateway, say_error, (void *)(uintptr_t)answer, NULL);
    int err, before = 0;

    for (unsigned nth = 1; call_without(nth, try_txn, store, &err); nth++) {
        bool asked = atomic_load(&gateway.requests) > before;

        before += asked;
        cr_expect_eq(atomic_load(&gateway.requests), before, "%s, %u", answer->body, nth);
        cr_expect_eq(err, asked ? -EINPROGRESS : -ENOMEM, "%s, %u: %d", answer->body, nth, err);
    }
    cr_expect_gt(before, 0);
    for (unsigned nth = 1; call_without(nth, try_get, store, &err); nth++)
        cr_expect_eq(err, -ENOMEM, "%s, %u: %d", answer->body, nth, err);
    cr_assert_eq(roster_store_stats(store, &stats), 0);
    cr_expect_eq(stats.endpoint_failures, 0);
    fake_store_close(store, &gateway);
}

Test(store_hostile, an_answer_that_memory_lacks_for_is_unknown)
{
    static const struct http_error answers[] = {
        {200, TXN(PUT_DONE "," READ_DONE), 0, 0},
        {400, ERROR(3, "etcdserver: user name is empty"), 0, 0},
        {429, ERROR(8, "grpc: received message larger than max (5 vs. 4)"), 0, 0},
    };

    for (size_t i = 0; i < COUNT(answers); i++)
        expect_without_memory(&answers[i]);
}

/* ------------------------------------------------------------------------ too much, too slow */

static void say_endlessly(struct fake_request *request)
{
    static const char junk[] = "{\"kvs\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fake_begin_stream(request);
    while (!atomic_load(&request->gateway->stopping) && fake_chunk(request, junk))
        ;
}

static void head_endlessly(struct fake_request *request)
{
    fake_send_text(request, "HTTP/1.1 200 OK\r\n");
    while (
        !atomic_load(&request->gateway->stopping) &&
        fake_send_text(request, "X-Junk: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
        ;
}

static void promise_much(struct fake_request *request)
{
    fake_send_text(request, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{");
    fake_hang(request);
}

static void drip(struct fake_request *request)
{
    fake_send_text(request, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    while (!atomic_load(&request->gateway->stopping) && fake_send_text(request, " "))
        fake_linger(request, 20);
}

static void drip_head(struct fake_request *request)
{
    fake_send_text(request, "HTTP/1.1 200 OK\r\nX-Slow: ");
    while (!atomic_load(&request->gateway->stopping) && fake_send_text(request, "H"))
        fake_linger(request, 20);
}

static void say_half(struct fake_request *request)
{
    fake_send_text(request, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{" FAKE_HEADER "}");
    request->close = true;
}

static void say_half_a_chunk(struct fake_request *request)
{
    fake_begin_stream(request);
    fake_send_text(request, "400\r\n{" FAKE_HEADER "}");
    request->close = true;
}

static void hang_up(struct fake_request *request)
{
    request->close = true;
}

static void talk_something_else(struct fake_request *request)
{
    fake_send_text(request, "220 mail.example ESMTP\r\n");
    request->close = true;
}

struct misbehaviour {
    const char *name;
    fake_answer_fn *answer;
    int get;
};

/* A change is unknown in all these cases. */
static const struct misbehaviour misbehaviours[] = {
    {"endless body", say_endlessly, -EMSGSIZE},
    {"endless head", head_endlessly, -EMSGSIZE},
    {"much promised", promise_much, -ETIMEDOUT},
    {"slow body", drip, -ETIMEDOUT},
    {"slow head", drip_head, -ETIMEDOUT},
    {"half an answer", say_half, -EHOSTUNREACH},
    {"half a chunk", say_half_a_chunk, -EHOSTUNREACH},
    {"no answer but an end", hang_up, -EHOSTUNREACH},
    {"nothing at all", fake_hang, -ETIMEDOUT},
    {"another protocol", talk_something_else, -EPROTO},
};

static void expect_bounded(const struct misbehaviour *m, bool change)
{
    struct roster_store_options options = {
        .size = sizeof(options), .max_result_bytes = 65536, .attempt_timeout_ms = 300};
    struct fake_gateway gateway;
    int64_t begun = now_ms(), took;
    int err;
    struct roster_store *store = fake_store_open(&gateway, m->answer, NULL, &options);

    err = change ? try_txn(store, 1000) : try_get(store, 1000);
    took = now_ms() - begun;
    cr_expect_eq(err, change ? -EINPROGRESS : m->get, "%s: %d", m->name, err);
    cr_expect_leq(took, 3000, "%s: took %d ms", m->name, (int)took);
    if (change)
        cr_expect_eq(atomic_load(&gateway.requests), 1, "%s: it was repeated", m->name);
    /* What was sent is what we took, and what waited in the sockets. */
    cr_expect_leq(atomic_load(&gateway.bytes_sent) / atomic_load(&gateway.requests),
                  16 * 1024 * 1024, "%s", m->name);
    fake_store_close(store, &gateway);
}

Test(store_hostile, whatever_it_does_a_read_ends_in_time)
{
    for (size_t i = 0; i < COUNT(misbehaviours); i++)
        expect_bounded(&misbehaviours[i], false);
}

Test(store_hostile, whatever_it_does_a_change_is_asked_for_once)
{
    for (size_t i = 0; i < COUNT(misbehaviours); i++)
        expect_bounded(&misbehaviours[i], true);
}

/* ------------------------------------------------------------------------ connections */

static const char no_keys[] = "{" FAKE_HEADER "}";
static const char txn_done[] = TXN(PUT_DONE "," READ_DONE);

static void say_done(struct fake_request *request)
{
    fake_reply(request, 200, fake_is(request, "/v3/kv/txn") ? txn_done : no_keys);
}

Test(store_hostile, a_connection_is_used_again)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, say_done, NULL, NULL);

    for (int i = 0; i < 50; i++)
        cr_assert_eq(i % 2 == 0 ? try_get(store, 5000) : try_txn(store, 5000), 0);
    cr_expect_eq(atomic_load(&gateway.requests), 50);
    cr_expect_eq(atomic_load(&gateway.connections), 1);
    fake_store_close(store, &gateway);
}

/* Acts on a request that comes over a kept connection, and dies before it answers. */
static void die_on_second(struct fake_request *request)
{
    if (request->on_connection == 2)
        request->close = true;
    else
        say_done(request);
}

Test(store_hostile, no_change_is_repeated_behind_our_back)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, die_on_second, NULL, NULL);

    cr_assert_eq(try_txn(store, 5000), 0);
    cr_expect_eq(try_txn(store, 5000), -EINPROGRESS);
    cr_expect_eq(atomic_load(&gateway.requests), 2, "libcurl has sent it again");
    sleep_ms(100);
    cr_expect_eq(try_get(store, 5000), 0);
    cr_expect_eq(try_get(store, 5000), 0, "a read is repeated");
    cr_expect_eq(atomic_load(&gateway.requests), 5);
    fake_store_close(store, &gateway);
}

Test(store_hostile, proxies_of_the_environment_are_not_used)
{
    struct fake_gateway gateway;
    struct roster_store *store;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    fake_gateway_start(&gateway, say_done, NULL);
    store = open_etcd(gateway.url, NULL);
    cr_expect_eq(try_get(store, 1000), 0);
    fake_store_close(store, &gateway);
}

Test(store_hostile, a_call_without_time_sends_nothing)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, say_done, NULL, NULL);

    cr_expect_eq(try_txn(store, 0), -ETIMEDOUT);
    cr_expect_eq(try_get(store, 0), -ETIMEDOUT);
    cr_expect_eq(atomic_load(&gateway.requests), 0);
    fake_store_close(store, &gateway);
}
