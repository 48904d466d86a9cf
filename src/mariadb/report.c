/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Errors, in the log of the server.
 */
#include "mariadb/server.h"

#include <mysql/plugin.h>
#include <mysqld_error.h>
#include <stdarg.h>
#include <stdio.h>

#define LONGEST 480 /* the server cuts what is longer */

void rst_mdb_report(const char *format, ...)
{
    char text[LONGEST];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    my_printf_error(ER_UNKNOWN_ERROR, "roster: %s", ME_ERROR_LOG_ONLY, text);
}

int rst_mdb_refuse(const char *format, ...)
{
    char text[LONGEST];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    my_printf_error(ER_UNKNOWN_ERROR, "roster: %s", ME_ERROR_LOG, text);
    return 1;
}
