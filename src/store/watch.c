/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The public calls for watches. */

#include "core/base/cancel.h"
#include "store/base/clock.h"
#include "store/base/foreign.h"
#include "store/base/kind.h"
#include "store/base/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Fills in the part that all kinds have in common; the kind moves it into its own. */
static int prepare(struct roster_store_watch *base, struct roster_store *store,
                   const struct roster_store_keys *keys, int64_t revision)
{
    unsigned char *key = malloc(keys->key.size > 0 ? keys->key.size : 1);

    if (!key)
        return -ENOMEM;
    if (keys->key.size > 0)
        memcpy(key, keys->key.data, keys->key.size);
    base->store = store;
    base->key = key;
    base->keys.key.data = key;
    base->keys.key.size = keys->key.size;
    base->keys.prefix = keys->prefix;
    base->next = revision;
    return 0;
}

int roster_store_watch_open(struct roster_store *store, const struct roster_store_keys *keys,
                            int64_t revision, struct roster_store_watch **watch)
{
    RST_NOT_CANCELLED;
    struct roster_store_watch base = {0};
    int err;

    if (!watch)
        return -EINVAL;
    *watch = NULL;
    if (!store || !keys || revision < 0)
        return -EINVAL;
    if (rst_store_is_foreign(store))
        return -ECHILD;
    err = rst_store_check_keys(keys, false);
    if (!err)
        err = prepare(&base, store, keys, revision);
    if (err)
        return err;
    err = store->kind->watch_open(&base, watch);
    if (err)
        free(base.key);
    return err;
}

int roster_store_watch_next(struct roster_store_watch *watch, int timeout_ms,
                            struct roster_store_events **events)
{
    RST_NOT_CANCELLED;

    if (!events)
        return -EINVAL;
    *events = NULL;
    if (!watch)
        return -EINVAL;
    if (rst_store_is_foreign(watch->store))
        return -ECHILD;
    {
        STORE_HOLDS_SIGNAL(watch->store->kind);
        return watch->store->kind->watch_next(watch, rst_store_deadline_in(timeout_ms), events);
    }
}

void roster_store_watch_cancel(struct roster_store_watch *watch)
{
    RST_NOT_CANCELLED;

    if (!watch || rst_store_is_foreign(watch->store))
        return;
    /* pairs with the acquire in rst_store_watch_canceled() */
    rst_store_release(&watch->canceled, true);
    watch->store->kind->watch_wake(watch);
}

void roster_store_watch_close(struct roster_store_watch *watch)
{
    RST_NOT_CANCELLED;
    unsigned char *key;

    if (!watch || rst_store_is_foreign(watch->store))
        return;
    key = watch->key;
    {
        STORE_HOLDS_SIGNAL(watch->store->kind);
        watch->store->kind->watch_close(watch);
    }
    free(key);
}
