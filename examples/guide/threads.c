/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * A server with a pool of threads: any free thread serves a ready connection, so its session moves
 * between threads.
 */
#include "pool.h"

/* [serve] */
/* This thread has received the connection's event and owns the session until it arms or closes
 * the connection. */
static void serve(struct conn *conn, struct roster *roster)
{
    enum conn_input input = conn_read(conn);

    while (input == CONN_LINE)
        input = conn_run(conn, roster) ? conn_read(conn) : CONN_GONE;
    if (input == CONN_GONE)
        conn_close(conn);
    else
        conn_arm(conn);
}
/* [serve] */

int main(void)
{
    return pool_main(4, serve);
}
