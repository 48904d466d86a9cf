/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A roster with many sessions, as a server that has run for a while has it.
 */
#pragma once

#include "options.h"
#include "oracle.h"
#include "runner.h"

#include <roster/session.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of user, host and database together in every session. */
#define IDENTITY_BYTES 40

/* The sessions that one thread owns: from..to-1. */
struct share {
    struct world *world;
    size_t from;
    size_t to;
    size_t at;   /* where the next run goes on */
    size_t open; /* transactions */
    uint64_t random;
} own_lines;

struct world {
    struct oracle oracle;
    struct roster *roster;
    struct roster_session **sessions;
    size_t n_sessions;
    size_t n_open; /* transactions that stay open */
    struct share *shares;
    size_t n_shares;
    char *text; /* of statements */
    size_t text_length;
};

/* Who the n-th session is: IDENTITY_BYTES of text. */
struct identity {
    char user[16];
    char host[24];
    char database[16];
    struct roster_session_attr attr;
};
void identity_make(struct identity *identity, size_t n);

/*
 * Creates a roster with `sessions` idle sessions, shared out over `threads` threads; oracle and
 * order are what was asked for.
 */
struct world *world_create(const struct options *asked, size_t sessions, size_t threads,
                           size_t text);
/* From now on each thread uses only that number of its sessions, from all over memory. */
void world_limit(struct world *world, size_t active);
void world_destroy(void *arg);

/*
 * Opens `open` transactions, spread over the threads, each begun by the thread that owns the
 * session. Then owners end and begin them again in random order, so that neither their timestamps
 * nor their slots are sorted.
 */
void world_begin(struct world *world, struct runner *runner, size_t open);

/* Every `nth` session runs a statement. */
void world_state(struct world *world, size_t nth);

/* Closes and opens as many sessions as there are, at random, so that memory is not in order. */
void world_age(struct world *world);

/* Replaces the n-th session by a new one. Returns 0 or a negative errno. */
int world_replace(struct world *world, size_t n, const struct roster_session_attr *attr);
