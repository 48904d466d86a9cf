/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a statement begins with, as SQLite reads it.
 */
#include "sqlite/extension.h"

#include "core/base/ascii.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* is white space between words */

const char *rst_ext_first_word(const char *sql)
{
    for (;;) {
        sql += strspn(sql, " \t\r\n\v\f;");
        if (!strncmp(sql, BYTE_ORDER_MARK, 3)) {
            sql += 3;
        } else if (sql[0] == '-' && sql[1] == '-') {
            sql += strcspn(sql, "\n");
        } else if (sql[0] == '/' && sql[1] == '*') {
            sql = strstr(sql + 2, "*/");
            if (!sql)
                return "";
            sql += 2;
        } else {
            return sql;
        }
    }
}

bool rst_ext_attaches(const char *sql)
{
    size_t length;

    sql = rst_ext_first_word(sql);
    length = strlen(sql);
    return ascii_starts(sql, length, "ATTACH", 6) || ascii_starts(sql, length, "DETACH", 6);
}
