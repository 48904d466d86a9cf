/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Every text that the library makes for people, with hostile names in all places that a name can
 * come from: URLs, options, keys and values in the store, and etcd's answers. None of it forges a
 * line, steers a terminal, or tells a password.
 */

#include "core/base/utf8.h"
#include "../store/etcd/fake_gateway.h"
#include "server.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <roster/barrier.h>
#include <roster/manager.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>

#define EVIL_UTF8                                                                                  \
    "x\033[2J\n[ERROR] forged\r\x7f\xc2\x9b"                                                       \
    "1m\xe2\x80\xae\xe2\x81\xa6"
#define EVIL EVIL_UTF8 "\xff\xc0\xaf"
#define SECRET "s3cret"

static atomic_int lines;

/* Whether a terminal or a log can take it. */
static void expect_text(const char *where, const char *text)
{
    size_t left = strlen(text), step;
    uint32_t point;

    cr_expect_null(strstr(text, SECRET), "%s tells a password: %s", where, text);
    for (; left > 0; text += step, left -= step) {
        step = rst_utf8_next(text, left, &point);
        if (step == 0 || rst_utf8_steers(point)) {
            cr_expect_fail("%s: the byte %02x stands there, before \"%.20s\"", where,
                           (unsigned char)*text, text + 1);
            return;
        }
    }
}

static void take_line(enum roster_store_log_level level, const char *line, void *arg)
{
    (void)arg;
    (void)level;
    atomic_fetch_add(&lines, 1);
    expect_text("a line of the log", line);
}

static void expect_refusal(const char *url, const struct roster_store_options *options)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE] = "";

    cr_expect_neq(roster_store_open(url, options, &store, error, sizeof(error)), 0, "%s", url);
    cr_expect_str_neq(error, "");
    expect_text("an error text", error);
}

Test(hostile_text, urls_that_are_wrong)
{
    static const char *const urls[] = {
        "http://u:" SECRET "@h:1",
        "htp://u:" SECRET "@h:1",
        "u:" SECRET "@h",
        "memory:u:" SECRET "@h",
        "memory:http://u:" SECRET "@h",
        "sqlite:http://u:" SECRET "@h/x.db",
        "sqlite:u:" SECRET "@h/x.db",
        "sqlite:/dev/null/u:1@h",
        "etcd:u:" SECRET "@h",
        "etcd:http:/u:" SECRET "@h",
        "etcd:http//u:" SECRET "@h",
        "etcd:ftp://u:" SECRET "@h",
        "etcd:http://u:" SECRET "@h:1",
        "etcd:http://u:" SECRET "@@h:1",
        "etcd:http://u:a," SECRET "@h:1",
        "etcd:http://u:a/" SECRET "@h:1",
        "etcd:http://u:" SECRET "%40h:1",
        "etcd:http://u:" SECRET "@h:1,,http://h:2",
        "etcd:http://u:" SECRET "@[::1",
        "etcd:http://u:" SECRET "@h:1/path",
        "etcd:http://u:" SECRET,
        "etcd:http://" SECRET "@",
        "etcd:http://h:1/?password=" SECRET,
        "etcd:http://h:1#" SECRET,
        "etcd:http://h:1,http://h:1,http://u:" SECRET "@h",
        "etcd:http://h:1,,http://u:" SECRET,
        EVIL,
        "memory:" EVIL,
        "sqlite:" EVIL "/" EVIL,
        "sqlite:/dev/null/" EVIL,
        "sqlite:/dev/" EVIL "/",
        "etcd:" EVIL,
        "etcd:http://" EVIL,
        "etcd:http://h/" EVIL,
    };

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        expect_refusal(urls[i], NULL);
}

Test(hostile_text, options_that_are_wrong)
{
    struct roster_store_options options = {.size = sizeof(options)};

    options.user = EVIL;
    expect_refusal("etcd:http://h:1", &options);
    options.user = NULL;
    options.password = SECRET;
    expect_refusal("etcd:http://h:1", &options);
    options.password = NULL;
    options.tls_ca_file = "/dev/null/" EVIL;
    expect_refusal("etcd:http://h:1", &options);
}

#define EVIL_JSON "\\u001b[2J\\r\\n[ERROR] forged \\u202e\\u2066\\u009b\\u007f"

/* Refuses the user at first, and then fails. */
static void say_evil(struct fake_request *request)
{
    if (fake_is(request, "/v3/auth/authenticate") && request->number == 1)
        fake_reply(request, 400,
                   "{\"code\":3,\"message\":\"authentication failed " EVIL_JSON "\"}");
    else
        fake_reply(request, 503, "{\"code\":14,\"message\":\"" EVIL_JSON "\"}");
}

Test(hostile_text, what_etcd_says)
{
    struct roster_store_options options = {.size = sizeof(options), .log = take_line};
    struct fake_gateway gateway;
    struct roster_store *store;

    options.user = EVIL_UTF8;
    options.password = SECRET;
    fake_gateway_start(&gateway, say_evil, NULL);
    store = open_etcd(gateway.url, &options);
    cr_expect_neq(get_error(store, EVIL, 500), 0);
    cr_expect_neq(put_error(store, EVIL, 500), 0);
    cr_expect_geq(atomic_load(&lines), 2, "%d lines", atomic_load(&lines));
    fake_store_close(store, &gateway);
}

/* Something in the store that keeps the safe point from moving. */
static void expect_blocker(const char *key, const char *value, enum roster_blocker_kind kind)
{
    struct roster_safe_point_options options = {.size = sizeof(options), .log = take_line};
    struct roster_safe_point_result result = {.size = sizeof(result)};
    struct roster_safe_point *safe_point = NULL;
    struct roster_store *store = NULL;
    char described[400];

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    put_text(store, "/roster/server/holder/" EVIL, "{\"kind\":\"\\n\\u001b[2J\\u202e\"}");
    put_text(store, key, value);
    (void)roster_safe_point_advance_txn(safe_point, 1000, &result);
    cr_expect_eq(result.blocker.kind, kind, "%s: %d", key, (int)result.blocker.kind);
    expect_text(key, roster_blocker_describe(&result.blocker, described, sizeof(described)));
    roster_safe_point_destroy(safe_point);
    roster_store_close(store);
}

Test(hostile_text, what_blocks_a_safe_point)
{
    expect_blocker("/roster/server/minstartts/" EVIL, "700", ROSTER_BLOCKER_SERVER);
    expect_blocker("/roster/server/minstartts/" EVIL, EVIL, ROSTER_BLOCKER_UNREADABLE);
    expect_blocker("/roster/safepoint/barrier/" EVIL, "700", ROSTER_BLOCKER_BARRIER);
    expect_blocker("/roster/safepoint/barrier/" EVIL, EVIL, ROSTER_BLOCKER_UNREADABLE);
    expect_blocker("/roster/safepoint/txn", EVIL, ROSTER_BLOCKER_UNREADABLE);
}

/* Its own id, and that of the leader. */
Test(hostile_text, what_a_server_says)
{
    struct roster_syncer_options options = server_options(EVIL_UTF8);
    struct roster_safe_point_options how = {.size = sizeof(how), .log = take_line};
    struct roster_safe_point *safe_point = NULL;
    struct roster_oracle_local *oracle = NULL;
    struct roster_store *store = NULL;
    struct server server;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    options.log = take_line;
    server_create(&server, store, &options, 1000);
    how.syncer = server.syncer;
    how.oracle = roster_oracle_local_read;
    cr_assert_eq(roster_oracle_local_create(&oracle), 0);
    how.oracle_arg = oracle;
    cr_assert_eq(roster_safe_point_create(store, &how, &safe_point), 0);
    put_text(store, "/roster/safepoint/gc", EVIL);
    for (int i = 0; i < 20; i++) {
        (void)roster_syncer_run_once(server.syncer, NULL);
        (void)roster_safe_point_run_once(safe_point, NULL);
        sleep_ms(5);
    }
    cr_expect_gt(atomic_load(&lines), 1);
    (void)roster_safe_point_stop(safe_point);
    roster_safe_point_destroy(safe_point);
    server_destroy(&server);
    roster_oracle_local_destroy(oracle);
    roster_store_close(store);
}
