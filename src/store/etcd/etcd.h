/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The etcd store: etcd v3 through its JSON gateway, over HTTP/1.1.
 *
 * A call is a series of attempts, each one HTTP request to one endpoint, until one is answered or
 * the deadline has passed (etcd/call.c). Each attempt has an outcome (etcd/answer.c): done,
 * refused, certainly not done, or unknown. A request that is certainly not done is retried; one
 * with an unknown outcome is retried only if it is idempotent. Compare-and-swap relies on this
 * distinction; in doubt the outcome is unknown.
 *
 * All data from an endpoint is input: bounded, and checked before use.
 */
#pragma once

#include "store/base/events.h"
#include "store/base/kind.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>

#define ETCD_PATH_RANGE "/v3/kv/range"
#define ETCD_PATH_TXN "/v3/kv/txn"
#define ETCD_PATH_GRANT "/v3/lease/grant"
#define ETCD_PATH_KEEP "/v3/lease/keepalive"
#define ETCD_PATH_LOOK "/v3/lease/timetolive"
#define ETCD_PATH_REVOKE "/v3/lease/revoke"
#define ETCD_PATH_WATCH "/v3/watch"
#define ETCD_PATH_AUTH "/v3/auth/authenticate"

#define ETCD_REASON_SIZE 256

/* The uses of an endpoint. Success of one does not imply success of the other. */
enum etcd_use { ETCD_CALLS, ETCD_STREAMS, ETCD_USES };

struct etcd_endpoint {
    char *url;
    struct {
        unsigned failures;     /* in a row; guarded by the store's mutex */
        int last_error;        /* of the newest of them; the same */
        int64_t blocked_until; /* the same */
    } health[ETCD_USES];
};

/* The handle's cluster, and its revision. */
struct etcd_identity {
    bool known;
    bool changed; /* another one has answered */
    uint64_t cluster;
    int64_t seen;
    unsigned generation; /* grows with each rebind */
};

struct etcd_store {
    struct roster_store base;
    struct etcd_endpoint *endpoints;
    size_t n_endpoints;

    pthread_mutex_t mutex; /* protects the rest; never held while waiting */
    size_t preferred;      /* endpoint to try first */
    struct etcd_http *idle;
    struct etcd_identity identity;
    char *token;               /* of the user, or NULL */
    unsigned token_generation; /* grows with each new token */
    bool auth_is_off;          /* etcd said that it wants no token */
};

static inline struct etcd_store *etcd_store_of(struct roster_store *store)
{
    return (struct etcd_store *)store;
}

/* etcd/url.c */

int rst_etcd_endpoints_parse(struct etcd_store *store, const char *address,
                             const struct store_error *error);
void rst_etcd_endpoints_free(struct etcd_store *store);

/* etcd/http.c: one HTTP exchange at a time, over a persistent connection */

struct etcd_http {
    struct etcd_http *next; /* in the pool */
    CURL *easy;
    struct curl_slist *headers;
    const char *body; /* of the request, and how much of it was sent */
    size_t body_size;
    size_t body_sent;
    char *answer; /* with a final zero that is not counted */
    size_t answer_size;
    size_t answer_room;
    size_t answer_limit;
    size_t header_size;
    bool too_large;
    bool no_socket; /* this process may have none */
    bool masked;    /* a name is being looked up, see look_up() */
    sigset_t mask;
    char error[CURL_ERROR_SIZE];
};

/* etcd/settings.c: options that would otherwise have libcurl's defaults */

/* 0, -ENOMEM, or -ENOTSUP for a libcurl without an option that trust depends on. */
int rst_etcd_settings_easy(CURL *easy, const struct roster_store_options *options);
int rst_etcd_settings_multi(CURLM *multi);

/* A request and its destination; strings remain the caller's. */
struct etcd_http_request {
    const char *endpoint;
    const char *path;
    const char *token; /* or NULL */
    const char *body;
    int timeout_ms; /* 0: none, for streams */
    int connect_timeout_ms;
};

/* Loads the library once for the process. */
int rst_etcd_http_init(void);
int rst_etcd_http_new(struct etcd_store *store, struct etcd_http **out);
void rst_etcd_http_free(struct etcd_http *http);
int rst_etcd_http_prepare(struct etcd_http *http, const struct etcd_http_request *request);
CURLcode rst_etcd_http_perform(struct etcd_http *http);
int rst_etcd_http_take(struct etcd_store *store, struct etcd_http **out);
void rst_etcd_http_give(struct etcd_store *store, struct etcd_http *http);
/* Forgets the first bytes of what was answered. */
void rst_etcd_http_consume(struct etcd_http *http, size_t size);

/* etcd/answer.c: the outcome of a request */

enum etcd_fate {
    ETCD_DONE,
    ETCD_REFUSED,  /* certainly not done, and a retry is pointless */
    ETCD_NOT_DONE, /* certainly not done */
    ETCD_UNKNOWN,
    ETCD_WANTS_TOKEN /* certainly not done, since the token is missing, wrong or too old */
};

struct etcd_verdict {
    enum etcd_fate fate;
    int err;
    bool blameless; /* not the endpoint's fault */
    char reason[ETCD_REASON_SIZE];
};

/* From what libcurl returned; ETCD_DONE means that an answer with some HTTP status is there. */
struct etcd_verdict rst_etcd_judge_transfer(const struct etcd_http *http, CURLcode code);
/* From the answer, which is parsed; with ETCD_DONE *root is to be freed with json_decref(). */
struct etcd_verdict rst_etcd_judge_answer(const struct etcd_http *http, json_t **root);
/* From the error that a stream reports. */
struct etcd_verdict rst_etcd_judge_error(long status, int64_t code, const char *message);

/* etcd/endpoint.c */

/*
 * Chooses an endpoint. If all are put aside: with `first`, the one that returns next, otherwise
 * false, with the time of that in *until.
 */
bool rst_etcd_endpoint_choose(struct etcd_store *store, enum etcd_use use, bool first,
                              size_t *index, int64_t *until);
void rst_etcd_endpoint_failed(struct etcd_store *store, enum etcd_use use, size_t index,
                              const struct etcd_verdict *verdict);
void rst_etcd_endpoint_worked(struct etcd_store *store, enum etcd_use use, size_t index);

/* etcd/identity.c */

/* -EREMCHG when another cluster has answered. Sets what rst_etcd_identity_check() wants to know. */
int rst_etcd_identity_begin(struct etcd_store *store, struct etcd_identity *before);
/*
 * Checks an answer's header against what was known before it was asked for. A linearizable
 * answer cannot be older than that. The revision is stored unless that is NULL.
 */
int rst_etcd_identity_check(struct etcd_store *store, const struct etcd_identity *before,
                            const json_t *answer, bool linearizable, int64_t *revision);
void rst_etcd_identity_reset(struct etcd_store *store);

/* etcd/call.c */

struct etcd_call {
    const char *path;
    json_t *request; /* owned by the call; NULL: memory ran out */
    bool changes;    /* something in the store */
    bool repeatable; /* idempotent */
    bool anonymous;  /* needs no token, since it is the one that asks for it */
    /* Turns the answer into a result: 0, or a negative errno; -EPROTO blames etcd. */
    int (*decode)(struct etcd_store *store, const struct etcd_call *call, const json_t *answer,
                  void *out);
    void *out;

    /* filled in while it runs */
    struct etcd_identity before;
    int64_t asked_at_ns;       /* when the attempt that was answered was begun, CLOCK_BOOTTIME */
    int64_t first_asked_at_ns; /* when the first one was */
    bool unknown;              /* an earlier attempt had an unknown outcome */
};

/* Frees the request. */
int rst_etcd_call_run(struct etcd_store *store, struct etcd_call *call, int64_t deadline);

/* etcd/auth.c */

/* A copy of the token and its generation, requesting one if necessary; NULL if none is needed. */
int rst_etcd_auth_token(struct etcd_store *store, int64_t deadline, char **token,
                        unsigned *generation);
/* The same without requesting one. */
int rst_etcd_auth_copy(struct etcd_store *store, char **token, unsigned *generation);
/* Drops the token unless it has been renewed since; -EACCES if there is no user. */
int rst_etcd_auth_forget(struct etcd_store *store, unsigned generation);
/* The request for a token, and what is done with the answer; for those who send it themselves. */
bool rst_etcd_auth_is_due(struct etcd_store *store);
json_t *rst_etcd_auth_request(const struct etcd_store *store);
int rst_etcd_auth_accept(struct etcd_store *store, const json_t *answer);
/* Whether the outcome of such a request means that etcd requires no token; if so, records that. */
bool rst_etcd_auth_declined(struct etcd_store *store, const struct etcd_verdict *verdict);

/* etcd/encode.c */

json_t *rst_etcd_encode_range(const struct roster_store_keys *keys, uint32_t limit,
                              bool count_only);
json_t *rst_etcd_encode_txn(const struct roster_store_txn *txn);
json_t *rst_etcd_encode_watch(const struct roster_store_keys *keys, int64_t revision);

/* etcd/decode.c */

/* Reads keys into a range that is part of `object`. */
int rst_etcd_decode_range(const json_t *answer, const struct roster_store_keys *keys,
                          uint32_t limit, int64_t revision, void *object,
                          struct roster_store_range *range);
int rst_etcd_decode_txn(const json_t *answer, const struct roster_store_txn *txn, int64_t revision,
                        size_t max_result_bytes, struct roster_store_txn_result **result);
/* Adds the events of a watch's answer; they must be later than the last one delivered. */
int rst_etcd_decode_events(const json_t *array, const struct roster_store_watch *watch,
                           int64_t revision, struct store_event_list *list);

/* etcd/lease.c */

int rst_etcd_lease(struct roster_store *base, const struct store_lease_call *call, int64_t deadline,
                   struct roster_store_lease *lease);

/* etcd/watch.c */

int rst_etcd_watch_open(struct roster_store_watch *base, struct roster_store_watch **out);
int rst_etcd_watch_next(struct roster_store_watch *base, int64_t deadline,
                        struct roster_store_events **events);
void rst_etcd_watch_wake(struct roster_store_watch *base);
void rst_etcd_watch_close(struct roster_store_watch *base);

extern const struct store_kind rst_store_etcd_kind;
