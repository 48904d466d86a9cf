/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What each command is for, with an example.
 */
#include "rosterctl/rosterctl.h"

#include <string.h>

static const struct help {
    const char *name, *arguments, *text;
} helps[] = {
    {"ps", "ps",
     "Sessions, with the columns of a process list.\v"
     "Example: the ten that have run longest inside a transaction, every 2 s\n"
     "  rosterctl ps --in-txn --sort=-time -n 10 --watch"},
    {"trx", "trx",
     "Transactions that have a start timestamp, internal ones included.\v"
     "Its column id is the start timestamp; kill takes session_id.\n"
     "Example: the oldest one\n"
     "  rosterctl trx --sort=-age -n 1"},
    {"holders", "holders",
     "Everything that holds the minimum back, the oldest first: open transactions, and pins with "
     "what they are for: cursors, backups, ...\v"
     "Example: cursors that are open for more than a minute\n"
     "  rosterctl holders --holder=cursor --min-ms=60000"},
    {"min", "min",
     "The oldest timestamp that is still needed, what holds it, since when, what ending that "
     "gains, "
     "and the command that ends it.\v"
     "Example:\n"
     "  rosterctl min"},
    {"safepoint", "safepoint",
     "The local safe point, the lease, the cluster's safe points and what blocks them, and the "
     "command to run.\v"
     "Example: of a server on this host\n"
     "  rosterctl -s unix:/run/roster/db.sock safepoint"},
    {"status", "status",
     "What is wrong with the server, the worst first, with the command to run; then its counts. "
     "The "
     "exit status is 7 when something is wrong.\v"
     "Example: in a script\n"
     "  rosterctl status >/dev/null || page-the-operator"},
    {"locks", "locks",
     "Which sessions wait for which: each one stands below the session that it waits for, and what "
     "blocks others without waiting at the top. Then the newest deadlocks.\v"
     "Example: end what blocks all the others\n"
     "  rosterctl locks; rosterctl kill --transaction ID"},
    {"groups", "groups",
     "Which users, databases and applications have the most sessions, how many they may have, and "
     "how many were refused.\v"
     "Example: who takes all connections\n"
     "  rosterctl groups"},
    {"history", "history",
     "Kinds of long transactions, the one seen last first.\v"
     "Example: with the digests of their statements\n"
     "  rosterctl history --full"},
    {"activity", "activity",
     "What the active sessions did, sampled by the server for an hour by the second and a day by "
     "the minute: the average number of sessions in each state, wait, statement. By time it has a "
     "row for each of some 30 steps, and a column for each wait class, or for each of what else is "
     "named.\v"
     "Example: what was slow in the last quarter of an hour\n"
     "  rosterctl activity --since=-15m --by=wait,digest\n"
     "Example: when, and whose it was\n"
     "  rosterctl activity --since=21:00 --until=21:15 --by=time,user"},
    {"events", "events",
     "What has happened, the oldest first: kills, opens that were rejected, drains, fences, "
     "leases, "
     "leaders, and problems that appeared or were cleared.\v"
     "Example: what was going on in the last quarter of an hour, and what comes\n"
     "  rosterctl events --since=-15m --follow"},
    {"kill", "kill ID...",
     "Ends sessions, or their transactions or statements.\v"
     "Example: roll back the transaction of session 4711, and wait until it has ended\n"
     "  rosterctl kill --transaction --wait 4711\n"
     "Example: all sessions of one user\n"
     "  rosterctl ps --user=USER --columns=id --output=csv | tail -n +2 | xargs rosterctl kill"},
    {"drain", "drain",
     "The server refuses new sessions, lets open transactions finish for a while, and ends.\v"
     "Example: before an upgrade\n"
     "  rosterctl -t /etc/roster/token drain --wait"},
    {"top", "top",
     "All of it, live. Press ? for its keys.\v"
     "Example: every five seconds\n"
     "  rosterctl top --watch=5"},
    {"barrier", "barrier set NAME TIMESTAMP\nbarrier list\nbarrier delete NAME",
     "Barriers in a cluster's store, which no safe point passes. A timestamp is a number, now, an "
     "age "
     "such as -2h, or a time such as 2026-11-29T03:00.\v"
     "Example: keep what a backup of the last two hours reads, for a day\n"
     "  rosterctl barrier set backup -2h --ttl-ms=86400000 --store=sqlite:meet.db"},
    {"gc", "gc status",
     "The safe points as they stand in a cluster's store.\v"
     "Example:\n"
     "  rosterctl gc status --store=sqlite:/var/lib/db/meet.db"},
    {"serve", "serve",
     "Serves one page for all servers of a cluster, until interrupted: what is wrong with any of "
     "them, "
     "the last hour, sessions, transactions, waits, activity and events, with the server as a "
     "column. "
     "It prints where, and serves the user who started it alone.\v"
     "Example: on the host of the servers; from elsewhere, ssh -L 8080:127.0.0.1:8080 HOST\n"
     "  rosterctl serve --listen=127.0.0.1:8080 --store=sqlite:/var/lib/db/meet.db"},
};

bool ctl_help(const char *name, const char **arguments, const char **text)
{
    size_t n;

    for (n = 0; n < sizeof(helps) / sizeof(helps[0]); n++)
        if (!strcmp(helps[n].name, name)) {
            *arguments = helps[n].arguments;
            *text = helps[n].text;
            return true;
        }
    return false;
}
