/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * memory: what an idle session with 40 bytes of identity takes, its share of the hash table
 * included: by the growth of the process, by the allocator, and by the roster's own account.
 */
#include "workloads.h"
#include "world.h"

#include <errno.h>
#include <malloc.h>
#include <roster/manager.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_SESSIONS 100000

/* The least that any design keeps: the id, the identity's text, and 64 bytes of view. */
#define PAYLOAD (8 + IDENTITY_BYTES + 64)

struct memory {
    size_t sessions;
    struct roster_session **opened;
    double allocator; /* bytes per session, of the newest sample */
    double account;
};

/* Bytes that the process has resident. */
static int resident(double *bytes)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[128];
    char *end = line;

    if (!file)
        return -errno;
    if (fgets(line, sizeof(line), file)) {
        strtoull(line, &end, 10); /* all that is mapped */
        *bytes = (double)strtoull(end, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
    }
    fclose(file);
    return end == line ? -EIO : 0;
}

/* Bytes that the allocator has given out. */
static double allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static int open_all(struct memory *memory, struct roster *roster)
{
    size_t i;
    int err = 0;

    for (i = 0; i < memory->sessions && !err; i++) {
        struct identity identity;

        identity_make(&identity, i);
        err = roster_session_open(roster, &identity.attr, &memory->opened[i]);
    }
    return err;
}

static int grow(struct memory *memory, struct roster *roster, double *grown)
{
    struct roster_stats before = {.size = sizeof(before)}, after = {.size = sizeof(after)};
    double resident_before = 0, resident_after = 0, allocated_before = allocated();
    int err = resident(&resident_before);

    if (!err)
        err = roster_stats(roster, &before);
    if (!err)
        err = open_all(memory, roster);
    if (!err)
        err = roster_stats(roster, &after);
    if (!err)
        err = resident(&resident_after);
    if (err)
        return err;
    memory->allocator = (allocated() - allocated_before) / (double)memory->sessions;
    memory->account = (double)(after.memory - before.memory) / (double)memory->sessions;
    *grown = (resident_after - resident_before) / (double)memory->sessions;
    return 0;
}

static int resident_sample(void *arg, double *value)
{
    struct memory *memory = arg;
    struct roster *roster;
    size_t i;
    int err;

    memset(memory->opened, 0, memory->sessions * sizeof(struct roster_session *));
    malloc_trim(0); /* what was freed before must not be what is used now */
    err = roster_create(NULL, &roster);
    if (err)
        return err;
    err = grow(memory, roster, value);
    for (i = 0; i < memory->sessions; i++)
        roster_session_close(memory->opened[i]);
    roster_destroy(roster);
    return err;
}

static int allocator_sample(void *arg, double *value)
{
    *value = ((const struct memory *)arg)->allocator;
    return 0;
}

static int account_sample(void *arg, double *value)
{
    *value = ((const struct memory *)arg)->account;
    return 0;
}

static int payload_sample(void *arg, double *value)
{
    (void)arg;
    *value = PAYLOAD;
    return 0;
}

int memory_run(struct bench *bench)
{
    struct memory memory = {.sessions = size_of(bench->options->sessions, OWN_SESSIONS)};
    struct row row;
    int err;

    memory.opened = calloc(memory.sessions, sizeof(struct roster_session *));
    if (!memory.opened)
        return -ENOMEM;
    row_init(&row, "memory", "bytes", "an idle session, %d bytes of identity, one of %zu",
             IDENTITY_BYTES, memory.sessions);
    row_add(&row, "growth of the process", resident_sample, &memory);
    row.floor = row_add(&row, "floor: id, identity, 64 of view", payload_sample, &memory);
    row_add(&row, "of it, given out by malloc", allocator_sample, &memory);
    row_add(&row, "roster_stats()", account_sample, &memory);
    row_judge(&row, FIGURE, 256, 400);
    row_judge_only_if(&row, memory.sessions == OWN_SESSIONS);
    err = bench_row(bench, &row);
    free(memory.opened);
    return err;
}
