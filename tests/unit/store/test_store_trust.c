/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What the etcd store trusts and where it goes does not depend on what libcurl does by default, on
 * how a distribution has built it, or on the environment.
 *
 * The library's calls of libcurl come through here first, so that a test can have a libcurl with
 * another directory of authorities than this system's, and connections that are never used again.
 */

#include "etcd/authority.h"
#include "etcd/fake_gateway.h"
#include "scratch.h"
#include "store_fixture.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *default_directory; /* of libcurl, for trusted authorities */
static bool always_connects;

CURL *curl_easy_init(void)
{
    CURL *(*real)(void) = NULL;
    CURL *easy;

    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_init");
    easy = real();
    curl_easy_setopt(easy, CURLOPT_CAPATH, default_directory);
    return easy;
}

CURLcode curl_easy_perform(CURL *easy)
{
    CURLcode (*real)(CURL * easy) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_perform");
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, always_connects ? 1L : 0L);
    return real(easy);
}

static struct etcd_server etcd;
static char dir[256], url[80], certificate[300], key[300], system_directory[300], ca_file[300];

/* Two authorities, and a server that the second one certifies. */
static void start_for(const char *host)
{
    const char *arguments[] = {"--cert-file", certificate, "--key-file", key, NULL};

    if (!etcd_available())
        cr_skip_test("the program etcd is missing: install etcd-server");
    if (!authority_available())
        cr_skip_test("the program openssl is missing: install openssl");
    scratch_dir(dir, sizeof(dir));
    authority_make(dir, "first");
    authority_make(dir, "second");
    authority_certify(dir, "second", "server", host);
    snprintf(certificate, sizeof(certificate), "%s/server.pem", dir);
    snprintf(key, sizeof(key), "%s/server.key", dir);
    snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", dir);
    snprintf(system_directory, sizeof(system_directory), "%s/system", dir);
    cr_assert_eq(mkdir(system_directory, 0700), 0);
    authority_directory(dir, "second", system_directory);
    cr_assert(etcd_start(&etcd, dir, true, arguments), "etcd did not start");
    snprintf(url, sizeof(url), "%s", etcd.url);
}

static void start(void)
{
    start_for("IP:127.0.0.1");
}

static void stop(void)
{
    etcd_kill(&etcd);
}

static struct roster_store *open_with(const char *file)
{
    struct roster_store_options options = {.size = sizeof(options), .tls_ca_file = file};

    /* No time-out is to hide what TLS says, however busy the machine is. */
    options.connect_timeout_ms = options.attempt_timeout_ms = 60000;
    return open_etcd(url, &options);
}

static void expect_trust(const char *file, int wanted)
{
    struct roster_store *store = open_with(file);

    expect_error(file != NULL ? file : "no file", "get", get_error(store, "key", 60000), wanted);
    roster_store_close(store);
}

Test(store_trust, a_file_of_authorities_is_all_that_is_trusted, .init = start, .fini = stop)
{
    default_directory = system_directory;
    expect_trust(NULL, 0); /* so the directory is one that libcurl uses */
    authority_copy(dir, "first", ca_file);
    expect_trust(ca_file, -EKEYREJECTED);
    authority_copy(dir, "second", ca_file);
    expect_trust(ca_file, 0);
}

Test(store_trust, the_environment_adds_no_authority, .init = start, .fini = stop)
{
    char second[300];

    snprintf(second, sizeof(second), "%s/second.pem", dir);
    setenv("SSL_CERT_FILE", second, 1);
    setenv("CURL_CA_BUNDLE", second, 1);
    setenv("SSL_CERT_DIR", system_directory, 1);
    authority_copy(dir, "first", ca_file);
    expect_trust(ca_file, -EKEYREJECTED);
}

/* As where libcurl has no directory: it would keep for a day what it has read of a file. */
Test(store_trust, a_file_that_was_replaced_counts_from_the_next_connection_on, .init = start,
     .fini = stop)
{
    struct roster_store *store;

    authority_copy(dir, "first", ca_file);
    store = open_with(ca_file);
    cr_expect_eq(get_error(store, "key", 60000), -EKEYREJECTED);
    authority_copy(dir, "second", ca_file);
    cr_expect_eq(get_error(store, "key", 60000), 0, "the new authority is not used");
    cr_expect_eq(get_error(store, "key", 60000), 0);
    authority_copy(dir, "first", ca_file);
    always_connects = true;
    cr_expect_eq(get_error(store, "key", 60000), -EKEYREJECTED,
                 "an authority that was taken out is still trusted");
    roster_store_close(store);
}

static void start_elsewhere(void)
{
    start_for("IP:127.0.0.2");
}

Test(store_trust, a_certificate_for_another_host_is_rejected, .init = start_elsewhere, .fini = stop)
{
    authority_copy(dir, "second", ca_file);
    expect_trust(ca_file, -EKEYREJECTED);
}

static struct fake_gateway elsewhere;
static char location[120];

static void answer(struct fake_request *request)
{
    if (request->authorization[0] != '\0')
        fake_reply(request, 401, "{}");
    else
        fake_reply(request, 200, "{\"header\":{\"cluster_id\":\"1\",\"revision\":\"1\"}}");
}

static void redirect(struct fake_request *request)
{
    char text[400];

    snprintf(text, sizeof(text), "HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
             request->number % 2 == 0 ? 308 : 302, location);
    fake_send_text(request, text);
}

Test(store_trust, a_redirection_is_not_followed)
{
    struct fake_gateway gateway;
    struct roster_store *store;

    fake_gateway_start(&elsewhere, answer, NULL);
    fake_gateway_start(&gateway, redirect, NULL);
    snprintf(location, sizeof(location), "%s/v3/kv/range", elsewhere.url);
    store = open_etcd(gateway.url, NULL);
    cr_expect_eq(get_error(store, "key", 2000), -EPROTO);
    cr_expect_eq(get_error(store, "key", 2000), -EPROTO);
    cr_expect_gt(atomic_load(&gateway.requests), 1);
    cr_expect_eq(atomic_load(&elsewhere.requests), 0, "it was followed");
    fake_store_close(store, &gateway);
    fake_gateway_stop(&elsewhere);
}

static void write_file(const char *name, const char *content)
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(content, file);
    cr_assert_eq(fclose(file), 0);
}

Test(store_trust, the_environment_adds_no_proxy_and_no_password)
{
    static const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    struct fake_gateway gateway;
    struct roster_store *store;

    scratch_dir(dir, sizeof(dir));
    write_file(".netrc", "machine 127.0.0.1 login somebody password something\n");
    write_file(".curlrc", "proxy = http://127.0.0.1:1\n");
    setenv("HOME", dir, 1);
    setenv("CURL_HOME", dir, 1);
    setenv("XDG_CONFIG_HOME", dir, 1);
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
        setenv(proxies[i], "http://127.0.0.1:1", 1);
    setenv("no_proxy", "", 1);
    fake_gateway_start(&gateway, answer, NULL);
    store = open_etcd(gateway.url, NULL);
    cr_expect_eq(get_error(store, "key", 2000), 0);
    fake_store_close(store, &gateway);
}
