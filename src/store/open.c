/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* From a URL to a store. */

#include "config.h"

#include "core/base/cancel.h"
#include "core/base/descriptors.h"
#include "core/base/process.h"
#include "store/base/foreign.h"
#include "store/base/kind.h"
#include "store/base/log.h"
#include "store/base/signals.h"
#include "store/memory/memory.h"
#ifdef HAVE_ETCD_STORE
#include "store/etcd/etcd.h"
#endif
#ifdef HAVE_SQLITE
#include "store/sqlite/sqlite.h"
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct store_kind *const kinds[] = {
    &rst_store_memory_kind,
#ifdef HAVE_SQLITE
    &rst_store_sqlite_kind,
#endif
#ifdef HAVE_ETCD_STORE
    &rst_store_etcd_kind,
#endif
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_scheme(const char *url, const char *scheme)
{
    size_t length = strlen(scheme);

    return strncmp(url, scheme, length) == 0 && (url[length] == ':' || url[length] == '\0');
}

static int unknown_url(const char *url, const struct store_error *error)
{
    const struct shown_url shown = shown_url(url);

    if (is_scheme(url, "sqlite"))
        return rst_store_error_set(error, -ENOTSUP,
                                   "store \"%s\": this library was built without SQLite; "
                                   "build it with libsqlite3-dev installed",
                                   shown.text);
    if (is_scheme(url, "etcd"))
        return rst_store_error_set(error, -ENOTSUP,
                                   "store \"%s\": this library was built without etcd support; "
                                   "build it with libcurl and libjansson's headers installed",
                                   shown.text);
    return rst_store_error_set(error, -EINVAL,
                               "store \"%s\" is of an unknown kind; write \"memory\", "
                               "\"sqlite:PATH\" or \"etcd:http://HOST:PORT,...\"",
                               shown.text);
}

/* Divides the URL into kind and address. */
static int find_kind(const char *url, const struct store_kind **kind, const char **address,
                     const struct store_error *error)
{
    const char *rest;
    size_t i;

    for (i = 0; i < N_KINDS; i++) {
        if (!is_scheme(url, kinds[i]->scheme))
            continue;
        rest = url + strlen(kinds[i]->scheme);
        *kind = kinds[i];
        *address = rest[0] == ':' ? rest + 1 : rest;
        return 0;
    }
    return unknown_url(url, error);
}

static int open_kind(const char *url, const struct roster_store_options *options,
                     struct roster_store **store, const struct store_error *error)
{
    const struct store_kind *kind = NULL;
    const char *address = NULL;
    char *copy;
    int err = find_kind(url, &kind, &address, error);

    if (err)
        return err;
    copy = strdup(url);
    if (!copy)
        return rst_store_error_set(error, -ENOMEM, "out of memory");
    {
        STORE_HOLDS_SIGNAL(kind);
        err = kind->open(address, options, store, error);
    }
    if (err) {
        free(copy);
        return err;
    }
    (*store)->kind = kind;
    (*store)->process = rst_process_number();
    (*store)->url = copy;
    return 0;
}

int roster_store_open(const char *url, const struct roster_store_options *options,
                      struct roster_store **store, char *error, size_t error_size)
{
    RST_NOT_CANCELLED;
    const struct store_error text = {error, error_size};
    struct roster_store_options complete;
    int err;

    rst_store_error_set(&text, 0, "%s", "");
    if (!store)
        return rst_store_error_set(&text, -EINVAL, "store is NULL");
    *store = NULL;
    if (!url)
        return rst_store_error_set(&text, -EINVAL, "the store's URL is missing");
    rst_descriptors_fill();
    if (rst_process_init())
        return rst_store_error_set(&text, -ENOMEM, "memory is out");
    err = rst_store_options_copy(options, &complete, &text);
    if (err)
        return err;
    err = open_kind(url, &complete, store, &text);
    if (err) {
        *store = NULL;
        rst_store_options_free(&complete);
    }
    return err;
}

void roster_store_close(struct roster_store *store)
{
    RST_NOT_CANCELLED;
    struct roster_store_options options;
    char *url;

    if (!store || rst_store_is_foreign(store))
        return;
    options = store->options;
    url = store->url;
    rst_log_end(&store->log);
    {
        STORE_HOLDS_SIGNAL(store->kind);
        store->kind->close(store);
    }
    rst_store_options_free(&options);
    free(url);
}
