/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * change_user PORT: a pool of connections that are handed from one user to the next, as pools do,
 * with and without a database, and sometimes with a wrong password, after which the server leaves
 * the user as it was. After each round the mirror has to show the users that the process list
 * shows.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS 12
#define ROUNDS 20

static const char *const users[] = {"root", "pool1", "pool2", "we\"ird\\[x] @ y", "a[a", "ü"};
#define USERS (sizeof(users) / sizeof(users[0]))

#define BOTH                                                                                       \
    "SELECT IFNULL(GROUP_CONCAT(CONCAT_WS(' ', id, user, IFNULL(db, '-')) ORDER BY id), '') FROM "
#define MIRROR BOTH ROSTER_ROWS
#define SERVER BOTH "information_schema.processlist WHERE command <> 'Daemon'"

static void make_users(MYSQL *admin)
{
    char text[256], name[128];
    size_t n;

    query(admin, "SET group_concat_max_len = 100000");
    query(admin, "CREATE DATABASE pool");
    for (n = 1; n < USERS; n++) {
        mysql_real_escape_string(admin, name, users[n], strlen(users[n]));
        snprintf(text, sizeof(text), "CREATE USER '%s'@'%%'", name);
        query(admin, text);
        snprintf(text, sizeof(text), "GRANT ALL ON *.* TO '%s'@'%%'", name);
        query(admin, text);
    }
}

/* A server takes three wrong passwords from a connection, then no change any more. */
static void change(MYSQL *mysql, int *wrong_left)
{
    const char *user = users[(size_t)rand() % USERS];
    const char *database = rand() % 2 ? "pool" : NULL;
    int wrong = rand() % 5 == 0 && *wrong_left > 0;

    *wrong_left -= wrong;
    if (mysql_change_user(mysql, user, wrong ? "wrong" : "", database) != wrong)
        fail(wrong ? "a wrong password was taken" : "change user", mysql_error(mysql));
    if (rand() % 2 && mysql_query(mysql, "DO 1"))
        fail("a statement after a change of user", mysql_error(mysql));
}

/* Returns whether both lists agree within two seconds; prints them when they do not. */
static int agree(MYSQL *admin, unsigned long first)
{
    char mirror_query[1024], server_query[1024];
    int tries, same = 0;

    snprintf(mirror_query, sizeof(mirror_query), MIRROR " WHERE id >= %lu", first);
    snprintf(server_query, sizeof(server_query), SERVER " AND id >= %lu", first);
    for (tries = 0; !same && tries < 200; tries++) {
        char *mirror = answer(admin, mirror_query), *server = answer(admin, server_query);

        same = strcmp(mirror, server) == 0;
        if (!same && tries == 199)
            printf("mirror: %s\nserver: %s\n", mirror, server);
        free(mirror);
        free(server);
        if (!same)
            usleep(10000);
    }
    return same;
}

int main(int argc, char **argv)
{
    unsigned port = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    MYSQL *admin = dial(port), *pool[CONNECTIONS];
    int n, round, wrong_left[CONNECTIONS], different = 0;

    make_users(admin);
    for (n = 0; n < CONNECTIONS; n++) {
        pool[n] = dial(port);
        wrong_left[n] = n < 2 ? 2 : 0; /* each costs a second */
    }
    srand(1);
    for (round = 0; round < ROUNDS && !different; round++) {
        for (n = 0; n < CONNECTIONS; n++)
            change(pool[n], &wrong_left[n]);
        different = !agree(admin, mysql_thread_id(pool[0]));
    }
    for (n = 0; n < CONNECTIONS; n++)
        mysql_close(pool[n]);
    mysql_close(admin);
    mysql_library_end();
    printf("%d rounds of %d changes of user%s\n", round, CONNECTIONS,
           different ? ", the last of which the mirror shows wrongly" : "");
    return different;
}
