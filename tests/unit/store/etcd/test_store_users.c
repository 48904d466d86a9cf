/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* An etcd that wants to know who asks: names and passwords, tokens, and what is logged of them. */

#include "../store_fixture.h"
#include "fake_answers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Many handles, because each begins with an endpoint chosen at random. */
#define HANDLES 12

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
        fake_work(request);
    else
        fake_reply(request, 401, "{\"message\":\"etcdserver: invalid auth token\",\"code\":16}");
}

Test(store_users, a_token_is_got_once_and_renewed_when_it_is_too_old)
{
    struct roster_store_options options = {
        .size = sizeof(options), .user = "anna", .password = "pass"};
    struct vault vault = {.current = 1};
    struct fake_gateway gateway;
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct roster_store *store = fake_store_open(&gateway, guard, &vault, &options);

    for (int i = 0; i < 5; i++)
        cr_expect_eq(put_error(store, "k", 2000), 0);
    cr_expect_eq(atomic_load(&vault.authentications), 1);
    atomic_store(&vault.current, 2);
    cr_expect_eq(put_error(store, "k", 2000), 0, "a change that was refused is certainly not done");
    cr_expect_eq(get_error(store, "k", 2000), 0);
    cr_expect_eq(atomic_load(&vault.authentications), 2);
    cr_assert_eq(roster_store_stats(store, &stats), 0);
    cr_expect_eq(stats.authentications, 2);
    cr_expect_eq(stats.endpoint_failures, 0, "it is not the endpoint's fault");
    fake_store_close(store, &gateway);
}

Test(store_users, a_token_that_is_never_taken_ends_the_call)
{
    struct roster_store_options options = {
        .size = sizeof(options), .user = "anna", .password = "pass"};
    struct vault vault = {.current = 1, .token = "t.wrong"};
    struct fake_gateway gateway;
    int64_t begun = now_ms();
    struct roster_store *store = fake_store_open(&gateway, guard, &vault, &options);

    cr_expect_eq(put_error(store, "k", 10000), -EACCES);
    cr_expect_leq(now_ms() - begun, 2000);
    cr_expect_leq(atomic_load(&gateway.requests), 8);
    fake_store_close(store, &gateway);
}

Test(store_users, a_token_cannot_smuggle_in_a_header)
{
    static const char *const tokens[] = {"a\\r\\nX-Evil: yes", "with space", "", "\\u0001"};
    struct roster_store_options options = {
        .size = sizeof(options), .user = "anna", .password = "pass"};
    struct vault vault = {.current = 1};
    struct fake_gateway gateway;

    fake_gateway_start(&gateway, guard, &vault);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct roster_store *store = open_etcd(gateway.url, &options);

        vault.token = tokens[i];
        cr_expect_eq(get_error(store, "k", 2000), -EPROTO, "%s", tokens[i]);
        roster_store_close(store);
    }
    fake_gateway_stop(&gateway);
}

#define LOG_SIZE 4096

static void keep_log(enum roster_store_log_level level, const char *line, void *arg)
{
    char *log = arg;
    size_t used = strlen(log);

    (void)level;
    snprintf(log + used, LOG_SIZE - used, "%s\n", line);
}

Test(store_users, what_is_wrong_is_logged_without_secrets)
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
    fake_gateway_start(&bad, fake_say_no_leader, NULL);
    store = open_etcd(gateway.url, &options);
    cr_expect_eq(get_error(store, "k", 2000), -EACCES);
    roster_store_close(store);
    cr_expect_not_null(strstr(log, "anna"), "%s", log);

    options.password = "pass";
    snprintf(urls, sizeof(urls), "%s,%s", bad.url, gateway.url);
    for (int i = 0; i < HANDLES; i++) {
        store = open_etcd(urls, &options);
        cr_expect_eq(get_error(store, "k", 2000), 0);
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
        fake_work(request);
}

Test(store_users, a_cluster_without_authentication_takes_everyone)
{
    static char log[LOG_SIZE];
    struct roster_store_options options = {.size = sizeof(options),
                                           .user = "anna",
                                           .password = "pass",
                                           .log = keep_log,
                                           .log_arg = log};
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, refuse_users, NULL, &options);

    cr_expect_eq(put_error(store, "k", 2000), 0);
    cr_expect_eq(put_error(store, "k", 2000), 0);
    cr_expect_eq(atomic_load(&gateway.requests), 3);
    cr_expect_not_null(strstr(log, "auth enable"), "%s", log);
    fake_store_close(store, &gateway);
}
