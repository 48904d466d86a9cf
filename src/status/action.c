/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What changes something: kill and drain.
 */
#include "status/query.h"

#include "core/roster/event_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned reply_result(struct request *request, const char *result)
{
    rst_status_out_open(&request->text, NULL, '{');
    rst_status_out_string(&request->text, "result", result);
    rst_status_out_close(&request->text, '}');
    return MHD_HTTP_OK;
}

/* The target that the query names; false for another word. */
static bool target_of(const struct query *query, enum roster_kill_target *target)
{
    unsigned n;

    *target = ROSTER_KILL_TARGET_CONNECTION;
    if (!query->target)
        return true;
    for (n = 0; n < ROSTER_KILL_TARGETS; n++)
        if (!strcmp(query->target, rst_target_names[n])) {
            *target = (enum roster_kill_target)n;
            return true;
        }
    return false;
}

#define ASKER_MOST 64

/* Who sent the request, for the event log. Returns `to`. */
static const char *asker(const struct request *request, char to[ASKER_MOST])
{
    uint64_t who = request->peer->client->who;

    if (who == NOT_A_USER)
        snprintf(to, ASKER_MOST, "status endpoint");
    else
        snprintf(to, ASKER_MOST, "uid %" PRIu64 " at the status endpoint", who);
    return to;
}

static int kill_target(const struct request *request, const struct query *query,
                       enum roster_kill_target target)
{
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .session_id = query->id,
                                    .target = target,
                                    .reason = ROSTER_KILL_REASON_INTERRUPTED,
                                    .stmt_seq = query->statement,
                                    .start_ts = query->start_ts,
                                    .txn_seq = query->transaction};
    char by[ASKER_MOST];

    kill.by = asker(request, by);
    return roster_kill_by(request->status->roster, &kill);
}

unsigned rst_status_post_kill(struct request *request, struct query *query)
{
    enum roster_kill_target target;
    int err;

    if (!query->id)
        return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                       "id takes the id of a session");
    if (!target_of(query, &target))
        return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST,
                                       "target takes connection, transaction or statement");
    err = kill_target(request, query, target);
    switch (err) {
    case 0:
        return reply_result(request, "delivered");
    case -ESRCH:
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND, "no such session");
    case -ENOENT:
        return rst_status_request_fail(request, MHD_HTTP_CONFLICT, "idle: no %s",
                                       target == ROSTER_KILL_TARGET_STATEMENT
                                           ? "statement is running"
                                           : "transaction is open");
    case -ESTALE:
        return rst_status_request_fail(request, MHD_HTTP_CONFLICT, "stale: that %s has ended",
                                       target == ROSTER_KILL_TARGET_STATEMENT ? "statement"
                                                                              : "transaction");
    case -EALREADY:
        return rst_status_request_fail(request, MHD_HTTP_CONFLICT, "dying: an earlier kill stands");
    case -ENOTSUP:
        return rst_status_request_fail(
            request, MHD_HTTP_CONFLICT,
            "rejected: a background session that does not support kills");
    default:
        return rst_status_request_error(request, err);
    }
}

static void log_drain(const struct request *request, int err)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_DRAIN, .result = err, .what = "asked"};

    (void)asker(request, event.by);
    rst_event_log_add(request->status->roster, &event);
}

unsigned rst_status_post_drain(struct request *request, struct query *query)
{
    const struct roster_status_options *options = &request->status->options;
    int err;

    (void)query;
    if (!options->drain)
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND,
                                       "this server does not support draining");
    err = options->drain(options->drain_arg);
    log_drain(request, err);
    if (err == -EALREADY)
        return rst_status_request_fail(request, MHD_HTTP_CONFLICT, "it is already being drained");
    if (err)
        return rst_status_request_error(request, err);
    return reply_result(request, "draining");
}
