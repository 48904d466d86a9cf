/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * serve: the page that every endpoint has, for all servers of a cluster. It is a process of its own
 * that asks them as the other commands do: a page that a browser has from one server may not ask
 * another one, and no server should ask the others in its own process.
 */
#include "rosterctl/serve.h"
#include "store/base/json.h"

#include <errno.h>
#include <roster/error.h>
#include <roster/status.h>
#include <roster/text.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MOST 2000
#define LOOK_MS 500 /* how often it is looked whether it is to end */

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
    (void)number;
    ending = 1;
}

struct reply serve_fail(int code, const char *format, ...)
{
    struct reply reply = {.code = code};
    va_list args;

    va_start(args, format);
    vsnprintf(reply.error, sizeof(reply.error), format, args);
    va_end(args);
    return reply;
}

bool serve_answered(const struct server *server)
{
    return server->reply.code == CTL_OK || server->reply.code == CTL_NOT_FOUND;
}

void serve_keep_objects(json_t *rows)
{
    json_t *objects = json_array(), *row;
    size_t n;

    json_array_foreach(rows, n, row)
    {
        if (json_is_object(row))
            json_array_append(objects, row);
    }
    json_array_clear(rows);
    json_array_extend(rows, objects);
    json_decref(objects);
}

#define ROWS                                                                                       \
    " server limit sort search user db kind application wait digest blocker command state min_ms " \
    "columns in_txn full id "

/* How a page is made, and the arguments that it takes. */
struct making {
    serve_make_fn *make;
    const char *takes;
};

static const struct rst_site_page pages[] = {
    {"/status", false, &(const struct making){serve_status, " "}},
    {"/processlist", false, &(const struct making){serve_rows, ROWS}},
    {"/trx", false, &(const struct making){serve_rows, ROWS}},
    {"/holders", false, &(const struct making){serve_rows, ROWS "holder "}},
    {"/locks", false, &(const struct making){serve_locks, " server limit "}},
    {"/minimum", false, &(const struct making){serve_minimum, " server "}},
    {"/events", false, &(const struct making){serve_events, " server limit since "}},
    {"/timeline", false, &(const struct making){serve_timeline, " server after "}},
    {"/activity", false,
     &(const struct making){
         serve_activity,
         " server from to step by limit state wait digest user db application kind "}},
    {"/kill", true,
     &(const struct making){serve_kill, " server id target statement start_ts transaction "}},
};

#define AT(member) offsetof(struct asking, member)

static const struct {
    const char *name;
    size_t offset;
} places[] = {
    {"server", AT(server)},
    {"id", AT(id)},
    {"after", AT(after)},
    {"since", AT(since)},
    {"from", AT(from)},
    {"to", AT(to)},
    {"step", AT(step)},
    {"by", AT(by)},
    {"target", AT(target)},
    {"statement", AT(statement)},
    {"start_ts", AT(start_ts)},
    {"transaction", AT(transaction)},
    {"limit", AT(options.limit)},
    {"sort", AT(options.sort)},
    {"search", AT(options.search)},
    {"user", AT(options.user)},
    {"db", AT(options.db)},
    {"kind", AT(options.kind)},
    {"application", AT(options.application)},
    {"wait", AT(options.wait_event)},
    {"digest", AT(options.digest)},
    {"blocker", AT(options.blocker)},
    {"holder", AT(options.holder)},
    {"command", AT(options.command)},
    {"state", AT(options.state)},
    {"min_ms", AT(options.min_ms)},
    {"columns", AT(options.columns)},
};

/* As an endpoint takes it. */
static struct reply take_flag(const struct rst_site_argument *argument, bool *flag)
{
    *flag = !*argument->value || !strcmp(argument->value, "1");
    if (!*flag && strcmp(argument->value, "0") != 0)
        return serve_fail(CTL_USAGE, "%s takes 1 or 0", argument->name);
    return (struct reply){.code = CTL_OK};
}

static struct reply take(struct asking *asking, const struct rst_site_argument *argument,
                         const char *takes)
{
    const struct reply taken = {.code = CTL_OK};
    char word[64];
    size_t n;

    snprintf(word, sizeof(word), " %.40s ", argument->name);
    if (!*argument->name || strchr(argument->name, ' ') || !strstr(takes, word))
        return serve_fail(CTL_USAGE, "unknown argument %.64s", argument->name);
    if (!strcmp(argument->name, "in_txn"))
        return take_flag(argument, &asking->options.in_txn);
    if (!strcmp(argument->name, "full"))
        return take_flag(argument, &asking->options.full);
    for (n = 0; n < sizeof(places) / sizeof(places[0]); n++)
        if (!strcmp(places[n].name, argument->name))
            memcpy((char *)asking + places[n].offset, &argument->value, sizeof(argument->value));
    return taken;
}

static bool is_limit(const char *text)
{
    unsigned long limit = 0;

    if (strlen(text) < 8 && text_is_number(text))
        limit = strtoul(text, NULL, 10);
    return limit > 0 && limit <= ROWS_MOST;
}

static struct reply parse(struct asking *asking, const struct rst_site_asked *asked,
                          const char *takes)
{
    struct reply reply = {.code = CTL_OK};
    size_t n;

    for (n = 0; n < asked->count && reply.code == CTL_OK; n++)
        reply = take(asking, &asked->arguments[n], takes);
    if (reply.code == CTL_OK && asking->options.limit && !is_limit(asking->options.limit))
        return serve_fail(CTL_USAGE, "limit takes a number from 1 to %d", ROWS_MOST);
    if (reply.code == CTL_OK && !asking->options.limit && strstr(takes, " limit "))
        asking->options.limit = "200";
    return reply;
}

/* As an endpoint would answer. */
static unsigned http_status(const struct reply *reply)
{
    if (reply->status)
        return (unsigned)reply->status;
    switch (reply->code) {
    case CTL_OK:
        return 200;
    case CTL_USAGE:
        return 400;
    case CTL_NOT_FOUND:
        return 404;
    case CTL_NO_SERVER:
        return 504;
    default:
        return 502;
    }
}

/* Of how many this is, and which are missing, and why. `gone` ones are in no list, and missing
 * nevertheless. */
static void add_servers(struct reply *reply, const struct servers *servers, size_t gone)
{
    json_t *silent = json_array(), *why = json_array();
    char error[sizeof(servers->all->reply.error)];
    size_t n, answered = 0;

    for (n = 0; n < servers->count; n++)
        if (serve_answered(&servers->all[n]))
            answered++;
        else {
            const char *text = servers->all[n].reply.error;

            roster_text_show(text, strlen(text), error, sizeof(error));
            json_array_append_new(silent, json_string(servers->all[n].name));
            json_array_append_new(why, json_string(error));
        }
    json_object_set_new(reply->json, "answered", json_integer((json_int_t)answered));
    json_object_set_new(reply->json, "of",
                        json_integer((json_int_t)servers->count + (json_int_t)gone));
    json_object_set_new(reply->json, "silent", silent);
    json_object_set_new(reply->json, "silent_why", why);
}

/* Where no server has answered, nothing is known: that is no empty list. */
static struct reply check(const struct asking *asking, struct reply *made)
{
    const struct servers *servers = &asking->servers;
    size_t n;

    for (n = 0; n < servers->count && !serve_answered(&servers->all[n]); n++)
        ;
    if (!servers->count || n < servers->count)
        return *made;
    reply_free(made);
    return serve_fail(CTL_NO_SERVER, "%s",
                      servers->count == 1 ? servers->all[0].reply.error : "no server answers");
}

static struct reply make(struct asking *asking, const struct rst_site_asked *asked, char error[512])
{
    const struct making *making = asked->page->what;
    bool changes = asked->page->changes, is_status = making->make == serve_status;
    struct reply reply = parse(asking, asked, making->takes);

    if (reply.code == CTL_OK)
        reply = serve_begin(asking);
    if (reply.code == CTL_OK) {
        ctl_keep_errors(error, NULL, 512);
        reply = making->make(asking);
        ctl_keep_errors(NULL, NULL, 0);
        if (reply.code == CTL_OK && !changes && !is_status)
            reply = check(asking, &reply);
        if (reply.code == CTL_OK && !changes)
            add_servers(&reply, &asking->servers, is_status ? asking->servers.gone_count : 0);
    }
    serve_end(asking);
    return reply;
}

static unsigned answer(void *arg, const struct rst_site_asked *asked, char **json)
{
    struct serve *serve = arg;
    struct asking asking = {.serve = serve, .path = asked->page->path, .options = *serve->options};
    char error[512] = "";
    struct reply reply;
    unsigned status;

    if (asked->token)
        asking.options.token = asked->token;
    reply = make(&asking, asked, error);
    if (reply.code != CTL_OK) {
        reply_free(&reply);
        if (*reply.error) /* it may name what came with the request */
            roster_text_show(reply.error, strlen(reply.error), error, sizeof(error));
        reply.json = json_pack("{s:s}", "error", error);
    }
    *json = reply.json ? rst_json_text(reply.json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    status = http_status(&reply);
    reply_free(&reply);
    return status;
}

static void print_address(const struct serve *serve, const char *address)
{
    printf("%s%s%s\n", strncmp(address, "unix:", 5) ? "http://" : "", address,
           strncmp(address, "unix:", 5) ? "/" : "");
    printf("all servers in %s, for this user alone; Ctrl-C ends it\n", serve->store);
    fflush(stdout);
}

static int listen_error(const char *address, int err)
{
    switch (err) {
    case -EINVAL:
        return ctl_error(CTL_USAGE,
                         "--listen takes 127.0.0.1:PORT, [::1]:PORT or unix:PATH of this host, not "
                         "\"%s\"",
                         address);
    case -EADDRINUSE:
        return ctl_error(CTL_FAILED, "%s: it is in use; --listen=127.0.0.1:0 takes a free port",
                         address);
    case -ENOENT:
        return ctl_error(CTL_NOT_FOUND, "%s: there is no such directory", address);
    case -EACCES:
        return ctl_error(CTL_FORBIDDEN, "%s: this user may not listen there", address);
    default:
        return ctl_error(CTL_FAILED, "%s: %s", address, roster_strerror(err));
    }
}

static int run(struct serve *serve)
{
    const char *address = serve->options->listen ? serve->options->listen : "127.0.0.1:0";
    struct rst_site site = {address, pages, COUNT_OF(pages), answer, serve};
    struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    struct roster_status *status;
    int err = rst_site_start(&site, &status);

    if (err)
        return listen_error(address, err);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    print_address(serve, roster_status_address(status));
    while (!ending)
        (void)roster_status_run_once(status, LOOK_MS);
    rst_site_stop(status);
    return CTL_OK;
}

int ctl_serve(const struct options *options)
{
    static struct serve serve = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    int code = CTL_OK;

    serve.options = options;
    serve.started_ms = rst_monotonic_ms();
    roster_text_redact(options->store, serve.store, sizeof(serve.store));
    if (!serve_read(&serve))
        code = ctl_error(serve.code, "%s", serve.error);
    if (code == CTL_OK)
        code = run(&serve);
    servers_free(&serve.known);
    free(serve.silences);
    return code;
}
