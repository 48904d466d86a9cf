/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A connection as a session of Roster. The thread of its worker owns the session.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void conn_sleep(struct conn *conn, const struct request *awaits)
{
    conn->awaits = awaits;
    peer_wait(&conn->peer);
}

void conn_rise(struct conn *conn)
{
    if (conn->peer.waiting)
        roster_wait_end(conn->session);
    peer_go_on(&conn->peer);
    free((void *)(uintptr_t)conn->awaits);
    conn->awaits = NULL;
}

static struct roster_session_attr attributes(const struct conn *conn)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = *conn->identity.user ? conn->identity.user : "default";
    attr.host = conn->peer.addr;
    attr.database = "0";
    attr.application = *conn->identity.name ? conn->identity.name : NULL;
    return attr;
}

/* It asks all its sessions: kills are rare and asking costs one load. */
static void on_kill(uint64_t session_id, void *worker)
{
    worker_wake(worker);
}

static void on_opened(struct peer *peer)
{
    struct roster_quota_refusal refusal = ROSTER_QUOTA_REFUSAL_INIT;
    struct conn *conn = (struct conn *)peer;
    struct server *server = peer->front->arg;
    struct roster_session_attr attr = attributes(conn);
    int err;

    attr.kind = ROSTER_SESSION_USER;
    attr.flags = ROSTER_SESSION_LAST_STATEMENT | (server->history ? ROSTER_SESSION_DIGESTS : 0);
    attr.wake = on_kill;
    attr.wake_arg = peer->worker;
    attr.refusal = &refusal;
    err = roster_session_open(server->roster, &attr, &conn->session);
    conn->server = server;
    conn->txn = (struct txn){.store = server->store,
                             .session = conn->session,
                             .history = server->history,
                             .max_bytes = server->options.max_txn};
    if (!err)
        return;
    reply(&peer->out, "-ERR %s",
          err == -EUSERS   ? "max number of clients reached"
          : err == -EDQUOT ? refusal.text
                           : roster_strerror(err));
    peer_finish(peer);
}

static size_t on_held(const struct peer *peer)
{
    const struct conn *conn = (const struct conn *)peer;

    return conn->txn.bytes + conn->multi.queue.bytes;
}

static void on_woken(struct peer *peer)
{
    struct conn *conn = (struct conn *)peer;
    int killed = conn->session ? roster_killed(conn->session) : 0;

    if (roster_killed_connection(killed))
        peer_close(peer);
    else if (killed > 0 && peer->waiting)
        command_wake(conn, -EINTR);
    else if (conn->awaits)
        command_retry(conn);
    else if (roster_killed_transaction(killed) && conn->txn.state == TXN_OPEN)
        txn_fail(&conn->txn); /* it waits for its client, which learns of it from the next reply */
}

/* Everything that other sessions could notice ends here. */
static void on_ended(struct peer *peer)
{
    struct conn *conn = (struct conn *)peer;

    if (!conn->session)
        return;
    conn_rise(conn);
    multi_discard(conn);
    txn_rollback(&conn->txn);
    roster_session_close(conn->session);
    conn->session = NULL;
}

/* There are no passwords: who a client is matters for limits and lists alone. */
int conn_identify(struct peer *peer, const struct slice *user, const struct slice *name)
{
    struct conn *conn = (struct conn *)peer;
    struct roster_quota_refusal refusal = ROSTER_QUOTA_REFUSAL_INIT;
    struct conn_identity before = conn->identity;
    struct roster_session_attr attr;
    int err;

    if (user && user->len && !conn->server->options.auth)
        return reply(&peer->out, "-ERR this server has no passwords: connect without user and "
                                 "password, or start it with --auth=trust");
    if (user)
        memcpy(conn->identity.user, user->data, user->len + 1);
    if (name)
        memcpy(conn->identity.name, name->data, name->len + 1);
    attr = attributes(conn);
    attr.refusal = &refusal;
    err = roster_session_update(conn->session, &attr);
    if (err)
        conn->identity = before;
    return err == -EDQUOT ? reply(&peer->out, "-ERR %s", refusal.text) : err;
}

static uint64_t on_id(const struct peer *peer)
{
    return roster_session_id(((const struct conn *)peer)->session);
}

const struct front_calls conn_calls = {
    .name = "roster-kv",
    .version = roster_version,
    .size = sizeof(struct conn),
    .opened = on_opened,
    .id = on_id,
    .identify = conn_identify,
    .run = command_run,
    .held = on_held,
    .woken = on_woken,
    .ended = on_ended,
};
