/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A server in a test: a roster with one session and a syncer. */
#pragma once

#include "../store/store_fixture.h"
#include "core/base/rcu.h"

#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/syncer.h>

#define SERVER_CHANGES 64

struct server {
    struct roster *roster;
    struct roster_session *session;
    struct roster_syncer *syncer;
    struct roster_syncer_options options;
    struct roster_syncer_change changes[SERVER_CHANGES];
    size_t n_changes;
    rst_word now; /* what its oracle tells, when it is told to */
};

/*
 * Everything happens at once, but for the end of a lease, which outlasts the test even if no thread
 * keeps it or the machine is busy. A test that waits for that end asks for less; etcd has none
 * below 2 s.
 */
struct roster_syncer_options server_options(const char *id);

/* A server whose local safe point stays a day behind. `now` 0: with a clock of its own. */
void server_create(struct server *server, struct roster_store *store,
                   const struct roster_syncer_options *options, uint64_t now);

/* The same, registered: by run_once, or with threads. */
void server_join(struct server *server, struct store_fixture *f, const char *id);
void server_join_threaded(struct server *server, struct store_fixture *f, const char *id);

/* Ends everything, in order or not. */
void server_destroy(struct server *server);

/* Runs until the state is reached; fails the test after 20 s. */
void server_run_until(struct server *server, enum roster_syncer_state state);
/* For a threaded one. */
void server_wait_for(struct server *server, enum roster_syncer_state state);

/* Until it has become live that many times in all, by registering or by resuming; runs it unless it
 * has threads. */
void server_until_live(struct server *server, uint64_t times);

/* Until the clock that the roster reads has moved. A busy machine may keep it for more than its 4
 * ms. */
void server_next_tick(struct server *server);

/* How many changes to this state were told, and the newest one's reason. */
size_t server_changes_to(struct server *server, enum roster_syncer_state state, int *reason);

struct roster_syncer_stats server_stats(const struct server *server);
struct roster_safe_point_state safe_point_state(struct roster_safe_point *safe_point);

/* Its state and last error, for a message. */
const char *server_shown(const struct server *server);

/* Takes steps until the condition holds; fails the test after 20 s, and shows what there is. */
#define SERVER_UNTIL(condition, step, shown)                                                       \
    for (int64_t end = now_ms() + 20000; !(condition); step)                                       \
    cr_assert_lt(now_ms(), end, "not until \"%s\"; %s", #condition, shown)

/* The value of a key; 0 if there is none, or it is not a number. */
uint64_t stored_number(struct roster_store *store, const char *key);
void put_number(struct roster_store *store, const char *key, uint64_t number);
