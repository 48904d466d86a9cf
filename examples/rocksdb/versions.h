/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Versions of numbers in RocksDB, by timestamps that Roster's sessions read at.
 */
#ifndef EXAMPLE_VERSIONS_H
#define EXAMPLE_VERSIONS_H

#include <stddef.h>
#include <stdint.h>

struct versions;

/* What a transaction writes. */
struct versions_write {
    uint32_t key;
    int64_t value;
};

/*
 * Creates a database in the directory `path`, which must not hold one, and stores it in `*created`.
 * It begins with a local clock, which a restart would not continue: a server that opens its files
 * again uses a persistent oracle instead. All functions here return 0 or a negative errno, after a
 * line on standard error when RocksDB reported something; any thread may call them.
 */
int versions_create(const char *path, struct versions **created);
void versions_destroy(struct versions *versions);

/* The roster_oracle_fn of `versions`: the timestamp of the newest complete commit. */
int versions_now(void *versions, uint64_t *ts);

/* The value that `key` had at `ts`; -ENOENT when it had none. */
int versions_read(struct versions *versions, uint64_t ts, uint32_t key, int64_t *value);

/* Commits what a transaction that began at `start_ts` has written: all of it or, with -EAGAIN when
 * another transaction has committed one of the keys since then, nothing. */
int versions_commit(struct versions *versions, uint64_t start_ts,
                    const struct versions_write *writes, size_t count);

/* Lets the clock move on where nothing commits. */
void versions_tick(struct versions *versions);

/* Allows compaction to drop what no reader at or above `safe_point` can see. Threads may race with
 * older values: the mark only rises. */
int versions_raise(struct versions *versions, uint64_t safe_point);

/* Compacts everything now, and counts the versions that are left. */
int versions_compact(struct versions *versions, uint64_t *left);

#endif /* EXAMPLE_VERSIONS_H */
