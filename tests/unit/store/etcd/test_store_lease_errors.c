/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What the lease functions make of an etcd that refuses, fails, talks nonsense or is not there.
 * Grants and revocations change something, so their outcome may be unknown (-EINPROGRESS); a
 * keep-alive and a question may simply be repeated.
 */

#include "../scratch.h"
#include "../store_fixture.h"
#include "fake_answers.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ERROR(code, text) "{\"error\":\"" text "\",\"message\":\"" text "\",\"code\":" #code "}"
#define TIMEOUT_MS 250
#define CUT_SHORT 10

/* What comes of a grant, of a revocation, and of a keep-alive or a question. */
struct outcome {
    int grant;
    int revoke;
    int question;
};

struct answer {
    int status;
    const char *body;
    struct outcome outcome;
};

static const struct answer answers[] = {
    {400, ERROR(3, "etcdserver: request is too large"), {-EMSGSIZE, -EMSGSIZE, -EMSGSIZE}},
    {400, ERROR(9, "etcdserver: lease already exists"), {-EPROTO, -EPROTO, -EPROTO}},
    {400, "bad request", {-EPROTO, -EPROTO, -EPROTO}},
    {403, ERROR(7, "etcdserver: permission denied"), {-EACCES, -EACCES, -EACCES}},
    {404, ERROR(5, "etcdserver: requested lease not found"), {-EPROTO, -EKEYEXPIRED, -EKEYEXPIRED}},
    {429, ERROR(8, "etcdserver: mvcc: database space exceeded"), {-ENOSPC, -ENOSPC, -ENOSPC}},
    {500, "oh", {-EINPROGRESS, -EINPROGRESS, -EHOSTUNREACH}},
    {503, ERROR(14, "etcdserver: no leader"), {-EHOSTUNREACH, -EHOSTUNREACH, -EHOSTUNREACH}},
};

static const struct roster_store_options impatient = {
    .size = sizeof(impatient), .backoff_min_ms = 1, .backoff_max_ms = 5};

static int grant(struct roster_store *store, int timeout_ms)
{
    struct roster_store_lease lease;

    return roster_store_lease_grant(store, 5000, timeout_ms, &lease);
}

static int revoke(struct roster_store *store, int timeout_ms)
{
    return roster_store_lease_revoke(store, 7, timeout_ms);
}

/*
 * What comes of a change. Of one that is tried again until its time is up, that is unknown when
 * that finds a request under way, as on a busy machine it may; but not every time.
 */
static int result_of(int (*change)(struct roster_store *, int), struct roster_store *store,
                     int timeout_ms, int expected)
{
    int err = change(store, timeout_ms);

    for (int i = 0; i < CUT_SHORT && expected == -EHOSTUNREACH && err == -EINPROGRESS; i++)
        err = change(store, timeout_ms);
    return err;
}

static void expect_all(struct roster_store *store, const char *what, int timeout_ms,
                       struct outcome outcome)
{
    struct roster_store_lease lease;
    int err;

    err = result_of(grant, store, timeout_ms, outcome.grant);
    cr_expect_eq(err, outcome.grant, "%s: grant %d", what, err);
    err = result_of(revoke, store, timeout_ms, outcome.revoke);
    cr_expect_eq(err, outcome.revoke, "%s: revoke %d", what, err);
    err = roster_store_lease_keep_alive(store, 7, timeout_ms, &lease);
    cr_expect_eq(err, outcome.question, "%s: keep-alive %d", what, err);
    err = roster_store_lease_time_to_live(store, 7, timeout_ms, &lease);
    cr_expect_eq(err, outcome.question, "%s: time to live %d", what, err);
}

static void say(struct fake_request *request)
{
    const struct answer *answer = request->gateway->arg;

    fake_reply(request, answer->status, answer->body);
}

Test(store_lease_errors, answers)
{
    struct fake_gateway gateway;

    fake_gateway_start(&gateway, say, NULL);
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct roster_store *store = open_etcd(gateway.url, &impatient);

        gateway.arg = (void *)(uintptr_t)&answers[i];
        expect_all(store, answers[i].body, TIMEOUT_MS, answers[i].outcome);
        roster_store_close(store);
    }
    fake_gateway_stop(&gateway);
}

Test(store_lease_errors, no_server_is_there)
{
    struct roster_store *store;
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", scratch_dead_port());
    store = open_etcd(url, &impatient);
    expect_all(store, "no server", TIMEOUT_MS,
               (struct outcome){-EHOSTUNREACH, -EHOSTUNREACH, -EHOSTUNREACH});
    roster_store_close(store);
}

Test(store_lease_errors, no_server_answers)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, fake_hang, NULL, &impatient);

    expect_all(store, "silence", TIMEOUT_MS,
               (struct outcome){-EINPROGRESS, -EINPROGRESS, -ETIMEDOUT});
    expect_all(store, "no time", 0, (struct outcome){-ETIMEDOUT, -ETIMEDOUT, -ETIMEDOUT});
    fake_store_close(store, &gateway);
}

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

Test(store_lease_errors, a_grant_that_was_done_unseen_is_found)
{
    struct fake_gateway gateway;
    struct roster_store_lease lease;
    struct timespec before;
    struct roster_store *store = fake_store_open(&gateway, forget_first, NULL, NULL);

    clock_gettime(CLOCK_BOOTTIME, &before);
    cr_expect_eq(roster_store_lease_grant(store, 5000, 2000, &lease), 0);
    cr_expect_eq(lease.ttl_ms, 5000);
    cr_expect_leq(lease.asked_at_ns - before.tv_sec * INT64_C(1000000000) - before.tv_nsec,
                  40 * INT64_C(1000000), "it counts from the first attempt");
    cr_expect_eq(roster_store_lease_grant(store, 5000, 2000, &lease), -EPROTO,
                 "an id that we never asked for cannot be in use");
    fake_store_close(store, &gateway);
}

Test(store_lease_errors, a_revocation_that_was_done_unseen_is_done)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, forget_first, NULL, NULL);

    cr_expect_eq(roster_store_lease_revoke(store, 7, 2000), 0);
    cr_expect_eq(roster_store_lease_revoke(store, 7, 2000), -EKEYEXPIRED);
    fake_store_close(store, &gateway);
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

Test(store_lease_errors, answers_about_leases_are_checked)
{
    struct fake_gateway gateway;
    struct roster_store_lease lease;
    struct roster_store *store = fake_store_open(&gateway, fake_say_text, NULL, NULL);

    for (size_t i = 0; i < COUNT(keep_answers); i++) {
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
    fake_store_close(store, &gateway);
}
