/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands about the connection itself and the server; INFO with those figures that tools of Redis
 * read.
 */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define SLEEP_MAX 3600
#define STEP_MS 100 /* between two looks at how far a sleep has come */

/* The connection as it was at first: a pool can hand it to another user. */
int cmd_reset(struct conn *conn, const struct request *request, struct buf *out)
{
    static const struct slice none = {"", 0};
    int err;

    multi_discard(conn);
    txn_rollback(&conn->txn);
    err = conn_identify(&conn->peer, &none, &none);
    if (!err)
        out->resp3 = false;
    return err ?: reply(out, "+RESET");
}

static void on_timer(uv_timer_t *timer)
{
    struct conn *conn = timer->data;
    uint64_t done = uv_now(timer->loop) - conn->slept;

    if (done >= conn->sleep_ms) {
        command_wake(conn, 0);
        return;
    }
    (void)roster_stmt_set_progress(conn->session, conn->server->sleep_phase, done, conn->sleep_ms);
    uv_timer_start(timer, on_timer,
                   conn->sleep_ms - done < STEP_MS ? conn->sleep_ms - done : STEP_MS, 0);
}

/* Sleeps in a statement, and shows how far it has come; the other clients go on. */
int debug_sleep(struct conn *conn, const struct request *request, struct buf *out)
{
    char *end;
    double seconds = strtod(request->argv[2].data, &end);

    if (!request->argv[2].len || end != request->argv[2].data + request->argv[2].len ||
        !isfinite(seconds) || seconds < 0 || seconds > SLEEP_MAX)
        return reply(out, "-ERR DEBUG SLEEP takes a number of seconds from 0 to %d", SLEEP_MAX);
    conn_sleep(conn, NULL);
    (void)roster_wait_begin(conn->session, conn->server->sleep_event);
    conn->slept = uv_now(conn->peer.timer.loop);
    conn->sleep_ms = (uint64_t)(seconds * 1000);
    uv_timer_start(&conn->peer.timer, on_timer, 0, 0);
    return 0;
}

static int count_open(const struct roster_session *session, const struct roster_shown *view,
                      void *arg)
{
    *(uint64_t *)arg += view->txn_state != ROSTER_TXN_INVALID;
    return 0;
}

/* For how long something has been held, by the monotonic clock. */
static uint64_t held_ms(const struct roster_holder *holder)
{
    uint64_t now = uv_hrtime();

    return holder->kind != ROSTER_HOLDER_NONE && now > holder->since
               ? (now - holder->since) / 1000000
               : 0;
}

static int about_server(struct server *server, struct buf *out)
{
    LINE_TEXT("roster_version", roster_version());
    front_info(&server->front, out);
    return 0;
}

static int about_sessions(struct server *server, struct buf *out)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    uint64_t open = 0;
    int err = roster_stats(server->roster, &stats) ?: roster_read_lock(server->roster);

    if (err)
        return err;
    err = roster_for_each(server->roster, count_open, &open);
    roster_read_unlock(server->roster);
    LINE("connected_clients", stats.sessions - 1); /* without the collector */
    LINE("total_connections_received", stats.sessions_opened - 1);
    LINE("total_commands_processed", stats.statements);
    LINE("sessions_refused", stats.sessions_refused);
    LINE("kills_delivered", stats.kills_delivered);
    LINE("statements", stats.statements);
    LINE("transactions_open", open);
    LINE("conflicts", count_read(&server->counts.conflicts));
    LINE("expired", count_read(&server->counts.expired));
    LINE("roster_memory", stats.memory);
    LINE("roster_backlog", stats.backlog);
    return err;
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
    LINE_TEXT("min_holder", min.holder.kind == ROSTER_HOLDER_NONE ? "none" : "transaction");
    LINE("min_holder_id", min.holder.session_id);
    if (!roster_look(server->roster, min.holder.session_id, &entry, room, sizeof(room))) {
        LINE_TEXT("min_holder_addr", entry.host ? entry.host : "");
        LINE_TEXT("min_holder_name", entry.application ? entry.application : "");
    }
    LINE("min_next_gain_ms", held > next ? held - next : 0);
    LINE("safe_point", min.safe_point);
    return 0;
}

static int about_store(struct server *server, struct buf *out)
{
    LINE("keys", count_read(&server->store->keys));
    LINE("versions", count_read(&server->store->versions));
    LINE("versions_collected", count_read(&server->store->collected));
    LINE("version_bytes", count_read(&server->store->bytes));
    return 0;
}

static int about_keyspace(struct server *server, struct buf *out)
{
    buf_printf(out, "db0:keys=%" PRIu64 ",expires=0,avg_ttl=0\r\n",
               count_read(&server->store->keys));
    return 0;
}

const struct info_section info_sections[] = {
    {"Server", about_server},
    {"Sessions", about_sessions},
    {"Minimum", about_minimum},
    {"Store", about_store},
    {"Cluster", cluster_info},
    {"Keyspace", about_keyspace},
    {NULL, NULL},
};
