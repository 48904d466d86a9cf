/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The list of endpoints in an etcd store's URL. */

#include "store/base/log.h"
#include "store/etcd/etcd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT "2379"
#define EXAMPLE "http://HOST:PORT or https://HOST:PORT"

/* A part that must not be there. */
static int refuse_part(CURLU *url, CURLUPart part, const char *text, const char *what,
                       const struct store_error *error)
{
    char *value = NULL;
    bool present = curl_url_get(url, part, &value, 0) == CURLUE_OK &&
                   !(part == CURLUPART_PATH && strcmp(value, "/") == 0);

    curl_free(value);
    if (!present)
        return 0;
    return rst_store_error_set(error, -EINVAL, "etcd endpoint \"%s\" has a %s; write just " EXAMPLE,
                               shown_url(text).text, what);
}

static int check_parts(CURLU *url, const char *text, const struct store_error *error)
{
    int err;

    err = refuse_part(url, CURLUPART_PATH, text, "path", error);
    if (!err)
        err = refuse_part(url, CURLUPART_QUERY, text, "query", error);
    if (!err)
        err = refuse_part(url, CURLUPART_FRAGMENT, text, "fragment", error);
    return err;
}

/* Rebuilds the URL from its parts, so that nothing else of it is ever used. */
static int rebuild(CURLU *url, const char *scheme, char **endpoint)
{
    char *host = NULL, *port = NULL;
    CURLUcode rc = curl_url_get(url, CURLUPART_HOST, &host, 0);
    int err = 0;

    if (rc != CURLUE_OK) {
        err = rc == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
    } else {
        rc = curl_url_get(url, CURLUPART_PORT, &port, 0);
        if (rc != CURLUE_OK)
            port = NULL;
        if (rc == CURLUE_OUT_OF_MEMORY ||
            asprintf(endpoint, "%s://%s:%s", scheme, host, port ? port : DEFAULT_PORT) < 0)
            err = -ENOMEM;
    }
    curl_free(host);
    curl_free(port);
    return err;
}

static int parse_endpoint(const char *text, char **endpoint, const struct store_error *error)
{
    const char *scheme = strncmp(text, "https://", 8) == 0  ? "https"
                         : strncmp(text, "http://", 7) == 0 ? "http"
                                                            : NULL;
    CURLU *url;
    CURLUcode rc;
    int err;

    if (!scheme)
        return rst_store_error_set(error, -EINVAL,
                                   "etcd endpoint \"%s\" does not begin with http:// or https://; "
                                   "write " EXAMPLE,
                                   shown_url(text).text);
    url = curl_url();
    if (!url)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    rc = curl_url_set(url, CURLUPART_URL, text, 0);
    if (rc == CURLUE_OUT_OF_MEMORY)
        err = rst_store_error_set(error, -ENOMEM, "out of memory");
    else if (rc != CURLUE_OK)
        err = rst_store_error_set(error, -EINVAL, "etcd endpoint \"%s\" is no URL; write " EXAMPLE,
                                  shown_url(text).text);
    else
        err = check_parts(url, text, error);
    if (!err) {
        err = rebuild(url, scheme, endpoint);
        if (err == -ENOMEM)
            rst_store_error_set(error, err, "out of memory");
        else if (err)
            rst_store_error_set(error, err, "etcd endpoint \"%s\" has no host; write " EXAMPLE,
                                shown_url(text).text);
    }
    curl_url_cleanup(url);
    return err;
}

static int add_endpoint(struct etcd_store *store, const char *text, const struct store_error *error)
{
    struct etcd_endpoint *moved;
    char *endpoint = NULL;
    int err = parse_endpoint(text, &endpoint, error);
    size_t i;

    if (err)
        return err;
    for (i = 0; i < store->n_endpoints; i++)
        if (strcmp(store->endpoints[i].url, endpoint) == 0)
            err = rst_store_error_set(error, -EINVAL,
                                      "etcd endpoint \"%s\" is given twice; drop one", endpoint);
    moved = err ? NULL : reallocarray(store->endpoints, store->n_endpoints + 1, sizeof(*moved));
    if (!moved) {
        free(endpoint);
        return err ? err : rst_store_error_set(error, -ENOMEM, "out of memory");
    }
    store->endpoints = moved;
    moved[store->n_endpoints++] = (struct etcd_endpoint){.url = endpoint};
    return 0;
}

int rst_etcd_endpoints_parse(struct etcd_store *store, const char *address,
                             const struct store_error *error)
{
    char *list, *rest, *text;
    int err = 0;

    /* No host name contains one. The end of the password is not searched: it may contain anything.
     */
    if (strchr(address, '@') || strstr(address, "%40"))
        return rst_store_error_set(
            error, -EINVAL,
            "store \"etcd:%s\" has a user or password in its URL, which lists of "
            "processes show to everyone; use the options user and password",
            shown_url(address).text);
    list = rest = strdup(address);
    if (!list)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    while (!err && (text = strsep(&rest, ","))) {
        if (text[0] == '\0')
            err = rst_store_error_set(
                error, -EINVAL,
                "store \"etcd:%s\": an endpoint is missing; write \"etcd:" EXAMPLE ",...\"",
                shown_url(address).text);
        else
            err = add_endpoint(store, text, error);
    }
    free(list);
    return err;
}

void rst_etcd_endpoints_free(struct etcd_store *store)
{
    size_t i;

    for (i = 0; i < store->n_endpoints; i++)
        free(store->endpoints[i].url);
    free(store->endpoints);
}
