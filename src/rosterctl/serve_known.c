/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which servers a page of the cluster asks: those that had a record a moment ago, less those that
 * have just not answered.
 */
#include "rosterctl/serve.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MS 2000 /* how old what was read of the store may be */
#define FAILED_MS 5000  /* when a store that failed is read again */
#define AGAIN_MS 2000   /* when a server that did not answer is asked again, by one request */
#define REQUEST_MS 1000 /* for each request to a server */
#define ALL_MS 2500     /* for all that one answer needs */
#define CHANGE_MS 2500
#define BODY_MOST ((size_t)4 << 20) /* bytes of an answer of one server */
#define BODIES_MOST ((size_t)32 << 20)
#define BODY_LEAST ((size_t)64 << 10)

static void keep_silences(const struct serve *serve, const struct servers *now,
                          struct silence *silences)
{
    const struct server *before;
    size_t n;

    for (n = 0; n < now->count; n++) {
        before = servers_find(&serve->known, now->all[n].name, strlen(now->all[n].name));
        if (before && !strcmp(before->address, now->all[n].address))
            silences[n] = serve->silences[before - serve->known.all];
    }
}

/* What cannot be read leaves what was known. A store without a server can be read. */
static void install(struct serve *serve, struct servers *now, int code)
{
    struct silence *silences = NULL;

    serve->code = code;
    if (code == CTL_OK || (code == CTL_NO_SERVER && now->all))
        serve->failing_since_ms = 0;
    else if (!serve->failing_since_ms)
        serve->failing_since_ms = rst_monotonic_ms();
    serve->due_ms = rst_monotonic_ms() + (code == CTL_OK ? RECORDS_MS : FAILED_MS);
    if (code == CTL_OK || (code == CTL_NO_SERVER && now->all))
        silences = calloc(now->count + 1, sizeof(*silences));
    if (!silences) {
        servers_free(now);
        return;
    }
    keep_silences(serve, now, silences);
    servers_free(&serve->known);
    free(serve->silences);
    serve->known = *now;
    serve->silences = silences;
    serve->error[0] = '\0';
}

/* A store may take its time: one request reads it, the others go on with what is known. */
bool serve_read(struct serve *serve)
{
    char error[sizeof(serve->error)], command[sizeof(serve->command)];
    struct servers now;
    bool due, known;
    int code;

    pthread_mutex_lock(&serve->mutex);
    due = !serve->reading && rst_monotonic_ms() >= serve->due_ms;
    serve->reading |= due;
    pthread_mutex_unlock(&serve->mutex);
    if (due) {
        ctl_keep_errors(error, command, sizeof(error));
        code = servers_read(serve->options, &now, true);
        ctl_keep_errors(NULL, NULL, 0);
    }
    pthread_mutex_lock(&serve->mutex);
    if (due) {
        memcpy(serve->error, error, sizeof(error));
        memcpy(serve->command, command, sizeof(command));
        install(serve, &now, code);
        serve->reading = false;
    }
    known = serve->known.all;
    pthread_mutex_unlock(&serve->mutex);
    return known;
}

/* Of the requests that come when it may be asked again one asks. */
static void pass_over(struct server *server, struct silence *silence, uint64_t now_ms)
{
    if (!silence->since_ms)
        return;
    server->silent_ms = rst_since(now_ms, silence->since_ms);
    if (!server->silent_ms)
        server->silent_ms = 1;
    if (now_ms >= silence->until_ms) {
        silence->until_ms = now_ms + AGAIN_MS + ALL_MS;
        return;
    }
    server->passed_over = true;
    server->reply.code = CTL_NO_SERVER;
    memcpy(server->reply.error, silence->error, sizeof(silence->error));
}

static void choose(struct serve *serve, struct asking *asking)
{
    const struct servers *known = &serve->known;
    struct servers *servers = &asking->servers;
    uint64_t now_ms = rst_monotonic_ms();
    size_t n;

    servers->all = calloc(known->count + 1, sizeof(*servers->all));
    servers->gone = calloc(known->gone_count + 1, sizeof(*servers->gone));
    for (n = 0; servers->gone && n < known->gone_count; n++)
        servers->gone[servers->gone_count++] = known->gone[n];
    for (n = 0; servers->all && n < known->count; n++) {
        if (asking->server && strcmp(known->all[n].name, asking->server) != 0)
            continue;
        servers->all[servers->count] = known->all[n];
        pass_over(&servers->all[servers->count++], &serve->silences[n], now_ms);
    }
}

static void set_limits(struct asking *asking)
{
    struct options *options = &asking->options;
    size_t count = asking->servers.count ? asking->servers.count : 1;

    options->body_most = BODIES_MOST / count;
    if (options->body_most > BODY_MOST)
        options->body_most = BODY_MOST;
    if (options->body_most < BODY_LEAST)
        options->body_most = BODY_LEAST;
    options->timeout_ms = asking->target ? CHANGE_MS : REQUEST_MS;
    options->deadline_ms = rst_monotonic_ms() + (asking->target ? 2 * CHANGE_MS : ALL_MS);
}

struct reply serve_begin(struct asking *asking)
{
    struct serve *serve = asking->serve;

    (void)serve_read(serve);
    pthread_mutex_lock(&serve->mutex);
    choose(serve, asking);
    memcpy(asking->store_error, serve->error, sizeof(serve->error));
    memcpy(asking->store_command, serve->command, sizeof(serve->command));
    if (serve->failing_since_ms)
        asking->store_failing_ms = rst_since(rst_monotonic_ms(), serve->failing_since_ms);
    pthread_mutex_unlock(&serve->mutex);
    if (!asking->servers.all)
        return serve_fail(CTL_FAILED, "out of memory");
    if (asking->server && !asking->servers.count)
        return serve_fail(CTL_NOT_FOUND, "no server \"%.64s\" is registered", asking->server);
    set_limits(asking);
    return (struct reply){.code = CTL_OK};
}

static void note(struct silence *silence, const struct server *server)
{
    uint64_t now_ms = rst_monotonic_ms();

    if (server->reply.code != CTL_NO_SERVER) {
        silence->since_ms = silence->until_ms = 0;
        return;
    }
    if (!silence->since_ms)
        silence->since_ms = now_ms;
    silence->until_ms = now_ms + AGAIN_MS;
    memcpy(silence->error, server->reply.error, sizeof(silence->error));
}

void serve_end(struct asking *asking)
{
    struct serve *serve = asking->serve;
    size_t n;

    pthread_mutex_lock(&serve->mutex);
    for (n = 0; n < asking->servers.count; n++) {
        const struct server *server = &asking->servers.all[n];
        const struct server *known =
            servers_find(&serve->known, server->name, strlen(server->name));

        if (known && *server->address && !server->passed_over && server->asked)
            note(&serve->silences[known - serve->known.all], server);
    }
    pthread_mutex_unlock(&serve->mutex);
    servers_free(&asking->servers);
}
