/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Finding the servers of a cluster and asking all of them. See cluster.h.
 *
 * Who may write to the store may write a record, so what it says is checked: an address is one of
 * this host, as endpoints have no others, and the endpoint there has to be that of the record's
 * server before it is asked for more. Only a kill sends a token.
 */
#include "config.h"

#include "rosterctl/cluster.h"

#include <errno.h>
#include <pthread.h>
#include <roster/error.h>
#include <roster/store.h>
#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STORE_MS 2000
#define SERVERS_MOST 1000
#define RECORD_MOST ((size_t)64 << 10) /* bytes */
#define AT_ONCE 32

static void cannot_ask(struct server *server, const char *why)
{
    server->address[0] = '\0';
    server->reply.code = CTL_NO_SERVER;
    snprintf(server->reply.error, sizeof(server->reply.error), "%s", why);
}

static bool is_port(const char *text)
{
    size_t length = strspn(text, "0123456789");

    return length && length <= 5 && !text[length];
}

/* "127.X.Y.Z:PORT", "[::1]:PORT", "localhost:PORT" or "unix:/PATH". */
static bool is_of_this_host(const char *address)
{
    const char *colon = strrchr(address, ':');

    if (!strncmp(address, "unix:/", 6))
        return true;
    if (!colon || !is_port(colon + 1))
        return false;
    if (!strncmp(address, "127.", 4))
        return address + strspn(address, "0123456789.") == colon;
    return (colon == address + 9 && !strncmp(address, "localhost", 9)) ||
           (colon == address + 5 && !strncmp(address, "[::1]", 5));
}

static void read_address(struct server *server, const json_t *info)
{
    const json_t *value = json_object_get(info, "status_address");
    const char *address = json_string_value(value);
    json_int_t number = json_integer_value(json_object_get(info, "server_id"));

    server->number = number > 0 ? (uint64_t)number : 0;
    if (!address)
        cannot_ask(server, "its record names no status address");
    else if (json_string_length(value) != strlen(address) ||
             strlen(address) >= sizeof(server->address) || !is_of_this_host(address))
        cannot_ask(server, "the status address in its record is none of this host");
    else
        snprintf(server->address, sizeof(server->address), "%s", address);
}

/* False for a key that is no server's. */
static bool read_record(struct server *server, const struct roster_store_kv *kv, size_t prefix)
{
    const char *name = (const char *)kv->key.data + prefix;
    size_t length = kv->key.size - prefix;
    json_t *info;

    if (!length || length >= sizeof(server->name) || memchr(name, '/', length) ||
        memchr(name, '\0', length))
        return false;
    roster_text_show(name, length, server->name, sizeof(server->name));
    info =
        kv->value.size <= RECORD_MOST ? json_loadb(kv->value.data, kv->value.size, 0, NULL) : NULL;
    if (json_is_object(info))
        read_address(server, info);
    else
        cannot_ask(server, "its record cannot be read");
    json_decref(info);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct server *)a)->name, ((const struct server *)b)->name);
}

static int read_all(struct servers *servers, const struct roster_store_range *range, size_t prefix)
{
    size_t n;

    servers->all = calloc(range->count + 1, sizeof(*servers->all));
    if (!servers->all)
        return ctl_error(CTL_FAILED, "out of memory");
    for (n = 0; n < range->count; n++)
        if (read_record(&servers->all[servers->count], &range->kvs[n], prefix))
            servers->count++;
        else
            memset(&servers->all[servers->count], 0, sizeof(*servers->all));
    qsort(servers->all, servers->count, sizeof(*servers->all), by_name);
    return servers->count ? CTL_OK
                          : ctl_error(CTL_NO_SERVER, "no server is registered in this store");
}

int servers_read(const struct options *options, struct servers *servers)
{
    struct roster_store *store;
    struct roster_store_range *range = NULL;
    struct roster_store_keys keys;
    char path[256];
    int code, err;

    memset(servers, 0, sizeof(*servers));
    code = ctl_open_store(options, &store);
    if (code != CTL_OK)
        return code;
    snprintf(path, sizeof(path), "%.128s/server/info/",
             options->prefix ? options->prefix : "/roster");
    keys = roster_store_prefix(roster_store_text(path));
    err = roster_store_get(store, &keys, SERVERS_MOST, STORE_MS, &range);
    code = err ? ctl_error(ctl_store_code(err), "%s", roster_store_strerror(err))
               : read_all(servers, range, strlen(path));
    roster_store_free(range);
    roster_store_close(store);
    return code;
}

struct server *servers_find(const struct servers *servers, const char *name, size_t length)
{
    size_t n;

    for (n = 0; n < servers->count; n++)
        if (strlen(servers->all[n].name) == length && !strncmp(servers->all[n].name, name, length))
            return &servers->all[n];
    return NULL;
}

void servers_free(struct servers *servers)
{
    size_t n;

    for (n = 0; n < servers->count; n++)
        reply_free(&servers->all[n].reply);
    free(servers->all);
}

/* What the threads share. */
struct round {
    struct servers *servers;
    const struct options *options;
    server_ask_fn *ask;
    const void *arg;
    pthread_mutex_t mutex; /* of `next` */
    size_t next;
};

static void ask_one(const struct round *round, struct server *server)
{
    struct options options = *round->options;
    uint64_t deadline_ms;
    const char *found;

    server->asked = true;
    reply_free(&server->reply);
    memset(&server->reply, 0, sizeof(server->reply));
    options.server = server->address;
    deadline_ms = ctl_now_ms() + CLUSTER_DEADLINE_MS;
    if (!options.deadline_ms || options.deadline_ms > deadline_ms)
        options.deadline_ms = deadline_ms;
    options.token = NULL; /* a look needs none */
    server->reply = ctl_ask(&options, "GET", "/status");
    if (server->reply.code != CTL_OK)
        return;
    found = json_string_value(json_object_get(server->reply.json, "server_id"));
    if (!found || strcmp(found, server->name) != 0) {
        reply_free(&server->reply);
        server->reply.json = NULL;
        cannot_ask(server, "another server answers at its status address: is it on another host?");
        return;
    }
    if (!round->ask)
        return;
    reply_free(&server->reply);
    server->reply = round->ask(&options, server, round->arg);
}

static void *run(void *arg)
{
    struct round *round = arg;
    struct server *server;

    for (;;) {
        pthread_mutex_lock(&round->mutex);
        server = round->next < round->servers->count ? &round->servers->all[round->next++] : NULL;
        pthread_mutex_unlock(&round->mutex);
        if (!server)
            return NULL;
        if (*server->address && !server->passed_over)
            ask_one(round, server);
    }
}

void servers_ask(struct servers *servers, const struct options *options, server_ask_fn *ask,
                 const void *arg)
{
    struct round round = {servers, options, ask, arg, PTHREAD_MUTEX_INITIALIZER, 0};
    pthread_t threads[AT_ONCE];
    size_t count = 0;

    while (count < AT_ONCE && count < servers->count &&
           !pthread_create(&threads[count], NULL, run, &round))
        count++;
    (void)run(&round); /* also when there is no thread to be had */
    while (count)
        pthread_join(threads[--count], NULL);
}

size_t servers_complain(struct servers *servers)
{
    size_t n, silent = 0;
    bool before;

    for (n = 0; n < servers->count; n++) {
        struct server *server = &servers->all[n];

        before = server->reported;
        server->reported = server->reply.code != CTL_OK;
        silent += server->reported;
        if (before || !server->reported)
            continue;
        ctl_error(server->reply.code, "%s%s%s%s: %s", server->name, *server->address ? " (" : "",
                  server->address, *server->address ? ")" : "", server->reply.error);
    }
    return silent;
}

int servers_code(struct servers *servers)
{
    size_t n;

    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_USAGE) /* all say so */
            return ctl_error(CTL_USAGE, "%s", servers->all[n].reply.error);
    return servers_complain(servers) ? CTL_NO_SERVER : CTL_OK;
}
