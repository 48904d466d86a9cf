/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * libcurl's options for trust, time limits, sizes and the choice of a peer. Each is set, even to
 * libcurl's present default: defaults differ between versions and distributions, and a program may
 * run with others than it was tested with. doc/defaults.md lists them with reasons.
 */

#include "store/etcd/etcd.h"

#include <errno.h>

/*
 * The headers may be older than the library that the program meets, which then has the default that
 * is not wanted. libcurl's numbers never change.
 */
#if LIBCURL_VERSION_NUM < 0x075000
#define CURLOPT_MAXLIFETIME_CONN ((CURLoption)314)
#endif
#if LIBCURL_VERSION_NUM < 0x075500
#define CURLOPT_PROTOCOLS_STR ((CURLoption)10318)
#define CURLOPT_REDIR_PROTOCOLS_STR ((CURLoption)10319)
#endif
#if LIBCURL_VERSION_NUM < 0x075700
#define CURLOPT_CA_CACHE_TIMEOUT ((CURLoption)321)
#endif
#if LIBCURL_VERSION_NUM < 0x080900
#define CURLOPT_TCP_KEEPCNT ((CURLoption)326)
#endif

struct setting {
    CURLoption option;
    long value;
};

/* A libcurl without one of these is not used. */
static const struct setting required[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSL_SESSIONID_CACHE, 0},
    {CURLOPT_SSL_OPTIONS, 0},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_MAXREDIRS, 0},
    {CURLOPT_UNRESTRICTED_AUTH, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_FAILONERROR, 0},
    {CURLOPT_IGNORE_CONTENT_LENGTH, 0},
    {CURLOPT_HTTP_TRANSFER_DECODING, 1},
    {CURLOPT_LOW_SPEED_LIMIT, 0},
    {CURLOPT_DNS_CACHE_TIMEOUT, 10},
    {CURLOPT_MAXCONNECTS, 1},
    {CURLOPT_MAXAGE_CONN, 118},
    {CURLOPT_FORBID_REUSE, 0},
    {CURLOPT_TCP_NODELAY, 1},
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_TCP_KEEPIDLE, 5},
    {CURLOPT_TCP_KEEPINTVL, 2},
    {CURLOPT_POST, 1},
};

/* Where libcurl does not know one of these, it does not do what the setting is about either. */
static const struct setting where_known[] = {
    {CURLOPT_CA_CACHE_TIMEOUT, 0},
    {CURLOPT_MAXLIFETIME_CONN, 3600},
    {CURLOPT_TCP_KEEPCNT, 9},
};

static bool is_unknown(CURLcode code)
{
    return code == CURLE_UNKNOWN_OPTION || code == CURLE_NOT_BUILT_IN;
}

static CURLcode set_numbers(CURL *easy)
{
    size_t i;

    CURLcode code = CURLE_OK;

    for (i = 0; i < sizeof(required) / sizeof(required[0]) && code == CURLE_OK; i++)
        code = curl_easy_setopt(easy, required[i].option, required[i].value);
    for (i = 0; i < sizeof(where_known) / sizeof(where_known[0]) && code == CURLE_OK; i++) {
        code = curl_easy_setopt(easy, where_known[i].option, where_known[i].value);
        if (is_unknown(code))
            code = CURLE_OK;
    }
    return code;
}

/* Before 7.85 the protocols were bits, and libcurl warns of those since. */
static CURLcode set_protocols(CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");

    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#if LIBCURL_VERSION_NUM < 0x075500
    if (is_unknown(code))
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    return code;
}

/* With a file of authorities nothing else is trusted, in particular no system directory. */
static CURLcode set_tls(CURL *easy, const struct roster_store_options *options)
{
    CURLcode code = CURLE_OK;

    if (options->tls_ca_file) {
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, options->tls_ca_file);
        if (code == CURLE_OK)
            code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (options->tls_cert_file && code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSLCERT, options->tls_cert_file);
    if (options->tls_cert_file && code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSLKEY, options->tls_key_file);
    return code;
}

int rst_etcd_settings_easy(CURL *easy, const struct roster_store_options *options)
{
    CURLcode code = set_numbers(easy);

    if (code == CURLE_OK)
        code = set_protocols(easy);
    /* The environment of a server is not where the way to its store is decided. */
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, NULL);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_USERAGENT, "roster");
    if (code == CURLE_OK)
        code = set_tls(easy, options);
    if (code == CURLE_OK)
        return 0;
    return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -ENOTSUP;
}

int rst_etcd_settings_multi(CURLM *multi)
{
    /* One for the stream and one for the reads beside it. */
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2L);

    if (code == CURLM_OK)
        code = curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return code == CURLM_OK ? 0 : -ENOMEM;
}
