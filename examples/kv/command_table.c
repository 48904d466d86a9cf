/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of commands.
 */
#include "config.h"

#include "command.h"

#include <string.h>
#include <strings.h>

#define QUERY ROSTER_COMMAND_QUERY
#define OTHER ROSTER_COMMAND_OTHER

const struct command commands[] = {
    {"BEGIN", cmd_begin, 1, CMD_OUTSIDE, QUERY, "",
     "Begin a transaction: one snapshot until its end"},
    {"CLIENT", cmd_client, -2, 0, OTHER,
     "ID | INFO | LIST | GETNAME | SETNAME name | KILL address | KILL [ID id] [ADDR address] "
     "[SKIPME yes|no] | UNBLOCK id",
     "The connections of the server"},
    {"COMMAND", cmd_command, -1, 0, OTHER, "[COUNT | DOCS [command ...]]",
     "The commands of the server"},
    {"COMMIT", cmd_commit, 1, 0, QUERY, "", "Commit; the first committer of a key wins"},
    {"CONFIG", cmd_config, -2, 0, OTHER, "GET pattern [pattern ...]", "The options of the server"},
    {"DBSIZE", cmd_dbsize, 1, CMD_DATA | CMD_QUEUE, QUERY, "", "Count the keys"},
    {"DEBUG", cmd_debug, -2, 0, OTHER, "SLEEP seconds", "A statement that takes its time"},
    {"DECR", cmd_decr, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "Subtract one from a number"},
    {"DEL", cmd_del, -2, CMD_DATA | CMD_QUEUE, QUERY, "key [key ...]", "Delete keys"},
    {"DISCARD", cmd_discard, 1, CMD_NOW, QUERY, "", "Forget what was queued since MULTI"},
    {"ECHO", cmd_echo, 2, CMD_QUEUE, OTHER, "message", "Reply with the message"},
    {"EXEC", cmd_exec, 1, CMD_NOW, QUERY, "",
     "Run what was queued since MULTI, in one transaction"},
    {"EXISTS", cmd_exists, -2, CMD_DATA | CMD_QUEUE, QUERY, "key [key ...]",
     "Count those that exist"},
    {"FLUSHDB", cmd_flushdb, 1, CMD_OUTSIDE, QUERY, "", "Delete all keys"},
    {"GET", cmd_get, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "The value of a key"},
    {"HELLO", cmd_hello, -1, 0, OTHER, "[2 [SETNAME name]]", "Greet the server"},
    {"INCR", cmd_incr, 2, CMD_DATA | CMD_QUEUE, QUERY, "key", "Add one to a number"},
    {"INFO", cmd_info, -1, 0, ROSTER_COMMAND_STATISTICS, "[section]",
     "Sessions, transactions, the minimum and its holder, versions"},
    {"MGET", cmd_mget, -2, CMD_DATA | CMD_QUEUE, QUERY, "key [key ...]", "The values of keys"},
    {"MSET", cmd_mset, -3, CMD_DATA | CMD_QUEUE, QUERY, "key value [key value ...]", "Set keys"},
    {"MULTI", cmd_multi, 1, CMD_OUTSIDE | CMD_NOW, QUERY, "", "Queue commands until EXEC"},
    {"PING", cmd_ping, -1, CMD_QUEUE, ROSTER_COMMAND_PING, "[message]", "Reply with PONG"},
    {"QUIT", cmd_quit, -1, CMD_NOW, ROSTER_COMMAND_QUIT, "", "End the connection"},
    {"ROLLBACK", cmd_rollback, 1, 0, QUERY, "", "End the transaction without its writes"},
    {"SELECT", cmd_select, 2, CMD_QUEUE, ROSTER_COMMAND_INIT_DB, "0", "Select the only database"},
    {"SET", cmd_set, 3, CMD_DATA | CMD_QUEUE, QUERY, "key value", "Set a key"},
    {"TRX", cmd_trx, 2, 0, OTHER, "LIST|HISTORY",
     "The open transactions, oldest first, or what long ones consisted of"},
    {NULL, NULL, 0, 0, OTHER, NULL, NULL},
};

const struct command *command_find(struct slice name)
{
    const struct command *command = commands;

    while (command->name && (strlen(command->name) != name.len ||
                             strncasecmp(command->name, name.data, name.len) != 0))
        command++;
    return command->name ? command : NULL;
}

bool command_arity_fits(const struct command *command, size_t argc)
{
    return command->arity < 0 ? argc >= (size_t)-command->arity : argc == (size_t)command->arity;
}
