/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * INFO: what the server says of itself, most of it from its roster.
 */
#include "config.h"

#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#define LINE(out, name, value) buf_printf(out, name ":%" PRIu64 "\r\n", (uint64_t)(value))
#define COUNT(out, name, counter) LINE(out, name, server_counted(counter))

static int about_server(struct server *server, struct buf *out)
{
    buf_printf(out, "roster_version:%s\r\n", roster_version());
    LINE(out, "process_id", getpid());
    LINE(out, "tcp_port", server->options.port);
    LINE(out, "threads", server->options.threads);
    LINE(out, "uptime_in_seconds", time(NULL) - server->started);
    return 0;
}

static int about_clients(struct server *server, struct buf *out)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    int err = roster_stats(server->roster, &stats);

    LINE(out, "connected_clients", stats.sessions - 1); /* without the collector */
    LINE(out, "max_clients", server->options.max_clients);
    LINE(out, "sessions_opened", stats.sessions_opened);
    LINE(out, "sessions_refused", stats.sessions_refused);
    LINE(out, "kills_delivered", stats.kills_delivered);
    LINE(out, "kills_refused", stats.kills_refused);
    COUNT(out, "blocked_clients", &server->sleeping); /* in DEBUG SLEEP */
    LINE(out, "total_connections_received", stats.sessions_opened - 1);
    LINE(out, "total_commands_processed", stats.statements);
    COUNT(out, "protocol_errors", &server->counts.protocol_errors);
    COUNT(out, "buffered_bytes", &server->buffered);
    COUNT(out, "buffer_hogs_closed", &server->counts.buffer_hogs);
    COUNT(out, "slow_readers_closed", &server->counts.slow_readers);
    return err;
}

static int count_open(const struct roster_session *session, const struct roster_shown *view,
                      void *arg)
{
    *(uint64_t *)arg += view->txn_state != ROSTER_TXN_INVALID;
    return 0;
}

static int about_transactions(struct server *server, struct buf *out)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    uint64_t open = 0;
    int err = roster_stats(server->roster, &stats);

    if (!err)
        err = roster_read_lock(server->roster);
    if (err)
        return err;
    err = roster_for_each(server->roster, count_open, &open);
    roster_read_unlock(server->roster);
    LINE(out, "transactions_open", open);
    LINE(out, "transactions_begun", stats.txns_begun);
    LINE(out, "transactions_forced", stats.txns_forced);
    LINE(out, "statements", stats.statements);
    COUNT(out, "conflicts", &server->counts.conflicts);
    COUNT(out, "expired", &server->counts.expired);
    return err;
}

/* Who a session is, as long as it is there. */
static void about_holder(struct server *server, struct buf *out, const struct roster_holder *holder)
{
    char room[ROSTER_IDENTITY_MAX + 5];
    struct roster_entry entry;

    if (roster_look(server->roster, holder->session_id, &entry, room, sizeof(room)))
        return;
    buf_printf(out, "min_holder_addr:%s\r\nmin_holder_name:%s\r\n", entry.host ? entry.host : "",
               entry.application ? entry.application : "");
}

/* For how long it has been held, by the clock that nobody sets. */
static uint64_t held_ms(const struct roster_holder *holder)
{
    struct timespec now;
    uint64_t ns;

    clock_gettime(CLOCK_MONOTONIC, &now);
    ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return holder->kind != ROSTER_HOLDER_NONE && ns > holder->since ? (ns - holder->since) / 1000000
                                                                    : 0;
}

static int about_minimum(struct server *server, struct buf *out)
{
    struct roster_min min;
    uint64_t held, next;
    int err = collector_scan(server, &min);

    if (err)
        return err;
    held = held_ms(&min.holder);
    next = held_ms(&min.next);
    LINE(out, "now_ts", min.now);
    LINE(out, "min_start_ts", min.min_start_ts);
    LINE(out, "min_age_ms", held);
    buf_printf(out, "min_holder:%s\r\n",
               min.holder.kind == ROSTER_HOLDER_NONE ? "none" : "transaction");
    LINE(out, "min_holder_id", min.holder.session_id);
    about_holder(server, out, &min.holder);
    LINE(out, "min_next_id", min.next.session_id);
    LINE(out, "min_next_ts", min.next.ts);
    LINE(out, "min_next_gain_ms", held > next ? held - next : 0);
    LINE(out, "safe_point", min.safe_point);
    LINE(out, "expired_pins", min.expired);
    return 0;
}

static int about_store(struct server *server, struct buf *out)
{
    const struct store_stats *stats = &server->store->stats;

    COUNT(out, "keys", &stats->keys);
    COUNT(out, "versions", &stats->versions);
    COUNT(out, "versions_collected", &stats->collected);
    COUNT(out, "version_bytes", &stats->bytes);
    COUNT(out, "gc_runs", &server->counts.collections);
    LINE(out, "gc_interval_ms", server->options.gc_interval_ms);
    return 0;
}

static int about_memory(struct server *server, struct buf *out)
{
    LINE(out, "used_memory", mallinfo2().uordblks);
    return 0;
}

/* Tools of Redis ask for this: there is nothing on disk. */
static int about_persistence(struct server *server, struct buf *out)
{
    LINE(out, "loading", 0);
    LINE(out, "rdb_bgsave_in_progress", 0);
    LINE(out, "aof_rewrite_in_progress", 0);
    return 0;
}

static int about_keyspace(struct server *server, struct buf *out)
{
    buf_printf(out, "db0:keys=%" PRIu64 ",expires=0,avg_ttl=0\r\n",
               server_counted(&server->store->stats.keys));
    return 0;
}

static int about_roster(struct server *server, struct buf *out)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    int err = roster_stats(server->roster, &stats);

    LINE(out, "roster_sessions", stats.sessions);
    LINE(out, "roster_sessions_peak", stats.sessions_peak);
    LINE(out, "roster_scans", stats.scans);
    LINE(out, "roster_memory", stats.memory);
    LINE(out, "roster_backlog", stats.backlog);
    LINE(out, "roster_membarrier", stats.membarrier);
    return err;
}

static const struct section {
    const char *name;
    int (*tell)(struct server *server, struct buf *out);
} sections[] = {
    {"Server", about_server},
    {"Clients", about_clients},
    {"Memory", about_memory},
    {"Persistence", about_persistence},
    {"Transactions", about_transactions},
    {"Minimum", about_minimum},
    {"Store", about_store},
    {"Roster", about_roster},
    {"Cluster", cluster_info},
    {"Keyspace", about_keyspace},
};

static int tell(struct conn *conn, const void *arg, struct buf *out)
{
    const struct request *request = arg;
    bool all = request->argc == 1 || request_is(request, 1, "all") ||
               request_is(request, 1, "default") || request_is(request, 1, "everything");
    size_t n;
    int err = 0;

    for (n = 0; !err && n < sizeof(sections) / sizeof(sections[0]); n++) {
        if (!all && !request_is(request, 1, sections[n].name))
            continue;
        buf_printf(out, "%s# %s\r\n", out->len ? "\r\n" : "", sections[n].name);
        err = sections[n].tell(conn->worker->server, out);
    }
    return err;
}

int cmd_info(struct conn *conn, const struct request *request)
{
    return command_text(conn, request, tell);
}
