/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server as a member of a cluster. Each server keeps keys of its own and takes timestamps from
 * its own clock: what they share are the safe points. Clocks that differ make them slow, not wrong,
 * because no safe point passes the record of a server, and no server begins below its record.
 */
#include "server.h"

#include <errno.h>
#include <roster/text.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JOIN_MS 3000  /* how long a start waits for the store */
#define LEAVE_MS 1000 /* how long an end waits for transactions */
#define TEXT_ROOM (2 * ROSTER_BLOCKER_NAME)
#define LEAST_AGE_LIMIT_S UINT64_C(600)
#define LONGEST_AGE_LIMIT_S UINT64_C(31536000)

static void on_log(enum roster_store_log_level level, const char *text, void *arg)
{
    fprintf(level == ROSTER_STORE_LOG_INFO ? stdout : stderr, "roster-kv: %s\n", text);
    fflush(stdout);
}

static int open_store(struct server *server)
{
    struct options *options = &server->options;
    const char *file = options->password_file;
    char why[ROSTER_STORE_ERROR_SIZE];
    int err;

    if (file && !(options->meeting.password = option_file(file, OPTION_FILE_LINE)))
        return -EINVAL;
    options->meeting.log = on_log;
    err = roster_store_open(options->store, &options->meeting, &server->meeting, why, sizeof(why));
    option_file_forget(options->meeting.password);
    options->meeting.password = NULL;
    if (err)
        fprintf(stderr, "roster-kv: cannot open the store: %s\n", why);
    return err;
}

/* Where others of this host find the endpoint; NULL where a path means something in this directory
 * alone. */
static const char *published(const char *status)
{
    return status && !strncmp(status, "unix:", 5) && status[5] != '/' ? NULL : status;
}

static int store_check(const char *what, int err)
{
    if (err)
        fprintf(stderr, "roster-kv: %s: %s\n", what, roster_store_strerror(err));
    return err;
}

static int create(struct server *server)
{
    struct roster_syncer_options *syncer = &server->options.syncer;
    struct roster_safe_point_options *safe_point = &server->options.safe_point;
    const char *abandoned = server->options.abandoned ? server->options.abandoned : "off";
    uint64_t age = server->options.txn_age_limit_s;
    static char id[64 + 16]; /* that no other server has */
    char host[64] = "";
    int err;

    if (gethostname(host, sizeof(host) - 1) || !host[0])
        strcpy(host, "kv");
    snprintf(id, sizeof(id), "%s-%ld", host, (long)getpid());
    if (!syncer->server_id)
        syncer->server_id = id;
    age = !age ? LONGEST_AGE_LIMIT_S : age < LEAST_AGE_LIMIT_S ? LEAST_AGE_LIMIT_S : age;
    syncer->max_age_ms = age * 1000;
    syncer->ttl_ms = (uint32_t)server->options.lease_ttl_ms;
    syncer->interval_ms = (uint32_t)server->options.report_interval_ms;
    syncer->log = on_log;
    syncer->version = roster_version();
    syncer->ip = server->options.front.bind;
    syncer->port = (uint32_t)server->options.front.port;
    safe_point->prefix = syncer->prefix;
    safe_point->oracle = roster_oracle_local_read;
    safe_point->oracle_arg = server->oracle;
    safe_point->any_life_time = true;
    safe_point->interval_ms = syncer->interval_ms;
    safe_point->log = on_log;
    safe_point->abandoned = abandoned[0] == 'p'   ? ROSTER_ABANDONED_PASS
                            : abandoned[0] == 'w' ? ROSTER_ABANDONED_WARN
                                                  : ROSTER_ABANDONED_OFF;
    err =
        store_check("no member of the cluster, see --prefix and --server-id",
                    roster_syncer_create(server->roster, server->meeting, syncer, &server->syncer));
    safe_point->syncer = server->syncer;
    return err
               ?: store_check(
                      "no safe points",
                      roster_safe_point_create(server->meeting, safe_point, &server->safe_point));
}

int cluster_create(struct server *server)
{
    return server->options.store ? open_store(server) ?: create(server) : 0;
}

int cluster_start(struct server *server, const char *status)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};
    int err;

    if (!server->syncer)
        return 0;
    err =
        store_check("--status", roster_syncer_set_status_address(server->syncer, published(status)))
            ?: store_check("no thread for the cluster",
                           roster_syncer_start(server->syncer)
                               ?: roster_safe_point_start(server->safe_point));
    if (err || !roster_syncer_wait(server->syncer, ROSTER_SYNCER_LIVE, JOIN_MS))
        return err;
    err = roster_syncer_stats(server->syncer, &stats);
    fprintf(stderr, "roster-kv: not registered yet, and until then reads are refused: %s\n",
            roster_store_strerror(err ? err : stats.last_error));
    return 0;
}

void cluster_stop(struct server *server)
{
    roster_safe_point_destroy(server->safe_point);
    if (server->syncer)
        store_check("the server's keys stay until its lease ends",
                    roster_syncer_stop(server->syncer, LEAVE_MS));
    roster_syncer_destroy(server->syncer);
    roster_store_close(server->meeting);
}

/* What is left of the lease; the server is fenced when that is not above 0. */
static int64_t lease_left_ns(struct server *server)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};

    return roster_metrics(server->roster, &metrics) ? 0 : metrics.lease_margin_ns;
}

bool cluster_fenced(struct server *server)
{
    return server->syncer && lease_left_ns(server) <= 0;
}

/* A text from the store, fit to be shown. */
static const char *shown(const char *from, char *text)
{
    roster_text_show(from, strlen(from), text, ROSTER_BLOCKER_NAME);
    return text;
}

/* What blocks a safe point. Only the leader computes it. */
static const char *blocker(const struct roster_safe_point_state *state,
                           const struct roster_blocker *blocker, char *text)
{
    char leader[ROSTER_BLOCKER_NAME];

    if (state->leads)
        return roster_blocker_describe(blocker, text, TEXT_ROOM);
    if (!state->leader[0])
        return "no server leads";
    snprintf(text, TEXT_ROOM, "ask %s, which leads", shown(state->leader, leader));
    return text;
}

static uint64_t age_ms(struct server *server, uint64_t ts)
{
    uint64_t now;

    roster_oracle_local_read(server->oracle, &now);
    now = roster_ts_physical_ms(now);
    return ts && now > roster_ts_physical_ms(ts) ? now - roster_ts_physical_ms(ts) : 0;
}

/* A line of INFO about the newest error. */
#define LINE_ERROR(name, err) LINE_TEXT(name, (err) ? roster_store_strerror(err) : "none")

int cluster_info(struct server *server, struct buf *out)
{
    struct roster_syncer_stats syncer = {.size = sizeof(syncer)};
    struct roster_safe_point_state state = {.size = sizeof(state)};
    char text[TEXT_ROOM];
    int64_t left_ns = lease_left_ns(server);
    int err = server->syncer ? roster_syncer_stats(server->syncer, &syncer)
                                   ?: roster_safe_point_state(server->safe_point, &state)
                             : 0;

    if (err || !server->syncer)
        return err;
    LINE_TEXT("server_id", server->options.syncer.server_id);
    LINE_TEXT("lease_state", roster_syncer_state_name(syncer.state));
    LINE("lease_left_ms", left_ns > 0 ? left_ns / 1000000 : 0);
    LINE("fenced", left_ns <= 0);
    LINE("fences", syncer.fences);
    LINE("registrations", syncer.registrations);
    LINE("reports", syncer.reports);
    LINE("report_failures", syncer.report_failures);
    LINE("rejected", syncer.rejected);
    LINE_TEXT("rejected_key", syncer.rejected_key);
    LINE("rejected_value", syncer.rejected_value);
    LINE_ERROR("store_last_error", syncer.last_error);
    LINE("given_up", syncer.given_up);
    LINE("passed_barriers", state.passed_barriers);
    LINE("passed_servers", state.passed_servers);
    LINE_TEXT("passed", shown(state.passed.name, text));
    LINE("abandoned", state.abandoned);
    LINE_TEXT("abandoned_holder", shown(state.abandoned_holder.name, text));
    LINE("txn_safe_point", state.txn);
    LINE("txn_safe_point_age_ms", age_ms(server, state.txn));
    LINE("gc_safe_point", state.gc);
    LINE("gc_safe_point_age_ms", age_ms(server, state.gc));
    LINE_TEXT("leader", shown(state.leader, text));
    LINE("leads", state.leads);
    LINE("round_failures", state.failures);
    LINE_ERROR("round_last_error", state.last_error);
    LINE_TEXT("txn_blocker", blocker(&state, &state.txn_blocker, text));
    LINE_TEXT("gc_blocker", blocker(&state, &state.gc_blocker, text));
    return 0;
}
