/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * page_served ADDRESS idle|busy|many|full|fenced: an endpoint for the page's tests, with the token
 * s3cret, until the standard input ends. busy: 200 clients that begin and end statements and
 * transactions all the time, one of which has left its transaction open, which blocks four more,
 * and two were in a deadlock; many: 10 000, a few of which do; full: as busy, with places for 220;
 * fenced: as busy, in a cluster whose lease has ended. What is killed ends. Prints where it
 * listens.
 */
#include <errno.h>
#include <poll.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <roster/store.h>
#include <roster/syncer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 10000
#define FORGOTTEN 16 /* whose transaction stays open */
#define BLOCKED 4    /* sessions behind it, which wait for it, or for one that does */

enum { STATEMENT = 1, TRANSACTION = 2 };

static struct roster_session *sessions[MOST];
static unsigned char in[MOST]; /* what each is inside of */
static size_t count;
static unsigned random_state = 1;
static uint32_t row_lock, reads, answers; /* what sessions wait for */
static bool freed;                        /* the blocked ones */

static void ok(int err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "page_served: %s: %s\n", what, roster_strerror(err));
    exit(1);
}

static unsigned random_below(unsigned most)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % most;
}

static void begin_statement(struct roster_session *session)
{
    static const char *const texts[] = {
        "select name, price from product where id = 4711",
        "update stock set amount = amount - 1 where product = 4711 and place = 'Hamburg'",
        "insert into purchase (customer, product, at) values (17, 4711, now())",
        "select sum(amount) from stock group by place order by 1 desc",
    };
    static const char *const digests[] = {"5f2a90c1", "0c77d1e8", "b41a6f02", "e93d5577"};
    unsigned n = random_below(4);

    ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, texts[n], strlen(texts[n]), digests[n], 8),
       "statement");
    if (random_below(2))
        ok(roster_wait_begin(session, random_below(3) ? reads : answers), "wait");
}

static void end_statement(struct roster_session *session)
{
    roster_wait_end(session);
    (void)roster_stmt_end(session);
}

/* The first two wait for each other, and the second one learns it. */
static void deadlock(void)
{
    struct roster_block wait = ROSTER_BLOCK_INIT;

    wait.event = row_lock;
    wait.what = "stock, product 17";
    wait.holder_id = roster_session_id(sessions[1]);
    ok(roster_block_begin(sessions[0], &wait), "block");
    wait.what = "stock, product 4711";
    wait.holder_id = roster_session_id(sessions[0]);
    wait.flags = ROSTER_BLOCK_CHECK;
    if (roster_block_begin(sessions[1], &wait) != -EDEADLK)
        ok(-EPROTO, "deadlock");
    roster_wait_end(sessions[0]);
}

/* Two wait for the forgotten one, one for the first of these, one for that. */
static void block(void)
{
    static const char text[] = "update stock set amount = 12 where product = 4711";
    struct roster_block wait = ROSTER_BLOCK_INIT;
    size_t n;

    wait.event = row_lock;
    wait.what = "stock, product 4711";
    for (n = FORGOTTEN + 1; n <= FORGOTTEN + BLOCKED; n++) {
        ok(roster_stmt_begin(sessions[n], ROSTER_COMMAND_QUERY, text, strlen(text), "77ab0e34", 8),
           "statement");
        wait.holder_id = roster_session_id(sessions[n < FORGOTTEN + 3 ? FORGOTTEN : n - 2]);
        ok(roster_block_begin(sessions[n], &wait), "block");
    }
}

/* What they waited for has been rolled back. */
static void unblock(void)
{
    size_t n;

    for (n = FORGOTTEN + 1; n <= FORGOTTEN + BLOCKED && !freed; n++)
        if (sessions[n])
            end_statement(sessions[n]);
    freed = true;
}

static bool is_blocked(size_t n)
{
    return n > FORGOTTEN && n <= FORGOTTEN + BLOCKED && !freed;
}

static void open_sessions(struct roster *roster)
{
    static const char *const users[] = {"shop", "billing", "search", "admin"};
    static const char *const names[] = {"checkout", "invoices", "index", "console"};
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char host[64];
    size_t n;

    attr.database = "store";
    attr.host = host;
    attr.flags = ROSTER_SESSION_DIGESTS | ROSTER_SESSION_LAST_STATEMENT;
    for (n = 0; n < count; n++) {
        snprintf(host, sizeof(host), "10.1.%zu.%zu:%zu", n / 250 % 250, n % 250 + 1, 40000 + n);
        attr.user = n == FORGOTTEN ? "reporting" : users[n % 4];
        attr.application = n == FORGOTTEN ? "monthly-report" : names[n % 4];
        ok(roster_session_open(roster, &attr, &sessions[n]), "open");
    }
    if (count <= FORGOTTEN)
        return;
    ok(roster_txn_begin(sessions[FORGOTTEN], NULL), "begin");
    begin_statement(sessions[FORGOTTEN]);
    end_statement(sessions[FORGOTTEN]);
    deadlock();
    block();
}

/* A step of a client: to the next of statement, pause, end. */
static void step(size_t n)
{
    struct roster_session *session = sessions[n];

    if (!session || n == FORGOTTEN || is_blocked(n))
        return;
    if (in[n] & STATEMENT) {
        end_statement(session);
        in[n] ^= STATEMENT;
    } else if (in[n] && random_below(3) == 0) {
        ok(roster_txn_finish(session), "finish");
        in[n] = 0;
    } else {
        if (!in[n] && random_below(2)) {
            ok(roster_txn_begin(session, NULL), "begin");
            in[n] = TRANSACTION;
        }
        begin_statement(session);
        in[n] |= STATEMENT;
    }
}

static void obey(size_t n)
{
    int killed = sessions[n] ? roster_killed(sessions[n]) : 0;

    if (killed & ROSTER_KILLED_CONNECTION) {
        ok(roster_session_close(sessions[n]), "close");
        sessions[n] = NULL;
    } else if (roster_killed_transaction(killed)) {
        ok(roster_txn_finish(sessions[n]), "finish");
        in[n] &= STATEMENT;
        if (n == FORGOTTEN)
            unblock();
    } else if (killed) {
        end_statement(sessions[n]);
        in[n] &= TRANSACTION;
    }
}

/* A server whose lease ended because nothing has kept it. */
static void fence(struct roster *roster, struct roster_status_options *options)
{
    struct roster_syncer_options reports = {.size = sizeof(reports), .server_id = "kv-1"};
    struct roster_store *store;

    reports.ttl_ms = 100;
    reports.timeout_ms = 100;
    ok(roster_store_open("memory", NULL, &store, NULL, 0), "store");
    ok(roster_syncer_create(roster, store, &reports, &options->syncer), "syncer");
    ok(roster_syncer_run_once(options->syncer, NULL), "registration");
    options->cluster = roster_cluster_calls();
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[2] : "idle";
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_activity_options sampling = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_options limits = ROSTER_OPTIONS_INIT;
    struct pollfd input = {0, POLLIN, 0};
    struct roster_status *status;
    struct roster *roster;
    size_t n, at = 0, active;

    count = !strcmp(mode, "idle") ? 0 : !strcmp(mode, "many") ? MOST : 200;
    active = count < 200 ? count : 200;
    limits.max_sessions = !strcmp(mode, "full") ? 220 : 0;
    ok(roster_create(&limits, &roster), "create");
    ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &row_lock), "event");
    ok(roster_wait_event_register(ROSTER_WAIT_IO, "read a page", &reads), "event");
    ok(roster_wait_event_register(ROSTER_WAIT_CLIENT, "send rows", &answers), "event");
    open_sessions(roster);
    if (!strcmp(mode, "fenced"))
        fence(roster, &options);
    sampling.interval_ms = 100;
    ok(roster_activity_start(roster, &sampling, &options.activity), "activity");
    options.name = "orders-db-3";
    options.address = argc > 1 ? argv[1] : NULL;
    options.token = "s3cret";
    options.old_ms = 20000;
    options.blocked_ms = 3600000; /* its waits never end */
    ok(roster_status_start(roster, &options, &status), "start");
    printf("%s\n", roster_status_address(status));
    fflush(stdout);
    while (poll(&input, 1, 5) == 0) {
        for (n = 0; n < count; n++)
            obey(n);
        for (n = 0; n < 8 && active; n++)
            step(at++ % active);
    }
    exit(0); /* with all its sessions open */
}
