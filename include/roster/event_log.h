/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The event log: the history of a server, in fixed memory. It contains the newest kills with their
 * origin and result, rejected opens, drains, deadlocks, fences, leases and leaders of a cluster,
 * and the problems that the status endpoint's verdict found.
 *
 * Three groups do not displace each other: ROSTER_EVENT_LOG_KILLS kills, ROSTER_EVENT_LOG_OPENS
 * rejected opens, and ROSTER_EVENT_LOG_OTHERS of everything else. A roster reserves 2 MiB of
 * addresses for them; only used parts take memory. Beginning and finishing transactions and
 * statements is never logged.
 *
 * If events that differ only in their text occur more than four times within a second, the further
 * ones become one event at the end of that second, whose `count` is their number. Each event has a
 * number one greater than the event before, of any group, and never changes. So a reader that keeps
 * the last number it has seen notices every loss: missing numbers are events that were displaced.
 * The first number is 2^20 times the roster's creation in milliseconds since the Unix epoch, so the
 * numbers of a restarted server are greater than all its earlier ones, unless its wall clock was
 * set back by more than its running time.
 */
#ifndef ROSTER_EVENT_LOG_H
#define ROSTER_EVENT_LOG_H

#include <roster/export.h>
#include <roster/kill.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* Number of events of each group that are kept. */
#define ROSTER_EVENT_LOG_KILLS 1000
#define ROSTER_EVENT_LOG_OPENS 256
#define ROSTER_EVENT_LOG_OTHERS 512

enum roster_logged_kind {
    ROSTER_LOGGED_KILL = 1,          /* target, reason, result, by, user, what was aimed at */
    ROSTER_LOGGED_OPEN_REJECTED = 2, /* result, user; `text` is the host */
    ROSTER_LOGGED_DRAIN = 3,         /* `what`: "asked", "began", "ended", "undone"; result */
    ROSTER_LOGGED_FENCE = 4,         /* of the server `name`; result says why */
    ROSTER_LOGGED_LEASE = 5,         /* of the server `name`; `what`: "granted", "lost" */
    ROSTER_LOGGED_SERVER = 6,        /* the server `name` is in another state, which is `what` */
    ROSTER_LOGGED_LEADER = 7,        /* `name` leads; `what`: "other", "self"; "none": it is free */
    ROSTER_LOGGED_VERDICT = 8,       /* the problem `name`; `what`: "appeared", "cleared" */
    /* An abandoned holder, see enum roster_abandoned. `what`: "too old": it stays; "deleted": a
     * barrier; "asked": a server, to give up what it holds; "gave up": this server did. `name` is
     * the barrier or the server, `text` says which and at what timestamp. */
    ROSTER_LOGGED_ABANDONED = 9,
    ROSTER_LOGGED_DEADLOCK = 10, /* number `name`; the session, its user, statement and
                                    transaction are those of the wait that was refused; `text`
                                    has the members: roster_deadlocks() */
};

/* The name of a kind ("kill", ...), or "unknown". */
ROSTER_API const char *roster_logged_kind_name(enum roster_logged_kind kind);

/* An event. Texts are cut to fit, and empty if there is none; they may hold any bytes but NUL: show
 * them through roster_text_show(). Numbers are 0 where they do not apply. */
struct roster_logged {
    size_t size; /* sizeof(struct roster_logged), set by the caller */
    uint64_t id; /* its number */
    enum roster_logged_kind kind;
    int result;        /* 0 or a negative errno */
    uint64_t count;    /* how many times it happened; more than 1 for repetitions */
    uint64_t first_ms; /* the first of these: milliseconds since the Unix epoch */
    uint64_t last_ms;  /* the last of them */
    uint64_t first_ns; /* the same by CLOCK_MONOTONIC, in nanoseconds */
    uint64_t last_ns;
    uint64_t session_id; /* of the session that was to be killed, or asked for a free id */
    uint64_t stmt_seq;   /* the statement that was killed or aimed at */
    uint64_t start_ts;   /* the transaction, likewise */
    uint64_t txn_seq;
    enum roster_kill_target target;
    enum roster_kill_reason reason;
    char what[16];
    char name[132];
    char by[64]; /* its origin; "" is the server itself */
    char user[64];
    char text[640];
};

/*
 * Copies the oldest event whose number is greater than `since`: 0, and a number that was not given
 * yet, for the oldest that is kept. The events with the numbers between `since` (or the state's
 * `first`, if that is greater) and that of the copy were dropped. Any thread; costs a short lock
 * that no owner of a session takes unless its open is rejected, or its wait refused.
 *
 * Returns 0; -ENOENT when there is none; -EINVAL for NULL or a struct smaller than the first
 * version's; -E2BIG for a larger one with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_event_log_next(struct roster *roster, uint64_t since,
                                     struct roster_logged *event) ROSTER_MUST_CHECK;

/* Kinds that there are, and room for those to come. */
#define ROSTER_LOGGED_KINDS 11
#define ROSTER_LOGGED_KINDS_ROOM 16

/* The state of the log: happened is kept + dropped + pending. */
struct roster_event_log_state {
    size_t size;             /* sizeof(struct roster_event_log_state), set by the caller */
    uint64_t first;          /* the number before that of the first event there ever was */
    uint64_t newest;         /* the number of the newest event; `first` when there was none */
    uint64_t events;         /* that are kept */
    uint64_t events_dropped; /* that were displaced */
    uint64_t happened;       /* number of reports */
    uint64_t kept;           /* of them, those that the kept events count */
    uint64_t dropped;        /* those that the dropped events counted */
    uint64_t pending;        /* repetitions that become events when their second is over */
    uint64_t by_kind[ROSTER_LOGGED_KINDS_ROOM]; /* of what happened: enum roster_logged_kind */
};

/*
 * Any thread. Returns 0; -EINVAL for NULL or a struct smaller than the first version's; -E2BIG for
 * a larger one with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_event_log_state(struct roster *roster, struct roster_event_log_state *state);

ROSTER_END_DECLS

#endif /* ROSTER_EVENT_LOG_H */
