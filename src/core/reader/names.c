/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The names of states, commands and kinds.
 */
#include <roster/kill.h>
#include <roster/metrics.h>
#include <roster/pin.h>
#include <roster/view.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *name_of(const char *const *names, size_t count, unsigned n, const char *other)
{
    return n < count && names[n] ? names[n] : other;
}

const char *roster_command_name(uint32_t command)
{
    static const char *const names[] = {
        [ROSTER_COMMAND_SLEEP] = "Sleep",
        [ROSTER_COMMAND_QUIT] = "Quit",
        [ROSTER_COMMAND_INIT_DB] = "Init DB",
        [ROSTER_COMMAND_QUERY] = "Query",
        [ROSTER_COMMAND_FIELD_LIST] = "Field List",
        [ROSTER_COMMAND_STATISTICS] = "Statistics",
        [ROSTER_COMMAND_KILL] = "Kill",
        [ROSTER_COMMAND_PING] = "Ping",
        [ROSTER_COMMAND_CHANGE_USER] = "Change user",
        [ROSTER_COMMAND_PREPARE] = "Prepare",
        [ROSTER_COMMAND_EXECUTE] = "Execute",
        [ROSTER_COMMAND_LONG_DATA] = "Long Data",
        [ROSTER_COMMAND_CLOSE_STMT] = "Close stmt",
        [ROSTER_COMMAND_RESET_STMT] = "Reset stmt",
        [ROSTER_COMMAND_FETCH] = "Fetch",
    };

    return name_of(names, COUNT_OF(names), command, "Other");
}

const char *roster_run_state_name(enum roster_run_state state)
{
    static const char *const names[] = {
        [ROSTER_RUN_IDLE] = "Idle",
        [ROSTER_RUN_RUNNING] = "Running",
        [ROSTER_RUN_LOCK_WAITING] = "LockWaiting",
        [ROSTER_RUN_COMMITTING] = "Committing",
        [ROSTER_RUN_ROLLING_BACK] = "RollingBack",
    };

    return name_of(names, COUNT_OF(names), (unsigned)state, "unknown");
}

const char *roster_txn_state_name(enum roster_txn_state state)
{
    static const char *const names[] = {
        [ROSTER_TXN_INVALID] = "invalid",
        [ROSTER_TXN_PENDING] = "pending",
        [ROSTER_TXN_VALID] = "valid",
    };

    return name_of(names, COUNT_OF(names), (unsigned)state, "unknown");
}

const char *roster_kill_reason_name(enum roster_kill_reason reason)
{
    static const char *const names[] = {
        [ROSTER_KILL_REASON_INTERRUPTED] = "interrupted",
        [ROSTER_KILL_REASON_MAX_EXECUTION_TIME] = "max execution time",
        [ROSTER_KILL_REASON_QUERY_MEMORY] = "query memory",
        [ROSTER_KILL_REASON_SERVER_MEMORY] = "server memory",
        [ROSTER_KILL_REASON_RUNAWAY] = "runaway",
        [ROSTER_KILL_REASON_IDLE] = "idle",
        [ROSTER_KILL_REASON_TXN_IDLE] = "idle in transaction",
        [ROSTER_KILL_REASON_TXN_AGE] = "transaction age",
        [ROSTER_KILL_REASON_SHUTDOWN] = "shutdown",
    };

    return name_of(names, COUNT_OF(names), (unsigned)reason, "unknown");
}

const char *roster_kill_result_name(enum roster_kill_result result)
{
    static const char *const names[] = {
        [ROSTER_KILL_RESULT_DELIVERED] = "delivered", [ROSTER_KILL_RESULT_GONE] = "gone",
        [ROSTER_KILL_RESULT_NOTHING] = "idle",        [ROSTER_KILL_RESULT_STALE] = "stale",
        [ROSTER_KILL_RESULT_DYING] = "dying",         [ROSTER_KILL_RESULT_UNKNOWN] = "unknown",
        [ROSTER_KILL_RESULT_REJECTED] = "rejected",
    };

    return name_of(names, COUNT_OF(names), (unsigned)result, "unknown");
}

const char *roster_pin_kind_name(enum roster_pin_kind kind)
{
    static const char *const names[] = {
        [ROSTER_PIN_CURSOR] = "cursor", [ROSTER_PIN_STALE_READ] = "stale read",
        [ROSTER_PIN_BACKUP] = "backup", [ROSTER_PIN_SCHEMA] = "schema",
        [ROSTER_PIN_OTHER] = "other",
    };

    return name_of(names, COUNT_OF(names), (unsigned)kind, "other");
}
