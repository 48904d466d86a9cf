/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Creation and destruction of a view of the safe points. */

#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "store/base/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_watch(struct roster_safe_point *safe_point)
{
    struct roster_store_keys keys =
        roster_store_prefix(roster_store_text(safe_point->paths.safe_points));

    return roster_store_watch_open(safe_point->store, &keys, 0, &safe_point->watch);
}

static int init(struct roster_safe_point *safe_point,
                const struct roster_safe_point_options *options)
{
    struct roster_syncer *syncer;
    int err;

    err = rst_safe_point_options_complete(&safe_point->options, options);
    if (err)
        return err;
    safe_point->state.abandoned_mode = safe_point->options.abandoned;
    safe_point->state.abandoned_ms = safe_point->options.abandoned_ms;
    syncer = safe_point->options.syncer;
    err = rst_paths_init(&safe_point->paths, safe_point->options.prefix,
                         syncer ? syncer->server_id : NULL);
    if (err)
        return err;
    if (syncer)
        snprintf(safe_point->server_id, sizeof(safe_point->server_id), "%s", syncer->server_id);
    safe_point->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    rst_log_init(&safe_point->log, safe_point->options.log, safe_point->options.log_arg);
    err = open_watch(safe_point);
    if (err)
        pthread_mutex_destroy(&safe_point->lock);
    else
        rst_safe_point_background_init(safe_point);
    return err;
}

int roster_safe_point_create(struct roster_store *store,
                             const struct roster_safe_point_options *options,
                             struct roster_safe_point **safe_point)
{
    RST_NOT_CANCELLED;
    struct roster_safe_point *made;
    int err;

    if (!store || !safe_point)
        return -EINVAL;
    if (rst_store_is_foreign(store))
        return -ECHILD;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->store = store;
    err = init(made, options);
    if (err) {
        free(made);
        return err;
    }
    *safe_point = made;
    return 0;
}

void roster_safe_point_destroy(struct roster_safe_point *safe_point)
{
    RST_NOT_CANCELLED;

    if (!safe_point || rst_store_is_foreign(safe_point->store))
        return;
    if (roster_safe_point_stop(safe_point))
        return; /* from one of its own callbacks, which is forbidden: it goes on */
    (void)rst_background_destroy(&safe_point->background);
    roster_store_watch_close(safe_point->watch);
    rst_log_end(&safe_point->log);
    pthread_mutex_destroy(&safe_point->lock);
    free(safe_point);
}
