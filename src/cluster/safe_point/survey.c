/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The store's contents, and what keeps the safe points from moving. */

#include "cluster/keys/keys.h"
#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"
#include "store/base/bytes.h"
#include "store/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <roster/text.h>
#include <roster/timestamp.h>
#include <stdio.h>
#include <string.h>

#define ENDLESS "endless" /* the holder of a barrier without a lease */

static int unreadable(struct roster_store_bytes key, struct roster_blocker *blocker)
{
    memset(blocker, 0, sizeof(*blocker));
    blocker->kind = ROSTER_BLOCKER_UNREADABLE;
    rst_paths_show(blocker->name, sizeof(blocker->name), key);
    return -EBADMSG;
}

static int impossible(struct roster_store_bytes key, uint64_t ts, struct roster_blocker *blocker)
{
    (void)unreadable(key, blocker);
    blocker->kind = ROSTER_BLOCKER_IMPOSSIBLE;
    blocker->ts = ts;
    return -EBADMSG;
}

static int read_point(const struct roster_store_range *range, const char *key, uint64_t *ts,
                      int64_t *revision, struct roster_blocker *blocker)
{
    int err = rst_record_or_none(range, ts);

    *revision = rst_record_revision(range);
    return err ? unreadable(roster_store_text(key), blocker) : 0;
}

/* Whether the safe points that were read are such as leaders can have written. */
static int check_points(struct roster_safe_point *safe_point, const struct survey *survey,
                        uint64_t known_txn, uint64_t known_gc, struct roster_blocker *blocker)
{
    const struct paths *paths = &safe_point->paths;
    const char *key = survey->gc < known_gc ? paths->gc : paths->txn;
    int err = 0;

    /* A key was deleted or a backup restored: what was given away is no longer known. */
    if (survey->txn < known_txn || survey->gc < known_gc || (survey->txn == 0 && survey->gc != 0)) {
        (void)unreadable(roster_store_text(key), blocker);
        return -EREMCHG;
    }
    if (survey->gc > survey->txn) {
        (void)rst_safe_point_name_impossible(safe_point, paths->gc, survey->gc,
                                             "above the txn safe point");
        return impossible(roster_store_text(paths->gc), survey->gc, blocker);
    }
    if (survey->txn > known_txn)
        err = rst_safe_point_admit(safe_point, paths->txn, survey->txn);
    if (err == -EBADMSG)
        return impossible(roster_store_text(paths->txn), survey->txn, blocker);
    if (!err && survey->gc > known_gc)
        err = rst_safe_point_admit(safe_point, paths->gc, survey->gc);
    return err == -EBADMSG ? impossible(roster_store_text(paths->gc), survey->gc, blocker) : err;
}

int rst_survey_begin(struct roster_safe_point *safe_point, struct survey *survey,
                     struct roster_blocker *blocker)
{
    const struct paths *paths = &safe_point->paths;
    /* Known before the store is read: another thread may learn more in that time. */
    uint64_t known_txn = roster_txn_safe_point(safe_point);
    uint64_t known_gc = roster_gc_safe_point(safe_point);
    struct batch batch = {.n_ops = 0};
    int err;

    memset(survey, 0, sizeof(*survey));
    memset(blocker, 0, sizeof(*blocker));
    rst_batch_get(&batch, paths->txn);
    rst_batch_get(&batch, paths->gc);
    rst_batch_get(&batch, paths->records);
    rst_batch_get(&batch, paths->barriers);
    rst_batch_get(&batch, paths->acks);
    rst_batch_get(&batch, paths->holders);
    err = rst_batch_run(&batch, safe_point->store, (int)safe_point->options.timeout_ms,
                        &survey->result);
    if (err)
        return err;
    survey->records = &survey->result->results[2].range;
    survey->barriers = &survey->result->results[3].range;
    survey->acks = &survey->result->results[4].range;
    survey->holders = &survey->result->results[5].range;
    err = read_point(&survey->result->results[0].range, paths->txn, &survey->txn,
                     &survey->txn_revision, blocker);
    if (!err)
        err = read_point(&survey->result->results[1].range, paths->gc, &survey->gc,
                         &survey->gc_revision, blocker);
    return err ? err : check_points(safe_point, survey, known_txn, known_gc, blocker);
}

void rst_survey_end(struct survey *survey)
{
    roster_store_free(survey->result);
    survey->result = NULL;
}

/* The key below `prefix` with that name; NULL: none. Ranges are in the order of their keys. */
static const struct roster_store_kv *find(const struct roster_store_range *range,
                                          const char *prefix, struct roster_store_bytes name)
{
    size_t low = 0, high = range->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = rst_store_bytes_compare(rst_paths_below(&range->kvs[middle], prefix), name);

        if (order == 0)
            return &range->kvs[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* An id of a holder: a number, or a text where it is too large for one; see syncer/options.c. */
static uint64_t id_of(const json_t *holder, const char *name)
{
    const json_t *id = json_object_get(holder, name);
    const char *text = json_string_value(id);
    uint64_t number;

    if (text)
        return rst_record_parse(roster_store_text(text), &number) ? 0 : number;
    return (uint64_t)json_integer_value(id);
}

/* What the server reports as the holder of its minimum; not to be relied upon. */
static void name_holder(const struct roster_safe_point *safe_point, const struct survey *survey,
                        struct roster_store_bytes server, struct roster_blocker *blocker)
{
    const struct roster_store_kv *kv = find(survey->holders, safe_point->paths.holders, server);
    json_t *holder;
    const char *kind;

    if (!kv)
        return;
    holder = rst_json_parse(kv->value.data, kv->value.size, JSON_REJECT_DUPLICATES);
    kind = json_string_value(json_object_get(holder, "kind"));
    snprintf(blocker->holder, sizeof(blocker->holder), "%s", kind ? kind : "");
    blocker->session_id = id_of(holder, "session");
    blocker->pin_id = id_of(holder, "pin");
    json_decref(holder);
}

/* The least timestamps are placeholders for values not computed: they denote no time and have no
 * age. */
static uint64_t age_ms(uint64_t ts, uint64_t wanted)
{
    uint64_t ms = roster_ts_physical_ms(ts);

    return ms ? roster_ts_physical_ms(wanted) - ms : 0;
}

/* Lowers the limit to the least of the range's timestamps. */
static int lower_limit(const struct roster_store_range *range, const char *prefix,
                       enum roster_blocker_kind kind, uint64_t *limit,
                       struct roster_blocker *blocker)
{
    const struct roster_store_kv *kv;
    struct roster_store_bytes name;
    uint64_t ts;
    size_t i;

    for (i = 0; i < range->count; i++) {
        kv = &range->kvs[i];
        if (rst_record_parse(kv->value, &ts))
            return unreadable(kv->key, blocker);
        if (ts >= *limit) /* equal does not block */
            continue;
        *limit = ts;
        name = rst_paths_below(kv, prefix);
        blocker->kind = kind;
        blocker->ts = ts;
        rst_paths_show(blocker->name, sizeof(blocker->name), name);
        snprintf(blocker->holder, sizeof(blocker->holder), "%s",
                 kind == ROSTER_BLOCKER_BARRIER && !kv->lease ? ENDLESS : "");
    }
    return 0;
}

/* What this server protects is not passed by its own doing, whatever its record has become. */
static int check_limit(struct roster_safe_point *safe_point, const struct survey *survey,
                       uint64_t limit, struct roster_blocker *blocker)
{
    const char *key = safe_point->paths.record;
    const struct roster_store_kv *record;
    uint64_t ts = 0;

    if (!safe_point->options.syncer || !rst_syncer_contradicts(safe_point->options.syncer, limit))
        return 0;
    record =
        find(survey->records, safe_point->paths.records, roster_store_text(safe_point->server_id));
    if (record)
        (void)rst_record_parse(record->value, &ts);
    (void)rst_safe_point_reject(safe_point, key, ts, SYNCER_NOT_WRITTEN);
    return impossible(roster_store_text(key), ts, blocker);
}

int rst_survey_txn(struct roster_safe_point *safe_point, const struct survey *survey,
                   uint64_t target, uint64_t *limit, struct roster_blocker *blocker)
{
    struct roster_store_bytes name;
    int err;

    memset(blocker, 0, sizeof(*blocker));
    *limit = target;
    err = lower_limit(survey->records, safe_point->paths.records, ROSTER_BLOCKER_SERVER, limit,
                      blocker);
    if (!err)
        err = lower_limit(survey->barriers, safe_point->paths.barriers, ROSTER_BLOCKER_BARRIER,
                          limit, blocker);
    if (!err)
        err = check_limit(safe_point, survey, *limit, blocker);
    if (err || blocker->kind == ROSTER_BLOCKER_NONE)
        return err;
    blocker->age_ms = age_ms(blocker->ts, target);
    name = roster_store_text(blocker->name);
    if (blocker->kind == ROSTER_BLOCKER_SERVER)
        name_holder(safe_point, survey, name, blocker);
    return 0;
}

/* A server acknowledges what it has read: not more than the txn safe point, nor than it has sent.
 */
static int check_ack(struct roster_safe_point *safe_point, const struct survey *survey,
                     const struct roster_store_kv *ack, uint64_t ts, struct roster_blocker *blocker)
{
    struct roster_syncer *syncer = safe_point->options.syncer;
    char key[ROSTER_BLOCKER_NAME];

    rst_paths_show(key, sizeof(key), ack->key);
    if (syncer && strcmp(key, safe_point->paths.ack) == 0 && ts > rst_syncer_ack_limit(syncer))
        (void)rst_safe_point_reject(safe_point, key, ts, SYNCER_NOT_WRITTEN);
    else if (ts > survey->txn)
        (void)rst_safe_point_name_impossible(safe_point, key, ts, "above the txn safe point");
    else
        return 0;
    return impossible(ack->key, ts, blocker);
}

int rst_survey_acks(struct roster_safe_point *safe_point, const struct survey *survey,
                    uint64_t *limit, struct roster_blocker *blocker)
{
    int err = 0;
    size_t i;

    const struct roster_store_kv *record, *ack;
    struct roster_store_bytes name;
    uint64_t ts;

    memset(blocker, 0, sizeof(*blocker));
    *limit = survey->txn;
    for (i = 0; i < survey->records->count; i++) {
        record = &survey->records->kvs[i];
        name = rst_paths_below(record, safe_point->paths.records);
        ack = find(survey->acks, safe_point->paths.acks, name);
        /* Without an acknowledgement the record itself states what the server needs. */
        if (!ack)
            ack = record;
        if (rst_record_parse(ack->value, &ts))
            return unreadable(ack->key, blocker);
        if (ack != record)
            err = check_ack(safe_point, survey, ack, ts, blocker);
        if (err)
            return err;
        if (ts >= *limit)
            continue;
        *limit = ts;
        blocker->kind = ROSTER_BLOCKER_ACK;
        blocker->ts = ts;
        blocker->age_ms = age_ms(ts, survey->txn);
        rst_paths_show(blocker->name, sizeof(blocker->name), name);
    }
    return 0;
}

static int describe_server(const struct roster_blocker *blocker, char *text, size_t size)
{
    char who[96];

    if (blocker->holder[0] == '\0')
        return snprintf(text, size,
                        "server %s has reported %" PRIu64 ", %" PRIu64 ".%03u s behind; wait for "
                        "its next report; look at the server if this grows",
                        blocker->name, blocker->ts, blocker->age_ms / 1000,
                        (unsigned)(blocker->age_ms % 1000));
    if (blocker->pin_id != 0)
        snprintf(who, sizeof(who), ", pin %" PRIu64 " (%s) of session %" PRIu64, blocker->pin_id,
                 blocker->holder, blocker->session_id);
    else
        snprintf(who, sizeof(who), ", %s of session %" PRIu64, blocker->holder,
                 blocker->session_id);
    return snprintf(text, size,
                    "server %s needs %" PRIu64 ", %" PRIu64 ".%03u s behind%s; end that, or stop "
                    "the server",
                    blocker->name, blocker->ts, blocker->age_ms / 1000,
                    (unsigned)(blocker->age_ms % 1000), who);
}

const char *roster_blocker_describe(const struct roster_blocker *blocker, char *text, size_t size)
{
    if (!blocker)
        return NULL;
    switch (blocker->kind) {
    case ROSTER_BLOCKER_SERVER:
        describe_server(blocker, text, size);
        break;
    case ROSTER_BLOCKER_BARRIER:
        snprintf(text, size, "barrier %s stands at %" PRIu64 "; %s", blocker->name, blocker->ts,
                 strcmp(blocker->holder, ENDLESS) != 0
                     ? "delete it, or wait until it expires"
                     : "it never expires: delete it when its owner has agreed");
        break;
    case ROSTER_BLOCKER_UNREADABLE:
        snprintf(text, size,
                 "key %s holds no timestamp, or one that has gone back; find out who wrote it",
                 blocker->name);
        break;
    case ROSTER_BLOCKER_IMPOSSIBLE:
        snprintf(text, size,
                 "key %s holds %" PRIu64
                 ", which no server can have written; find out who wrote it",
                 blocker->name, blocker->ts);
        break;
    case ROSTER_BLOCKER_ACK:
        if (blocker->ts <= 1)
            snprintf(text, size,
                     "server %s has not acknowledged a safe point yet; look at it, or wait until "
                     "its lease has ended",
                     blocker->name);
        else
            snprintf(text, size,
                     "server %s has acknowledged %" PRIu64
                     " only; look at it, or wait until its lease has ended",
                     blocker->name, blocker->ts);
        break;
    case ROSTER_BLOCKER_NONE:
    default:
        snprintf(text, size, "nothing blocks");
        break;
    }
    /* The names come from keys, which any client of the store may have written. */
    roster_text_show(text, strlen(text), text, size);
    return text;
}
