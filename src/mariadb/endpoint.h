/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The status endpoint, when it was asked for.
 */
#pragma once

/* The system variables: addresses, see roster/status.h, and names of files; NULL or "" for none. */
struct rst_mdb_endpoint {
    char *status, *token_file; /* the token is for kills over TCP */
    char *metrics, *metrics_token_file, *metrics_cert_file, *metrics_key_file;
};

/* Returns 0, or 1 after an error was reported. */
int rst_mdb_endpoint_start(const struct rst_mdb_endpoint *wanted);
void rst_mdb_endpoint_stop(void);

/* Where it listens, and where metrics are served to others; NULL for nowhere. */
const char *rst_mdb_endpoint_address(void);
const char *rst_mdb_endpoint_metrics(void);
