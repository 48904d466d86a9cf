/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The keys of a cluster. */
#ifndef ROSTER_CLUSTER_KEYS_PATHS_H
#define ROSTER_CLUSTER_KEYS_PATHS_H

#include <stddef.h>

#include <roster/store.h>

/* Bytes of the longest prefix, server id and barrier name. */
#define PATHS_PART 128
#define PATHS_SIZE (2 * PATHS_PART + 32)

/* All begin with the prefix. Those in capitals in the comments stand for what varies. */
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

/* NULL stands for the default prefix, and for no server. 0 or -EINVAL. */
int rst_paths_init(struct paths *paths, const char *prefix, const char *server_id);

/* Whether it may be a server id or the name of a barrier: 1 to PATHS_PART bytes, no slash. */
int rst_paths_check_name(const char *name);

/* Of a key below a prefix: the rest of it. */
struct roster_store_bytes rst_paths_below(const struct roster_store_kv *kv, const char *prefix);

/* What a store holds as a name, or as a key, in that much room. A NUL is shown as '?': it would end
 * the text, which then were the name of another server or barrier. */
void rst_paths_show(char *to, size_t room, struct roster_store_bytes name);

#endif
