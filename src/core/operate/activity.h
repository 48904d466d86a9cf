/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of an activity history. activity.c has its life and the sampling,
 * activity_buckets.c the memory, activity_top.c the questions. Everything is under `lock`, which no
 * owner ever takes.
 *
 * One block of memory, of the size that was asked for, has the keys, which are the combinations
 * that were seen, and the buckets: a ring of seconds and one of minutes. A bucket has cells, each a
 * key and how often it was seen. A key stays as long as a cell has it, and counts itself what the
 * second and the minute under way have seen of it.
 */
#pragma once

#include "core/base/background.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/activity.h>

#define RST_ACTIVITY_NONE UINT32_MAX

enum { RST_SECONDS, RST_MINUTES, RST_GRAINS };

struct rst_activity_key {
    struct roster_activity_row row; /* its samples are of no account */
    uint32_t hash;
    uint32_t next;            /* of the same place, or of the free ones */
    uint32_t cells;           /* that have it */
    uint32_t born;            /* a number of its own each time that it is taken; 0: it is free */
    uint32_t now[RST_GRAINS]; /* seen in what is under way */
};

struct rst_activity_cell {
    uint32_t key;
    uint32_t count;
};

/*
 * What a session did when it was seen last: the life of a view says the same to its end (look.h),
 * so a session that leads to the same one, and waits for the same, does it still, and nothing of
 * what the view leads to has to be read. A view's memory may be given back and its lives begin
 * again, but not within a step of the clock: `since` distinguishes these.
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
 * Sessions are neighbours in chunks (RST_SESSION_CHUNK), and so is what is known of them: a chunk
 * has a block of that when one is free, or has not been needed in the last sample.
 */
struct rst_activity_block {
    uintptr_t chunk; /* its number; 0: free */
    uint64_t sample; /* that needed it last */
};

/* No more than a chunk has: they stand side by side, so no two have one remainder. */
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
    struct rst_activity_bucket open; /* what is under way */
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
    struct rst_activity_seen *here; /* those of the chunk that is walked; NULL: none */
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

/* What is known of a session; NULL: there is no room for it. */
struct rst_activity_seen *rst_activity_seen_of(struct roster_activity *activity,
                                               const struct roster_session *session);

/* Of the memory that it may take, the bytes that it has used so far. */
size_t rst_activity_resident(const struct roster_activity *activity);

/* A sample begins, at this time of CLOCK_MONOTONIC: what has passed is closed. */
void rst_activity_begin(struct roster_activity *activity, uint64_t now_ms);

/*
 * A session that is active does this. The row has no samples, and zeros behind its texts. Returns
 * its key; RST_ACTIVITY_NONE: there was no room for it.
 */
uint32_t rst_activity_count(struct roster_activity *activity,
                            const struct roster_activity_row *row);

/* The same as the public calls, at this time of CLOCK_MONOTONIC in milliseconds. */
int rst_activity_sample(struct roster_activity *activity, uint64_t now_ms);
int rst_activity_top(struct roster_activity *activity, uint64_t now_ms, uint64_t from_ms,
                     uint64_t to_ms, uint32_t by, const struct roster_activity_filter *filter,
                     struct roster_activity_row *rows, size_t *count,
                     struct roster_activity_sum *sum);
