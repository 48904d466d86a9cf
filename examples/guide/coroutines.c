/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * A server with a coroutine for each connection and a few threads that run the ready ones. A
 * session moves with its coroutine, also in the middle of a transaction.
 */
#include "coroutine.h"
#include "pool.h"

struct conversation {
    struct conn *conn;
    struct roster *roster;
};

/* [body] */
/* Written as if it had its own thread. After a yield it may run in another thread, so it keeps
 * nothing that belongs to a thread (the read lock, a mutex, errno) across one. */
static void converse(struct coroutine *self, void *arg)
{
    const struct conversation *given = arg;
    struct conn *conn = given->conn;
    struct roster *roster = given->roster;
    enum conn_input input;

    while ((input = conn_read(conn)) != CONN_GONE) {
        if (input == CONN_NOTHING)
            coroutine_yield(self);
        else if (!conn_run(conn, roster))
            break;
    }
    conn_close(conn);
}
/* [body] */

/* [resume] */
/* Arms the connection after coroutine_resume() has saved the coroutine's registers. The coroutine
 * must not arm it: another thread could resume it at once, while it still runs here. */
static void serve(struct conn *conn, struct roster *roster)
{
    struct conversation conversation = {conn, roster};

    if (!conn->coroutine) /* new; converse() copies `conversation` before its first yield */
        conn->coroutine = coroutine_new(converse, &conversation);
    if (!conn->coroutine)
        conn_close(conn);
    else if (coroutine_resume(conn->coroutine))
        conn_arm(conn);
}
/* [resume] */

int main(void)
{
    return pool_main(3, serve);
}
