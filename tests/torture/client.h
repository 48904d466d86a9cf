/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A client: a session together with what its owner knows of it. One actor owns it at a time.
 */
#pragma once

#include "world.h"

#include <roster/roster.h>

/* The reasons that killers give, so that the owner knows which kill it has met. */
#define KILL_REASON_AIMED ROSTER_KILL_REASON_INTERRUPTED
#define KILL_REASON_ANY ROSTER_KILL_REASON_RUNAWAY
#define KILL_REASON_CONNECTION ROSTER_KILL_REASON_SERVER_MEMORY

struct client {
    struct arena *arena;
    struct place *place;
    struct shadow *shadow;
    struct roster_session *session;
    uint64_t id;
    uint64_t version; /* of the identity */
    enum roster_session_kind kind;
    uint32_t flags;
    bool wakes;

    enum roster_txn_state txn;
    uint64_t start_ts;
    uint64_t floor; /* what it announced before it had its timestamp was not below this */
    bool chosen;    /* begun at a chosen timestamp */

    bool in_stmt;
    uint64_t stmt_seq;
    int met; /* the kill that this statement has met, as roster_killed() says it */

    /* Kills met so far, to be compared with those delivered. */
    uint64_t aimed;
    uint64_t aimed_mark;
    uint64_t any;
    uint64_t masked_by_txn; /* statements whose kill cannot be told from their transaction's */
    uint64_t masked_seq;    /* this statement's kill cannot be told from the connection's */
    bool dying;             /* the connection was killed */
};

struct actor;

/* sessions.c; NULL when no place is vacant. */
struct client *client_open(struct actor *actor, struct arena *arena);
void client_close(struct actor *actor, struct client *client);
void client_update(struct actor *actor, struct client *client);

/* Between statements: compares the kills delivered so far with those met, undisturbed by killers.
 */
void client_audit(struct client *client);

/* Whether `err` is an acceptable refusal; violates `what` otherwise. */
bool client_refused(struct actor *actor, struct client *client, const char *what, int err);

/* transactions.c */
void client_begin(struct actor *actor, struct client *client);
void client_begin_at(struct actor *actor, struct client *client);
void client_prepare(struct actor *actor, struct client *client);
void client_activate(struct actor *actor, struct client *client);
void client_work(struct actor *actor, struct client *client);
void client_check(struct actor *actor, struct client *client);
void client_finish(struct actor *actor, struct client *client);

/* The last comparison of the open transaction with all that was handed out, before it ends (G2). */
void client_verify(const struct client *client);

/* statements.c */
void client_stmt_begin(struct actor *actor, struct client *client, size_t text_length);
size_t client_text_length(struct actor *actor);
void client_stmt_end(struct actor *actor, struct client *client);
void client_poll(struct actor *actor, struct client *client);

/* kills.c */
void client_meet(struct client *client, int killed);
void client_settle(struct client *client);

/* misuse.c: calls that must be refused without effect. */
void client_misuse(struct actor *actor, struct client *client);
