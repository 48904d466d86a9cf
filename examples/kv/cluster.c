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
#define LINE(out, name, value) buf_printf(out, name ":%" PRIu64 "\r\n", (uint64_t)(value))

static void on_log(void *arg, enum roster_store_log_level level, const char *text)
{
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
    err = roster_store_open(known->store, &options, &server->cluster.store, why, sizeof(why));
    if (err)
        fprintf(stderr, "roster-kv: cannot open the store: %s\n", why);
    return err;
}

/* A name that no other server has. */
static const char *choose_id(void)
{
    static char id[64 + 16];
    char host[64] = "";

    if (gethostname(host, sizeof(host) - 1) || !host[0])
        strcpy(host, "kv");
    snprintf(id, sizeof(id), "%s-%ld", host, (long)getpid());
    return id;
}

static int create_syncer(struct server *server)
{
    const struct options *options = &server->options;
    uint64_t age = options->txn_age_limit_s;
    struct roster_syncer_options syncer = {.size = sizeof(syncer)};
    int err;

    if (age == 0 || age > LONGEST_AGE_LIMIT_S)
        age = LONGEST_AGE_LIMIT_S;
    syncer.prefix = options->prefix;
    syncer.server_id = options->server_id;
    syncer.interval_ms = (uint32_t)options->report_interval_ms;
    syncer.ttl_ms = (uint32_t)options->lease_ttl_ms;
    syncer.max_age_ms = (age < LEAST_AGE_LIMIT_S ? LEAST_AGE_LIMIT_S : age) * 1000;
    syncer.log = on_log;
    syncer.version = roster_version();
    syncer.ip = options->bind;
    syncer.port = (uint32_t)options->port;
    err = roster_syncer_create(server->roster, server->cluster.store, &syncer,
                               &server->cluster.syncer);
    return err ? server_fail("no member of the cluster, see --prefix and --server-id", err) : 0;
}

static int create_safe_point(struct server *server, struct roster_safe_point **safe_point)
{
    const struct options *options = &server->options;
    struct roster_safe_point_options known = {.size = sizeof(known)};
    int err;

    known.prefix = options->prefix;
    known.syncer = server->cluster.syncer;
    known.oracle = roster_oracle_local_read;
    known.oracle_arg = server->oracle;
    known.life_time_ms = options->life_time_ms;
    known.any_life_time = true;
    known.interval_ms = (uint32_t)options->report_interval_ms;
    known.log = on_log;
    err = roster_safe_point_create(server->cluster.store, &known, safe_point);
    return err ? server_fail("no safe points", err) : 0;
}

static int run(struct cluster *cluster)
{
    struct roster_syncer_stats stats = {.size = sizeof(stats)};
    int err = roster_syncer_start(cluster->syncer);

    if (!err)
        err = roster_safe_point_start(cluster->safe_point);
    if (err)
        return server_fail("no thread for the cluster", err);
    if (!roster_syncer_wait(cluster->syncer, ROSTER_SYNCER_LIVE, JOIN_MS))
        return 0;
    err = roster_syncer_get_stats(cluster->syncer, &stats);
    fprintf(stderr, "roster-kv: not registered yet, and until then reads are refused: %s\n",
            roster_strerror(err ? err : stats.last_error));
    return 0;
}

int cluster_start(struct server *server)
{
    struct roster_safe_point *safe_point = NULL;
    int err;

    if (!server->options.store)
        return 0;
    if (!server->options.server_id)
        server->options.server_id = choose_id();
    err = open_store(server);
    if (!err)
        err = create_syncer(server);
    if (!err)
        err = create_safe_point(server, &safe_point);
    if (err)
        return err;
    /* pairs with known_safe_point() */
    __atomic_store_n(&server->cluster.safe_point, safe_point, __ATOMIC_RELEASE);
    return run(&server->cluster);
}

void cluster_stop(struct server *server)
{
    struct cluster *cluster = &server->cluster;
    int err = 0;

    roster_safe_point_destroy(cluster->safe_point);
    if (cluster->syncer)
        err = roster_syncer_stop(cluster->syncer, LEAVE_MS);
    if (err)
        server_fail("the server's keys stay until its lease ends", err);
    roster_syncer_destroy(cluster->syncer);
    roster_store_close(cluster->store);
}

/* pairs with cluster_start() */
static struct roster_safe_point *known_safe_point(struct server *server)
{
    return __atomic_load_n(&server->cluster.safe_point, __ATOMIC_ACQUIRE);
}

uint64_t cluster_safe_point(struct server *server)
{
    const struct roster_safe_point *safe_point = known_safe_point(server);

    return safe_point ? roster_gc_safe_point(safe_point) : roster_local_safe_point(server->roster);
}

/* What is known of the server's place in the cluster. */
struct place {
    struct roster_syncer_stats syncer;
    struct roster_safe_point_state safe_point;
    int64_t left_ms; /* of the lease, as far as the server relies upon it */
    bool fenced;
};

static int look(struct server *server, struct place *place)
{
    struct timespec now;
    int64_t left;
    int err;

    place->syncer.size = sizeof(place->syncer);
    place->safe_point.size = sizeof(place->safe_point);
    err = roster_syncer_get_stats(server->cluster.syncer, &place->syncer);
    if (!err)
        err = roster_safe_point_get_state(server->cluster.safe_point, &place->safe_point);
    clock_gettime(CLOCK_BOOTTIME, &now);
    left = place->syncer.deadline_ns - (int64_t)now.tv_sec * 1000000000 - now.tv_nsec;
    place->fenced = err || place->syncer.state != ROSTER_SYNCER_LIVE || left <= 0;
    place->left_ms = place->fenced ? 0 : left / 1000000;
    return err;
}

bool cluster_fenced(struct server *server)
{
    struct place place;

    if (!known_safe_point(server))
        return false;
    return look(server, &place) || place.fenced;
}

/* Who blocks a safe point, as far as it is known here: whoever leads computes it. */
static const char *blocker(const struct place *place, const struct roster_blocker *blocker,
                           char *text, size_t size)
{
    if (place->safe_point.leads)
        return roster_blocker_describe(blocker, text, size);
    if (place->safe_point.leader[0])
        snprintf(text, size, "ask %s, which leads", place->safe_point.leader);
    else
        snprintf(text, size, "nobody leads");
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

static void about_lease(const struct place *place, struct buf *out)
{
    const struct roster_syncer_stats *stats = &place->syncer;

    buf_printf(out, "lease_state:%s\r\nlease:%" PRIx64 "\r\n",
               roster_syncer_state_name(stats->state), (uint64_t)stats->lease);
    LINE(out, "lease_left_ms", place->left_ms);
    LINE(out, "fenced", place->fenced);
    LINE(out, "fences", stats->fences);
    LINE(out, "registrations", stats->registrations);
    LINE(out, "keep_alives", stats->keep_alives);
    LINE(out, "keep_alive_failures", stats->keep_alive_failures);
    LINE(out, "reports", stats->reports);
    LINE(out, "report_failures", stats->report_failures);
    LINE(out, "record", stats->record);
    LINE(out, "rejected", stats->rejected);
    LINE(out, "rejected_value", stats->rejected_value);
    buf_printf(out, "rejected_key:%s\r\n", stats->rejected_key);
    buf_printf(out, "store_last_error:%s\r\n",
               stats->last_error ? roster_strerror(stats->last_error) : "none");
}

static void about_safe_points(struct server *server, const struct place *place, struct buf *out)
{
    const struct roster_safe_point_state *state = &place->safe_point;
    char text[2 * ROSTER_BLOCKER_NAME];

    LINE(out, "txn_safe_point", state->txn);
    LINE(out, "txn_safe_point_age_ms", age_ms(server, state->txn));
    LINE(out, "gc_safe_point", state->gc);
    LINE(out, "gc_safe_point_age_ms", age_ms(server, state->gc));
    LINE(out, "acknowledged", state->acknowledged);
    buf_printf(out, "leader:");
    buf_show(out, state->leader);
    buf_printf(out, "\r\n");
    LINE(out, "leads", state->leads);
    LINE(out, "rounds", state->rounds);
    LINE(out, "round_failures", state->failures);
    buf_printf(out, "round_last_error:%s\r\n",
               state->last_error ? roster_strerror(state->last_error) : "none");
    buf_printf(out, "txn_blocker:%s\r\n", blocker(place, &state->txn_blocker, text, sizeof(text)));
    buf_printf(out, "gc_blocker:%s\r\n", blocker(place, &state->gc_blocker, text, sizeof(text)));
}

int cluster_info(struct server *server, struct buf *out)
{
    struct place place;
    int err;

    if (!known_safe_point(server)) {
        buf_printf(out, "store:none\r\n");
        return 0;
    }
    err = look(server, &place);
    if (err)
        return err;
    buf_printf(out, "store:%s\r\nserver_id:%s\r\n", server->options.store,
               server->options.server_id);
    about_lease(&place, out);
    about_safe_points(server, &place, out);
    return 0;
}

void cluster_line(struct server *server, struct buf *out)
{
    char text[2 * ROSTER_BLOCKER_NAME];
    struct place place;

    if (!known_safe_point(server) || look(server, &place))
        return;
    buf_printf(out,
               "server=%s lease=%s lease-left-ms=%" PRId64 " fenced=%s txn-safe-point=%" PRIu64
               " gc-safe-point=%" PRIu64 " blocker=\"%s\"\n",
               server->options.server_id, roster_syncer_state_name(place.syncer.state),
               place.left_ms, place.fenced ? "yes" : "no", place.safe_point.txn,
               place.safe_point.gc,
               blocker(&place, &place.safe_point.txn_blocker, text, sizeof(text)));
}
