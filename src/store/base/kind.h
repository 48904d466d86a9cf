/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What the dispatcher (store.c) and the kinds of stores know of each other.
 *
 * A kind implements struct store_kind. The dispatcher hands it only arguments that it has
 * checked, an absolute deadline, and never NULL to receive a result; it counts calls and their
 * failures. Everything else, locking included, is the kind's business.
 */
#pragma once

#include "core/base/atomic.h"
#include "store/base/log.h"

#include <roster/store.h>
#include <roster/store_lease.h>
#include <roster/store_watch.h>

/* The text of an error while a store is being opened; both fields may be 0. */
struct store_error {
    char *text;
    size_t size;
};

/* Writes the text, shortened if it must be, and returns err. */
__attribute__((format(printf, 3, 4))) int rst_store_error_set(const struct store_error *error,
                                                              int err, const char *format, ...);

enum store_lease_verb {
    STORE_LEASE_GRANT,
    STORE_LEASE_KEEP,
    STORE_LEASE_LOOK,
    STORE_LEASE_REVOKE,
    STORE_LEASE_DROP, /* a revoke, or nothing while a key hangs on it */
};

/* What a lease call asks for. */
struct store_lease_call {
    enum store_lease_verb verb;
    int64_t id;     /* all but a grant */
    int64_t ttl_ms; /* a grant */
};

struct store_kind {
    const char *scheme; /* the URL up to and without the colon */
    int raises;         /* a signal that its calls may raise, see signals.h; 0: none */

    /* Allocates the store and sets nothing in its base but for what its fields below say. */
    int (*open)(const char *address, const struct roster_store_options *options,
                struct roster_store **store, const struct store_error *error);
    void (*close)(struct roster_store *store);
    int (*rebind)(struct roster_store *store);
    int (*get)(struct roster_store *store, const struct roster_store_keys *keys, uint32_t limit,
               int64_t deadline, struct roster_store_range **range);
    int (*txn)(struct roster_store *store, const struct roster_store_txn *txn, int64_t deadline,
               struct roster_store_txn_result **result);
    int (*lease)(struct roster_store *store, const struct store_lease_call *call, int64_t deadline,
                 struct roster_store_lease *lease);
    int (*watch_open)(struct roster_store_watch *base, struct roster_store_watch **watch);
    int (*watch_next)(struct roster_store_watch *watch, int64_t deadline,
                      struct roster_store_events **events);
    void (*watch_wake)(struct roster_store_watch *watch);
    void (*watch_close)(struct roster_store_watch *watch);
};

/* Counters are statistics: relaxed everywhere, nothing is ordered by them. */
struct store_counters {
    rst_word calls;
    rst_word failures;
    rst_word unknown;
    rst_word requests;
    rst_word retries;
    rst_word endpoint_failures;
    rst_word authentications;
    rst_word watch_restarts;
    rst_word watch_snapshots;
    rst_word leases_expired;
};

static inline void store_count(rst_word *counter)
{
    rst_fetch_add(counter, 1);
}

/* First member of each kind's store. Constant after opening, but for the counters and the log. */
struct roster_store {
    const struct store_kind *kind;
    unsigned process; /* the one that opened it, see foreign.h */
    char *url;
    struct roster_store_options options; /* complete, with defaults; strings are owned */
    struct store_counters counters;
    /* How often it was bound to another store. Release; pairs with rst_store_rebinds(). */
    uint32_t rebinds;
    struct store_log log;
};

/* First member of each kind's watch. */
struct roster_store_watch {
    struct roster_store *store;
    struct roster_store_keys keys;
    unsigned char *key; /* the copy that keys points to */
    int64_t next;       /* first revision not delivered yet, 0: a snapshot is to come */
    /* Set by any thread, release; pairs with the acquire in rst_store_watch_canceled(). */
    bool canceled;
};

/* What a kind's open() does with a new store that is all 0, before anything else. */
void rst_store_begin(struct roster_store *store, const struct roster_store_options *options);

bool rst_store_watch_canceled(struct roster_store_watch *watch);

/* Gives one line to the log callback, if there is one; see log.h. Call without a lock held. */
__attribute__((format(printf, 3, 4))) void rst_store_log(struct roster_store *store,
                                                         enum roster_store_log_level level,
                                                         const char *format, ...);

/* What makes an id that no two processes have: rst_random(). 0; -EIO, and the log says so: without
 * it two would take what the other one has made for their own. */
int rst_store_random(struct roster_store *store, uint64_t *bits);

/*
 * store/store.c: ends a lease that a key has hung on, for what need not know who granted it. It
 * stays while another key hangs on it, which may have another owner. etcd is asked in two steps, so
 * a key that is put on such a lease at that moment goes with it.
 *
 * Returns as roster_store_lease_revoke(); 0 also when it stays.
 */
int rst_store_lease_drop(struct roster_store *store, int64_t id, int timeout_ms);

/* store/options.c: the complete options; frees what was copied when it fails. */
int rst_store_options_copy(const struct roster_store_options *from, struct roster_store_options *to,
                           const struct store_error *error);
void rst_store_options_free(struct roster_store_options *options);

/* base/check.c: 0, -EINVAL or -EMSGSIZE. */
int rst_store_check_keys(const struct roster_store_keys *keys, bool reading);
int rst_store_check_txn(const struct roster_store_txn *txn);

/* Whether any operation that the transaction may carry out changes something. */
bool rst_store_txn_changes(const struct roster_store_txn *txn);
