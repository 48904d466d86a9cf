/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether a server is healthy, and what is wrong if it is not: since when, what shows it, and the
 * command to run.
 */
#pragma once

#include "status/status.h"

#include <roster/manager.h>
#include <roster/metrics.h>
#include <roster/minimum.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_status;

/* What may be wrong with a server, the worst first. */
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

/* The name of a problem ("fenced", ...). */
const char *rst_problem_name(enum problem problem);

/* In the endpoint's thread. What cannot be found out is no problem of its own: the call that fails
 * says it elsewhere. */
void rst_verdict(struct roster_status *status, struct verdict *verdict);

/* What its parts share: what was looked at, and how a problem is said. */

#define RST_MS INT64_C(1000000) /* in nanoseconds */

/* What is looked at, once. */
struct look {
    struct roster_status *status;
    const struct roster_status_options *options;
    struct verdict *verdict;
    struct roster_stats stats;
    struct roster_metrics metrics;
    struct roster_min min;
    struct roster_syncer_stats syncer;
    struct roster_safe_point_state cluster;
    bool has_min, has_syncer, has_cluster;
    uint64_t boot_ns; /* CLOCK_BOOTTIME, by which the cluster's parts tell when */
    bool seen[PROBLEMS];
};

/* Adds a problem, and returns it, with `rosterctl safepoint` as the command. `age_ms` is negative
 * where nothing says since when: then it is since it was seen here first. */
struct found *rst_verdict_find(struct look *look, enum problem problem, int64_t age_ms,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A text as a word for a shell, as it is if all of its bytes are `plain`: a record may hold
 * anything, and so may a path. NULL: too long. */
#define VERDICT_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"
const char *rst_verdict_word(const char *name, const char *plain, char *text, size_t size);

/* The command to be given to rosterctl, with the address of this server. */
void rst_verdict_command(struct look *look, struct found *found, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Why a session that holds something back is not the one to end, appended to the evidence: it waits
 * for another one, or may be among those that did until now. */
bool rst_verdict_is_to_go_on(struct look *look, struct found *found, uint64_t session_id);

/* verdict_cluster.c: the lease, the reports and the store of a server; then what holds back the
 * safe points of the cluster. */
void rst_verdict_fence(struct look *look);
void rst_verdict_lease(struct look *look);
void rst_verdict_store(struct look *look);
void rst_verdict_safe_points(struct look *look);
void rst_verdict_passed(struct look *look);

/* verdict_blocked.c: sessions that have waited for another one for too long. */

struct roster_entry;

struct blocked {
    uint64_t since_ms; /* CLOCK_MONOTONIC: the longest wait for what blocks most of them */
    char evidence[512];
    char command[96]; /* of rosterctl: ends what blocks them, or shows more */
};

/* Whether there are any that have for `most_ms`. */
bool rst_blocked_look(struct roster *roster, uint64_t most_ms, struct blocked *blocked);

/* "session 4 (user "alice", Running)" and the session's entry, whose strings have gone; false: it
 * has closed, and the text is its id alone. */
bool rst_blocked_name(struct roster *roster, uint64_t id, char *text, size_t size,
                      struct roster_entry *entry);

/* Whether a kill of it is taken. */
bool rst_is_killable(const struct roster_entry *entry);

/* verdict_stuck.c: kills that were delivered and had no effect. */

struct stuck {
    uint64_t count;    /* kills; 0: there are none */
    uint64_t since_ms; /* CLOCK_MONOTONIC: the oldest of them */
    char evidence[512];
    char command[160]; /* of rosterctl */
};

/* Kills older than the endpoint's stuck_ms. Of the sessions those alone are looked at that were
 * killed. Returns whether there are any. */
bool rst_stuck_look(struct roster_status *status, const struct roster_stats *stats,
                    struct stuck *stuck);
