/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Floors: what the machine needs for the least that any design must do, over as many records of a
 * session's size, aligned to cache lines and visited in the same order as the sessions.
 */
#pragma once

#include "runner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As large as a session: two cache lines. */
#define FLOOR_RECORD_BYTES 128

struct floor_record {
    uint64_t ts;
    uint64_t state;
} __attribute__((aligned(FLOOR_RECORD_BYTES)));

/* The records of one thread. */
struct floor_share {
    struct floor_record **records;
    size_t n;
    size_t at;
    uint64_t ts;
    uint64_t random;
} own_lines;

struct floors {
    struct floor_record *records;
    size_t n_records;
    struct floor_record **order;
    struct floor_share *shares;
    size_t n_shares;
};

/* `random_order`: visit them in the order in which a world's sessions are visited then. */
struct floors *floors_create(bool random_order, size_t records, size_t threads);
/* As world_limit(). */
void floors_limit(struct floors *floors, size_t active);
void floors_destroy(void *arg);

/* Jobs over a struct floor_share. */
int floor_two_stores(struct worker *worker);
int floor_exchange_store(struct worker *worker);
int floor_exchange_store_random(struct worker *worker); /* in random order */

/* Job over a struct floors: reads every record in turn, as a lister must. */
int floor_read_records(struct worker *worker);

/* A walk over `bytes` bytes that reads every word: the bandwidth of the memory or cache. */
struct floor_walk {
    uint64_t *words;
    size_t n_words;
    uint64_t sum;
};

struct floor_walk *floor_walk_create(size_t bytes);
void floor_walk_destroy(void *arg);
int floor_walk_job(struct worker *worker); /* over a struct floor_walk; an operation is a walk */
