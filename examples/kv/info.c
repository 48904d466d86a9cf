/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * INFO: figures of the server, most of them from its roster, and those that tools of Redis read.
 */
#include "config.h"

#include "server.h"

#include <inttypes.h>
#include <malloc.h>
#include <unistd.h>

#define LINE(name, value) buf_printf(out, name ":%" PRIu64 "\r\n", (uint64_t)(value))
#define COUNT(name, counter) LINE(name, server_counted(&(counter)))

static int about_server(struct server *server, struct buf *out)
{
    buf_printf(out, "roster_version:%s\r\n", roster_version());
    LINE("process_id", getpid());
    LINE("tcp_port", server->options.port);
    LINE("uptime_in_seconds", time(NULL) - server->started);
    LINE("used_memory", mallinfo2().uordblks);
    LINE("loading", 0); /* redis-cli --stat asks for these: there is nothing on disk */
    LINE("rdb_bgsave_in_progress", 0);
    LINE("aof_rewrite_in_progress", 0);
    return 0;
}

static int count_open(const struct roster_session *session, const struct roster_shown *view,
                      void *arg)
{
    *(uint64_t *)arg += view->txn_state != ROSTER_TXN_INVALID;
    return 0;
}

static int about_sessions(struct server *server, struct buf *out)
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
    LINE("connected_clients", stats.sessions - 1); /* without the collector */
    LINE("total_connections_received", stats.sessions_opened - 1);
    LINE("total_commands_processed", stats.statements);
    COUNT("blocked_clients", server->counts.sleeping); /* in DEBUG SLEEP */
    COUNT("buffered_bytes", server->counts.buffered);
    COUNT("protocol_errors", server->counts.protocol_errors);
    COUNT("buffer_hogs_closed", server->counts.buffer_hogs);
    COUNT("slow_readers_closed", server->counts.slow_readers);
    LINE("sessions_refused", stats.sessions_refused);
    LINE("kills_delivered", stats.kills_delivered);
    LINE("statements", stats.statements);
    LINE("transactions_open", open);
    COUNT("conflicts", server->counts.conflicts);
    COUNT("expired", server->counts.expired);
    LINE("roster_memory", stats.memory);
    LINE("roster_backlog", stats.backlog);
    return err;
}

/* For how long it has been held, by the monotonic clock. */
static uint64_t held_ms(const struct roster_holder *holder)
{
    uint64_t now = uv_hrtime();

    return holder->kind != ROSTER_HOLDER_NONE && now > holder->since
               ? (now - holder->since) / 1000000
               : 0;
}

static int about_minimum(struct server *server, struct buf *out)
{
    char room[ROSTER_IDENTITY_MAX + 5];
    struct roster_entry entry;
    struct roster_min min;
    uint64_t held, next;
    int err = server_scan(server, &min);

    if (err)
        return err;
    held = held_ms(&min.holder);
    next = held_ms(&min.next);
    LINE("now_ts", min.now);
    LINE("min_start_ts", min.min_start_ts);
    LINE("min_age_ms", held);
    buf_printf(out, "min_holder:%s\r\n",
               min.holder.kind == ROSTER_HOLDER_NONE ? "none" : "transaction");
    LINE("min_holder_id", min.holder.session_id);
    if (!roster_look(server->roster, min.holder.session_id, &entry, room, sizeof(room)))
        buf_printf(out, "min_holder_addr:%s\r\nmin_holder_name:%s\r\n",
                   entry.host ? entry.host : "", entry.application ? entry.application : "");
    LINE("min_next_gain_ms", held > next ? held - next : 0);
    LINE("safe_point", min.safe_point);
    return 0;
}

static int about_store(struct server *server, struct buf *out)
{
    COUNT("keys", server->store->keys);
    COUNT("versions", server->store->versions);
    COUNT("versions_collected", server->store->collected);
    COUNT("version_bytes", server->store->bytes);
    COUNT("gc_runs", server->counts.collections);
    return 0;
}

static int about_keyspace(struct server *server, struct buf *out)
{
    buf_printf(out, "db0:keys=%" PRIu64 ",expires=0,avg_ttl=0\r\n",
               server_counted(&server->store->keys));
    return 0;
}

int cmd_info(struct conn *conn, const struct request *request)
{
    static const struct {
        const char *name;
        int (*write)(struct server *server, struct buf *out);
    } sections[] = {
        {"Server", about_server}, {"Sessions", about_sessions}, {"Minimum", about_minimum},
        {"Store", about_store},   {"Cluster", cluster_info},    {"Keyspace", about_keyspace},
    };
    bool all = request->argc == 1 || request_is(request, 1, "all") ||
               request_is(request, 1, "default") || request_is(request, 1, "everything");
    struct buf *out = command_scratch(conn);
    size_t n;
    int err = 0;

    for (n = 0; !err && n < sizeof(sections) / sizeof(sections[0]); n++)
        if (all || request_is(request, 1, sections[n].name)) {
            buf_printf(out, "%s# %s\r\n", out->len ? "\r\n" : "", sections[n].name);
            err = sections[n].write(conn->worker->server, out);
        }
    return command_text(conn, err);
}
