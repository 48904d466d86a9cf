/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Creation, destruction and statistics of a syncer. */

#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "core/base/struct_size.h"
#include "core/scanner/lease.h"
#include "store/base/foreign.h"
#include "store/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rst_lease_ops lease_ops = {rst_syncer_lower};

static void destroy_locks(struct roster_syncer *syncer)
{
    pthread_mutex_destroy(&syncer->record_lock);
    pthread_cond_destroy(&syncer->changed);
    pthread_mutex_destroy(&syncer->lock);
}

/* Copies everything used later; afterwards the caller's strings are no longer read. */
static int copy_strings(struct roster_syncer *syncer)
{
    struct roster_syncer_options *options = &syncer->options;
    int err = rst_paths_init(&syncer->paths, options->prefix, options->server_id);

    if (err || !options->server_id)
        return -EINVAL;
    err = rst_syncer_info_json(options, &syncer->info);
    if (err)
        return err;
    syncer->server_id = strdup(options->server_id);
    return syncer->server_id ? 0 : -ENOMEM;
}

static void free_strings(struct roster_syncer *syncer)
{
    free(syncer->info);
    free(syncer->server_id);
}

static int open_watch(struct roster_syncer *syncer)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(syncer->paths.record));

    return roster_store_watch_open(syncer->store, &keys, 0, &syncer->watch);
}

static int init(struct roster_syncer *syncer)
{
    int err = copy_strings(syncer);

    syncer->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    syncer->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    syncer->record_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    if (err)
        goto strings;
    rst_log_init(&syncer->log, syncer->options.log, syncer->options.log_arg);
    err = open_watch(syncer);
    if (err)
        goto locks;
    rst_syncer_background_init(syncer);
    syncer->state = ROSTER_SYNCER_JOINING;
    err = rst_lease_attach(syncer->roster, &lease_ops, syncer);
    if (!err)
        return 0;
    (void)rst_background_destroy(&syncer->background);
    roster_store_watch_close(syncer->watch);
locks:
    destroy_locks(syncer);
strings:
    free_strings(syncer);
    return err;
}

int roster_syncer_create(struct roster *roster, struct roster_store *store,
                         const struct roster_syncer_options *options, struct roster_syncer **syncer)
{
    RST_NOT_CANCELLED;
    struct roster_syncer *made;
    int err;

    if (!roster || !store || !options || !syncer)
        return -EINVAL;
    if (rst_store_is_foreign(store))
        return -ECHILD;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->roster = roster;
    made->store = store;
    err = rst_syncer_options_complete(&made->options, options);
    if (!err)
        err = init(made);
    if (err) {
        free(made);
        return err;
    }
    *syncer = made;
    return 0;
}

int roster_syncer_set_status_address(struct roster_syncer *syncer, const char *address)
{
    RST_NOT_CANCELLED;
    char *info;
    int err;

    /* Nothing reads the old one while this thread is what runs the duties. */
    err = rst_syncer_enter(syncer);
    if (err)
        return err;
    pthread_mutex_lock(&syncer->lock);
    if (syncer->stats.registrations)
        err = -EBUSY;
    pthread_mutex_unlock(&syncer->lock);
    if (!err)
        err = rst_syncer_info_address(syncer->info, address, &info);
    if (!err) {
        free(syncer->info);
        syncer->info = info;
    }
    rst_background_leave(&syncer->background);
    return err;
}

void roster_syncer_destroy(struct roster_syncer *syncer)
{
    RST_NOT_CANCELLED;
    int err;

    if (!syncer || rst_store_is_foreign(syncer->store))
        return;
    err = rst_background_stop(&syncer->background);
    if (err == -EDEADLK)
        return; /* from one of its own callbacks, which is forbidden: it goes on */
    if (!err)
        rst_syncer_end(syncer);
    rst_background_stopped(&syncer->background);
    (void)rst_background_destroy(&syncer->background);
    rst_lease_leave(syncer->roster);
    roster_store_watch_close(syncer->watch);
    rst_log_end(&syncer->log);
    destroy_locks(syncer);
    free_strings(syncer);
    free(syncer);
}

int roster_syncer_stats(struct roster_syncer *syncer, struct roster_syncer_stats *stats)
{
    struct roster_syncer_stats now;
    int err = rst_syncer_check(syncer);

    if (!err && !stats)
        err = -EINVAL;
    if (!err)
        err = rst_struct_check(stats, sizeof(*stats), sizeof(*stats));
    if (err)
        return err;
    pthread_mutex_lock(&syncer->lock);
    now = syncer->stats;
    now.state = syncer->state;
    now.lease = syncer->lease;
    now.deadline_ns = syncer->deadline;
    now.interval_ms = syncer->options.interval_ms;
    snprintf(now.server_id, sizeof(now.server_id), "%s", syncer->server_id);
    pthread_mutex_unlock(&syncer->lock);
    rst_struct_put(stats, &now, sizeof(now));
    return 0;
}
