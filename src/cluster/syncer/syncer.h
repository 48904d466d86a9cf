/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The private side of a syncer. Four duties that never wait for each other:
 *
 *     lease   grants it, registers the server, keeps it alive, comes back  syncer/lease.c
 *     report  puts the record                                             syncer/record.c
 *     watch   notices that the record is gone                             syncer/watch.c
 *     fence   acts on the deadline when no other thread could                 syncer/state.c
 *
 * What any of them reads from the store is checked by syncer/reject.c before it is used.
 *
 * Two locks. `record_lock` belongs to the thread that changes the record in the store and is held
 * across calls of the store; only registering, reporting and lowering take it. `lock` guards the
 * state, is never held across a call of the store, of the oracle or of a callback, and is taken
 * inside record_lock. The roster's own locks come inside both.
 */
#pragma once

#include "cluster/keys/keys.h"
#include "core/base/background.h"
#include "store/base/foreign.h"
#include "store/base/log.h"

#include <pthread.h>
#include <roster/minimum.h>
#include <roster/store_lease.h>
#include <roster/store_watch.h>
#include <roster/syncer.h>
#include <stdbool.h>

enum syncer_duty { SYNCER_LEASE, SYNCER_REPORT, SYNCER_WATCH, SYNCER_FENCE, SYNCER_DUTIES };

/* Changes of state that wait to be delivered. */
#define SYNCER_CHANGES 16

struct roster_syncer {
    /* Constant. */
    struct roster *roster;
    struct roster_store *store;
    struct roster_syncer_options options; /* complete; its strings are not ours any more */
    struct paths paths;
    char *info; /* JSON */
    char *server_id;

    /* The record in the store. Under record_lock. */
    pthread_mutex_t record_lock;
    int64_t rst_record_revision; /* of its last change that we know */
    uint64_t record;             /* its value then */
    struct roster_holder holder; /* what stands beside it */
    uint64_t txn_seen;           /* the greatest txn safe point that was read and admitted */
    unsigned rebinds;            /* of the store, when it was read */
    bool touched;                /* a change is on its way whose outcome is unknown */
    int64_t scanned_at;          /* CLOCK_BOOTTIME: when the minimum of that, or of what is on its
                                    way, was asked for */

    /* The server's last sign of life. The report duty's, and the stop's after its end. */
    int64_t seen_lease;   /* that it hangs on; 0: none */
    int64_t seen_kept_at; /* when that was granted, or kept alive */
    int64_t seen_due;     /* not written again before */

    /* Under lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* state, due times, stop */
    enum roster_syncer_state state;
    bool registered;       /* the record hangs on `lease` as far as we know */
    int64_t lease;         /* 0: none */
    int64_t deadline;      /* CLOCK_BOOTTIME: then it may be gone */
    int64_t ttl_ms;        /* for how long it is relied upon, by the store's newest answer */
    int64_t old_lease;     /* to be revoked when there is time; 0: none */
    int64_t registered_at; /* the revision of the registration */
    int64_t gone_at;       /* the newest revision at which the watch saw the record vanish */
    bool recheck;          /* the watch saw the record as this server did not write it */
    uint64_t ack_sent;     /* the greatest acknowledgement that was ever sent */
    int64_t ack_lease;     /* the lease under which one stands; 0: none */
    uint64_t give_up;      /* below it nothing is to be held any more; 0: none */
    unsigned failures;     /* of the lease's duty, in a row */
    struct roster_syncer_stats stats;
    struct roster_syncer_change changes[SYNCER_CHANGES];
    unsigned n_changes;
    int scan_err;           /* of the newest scan */
    int told_scan_err;      /* what was last logged about scans */
    uint64_t told_given_up; /* the number of times that was last logged */
    bool first_sign;        /* it has registered: the report duty writes a sign of life before... */
    int64_t report_at;      /* ...its next report, which stays due then; 0: now */

    struct rst_background background; /* the duties, and telling; its lock comes inside `lock` */
    struct roster_store_watch *watch; /* the watch duty's; opened on creation */
    struct store_log log;
};

/* What a call asks first. 0; -EINVAL: there is no syncer; -ECHILD: its store is foreign. */
static inline int rst_syncer_check(const struct roster_syncer *syncer)
{
    return rst_store_check(syncer ? syncer->store : NULL);
}

/* Before work by hand, which rst_background_leave() ends: the same, or rst_background_enter()'s. */
static inline int rst_syncer_enter(struct roster_syncer *syncer)
{
    int err = rst_syncer_check(syncer);

    return err ? err : rst_background_enter(&syncer->background);
}

/* --------------------------------------------------------------- syncer/state.c */

__attribute__((format(printf, 3, 4))) void rst_syncer_log(struct roster_syncer *syncer,
                                                          enum roster_store_log_level level,
                                                          const char *format, ...);

/* Under lock: changes the state; rst_syncer_tell() afterwards, without locks. */
void rst_syncer_set_state(struct roster_syncer *syncer, enum roster_syncer_state state, int reason);
void rst_syncer_tell(struct roster_syncer *syncer);

/* The record or its lease is gone: fences and makes the lease's duty come back at once. Then tell.
 */
void rst_syncer_lost(struct roster_syncer *syncer, int64_t lease, int reason);

/* Under lock: fences the roster, and a live syncer becomes fenced. Then tell. */
void rst_syncer_fence(struct roster_syncer *syncer, int reason);

/* Fences when the deadline has passed. */
void rst_syncer_fence_duty(struct roster_syncer *syncer);

/* Under lock: when the duty is due again; wakes its thread. */
void rst_syncer_set_due(struct roster_syncer *syncer, enum syncer_duty duty, int64_t when);

/* The lease that the server lives under, for keys that shall go with it; 0 while it is not live. */
int64_t rst_syncer_live_lease(struct roster_syncer *syncer);

/* What an attempt of an operation, a member of `stats`, came to; counts failures unless NULL. */
void rst_syncer_note(struct roster_syncer *syncer, struct roster_failing *operation, int err,
                     uint64_t *counter);

/* --------------------------------------------------------------- syncer/record.c */

/* Logs when scans begin to fail, and when they work again. */
void rst_syncer_tell_scan(struct roster_syncer *syncer);

/* Registers under a lease. On success the roster is live until `deadline`. Then tell both. */
int rst_syncer_register(struct roster_syncer *syncer, int64_t lease, int64_t deadline);

/* One report. */
int rst_syncer_report(struct roster_syncer *syncer);
void rst_syncer_report_duty(void *arg);

/* The leader asks for it, and this server may: what is below `ts` is given up with the next report,
 * which is due now. Nothing new is held there. */
void rst_syncer_give_up(struct roster_syncer *syncer, uint64_t ts);

/* Lowers the record; the roster's hook. */
int rst_syncer_lower(void *arg, uint64_t ts);

/* Whether the record still hangs on this lease: 0, -EKEYEXPIRED, or an error of the store. */
int rst_syncer_verify(struct roster_syncer *syncer, int64_t lease);

/* --------------------------------------------------------------- syncer/reject.c */

/* Why a safe point is rejected. */
#define SYNCER_ABOVE_RECORD "above what this server still protects under a lease that has not ended"
#define SYNCER_AHEAD "ahead of this server's oracle"
#define SYNCER_NOT_WRITTEN "which this server has not written under its lease"
#define SYNCER_ABOVE_ACK "above what this server has acknowledged under its lease"

/*
 * Whether the roster protects something below a safe point that was read, under a lease that lives.
 * Fences when the deadline has passed: then a leader may have passed the record as well.
 */
bool rst_syncer_contradicts(struct roster_syncer *syncer, uint64_t ts);

/* The record as the roster protects it, which is not below the one in the store. */
uint64_t rst_syncer_protected(struct roster_syncer *syncer);

/* A safe point is about to be published: see rst_lease_pass(). */
bool rst_syncer_pass(struct roster_syncer *syncer, uint64_t ts);

/* Counts and names what no correct store or server can say. Returns -EBADMSG. */
int rst_syncer_name_impossible(struct roster_syncer *syncer, const char *key, uint64_t value,
                               const char *why);

/* The same for what the server's protection rests on, see syncer/reject.c: a live server is fenced.
 * rst_syncer_tell() afterwards. */
int rst_syncer_reject(struct roster_syncer *syncer, const char *key, uint64_t value,
                      const char *why);

/* Whether the store's answer about a lease is worth anything: 0 or -EBADMSG. */
int rst_syncer_check_lease(struct roster_syncer *syncer, const struct roster_store_lease *lease);

/*
 * Acknowledgements of the server's safe points: before one is sent; when the first one under a
 * lease stands, or with 0 when none stands any more; and how far the gc safe point may then be.
 */
void rst_syncer_ack_sent(struct roster_syncer *syncer, uint64_t ts);
void rst_syncer_ack_stands(struct roster_syncer *syncer, int64_t lease);
uint64_t rst_syncer_ack_limit(struct roster_syncer *syncer);

/* Whether a gc safe point contradicts that. Past the deadline it may not: then a leader counts this
 * server no more, and the server is fenced here. */
bool rst_syncer_above_ack(struct roster_syncer *syncer, uint64_t ts);

/* --------------------------------------------------------------- syncer/lease.c */

void rst_syncer_lease_duty(void *arg);

/* --------------------------------------------------------------- syncer/seen.c */

/* Registered: the report duty is to write the first sign of life at once. */
void rst_syncer_seen_first(struct roster_syncer *syncer);

/* Whether the report duty was woken for that alone. */
bool rst_syncer_seen_only(struct roster_syncer *syncer);

/* Writes it, unless that was done a moment ago. That it fails does no harm. */
void rst_syncer_seen_put(struct roster_syncer *syncer);

/* After the last thread: takes it away. 0 or an error of the store. */
int rst_syncer_seen_remove(struct roster_syncer *syncer);

/* --------------------------------------------------------------- syncer/watch.c */

/* Takes changes of the record, waiting at most `timeout_ms` for them; negative: without end. */
void rst_syncer_watch_duty(struct roster_syncer *syncer, int timeout_ms);

/* --------------------------------------------------------------- syncer/run.c */

/* The duties, in the order of their enumeration. */
int rst_syncer_background_init(struct roster_syncer *syncer);

/* After the last thread: fences for good. */
void rst_syncer_end(struct roster_syncer *syncer);

/* --------------------------------------------------------------- syncer/options.c */

int rst_syncer_options_complete(struct roster_syncer_options *known,
                                const struct roster_syncer_options *options);

/* The JSON of the server. 0, -EINVAL (no UTF-8) or -ENOMEM. */
int rst_syncer_info_json(const struct roster_syncer_options *options, char **text);

/* The same JSON with another status address; NULL: none. 0, -EINVAL (too long, no UTF-8), -ENOMEM.
 */
int rst_syncer_info_address(const char *info, const char *address, char **text);

/* The JSON of its last sign of life: when, and its status address and its record then. 0 or
 * -ENOMEM. */
int rst_syncer_sign_json(const char *info, int64_t at_ms, const char *record, char **text);

/* The JSON of who holds the minimum, in `text`; a pointer to it. */
struct roster_store_bytes rst_syncer_holder_json(const struct roster_holder *holder, char *text,
                                                 size_t size);
