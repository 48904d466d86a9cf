/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void fail(const char *what, const char *why)
{
    printf("FAILED: %s: %s\n", what, why);
    exit(1);
}

MYSQL *handle(void)
{
    const my_bool wanted = 0; /* the servers here have no TLS */
    MYSQL *mysql = mysql_init(NULL);

    mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &wanted);
    return mysql;
}

MYSQL *dial(unsigned port)
{
    const unsigned long flags = CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS;
    MYSQL *mysql = handle();

    if (!mysql_real_connect(mysql, "127.0.0.1", "root", "", NULL, port, NULL, flags))
        fail("connect", mysql_error(mysql));
    if (mysql_set_character_set(mysql, "utf8mb4"))
        fail("character set", mysql_error(mysql));
    return mysql;
}

unsigned try_bytes(MYSQL *mysql, const char *query, size_t length)
{
    int more = mysql_real_query(mysql, query, length) ? 1 : 0;

    while (!more) {
        mysql_free_result(mysql_store_result(mysql));
        more = mysql_errno(mysql) ? 1 : mysql_next_result(mysql);
    }
    return mysql_errno(mysql);
}

unsigned try_query(MYSQL *mysql, const char *query)
{
    return try_bytes(mysql, query, strlen(query));
}

void query(MYSQL *mysql, const char *query)
{
    if (try_query(mysql, query))
        fail(query, mysql_error(mysql));
}

char *answer(MYSQL *mysql, const char *query)
{
    MYSQL_RES *result;
    MYSQL_ROW row;
    char *copy;

    if (mysql_query(mysql, query) || !(result = mysql_store_result(mysql)))
        fail(query, mysql_error(mysql));
    row = mysql_fetch_row(result);
    copy = strdup(row && row[0] ? row[0] : "");
    mysql_free_result(result);
    return copy;
}

void ask(const char *socket_path, const char *request, char *reply, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    size_t length = 0;
    ssize_t got;
    char text[512];

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
        fail("connect to the endpoint", socket_path);
    snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
             request);
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        fail("write to the endpoint", request);
    while (length < size - 1 && (got = read(fd, reply + length, size - 1 - length)) > 0)
        length += (size_t)got;
    reply[length] = '\0';
    close(fd);
}
