/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What transactions consisted of: the digests of the statements of those that lasted long.
 */
#ifndef ROSTER_HISTORY_H
#define ROSTER_HISTORY_H

#include <roster/export.h>
#include <roster/session.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* Number of digests of a transaction that are kept; the others are counted. */
#define ROSTER_DIGESTS_KEPT 50

/*
 * Remembers kinds of transactions, each identified by its digests, and forgets the one that has not
 * been seen for longest. It belongs to no roster. Adding to it takes a lock, but only for
 * transactions that lasted long enough.
 */
struct roster_history;

/*
 * Creates a history of at most `capacity` kinds of transactions that lasted at least
 * `min_duration_ms`; with capacity 0 it remembers nothing until roster_history_set().
 * Returns 0 and stores it in `*history`; -EINVAL for NULL; -ENOMEM.
 */
ROSTER_API int roster_history_create(uint32_t capacity, uint64_t min_duration_ms,
                                     struct roster_history **history) ROSTER_MUST_CHECK;

/* Destroys a history that is no longer in use. NULL is allowed and does nothing. */
ROSTER_API void roster_history_destroy(struct roster_history *history);

/*
 * Changes both numbers; what exceeds the new capacity is forgotten, the longest not seen first.
 * Any thread. Returns 0; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_history_set(struct roster_history *history, uint32_t capacity,
                                  uint64_t min_duration_ms);

/*
 * Adds the session's transaction: call it right before roster_txn_finish(). It is identified by the
 * 64-bit FNV-1a hash of its digests, one after the other, and lasted since roster_txn_since();
 * where that is not known, from the physical time of its start timestamp until now
 * (CLOCK_REALTIME). The session needs ROSTER_SESSION_DIGESTS, else its transactions have none.
 * Owner only.
 *
 * Returns 0, remembered or not; -EINVAL for NULL or when no transaction is valid; -EBADF when
 * closed; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_history_add(struct roster_history *history,
                                  const struct roster_session *session);

/* A kind of transaction. */
struct roster_history_entry {
    uint64_t hash;            /* of the digests */
    uint64_t count;           /* how often it was added since it is remembered */
    uint64_t max_duration_ms; /* the longest of them */
    uint64_t dropped;         /* digests beyond ROSTER_DIGESTS_KEPT that the newest had */
    const char *all_digests;  /* JSON: an array of strings; what is no UTF-8, and NUL, is U+FFFD */
};

/* A copied history, the kind that was seen last first. */
struct roster_history_list {
    size_t count;
    const struct roster_history_entry *entries;
};

/*
 * Copies the history. Any thread. Returns 0 and stores it in `*list`, to be freed with
 * roster_history_list_free(); -EINVAL for NULL; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_history_read(struct roster_history *history,
                                   struct roster_history_list **list) ROSTER_MUST_CHECK;

/* Frees a copied history. NULL is allowed. */
ROSTER_API void roster_history_list_free(struct roster_history_list *list);

ROSTER_END_DECLS

#endif /* ROSTER_HISTORY_H */
