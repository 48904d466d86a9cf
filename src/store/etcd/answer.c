/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The outcome of a request. It is "not done" only if that is certain: the request was never sent,
 * or etcd reports it in a text that it uses only for that. Everything else is unknown.
 */

#include "store/base/json.h"
#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The codes of gRPC that etcd uses. */
enum {
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_NOT_FOUND = 5,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_UNAVAILABLE = 14,
    GRPC_UNAUTHENTICATED = 16
};

/* What a code means, when the message contains the words. NULL: whatever the message is. */
struct meaning {
    int64_t code;
    const char *words;
    enum etcd_fate fate;
    int err;
    bool blameless;
};

/* The first that fits counts. */
static const struct meaning meanings[] = {
    {GRPC_INVALID_ARGUMENT, "revision of auth store is old", ETCD_WANTS_TOKEN, -EACCES, true},
    {GRPC_INVALID_ARGUMENT, "user name is empty", ETCD_WANTS_TOKEN, -EACCES, true},
    {GRPC_INVALID_ARGUMENT, "authentication failed", ETCD_REFUSED, -EACCES, true},
    {GRPC_INVALID_ARGUMENT, "request is too large", ETCD_REFUSED, -EMSGSIZE, true},
    {GRPC_INVALID_ARGUMENT, "too many operations", ETCD_REFUSED, -EMSGSIZE, true},
    {GRPC_INVALID_ARGUMENT, NULL, ETCD_REFUSED, -EPROTO, true},
    {GRPC_NOT_FOUND, "lease not found", ETCD_REFUSED, -EKEYEXPIRED, true},
    {GRPC_PERMISSION_DENIED, NULL, ETCD_REFUSED, -EACCES, true},
    {GRPC_RESOURCE_EXHAUSTED, "database space exceeded", ETCD_REFUSED, -ENOSPC, true},
    {GRPC_RESOURCE_EXHAUSTED, "too many requests", ETCD_NOT_DONE, -EHOSTUNREACH, false},
    {GRPC_RESOURCE_EXHAUSTED, "larger than max", ETCD_UNKNOWN, -EMSGSIZE, true},
    {GRPC_FAILED_PRECONDITION, "lease already exists", ETCD_REFUSED, -EEXIST, true},
    {GRPC_FAILED_PRECONDITION, "authentication is not enabled", ETCD_REFUSED, -ENOTSUP, true},
    {GRPC_UNIMPLEMENTED, NULL, ETCD_NOT_DONE, -EPROTO, false},
    {GRPC_UNAVAILABLE, "no leader", ETCD_NOT_DONE, -EHOSTUNREACH, false},
    {GRPC_UNAUTHENTICATED, NULL, ETCD_WANTS_TOKEN, -EACCES, true},
};
#define N_MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

static struct etcd_verdict verdict(enum etcd_fate fate, int err)
{
    struct etcd_verdict v = {.fate = fate, .err = err};

    return v;
}

/* The source of a reason may contain anything, and the reason is logged. */
static void set_reason(struct etcd_verdict *v, const char *text)
{
    roster_text_show(text, strlen(text), v->reason, sizeof(v->reason));
}

/* A rejection that TLS reports by an alert comes before any of the request is looked at. */
static bool is_certificate_alert(const char *error)
{
    static const char *const alerts[] = {
        "certificate required",   "bad certificate",     "unknown ca",
        "certificate expired",    "certificate unknown", "certificate revoked",
        "unsupported certificate"};
    size_t i;

    if (!strstr(error, "alert"))
        return false;
    for (i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
        if (strstr(error, alerts[i]))
            return true;
    return false;
}

static bool is_tls_rejection(CURLcode code, const char *error)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return true;
    case CURLE_SSL_CONNECT_ERROR:
        /* also what a connection that breaks during the handshake is called */
        return is_certificate_alert(error) || strstr(error, "alert") ||
               strstr(error, "wrong version number");
    default:
        return is_certificate_alert(error);
    }
}

static struct etcd_verdict judge_failure(const struct etcd_http *http, CURLcode code)
{
    enum etcd_fate fate = http->body_sent > 0 ? ETCD_UNKNOWN : ETCD_NOT_DONE;

    if (is_tls_rejection(code, http->error))
        return verdict(ETCD_NOT_DONE, -EKEYREJECTED);
    if (http->no_socket && http->body_sent == 0)
        return verdict(ETCD_REFUSED, -ENOMEM);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return verdict(fate, -ETIMEDOUT);
    case CURLE_OUT_OF_MEMORY:
        return verdict(fate == ETCD_UNKNOWN ? ETCD_UNKNOWN : ETCD_REFUSED, -ENOMEM);
    case CURLE_WRITE_ERROR:
        return verdict(fate, http->too_large ? -EMSGSIZE : -ENOMEM);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return verdict(fate, -EPROTO);
    default:
        return verdict(fate, -EHOSTUNREACH);
    }
}

struct etcd_verdict rst_etcd_judge_transfer(const struct etcd_http *http, CURLcode code)
{
    struct etcd_verdict v = verdict(ETCD_DONE, 0);

    if (code == CURLE_OK)
        return v;
    v = judge_failure(http, code);
    /* An answer beyond our own limit is no endpoint's fault, and there is only one of each kind. */
    v.blameless = v.err == -EMSGSIZE || v.err == -ENOMEM;
    set_reason(&v, http->error[0] != '\0' ? http->error : curl_easy_strerror(code));
    return v;
}

static struct etcd_verdict judge_unexplained(long status)
{
    /* Something that is no gateway has answered, or a proxy in front of it has. */
    if (status >= 500 || status < 400)
        return verdict(ETCD_UNKNOWN, status >= 500 ? -EHOSTUNREACH : -EPROTO);
    return verdict(ETCD_NOT_DONE, -EPROTO);
}

struct etcd_verdict rst_etcd_judge_error(long status, int64_t code, const char *message)
{
    struct etcd_verdict v = verdict(ETCD_UNKNOWN, -EHOSTUNREACH);
    char text[ETCD_REASON_SIZE];
    bool known = false;
    size_t i;

    if (!message || code == 0) {
        v = judge_unexplained(status);
        known = true;
    }
    for (i = 0; i < N_MEANINGS && !known; i++) {
        const struct meaning *m = &meanings[i];

        if (m->code != code || (m->words && !strstr(message, m->words)))
            continue;
        v = verdict(m->fate, m->err);
        v.blameless = m->blameless;
        known = true;
    }
    snprintf(text, sizeof(text), "HTTP status %ld, code %lld, \"%s\"", status, (long long)code,
             message ? message : "");
    set_reason(&v, text);
    return v;
}

/* The members of an error, which differ between versions of the gateway. */
static struct etcd_verdict judge_error_object(long status, const json_t *object)
{
    const char *message = rst_store_json_peek_text(object, "message");
    int64_t code = 0;

    if (!message)
        message = rst_store_json_peek_text(object, "error");
    if (rst_store_json_get_int(object, "grpc_code", 0, &code) || code == 0)
        if (rst_store_json_get_int(object, "code", 0, &code))
            code = 0;
    return rst_etcd_judge_error(status, code, message);
}

/* It may have said anything. */
static struct etcd_verdict judge_unread(void)
{
    struct etcd_verdict v = verdict(ETCD_UNKNOWN, -ENOMEM);

    v.blameless = true;
    set_reason(&v, "memory is out for the answer");
    return v;
}

static struct etcd_verdict judge_success(const json_t *root)
{
    const json_t *error;
    struct etcd_verdict v;

    if (!json_is_object(root)) {
        v = verdict(ETCD_UNKNOWN, -EPROTO);
        set_reason(&v, "the answer is not a JSON object");
        return v;
    }
    error = json_object_get(root, "error");
    return error ? judge_error_object(200, error) : verdict(ETCD_DONE, 0);
}

struct etcd_verdict rst_etcd_judge_answer(const struct etcd_http *http, json_t **root)
{
    struct etcd_verdict v;
    long status = 0;

    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    /* A stream's reply may be followed by others; these are ignored. */
    *root = rst_json_parse(http->answer, http->answer_size,
                           JSON_REJECT_DUPLICATES | (status == 200 ? JSON_DISABLE_EOF_CHECK : 0));
    if (!*root && errno == ENOMEM)
        v = judge_unread();
    else
        v = status == 200 ? judge_success(*root) : judge_error_object(status, *root);
    if (v.fate != ETCD_DONE) {
        json_decref(*root);
        *root = NULL;
    }
    return v;
}
