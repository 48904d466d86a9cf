/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Several etcd endpoints of which some fail, other clusters, tokens, and calls side by side. */

#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake_gateway.h"
#include "scratch.h"
#include "store_fixture.h"

/* Many handles, because each begins with an endpoint chosen at random. */
#define HANDLES 12

static struct roster_store *open_at(const char *urls, const struct roster_store_options *options)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE], url[512];

    snprintf(url, sizeof(url), "etcd:%s", urls);
    cr_assert_eq(roster_store_open(url, options, &store, error, sizeof(error)), 0, "%s", error);
    return store;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int try_get(struct roster_store *store, int timeout_ms)
{
    struct roster_store_keys keys = roster_store_key(text("k"));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, timeout_ms, &range);

    roster_store_free(range);
    return err;
}

static int try_put(struct roster_store *store, int timeout_ms)
{
    struct roster_store_op op = roster_store_put(text("k"), text("v"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return roster_store_txn(store, &txn, timeout_ms, NULL);
}

static const char put_done[] =
    "{" FAKE_HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":{}}]}";

/* The id that a request about a lease names. */
static long long lease_id(const struct fake_request *request)
{
    const char *id = strstr(request->body, "\"ID\":\"");

    return id != NULL ? strtoll(id + 6, NULL, 10) : 0;
}

/* A gateway that works. */
static void work(struct fake_request *request)
{
    char body[256];

    if (fake_is(request, "/v3/kv/txn")) {
        fake_reply(request, 200, put_done);
    } else if (fake_is(request, "/v3/lease/keepalive")) {
        snprintf(body, sizeof(body),
                 "{\"result\":{" FAKE_HEADER ",\"ID\":\"%lld\",\"TTL\":\"9\"}}\n",
                 lease_id(request));
        fake_reply(request, 200, body);
    } else if (fake_is(request, "/v3/lease/grant")) {
        snprintf(body, sizeof(body), "{" FAKE_HEADER ",\"ID\":\"%lld\",\"TTL\":\"9\"}",
                 lease_id(request));
        fake_reply(request, 200, body);
    } else {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
    }
}

static void hang(struct fake_request *request)
{
    fake_linger(request, 20000);
    request->close = true;
}

static void fail(struct fake_request *request)
{
    fake_reply(request, 503, "{\"message\":\"etcdserver: no leader\",\"code\":14}");
}

Test(store_failover, an_endpoint_that_is_not_there_is_passed_over)
{
    struct fake_gateway good;
    char urls[256];

    fake_gateway_start(&good, work, NULL);
    snprintf(urls, sizeof(urls), "http://127.0.0.1:%d,%s", scratch_dead_port(), good.url);
    for (int i = 0; i < HANDLES; i++) {
        struct roster_store *store = open_at(urls, NULL);

        cr_expect_eq(try_put(store, 2000), 0, "a change that never left is tried elsewhere");
        cr_expect_eq(try_get(store, 2000), 0);
        roster_store_close(store);
    }
    fake_gateway_stop(&good);
}

Test(store_failover, an_endpoint_without_leader_is_passed_over)
{
    struct fake_gateway bad, good;
    char urls[256];

    fake_gateway_start(&bad, fail, NULL);
    fake_gateway_start(&good, work, NULL);
    snprintf(urls, sizeof(urls), "%s,%s", bad.url, good.url);
    for (int i = 0; i < HANDLES; i++) {
        struct roster_store *store = open_at(urls, NULL);

        cr_expect_eq(try_put(store, 2000), 0);
        cr_expect_eq(try_get(store, 2000), 0);
        roster_store_close(store);
    }
    cr_expect_gt(atomic_load(&bad.requests), 0);
    fake_gateway_stop(&bad);
    fake_gateway_stop(&good);
}

Test(store_failover, a_frozen_endpoint_costs_one_attempt)
{
    struct roster_store_options options = {.size = sizeof(options),
                                           .attempt_timeout_ms = 900,
                                           .backoff_min_ms = 15000,
                                           .backoff_max_ms = 15000};
    struct fake_gateway frozen, good;
    char urls[256];
    int unknown = 0;

    fake_gateway_start(&frozen, hang, NULL);
    fake_gateway_start(&good, work, NULL);
    snprintf(urls, sizeof(urls), "%s,%s", frozen.url, good.url);
    for (int i = 0; i < HANDLES; i++) {
        struct roster_store *store = open_at(urls, &options);
        int64_t begun = now_ms();
        int err = i % 2 == 0 ? try_get(store, 6000) : try_put(store, 6000);

        unknown += err == -EINPROGRESS;
        cr_expect(err == 0 || (i % 2 != 0 && err == -EINPROGRESS), "%d", err);
        cr_expect_leq(now_ms() - begun, 3000);
        begun = now_ms();
        cr_expect_eq(try_put(store, 6000), 0, "the next call knows better");
        cr_expect_leq(now_ms() - begun, 750);
        roster_store_close(store);
    }
    cr_log_info("%d of %d changes met the frozen endpoint", unknown, HANDLES / 2);
    fake_gateway_stop(&frozen);
    fake_gateway_stop(&good);
}

Test(store_failover, when_nobody_answers_attempts_are_spaced_out)
{
    struct fake_gateway bad;
    struct roster_store *store;
    struct roster_store_stats stats = {.size = sizeof(stats)};
    int64_t begun = now_ms();

    fake_gateway_start(&bad, fail, NULL);
    store = open_at(bad.url, NULL);
    cr_expect_eq(try_get(store, 1500), -EHOSTUNREACH);
    cr_expect_leq(now_ms() - begun, 2000);
    cr_assert_eq(roster_store_get_stats(store, &stats), 0);
    /* 50, 100, 200, 400, 800 ms, of which between half and all is waited. */
    cr_expect(stats.requests >= 3 && stats.requests <= 8, "%d requests", (int)stats.requests);
    cr_expect_eq(stats.retries, stats.requests - 1);
    cr_expect_eq(stats.endpoint_failures, stats.requests);
    cr_expect_eq(try_get(store, 5), -EHOSTUNREACH, "a call in the pause tries at least once");
    roster_store_close(store);
    fake_gateway_stop(&bad);
}

/* ------------------------------------------------------------------------ side by side */

struct hung_put {
    struct roster_store *store;
    int err;
};

static void *put_and_hang(void *arg)
{
    struct hung_put *put = arg;

    put->err = try_put(put->store, 1500);
    return NULL;
}

static void hang_txns(struct fake_request *request)
{
    if (fake_is(request, "/v3/kv/txn"))
        hang(request);
    else
        work(request);
}

Test(store_failover, a_put_that_hangs_delays_no_keep_alive)
{
    struct fake_gateway gateway;
    struct hung_put puts[3];
    pthread_t threads[3];
    struct roster_store_lease lease;
    int64_t begun;

    fake_gateway_start(&gateway, hang_txns, NULL);
    puts[0].store = open_at(gateway.url, NULL);
    for (int i = 0; i < 3; i++) {
        puts[i].store = puts[0].store;
        cr_assert_eq(pthread_create(&threads[i], NULL, put_and_hang, &puts[i]), 0);
    }
    sleep_ms(100);
    begun = now_ms();
    for (int i = 0; i < 20; i++)
        cr_expect_eq(roster_store_lease_keep_alive(puts[0].store, 7, 1000, &lease), 0);
    cr_expect_leq(now_ms() - begun, 700);
    cr_expect_eq(lease.ttl_ms, 9000);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(puts[i].err, -EINPROGRESS);
    }
    roster_store_close(puts[0].store);
    fake_gateway_stop(&gateway);
}

/* ------------------------------------------------------------------------ leases */

/* Acts on the first request of its kind without answering, and then knows what it did. */
static void forget_first(struct fake_request *request)
{
    if (request->number == 1)
        request->close = true;
    else if (fake_is(request, "/v3/lease/grant"))
        fake_reply(request, 412, "{\"message\":\"etcdserver: lease already exists\",\"code\":9}");
    else
        fake_reply(request, 404,
                   "{\"message\":\"etcdserver: requested lease not found\",\"code\":5}");
}

Test(store_failover, a_grant_that_was_done_unseen_is_found)
{
    struct fake_gateway gateway;
    struct roster_store *store;
    struct roster_store_lease lease;
    struct timespec before;

    fake_gateway_start(&gateway, forget_first, NULL);
    store = open_at(gateway.url, NULL);
    clock_gettime(CLOCK_BOOTTIME, &before);
    cr_expect_eq(roster_store_lease_grant(store, 5000, 2000, &lease), 0);
    cr_expect_eq(lease.ttl_ms, 5000);
    cr_expect_leq(lease.asked_at_ns - before.tv_sec * INT64_C(1000000000) - before.tv_nsec,
                  40 * INT64_C(1000000), "it counts from the first attempt");
    cr_expect_eq(roster_store_lease_grant(store, 5000, 2000, &lease), -EPROTO,
                 "an id that we never asked for cannot be in use");
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

Test(store_failover, a_revocation_that_was_done_unseen_is_done)
{
    struct fake_gateway gateway;
    struct roster_store *store;

    fake_gateway_start(&gateway, forget_first, NULL);
    store = open_at(gateway.url, NULL);
    cr_expect_eq(roster_store_lease_revoke(store, 7, 2000), 0);
    cr_expect_eq(roster_store_lease_revoke(store, 7, 2000), -EKEYEXPIRED);
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

static void say_text(struct fake_request *request)
{
    fake_reply(request, 200, request->gateway->arg);
}

struct lease_answer {
    const char *text;
    int err;
};

static const struct lease_answer keep_answers[] = {
    {"{\"result\":{" FAKE_HEADER ",\"ID\":\"7\",\"TTL\":\"3\"}}\n", 0},
    {"{\"result\":{" FAKE_HEADER ",\"ID\":\"7\",\"TTL\":\"3\"}}\n{\"result\":{}}\n", 0},
    {"{\"result\":{" FAKE_HEADER ",\"ID\":\"7\"}}\n", -EKEYEXPIRED},
    {"{\"result\":{" FAKE_HEADER ",\"ID\":\"8\",\"TTL\":\"3\"}}\n", -EPROTO},
    {"{\"result\":{" FAKE_HEADER ",\"TTL\":\"3\"}}\n", -EPROTO},
    {"{\"result\":{" FAKE_HEADER ",\"ID\":\"7\",\"TTL\":\"9223372036854775807\"}}\n", -EPROTO},
    {"{\"result\":{\"ID\":\"7\",\"TTL\":\"3\"}}\n", -EPROTO},
    {"{\"result\":[]}\n", -EPROTO},
    {"{}\n", -EPROTO},
    {"\n", -EPROTO},
    {"{\"error\":{\"grpc_code\":5,\"message\":\"etcdserver: requested lease not found\"}}\n",
     -EKEYEXPIRED},
};

Test(store_failover, answers_about_leases_are_checked)
{
    struct fake_gateway gateway;
    struct roster_store *store;
    struct roster_store_lease lease;

    fake_gateway_start(&gateway, say_text, NULL);
    store = open_at(gateway.url, NULL);
    for (size_t i = 0; i < sizeof(keep_answers) / sizeof(keep_answers[0]); i++) {
        gateway.arg = (void *)(uintptr_t)keep_answers[i].text;
        cr_expect_eq(roster_store_lease_keep_alive(store, 7, 2000, &lease), keep_answers[i].err,
                     "%s", keep_answers[i].text);
    }
    gateway.arg = (void *)(uintptr_t) "{" FAKE_HEADER ",\"ID\":\"7\",\"TTL\":\"2\"}";
    cr_expect_eq(roster_store_lease_grant(store, 2000, 300, &lease), -EINPROGRESS,
                 "the answer names another lease");
    cr_expect_eq(roster_store_lease_time_to_live(store, 7, 2000, &lease), -EPROTO);
    gateway.arg =
        (void *)(uintptr_t) "{" FAKE_HEADER ",\"ID\":\"7\",\"TTL\":\"2\",\"grantedTTL\":\"5\"}";
    cr_expect_eq(roster_store_lease_time_to_live(store, 7, 2000, &lease), 0);
    cr_expect_eq(lease.ttl_ms, 2000);
    cr_expect_eq(lease.granted_ms, 5000);
    gateway.arg = (void *)(uintptr_t) "{" FAKE_HEADER ",\"ID\":\"7\",\"TTL\":\"-1\"}";
    cr_expect_eq(roster_store_lease_time_to_live(store, 7, 2000, &lease), -EKEYEXPIRED);
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

/* ------------------------------------------------------------------------ other clusters */

#define AT(cluster, revision)                                                                      \
    (void *)(uintptr_t) "{\"header\":{\"cluster_id\":\"" cluster "\",\"revision\":\"" revision     \
                        "\"}}"

Test(store_failover, another_cluster_is_not_talked_to)
{
    struct fake_gateway gateway;
    struct roster_store *store;
    struct roster_store_lease lease;

    fake_gateway_start(&gateway, say_text, AT("7", "50"));
    store = open_at(gateway.url, NULL);
    cr_expect_eq(try_get(store, 2000), 0);
    gateway.arg = AT("8", "60");
    cr_expect_eq(try_get(store, 2000), -EREMCHG);
    gateway.arg = AT("7", "50");
    cr_expect_eq(try_get(store, 2000), -EREMCHG, "until it is told to");
    cr_expect_eq(try_put(store, 2000), -EREMCHG);
    cr_expect_eq(roster_store_lease_keep_alive(store, 7, 2000, &lease), -EREMCHG);
    cr_expect_eq(atomic_load(&gateway.requests), 2, "nothing more was sent");
    cr_assert_eq(roster_store_rebind(store), 0);
    gateway.arg = AT("8", "60");
    cr_expect_eq(try_get(store, 2000), 0);
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

Test(store_failover, a_cluster_whose_history_was_lost_is_another_one)
{
    struct fake_gateway gateway;
    struct roster_store *store;

    fake_gateway_start(&gateway, say_text, AT("7", "50"));
    store = open_at(gateway.url, NULL);
    cr_expect_eq(try_get(store, 2000), 0);
    cr_expect_eq(try_get(store, 2000), 0, "the same revision again");
    gateway.arg = AT("7", "49");
    cr_expect_eq(try_get(store, 2000), -EREMCHG);
    cr_assert_eq(roster_store_rebind(store), 0);
    cr_expect_eq(try_get(store, 2000), 0);
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

/* ------------------------------------------------------------------------ tokens */

struct vault {
    atomic_int current; /* the only token that is taken */
    atomic_int authentications;
    const char *token; /* the one that is given out, instead of the current one */
};

/* Wants a token with each request, and takes the current one only. */
static void guard(struct fake_request *request)
{
    struct vault *vault = request->gateway->arg;
    char body[256];

    if (fake_is(request, "/v3/auth/authenticate")) {
        atomic_fetch_add(&vault->authentications, 1);
        if (strstr(request->body, "\"anna\"") == NULL ||
            strstr(request->body, "\"pass\"") == NULL) {
            fake_reply(request, 400,
                       "{\"message\":\"etcdserver: authentication failed, invalid user ID or "
                       "password\",\"code\":3}");
            return;
        }
        snprintf(body, sizeof(body), "{" FAKE_HEADER ",\"token\":\"t.%d\"}",
                 atomic_load(&vault->current));
        if (vault->token != NULL)
            snprintf(body, sizeof(body), "{" FAKE_HEADER ",\"token\":\"%s\"}", vault->token);
        fake_reply(request, 200, body);
        return;
    }
    snprintf(body, sizeof(body), "t.%d", atomic_load(&vault->current));
    if (strcmp(request->authorization, body) == 0)
        work(request);
    else
        fake_reply(request, 401, "{\"message\":\"etcdserver: invalid auth token\",\"code\":16}");
}

Test(store_failover, a_token_is_got_once_and_renewed_when_it_is_too_old)
{
    struct roster_store_options options = {
        .size = sizeof(options), .user = "anna", .password = "pass"};
    struct vault vault = {.current = 1};
    struct fake_gateway gateway;
    struct roster_store *store;
    struct roster_store_stats stats = {.size = sizeof(stats)};

    fake_gateway_start(&gateway, guard, &vault);
    store = open_at(gateway.url, &options);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(try_put(store, 2000), 0);
    cr_expect_eq(atomic_load(&vault.authentications), 1);
    atomic_store(&vault.current, 2);
    cr_expect_eq(try_put(store, 2000), 0, "a change that was refused is certainly not done");
    cr_expect_eq(try_get(store, 2000), 0);
    cr_expect_eq(atomic_load(&vault.authentications), 2);
    cr_assert_eq(roster_store_get_stats(store, &stats), 0);
    cr_expect_eq(stats.authentications, 2);
    cr_expect_eq(stats.endpoint_failures, 0, "it is not the endpoint's fault");
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

Test(store_failover, a_token_that_is_never_taken_ends_the_call)
{
    struct roster_store_options options = {
        .size = sizeof(options), .user = "anna", .password = "pass"};
    struct vault vault = {.current = 1, .token = "t.wrong"};
    struct fake_gateway gateway;
    struct roster_store *store;
    int64_t begun = now_ms();

    fake_gateway_start(&gateway, guard, &vault);
    store = open_at(gateway.url, &options);
    cr_expect_eq(try_put(store, 10000), -EACCES);
    cr_expect_leq(now_ms() - begun, 2000);
    cr_expect_leq(atomic_load(&gateway.requests), 8);
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}

Test(store_failover, a_token_cannot_smuggle_in_a_header)
{
    static const char *const tokens[] = {"a\\r\\nX-Evil: yes", "with space", "", "\\u0001"};
    struct roster_store_options options = {
        .size = sizeof(options), .user = "anna", .password = "pass"};
    struct vault vault = {.current = 1};
    struct fake_gateway gateway;

    fake_gateway_start(&gateway, guard, &vault);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct roster_store *store = open_at(gateway.url, &options);

        vault.token = tokens[i];
        cr_expect_eq(try_get(store, 2000), -EPROTO, "%s", tokens[i]);
        roster_store_close(store);
    }
    fake_gateway_stop(&gateway);
}

#define LOG_SIZE 4096

static void keep_log(void *arg, enum roster_store_log_level level, const char *line)
{
    char *log = arg;
    size_t used = strlen(log);

    (void)level;
    snprintf(log + used, LOG_SIZE - used, "%s\n", line);
}

Test(store_failover, what_is_wrong_is_logged_without_secrets)
{
    static char log[LOG_SIZE];
    struct roster_store_options options = {.size = sizeof(options),
                                           .user = "anna",
                                           .password = "hunter2",
                                           .log = keep_log,
                                           .log_arg = log};
    struct vault vault = {.current = 1};
    struct fake_gateway gateway, bad;
    struct roster_store *store;
    char urls[256];

    fake_gateway_start(&gateway, guard, &vault);
    fake_gateway_start(&bad, fail, NULL);
    store = open_at(gateway.url, &options);
    cr_expect_eq(try_get(store, 2000), -EACCES);
    roster_store_close(store);
    cr_expect_not_null(strstr(log, "anna"), "%s", log);

    options.password = "pass";
    snprintf(urls, sizeof(urls), "%s,%s", bad.url, gateway.url);
    for (int i = 0; i < HANDLES; i++) {
        store = open_at(urls, &options);
        cr_expect_eq(try_get(store, 2000), 0);
        roster_store_close(store);
    }
    cr_expect_not_null(strstr(log, bad.url), "%s", log);
    cr_expect_not_null(strstr(log, "no leader"), "%s", log);
    cr_expect_null(strstr(log, "hunter2"));
    cr_expect_null(strstr(log, "\"pass\""));
    cr_expect_null(strstr(log, "t.1"));
    fake_gateway_stop(&bad);
    fake_gateway_stop(&gateway);
}

static void refuse_users(struct fake_request *request)
{
    if (fake_is(request, "/v3/auth/authenticate"))
        fake_reply(request, 400,
                   "{\"message\":\"etcdserver: authentication is not enabled\",\"code\":9}");
    else
        work(request);
}

Test(store_failover, a_cluster_without_authentication_takes_everyone)
{
    static char log[LOG_SIZE];
    struct roster_store_options options = {.size = sizeof(options),
                                           .user = "anna",
                                           .password = "pass",
                                           .log = keep_log,
                                           .log_arg = log};
    struct fake_gateway gateway;
    struct roster_store *store;

    fake_gateway_start(&gateway, refuse_users, NULL);
    store = open_at(gateway.url, &options);
    cr_expect_eq(try_put(store, 2000), 0);
    cr_expect_eq(try_put(store, 2000), 0);
    cr_expect_eq(atomic_load(&gateway.requests), 3);
    cr_expect_not_null(strstr(log, "auth enable"), "%s", log);
    roster_store_close(store);
    fake_gateway_stop(&gateway);
}
