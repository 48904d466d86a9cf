/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * memory: what an idle session with 40 bytes of identity takes, its share of the hash table
 * included: by the growth of the process, by the allocator, and by the roster's own account.
 */
#include "complain.h"
#include "workloads.h"

#include <errno.h>
#include <malloc.h>
#include <roster/manager.h>
#include <stdlib.h>

#define OWN_SESSIONS 100000

/* The least that any design keeps: the id, the identity's text, and 64 bytes of view. */
#define PAYLOAD (8 + IDENTITY_BYTES + 64)

struct memory {
    size_t sessions;
    struct roster_session **opened;
    double allocator; /* bytes per session, of the newest sample */
    double account;
};

/* Bytes that the allocator has given out. */
static double allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static double grow(struct memory *memory, struct roster *roster)
{
    struct roster_stats before = {.size = sizeof(before)}, after = {.size = sizeof(after)};
    double n = (double)memory->sessions, allocated_before = allocated(), grown;
    uint64_t resident = resident_bytes();
    struct identity identity;
    size_t i;

    must(roster_stats(roster, &before));
    for (i = 0; i < memory->sessions; i++) {
        identity_make(&identity, i);
        must(roster_session_open(roster, &identity.attr, &memory->opened[i]));
    }
    must(roster_stats(roster, &after));
    must(resident ? 0 : -EIO);
    grown = (double)resident_bytes() - (double)resident;
    memory->allocator = (allocated() - allocated_before) / n;
    memory->account = (double)(after.memory - before.memory) / n;
    return grown / n;
}

static double resident_sample(void *arg)
{
    struct memory *memory = arg;
    struct roster *roster;
    double grown;
    size_t i;

    malloc_trim(0); /* what was freed before must not be what is used now */
    must(roster_create(NULL, &roster));
    grown = grow(memory, roster);
    for (i = 0; i < memory->sessions; i++)
        roster_session_close(memory->opened[i]);
    roster_destroy(roster);
    return grown;
}

/* A figure that was found with another one, or is known. */
static double known_sample(void *figure)
{
    return *(const double *)figure;
}

void memory_run(struct bench *bench)
{
    struct memory memory = {.sessions = size_of(bench->options->sessions, OWN_SESSIONS)};
    double payload = PAYLOAD;
    struct row row;

    memory.opened = must_have(calloc(memory.sessions, sizeof(struct roster_session *)));
    row_init(&row, "memory", "bytes", "an idle session, %d bytes of identity, one of %zu",
             IDENTITY_BYTES, memory.sessions);
    row_add(&row, "growth of the process", resident_sample, &memory);
    row.floor = row_add(&row, "floor: id, identity, 64 of view", known_sample, &payload);
    row_add(&row, "of it, given out by malloc", known_sample, &memory.allocator);
    row_add(&row, "roster_stats()", known_sample, &memory.account);
    row_judge(&row, FIGURE, 256, 400);
    row.judged = memory.sessions == OWN_SESSIONS;
    bench_row(bench, &row);
    free(memory.opened);
}
