/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The private side of a syncer. Four duties that never wait for each other:
 *
 *     lease   grants it, registers the server, keeps it alive, comes back  syncer/lease.c
 *     report  puts the record                                             syncer/record.c
 *     watch   detects that the record is gone                             syncer/watch.c
 *     fence   acts on the deadline when no other thread could                 syncer/state.c
 *
 * syncer/reject.c checks every value read from the store before it is used.
 *
 * Two locks. The thread that changes the record in the store holds `record_lock`, also across calls
 * of the store; only registering, reporting and lowering take it. `lock` guards the state, is never
 * held across a call of the store, of the oracle or of a callback, and is taken inside record_lock.
 * The roster's own locks are taken inside both.
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

/* Changes of state to be delivered. */
#define SYNCER_CHANGES 16

struct roster_syncer {
    /* Constant. */
    struct roster *roster;
    struct roster_store *store;
    struct roster_syncer_options options; /* complete; its strings are no longer valid */
    struct paths paths;
    char *info; /* JSON */
    char *server_id;

    /* The record in the store. Under record_lock. */
    pthread_mutex_t record_lock;
    int64_t rst_record_revision; /* of its last known change */
    uint64_t record;             /* its value then */
    struct roster_holder holder; /* the holder stored with it */
    uint64_t txn_seen;           /* the greatest txn safe point that was read and admitted */
    unsigned rebinds;            /* of the store, when it was read */
    bool touched;                /* a change with an unknown outcome is in progress */
    int64_t scanned_at;          /* CLOCK_BOOTTIME: when the minimum of that, or of what is on its
                                    way, was asked for */

    /* The server's last sign of life. Used by the report duty, and after its end by the stop. */
    int64_t seen_lease;   /* that it hangs on; 0: none */
    int64_t seen_kept_at; /* when that was granted, or kept alive */
    int64_t seen_due;     /* not written again before */

    /* Under lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* state, due times, stop */
    enum roster_syncer_state state;
    bool registered;       /* the record is under `lease`, as far as known */
    int64_t lease;         /* 0: none */
    int64_t deadline;      /* CLOCK_BOOTTIME: the lease may have ended then */
    int64_t ttl_ms;        /* by the store's newest reply */
    int64_t old_lease;     /* to be revoked later; 0: none */
    int64_t registered_at; /* the revision of the registration */
    int64_t gone_at;       /* the newest revision at which the watch saw the record vanish */
    bool recheck;          /* the watch saw a record that this server did not write */
    uint64_t ack_sent;     /* the greatest acknowledgement that was ever sent */
    int64_t ack_lease;     /* the lease of the present one; 0: none */
    uint64_t give_up;      /* hold nothing below it; 0: none */
    unsigned failures;     /* of the lease duty, in a row */
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

/* The checks of a call. 0; -EINVAL: there is no syncer; -ECHILD: its store is another process's. */
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

/* The record or its lease is lost: fences and makes the lease duty register again at once. Call
 * rst_syncer_tell() afterwards.
 */
void rst_syncer_lost(struct roster_syncer *syncer, int64_t lease, int reason);

/* Under lock: fences the roster, and a live syncer becomes fenced. Call rst_syncer_tell()
 * afterwards. */
void rst_syncer_fence(struct roster_syncer *syncer, int reason);

/* Fences when the deadline has passed. */
void rst_syncer_fence_duty(struct roster_syncer *syncer);

/* Under lock: sets when the duty is due again; wakes its thread. */
void rst_syncer_set_due(struct roster_syncer *syncer, enum syncer_duty duty, int64_t when);

/* The server's lease, for keys that are to disappear with it; 0 while it is not live. */
int64_t rst_syncer_live_lease(struct roster_syncer *syncer);

/* Records the result of an operation, a member of `stats`; counts failures unless NULL. */
void rst_syncer_note(struct roster_syncer *syncer, struct roster_failing *operation, int err,
                     uint64_t *counter);

/* --------------------------------------------------------------- syncer/record.c */

/* Logs when scans begin to fail, and when they succeed again. */
void rst_syncer_tell_scan(struct roster_syncer *syncer);

/* Registers under a lease. On success the roster is live until `deadline`. Then tell both. */
int rst_syncer_register(struct roster_syncer *syncer, int64_t lease, int64_t deadline);

/* One report. */
int rst_syncer_report(struct roster_syncer *syncer);
void rst_syncer_report_duty(void *arg);

/* The leader requests it, and this server's options allow it: everything below `ts` is given up
 * with the next report, which is due now. Nothing new is held there. */
void rst_syncer_give_up(struct roster_syncer *syncer, uint64_t ts);

/* Lowers the record; the roster's hook. */
int rst_syncer_lower(void *arg, uint64_t ts);

/* Whether the record is still under this lease: 0, -EKEYEXPIRED, or an error of the store. */
int rst_syncer_verify(struct roster_syncer *syncer, int64_t lease);

/* --------------------------------------------------------------- syncer/reject.c */

/* Why a safe point is rejected. */
#define SYNCER_ABOVE_RECORD "above what this server still protects under a lease that has not ended"
#define SYNCER_AHEAD "ahead of this server's oracle"
#define SYNCER_NOT_WRITTEN "which this server has not written under its lease"
#define SYNCER_ABOVE_ACK "above what this server has acknowledged under its lease"

/*
 * Whether the roster, under a live lease, protects something below a safe point that was read.
 * Fences if the deadline has passed: then a leader may have passed the record.
 */
bool rst_syncer_contradicts(struct roster_syncer *syncer, uint64_t ts);

/* The record as the roster protects it, which is not below the one in the store. */
uint64_t rst_syncer_protected(struct roster_syncer *syncer);

/* A safe point is about to be published: see rst_lease_pass(). */
bool rst_syncer_pass(struct roster_syncer *syncer, uint64_t ts);

/* Counts and logs a value that no correct store or server can have written. Returns -EBADMSG. */
int rst_syncer_name_impossible(struct roster_syncer *syncer, const char *key, uint64_t value,
                               const char *why);

/* The same for a value that the server's protection relies on, see syncer/reject.c: a live server
 * is fenced. rst_syncer_tell() afterwards. */
int rst_syncer_reject(struct roster_syncer *syncer, const char *key, uint64_t value,
                      const char *why);

/* Whether the store's reply about a lease is valid: 0 or -EBADMSG. */
int rst_syncer_check_lease(struct roster_syncer *syncer, const struct roster_store_lease *lease);

/*
 * Acknowledgements of the server's safe points: before one is sent; when the first one under a
 * lease stands, or with 0 when none stands any more; and how far the gc safe point may then be.
 */
void rst_syncer_ack_sent(struct roster_syncer *syncer, uint64_t ts);
void rst_syncer_ack_stands(struct roster_syncer *syncer, int64_t lease);
uint64_t rst_syncer_ack_limit(struct roster_syncer *syncer);

/* Whether a gc safe point contradicts that. Past the deadline it cannot: a leader no longer counts
 * this server, and the server is fenced here. */
bool rst_syncer_above_ack(struct roster_syncer *syncer, uint64_t ts);

/* --------------------------------------------------------------- syncer/lease.c */

void rst_syncer_lease_duty(void *arg);

/* --------------------------------------------------------------- syncer/seen.c */

/* Registered: makes the report duty write the first sign of life at once. */
void rst_syncer_seen_first(struct roster_syncer *syncer);

/* Whether the report duty was woken only for that. */
bool rst_syncer_seen_only(struct roster_syncer *syncer);

/* Writes it, unless that was done recently. A failure is harmless. */
void rst_syncer_seen_put(struct roster_syncer *syncer);

/* After the last thread: deletes it. 0 or an error of the store. */
int rst_syncer_seen_remove(struct roster_syncer *syncer);

/* --------------------------------------------------------------- syncer/watch.c */

/* Processes changes of the record, waiting at most `timeout_ms` for them; negative: forever. */
void rst_syncer_watch_duty(struct roster_syncer *syncer, int timeout_ms);

/* --------------------------------------------------------------- syncer/run.c */

/* The duties, in the order of their enumeration. */
void rst_syncer_background_init(struct roster_syncer *syncer);

/* After the last thread: fences permanently. */
void rst_syncer_end(struct roster_syncer *syncer);

/* --------------------------------------------------------------- syncer/options.c */

int rst_syncer_options_complete(struct roster_syncer_options *known,
                                const struct roster_syncer_options *options);

/* The JSON of the server. 0, -EINVAL (no UTF-8) or -ENOMEM. */
int rst_syncer_info_json(const struct roster_syncer_options *options, char **text);

/* The same JSON with another status address; NULL: none. 0, -EINVAL (too long, no UTF-8), -ENOMEM.
 */
int rst_syncer_info_address(const char *info, const char *address, char **text);

/* The JSON of its last sign of life: the time, and its status address and its record then. 0 or
 * -ENOMEM. */
int rst_syncer_sign_json(const char *info, int64_t at_ms, const char *record, char **text);

/* Writes the JSON of the minimum's holder to `text` and returns that. */
struct roster_store_bytes rst_syncer_holder_json(const struct roster_holder *holder, char *text,
                                                 size_t size);
