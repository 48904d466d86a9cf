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
#include "rosterctl/cluster.h"
#include "store/base/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <roster/error.h>
#include <roster/store.h>
#include <roster/text.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_MS 2000
#define SERVERS_MOST 1000
#define RECORD_MOST ((size_t)64 << 10) /* bytes */
#define AT_ONCE 64

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

/* "127.X.Y.Z:PORT", "[::1]:PORT", "localhost:PORT" or "unix:/PATH". Numbers that are no address
 * would be looked up as a name, which may be another host's. */
static bool is_of_this_host(const char *address)
{
    const char *colon = strrchr(address, ':');
    char host[INET_ADDRSTRLEN];
    struct in_addr ip;

    if (!strncmp(address, "unix:/", 6))
        return true;
    if (!colon || !is_port(colon + 1))
        return false;
    if (colon - address < (ptrdiff_t)sizeof(host)) {
        snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
        if (inet_pton(AF_INET, host, &ip) == 1)
            return ntohl(ip.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return (colon == address + 9 && !strncmp(address, "localhost", 9)) ||
           (colon == address + 5 && !strncmp(address, "[::1]", 5));
}

/* A terminal, or what else it is shown on: it becomes part of commands. */
static bool steers(const char *address)
{
    char shown[sizeof(((struct server *)NULL)->address)];

    roster_text_show(address, strlen(address), shown, sizeof(shown));
    return strcmp(address, shown) != 0;
}

/* Whether a record has an address of this host. */
static bool copy_address(char *to, size_t size, const json_t *record)
{
    const json_t *value = json_object_get(record, "status_address");
    const char *address = json_string_value(value);

    if (!address || json_string_length(value) != strlen(address) || strlen(address) >= size ||
        !is_of_this_host(address) || steers(address))
        return false;
    memcpy(to, address, strlen(address) + 1);
    return true;
}

static void read_address(struct server *server, const json_t *info)
{
    json_int_t number = json_integer_value(json_object_get(info, "server_id"));

    server->number = number > 0 ? (uint64_t)number : 0;
    if (!json_is_string(json_object_get(info, "status_address")))
        cannot_ask(server, "its record names no status address");
    else if (!copy_address(server->address, sizeof(server->address), info))
        cannot_ask(server, "the status address in its record is not one of this host");
}

/* Of a key below a prefix; false: it is not a server's. */
static bool read_name(char *to, size_t size, const struct roster_store_kv *kv, size_t prefix)
{
    const char *name = (const char *)kv->key.data + prefix;
    size_t length = kv->key.size - prefix;

    if (!length || length >= size || memchr(name, '/', length) || memchr(name, '\0', length))
        return false;
    roster_text_show(name, length, to, size);
    return true;
}

/* NULL: it is no object. */
static json_t *read_value(const struct roster_store_kv *kv)
{
    json_t *json =
        kv->value.size <= RECORD_MOST ? rst_json_parse(kv->value.data, kv->value.size, 0) : NULL;

    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

static void read_record(struct server *server, const struct roster_store_kv *kv)
{
    json_t *info = read_value(kv);

    if (info)
        read_address(server, info);
    else
        cannot_ask(server, "its record cannot be read");
    json_decref(info);
}

static void read_sign(struct gone *gone, const struct roster_store_kv *kv)
{
    json_t *sign = read_value(kv);
    const char *record = json_string_value(json_object_get(sign, "record"));
    json_int_t at_ms = json_integer_value(json_object_get(sign, "at_ms"));

    gone->seen_ms = at_ms > 0 ? at_ms : 0;
    if (record && *record && strlen(record) < sizeof(gone->record) &&
        !record[strspn(record, "0123456789")])
        snprintf(gone->record, sizeof(gone->record), "%s", record);
    (void)copy_address(gone->address, sizeof(gone->address), sign);
    json_decref(sign);
}

/* Both begin with the name. */
static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_servers(struct servers *servers, const struct roster_store_range *range,
                         size_t prefix)
{
    size_t n;

    for (n = 0; n < range->count; n++)
        if (read_name(servers->all[servers->count].name, sizeof(servers->all->name), &range->kvs[n],
                      prefix))
            read_record(&servers->all[servers->count++], &range->kvs[n]);
    qsort(servers->all, servers->count, sizeof(*servers->all), by_name);
}

/* After the servers that are there. */
static void read_gone(struct servers *servers, const struct roster_store_range *range,
                      size_t prefix)
{
    struct gone *gone;
    size_t n;

    for (n = 0; n < range->count; n++) {
        gone = &servers->gone[servers->gone_count];
        if (!read_name(gone->name, sizeof(gone->name), &range->kvs[n], prefix) ||
            bsearch(gone->name, servers->all, servers->count, sizeof(*servers->all), by_name))
            continue;
        read_sign(gone, &range->kvs[n]);
        servers->gone_count++;
    }
    qsort(servers->gone, servers->gone_count, sizeof(*servers->gone), by_name);
}

static int read_all(struct servers *servers, const struct roster_store_txn_result *result,
                    const size_t prefixes[2], bool want_gone)
{
    const struct roster_store_range *there = &result->results[0].range,
                                    *seen = &result->results[1].range;

    servers->all = calloc(there->count + 1, sizeof(*servers->all));
    servers->gone = calloc(seen->count + 1, sizeof(*servers->gone));
    if (!servers->all || !servers->gone)
        return ctl_error(CTL_FAILED, "out of memory");
    read_servers(servers, there, prefixes[0]);
    read_gone(servers, seen, prefixes[1]);
    return servers->count || (want_gone && servers->gone_count)
               ? CTL_OK
               : ctl_error(CTL_NO_SERVER, "no server is registered in this store");
}

/* At one revision: a server that stops in that time is there or is not, and has not gone. */
int servers_read(const struct options *options, struct servers *servers, bool want_gone)
{
    static const char *const keys[] = {"info", "seen"};
    struct roster_store_txn_result *result = NULL;
    struct roster_store *store;
    struct roster_store_op ops[2];
    struct roster_store_txn txn = {.success = ops, .n_success = 2};
    char paths[2][256];
    size_t prefixes[2], n;
    int code, err;

    memset(servers, 0, sizeof(*servers));
    code = ctl_open_store(options, &store);
    if (code != CTL_OK)
        return code;
    for (n = 0; n < 2; n++) {
        snprintf(paths[n], sizeof(paths[n]), "%.128s/server/%s/",
                 options->prefix ? options->prefix : "/roster", keys[n]);
        prefixes[n] = strlen(paths[n]);
        ops[n] = roster_store_read(roster_store_prefix(roster_store_text(paths[n])), SERVERS_MOST);
    }
    err = roster_store_txn(store, &txn, STORE_MS, &result);
    code = err ? ctl_store_failed(options, err, roster_store_strerror(err))
               : read_all(servers, result, prefixes, want_gone);
    roster_store_free(result);
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
    free(servers->gone);
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
    deadline_ms = rst_monotonic_ms() + CLUSTER_DEADLINE_MS;
    if (!options.deadline_ms || options.deadline_ms > deadline_ms)
        options.deadline_ms = deadline_ms;
    options.token = NULL; /* a look needs none */
    server->reply = ctl_ask(&options, "GET", "/status");
    if (server->reply.code != CTL_OK)
        return;
    found = json_string_value(json_object_get(server->reply.json, "server_id"));
    if (*server->name && (!found || strcmp(found, server->name) != 0)) {
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

void servers_reject(struct server *server, const char *format, ...)
{
    va_list args;

    server->reply.code = CTL_FAILED;
    va_start(args, format);
    vsnprintf(server->reply.error, sizeof(server->reply.error), format, args);
    va_end(args);
}

int servers_code(struct servers *servers)
{
    size_t n;

    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_USAGE) /* all say so */
            return ctl_error(CTL_USAGE, "%s", servers->all[n].reply.error);
    return servers_complain(servers) ? CTL_NO_SERVER : CTL_OK;
}

struct reply servers_result(struct servers *servers)
{
    int code = servers_code(servers);

    return (struct reply){.code = code == CTL_USAGE ? code : CTL_OK, .missing = code};
}

struct reply servers_round(struct servers *servers, const struct options *options,
                           server_ask_fn *ask, const void *arg)
{
    servers_ask(servers, options, ask, arg);
    return servers_result(servers);
}
