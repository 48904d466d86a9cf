/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * kill and drain.
 */
#include "rosterctl/rosterctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 200 /* between two looks at what is to end */
#define STATE 160   /* of a session, as it is said */

static const char *target_of(const struct options *options)
{
    return options->statement ? "statement" : options->transaction ? "transaction" : "connection";
}

/* The row of a session, or what went wrong; without rows there is no such session. */
static struct reply ask_row(const struct options *options, const char *id)
{
    char path[128];

    snprintf(path, sizeof(path), "/processlist?id=%.20s", id);
    return ctl_ask(options, "GET", path);
}

/* What came of it so far, for a program. */
static void print_kill(const struct options *options, const char *id, const char *result,
                       const char *state, uint64_t took_ms)
{
    static const struct column columns[] = {{"session_id", "", COLUMN_TEXT, 0},
                                            {"target", "", COLUMN_TEXT, 0},
                                            {"result", "", COLUMN_TEXT, 0},
                                            {"state", "", COLUMN_TEXT, 0},
                                            {"took_ms", "", COLUMN_NUMBER, 0}};
    json_t *row = json_pack("{s:s, s:s, s:s}", "session_id", id, "target", target_of(options),
                            "result", result);

    if (*state)
        json_object_set_new(row, "state", json_string(state));
    if (took_ms)
        json_object_set_new(row, "took_ms", json_integer((json_int_t)took_ms));
    table_print_record(options, row, columns, 5);
    fflush(stdout);
}

/* Says what the session does, when that is not what was said last. */
static void say_state(const struct options *options, const char *id, const json_t *row,
                      char last[STATE])
{
    static const struct column event = {"wait_event", "", COLUMN_WAIT, 0};
    char texts[2][28], waits[80], now[STATE];

    member_text(row, "command", texts[0], sizeof(texts[0]));
    member_text(row, "run_state", texts[1], sizeof(texts[1]));
    cell_text(row, &event, waits, sizeof(waits));
    snprintf(now, sizeof(now), "%s, %s%s%s", texts[0], texts[1], *waits ? ", waits for " : "",
             waits);
    if (!strcmp(now, last))
        return;
    if (ctl_for_program(options))
        print_kill(options, id, "waiting", now, 0);
    else
        printf("session %s: %s\n", id, now);
    fflush(stdout);
    snprintf(last, STATE, "%s", now);
}

/* A wait is over in time also when the server does not answer. */
static uint64_t deadline_of(const struct options *options, uint64_t began_ms)
{
    return options->wait_s > 0 ? began_ms + (uint64_t)(options->wait_s * 1000) : 0;
}

/* Until the target has ended: `which` is the number of the statement or transaction, "" for a
 * connection. */
static int wait_for_target(const struct options *options, const char *id, const char *which)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const char *target = target_of(options);
    uint64_t began_ms = rst_monotonic_ms(), took_ms;
    struct options in_time = *options;
    char last[STATE] = "", took[32];
    const json_t *row;
    bool ended, late, silent = false;

    in_time.deadline_ms = deadline_of(options, began_ms);
    for (;;) {
        struct reply reply = ask_row(&in_time, id);

        late = in_time.deadline_ms && rst_monotonic_ms() >= in_time.deadline_ms;
        if (reply.code != CTL_OK && (reply.code != CTL_NO_SERVER || reply.gone))
            return ctl_finish(options, &reply);
        if (reply.code != CTL_OK && !silent)
            (void)ctl_fail(options, &reply); /* it may be frozen for a while */
        silent = reply.code != CTL_OK;
        row = json_array_get(json_object_get(reply.json, "rows"), 0);
        ended = reply.code == CTL_OK &&
                (!row || (*which && strcmp(member_string(row, target), which) != 0));
        if (row && !ended)
            say_state(options, id, row, last);
        reply_free(&reply);
        took_ms = rst_since(rst_monotonic_ms(), began_ms);
        text_ms((double)took_ms, took, sizeof(took));
        if (ended) {
            if (ctl_for_program(options))
                print_kill(options, id, "ended", "", took_ms ? took_ms : 1);
            else
                printf("session %s: its %s has ended after %s\n", id, target, took);
            return CTL_OK;
        }
        if (late)
            return ctl_error(CTL_NOT_DONE, "session %s: its %s has not ended after %s", id, target,
                             took);
        nanosleep(&pause, NULL);
    }
}

/* The number of what is about to be killed, so that the one after it is not waited for. */
static void find_which(const struct options *options, const char *id, char which[24])
{
    struct reply reply;

    *which = '\0';
    if (!options->statement && !options->transaction)
        return;
    reply = ask_row(options, id);
    snprintf(
        which, 24, "%s",
        member_string(json_array_get(json_object_get(reply.json, "rows"), 0), target_of(options)));
    reply_free(&reply);
}

static int kill_one(const struct options *options, const char *id)
{
    char path[256], which[24] = "";
    struct reply reply;
    int code;

    if (!text_is_number(id) || strlen(id) > 20)
        return ctl_error(CTL_USAGE, "\"%s\" is not the id of a session", id);
    if (options->wait)
        find_which(options, id, which);
    snprintf(path, sizeof(path), "/kill?id=%s&target=%s", id, target_of(options));
    ctl_add_argument(path, sizeof(path), options->statement ? "statement" : "start_ts",
                     options->seq);
    reply = ctl_ask(options, "POST", path);
    code = reply.code;
    if (code != CTL_OK)
        ctl_error(code, "session %s: %s", id, reply.error);
    else if (ctl_for_program(options))
        print_kill(options, id, "delivered", "", 0);
    else
        printf("session %s: delivered\n", id);
    reply_free(&reply);
    if (code == CTL_OK && options->wait)
        code = wait_for_target(options, id, which);
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

/* Which process serves, and for how long it has. */
struct life {
    json_int_t pid, uptime_ms;
};

/* Whether it is another one than before, as when it was started again. */
static bool is_next(const json_t *status, struct life *life)
{
    struct life now = {json_integer_value(json_object_get(status, "pid")),
                       json_integer_value(json_object_get(status, "uptime_ms"))};
    bool next = life->pid && (now.pid != life->pid || now.uptime_ms < life->uptime_ms);

    *life = now;
    return next;
}

/* Without a number of sessions where that is below 0. */
static void say_drain(const struct options *options, const char *result, json_int_t sessions)
{
    static const struct column columns[] = {{"result", "", COLUMN_TEXT, 0},
                                            {"sessions", "", COLUMN_NUMBER, 0}};
    json_t *row;

    if (!ctl_for_program(options)) {
        if (sessions >= 0)
            printf("%lld session%s left\n", (long long)sessions, sessions == 1 ? " is" : "s are");
        else
            puts(strcmp(result, "gone") ? result : "the server has gone");
    } else {
        row = json_pack("{s:s}", "result", result);
        if (sessions >= 0)
            json_object_set_new(row, "sessions", json_integer(sessions));
        table_print_record(options, row, columns, 2);
    }
    fflush(stdout);
}

static void say_sessions(const struct options *options, const struct reply *reply, json_int_t *last)
{
    json_int_t now = json_integer_value(json_object_get(reply->json, "sessions"));

    if (reply->code != CTL_OK || now == *last)
        return;
    say_drain(options, "waiting", now);
    *last = now;
}

/* Until the server has gone: nothing listens there, or another process does. One that does not
 * answer may be frozen, or have no place for one more connection. */
static int wait_for_end(const struct options *options, struct life *life)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    struct options in_time = *options;
    json_int_t sessions = -1;
    bool said = false, gone;

    in_time.deadline_ms = deadline_of(options, rst_monotonic_ms());
    for (;;) {
        struct reply reply = ctl_ask(&in_time, "GET", "/status");

        gone = reply.gone || (reply.code == CTL_OK && is_next(reply.json, life));
        if (gone)
            say_drain(options, "gone", -1);
        else if (reply.code == CTL_OK)
            say_sessions(options, &reply, &sessions);
        else if (!said)
            (void)ctl_fail(options, &reply);
        said = reply.code != CTL_OK;
        reply_free(&reply);
        if (gone)
            return CTL_OK;
        if (in_time.deadline_ms && rst_monotonic_ms() >= in_time.deadline_ms)
            return ctl_error(CTL_NOT_DONE, "the server has not ended");
        nanosleep(&pause, NULL);
    }
}

int ctl_drain(const struct options *options)
{
    struct life life = {0, 0};
    struct reply reply;
    int code;

    if (options->wait) {
        reply = ctl_ask(options, "GET", "/status");
        (void)is_next(reply.json, &life);
        reply_free(&reply);
    }
    reply = ctl_ask(options, "POST", "/drain");
    if (reply.code == CTL_OK)
        say_drain(options, "draining", -1);
    code = ctl_finish(options, &reply);
    if (code == CTL_OK && options->wait)
        code = wait_for_end(options, &life);
    return code;
}
