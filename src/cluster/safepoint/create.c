/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Making and ending a safe point. */

#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/base/options.h"
#include "cluster/keys/batch.h"
#include "cluster/keys/record.h"
#include "cluster/safepoint/safepoint.h"
#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "store/base/clock.h"

#define LEAST_LIFE_TIME_MS UINT64_C(600000)
#define MAX_INTERVAL_MS (UINT32_C(24) * 3600 * 1000)

static int complete(struct roster_safepoint_options *known)
{
    if (known->life_time_ms == 0 && !known->any_life_time)
        known->life_time_ms = LEAST_LIFE_TIME_MS;
    if (known->interval_ms == 0)
        known->interval_ms = 600000;
    if (known->timeout_ms == 0)
        known->timeout_ms = 5000;
    if ((known->life_time_ms < LEAST_LIFE_TIME_MS && !known->any_life_time) ||
        known->interval_ms < 10 || known->interval_ms > MAX_INTERVAL_MS ||
        known->timeout_ms > MAX_INTERVAL_MS || (known->syncer != NULL && known->oracle == NULL))
        return -EINVAL;
    return 0;
}

static int open_watch(struct roster_safepoint *safepoint)
{
    struct roster_store_keys keys =
        roster_store_prefix(roster_store_text(safepoint->paths.safepoints));

    return roster_store_watch_open(safepoint->store, &keys, 0, &safepoint->watch);
}

static int init(struct roster_safepoint *safepoint, const struct roster_safepoint_options *options)
{
    struct roster_syncer *syncer;
    int err = 0;

    safepoint->options.size = sizeof(safepoint->options);
    if (options != NULL)
        err = options_copy(&safepoint->options, sizeof(safepoint->options), options);
    if (err == 0)
        err = complete(&safepoint->options);
    syncer = safepoint->options.syncer;
    if (err == 0)
        err = paths_init(&safepoint->paths, safepoint->options.prefix,
                         syncer == NULL ? NULL : syncer->server_id);
    if (err != 0)
        return err;
    if (syncer != NULL)
        snprintf(safepoint->server_id, sizeof(safepoint->server_id), "%s", syncer->server_id);
    err = -pthread_mutex_init(&safepoint->lock, NULL);
    if (err != 0)
        return err;
    err = open_watch(safepoint);
    if (err != 0)
        goto lock;
    err = safepoint_background_init(safepoint);
    if (err == 0)
        return 0;
    roster_store_watch_close(safepoint->watch);
lock:
    pthread_mutex_destroy(&safepoint->lock);
    return err;
}

int roster_safepoint_create(struct roster_store *store,
                            const struct roster_safepoint_options *options,
                            struct roster_safepoint **safepoint)
{
    RST_NOT_CANCELLED;
    struct roster_safepoint *made;
    int err;

    if (store == NULL || safepoint == NULL)
        return -EINVAL;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->store = store;
    err = init(made, options);
    if (err != 0) {
        free(made);
        return err;
    }
    *safepoint = made;
    return 0;
}

void roster_safepoint_destroy(struct roster_safepoint *safepoint)
{
    RST_NOT_CANCELLED;

    if (safepoint == NULL)
        return;
    if (roster_safepoint_stop(safepoint) != 0)
        return; /* from one of its own callbacks, which is forbidden: it goes on */
    (void)rst_background_destroy(&safepoint->background);
    roster_store_watch_close(safepoint->watch);
    pthread_mutex_destroy(&safepoint->lock);
    free(safepoint);
}
