/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * etcd behind TLS, with a certificate that it makes itself: a client that trusts it works with
 * it as ever, and no other client tells it anything.
 */

#include "../scratch.h"
#include "../store_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Long: what TLS rejects is to be seen, not how fast. A handshake reads the authorities of the
 * system, and on a machine that is very busy that alone outlasts the connect_timeout_ms of an
 * option that is not set; the pause that follows then outlasts a call of some seconds, and it ends
 * with -ETIMEDOUT.
 */
#define TIMEOUT_MS 60000

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

static void expect_all(struct roster_store_options options, int wanted)
{
    struct roster_store *store = NULL;
    int64_t id;

    options.connect_timeout_ms = options.attempt_timeout_ms = TIMEOUT_MS;
    cr_assert_eq(roster_store_open(url, &options, &store, NULL, 0), 0);
    id = wanted == 0 ? grant_lease(store, 60000) : 7;
    expect_every_call(store, id, TIMEOUT_MS, "with these options", wanted, wanted);
    roster_store_close(store);
}

Test(store_tls, who_trusts_it_works_with_it, .init = start, .fini = stop)
{
    struct roster_store_options options = {.size = sizeof(options)};

    options.tls_ca_file = certificate;
    expect_all(options, 0);
    options.tls_cert_file = certificate;
    options.tls_key_file = key;
    expect_all(options, 0);
}

Test(store_tls, who_does_not_tells_it_nothing, .init = start, .fini = stop)
{
    struct roster_store_options options = {.size = sizeof(options)};

    expect_all(options, -EKEYREJECTED);
    options.tls_ca_file = certificate;
    options.tls_cert_file = garbage;
    options.tls_key_file = garbage;
    expect_all(options, -EKEYREJECTED);
    options.tls_cert_file = options.tls_key_file = NULL;
    expect_all(options, 0);
}

static void expect_unreadable(const struct roster_store_options *options, const char *option)
{
    char error[ROSTER_STORE_ERROR_SIZE] = "";
    struct roster_store *store = NULL;

    cr_expect_eq(
        roster_store_open("etcd:https://127.0.0.1:1", options, &store, error, sizeof(error)),
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
