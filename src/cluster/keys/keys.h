/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The keys of a cluster in its store, and their values. */
#pragma once

#include <roster/store.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest prefix, server id and barrier name. */
#define PATHS_PART 128
#define PATHS_SIZE (2 * PATHS_PART + 32)

/* All begin with the prefix. Capitals in the comments denote variable parts. */
struct paths {
    char records[PATHS_SIZE];     /* server/minstartts/ */
    char holders[PATHS_SIZE];     /* server/holder/ */
    char acks[PATHS_SIZE];        /* server/ack/ */
    char safe_points[PATHS_SIZE]; /* safepoint/ */
    char txn[PATHS_SIZE];         /* safepoint/txn */
    char gc[PATHS_SIZE];          /* safepoint/gc */
    char leader[PATHS_SIZE];      /* safepoint/leader */
    char pass[PATHS_SIZE];        /* safepoint/pass */
    char barriers[PATHS_SIZE];    /* safepoint/barrier/ */
    /* Of one server; empty without a server id. */
    char info[PATHS_SIZE];   /* server/info/ID */
    char record[PATHS_SIZE]; /* server/minstartts/ID */
    char holder[PATHS_SIZE]; /* server/holder/ID */
    char ack[PATHS_SIZE];    /* server/ack/ID */
    char seen[PATHS_SIZE];   /* server/seen/ID */
};

/* NULL: the default prefix, and no server. 0 or -EINVAL. */
int rst_paths_init(struct paths *paths, const char *prefix, const char *server_id);

/* Whether it may be a server id or the name of a barrier: 1 to PATHS_PART bytes, no slash. */
int rst_paths_check_name(const char *name);

/* The rest of a key below a prefix. */
struct roster_store_bytes rst_paths_below(const struct roster_store_kv *kv, const char *prefix);

/* Copies a name or key from a store into this much room. A NUL is shown as '?': it would end the
 * text, which could then be the name of another server or barrier. */
void rst_paths_show(char *to, size_t room, struct roster_store_bytes name);

/* record.c: the format of stored timestamps: decimal digits, without sign, leading zeros or other
 * characters.
 */

/* Bytes for the longest one and its final zero. */
#define RECORD_SIZE 21

/* 0, or -EBADMSG if it is not a timestamp from 1 to one below the maximum. */
int rst_record_parse(struct roster_store_bytes bytes, uint64_t *ts);

/* Writes it and returns it as bytes of `text`. */
struct roster_store_bytes rst_record_format(uint64_t ts, char text[RECORD_SIZE]);

/* Reads the timestamp of a range's only key: 0, -ENOENT or -EBADMSG. */
int rst_record_of(const struct roster_store_range *range, uint64_t *ts);

/* The same for a key that need not exist: then 0 for success, and *ts is 0. */
int rst_record_or_none(const struct roster_store_range *range, uint64_t *ts);

/* The revision of the key's last change, 0 if it does not exist, for a compare-and-swap. */
int64_t rst_record_revision(const struct roster_store_range *range);

/* batch.c: a small transaction of a store, built step by step. */

#define BATCH_MAX 8

/* Zeroed at first. Keys and values are not copied. */
struct batch {
    struct roster_store_compare compares[BATCH_MAX];
    struct roster_store_op ops[BATCH_MAX];
    struct roster_store_op otherwise[BATCH_MAX];
    size_t n_compares, n_ops, n_otherwise;
};

/* The key's last change must be this revision; 0: it must not exist. */
void rst_batch_if_revision(struct batch *batch, const char *key, int64_t revision);
void rst_batch_put(struct batch *batch, const char *key, struct roster_store_bytes value,
                   int64_t lease);
void rst_batch_delete(struct batch *batch, const char *key);
/* Reads one key or, if it ends with a slash, all below it. */
void rst_batch_get(struct batch *batch, const char *key);
void rst_batch_otherwise_get(struct batch *batch, const char *key);

/* As roster_store_txn(). */
int rst_batch_run(const struct batch *batch, struct roster_store *store, int timeout_ms,
                  struct roster_store_txn_result **result);
