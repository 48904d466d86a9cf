/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What scripts need beside servers:
 *
 *     tool put URL KEY VALUE      puts a key without a lease
 *     tool delete URL KEY
 *     tool get URL PREFIX         prints "KEY VALUE", a line for each key
 *     tool lock FILE MS           holds the lock of an SQLite file for so long
 *     tool ports N                prints N ports of loopback that were free a moment ago
 *     tool number FILE NUMBER     writes the number that a server's clock or a proxy looks at
 */

#include "config.h"

#include "log.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

#include <roster/error.h>
#include <roster/store.h>

#define TIMEOUT_MS 10000

static struct roster_store *open_store(const char *url)
{
    struct roster_store *store = NULL;
    char error[ROSTER_STORE_ERROR_SIZE];
    int result = roster_store_open(url, NULL, &store, error, sizeof(error));

    if (result != 0)
        errx(1, "%s: %s", roster_store_strerror(result), error);
    return store;
}

static int finish(struct roster_store *store, int result)
{
    roster_store_close(store);
    if (result != 0)
        errx(1, "%s", roster_store_strerror(result));
    return 0;
}

static int change(const char *url, struct roster_store_op op)
{
    struct roster_store *store = open_store(url);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};

    return finish(store, roster_store_txn(store, &txn, TIMEOUT_MS, NULL));
}

static int do_put(char **arguments)
{
    return change(arguments[0], roster_store_put(roster_store_text(arguments[1]),
                                                 roster_store_text(arguments[2]), 0));
}

static int do_delete(char **arguments)
{
    return change(arguments[0],
                  roster_store_delete(roster_store_key(roster_store_text(arguments[1]))));
}

static int do_get(char **arguments)
{
    struct roster_store *store = open_store(arguments[0]);
    struct roster_store_keys keys = roster_store_prefix(roster_store_text(arguments[1]));
    struct roster_store_range *range = NULL;
    int result = roster_store_get(store, &keys, 0, TIMEOUT_MS, &range);

    for (size_t i = 0; range != NULL && i < range->count; i++)
        printf("%.*s %.*s\n", (int)range->kvs[i].key.size, (const char *)range->kvs[i].key.data,
               (int)range->kvs[i].value.size, (const char *)range->kvs[i].value.data);
    roster_store_free(range);
    return finish(store, result);
}

static int do_lock(char **arguments)
{
#ifdef HAVE_SQLITE
    sqlite3 *db;

    if (sqlite3_open(arguments[0], &db) != SQLITE_OK)
        errx(1, "%s cannot be opened", arguments[0]);
    sqlite3_busy_timeout(db, TIMEOUT_MS);
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        errx(1, "%s", sqlite3_errmsg(db));
    sleep_us(strtoull(arguments[1], NULL, 10) * 1000);
    sqlite3_close(db);
    return 0;
#else
    (void)arguments;
    errx(1, "built without SQLite");
#endif
}

static int do_ports(char **arguments)
{
    int n = atoi(arguments[0]), fds[32];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    for (int i = 0; i < n && i < 32; i++) {
        address.sin_port = 0;
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (fds[i] < 0 || bind(fds[i], (struct sockaddr *)&address, length) != 0 ||
            getsockname(fds[i], (struct sockaddr *)&address, &length) != 0)
            err(1, "no port");
        printf("%d\n", ntohs(address.sin_port));
    }
    return 0;
}

static int do_number(char **arguments)
{
    _Atomic int64_t *number = map_file(arguments[0], sizeof(*number));

    atomic_store(number, strtoll(arguments[1], NULL, 10));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int n_arguments;
        int (*run)(char **arguments);
    } commands[] = {{"put", 3, do_put},   {"delete", 2, do_delete}, {"get", 2, do_get},
                    {"lock", 2, do_lock}, {"ports", 1, do_ports},   {"number", 2, do_number}};

    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, argv[1]) == 0 && commands[i].n_arguments == argc - 2)
            return commands[i].run(argv + 2);
    errx(2, "usage: tool put|delete|get|lock|ports|number ARGUMENT...");
}
