/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The names of commands, states and kinds. */

#include <criterion/criterion.h>

#include <roster/roster.h>

static const struct {
    uint32_t command;
    const char *name;
} commands[] = {
    {ROSTER_COMMAND_SLEEP, "Sleep"},
    {ROSTER_COMMAND_QUIT, "Quit"},
    {ROSTER_COMMAND_INIT_DB, "Init DB"},
    {ROSTER_COMMAND_QUERY, "Query"},
    {ROSTER_COMMAND_FIELD_LIST, "Field List"},
    {ROSTER_COMMAND_STATISTICS, "Statistics"},
    {ROSTER_COMMAND_KILL, "Kill"},
    {ROSTER_COMMAND_PING, "Ping"},
    {ROSTER_COMMAND_CHANGE_USER, "Change user"},
    {ROSTER_COMMAND_PREPARE, "Prepare"},
    {ROSTER_COMMAND_EXECUTE, "Execute"},
    {ROSTER_COMMAND_LONG_DATA, "Long Data"},
    {ROSTER_COMMAND_CLOSE_STMT, "Close stmt"},
    {ROSTER_COMMAND_RESET_STMT, "Reset stmt"},
    {ROSTER_COMMAND_FETCH, "Fetch"},
    {ROSTER_COMMAND_OTHER, "Other"},
};

static const char *expected_command(uint32_t command)
{
    size_t i;

    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].command == command)
            return commands[i].name;
    return "Other";
}

Test(names, of_all_commands)
{
    uint32_t command;

    for (command = 0; command < 300; command++)
        cr_assert_str_eq(roster_command_name(command), expected_command(command), "%u", command);
    cr_assert_str_eq(roster_command_name(UINT32_MAX), "Other");
}

Test(names, of_running_states)
{
    cr_assert_str_eq(roster_run_state_name(ROSTER_RUN_IDLE), "Idle");
    cr_assert_str_eq(roster_run_state_name(ROSTER_RUN_RUNNING), "Running");
    cr_assert_str_eq(roster_run_state_name(ROSTER_RUN_LOCK_WAITING), "LockWaiting");
    cr_assert_str_eq(roster_run_state_name(ROSTER_RUN_COMMITTING), "Committing");
    cr_assert_str_eq(roster_run_state_name(ROSTER_RUN_ROLLING_BACK), "RollingBack");
    cr_assert_str_eq(roster_run_state_name((enum roster_run_state)5), "unknown");
    cr_assert_str_eq(roster_run_state_name((enum roster_run_state) - 1), "unknown");
}

Test(names, of_transaction_states)
{
    cr_assert_str_eq(roster_txn_state_name(ROSTER_TXN_INVALID), "invalid");
    cr_assert_str_eq(roster_txn_state_name(ROSTER_TXN_PENDING), "pending");
    cr_assert_str_eq(roster_txn_state_name(ROSTER_TXN_VALID), "valid");
    cr_assert_str_eq(roster_txn_state_name((enum roster_txn_state)3), "unknown");
    cr_assert_str_eq(roster_txn_state_name((enum roster_txn_state) - 1), "unknown");
}

Test(names, of_pin_kinds)
{
    cr_assert_str_eq(roster_pin_kind_name(ROSTER_PIN_CURSOR), "cursor");
    cr_assert_str_eq(roster_pin_kind_name(ROSTER_PIN_STALE_READ), "stale read");
    cr_assert_str_eq(roster_pin_kind_name(ROSTER_PIN_BACKUP), "backup");
    cr_assert_str_eq(roster_pin_kind_name(ROSTER_PIN_SCHEMA), "schema");
    cr_assert_str_eq(roster_pin_kind_name(ROSTER_PIN_OTHER), "other");
    cr_assert_str_eq(roster_pin_kind_name((enum roster_pin_kind)0), "other");
    cr_assert_str_eq(roster_pin_kind_name((enum roster_pin_kind)6), "other");
    cr_assert_str_eq(roster_pin_kind_name((enum roster_pin_kind) - 1), "other");
}

Test(names, of_reasons_for_kills)
{
    int i, j;

    for (i = 1; i < ROSTER_KILL_REASONS; i++) {
        const char *name = roster_kill_reason_name((enum roster_kill_reason)i);

        cr_assert_str_neq(name, "unknown");
        for (j = 1; j < i; j++)
            cr_assert_str_neq(name, roster_kill_reason_name((enum roster_kill_reason)j));
    }
    cr_assert_str_eq(roster_kill_reason_name((enum roster_kill_reason)0), "unknown");
    cr_assert_str_eq(roster_kill_reason_name((enum roster_kill_reason)ROSTER_KILL_REASONS),
                     "unknown");
}
