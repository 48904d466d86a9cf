/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of an activity history. activity.c has its life and the sampling,
 * activity_buckets.c the memory, activity_top.c the queries. `lock` guards everything; no owner
 * ever takes it.
 *
 * One block of memory, of the requested size, contains the keys, which are the combinations seen,
 * and the buckets: a ring of seconds and one of minutes. A bucket has cells, each with a key and a
 * count. A key stays while a cell refers to it. The key itself has the counts of the current second
 * and minute.
 */
#pragma once

#include "core/base/background.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/activity.h>

#define RST_ACTIVITY_NONE UINT32_MAX

enum { RST_SECONDS, RST_MINUTES, RST_GRAINS };

struct rst_activity_key {
    struct roster_activity_row row; /* its samples are ignored */
    uint32_t hash;
    uint32_t next;            /* with the same hash, or in the free list */
    uint32_t cells;           /* that refer to it */
    uint32_t born;            /* unique for each time that it is taken; 0: it is free */
    uint32_t now[RST_GRAINS]; /* counts of the current second and minute */
};

struct rst_activity_cell {
    uint32_t key;
    uint32_t count;
};

/*
 * A session's activity in the last sample. A view does not change within one life (look.h). So a
 * session that points to the same view in the same life, and waits for the same, still does the
 * same, and nothing behind the view has to be read. A view's memory may be freed and its lives may
 * restart, but not within a tick of the clock: `since` distinguishes these.
 */
struct rst_activity_seen {
    const struct roster_shown *view; /* NULL: nothing is known */
    uint64_t life, since;
    uint32_t wait;
    uint32_t key;  /* RST_ACTIVITY_NONE: it was not active */
    uint32_t born; /* of the key, when it was taken */
    uint32_t padding;
};

/*
 * Sessions are contiguous in chunks (RST_SESSION_CHUNK), and so are their records: a chunk gets a
 * block of records if one is free or was not needed in the last sample.
 */
struct rst_activity_block {
    uintptr_t chunk; /* its number; 0: free */
    uint64_t sample; /* the last one that needed it */
};

/* At most as many as a chunk has sessions: these are contiguous, so their remainders differ. */
#define RST_ACTIVITY_PER_BLOCK (RST_SESSION_CHUNK / sizeof(struct roster_session))

/* A second, or a minute. */
struct rst_activity_bucket {
    uint64_t number; /* of CLOCK_MONOTONIC */
    uint64_t active;
    uint32_t times; /* 0: unused */
    uint32_t cells;
};

struct rst_activity_ring {
    uint64_t ms; /* of a bucket */
    uint32_t size;
    struct rst_activity_bucket *buckets;
    struct rst_activity_cell *cells; /* per_bucket for each */
    struct rst_activity_bucket open; /* the current second and minute */
};

struct roster_activity {
    struct roster *roster;
    size_t counted; /* bytes in the account of the roster */
    struct roster_activity_options options;
    struct rst_background background;
    pthread_mutex_t lock; /* of all below */
    void *memory;
    size_t memory_size;
    struct rst_activity_key *keys;
    uint32_t *places; /* of the hash table; twice as many as keys */
    uint32_t n_keys, used_keys, free_key, born;
    struct rst_activity_block *blocks;
    struct rst_activity_seen *seen; /* RST_ACTIVITY_PER_BLOCK for each block */
    struct rst_activity_seen *here; /* those of the present chunk; NULL: none */
    uintptr_t chunk;                /* the number of that */
    uint64_t sample;
    uint32_t n_blocks;
    uint32_t per_bucket;
    struct rst_activity_cell *sorted; /* room for each key */
    uint64_t *sums;                   /* likewise */
    struct rst_activity_ring rings[RST_GRAINS];
};

/* activity_buckets.c: the memory, mapped. 0 or -ENOMEM. */
int rst_activity_buckets_init(struct roster_activity *activity);
void rst_activity_buckets_destroy(struct roster_activity *activity);

/* A session's record; NULL: there is no room for it. */
struct rst_activity_seen *rst_activity_seen_of(struct roster_activity *activity,
                                               const struct roster_session *session);

/* The bytes used so far, of the memory that it may take. */
size_t rst_activity_resident(const struct roster_activity *activity);

/* Begins a sample at this time of CLOCK_MONOTONIC: closes past buckets. */
void rst_activity_begin(struct roster_activity *activity, uint64_t now_ms);

/* Counts the activity of a session. Returns its key; RST_ACTIVITY_NONE: there was no room for it.
 */
uint32_t rst_activity_count(struct roster_activity *activity,
                            const struct roster_activity_row *row);

/* The row of what is filled in. Names are cut as they are kept, and zeros follow them. */
void rst_activity_describe(struct roster_activity_row *row,
                           const struct roster_activity_filter *of);

/* The same as the public calls, at this time of CLOCK_MONOTONIC in milliseconds. */
int rst_activity_sample(struct roster_activity *activity, uint64_t now_ms);
int rst_activity_top(struct roster_activity *activity, uint64_t now_ms, uint64_t from_ms,
                     uint64_t to_ms, uint32_t by, const struct roster_activity_filter *filter,
                     struct roster_activity_row *rows, size_t *count,
                     struct roster_activity_sum *sum);
