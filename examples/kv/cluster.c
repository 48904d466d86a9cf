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

#include <errno.h>
#include <inttypes.h>
#include <roster/safe_point.h>
#include <roster/text.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define JOIN_MS 3000  /* how long a start waits for the store */
#define LEAVE_MS 1000 /* how long an end waits for transactions */
#define LEAST_AGE_LIMIT_S UINT64_C(600)
#define LONGEST_AGE_LIMIT_S UINT64_C(31536000)
#define LINE(name, value) buf_printf(out, name ":%" PRIu64 "\r\n", (uint64_t)(value))

static void on_log(enum roster_store_log_level level, const char *text, void *arg)
{
    (void)arg;
    fprintf(level == ROSTER_STORE_LOG_INFO ? stdout : stderr, "roster-kv: %s\n", text);
    fflush(stdout);
}

static int open_store(struct server *server)
{
    const struct options *known = &server->options;
    struct roster_store_options options = {
        .size = sizeof(options),
        .log = on_log,
        .user = known->user,
        .tls_ca_file = known->ca_file,
        .tls_cert_file = known->cert_file,
        .tls_key_file = known->key_file,
    };
    char why[ROSTER_STORE_ERROR_SIZE], password[512];
    int err;

    if (known->password_file &&
        !(options.password = server_read_line(known->password_file, password, sizeof(password))))
        return -EINVAL;
    err = roster_store_open(known->store, &options, &server->meeting, why, sizeof(why));
    if (err)
        fprintf(stderr, "roster-kv: cannot open the store: %s\n", why);
    return err;
}

/* Where others of this host find the endpoint; NULL where the kernel chooses the port, or a path
 * means something in this directory alone. */
static const char *published(const char *status)
{
    size_t length = status ? strlen(status) : 0;

    if (!length || (!strncmp(status, "unix:", 5) && status[5] != '/') ||
        (length > 2 && !strcmp(status + length - 2, ":0")))
        return NULL;
    return status;
}

static int create(struct server *server)
{
    struct options *known = &server->options;
    uint64_t age = known->txn_age_limit_s ? known->txn_age_limit_s : LONGEST_AGE_LIMIT_S;
    static char id[64 + 16]; /* that no other server has */
    char host[64] = "";
    struct roster_syncer_options syncer = {
        .size = sizeof(syncer),
        .prefix = known->prefix,
        .interval_ms = (uint32_t)known->report_interval_ms,
        .ttl_ms = (uint32_t)known->lease_ttl_ms,
        .max_age_ms = (age < LEAST_AGE_LIMIT_S ? LEAST_AGE_LIMIT_S : age) * 1000,
        .log = on_log,
        .version = roster_version(),
        .ip = known->bind,
        .port = (uint32_t)known->port,
        .status_address = published(known->status),
    };
    struct roster_safe_point_options safe_point = {
        .size = sizeof(safe_point),
        .prefix = known->prefix,
        .oracle = roster_oracle_local_read,
        .oracle_arg = server->oracle,
        .life_time_ms = known->life_time_ms,
        .any_life_time = true,
        .interval_ms = (uint32_t)known->report_interval_ms,
        .log = on_log,
    };
    int err;

    if (gethostname(host, sizeof(host) - 1) || !host[0])
        strcpy(host, "kv");
    snprintf(id, sizeof(id), "%s-%ld", host, (long)getpid());
    if (!known->server_id)
        known->server_id = id;
    syncer.server_id = known->server_id;
    err = roster_syncer_create(server->roster, server->meeting, &syncer, &server->syncer);
    if (err)
        return server_fail("no member of the cluster, see --prefix and --server-id", err);
    safe_point.syncer = server->syncer;
    err = roster_safe_point_create(server->meeting, &safe_point, &server->safe_point);
    return err ? server_fail("no safe points", err) : 0;
}

int cluster_start(struct server *server)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};
    int err = server->options.store ? open_store(server) : 0;

    if (!err && server->options.store)
        err = create(server);
    if (err || !server->options.store)
        return err;
    err = roster_syncer_start(server->syncer);
    if (!err)
        err = roster_safe_point_start(server->safe_point);
    if (err)
        return server_fail("no thread for the cluster", err);
    if (!roster_syncer_wait(server->syncer, ROSTER_SYNCER_LIVE, JOIN_MS))
        return 0;
    err = roster_syncer_stats(server->syncer, &stats);
    fprintf(stderr, "roster-kv: not registered yet, and until then reads are refused: %s\n",
            roster_store_strerror(err ? err : stats.last_error));
    return 0;
}

void cluster_stop(struct server *server)
{
    int err = 0;

    roster_safe_point_destroy(server->safe_point);
    if (server->syncer)
        err = roster_syncer_stop(server->syncer, LEAVE_MS);
    if (err)
        server_fail("the server's keys stay until its lease ends", err);
    roster_syncer_destroy(server->syncer);
    roster_store_close(server->meeting);
}

/* The server's place in the cluster, as it is known here. */
struct place {
    struct roster_syncer_stats syncer;
    struct roster_safe_point_state safe_point;
    int64_t left_ms; /* of the lease */
    bool fenced;
};

static int look(struct server *server, struct place *place)
{
    struct timespec now;
    int err;

    place->syncer.size = sizeof(place->syncer);
    place->safe_point.size = sizeof(place->safe_point);
    err = roster_syncer_stats(server->syncer, &place->syncer);
    if (!err)
        err = roster_safe_point_state(server->safe_point, &place->safe_point);
    clock_gettime(CLOCK_BOOTTIME, &now);
    place->left_ms =
        (place->syncer.deadline_ns - (int64_t)now.tv_sec * 1000000000 - now.tv_nsec) / 1000000;
    place->fenced = err || place->syncer.state != ROSTER_SYNCER_LIVE || place->left_ms <= 0;
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

int cluster_info(struct server *server, struct buf *out)
{
    char text[2 * ROSTER_BLOCKER_NAME];
    const struct roster_safe_point_state *state;
    struct place place;
    int err = server->syncer ? look(server, &place) : 0;

    if (err || !server->syncer)
        return err;
    state = &place.safe_point;
    buf_printf(out, "server_id:%s\r\nlease_state:%s\r\n", server->options.server_id,
               roster_syncer_state_name(place.syncer.state));
    LINE("lease_left_ms", place.fenced ? 0 : place.left_ms);
    LINE("fenced", place.fenced);
    LINE("fences", place.syncer.fences);
    LINE("registrations", place.syncer.registrations);
    LINE("reports", place.syncer.reports);
    LINE("report_failures", place.syncer.report_failures);
    LINE("rejected", place.syncer.rejected);
    buf_printf(out, "rejected_key:%s\r\n", place.syncer.rejected_key);
    LINE("rejected_value", place.syncer.rejected_value);
    buf_printf(out, "store_last_error:%s\r\n",
               place.syncer.last_error ? roster_store_strerror(place.syncer.last_error) : "none");
    LINE("txn_safe_point", state->txn);
    LINE("txn_safe_point_age_ms", age_ms(server, state->txn));
    LINE("gc_safe_point", state->gc);
    LINE("gc_safe_point_age_ms", age_ms(server, state->gc));
    roster_text_show(state->leader, strlen(state->leader), text, sizeof(text));
    buf_printf(out, "leader:%s\r\nleads:%d\r\n", text, state->leads);
    LINE("round_failures", state->failures);
    buf_printf(out, "round_last_error:%s\r\n",
               state->last_error ? roster_store_strerror(state->last_error) : "none");
    buf_printf(out, "txn_blocker:%s\r\n", blocker(&place, &state->txn_blocker, text, sizeof(text)));
    buf_printf(out, "gc_blocker:%s\r\n", blocker(&place, &state->gc_blocker, text, sizeof(text)));
    return 0;
}

void cluster_line(struct server *server, struct buf *out)
{
    char text[2 * ROSTER_BLOCKER_NAME];
    struct place place;

    if (!server->syncer || look(server, &place))
        return;
    buf_printf(out,
               "server=%s lease=%s lease-left-ms=%" PRId64 " fenced=%s txn-safe-point=%" PRIu64
               " gc-safe-point=%" PRIu64 " blocker=\"%s\"\n",
               server->options.server_id, roster_syncer_state_name(place.syncer.state),
               place.fenced ? 0 : place.left_ms, place.fenced ? "yes" : "no", place.safe_point.txn,
               place.safe_point.gc,
               blocker(&place, &place.safe_point.txn_blocker, text, sizeof(text)));
}
