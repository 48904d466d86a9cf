/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The token for user and password. It is requested when first needed, and again when etcd no longer
 * accepts it. Concurrent callers each authenticate; sharing one attempt would make them wait for
 * each other.
 */

#include "store/etcd/etcd.h"
#include "store/etcd/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOKEN 4096

static bool has_user(const struct etcd_store *store)
{
    return store->base.options.user != NULL;
}

json_t *rst_etcd_auth_request(const struct etcd_store *store)
{
    json_t *request = rst_store_json_set_text(json_object(), "name", store->base.options.user);

    return rst_store_json_set_text(request, "password", store->base.options.password);
}

/* It becomes a line of an HTTP header, so it may be only what cannot end one. */
static bool is_token(const char *text)
{
    size_t n = 0;

    for (; text[n] != '\0'; n++)
        if (text[n] <= ' ' || text[n] > '~')
            return false;
    return n > 0 && n <= MAX_TOKEN;
}

int rst_etcd_auth_accept(struct etcd_store *store, const json_t *answer)
{
    const char *text = rst_store_json_peek_text(answer, "token");
    char *token, *old;

    if (!text || !is_token(text))
        return -EPROTO;
    token = strdup(text);
    if (!token)
        return -ENOMEM;
    pthread_mutex_lock(&store->mutex);
    old = store->token;
    store->token = token;
    store->token_generation++;
    store->auth_is_off = false;
    pthread_mutex_unlock(&store->mutex);
    free(old);
    store_count(&store->base.counters.authentications);
    return 0;
}

static int decode(struct etcd_store *store, const struct etcd_call *call, const json_t *answer,
                  void *out)
{
    int err = rst_etcd_identity_check(store, &call->before, answer, false, NULL);

    (void)out;
    return err ? err : rst_etcd_auth_accept(store, answer);
}

bool rst_etcd_auth_declined(struct etcd_store *store, const struct etcd_verdict *verdict)
{
    bool news;

    if (verdict->err != -ENOTSUP)
        return false;
    pthread_mutex_lock(&store->mutex);
    news = !store->auth_is_off;
    store->auth_is_off = true;
    pthread_mutex_unlock(&store->mutex);
    if (news)
        rst_store_log(&store->base, ROSTER_STORE_LOG_WARNING,
                      "etcd does without authentication, so the user \"%s\" is not used; enable it "
                      "with \"etcdctl auth enable\", or drop the option",
                      store->base.options.user);
    return true;
}

static int authenticate(struct etcd_store *store, int64_t deadline)
{
    struct etcd_call call = {.path = ETCD_PATH_AUTH,
                             .request = rst_etcd_auth_request(store),
                             .repeatable = true,
                             .anonymous = true,
                             .decode = decode};
    struct etcd_verdict v = {.err = rst_etcd_call_run(store, &call, deadline)};

    if (rst_etcd_auth_declined(store, &v))
        return 0;
    if (v.err == -EACCES)
        rst_store_log(&store->base, ROSTER_STORE_LOG_ERROR,
                      "etcd refuses the user \"%s\" or its password", store->base.options.user);
    return v.err;
}

int rst_etcd_auth_copy(struct etcd_store *store, char **token, unsigned *generation)
{
    int err;

    pthread_mutex_lock(&store->mutex);
    *token = store->token ? strdup(store->token) : NULL;
    err = !*token && store->token ? -ENOMEM : 0;
    *generation = store->token_generation;
    pthread_mutex_unlock(&store->mutex);
    return err;
}

bool rst_etcd_auth_is_due(struct etcd_store *store)
{
    bool due;

    pthread_mutex_lock(&store->mutex);
    due = has_user(store) && !store->token && !store->auth_is_off;
    pthread_mutex_unlock(&store->mutex);
    return due;
}

int rst_etcd_auth_token(struct etcd_store *store, int64_t deadline, char **token,
                        unsigned *generation)
{
    int err = rst_etcd_auth_is_due(store) ? authenticate(store, deadline) : 0;

    *token = NULL;
    return err ? err : rst_etcd_auth_copy(store, token, generation);
}

int rst_etcd_auth_forget(struct etcd_store *store, unsigned generation)
{
    char *old = NULL;

    if (!has_user(store))
        return -EACCES;
    pthread_mutex_lock(&store->mutex);
    if (store->token_generation == generation) {
        old = store->token;
        store->token = NULL;
        store->auth_is_off = false;
    }
    pthread_mutex_unlock(&store->mutex);
    free(old);
    return 0;
}
