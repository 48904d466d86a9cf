/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Errors, in the server's error log.
 */
#ifndef ROSTER_MARIADB_REPORT_H
#define ROSTER_MARIADB_REPORT_H

/* Only there. */
void rst_mdb_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Also to the client that installs the plugin. Returns 1, for the plugin's start. */
int rst_mdb_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* ROSTER_MARIADB_REPORT_H */
