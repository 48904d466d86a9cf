/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The private side of safe points.
 *
 * A leader that is frozen between reading and writing is harmless. It reads the safe point together
 * with the records, in one transaction, and its write requires that the safe point's revision is
 * unchanged. A server that adds or lowers a record or sets a barrier rewrites the safe point's key.
 * So the leader can miss only that records are raised or deleted, and then the safe point is merely
 * low.
 */
#pragma once

#include "cluster/keys/keys.h"
#include "core/base/atomic.h"
#include "core/base/background.h"
#include "store/base/foreign.h"
#include "store/base/log.h"

#include <pthread.h>
#include <roster/safe_point.h>
#include <roster/store_watch.h>

/* The oracle's timestamp, the store's revision and CLOCK_BOOTTIME at one instant. This many samples
 * cover the age at which a holder counts as abandoned. */
#define SAFE_POINT_SAMPLES 16

struct safe_point_sample {
    int64_t at;
    uint64_t now;
    int64_t revision;
};

enum safe_point_duty { SAFE_POINT_FOLLOW, SAFE_POINT_LEAD, SAFE_POINT_DUTIES };

struct roster_safe_point {
    /* Constant. */
    struct roster_store *store;
    struct roster_safe_point_options options; /* complete; its strings are no longer valid */
    struct paths paths;                       /* of the syncer's server, if there is one */
    char server_id[PATHS_PART + 1];

    /* Read by collectors; only raised, under lock. Release; pairs with the loads of the getters. */
    rst_word txn;
    rst_word gc;

    pthread_mutex_t lock; /* never held across a call of the store, the oracle or a callback */
    struct roster_safe_point_state state; /* without txn and gc */
    int64_t acknowledged_lease;           /* the lease of the written acknowledgement */
    bool ack_may_stand;                   /* one was sent to the store, with or without a reply */
    int64_t leader_revision;              /* of the leader's key while this server leads */
    char logged_leader[129];              /* of the newest event about leaders */
    unsigned waits;                       /* for acknowledgements, in a row */
    uint64_t now_seen;                    /* the oracle's greatest now so far */
    bool unsure;                          /* a safe point in the store was not admitted */
    int64_t txn_due;                      /* CLOCK_MONOTONIC: then the txn safe point moves again */
    struct safe_point_sample samples[SAFE_POINT_SAMPLES + 2]; /* the oldest first */
    unsigned n_samples;
    uint64_t pass_line; /* servers are requested to give up what they hold below; 0: none */
    uint64_t followed;  /* how far this server has followed that */
    bool asked;         /* this leader has raised the line, so holders may soon give up */
    struct rst_background background; /* the duties, and telling; its lock comes inside `lock` */
    struct roster_store_watch *watch;
    struct store_log log;
};

/* The contents of the store at one revision. */
struct survey {
    struct roster_store_txn_result *result; /* owns what the ranges point to */
    const struct roster_store_range *records, *barriers, *acks, *holders;
    uint64_t txn, gc; /* 0: none */
    int64_t txn_revision, gc_revision;
};

/* The checks of a call. 0; -EINVAL: there are no safe points; -ECHILD: their store is another
 * process's. */
static inline int rst_safe_point_check(const struct roster_safe_point *safe_point)
{
    return rst_store_check(safe_point ? safe_point->store : NULL);
}

/* --------------------------------------------------------------- safe_point/survey.c */

/*
 * Reads everything; give it to rst_survey_end(), also after an error. -EBADMSG if a safe point is
 * not a timestamp, -EREMCHG if it has gone back; the key is then the blocker.
 */
int rst_survey_begin(struct roster_safe_point *safe_point, struct survey *survey,
                     struct roster_blocker *blocker);
void rst_survey_end(struct survey *survey);

/* The upper bound of the txn safe point, and what keeps it from the target. 0 or -EBADMSG. */
int rst_survey_txn(struct roster_safe_point *safe_point, const struct survey *survey,
                   uint64_t target, uint64_t *limit, struct roster_blocker *blocker);

/*
 * The upper bound of the gc safe point: what all servers have acknowledged, at most the txn safe
 * point; and which server has acknowledged less. 0 or -EBADMSG.
 */
int rst_survey_acks(struct roster_safe_point *safe_point, const struct survey *survey,
                    uint64_t *limit, struct roster_blocker *blocker);

/* --------------------------------------------------------------- safe_point/advance.c */

/* The leader's round: the txn safe point, unless `txn` is NULL, then the gc safe point. */
int rst_safe_point_round(struct roster_safe_point *safe_point, struct roster_safe_point_result *txn,
                         struct roster_safe_point_result *gc);

/* --------------------------------------------------------------- safe_point/safe_point.c */

/*
 * What was read or written is known from now on; reports it. 0, or the error of
 * rst_safe_point_admit(), and then neither is known.
 */
int rst_safe_point_learn(struct roster_safe_point *safe_point, uint64_t txn, uint64_t gc);

/* Notes that a safe point was not admitted, or that it is read again. Returns what was noted. */
bool rst_safe_point_set_unsure(struct roster_safe_point *safe_point, bool unsure);

/* Records the result of an operation, a member of `state`. Takes the lock. */
void rst_safe_point_note(struct roster_safe_point *safe_point, struct roster_failing *operation,
                         int err);

/* Delivers the present state to the callback; without locks. */
void rst_safe_point_tell(struct roster_safe_point *safe_point);

__attribute__((format(printf, 3, 4))) void rst_safe_point_log(struct roster_safe_point *safe_point,
                                                              enum roster_store_log_level level,
                                                              const char *format, ...);

/* --------------------------------------------------------------- safe_point/admit.c */

/*
 * Whether a safe point that was read from this key, one of `paths`, may be used: 0, and then every
 * check below it fails; -EBADMSG if no leader can have written it; the oracle's error.
 */
int rst_safe_point_admit(struct roster_safe_point *safe_point, const char *key, uint64_t ts);

/* Counts and logs a value that no server can have written. Returns -EBADMSG. */
int rst_safe_point_name_impossible(struct roster_safe_point *safe_point, const char *key,
                                   uint64_t value, const char *why);

/* The same for a value that contradicts this server, which is fenced as well. */
int rst_safe_point_reject(struct roster_safe_point *safe_point, const char *key, uint64_t value,
                          const char *why);

/* The oracle's now. 0, -ENODATA or its error. */
int rst_safe_point_now(struct roster_safe_point *safe_point, uint64_t *now);

/* Whether the oracle, if there is one, has reached a timestamp. 0, -ENODATA or its error. */
int rst_safe_point_is_past(struct roster_safe_point *safe_point, uint64_t ts, bool *past);

/* --------------------------------------------------------------- safe_point/options.c */

/* Copies the caller's options, which may be NULL, and fills in the defaults; -EINVAL out of bounds.
 */
int rst_safe_point_options_complete(struct roster_safe_point_options *known,
                                    const struct roster_safe_point_options *options);

/* --------------------------------------------------------------- safe_point/run.c */

void rst_safe_point_background_init(struct roster_safe_point *safe_point);

/* --------------------------------------------------------------- safe_point/lead.c */

void rst_safe_point_lead_duty(void *arg);
void rst_safe_point_resign(struct roster_safe_point *safe_point);

/* Under lock: the leader's id from the store, none if `size` is 0; the watch may deliver the same
 * one again. */
void rst_safe_point_name_leader(struct roster_safe_point *safe_point, struct roster_store_bytes id);

/* --------------------------------------------------------------- safe_point/abandoned.c */

/*
 * After a round towards `target`, from that `now`: names holders that are too old and, in mode
 * pass, deletes such barriers and sends requests to such servers. Returns whether the round has to
 * be repeated.
 */
bool rst_abandoned_round(struct roster_safe_point *safe_point, uint64_t now, uint64_t target);

/* The store's value for servers that are requested to give up. */
void rst_abandoned_take_line(struct roster_safe_point *safe_point, struct roster_store_bytes value);

/* Makes the syncer give up as requested, if allowed: as a server, in mode pass, up to its own
 * limit. */
void rst_abandoned_follow(struct roster_safe_point *safe_point);

/* --------------------------------------------------------------- safe_point/follow.c */

/* Processes the watch's events, waiting at most `timeout_ms`, and acknowledges. */
void rst_safe_point_follow_duty(struct roster_safe_point *safe_point, int timeout_ms);
