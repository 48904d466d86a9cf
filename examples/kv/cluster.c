/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The server as a member of a cluster. Each server keeps keys of its own and takes timestamps from
 * its own clock: what they share are the safe points. Clocks that differ make them slow, not wrong,
 * because no safe point passes the record of a server, and no server begins below its record.
 */
#include "config.h"

#include "server.h"

#include <inttypes.h>
#include <roster/text.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JOIN_MS 3000  /* how long a start waits for the store */
#define LEAVE_MS 1000 /* how long an end waits for transactions */
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
    char why[ROSTER_STORE_ERROR_SIZE], password[512];
    int err;

    if (options->password_file && !(options->meeting.password = server_read_line(
                                        options->password_file, password, sizeof(password))))
        return -1;
    options->meeting.log = on_log;
    err = roster_store_open(options->store, &options->meeting, &server->meeting, why, sizeof(why));
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

static int create(struct server *server)
{
    struct roster_syncer_options *syncer = &server->options.syncer;
    struct roster_safe_point_options *safe_point = &server->options.safe_point;
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
    syncer->ip = server->options.bind;
    syncer->port = (uint32_t)server->options.port;
    safe_point->prefix = syncer->prefix;
    safe_point->oracle = roster_oracle_local_read;
    safe_point->oracle_arg = server->oracle;
    safe_point->any_life_time = true;
    safe_point->interval_ms = syncer->interval_ms;
    safe_point->log = on_log;
    err = server_check(
        "no member of the cluster, see --prefix and --server-id",
        roster_syncer_create(server->roster, server->meeting, syncer, &server->syncer));
    safe_point->syncer = server->syncer;
    return err
               ?: server_check(
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
    err = server_check("--status",
                       roster_syncer_set_status_address(server->syncer, published(status)))
              ?: server_check("no thread for the cluster",
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
        server_check("the server's keys stay until its lease ends",
                     roster_syncer_stop(server->syncer, LEAVE_MS));
    roster_syncer_destroy(server->syncer);
    roster_store_close(server->meeting);
}

/* The server's place in the cluster, as it is known here. */
struct place {
    struct roster_syncer_stats syncer;
    struct roster_safe_point_state safe_point;
    uint64_t left_ms; /* of the lease */
    bool fenced;
};

static int look(struct server *server, struct place *place)
{
    struct timespec now;
    int64_t left_ns;
    int err;

    place->syncer.size = sizeof(place->syncer);
    place->safe_point.size = sizeof(place->safe_point);
    err = roster_syncer_stats(server->syncer, &place->syncer)
              ?: roster_safe_point_state(server->safe_point, &place->safe_point);
    clock_gettime(CLOCK_BOOTTIME, &now);
    left_ns = place->syncer.deadline_ns - (int64_t)now.tv_sec * 1000000000 - now.tv_nsec;
    place->fenced = err || place->syncer.state != ROSTER_SYNCER_LIVE || left_ns <= 0;
    place->left_ms = place->fenced ? 0 : (uint64_t)left_ns / 1000000;
    return err;
}

bool cluster_fenced(struct server *server)
{
    struct place place;

    return server->syncer && (look(server, &place) || place.fenced);
}

/* What blocks a safe point. Only the leader computes it. */
static const char *blocker(const struct place *place, const struct roster_blocker *blocker,
                           char *text, size_t size)
{
    if (place->safe_point.leads)
        return roster_blocker_describe(blocker, text, size);
    snprintf(text, size, place->safe_point.leader[0] ? "ask %s, which leads" : "no server leads%s",
             place->safe_point.leader);
    roster_text_show(text, strlen(text), text, size);
    return text;
}

static uint64_t age_ms(struct server *server, uint64_t ts)
{
    uint64_t now;

    roster_oracle_local_read(server->oracle, &now);
    now = roster_ts_physical_ms(now);
    return ts && now > roster_ts_physical_ms(ts) ? now - roster_ts_physical_ms(ts) : 0;
}

static const char *error_text(int err)
{
    return err ? roster_store_strerror(err) : "none";
}

int cluster_info(struct server *server, struct buf *out)
{
    char text[2 * ROSTER_BLOCKER_NAME];
    struct place place;
    const struct roster_syncer_stats *syncer = &place.syncer;
    const struct roster_safe_point_state *state = &place.safe_point;
    int err = server->syncer ? look(server, &place) : 0;

    if (err || !server->syncer)
        return err;
    LINE_TEXT("server_id", server->options.syncer.server_id);
    LINE_TEXT("lease_state", roster_syncer_state_name(syncer->state));
    LINE("lease_left_ms", place.left_ms);
    LINE("fenced", place.fenced);
    LINE("fences", syncer->fences);
    LINE("registrations", syncer->registrations);
    LINE("reports", syncer->reports);
    LINE("report_failures", syncer->report_failures);
    LINE("rejected", syncer->rejected);
    LINE_TEXT("rejected_key", syncer->rejected_key);
    LINE("rejected_value", syncer->rejected_value);
    LINE_TEXT("store_last_error", error_text(syncer->last_error));
    LINE("given_up", syncer->given_up);
    LINE("passed_barriers", state->passed_barriers);
    LINE("passed_servers", state->passed_servers);
    roster_text_show(state->passed.name, strlen(state->passed.name), text, sizeof(text));
    LINE_TEXT("passed", text);
    LINE("abandoned", state->abandoned);
    roster_text_show(state->abandoned_holder.name, strlen(state->abandoned_holder.name), text,
                     sizeof(text));
    LINE_TEXT("abandoned_holder", text);
    LINE("txn_safe_point", state->txn);
    LINE("txn_safe_point_age_ms", age_ms(server, state->txn));
    LINE("gc_safe_point", state->gc);
    LINE("gc_safe_point_age_ms", age_ms(server, state->gc));
    roster_text_show(state->leader, strlen(state->leader), text, sizeof(text));
    LINE_TEXT("leader", text);
    LINE("leads", state->leads);
    LINE("round_failures", state->failures);
    LINE_TEXT("round_last_error", error_text(state->last_error));
    LINE_TEXT("txn_blocker", blocker(&place, &state->txn_blocker, text, sizeof(text)));
    LINE_TEXT("gc_blocker", blocker(&place, &state->gc_blocker, text, sizeof(text)));
    return 0;
}

void cluster_line(struct server *server, struct buf *out)
{
    char text[2 * ROSTER_BLOCKER_NAME];
    struct place place;

    if (!server->syncer || look(server, &place))
        return;
    buf_printf(out,
               "server=%s lease=%s lease-left-ms=%" PRIu64 " fenced=%s txn-safe-point=%" PRIu64
               " gc-safe-point=%" PRIu64 " blocker=\"%s\"\n",
               server->options.syncer.server_id, roster_syncer_state_name(place.syncer.state),
               place.left_ms, place.fenced ? "yes" : "no", place.safe_point.txn,
               place.safe_point.gc,
               blocker(&place, &place.safe_point.txn_blocker, text, sizeof(text)));
}
