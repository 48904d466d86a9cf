/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the calls that forked.awk makes are made of.
 */
#pragma once

#include <stddef.h>

/* One object of each kind. */
struct forked {
    struct roster *roster;
    struct roster_session *roster_session;
    const struct roster_shown *shown;
    struct roster_pin *roster_pin;
    struct roster_watchdog *roster_watchdog;
    struct roster_activity *roster_activity;
    struct roster_conn_ids *roster_conn_ids;
    struct roster_history *roster_history;
    struct roster_store *roster_store;
    struct roster_store_watch *roster_store_watch;
    struct roster_syncer *roster_syncer;
    struct roster_safe_point *roster_safe_point;
    struct roster_status *roster_status;
    struct roster_oracle_store *roster_oracle_store;
    struct roster_oracle_persistent *roster_oracle_persistent;
    struct roster_oracle_local *roster_oracle_local;
};

extern struct forked it;

/* Structs that the caller fills, all zero but for their size, if they begin with that. */
#define FORKED_SIZED(type) ((type *)forked_struct(sizeof(type), sizeof(type)))
#define FORKED_ZERO(type) ((type *)forked_struct(sizeof(type), 0))

void *forked_struct(size_t bytes, size_t size);

/* Where results go. */
void *forked_out(void);

int forked_visit(const void *session, const void *view, void *arg);

/* The call must have returned -ECHILD; the next one need only come back. */
void forked_refused(const char *name, int result);
void forked_next(const char *name);

/* Made by forked.awk. */
void forked_call_all(void);
