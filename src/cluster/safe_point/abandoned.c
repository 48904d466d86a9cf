/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Abandoned holders: barriers without a time to live, and records of live servers, that hold the
 * txn safe point at a timestamp older than a limit.
 *
 * Here, too, no safe point passes a record or a barrier: a leader's writes make no check fail, so
 * the leader must not pass one. It deletes a barrier if its revision is unchanged; the owner sees
 * that. It requests a server to give up, by a line in the store. The server gives up what it holds
 * below the line, protected_from before its record (syncer/record.c), and the next round passes.
 * The request is input: a server gives up nothing younger than its own limit, and nothing at all
 * unless its own mode is pass. tests/model/abandoned.pml models all of this.
 *
 * Age is not measured by the wall clock: a leader keeps its oracle's timestamps, and the store's
 * revisions, at earlier times of CLOCK_BOOTTIME. A holder is too old if it is below the oracle's
 * timestamp of that long ago. A barrier must also be unchanged since then, as it may be set at an
 * old timestamp, or by a server whose clock is slow. A new leader has no samples yet.
 */

#include "cluster/base/failing.h"
#include "cluster/keys/keys.h"
#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "store/base/clock.h"

#include <inttypes.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <string.h>

/* The store's contents, and the actions taken. */
struct looking {
    struct roster_safe_point *safe_point;
    uint64_t now, bound, line;
    int64_t revision; /* of as long ago as the limit */
    uint64_t count;
    struct roster_blocker oldest;
    bool asks, again;
};

/* Keeps a sample, and finds the newest one that is as old as the limit; none: all is 0. One of
 * another store, whose revisions were higher, says nothing of this one. */
static struct safe_point_sample sample(struct roster_safe_point *safe_point, uint64_t now,
                                       int64_t revision)
{
    int64_t at = rst_store_boottime_ns();
    int64_t age = (int64_t)safe_point->options.abandoned_ms * STORE_NS_PER_MS;
    struct safe_point_sample *samples = safe_point->samples, old = {0};
    unsigned n;

    if (at == STORE_FOREVER)
        return old; /* nothing has an age */
    pthread_mutex_lock(&safe_point->lock);
    n = safe_point->n_samples;
    if (n != 0 && samples[n - 1].revision > revision)
        n = 0;
    for (; n > 1 && samples[1].at <= at - age; n--)
        memmove(samples, samples + 1, (n - 1) * sizeof(*samples));
    if (n == 0 ||
        (n < SAFE_POINT_SAMPLES + 2 && samples[n - 1].at <= at - age / SAFE_POINT_SAMPLES))
        samples[n++] = (struct safe_point_sample){at, now, revision};
    safe_point->n_samples = n;
    if (samples[0].at <= at - age)
        old = samples[0];
    pthread_mutex_unlock(&safe_point->lock);
    return old;
}

/* Whether it was named before, as it stands. */
static bool is_new(struct roster_safe_point *safe_point, const struct roster_blocker *holder)
{
    const struct roster_blocker *known = &safe_point->state.abandoned_holder;
    bool news;

    pthread_mutex_lock(&safe_point->lock);
    news = known->kind != holder->kind || known->ts != holder->ts ||
           strcmp(known->name, holder->name) != 0;
    pthread_mutex_unlock(&safe_point->lock);
    return news;
}

/* Log and event: what was done about it, and in words. */
static void say(struct roster_safe_point *safe_point, const char *what, const char *done,
                const struct roster_blocker *holder)
{
    const char *kind = holder->kind == ROSTER_BLOCKER_BARRIER ? "barrier" : "server";
    struct roster_syncer *syncer = safe_point->options.syncer;
    char text[64];

    snprintf(text, sizeof(text), "%s at %" PRIu64, kind, holder->ts);
    if (syncer)
        rst_cluster_abandoned(syncer->roster, what, holder->name, text);
    rst_safe_point_log(safe_point, ROSTER_STORE_LOG_WARNING,
                       "%s %s holds the safe points at %" PRIu64 ", which is older than %" PRIu64
                       " ms%s",
                       kind, holder->name, holder->ts, safe_point->options.abandoned_ms, done);
}

static void count_passed(struct roster_safe_point *safe_point, uint64_t *counter,
                         const struct roster_blocker *holder)
{
    struct roster_safe_point_state *state = &safe_point->state;

    pthread_mutex_lock(&safe_point->lock);
    (*counter)++;
    state->passed = *holder;
    state->passed_ns = rst_store_boottime_ns();
    pthread_mutex_unlock(&safe_point->lock);
}

/* Over the revision that was read: one that was moved or set since is another one. */
static void delete_barrier(struct looking *looking, const struct roster_store_kv *kv,
                           const struct roster_blocker *holder)
{
    struct roster_safe_point *safe_point = looking->safe_point;
    struct roster_store_compare unchanged =
        roster_store_if(kv->key, ROSTER_STORE_MOD_REVISION, ROSTER_STORE_EQUAL, kv->mod_revision);
    struct roster_store_op remove = roster_store_delete(roster_store_key(kv->key));
    struct roster_store_txn txn = {&unchanged, 1, &remove, 1, NULL, 0};
    struct roster_store_txn_result *result = NULL;
    int err =
        roster_store_txn(safe_point->store, &txn, (int)safe_point->options.timeout_ms, &result);

    if (!err && result->succeeded) {
        count_passed(safe_point, &safe_point->state.passed_barriers, holder);
        say(safe_point, "deleted", ": deleted, and passed", holder);
    }
    looking->again = true;
    roster_store_free(result);
}

/* A server that was not yet requested to give up what it holds. */
static void ask_server(struct looking *looking, const struct roster_blocker *holder)
{
    struct roster_safe_point *safe_point = looking->safe_point;

    looking->asks = true;
    if (holder->ts < looking->line)
        return;
    count_passed(safe_point, &safe_point->state.passed_servers, holder);
    say(safe_point, "asked", ": asked to give that up", holder);
}

static void look_at(struct looking *looking, const struct roster_store_kv *kv, const char *prefix,
                    enum roster_blocker_kind kind)
{
    struct roster_blocker holder = {.kind = kind};
    bool passes = looking->safe_point->options.abandoned == ROSTER_ABANDONED_PASS;

    if (rst_record_parse(kv->value, &holder.ts) || holder.ts >= looking->bound)
        return;
    /* A barrier may be set at an old timestamp: its time begins when it is set or moved. */
    if (kind == ROSTER_BLOCKER_BARRIER && kv->mod_revision > looking->revision)
        return;
    rst_paths_show(holder.name, sizeof(holder.name), rst_paths_below(kv, prefix));
    if (passes && kind == ROSTER_BLOCKER_BARRIER) {
        delete_barrier(looking, kv, &holder);
        return;
    }
    if (passes)
        ask_server(looking, &holder);
    looking->count++;
    if (looking->oldest.kind == ROSTER_BLOCKER_NONE || holder.ts < looking->oldest.ts)
        looking->oldest = holder;
}

/* Asks for as much as is too old, over the line that was read. */
static void raise_line(struct looking *looking, int64_t revision)
{
    struct roster_safe_point *safe_point = looking->safe_point;
    struct batch batch = {.n_ops = 0};
    char text[RECORD_SIZE];
    int err;

    if (!looking->asks || looking->bound <= looking->line)
        return;
    rst_batch_if_revision(&batch, safe_point->paths.pass, revision);
    rst_batch_put(&batch, safe_point->paths.pass, rst_record_format(looking->bound, text), 0);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, NULL);
    pthread_mutex_lock(&safe_point->lock);
    safe_point->asked = safe_point->asked || !err;
    pthread_mutex_unlock(&safe_point->lock);
}

static void look(struct looking *looking, const struct roster_store_txn_result *result)
{
    const struct paths *paths = &looking->safe_point->paths;
    const struct roster_store_range *barriers = &result->results[0].range;
    const struct roster_store_range *records = &result->results[1].range;
    const struct roster_store_range *line = &result->results[2].range;
    size_t i;

    /* One that cannot be read is written over, or that no leader can have asked for: servers
     * reject it, so none was asked by that. */
    if (rst_record_or_none(line, &looking->line) || looking->line > looking->now)
        looking->line = 0;
    for (i = 0; i < barriers->count; i++)
        if (barriers->kvs[i].lease == 0) /* the others expire */
            look_at(looking, &barriers->kvs[i], paths->barriers, ROSTER_BLOCKER_BARRIER);
    for (i = 0; i < records->count; i++)
        look_at(looking, &records->kvs[i], paths->records, ROSTER_BLOCKER_SERVER);
    raise_line(looking, rst_record_revision(line));
}

/* What is too old now, and was not passed: named once. */
static void name_oldest(struct looking *looking)
{
    struct roster_safe_point *safe_point = looking->safe_point;
    const struct roster_blocker *oldest = &looking->oldest;

    if (oldest->kind != ROSTER_BLOCKER_NONE && is_new(safe_point, oldest) &&
        safe_point->options.abandoned == ROSTER_ABANDONED_WARN)
        say(safe_point, "too old", "", oldest);
    pthread_mutex_lock(&safe_point->lock);
    safe_point->state.abandoned = looking->count;
    safe_point->state.abandoned_holder = *oldest;
    pthread_mutex_unlock(&safe_point->lock);
}

bool rst_abandoned_round(struct roster_safe_point *safe_point, uint64_t now, uint64_t target)
{
    struct looking looking = {.safe_point = safe_point, .now = now};
    struct safe_point_sample old;
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    int err;

    if (safe_point->options.abandoned == ROSTER_ABANDONED_OFF)
        return false;
    rst_batch_get(&batch, safe_point->paths.barriers);
    rst_batch_get(&batch, safe_point->paths.records);
    rst_batch_get(&batch, safe_point->paths.pass);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms, &result);
    if (err)
        return false; /* the next round reports whether the store fails */
    old = sample(safe_point, now, result->revision);
    looking.bound = old.now < target ? old.now : target;
    looking.revision = old.revision;
    look(&looking, result);
    roster_store_free(result);
    name_oldest(&looking);
    return looking.again;
}

static void set_line(struct roster_safe_point *safe_point, uint64_t line)
{
    pthread_mutex_lock(&safe_point->lock);
    safe_point->pass_line = line;
    pthread_mutex_unlock(&safe_point->lock);
}

void rst_abandoned_take_line(struct roster_safe_point *safe_point, struct roster_store_bytes value)
{
    uint64_t line;

    if (rst_record_parse(value, &line)) {
        rst_safe_point_log(safe_point, ROSTER_STORE_LOG_ERROR,
                           "%s holds no timestamp; find out who wrote it", safe_point->paths.pass);
        return;
    }
    set_line(safe_point, line);
}

void rst_abandoned_follow(struct roster_safe_point *safe_point)
{
    const struct roster_safe_point_options *options = &safe_point->options;
    uint64_t line, followed, now = 0, own;

    if (!options->syncer || options->abandoned != ROSTER_ABANDONED_PASS)
        return;
    pthread_mutex_lock(&safe_point->lock);
    line = safe_point->pass_line;
    followed = safe_point->followed;
    pthread_mutex_unlock(&safe_point->lock);
    if (line <= followed || rst_safe_point_now(safe_point, &now))
        return;
    if (line > now) {
        (void)rst_safe_point_name_impossible(safe_point, safe_point->paths.pass, line,
                                             SYNCER_AHEAD);
        set_line(safe_point, 0);
        return;
    }
    own = roster_ts_before(now, options->abandoned_ms);
    if (line > own)
        line = own; /* the rest when it is as old by this server's clock */
    if (line <= followed)
        return;
    pthread_mutex_lock(&safe_point->lock);
    safe_point->followed = line;
    pthread_mutex_unlock(&safe_point->lock);
    rst_syncer_give_up(options->syncer, line);
}
