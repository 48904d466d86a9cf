/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the plugin asks of the server. sql.c: statements that it executes there; a unit test puts a
 * server of its own in this place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum rst_mdb_answer {
    RST_MDB_DONE,    /* the server has taken the order */
    RST_MDB_NOTHING, /* it knows no such connection or query */
    RST_MDB_FAILED,  /* it could not be asked, or refused */
};

/* Makes the calling thread one of the server's, and undoes that. Returns false without memory. */
bool rst_mdb_sql_begin(void);
void rst_mdb_sql_end(void);

/* Executes "KILL `what` `id`" with all privileges. In a thread that has begun. */
enum rst_mdb_answer rst_mdb_sql_kill(const char *what, uint64_t id);

/* report.c: errors, in the server's error log; the second also to the client that installs the
 * plugin. That returns 1, for the plugin's start. */
void rst_mdb_report(const char *format, ...) __attribute__((format(printf, 1, 2)));
int rst_mdb_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
