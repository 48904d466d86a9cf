/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Shared by the servers with a pool of threads: start, wait for SIGTERM, shut down.
 */
#pragma once

#include "conn.h"

/* Serves a ready connection in one of the threads, and arms or closes it. */
typedef void pool_serve_fn(struct conn *conn, struct roster *roster);

/* Runs the server; returns what main() returns. */
int pool_main(int threads, pool_serve_fn *serve);
