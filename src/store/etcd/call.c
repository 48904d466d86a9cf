/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A call: attempts at one endpoint after the other, until one is answered or time is up. */

#include "store/base/clock.h"
#include "store/base/json.h"
#include "store/etcd/etcd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOKEN_ATTEMPTS 3
/*
 * With less time left, a change that is certainly not done is not tried again: it would most
 * likely become one of unknown outcome.
 */
#define LEAST_TIME_FOR_CHANGE (100 * STORE_NS_PER_MS)

/* What the attempts of a call have in common. */
struct progress {
    struct etcd_store *store;
    struct etcd_call *call;
    int64_t deadline;
    char *body;
    unsigned attempts;
    unsigned token_attempts;
    size_t senseless; /* attempts in a row that no other time would mend */
    int last_error;
};

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* If there is a chance elsewhere, no endpoint may use up all the time. */
static void set_timeouts(const struct progress *p, struct etcd_http_request *request)
{
    const struct roster_store_options *options = &p->store->base.options;
    int left = rst_store_remaining_ms(p->deadline);
    int share = p->store->n_endpoints > 1 && left > 1 ? left / 2 : left;
    int attempt = p->call->repeatable ? share : left;

    request->timeout_ms = min_int(options->attempt_timeout_ms, attempt > 0 ? attempt : 1);
    request->connect_timeout_ms = min_int(options->connect_timeout_ms, share > 0 ? share : 1);
}

static struct etcd_verdict own_failure(int err)
{
    struct etcd_verdict v = {.fate = ETCD_REFUSED, .err = err, .blameless = true};

    return v;
}

/* Turns the answer into a result. What etcd has done stays done, even if we cannot read it. */
static struct etcd_verdict judge_result(const struct progress *p, const json_t *answer)
{
    struct etcd_verdict v = {.fate = ETCD_DONE};

    v.err = p->call->decode(p->store, p->call, answer, p->call->out);
    if (!v.err)
        return v;
    v.blameless = v.err != -EPROTO;
    v.fate =
        v.err == -EPROTO || v.err == -ENOMEM || v.err == -EMSGSIZE ? ETCD_UNKNOWN : ETCD_REFUSED;
    strcpy(v.reason, "an answer that is not etcd's");
    return v;
}

/* One exchange with an endpoint. */
static struct etcd_verdict exchange(struct progress *p, size_t endpoint, const char *token,
                                    struct etcd_http *http)
{
    struct etcd_http_request request = {.endpoint = p->store->endpoints[endpoint].url,
                                        .path = p->call->path,
                                        .token = token,
                                        .body = p->body};
    struct etcd_verdict v;
    json_t *answer;
    int err;

    set_timeouts(p, &request);
    err = rst_etcd_http_prepare(http, &request);
    if (err)
        return own_failure(err);
    p->call->asked_at_ns = rst_store_boottime_ns();
    if (p->call->first_asked_at_ns == 0)
        p->call->first_asked_at_ns = p->call->asked_at_ns;
    store_count(&p->store->base.counters.requests);
    v = rst_etcd_judge_transfer(http, rst_etcd_http_perform(http));
    if (v.fate != ETCD_DONE)
        return v;
    v = rst_etcd_judge_answer(http, &answer);
    if (v.fate != ETCD_DONE)
        return v;
    v = judge_result(p, answer);
    json_decref(answer);
    return v;
}

/* A token that etcd does not take is renewed; without a user there is none. */
static struct etcd_verdict renew_token(struct progress *p, struct etcd_verdict v,
                                       unsigned generation)
{
    int err = rst_etcd_auth_forget(p->store, generation);

    if (err || ++p->token_attempts >= MAX_TOKEN_ATTEMPTS)
        v.fate = ETCD_REFUSED;
    else
        v.fate = ETCD_NOT_DONE;
    return v;
}

static struct etcd_verdict attempt(struct progress *p, size_t endpoint)
{
    struct etcd_http *http = NULL;
    struct etcd_verdict v;
    unsigned generation = 0;
    char *token = NULL;
    int err = rst_etcd_identity_begin(p->store, &p->call->before);

    if (!err && !p->call->anonymous)
        err = rst_etcd_auth_token(p->store, p->deadline, &token, &generation);
    if (!err)
        err = rst_etcd_http_take(p->store, &http);
    if (err) {
        free(token);
        return own_failure(err);
    }
    v = exchange(p, endpoint, token, http);
    rst_etcd_http_give(p->store, http);
    free(token);
    /* Without memory or sockets here, whether it works is unknown. */
    if (v.fate == ETCD_DONE || (v.blameless && v.err != -ENOMEM))
        rst_etcd_endpoint_worked(p->store, ETCD_CALLS, endpoint);
    else
        rst_etcd_endpoint_failed(p->store, ETCD_CALLS, endpoint, &v);
    return v.fate == ETCD_WANTS_TOKEN ? renew_token(p, v, generation) : v;
}

/* Errors that the same request will meet again at the same endpoint. */
static bool is_senseless(int err)
{
    return err == -EPROTO || err == -EKEYREJECTED || err == -EMSGSIZE || err == -ENOMEM;
}

/* Whether the call continues after an attempt; if not, *err is its result. */
static bool goes_on(struct progress *p, const struct etcd_verdict *v, int *err)
{
    struct etcd_call *call = p->call;

    *err = v->err;
    if (v->fate == ETCD_DONE || v->fate == ETCD_REFUSED)
        return false;
    if (v->fate == ETCD_UNKNOWN && call->changes) {
        call->unknown = true;
        if (!call->repeatable) {
            *err = -EINPROGRESS;
            return false;
        }
    }
    /* The deadline cuts the last attempt short, so earlier attempts are more informative. */
    if (v->err != -ETIMEDOUT || p->last_error == 0)
        p->last_error = v->err;
    p->senseless = is_senseless(v->err) ? p->senseless + 1 : 0;
    if (v->err == -EMSGSIZE || p->senseless >= p->store->n_endpoints) {
        *err = call->unknown ? -EINPROGRESS : v->err;
        return false;
    }
    return true;
}

/* Waits for the next endpoint; false when that would be too late. */
static bool next_endpoint(struct progress *p, size_t *endpoint)
{
    int64_t least = p->attempts > 0 && !p->call->repeatable ? LEAST_TIME_FOR_CHANGE : 1;
    int64_t until;

    while (rst_store_remaining_ns(p->deadline) >= least) {
        if (rst_etcd_endpoint_choose(p->store, ETCD_CALLS, p->attempts == 0, endpoint, &until))
            return true;
        if (until >= p->deadline - least)
            return false;
        rst_store_sleep(rst_store_remaining_ns(until));
    }
    return false;
}

static int run(struct progress *p)
{
    struct etcd_verdict v;
    size_t endpoint = 0;
    int err;

    while (next_endpoint(p, &endpoint)) {
        if (p->attempts++ > 0)
            store_count(&p->store->base.counters.retries);
        v = attempt(p, endpoint);
        if (!goes_on(p, &v, &err))
            return err;
    }
    if (p->call->unknown)
        return -EINPROGRESS;
    return p->last_error != 0 ? p->last_error : -ETIMEDOUT;
}

/* An auth or lease error on a call that involves neither did not come from etcd. */
static bool is_foreign(const struct etcd_call *call, int err)
{
    bool grants = strcmp(call->path, ETCD_PATH_GRANT) == 0;

    switch (err) {
    case -EEXIST:
        return !grants;
    case -EKEYEXPIRED:
        return grants || strcmp(call->path, ETCD_PATH_RANGE) == 0;
    case -ENOTSUP:
        return strcmp(call->path, ETCD_PATH_AUTH) != 0;
    default:
        return false;
    }
}

int rst_etcd_call_run(struct etcd_store *store, struct etcd_call *call, int64_t deadline)
{
    struct progress p = {.store = store, .call = call, .deadline = deadline};
    int err = -ENOMEM;

    if (call->request)
        p.body = rst_json_text(call->request, JSON_COMPACT);
    json_decref(call->request);
    call->request = NULL;
    if (p.body)
        err = run(&p);
    free(p.body);
    return is_foreign(call, err) ? -EPROTO : err;
}
