/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * etcd behind TLS, with a certificate that it makes itself: whoever is told to trust it works with
 * it as ever, and nobody else tells it anything.
 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scratch.h"
#include "store_fixture.h"

#define TIMEOUT_MS 5000

static const char *const makes_its_own[] = {"--auto-tls", NULL};
static struct etcd_server etcd;
static char dir[256], url[80], certificate[300], key[300], garbage[300];

static void write_garbage(void)
{
    FILE *file;

    snprintf(garbage, sizeof(garbage), "%s/garbage.pem", dir);
    file = fopen(garbage, "w");
    cr_assert_not_null(file);
    fputs("no certificate\n", file);
    fclose(file);
}

static void start(void)
{
    if (!etcd_available())
        cr_skip_test("the program etcd is missing: install etcd-server");
    scratch_dir(dir, sizeof(dir));
    cr_assert(etcd_start(&etcd, dir, true, makes_its_own), "etcd did not start");
    snprintf(url, sizeof(url), "etcd:%s", etcd.url);
    snprintf(certificate, sizeof(certificate), "%s/data/fixtures/client/cert.pem", dir);
    snprintf(key, sizeof(key), "%s/data/fixtures/client/key.pem", dir);
    write_garbage();
}

static void stop(void)
{
    etcd_kill(&etcd);
}

static int try_get(struct roster_store *store)
{
    struct roster_store_keys keys = roster_store_key(text("key"));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(store, &keys, 0, TIMEOUT_MS, &range);

    roster_store_free(range);
    return err;
}

static int try_put(struct roster_store *store)
{
    struct roster_store_op op = roster_store_put(text("key"), text("value"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return roster_store_txn(store, &txn, TIMEOUT_MS, NULL);
}

static int try_watch(struct roster_store *store)
{
    struct roster_store_keys keys = roster_store_prefix(text(""));
    struct roster_store_events *events = NULL;
    struct roster_store_watch *watch = NULL;
    int err;

    cr_assert_eq(roster_store_watch_open(store, &keys, 0, &watch), 0);
    err = roster_store_watch_next(watch, 1000, &events);
    roster_store_free(events);
    roster_store_watch_close(watch);
    return err;
}

#define EXPECT(call, wanted)                                                                       \
    do {                                                                                           \
        int got = (call);                                                                          \
                                                                                                   \
        cr_expect_eq(got, wanted, "%s: %d", #call, got);                                           \
    } while (0)

static void expect_all(const struct roster_store_options *options, int wanted)
{
    struct roster_store_lease granted, lease;
    struct roster_store *store = NULL;
    int64_t id;

    cr_assert_eq(roster_store_open(url, options, &store, NULL, 0), 0);
    EXPECT(try_put(store), wanted);
    EXPECT(try_get(store), wanted);
    EXPECT(try_watch(store), wanted);
    EXPECT(roster_store_lease_grant(store, 60000, TIMEOUT_MS, &granted), wanted);
    id = wanted == 0 ? granted.id : 7;
    EXPECT(roster_store_lease_keep_alive(store, id, TIMEOUT_MS, &lease), wanted);
    EXPECT(roster_store_lease_time_to_live(store, id, TIMEOUT_MS, &lease), wanted);
    EXPECT(roster_store_lease_revoke(store, id, TIMEOUT_MS), wanted);
    roster_store_close(store);
}

Test(store_tls, who_trusts_it_works_with_it, .init = start, .fini = stop)
{
    struct roster_store_options options = {.size = sizeof(options)};

    options.tls_ca_file = certificate;
    expect_all(&options, 0);
    options.tls_cert_file = certificate;
    options.tls_key_file = key;
    expect_all(&options, 0);
}

Test(store_tls, who_does_not_tells_it_nothing, .init = start, .fini = stop)
{
    struct roster_store_options options = {.size = sizeof(options)};

    expect_all(&options, -EKEYREJECTED);
    options.tls_ca_file = certificate;
    options.tls_cert_file = garbage;
    options.tls_key_file = garbage;
    expect_all(&options, -EKEYREJECTED);
    options.tls_cert_file = options.tls_key_file = NULL;
    expect_all(&options, 0);
}

static void expect_unreadable(const struct roster_store_options *options, const char *option)
{
    char error[ROSTER_STORE_ERROR_SIZE] = "";
    struct roster_store *store = NULL;

    EXPECT(roster_store_open("etcd:https://127.0.0.1:1", options, &store, error, sizeof(error)),
           -EKEYREJECTED);
    cr_expect_not_null(strstr(error, option), "\"%s\" does not name %s", error, option);
    cr_expect_not_null(strstr(error, "name a PEM file"), "%s", error);
    cr_expect_null(store);
}

Test(store_tls, files_that_are_not_there_are_named)
{
    struct roster_store_options options = {.size = sizeof(options)};

    options.tls_ca_file = "/dev/null/ca.pem";
    expect_unreadable(&options, "tls_ca_file");
    options.tls_ca_file = NULL;
    options.tls_cert_file = "/dev/null/cert.pem";
    options.tls_key_file = "/dev/null";
    expect_unreadable(&options, "tls_cert_file");
    options.tls_cert_file = "/dev/null";
    options.tls_key_file = "/dev/null/key.pem";
    expect_unreadable(&options, "tls_key_file");
}
