/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A connection inside of the server is open only as long as a statement takes: the server does not
 * shut down while there is one.
 */
#include "mariadb/server.h"

#include <inttypes.h>
#include <mysql/plugin.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <string.h>

/* Of the server, which each of its threads calls; no header for plugins declares them. */
extern my_bool my_thread_init(void);
extern void my_thread_end(void);

bool rst_mdb_sql_begin(void)
{
    return !my_thread_init();
}

void rst_mdb_sql_end(void)
{
    my_thread_end();
}

static enum rst_mdb_answer execute(MYSQL *mysql, const char *statement)
{
    unsigned number;

    if (!mysql_real_query(mysql, statement, strlen(statement)))
        return RST_MDB_DONE;
    number = mysql_errno(mysql);
    if (number == ER_NO_SUCH_THREAD || number == ER_NO_SUCH_QUERY)
        return RST_MDB_NOTHING;
    rst_mdb_report("%s: %s (error %u)", statement, mysql_error(mysql), number);
    return RST_MDB_FAILED;
}

enum rst_mdb_answer rst_mdb_sql_kill(const char *what, uint64_t id)
{
    enum rst_mdb_answer answer = RST_MDB_FAILED;
    MYSQL *mysql = mysql_init(NULL);
    char statement[64];

    if (!mysql)
        return RST_MDB_FAILED;
    snprintf(statement, sizeof(statement), "KILL %s %" PRIu64, what, id);
    if (mysql_real_connect_local(mysql))
        answer = execute(mysql, statement);
    else
        rst_mdb_report("%s: no connection to the server: %s", statement, mysql_error(mysql));
    mysql_close(mysql);
    return answer;
}
