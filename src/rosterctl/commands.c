/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The commands: the options that each takes, and its help, with an example.
 */
#include "rosterctl/rosterctl.h"

#include <string.h>

const struct command ctl_commands[] = {
    {"ps", ctl_ps, LISTS | WHO | LIMIT | STORE | OUTPUT | FULL | WATCH | ALL, "ps", "sessions",
     "Shows sessions, with the columns of a process list.\v"
     "Example: the ten longest-running ones inside a transaction, every 2 s\n"
     "  rosterctl ps --in-txn --sort=-time -n 10 --watch"},
    {"trx", ctl_trx, LISTS | WHO | LIMIT | STORE | OUTPUT | WATCH | ALL, "trx", "transactions",
     "Shows transactions that have a start timestamp, including internal ones.\v"
     "The column id is the start timestamp; kill takes session_id.\n"
     "Example: the oldest one\n"
     "  rosterctl trx --sort=-age -n 1"},
    {"holders", ctl_holders, LISTS | WHO | LIMIT | STORE | OUTPUT | FULL | WATCH | ALL | HOLDERS,
     "holders", "what holds the minimum back, the oldest first",
     "Shows everything that holds back the minimum, the oldest first: open transactions, and pins "
     "with their kind: cursor, backup, ...\v"
     "Example: cursors that have been open for more than a minute\n"
     "  rosterctl holders --holder=cursor --min-ms=60000"},
    {"min", ctl_min, OUTPUT | STORE | ALL, "min",
     "the oldest timestamp still needed, its holder, and how to end it",
     "Shows the oldest timestamp that is still needed, its holder and since when, how far the "
     "minimum would advance if the holder ended, and the command that ends it.\v"
     "Example:\n"
     "  rosterctl min"},
    {"safepoint", ctl_safe_point, OUTPUT, "safepoint", "safe points and the lease",
     "Shows the local safe point, the lease, the cluster's safe points and their blockers, and the "
     "command to run.\v"
     "Example: a server on this host\n"
     "  rosterctl -s unix:/run/roster/db.sock safepoint"},
    {"status", ctl_status, OUTPUT | STORE | ALL, "status", "the server and its counts",
     "Shows the server's problems, the worst first, with the command to run; then its counts. The "
     "exit status is 7 if there is a problem.\v"
     "Example: in a script\n"
     "  rosterctl status >/dev/null || page-the-operator"},
    {"locks", ctl_locks, LIMIT | STORE | OUTPUT | ALL, "locks",
     "which session waits for which, and deadlocks",
     "Shows which session waits for which: each session is below the one it waits for, and a "
     "session that blocks others without waiting is at the top. Then the newest deadlocks.\v"
     "Example: end the session that blocks all others\n"
     "  rosterctl locks; rosterctl kill --transaction ID"},
    {"groups", ctl_groups, OUTPUT | ALL, "groups",
     "users, databases and applications with the most sessions",
     "Shows the users, databases and applications with the most sessions, their limits, and how "
     "many sessions were refused.\v"
     "Example: find out who uses all connections\n"
     "  rosterctl groups"},
    {"history", ctl_history, OUTPUT | FULL, "history", "statements of long transactions",
     "Shows kinds of long transactions, the most recent first.\v"
     "Example: with the digests of their statements\n"
     "  rosterctl history --full"},
    {"activity", ctl_activity, WHO | LIMIT | STORE | OUTPUT | ALL | SINCE | UNTIL | BY, "activity",
     "activity of sessions: states, waits, statements, users",
     "Shows what the active sessions did, from samples that the server keeps for an hour by the "
     "second and for a day by the minute: the average number of sessions in each state, wait and "
     "statement. With --by=time it prints a row for each of some 30 steps, and a column for each "
     "wait class, or for each value of the other name given.\v"
     "Example: what was slow in the last quarter of an hour\n"
     "  rosterctl activity --since=-15m --by=wait,digest\n"
     "Example: when it was slow, and for which user\n"
     "  rosterctl activity --since=21:00 --until=21:15 --by=time,user"},
    {"events", ctl_events, STORE | OUTPUT | ALL | SINCE | FOLLOW, "events",
     "the event log: kills, fences, drains, rejected opens",
     "Shows the event log, the oldest event first: kills, rejected opens, drains, fences, leases, "
     "leaders, and problems that appeared or were cleared.\v"
     "Example: the last quarter of an hour, and new events\n"
     "  rosterctl events --since=-15m --follow"},
    {"kill", ctl_kill, KILL | STORE | WAIT | OUTPUT | ARGS | ALL, "kill ID...",
     "end sessions, or their transactions or statements",
     "Ends sessions, or their transactions or statements.\v"
     "Example: roll back the transaction of session 4711, and wait until it has ended\n"
     "  rosterctl kill --transaction --wait 4711\n"
     "Example: all sessions of one user\n"
     "  rosterctl ps --user=USER --columns=id --output=csv | tail -n +2 | xargs rosterctl kill"},
    {"drain", ctl_drain, WAIT | OUTPUT, "drain", "let the server finish its work and exit",
     "Drains the server: it refuses new sessions, lets open transactions finish for a while, and "
     "exits.\v"
     "Example: before an upgrade\n"
     "  rosterctl -t /etc/roster/token drain --wait"},
    {"top", ctl_top, WATCH, "top", "all of it, live",
     "Shows all of this, live. Press ? for its keys.\v"
     "Example: every five seconds\n"
     "  rosterctl top --watch=5"},
    {"barrier", ctl_barrier, ARGS | STORE | TTL | OUTPUT,
     "barrier set NAME TIMESTAMP\nbarrier list\nbarrier delete NAME",
     "set NAME TIMESTAMP|now, list, delete NAME: in a cluster's store",
     "Manages barriers in a cluster's store, which no safe point passes. A timestamp is a number, "
     "now, an age such as -2h, or a time such as 2026-11-29T03:00.\v"
     "Example: keep the versions of the last two hours for a backup, for a day\n"
     "  rosterctl barrier set backup -2h --ttl-ms=86400000 --store=sqlite:meet.db"},
    {"gc", ctl_gc, ARGS | STORE | OUTPUT, "gc status", "the safe points in a cluster's store",
     "Shows the safe points in a cluster's store.\v"
     "Example:\n"
     "  rosterctl gc status --store=sqlite:/var/lib/db/meet.db"},
    {"serve", ctl_serve, STORE | LISTEN, "serve",
     "one page for all servers of a cluster, for a browser",
     "Serves one page for all servers of a cluster, until interrupted: their problems, the last "
     "hour, sessions, transactions, waits, activity and events, with a column for the server. It "
     "prints the address, and serves only the user who started it.\v"
     "Example: on the host of the servers; elsewhere run ssh -L 8080:127.0.0.1:8080 HOST\n"
     "  rosterctl serve --listen=127.0.0.1:8080 --store=sqlite:/var/lib/db/meet.db"},
    {NULL, NULL, 0, NULL, NULL, NULL},
};

const struct command *ctl_command(const char *name)
{
    const struct command *command = ctl_commands;

    while (command->name && strcmp(command->name, name) != 0)
        command++;
    return command->name ? command : NULL;
}
