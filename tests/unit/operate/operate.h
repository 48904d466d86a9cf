/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What these tests share: rosters whose coarse clock the test sets, and sessions of users.
 */
#pragma once

#include "../unit.h"

#define OPERATE_MS UINT64_C(1000000)

/* An oracle whose present is `physical_ms`, and that fails with `err` unless that is 0. */
struct operate_oracle {
    uint64_t physical_ms;
    uint64_t logical;
    int err;
};

int operate_oracle_get(void *arg, uint64_t *ts);

/* A roster with manual ticks; `oracle` may be NULL. */
struct roster *operate_roster(struct operate_oracle *oracle);

struct roster_session *operate_open(struct roster *roster, enum roster_session_kind kind,
                                    const char *user);

/* Begins a statement with a text. */
void operate_begin(struct roster_session *session, const char *text);

/* Sets the coarse clock forward by a number of milliseconds and returns it. */
uint64_t operate_advance(struct roster *roster, uint64_t ms);
