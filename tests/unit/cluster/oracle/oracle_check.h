/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Whether an oracle is linearizable: many workers allocate and read timestamps, and each one looks
 * before its call at the greatest that anybody has returned with so far. Workers are threads, or
 * processes with threads.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <roster/oracle.h>

#define ORACLE_CHECK_WORKERS 32
#define ORACLE_CHECK_CALLS 4000

/* In memory that all workers share. */
struct oracle_check {
    roster_oracle_fn *read;        /* every second call; NULL: all allocate */
    atomic_uint_fast64_t greatest; /* of all timestamps that somebody has returned with */
    atomic_uint_fast64_t stale;    /* calls that got no greater one, or read a lesser one */
    atomic_uint_fast64_t failures;
    atomic_size_t workers;
    uint64_t got[ORACLE_CHECK_WORKERS][ORACLE_CHECK_CALLS];
    size_t n_got[ORACLE_CHECK_WORKERS];
};

struct oracle_check *oracle_check_new(void);
void oracle_check_free(struct oracle_check *check);

/* Runs `threads` workers in this process, each with its own argument, to their end; a single one
 * in the calling thread. */
void oracle_check_run(struct oracle_check *check, roster_oracle_fn *get, void *const *args,
                      size_t threads, size_t calls);

/* After all workers: how many timestamps were allocated twice. */
size_t oracle_check_duplicates(struct oracle_check *check);
