/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What is read of a safe point is checked before it is known here. A live server's bound is what
 * its roster still protects; the bound of all others is the oracle's now. What passes fails every
 * check below it before anybody can collect by it; what does not is rejected, see syncer/reject.c.
 */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <roster/timestamp.h>

#include "cluster/safepoint/safepoint.h"
#include "cluster/syncer/syncer.h"

int safepoint_now(struct roster_safepoint *safepoint, uint64_t *now)
{
    int err = safepoint->options.oracle(safepoint->options.oracle_arg, now);

    if (err == 0 && (*now == 0 || *now == ROSTER_TS_MAX))
        err = -EIO;
    if (err != 0)
        return err;
    pthread_mutex_lock(&safepoint->lock);
    if (*now > safepoint->now_seen)
        safepoint->now_seen = *now;
    pthread_mutex_unlock(&safepoint->lock);
    return 0;
}

int safepoint_is_past(struct roster_safepoint *safepoint, uint64_t ts, bool *past)
{
    uint64_t now;
    int err = 0;

    pthread_mutex_lock(&safepoint->lock);
    now = safepoint->now_seen;
    pthread_mutex_unlock(&safepoint->lock);
    if (ts > now && safepoint->options.oracle != NULL)
        err = safepoint_now(safepoint, &now);
    *past = ts <= now || safepoint->options.oracle == NULL;
    return err;
}

int safepoint_name_impossible(struct roster_safepoint *safepoint, const char *key, uint64_t value,
                              const char *why)
{
    struct roster_safepoint_state *state = &safepoint->state;
    bool again;

    pthread_mutex_lock(&safepoint->lock);
    again = state->rejected != 0 && state->rejected_value == value &&
            strcmp(state->rejected_key, key) == 0;
    state->rejected++;
    state->rejected_value = value;
    snprintf(state->rejected_key, sizeof(state->rejected_key), "%s", key);
    pthread_mutex_unlock(&safepoint->lock);
    if (!again)
        safepoint_log(safepoint, ROSTER_STORE_LOG_ERROR,
                      "%s holds %" PRIu64 ", %s; it is not used here; find out who wrote it", key,
                      value, why);
    return -EBADMSG;
}

int safepoint_reject(struct roster_safepoint *safepoint, const char *key, uint64_t value,
                     const char *why)
{
    struct roster_syncer *syncer = safepoint->options.syncer;

    (void)safepoint_name_impossible(safepoint, key, value, why);
    if (syncer != NULL) {
        (void)syncer_reject(syncer, key, value, why);
        syncer_tell(syncer);
    }
    return -EBADMSG;
}

int safepoint_admit(struct roster_safepoint *safepoint, const char *key, uint64_t ts)
{
    struct roster_syncer *syncer = safepoint->options.syncer;
    bool past = true;
    int err = 0;

    if (syncer != NULL && key == safepoint->paths.gc && ts > syncer_ack_limit(syncer))
        return safepoint_reject(safepoint, key, ts, SYNCER_ABOVE_ACK);
    if (syncer != NULL && syncer_contradicts(syncer, ts))
        return safepoint_reject(safepoint, key, ts, SYNCER_ABOVE_RECORD);
    /* A record is never above the oracle's now. */
    if (syncer == NULL || ts > syncer_protected(syncer))
        err = safepoint_is_past(safepoint, ts, &past);
    if (err == 0 && !past)
        return safepoint_reject(safepoint, key, ts, SYNCER_AHEAD);
    /* From here on no check below it succeeds. */
    if (err == 0 && syncer != NULL && !syncer_pass(syncer, ts))
        return safepoint_reject(safepoint, key, ts, SYNCER_ABOVE_RECORD);
    return err;
}
