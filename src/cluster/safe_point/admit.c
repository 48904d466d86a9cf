/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A safe point read from the store is checked before it is used. A live server's bound is what its
 * roster still protects; all others' bound is the oracle's now. For an admitted value, every check
 * below it fails before a collector can use it. Any other value is rejected, see syncer/reject.c.
 */

#include "cluster/safe_point/safe_point.h"
#include "cluster/syncer/syncer.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/oracle.h>
#include <roster/timestamp.h>
#include <stdio.h>

int rst_safe_point_now(struct roster_safe_point *safe_point, uint64_t *now)
{
    int err;

    /* A process that was stopped may not have ticked since. */
    if (safe_point->options.oracle == roster_oracle_local_read)
        roster_oracle_local_advance(safe_point->options.oracle_arg);
    err = safe_point->options.oracle(safe_point->options.oracle_arg, now);
    if (!err && (*now == 0 || *now == ROSTER_TS_MAX))
        err = -ENODATA;
    if (err)
        return err;
    pthread_mutex_lock(&safe_point->lock);
    if (*now > safe_point->now_seen)
        safe_point->now_seen = *now;
    pthread_mutex_unlock(&safe_point->lock);
    return 0;
}

int rst_safe_point_is_past(struct roster_safe_point *safe_point, uint64_t ts, bool *past)
{
    uint64_t now;
    int err = 0;

    pthread_mutex_lock(&safe_point->lock);
    now = safe_point->now_seen;
    pthread_mutex_unlock(&safe_point->lock);
    if (ts > now && safe_point->options.oracle)
        err = rst_safe_point_now(safe_point, &now);
    *past = ts <= now || !safe_point->options.oracle;
    return err;
}

int rst_safe_point_name_impossible(struct roster_safe_point *safe_point, const char *key,
                                   uint64_t value, const char *why)
{
    struct roster_safe_point_state *state = &safe_point->state;

    pthread_mutex_lock(&safe_point->lock);
    state->rejected++;
    state->rejected_value = value;
    snprintf(state->rejected_key, sizeof(state->rejected_key), "%s", key);
    pthread_mutex_unlock(&safe_point->lock);
    rst_safe_point_log(safe_point, ROSTER_STORE_LOG_ERROR,
                       "%s holds %" PRIu64 ", %s; it is not used here; find out who wrote it", key,
                       value, why);
    return -EBADMSG;
}

int rst_safe_point_reject(struct roster_safe_point *safe_point, const char *key, uint64_t value,
                          const char *why)
{
    struct roster_syncer *syncer = safe_point->options.syncer;

    (void)rst_safe_point_name_impossible(safe_point, key, value, why);
    if (syncer) {
        (void)rst_syncer_reject(syncer, key, value, why);
        rst_syncer_tell(syncer);
    }
    return -EBADMSG;
}

int rst_safe_point_admit(struct roster_safe_point *safe_point, const char *key, uint64_t ts)
{
    struct roster_syncer *syncer = safe_point->options.syncer;
    bool past = true;
    int err = 0;

    if (syncer && key == safe_point->paths.gc && rst_syncer_above_ack(syncer, ts))
        return rst_safe_point_reject(safe_point, key, ts, SYNCER_ABOVE_ACK);
    if (syncer && rst_syncer_contradicts(syncer, ts))
        return rst_safe_point_reject(safe_point, key, ts, SYNCER_ABOVE_RECORD);
    /* A record is never above the oracle's now. */
    if (!syncer || ts > rst_syncer_protected(syncer))
        err = rst_safe_point_is_past(safe_point, ts, &past);
    if (!err && !past)
        return rst_safe_point_reject(safe_point, key, ts, SYNCER_AHEAD);
    /* From here on no check below it succeeds. */
    if (!err && syncer && !rst_syncer_pass(syncer, ts))
        return rst_safe_point_reject(safe_point, key, ts, SYNCER_ABOVE_RECORD);
    return err;
}
