/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * hot_calls KIND CALLS: so many statements, transactions, or transactions in two steps.
 * count-instructions counts what the functions called here take. Everything that could differ
 * between two runs is kept out: one thread, a clock that stands still, an oracle that counts.
 */
#include <roster/roster.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count(void *arg, uint64_t *ts)
{
    *ts = ++*(uint64_t *)arg;
    return 0;
}

static void ok(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "hot_calls: %s: %s\n", what, roster_strerror(result));
    exit(1);
}

static void statement(struct roster_session *session, uint64_t *now)
{
    static const char text[64] = "select balance from account where id = 12345678 for update";

    (void)now;
    ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text), NULL, 0), "stmt_begin");
    ok(roster_killed(session), "killed");
    ok(roster_stmt_end(session), "stmt_end");
}

static void transaction(struct roster_session *session, uint64_t *now)
{
    (void)now;
    ok(roster_txn_begin(session, NULL), "begin");
    ok(roster_txn_check(session), "check");
    ok(roster_txn_finish(session), "finish");
}

static void two_steps(struct roster_session *session, uint64_t *now)
{
    ok(roster_txn_prepare(session), "prepare");
    ok(roster_txn_activate(session, ++*now), "activate");
    ok(roster_txn_finish(session), "finish");
}

static const struct {
    const char *name;
    void (*run)(struct roster_session *session, uint64_t *now);
} kinds[] = {
    {"statement", statement},
    {"transaction", transaction},
    {"two-steps", two_steps},
};

static void run(const char *kind, long calls, struct roster_session *session, uint64_t *now)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (!strcmp(kind, kinds[i].name))
            while (calls--)
                kinds[i].run(session, now);
}

int main(int argc, char **argv)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    struct roster *roster;
    uint64_t now = 1;
    long calls;

    if (argc != 3 || (calls = strtol(argv[2], NULL, 10)) <= 0) {
        fprintf(stderr, "usage: hot_calls KIND CALLS\n");
        return 2;
    }
    options.oracle = count;
    options.oracle_arg = &now;
    options.tick_ms = ROSTER_TICK_MANUAL;
    ok(roster_create(&options, &roster), "create");
    ok(roster_session_open(roster, NULL, &session), "open");
    run(argv[1], calls, session, &now);
    ok(roster_session_close(session), "close");
    ok(roster_destroy(roster), "destroy");
    return 0;
}
