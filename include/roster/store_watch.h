/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Watches of a store: each change of some keys is delivered, in order. Time-outs and errors are
 * those of roster/store.h; of one watch, one thread at a time uses the functions, but for
 * roster_store_watch_cancel().
 */
#ifndef ROSTER_STORE_WATCH_H
#define ROSTER_STORE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <roster/store.h>

ROSTER_BEGIN_DECLS

/* A watch's handle. */
struct roster_store_watch;

/* What happened to a key. */
enum roster_store_event_type { ROSTER_STORE_EVENT_PUT, ROSTER_STORE_EVENT_DELETE };

/* One change. */
struct roster_store_event {
    enum roster_store_event_type type;
    /* The key after it. Of a deleted one only the key itself and mod_revision, the deletion's. */
    struct roster_store_kv kv;
};

/* What a watch has seen. */
struct roster_store_events {
    int64_t revision; /* all changes up to and including this one have now been delivered */
    /*
     * These are not changes but all keys there are: forget what was known. Comes first in a
     * watch without a first revision, and whenever changes were lost for good because the store
     * has compacted its history, or after roster_store_rebind().
     */
    bool snapshot;
    size_t count;
    const struct roster_store_event *events; /* in order; all changes of a revision together */
};

/*
 * Begins to watch keys.
 *
 * `keys`: which ones (without `after`); `revision`: deliver changes from this revision on (0 first
 * delivers all keys there are, as a snapshot, and then the changes after it); `watch`: receives the
 * handle, or NULL on error.
 *
 * Contacts nothing: roster_store_watch_next() does.
 *
 * Returns 0 when begun; -EINVAL for NULL or a value out of range; -ECHILD in a forked child;
 * -EMSGSIZE when the key is longer than ROSTER_STORE_MAX_REQUEST; -ENOMEM.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_watch_open(struct roster_store *store,
                                                         const struct roster_store_keys *keys,
                                                         int64_t revision,
                                                         struct roster_store_watch **watch);

/*
 * Waits for changes and takes all that are there.
 *
 * No change is left out, delivered twice or out of order, whatever happens between: the watch
 * reconnects to other endpoints by itself and goes on where it was, or begins again with a
 * snapshot. It works inside this call alone, so call it again and again; with 0 it never waits.
 *
 * `watch`: the watch (one thread at a time); `timeout_ms`: as in roster/store.h (here a negative
 * number means without end); `events`: receives the changes, or NULL on error (give them to
 * roster_store_free()).
 *
 * Returns 0 when there are events; -ETIMEDOUT when nothing happened while the store was being
 * watched; -EHOSTUNREACH, -EACCES, -EKEYREJECTED, -EPROTO, -ENOLCK, ... when the store is not being
 * watched at the moment, for this reason (call again, it goes on trying after a pause); -EREMCHG
 * when the store was replaced: call roster_store_rebind(), then again; -ECANCELED when
 * roster_store_watch_cancel() was called; -EINVAL for NULL; -ECHILD in a forked child; -ENOMEM
 * (nothing is lost, call again).
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_watch_next(struct roster_store_watch *watch,
                                                         int timeout_ms,
                                                         struct roster_store_events **events);

/*
 * Ends the current and all later roster_store_watch_next() with -ECANCELED.
 *
 * May be called from any thread at any time before roster_store_watch_close().
 */
ROSTER_API void roster_store_watch_cancel(struct roster_store_watch *watch);

/* Ends a watch; NULL is ignored. No other function of the watch may be running. */
ROSTER_API void roster_store_watch_close(struct roster_store_watch *watch);

ROSTER_END_DECLS

#endif
