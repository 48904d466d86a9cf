/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The activity history: what the active sessions did, sampled in fixed memory, so that "what was
 * slow five minutes ago" has an answer.
 *
 * A sampler looks at all sessions again and again, as any reader does: their owners never wait for
 * it. It counts those that are active, which is running a statement or in another running state
 * than idle, by state, wait event, digest, user, database, application and kind. The counts of a
 * second are kept for an hour, those of a minute for a day. Of each second and minute the
 * combinations that were seen most are kept, as many as there is memory for; of all others, and of
 * those that no room was left to remember, it is known how often they were seen.
 */
#ifndef ROSTER_ACTIVITY_H
#define ROSTER_ACTIVITY_H

#include <roster/export.h>
#include <roster/session.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* A roster may have several. */
struct roster_activity;

/* For options.interval_ms: no thread, the server calls roster_activity_run_once() itself. */
#define ROSTER_ACTIVITY_MANUAL (-1)

/* Options. Begin with ROSTER_ACTIVITY_OPTIONS_INIT; a member that is 0 has its default. */
struct roster_activity_options {
    size_t size;         /* sizeof(struct roster_activity_options) */
    int32_t interval_ms; /* between two samples: 10 to 10000; default: 1000;
                            ROSTER_ACTIVITY_MANUAL */
    uint32_t reserved;
    uint64_t memory; /* bytes, 1 MiB to 1 GiB; default: 8 MiB; all that it ever takes */
};

#define ROSTER_ACTIVITY_OPTIONS_INIT ROSTER_SIZED(struct roster_activity_options)

/*
 * Starts a sampler, with a thread that blocks all signals unless interval_ms is
 * ROSTER_ACTIVITY_MANUAL. `options` may be NULL: all defaults. Any thread.
 *
 * Returns 0 and stores it in `*activity`; -EINVAL for NULL, a value out of range, or a struct
 * smaller than the first version's; -E2BIG for a larger one with something unknown in it; -ENOMEM;
 * -EAGAIN when no thread could be started; -ECHILD.
 */
ROSTER_API int roster_activity_start(struct roster *roster,
                                     const struct roster_activity_options *options,
                                     struct roster_activity **activity) ROSTER_MUST_CHECK;

/*
 * Stops a sampler and frees it; a sample under way ends first. Call it before roster_destroy(), and
 * after all readers have stopped. Any thread. NULL is allowed and does nothing. Returns 0; -ECHILD.
 */
ROSTER_API int roster_activity_stop(struct roster_activity *activity);

/*
 * Takes a sample, also in addition to the sampler's thread. Any thread; samples take turns. Returns
 * 0; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_activity_run_once(struct roster_activity *activity);

/* What distinguishes samples: a bit for each. */
enum roster_activity_by {
    ROSTER_ACTIVITY_STATE = 1,
    ROSTER_ACTIVITY_WAIT = 2,
    ROSTER_ACTIVITY_DIGEST = 4,
    ROSTER_ACTIVITY_USER = 8,
    ROSTER_ACTIVITY_DATABASE = 16,
    ROSTER_ACTIVITY_APPLICATION = 32,
    ROSTER_ACTIVITY_KIND = 64,
};

#define ROSTER_ACTIVITY_NAME 32 /* bytes of a name, with its NUL */

/*
 * One combination of values. Names are cut to fit; they may hold any bytes but NUL, and are empty
 * if unknown. Members whose bit was not requested are 0 or empty.
 */
struct roster_activity_row {
    uint64_t samples; /* session samples; divided by the sum's `times`, an average of sessions */
    enum roster_run_state state;
    enum roster_session_kind kind;
    uint32_t wait; /* an event of roster/wait.h; 0: no known wait */
    char digest[68];
    char user[ROSTER_ACTIVITY_NAME];
    char database[ROSTER_ACTIVITY_NAME];
    char application[ROSTER_ACTIVITY_NAME];
};

/* The totals of a request. */
struct roster_activity_sum {
    size_t size;          /* sizeof(struct roster_activity_sum), set by the caller */
    uint64_t step_ms;     /* 1000 where seconds were counted, 60000 for minutes */
    uint64_t times;       /* number of samples of all sessions; 0: nothing is known */
    uint64_t active;      /* active sessions, summed over these samples */
    uint64_t kept;        /* of them, those whose activity is known */
    uint64_t dropped;     /* the others: active is kept + dropped */
    uint64_t samples;     /* of those kept, the ones that the filter matches */
    uint64_t rows;        /* number of rows without a limit */
    uint64_t interval_ms; /* between two samples; 0: by hand */
};

/* Which samples count. Begin with ROSTER_ACTIVITY_FILTER_INIT: all of them. */
struct roster_activity_filter {
    size_t size;    /* sizeof(struct roster_activity_filter) */
    uint32_t which; /* bits of enum roster_activity_by: these members have to be the same */
    enum roster_run_state state;
    enum roster_session_kind kind;
    uint32_t wait;
    const char *digest; /* NULL: not known, as ""; so are the next three */
    const char *user;
    const char *database;
    const char *application;
};

#define ROSTER_ACTIVITY_FILTER_INIT ROSTER_SIZED(struct roster_activity_filter)

/*
 * Returns the activity from `from_ms` until before `to_ms`, in milliseconds since the Unix epoch,
 * grouped by the bits of `by` (0: all in one row), the most frequent first: at most `*count` rows,
 * and stores their number in `*count`. Counts seconds if `from_ms` is at most an hour ago, else
 * minutes, and leaves out those that are not over yet. Times are those of the present wall clock: a
 * step of it moves the past, too. `filter` may be NULL: everything. Any thread; the next sample
 * waits for it.
 *
 * Returns 0; -EINVAL for NULL, unknown bits, or a struct smaller than the first version's; -E2BIG
 * for a larger one with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_activity_top(struct roster_activity *activity, uint64_t from_ms,
                                   uint64_t to_ms, uint32_t by,
                                   const struct roster_activity_filter *filter,
                                   struct roster_activity_row *rows, size_t *count,
                                   struct roster_activity_sum *sum);

ROSTER_END_DECLS

#endif /* ROSTER_ACTIVITY_H */
