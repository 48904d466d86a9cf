/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * crowd PORT CONNECTIONS: opens as many connections, which is all that the server takes. The mirror
 * has to show each of them, none of those that the server then refuses, and half after half has
 * gone.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNTS                                                                                     \
    "SELECT CONCAT((SELECT COUNT(*) FROM " ROSTER_ROWS "), ' ', (SELECT COUNT(*) FROM "            \
    "information_schema.processlist WHERE command <> 'Daemon'))"
#define TRIES 1000

static MYSQL *admin;

/* Waits until both lists have that many rows. */
static void have(int expected)
{
    int tries, roster = 0, server = 0;

    for (tries = 0; tries < TRIES && (roster != expected || server != expected); tries++) {
        char *counts = answer(admin, COUNTS), *second;

        roster = (int)strtol(counts, &second, 10);
        server = atoi(second);
        free(counts);
        if (roster != expected || server != expected)
            usleep(20000);
    }
    printf("%d connections, of which the mirror shows %d and PROCESSLIST %d\n", expected, roster,
           server);
    if (roster != expected || server != expected)
        fail("the lists", "they do not show all connections");
}

int main(int argc, char **argv)
{
    unsigned port = argc > 2 ? (unsigned)atoi(argv[1]) : 0;
    int count = argc > 2 ? atoi(argv[2]) : 0, n;
    MYSQL **crowd = calloc((size_t)count, sizeof(MYSQL *)), *refused;

    admin = dial(port);
    query(admin, "CREATE USER plain"); /* one place more is an administrator's */
    for (n = 0; n < count; n++)
        crowd[n] = dial(port);
    have(count + 1);
    for (n = 0; n < 20; n++) {
        refused = handle();
        if (mysql_real_connect(refused, "127.0.0.1", "plain", "", NULL, port, NULL, 0))
            fail("a connection too many", "the server took it");
        mysql_close(refused);
    }
    have(count + 1);
    for (n = 0; n < count; n += 2)
        mysql_close(crowd[n]);
    have(count / 2 + 1);
    for (n = 1; n < count; n += 2)
        mysql_close(crowd[n]);
    have(1);
    mysql_close(admin);
    free(crowd);
    mysql_library_end();
    return 0;
}
