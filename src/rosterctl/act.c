/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * kill and drain.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int kill_one(const struct options *options, const char *id)
{
    struct reply reply;
    char path[256];
    int code;

    if (!*id || id[strspn(id, "0123456789")] || strlen(id) > 20)
        return ctl_error(CTL_USAGE, "\"%s\" is not the id of a session", id);
    snprintf(path, sizeof(path), "/kill?id=%s&target=%s%s%.20s", id,
             options->statement     ? "statement"
             : options->transaction ? "transaction"
                                    : "connection",
             !options->seq        ? ""
             : options->statement ? "&statement="
                                  : "&start_ts=",
             options->seq ? options->seq : "");
    reply = ctl_ask(options, "POST", path);
    code = reply.code;
    if (code != CTL_OK)
        ctl_error(code, "session %s: %s", id, reply.error);
    else if (options->json)
        ctl_print_json(reply.json, JSON_COMPACT);
    else
        printf("session %s: delivered\n", id);
    reply_free(&reply);
    return code;
}

/* The worst of the exit codes is that of the command: the last that was not 0. */
int ctl_kill(const struct options *options)
{
    int code = CTL_OK, n, one;

    if (!options->n_args)
        return ctl_error(CTL_USAGE, "kill takes the ids of sessions");
    if (options->statement && options->transaction)
        return ctl_error(CTL_USAGE, "--statement and --transaction exclude each other");
    if (options->seq && options->n_args > 1)
        return ctl_error(CTL_USAGE, "%s is about one session",
                         options->statement ? "--statement=N" : "--transaction=START_TS");
    for (n = 0; n < options->n_args; n++) {
        one = kill_one(options, options->args[n]);
        if (one != CTL_OK)
            code = one;
        if (one == CTL_NO_SERVER || one == CTL_FORBIDDEN)
            break;
    }
    return code;
}

/* Until the server has gone. */
static int wait_for_end(const struct options *options)
{
    const struct timespec pause = {0, 200000000};
    json_int_t sessions = -1, now;

    for (;;) {
        struct reply reply = ctl_ask(options, "GET", "/status");

        if (reply.code == CTL_NO_SERVER) {
            reply_free(&reply);
            puts("the server has gone");
            return CTL_OK;
        }
        now = json_integer_value(json_object_get(reply.json, "sessions"));
        if (reply.code == CTL_OK && now != sessions) {
            printf("%lld sessions are left\n", (long long)now);
            fflush(stdout);
            sessions = now;
        }
        reply_free(&reply);
        nanosleep(&pause, NULL);
    }
}

int ctl_drain(const struct options *options)
{
    struct reply reply = ctl_ask(options, "POST", "/drain");
    int code = reply.code;

    if (code != CTL_OK)
        code = ctl_fail(options, &reply);
    else if (options->json)
        ctl_print_json(reply.json, JSON_COMPACT);
    else
        puts("draining");
    reply_free(&reply);
    if (code == CTL_OK && options->wait)
        code = wait_for_end(options);
    return code;
}
