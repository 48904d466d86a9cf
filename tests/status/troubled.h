/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Servers that have what the verdict and the alerts are about: one roster with an endpoint, alone
 * or in a cluster whose store is in memory.
 */
#pragma once

#include "client.h"

#include <stdint.h>

struct roster_store;

extern struct fixture fixture;
extern struct roster_store *store;
extern uint64_t ahead_ms; /* of the wall clock, for the oracle below */

/* The oracle of all of them. */
int server_now(void *arg, uint64_t *ts);

/* A roster, then its syncer in `store`, which is opened if it is not yet; then the endpoint. */
struct roster_options plain(void);
void serve(struct roster_options options);
void join(const char *id, uint32_t ttl_ms);
void start(void);
void stop(void);

/* That the worst problem is this one, what its evidence and its command have in them, that the
 * metric says the same, and that this alert, and no other one, fires for it. */
void expect_worst(const char *problem, const char *evidence, const char *command,
                  const char *alert);

/* That there is no problem, and no alert. */
void expect_healthy(void);

void pass(long ms);
