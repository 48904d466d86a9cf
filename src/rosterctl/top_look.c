/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rosterctl top: asking the server in a thread of its own, so that keys work while it is frozen.
 */
#include "rosterctl/cluster.h"
#include "rosterctl/top.h"

#include "core/base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct top_asker {
    struct options options;
    double every_s;
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    struct top_wish wish;
    struct top_sight *sight; /* not taken so far */
    bool wished, stop;
};

void top_sight_free(struct top_sight *sight)
{
    if (!sight)
        return;
    json_decref(sight->status);
    json_decref(sight->minimum);
    json_decref(sight->list);
    free(sight);
}

/* Its JSON is the caller's; without it the sight says why. */
static json_t *take(struct top_sight *sight, struct reply *reply)
{
    json_t *json = NULL;

    if (reply->code == CTL_OK) {
        json = json_incref(reply->json);
    } else if (sight->code == CTL_OK) {
        sight->code = reply->code;
        snprintf(sight->error, sizeof(sight->error), "%s", reply->error);
    }
    reply_free(reply);
    return json;
}

static void do_kill(struct top_sight *sight, const struct options *options,
                    const struct top_wish *wish)
{
    struct reply reply = ctl_ask(options, "POST", wish->kill);

    snprintf(sight->said, sizeof(sight->said), "%s: %.180s", wish->what,
             reply.code == CTL_OK ? "delivered" : reply.error);
    reply_free(&reply);
}

static void look_at_blockers(struct top_sight *sight, const struct options *options,
                             const char *limit)
{
    char path[64] = "/locks";
    struct reply reply;

    ctl_add_argument(path, sizeof(path), "limit", limit);
    reply = ctl_ask(options, "GET", path);
    sight->list = take(sight, &reply);
    sight->blockers = true;
    locks_draw_tree(json_object_get(sight->list, "rows"), 1, 4);
}

struct top_sight *top_look(const struct options *options, const struct top_wish *wish)
{
    struct top_sight *sight = calloc(1, sizeof(*sight));
    struct options list = *options;
    struct reply reply;
    char limit[24];

    if (!sight)
        return NULL;
    if (*wish->kill)
        do_kill(sight, options, wish);
    sight->at_ms = rst_monotonic_ms();
    reply = ctl_ask(options, "GET", "/status");
    sight->status = take(sight, &reply);
    cluster_check_commands(sight->status, options);
    if (!sight->status) /* it need not be asked twice to be found silent */
        return sight;
    reply = ctl_ask(options, "GET", "/minimum");
    sight->minimum = reply.code == CTL_OK ? json_incref(reply.json) : NULL;
    reply_free(&reply);
    snprintf(limit, sizeof(limit), "%d", wish->limit);
    if (wish->blockers) {
        look_at_blockers(sight, options, limit);
        return sight;
    }
    list.in_txn = wish->in_txn;
    list.sort = wish->sort;
    list.search = *wish->search ? wish->search : NULL;
    list.limit = limit;
    reply = ctl_rows(&list, "/processlist");
    sight->list = take(sight, &reply);
    return sight;
}

/* Until the time is over, or something is wished. Returns false at the end. */
static bool wait_for_turn(struct top_asker *asker)
{
    uint64_t until_ns = rst_monotonic_ns() + (uint64_t)(asker->every_s * 1e9);
    bool stop;

    pthread_mutex_lock(&asker->mutex);
    while (!asker->stop && !asker->wished)
        if (!rst_monotonic_wait(&asker->changed, &asker->mutex, until_ns))
            break;
    stop = asker->stop;
    pthread_mutex_unlock(&asker->mutex);
    return !stop;
}

static void *run(void *arg)
{
    struct top_asker *asker = arg;
    struct top_sight *sight;
    struct top_wish wish;

    do {
        pthread_mutex_lock(&asker->mutex);
        wish = asker->wish;
        *asker->wish.kill = '\0';
        asker->wished = false;
        pthread_mutex_unlock(&asker->mutex);
        sight = top_look(&asker->options, &wish);
        pthread_mutex_lock(&asker->mutex);
        if (sight && asker->sight && !*sight->said)
            memcpy(sight->said, asker->sight->said, sizeof(sight->said));
        if (sight) {
            top_sight_free(asker->sight);
            asker->sight = sight;
        }
        pthread_mutex_unlock(&asker->mutex);
    } while (wait_for_turn(asker));
    return NULL;
}

struct top_asker *top_asker_start(const struct options *options, const struct top_wish *wish)
{
    struct top_asker *asker = calloc(1, sizeof(*asker));
    sigset_t all, before;
    int err;

    if (!asker)
        return NULL;
    asker->options = *options;
    asker->options.timeout_ms = TOP_TIMEOUT_MS;
    asker->every_s = options->watch_s > 0 ? options->watch_s : 1;
    asker->wish = *wish;
    asker->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    asker->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    sigfillset(&all); /* a window's change of size is for the thread that draws */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&asker->thread, NULL, run, asker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        free(asker);
        return NULL;
    }
    return asker;
}

void top_asker_stop(struct top_asker *asker)
{
    pthread_mutex_lock(&asker->mutex);
    asker->stop = true;
    pthread_cond_signal(&asker->changed);
    pthread_mutex_unlock(&asker->mutex);
    pthread_join(asker->thread, NULL);
    pthread_cond_destroy(&asker->changed);
    pthread_mutex_destroy(&asker->mutex);
    top_sight_free(asker->sight);
    free(asker);
}

bool top_asker_wish(struct top_asker *asker, const struct top_wish *wish)
{
    struct top_wish before;
    bool taken;

    pthread_mutex_lock(&asker->mutex);
    before = asker->wish;
    taken = !*before.kill || !*wish->kill;
    asker->wish = *wish;
    if (*before.kill) {
        memcpy(asker->wish.kill, before.kill, sizeof(before.kill));
        memcpy(asker->wish.what, before.what, sizeof(before.what));
    }
    asker->wished = true;
    pthread_cond_signal(&asker->changed);
    pthread_mutex_unlock(&asker->mutex);
    return taken;
}

struct top_sight *top_asker_take(struct top_asker *asker)
{
    struct top_sight *sight;

    pthread_mutex_lock(&asker->mutex);
    sight = asker->sight;
    asker->sight = NULL;
    pthread_mutex_unlock(&asker->mutex);
    return sight;
}
