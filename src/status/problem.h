/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What may be wrong with a server, and a verdict, which is a list of that.
 */
#ifndef ROSTER_STATUS_PROBLEM_H
#define ROSTER_STATUS_PROBLEM_H

#include <roster/manager.h>
#include <roster/minimum.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The worst first. */
enum problem {
    PROBLEM_REFUSED,        /* another server lives under this id */
    PROBLEM_BEHIND,         /* the oracle is behind a safe point */
    PROBLEM_FENCED,         /* no transaction is protected */
    PROBLEM_JOINING,        /* it was never registered */
    PROBLEM_MEMBARRIER,     /* the kernel refuses it */
    PROBLEM_BACKLOG,        /* near the limit */
    PROBLEM_SESSIONS,       /* near the limit */
    PROBLEM_QUOTA,          /* a user, database or application has all its places */
    PROBLEM_LEASE,          /* nearly expired */
    PROBLEM_REPORT,         /* overdue */
    PROBLEM_STORE,          /* an operation on it fails */
    PROBLEM_BLOCKED,        /* sessions wait for another one */
    PROBLEM_STUCK,          /* what was killed goes on */
    PROBLEM_TXN_SAFE_POINT, /* blocked */
    PROBLEM_GC_SAFE_POINT,  /* blocked */
    PROBLEM_ABANDONED,      /* a holder of safe points is older than the servers accept */
    PROBLEM_PASSED,         /* one was passed lately: who lost by it? */
    PROBLEM_MINIMUM,        /* held for too long */
    PROBLEM_CLOCK,          /* timestamps are ahead of the wall clock */
};

#define PROBLEMS 19

struct found {
    enum problem problem;
    uint64_t age_ms;
    char evidence[640];
    char command[320];
};

struct verdict {
    size_t count; /* 0: healthy */
    struct found found[PROBLEMS];

    /* What it was found by. */
    struct roster_stats stats;
    struct roster_min min;
    bool has_min;
    uint64_t txn_safe_point, gc_safe_point; /* 0: none is known */
    uint64_t stuck;                         /* kills that were not acted upon */
};

#endif /* ROSTER_STATUS_PROBLEM_H */
