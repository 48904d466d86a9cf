/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Several etcd endpoints of which some fail, calls side by side, and other clusters. */

#include "../scratch.h"
#include "../store_fixture.h"
#include "fake_answers.h"

#include <errno.h>
#include <pthread.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Many handles, because each begins with an endpoint chosen at random. */
#define HANDLES 12

Test(store_failover, an_endpoint_that_is_not_there_is_passed_over)
{
    struct fake_gateway good;
    char urls[256];

    fake_gateway_start(&good, fake_work, NULL);
    snprintf(urls, sizeof(urls), "http://127.0.0.1:%d,%s", scratch_dead_port(), good.url);
    for (int i = 0; i < HANDLES; i++) {
        struct roster_store *store = open_etcd(urls, NULL);

        cr_expect_eq(put_error(store, "k", 2000), 0, "a change that never left is tried elsewhere");
        cr_expect_eq(get_error(store, "k", 2000), 0);
        roster_store_close(store);
    }
    fake_gateway_stop(&good);
}

Test(store_failover, an_endpoint_without_leader_is_passed_over)
{
    struct fake_gateway bad, good;
    char urls[256];

    fake_gateway_start(&bad, fake_say_no_leader, NULL);
    fake_gateway_start(&good, fake_work, NULL);
    snprintf(urls, sizeof(urls), "%s,%s", bad.url, good.url);
    for (int i = 0; i < HANDLES; i++) {
        struct roster_store *store = open_etcd(urls, NULL);

        cr_expect_eq(put_error(store, "k", 2000), 0);
        cr_expect_eq(get_error(store, "k", 2000), 0);
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

    fake_gateway_start(&frozen, fake_hang, NULL);
    fake_gateway_start(&good, fake_work, NULL);
    snprintf(urls, sizeof(urls), "%s,%s", frozen.url, good.url);
    for (int i = 0; i < HANDLES; i++) {
        struct roster_store *store = open_etcd(urls, &options);
        int64_t begun = now_ms();
        int err = i % 2 == 0 ? get_error(store, "k", 6000) : put_error(store, "k", 6000);

        unknown += err == -EINPROGRESS;
        cr_expect(err == 0 || (i % 2 != 0 && err == -EINPROGRESS), "%d", err);
        cr_expect_leq(now_ms() - begun, 3000);
        begun = now_ms();
        cr_expect_eq(put_error(store, "k", 6000), 0, "the next call knows better");
        cr_expect_leq(now_ms() - begun, 750);
        roster_store_close(store);
    }
    cr_log_info("%d of %d changes met the frozen endpoint", unknown, HANDLES / 2);
    fake_gateway_stop(&frozen);
    fake_gateway_stop(&good);
}

Test(store_failover, when_no_endpoint_answers_attempts_are_spaced_out)
{
    struct fake_gateway bad;
    struct roster_store *store;
    struct roster_store_stats stats = {.size = sizeof(stats)};
    int64_t begun = now_ms();

    fake_gateway_start(&bad, fake_say_no_leader, NULL);
    store = open_etcd(bad.url, NULL);
    cr_expect_eq(get_error(store, "k", 1500), -EHOSTUNREACH);
    cr_expect_leq(now_ms() - begun, 2000);
    cr_assert_eq(roster_store_stats(store, &stats), 0);
    /* 50, 100, 200, 400, 800 ms, of which between half and all is waited. */
    cr_expect(stats.requests >= 3 && stats.requests <= 8, "%d requests", (int)stats.requests);
    cr_expect_eq(stats.retries, stats.requests - 1);
    cr_expect_eq(stats.endpoint_failures, stats.requests);
    cr_expect_eq(get_error(store, "k", 5), -EHOSTUNREACH,
                 "a call in the pause tries at least once");
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

    put->err = put_error(put->store, "k", 1500);
    return NULL;
}

static void hang_txns(struct fake_request *request)
{
    if (fake_is(request, "/v3/kv/txn"))
        fake_hang(request);
    else
        fake_work(request);
}

Test(store_failover, a_put_that_hangs_delays_no_keep_alive)
{
    struct fake_gateway gateway;
    struct hung_put puts[3];
    pthread_t threads[3];
    struct roster_store_lease lease;
    int64_t begun;

    fake_gateway_start(&gateway, hang_txns, NULL);
    puts[0].store = open_etcd(gateway.url, NULL);
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

/* ------------------------------------------------------------------------ other clusters */

#define AT(cluster, revision)                                                                      \
    (void *)(uintptr_t) "{\"header\":{\"cluster_id\":\"" cluster "\",\"revision\":\"" revision     \
                        "\"}}"

Test(store_failover, another_cluster_is_not_talked_to)
{
    struct fake_gateway gateway;
    struct roster_store_lease lease;
    struct roster_store *store = fake_store_open(&gateway, fake_say_text, AT("7", "50"), NULL);

    cr_expect_eq(get_error(store, "k", 2000), 0);
    gateway.arg = AT("8", "60");
    cr_expect_eq(get_error(store, "k", 2000), -EREMCHG);
    gateway.arg = AT("7", "50");
    cr_expect_eq(get_error(store, "k", 2000), -EREMCHG, "until it is told to");
    cr_expect_eq(put_error(store, "k", 2000), -EREMCHG);
    cr_expect_eq(roster_store_lease_keep_alive(store, 7, 2000, &lease), -EREMCHG);
    cr_expect_eq(atomic_load(&gateway.requests), 2, "nothing more was sent");
    cr_assert_eq(roster_store_rebind(store), 0);
    gateway.arg = AT("8", "60");
    cr_expect_eq(get_error(store, "k", 2000), 0);
    fake_store_close(store, &gateway);
}

Test(store_failover, a_cluster_whose_history_was_lost_is_another_one)
{
    struct fake_gateway gateway;
    struct roster_store *store = fake_store_open(&gateway, fake_say_text, AT("7", "50"), NULL);

    cr_expect_eq(get_error(store, "k", 2000), 0);
    cr_expect_eq(get_error(store, "k", 2000), 0, "the same revision again");
    gateway.arg = AT("7", "49");
    cr_expect_eq(get_error(store, "k", 2000), -EREMCHG);
    cr_assert_eq(roster_store_rebind(store), 0);
    cr_expect_eq(get_error(store, "k", 2000), 0);
    fake_store_close(store, &gateway);
}

Test(store_failover, without_descriptors_no_endpoint_is_blamed)
{
    struct roster_store_stats stats = {.size = sizeof(stats)};
    struct fake_gateway good;
    struct rlimit limit, none;
    struct roster_store *store;
    int lowest;

    fake_gateway_start(&good, fake_work, NULL);
    store = open_etcd(good.url, NULL);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_geq(lowest, 0);
    close(lowest);
    none = (struct rlimit){(rlim_t)lowest, limit.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_expect_eq(get_error(store, "k", 2000), -ENOMEM);
    cr_expect_eq(put_error(store, "k", 2000), -ENOMEM, "it has certainly not left");
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(roster_store_stats(store, &stats), 0);
    cr_expect_eq(stats.endpoint_failures, 0);
    cr_expect_eq(put_error(store, "k", 20000), 0, "as soon as there are some again");
    roster_store_close(store);
    fake_gateway_stop(&good);
}

struct lines {
    unsigned of_leader, of_rubbish, others;
};

static void count_lines(enum roster_store_log_level level, const char *line, void *arg)
{
    struct lines *lines = arg;

    (void)level;
    if (!strstr(line, "is put aside") || strstr(line, "repeated"))
        return;
    if (strstr(line, "an answer that is not etcd's") || strstr(line, "not JSON"))
        lines->of_rubbish++;
    else if (strstr(line, "leader"))
        lines->of_leader++;
    else
        lines->others++;
}

static void lose_leader_then_talk_rubbish(struct fake_request *request)
{
    if (request->number <= 3)
        fake_say_no_leader(request);
    else
        fake_say_text(request);
}

Test(store_failover, what_lasts_is_logged_also_when_something_else_came_first)
{
    struct lines lines = {0};
    struct roster_store_options options = {.size = sizeof(options),
                                           .backoff_min_ms = 1,
                                           .backoff_max_ms = 1,
                                           .log = count_lines,
                                           .log_arg = &lines};
    char text[] = "{\"header\":7}";
    struct fake_gateway bad;
    struct roster_store *store;

    fake_gateway_start(&bad, lose_leader_then_talk_rubbish, text);
    store = open_etcd(bad.url, &options);
    for (int i = 0; i < 8; i++) {
        (void)get_error(store, "k", 300);
        sleep_ms(5);
    }
    roster_store_close(store);
    fake_gateway_stop(&bad);
    cr_expect_eq(lines.of_leader, 1, "%u", lines.of_leader);
    cr_expect_eq(lines.of_rubbish, 1, "%u", lines.of_rubbish);
    cr_expect_eq(lines.others, 0);
}
