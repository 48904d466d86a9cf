/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The status endpoint, when it was asked for.
 */
#ifndef ROSTER_MARIADB_ENDPOINT_H
#define ROSTER_MARIADB_ENDPOINT_H

/*
 * Starts it at `address`, see roster/status.h; NULL or "" for none. `token_file` names a file with
 * the token for kills over TCP; NULL or "" for none. Returns 0, or 1 after an error was reported.
 */
int rst_mdb_endpoint_start(const char *address, const char *token_file);
void rst_mdb_endpoint_stop(void);

/* Where it listens; "" for nowhere. */
const char *rst_mdb_endpoint_address(void);

#endif /* ROSTER_MARIADB_ENDPOINT_H */
