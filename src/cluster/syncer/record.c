/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The record in the store: how it is written, raised and lowered. The rules;
 * tests/model/lease_fence.pml refutes the omission of each:
 *
 *  - protected_from is raised, in one step with the scan, before the record is raised in the store,
 * and lowered after the store has acknowledged the lower record;
 *  - a record is written only if the stored one still has the revision that the writer knows, so an
 * abandoned write that arrives late changes nothing;
 *  - adding or lowering a record requires that the txn safe point is not above it, by the safe
 *    point's revision, and rewrites the safe point's key, so that a leader that has read the
 * records before fails to move it.
 */

#include "cluster/base/failing.h"
#include "cluster/keys/keys.h"
#include "cluster/syncer/syncer.h"
#include "core/base/cancel.h"
#include "core/base/controls.h"
#include "core/base/count.h"
#include "core/scanner/lease.h"
#include "store/base/clock.h"
#include "store/base/foreign.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/error.h>
#include <stdio.h>

#define ATTEMPTS 4
#define HOLDER_SIZE 128

/* The store's contents before a record is added or lowered. */
struct standing {
    uint64_t txn; /* the txn safe point, 0 for none */
    int64_t txn_revision;
    uint64_t gc; /* the gc safe point likewise: not above it, unless something else wrote it */
    uint64_t record;
    int64_t rst_record_revision; /* 0: there is no record */
    int64_t record_lease;
};

static int read_record(const struct roster_store_range *range, struct standing *standing)
{
    standing->rst_record_revision = rst_record_revision(range);
    if (range->count == 0)
        return 0;
    standing->record_lease = range->kvs[0].lease;
    return rst_record_of(range, &standing->record);
}

/* No record may be below the present safe points. */
static uint64_t passed(const struct standing *standing)
{
    return standing->txn > standing->gc ? standing->txn : standing->gc;
}

static const char *passed_key(const struct roster_syncer *syncer, const struct standing *standing)
{
    return standing->txn >= standing->gc ? syncer->paths.txn : syncer->paths.gc;
}

/* Rebinding the store accepts that its values go back. What this process has published does not:
 * the roster protects nothing below that. */
static void forget_other_store(struct roster_syncer *syncer)
{
    unsigned rebinds = rst_store_rebinds(syncer->store);

    if (syncer->rebinds == rebinds)
        return;
    syncer->rebinds = rebinds;
    syncer->txn_seen = 0;
    pthread_mutex_lock(&syncer->lock);
    syncer->gone_at = 0;
    pthread_mutex_unlock(&syncer->lock);
}

static int read_standing(struct roster_syncer *syncer, struct standing *standing)
{
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    int err;

    forget_other_store(syncer);
    *standing = (struct standing){0};
    rst_batch_get(&batch, syncer->paths.txn);
    rst_batch_get(&batch, syncer->paths.gc);
    rst_batch_get(&batch, syncer->paths.record);
    err = rst_batch_run(&batch, syncer->store, (int)syncer->options.timeout_ms, &result);
    if (err)
        return err;
    err = rst_record_or_none(&result->results[0].range, &standing->txn);
    standing->txn_revision = rst_record_revision(&result->results[0].range);
    if (!err)
        err = rst_record_or_none(&result->results[1].range, &standing->gc);
    if (!err)
        err = read_record(&result->results[2].range, standing);
    roster_store_free(result);
    /* It never goes back by itself: the key was deleted, or a backup restored. */
    return !err && standing->txn < syncer->txn_seen ? -EREMCHG : err;
}

/* The safe points were found to be such as a leader can have written. What is open below them was
 * lost with an earlier lease, and holds no record. */
static void admitted(struct roster_syncer *syncer, const struct standing *standing)
{
    syncer->txn_seen = standing->txn;
    pthread_mutex_lock(&syncer->lock);
    if (passed(standing) > syncer->give_up)
        syncer->give_up = passed(standing);
    pthread_mutex_unlock(&syncer->lock);
}

/* Writes the txn safe point again, as it is; the least one if there is none. */
static void put_txn_again(struct batch *batch, const struct roster_syncer *syncer,
                          const struct standing *standing, char text[RECORD_SIZE])
{
    rst_batch_if_revision(batch, syncer->paths.txn, standing->txn_revision);
    rst_batch_put(batch, syncer->paths.txn,
                  rst_record_format(standing->txn == 0 ? 1 : standing->txn, text), 0);
}

static void put_holder(struct batch *batch, const struct roster_syncer *syncer, int64_t lease,
                       const struct roster_holder *holder, char text[HOLDER_SIZE])
{
    if (holder->kind == ROSTER_HOLDER_NONE)
        rst_batch_delete(batch, syncer->paths.holder);
    else
        rst_batch_put(batch, syncer->paths.holder,
                      rst_syncer_holder_json(holder, text, HOLDER_SIZE), lease);
}

/* Runs a batch whose outcome decides the record; -ERESTART when its conditions did not hold. */
static int run(struct roster_syncer *syncer, const struct batch *batch,
               struct roster_store_txn_result **result)
{
    int err;

    syncer->touched = true;
    err = rst_batch_run(batch, syncer->store, (int)syncer->options.timeout_ms, result);
    if (err != -EINPROGRESS)
        syncer->touched = false;
    if (!err && !(*result)->succeeded)
        err = -ERESTART;
    return err;
}

static void remember(struct roster_syncer *syncer, uint64_t record, int64_t revision,
                     const struct roster_holder *holder)
{
    syncer->record = record;
    syncer->rst_record_revision = revision;
    if (holder)
        syncer->holder = *holder;
    pthread_mutex_lock(&syncer->lock);
    syncer->stats.record = record;
    pthread_mutex_unlock(&syncer->lock);
}

static int scan(struct roster_syncer *syncer, uint64_t least, struct roster_min *min)
{
    int64_t at = rst_store_boottime_ns();
    int err = rst_lease_scan(syncer->roster, syncer->options.max_age_ms, least, true, min);

    pthread_mutex_lock(&syncer->lock);
    if (!err) {
        syncer->scanned_at = at;
        syncer->stats.minimum = min->min_start_ts;
        syncer->stats.expired = min->expired;
    }
    syncer->scan_err = err;
    pthread_mutex_unlock(&syncer->lock);
    return err;
}

/* Not under record_lock. */
void rst_syncer_tell_scan(struct roster_syncer *syncer)
{
    int err, reported;

    pthread_mutex_lock(&syncer->lock);
    err = syncer->scan_err;
    reported = syncer->told_scan_err;
    syncer->told_scan_err = err;
    pthread_mutex_unlock(&syncer->lock);
    if (err != reported && err)
        rst_syncer_log(syncer, ROSTER_STORE_LOG_ERROR,
                       "server %s cannot compute its minimum, so it does not report: %s",
                       syncer->server_id, roster_store_strerror(err));
    else if (err != reported)
        rst_syncer_log(syncer, ROSTER_STORE_LOG_INFO, "server %s can compute its minimum again",
                       syncer->server_id);
}

static int64_t interval_ns(const struct roster_syncer *syncer)
{
    return syncer->options.interval_ms * STORE_NS_PER_MS;
}

/* The record has a value that was never asked for: with its lease it goes, and then a new one. */
static int reject_record(struct roster_syncer *syncer, uint64_t record, int64_t lease)
{
    int err = rst_syncer_reject(syncer, syncer->paths.record, record, SYNCER_NOT_WRITTEN);

    rst_syncer_lost(syncer, lease, err);
    return err;
}

/* The record stands: unfences. */
static void registered(struct roster_syncer *syncer, uint64_t record, int64_t revision,
                       int64_t deadline, const struct roster_holder *holder)
{
    remember(syncer, record, revision, holder);
    pthread_mutex_lock(&syncer->lock);
    syncer->registered = true;
    syncer->registered_at = revision;
    syncer->deadline = deadline;
    syncer->stats.registrations++;
    syncer->stats.reported_ns = syncer->scanned_at;
    rst_lease_grant(syncer->roster, record,
                    rst_control(NO_FENCE) ? UINT64_MAX - 1 : (uint64_t)deadline);
    rst_syncer_set_state(syncer, ROSTER_SYNCER_LIVE, 0);
    rst_syncer_set_due(syncer, SYNCER_FENCE, 0);
    /* A record that has vanished again already is noticed by the next report. */
    rst_syncer_set_due(syncer, SYNCER_REPORT,
                       syncer->gone_at > revision ? 0 : rst_background_in(interval_ns(syncer)));
    pthread_mutex_unlock(&syncer->lock);
}

/*
 * An earlier attempt that was not answered has been carried out. Each one asked for a record that
 * the roster protects by now, and not below the safe points.
 */
static int resume_registration(struct roster_syncer *syncer, const struct standing *standing,
                               int64_t lease, int64_t deadline)
{
    if (standing->record_lease != lease)
        return -EEXIST;
    if (standing->record > rst_lease_record(syncer->roster) || standing->record < passed(standing))
        return reject_record(syncer, standing->record, lease);
    admitted(syncer, standing);
    registered(syncer, standing->record, standing->rst_record_revision, deadline, NULL);
    return 0;
}

static int register_once(struct roster_syncer *syncer, int64_t lease, int64_t deadline)
{
    char record[RECORD_SIZE], txn[RECORD_SIZE], holder[HOLDER_SIZE];
    struct roster_min min = {.size = sizeof(min)};
    struct roster_store_txn_result *result = NULL;
    struct batch batch = {.n_ops = 0};
    struct standing standing;
    int err = read_standing(syncer, &standing);

    if (err)
        return err;
    if (standing.rst_record_revision != 0)
        return resume_registration(syncer, &standing, lease, deadline);
    err = scan(syncer, passed(&standing), &min);
    if (err == -ERANGE)
        (void)rst_syncer_reject(syncer, passed_key(syncer, &standing), passed(&standing),
                                SYNCER_AHEAD);
    if (err)
        return err;
    admitted(syncer, &standing);
    rst_batch_if_revision(&batch, syncer->paths.record, 0);
    put_txn_again(&batch, syncer, &standing, txn);
    rst_batch_put(&batch, syncer->paths.info, roster_store_text(syncer->info), lease);
    rst_batch_put(&batch, syncer->paths.record, rst_record_format(min.min_start_ts, record), lease);
    put_holder(&batch, syncer, lease, &min.holder, holder);
    err = run(syncer, &batch, &result);
    if (!err)
        registered(syncer, min.min_start_ts, result->revision, deadline, &min.holder);
    roster_store_free(result);
    return err;
}

int rst_syncer_register(struct roster_syncer *syncer, int64_t lease, int64_t deadline)
{
    int err = -ERESTART;
    int i;

    pthread_mutex_lock(&syncer->record_lock);
    for (i = 0; i < ATTEMPTS && (err == -ERESTART || err == -EINPROGRESS); i++)
        err = register_once(syncer, lease, deadline);
    pthread_mutex_unlock(&syncer->record_lock);
    return err;
}

/* Learns what the record has become; it is lost unless it hangs on our lease and is ours. */
static int adopt(struct roster_syncer *syncer, const struct roster_store_range *range,
                 int64_t lease)
{
    struct standing standing = {0};
    int err = read_record(range, &standing);

    if (err && standing.record_lease == lease)
        return reject_record(syncer, 0, lease);
    if (err)
        return err;
    if (standing.rst_record_revision == 0 || standing.record_lease != lease) {
        rst_syncer_lost(syncer, lease, standing.rst_record_revision == 0 ? -EKEYEXPIRED : -EEXIST);
        return -EKEYEXPIRED;
    }
    if (standing.record > rst_lease_record(syncer->roster))
        return reject_record(syncer, standing.record, lease);
    syncer->record = standing.record;
    syncer->rst_record_revision = standing.rst_record_revision;
    return -ERESTART;
}

static bool stands_already(const struct roster_syncer *syncer, const struct roster_min *min,
                           bool recheck)
{
    const struct roster_holder *a = &syncer->holder, *b = &min->holder;

    /* A minimum below the record: another thread is about to lower it, or has just failed to. */
    if (min->min_start_ts < syncer->record)
        return true;
    if (recheck)
        return false;
    return min->min_start_ts == syncer->record && !syncer->touched && a->kind == b->kind &&
           a->session_id == b->session_id && a->pin_id == b->pin_id;
}

static int put_once(struct roster_syncer *syncer, int64_t lease, const struct roster_min *min)
{
    struct roster_store_txn_result *result = NULL;
    char record[RECORD_SIZE], holder[HOLDER_SIZE];
    struct batch batch = {.n_ops = 0};
    int err;

    rst_batch_if_revision(&batch, syncer->paths.record, syncer->rst_record_revision);
    rst_batch_put(&batch, syncer->paths.record, rst_record_format(min->min_start_ts, record),
                  lease);
    put_holder(&batch, syncer, lease, &min->holder, holder);
    rst_batch_otherwise_get(&batch, syncer->paths.record);
    err = run(syncer, &batch, &result);
    if (!err)
        remember(syncer, min->min_start_ts, result->revision, &min->holder);
    else if (err == -ERESTART)
        err = adopt(syncer, &result->results[0].range, lease);
    else if (err == -EKEYEXPIRED)
        rst_syncer_lost(syncer, lease, err);
    roster_store_free(result);
    return err;
}

/* The lease that the record hangs on, 0 for none. */
static int64_t live_lease(struct roster_syncer *syncer)
{
    int64_t lease;

    pthread_mutex_lock(&syncer->lock);
    lease = syncer->registered ? syncer->lease : 0;
    pthread_mutex_unlock(&syncer->lock);
    return lease;
}

/* Whether the store has to be asked although nothing has changed here. */
static bool take_recheck(struct roster_syncer *syncer)
{
    bool recheck;

    pthread_mutex_lock(&syncer->lock);
    recheck = syncer->recheck;
    syncer->recheck = false;
    pthread_mutex_unlock(&syncer->lock);
    return recheck;
}

void rst_syncer_give_up(struct roster_syncer *syncer, uint64_t ts)
{
    pthread_mutex_lock(&syncer->lock);
    if (ts > syncer->give_up) {
        syncer->give_up = ts;
        rst_syncer_set_due(syncer, SYNCER_REPORT, 0);
    }
    pthread_mutex_unlock(&syncer->lock);
}

/* Something below `ts` was held, and is lost from here on: its checks fail. */
static void gave_up(struct roster_syncer *syncer, uint64_t ts, uint64_t pins)
{
    struct roster_syncer_stats *stats = &syncer->stats;

    pthread_mutex_lock(&syncer->lock);
    stats->given_up++;
    stats->given_up_ts = ts;
    stats->given_up_pins = pins;
    stats->given_up_ns = rst_store_boottime_ns();
    pthread_mutex_unlock(&syncer->lock);
}

/* Log and event of that. Not under record_lock: a log function may begin what lowers the record. */
static void tell_gave_up(struct roster_syncer *syncer)
{
    const struct roster_syncer_stats *stats = &syncer->stats;
    char text[80];
    bool news;

    pthread_mutex_lock(&syncer->lock);
    news = syncer->told_given_up != stats->given_up;
    syncer->told_given_up = stats->given_up;
    snprintf(text, sizeof(text), "%" PRIu64 " transaction%s or pin%s below %" PRIu64,
             stats->given_up_pins, count_s(stats->given_up_pins), count_s(stats->given_up_pins),
             stats->given_up_ts);
    pthread_mutex_unlock(&syncer->lock);
    if (!news)
        return;
    rst_cluster_abandoned(syncer->roster, "gave up", syncer->server_id, text);
    rst_syncer_log(syncer, ROSTER_STORE_LOG_WARNING,
                   "server %s gave up %s, as the leader requested: their checks fail",
                   syncer->server_id, text);
}

/*
 * A report's scan. What is to be given up expires in it, before the record rises: so the checks of
 * those who lose fail before the store, and a leader by it, learns that nothing is held there.
 */
static int scan_for_report(struct roster_syncer *syncer, struct roster_min *min)
{
    uint64_t least;
    bool news;
    int err;

    pthread_mutex_lock(&syncer->lock);
    least = syncer->give_up;
    pthread_mutex_unlock(&syncer->lock);
    news = least > rst_lease_record(syncer->roster);
    err = scan(syncer, least, min); /* also later: what was given up may still be open */
    if (!err && news && min->expired != 0)
        gave_up(syncer, least, min->expired);
    /* The roster's oracle is behind the one that the leader asked: later. */
    return err == -ERANGE ? scan(syncer, 0, min) : err;
}

static int report(struct roster_syncer *syncer)
{
    struct roster_min min = {.size = sizeof(min)};
    int64_t lease = live_lease(syncer);
    bool recheck = take_recheck(syncer);
    int err = -ERESTART;
    int i;

    if (lease == 0)
        return -ESTALE;
    for (i = 0; i < ATTEMPTS && (err == -ERESTART || err == -EINPROGRESS); i++) {
        err = scan_for_report(syncer, &min);
        if (!err && !stands_already(syncer, &min, recheck))
            err = put_once(syncer, lease, &min);
    }
    return err;
}

/* A report has succeeded, even if the record was unchanged. Under record_lock. */
static void reported(struct roster_syncer *syncer)
{
    pthread_mutex_lock(&syncer->lock);
    syncer->stats.reports++;
    syncer->stats.reported_ns = syncer->scanned_at;
    pthread_mutex_unlock(&syncer->lock);
}

int rst_syncer_report(struct roster_syncer *syncer)
{
    int err;

    pthread_mutex_lock(&syncer->record_lock);
    err = report(syncer);
    if (!err)
        reported(syncer);
    pthread_mutex_unlock(&syncer->record_lock);
    /* Before callbacks, which may take their time: it has failed since now. */
    if (err != -ESTALE)
        rst_syncer_note(syncer, &syncer->stats.reporting, err, &syncer->stats.report_failures);
    rst_syncer_tell_scan(syncer);
    tell_gave_up(syncer);
    rst_syncer_tell(syncer);
    return err;
}

void rst_syncer_report_duty(void *arg)
{
    struct roster_syncer *syncer = arg;
    bool only = rst_syncer_seen_only(syncer);

    if (!only) {
        pthread_mutex_lock(&syncer->lock);
        rst_syncer_set_due(syncer, SYNCER_REPORT, rst_background_in(interval_ns(syncer)));
        pthread_mutex_unlock(&syncer->lock);
    }
    if (only || !rst_syncer_report(syncer))
        rst_syncer_seen_put(syncer);
}

static int lower_once(struct roster_syncer *syncer, int64_t lease, uint64_t ts)
{
    struct roster_store_txn_result *result = NULL;
    char record[RECORD_SIZE], txn[RECORD_SIZE];
    struct batch batch = {.n_ops = 0};
    struct standing standing;
    int err = read_standing(syncer, &standing);

    if (err)
        return err;
    if (rst_syncer_contradicts(syncer, passed(&standing)))
        return rst_syncer_reject(syncer, passed_key(syncer, &standing), passed(&standing),
                                 SYNCER_ABOVE_RECORD);
    admitted(syncer, &standing);
    if (standing.record_lease != lease || ts < passed(&standing))
        return -ESTALE;
    rst_batch_if_revision(&batch, syncer->paths.record, standing.rst_record_revision);
    put_txn_again(&batch, syncer, &standing, txn);
    rst_batch_put(&batch, syncer->paths.record, rst_record_format(ts, record), lease);
    err = run(syncer, &batch, &result);
    if (!err) {
        remember(syncer, ts, result->revision, NULL);
        rst_lease_lowered(syncer->roster, ts);
    }
    roster_store_free(result);
    return err;
}

static int lower(struct roster_syncer *syncer, uint64_t ts)
{
    int64_t lease = live_lease(syncer);
    int err = -ERESTART;
    int i;

    if (lease == 0)
        return -ESTALE;
    if (ts >= rst_lease_record(syncer->roster))
        return 0;
    for (i = 0; i < ATTEMPTS && (err == -ERESTART || err == -EINPROGRESS); i++)
        err = lower_once(syncer, lease, ts);
    return err;
}

int rst_syncer_lower(void *arg, uint64_t ts)
{
    RST_NOT_CANCELLED;
    struct roster_syncer *syncer = arg;
    int err;

    pthread_mutex_lock(&syncer->record_lock);
    err = lower(syncer, ts);
    pthread_mutex_unlock(&syncer->record_lock);
    rst_syncer_note(syncer, &syncer->stats.lowering, err == -ESTALE ? 0 : err, NULL);
    pthread_mutex_lock(&syncer->lock);
    if (!err)
        syncer->stats.lowered++;
    else if (err == -ESTALE)
        syncer->stats.lower_refused++;
    if (err == -EBADMSG)
        rst_syncer_set_due(syncer, SYNCER_FENCE,
                           0); /* reports a fence: here the roster's locks are held */
    pthread_mutex_unlock(&syncer->lock);
    /* Other servers moved the safe point at every try; nothing was changed. */
    return err == -ERESTART ? -ETIMEDOUT : err;
}

int rst_syncer_verify(struct roster_syncer *syncer, int64_t lease)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(syncer->paths.record));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(syncer->store, &keys, 1, (int)syncer->options.timeout_ms, &range);

    if (!err && (range->count == 0 || range->kvs[0].lease != lease))
        err = -EKEYEXPIRED;
    roster_store_free(range);
    return err;
}
