/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * hot_calls KIND CALLS: this number of statements, transactions, transactions in a statement or in
 * two steps, transactions in ROSTERS rosters by turns, minima of OTHERS open transactions, lists of
 * as many sessions, lookups of one of as many that are idle, waits, steps of a statement, or
 * sessions opened and closed beside as many. count-instructions counts what the functions called
 * here take. Everything that could differ between two runs is kept out: one thread, a clock that
 * stands still, an oracle that counts.
 */
#include <roster/roster.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sessions with an open transaction, beside the one that the other kinds use. */
#define OTHERS 1000

#define ROSTERS 128

static struct roster *roster;
static struct roster *rosters[ROSTERS];
static struct roster_session *of_rosters[ROSTERS];
static struct roster_session *others[OTHERS];

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

/* As a server does that commits each statement by itself. */
static void in_statement(struct roster_session *session, uint64_t *now)
{
    static const char text[64] = "update account set balance = 1 where id = 12345678";

    ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text), NULL, 0), "stmt_begin");
    transaction(session, now);
    ok(roster_stmt_end(session), "stmt_end");
}

/* Each in another roster than the one before. */
static void by_turns(struct roster_session *session, uint64_t *now)
{
    static unsigned turn;

    (void)session;
    transaction(of_rosters[turn++ % ROSTERS], now);
}

static void rosters_create(const struct roster_options *options)
{
    size_t i;

    for (i = 0; i < ROSTERS; i++) {
        ok(roster_create(options, &rosters[i]), "create");
        ok(roster_session_open(rosters[i], NULL, &of_rosters[i]), "open");
    }
}

static void rosters_destroy(void)
{
    size_t i;

    for (i = 0; i < ROSTERS; i++) {
        ok(roster_session_close(of_rosters[i]), "close");
        ok(roster_destroy(rosters[i]), "destroy");
    }
}

static void two_steps(struct roster_session *session, uint64_t *now)
{
    ok(roster_txn_prepare(session), "prepare");
    ok(roster_txn_activate(session, ++*now), "activate");
    ok(roster_txn_finish(session), "finish");
}

static void others_open(void)
{
    size_t i;

    for (i = 0; i < OTHERS; i++)
        ok(roster_session_open(roster, NULL, &others[i]), "open");
    ok(roster_release_wait(roster), "release_wait"); /* the tables have grown to fit */
}

static void others_begin(void)
{
    size_t i;

    for (i = 0; i < OTHERS; i++)
        ok(roster_txn_begin(others[i], NULL), "begin");
}

static void others_close(void)
{
    size_t i;

    for (i = 0; i < OTHERS; i++)
        ok(roster_session_close(others[i]), "close");
}

static void minimum(struct roster_session *session, uint64_t *now)
{
    (void)session;
    (void)now;
    ok(roster_min_advance(roster, 0, NULL), "min_start_ts");
}

static int read_view(const struct roster_session *session, const struct roster_shown *view,
                     void *arg)
{
    *(uint64_t *)arg += roster_session_id(session) + view->start_ts;
    return 0;
}

static void list(struct roster_session *session, uint64_t *now)
{
    uint64_t sum = 0;

    (void)session;
    (void)now;
    ok(roster_read_lock(roster), "read_lock");
    ok(roster_for_each(roster, read_view, &sum), "for_each");
    roster_read_unlock(roster);
}

static void look_up(struct roster_session *session, uint64_t *now)
{
    static size_t turn;
    uint64_t id = roster_session_id(others[turn++ % OTHERS]);
    const struct roster_session *found;
    struct roster_copy copy;

    (void)session;
    (void)now;
    ok(roster_read_lock(roster), "read_lock");
    found = roster_lookup(roster, id);
    ok(!found || roster_session_look(found, &copy, NULL, 0)->start_ts, "look");
    roster_read_unlock(roster);
}

static void wait_for(struct roster_session *session, uint64_t *now)
{
    static uint32_t event;

    (void)now;
    if (!event)
        ok(roster_wait_event_register(ROSTER_WAIT_IO, "disk", &event), "wait_event_register");
    ok(roster_wait_begin(session, event), "wait_begin");
    roster_wait_end(session);
}

/* Of one statement. */
static void progress(struct roster_session *session, uint64_t *now)
{
    if (!roster_session_look(session, &(struct roster_copy){.place = NULL}, NULL, 0)->statement)
        ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), "stmt_begin");
    ok(roster_stmt_set_progress(session, 0, ++*now, UINT64_C(1) << 40), "stmt_set_progress");
}

/* As a client does that connects for each request. Closed ones are used again in turns that no
 * other thread has a say in. */
static void connection(struct roster_session *session, uint64_t *now)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    static unsigned turn;

    (void)session;
    (void)now;
    attr.user = "reporting";
    attr.host = "10.1.0.17:40016";
    attr.database = "store";
    ok(roster_session_open(roster, &attr, &session), "open");
    ok(roster_session_close(session), "close");
    if (++turn % 100 == 0)
        ok(roster_release_wait(roster), "release_wait");
}

static const struct {
    const char *name;
    void (*run)(struct roster_session *session, uint64_t *now);
} kinds[] = {
    {"statement", statement}, {"transaction", transaction},
    {"two-steps", two_steps}, {"minimum", minimum},
    {"list", list},           {"by-turns", by_turns},
    {"lookup", look_up},      {"in-statement", in_statement},
    {"wait", wait_for},       {"progress", progress},
    {"session", connection},
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
    uint64_t now = 1;
    bool open, many, turns;
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
    many = !strcmp(argv[1], "minimum") || !strcmp(argv[1], "list");
    open = many || !strcmp(argv[1], "lookup") || !strcmp(argv[1], "session");
    turns = !strcmp(argv[1], "by-turns");
    if (open)
        others_open();
    if (many)
        others_begin();
    if (turns)
        rosters_create(&options);
    run(argv[1], calls, session, &now);
    if (open)
        others_close();
    if (turns)
        rosters_destroy();
    ok(roster_session_close(session), "close");
    ok(roster_destroy(roster), "destroy");
    return 0;
}
