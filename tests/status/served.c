/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * served [ADDRESS [TOKEN]]: an endpoint with some sessions, one of them in a long transaction and
 * one with a statement that has been killed, until the standard input ends. Sessions whose
 * connection is killed are closed, and POST /drain is taken. Says where it listens.
 *
 * With $SERVED_MORE, that many more sessions are open, which do nothing, and do not look at kills.
 * With $SERVED_STORE it registers there as $SERVED_ID, and with the number $SERVED_NUMBER, which is
 * then in the ids of those; then, and with $SERVED_WAITS, two of its
 * sessions wait for one more.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <roster/roster.h>
#include <roster/safe_point.h>
#include <roster/status.h>
#include <roster/store.h>
#include <roster/syncer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SESSIONS = 5 };

static struct roster_session *sessions[SESSIONS];

static void ok(int err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "served: %s: %s\n", what, roster_strerror(err));
    exit(1);
}

static void open_sessions(struct roster *roster)
{
    static const char *const users[SESSIONS] = {"alice", "bob", "carol", "dave <b>", "erin"};
    static const char text[] = "select * from t where a < 3";
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    int n;

    attr.host = "10.1.2.3:4567";
    attr.flags = ROSTER_SESSION_DIGESTS;
    for (n = 0; n < SESSIONS; n++) {
        attr.user = users[n];
        attr.database = n % 2 ? "shop" : NULL;
        attr.application = n == 1 ? "report" : NULL;
        ok(roster_session_open(roster, &attr, &sessions[n]), "open");
    }
    ok(roster_txn_begin(sessions[1], NULL), "begin");
    ok(roster_stmt_begin(sessions[1], ROSTER_COMMAND_QUERY, text, strlen(text), "abc123", 6),
       "statement");
    ok(roster_stmt_begin(sessions[2], ROSTER_COMMAND_QUERY, "update", 6, NULL, 0), "statement");
    ok(roster_kill(roster, roster_session_id(sessions[2]), ROSTER_KILL_TARGET_STATEMENT,
                   ROSTER_STMT_ANY, ROSTER_KILL_REASON_MAX_EXECUTION_TIME),
       "kill");
}

/* What owners do: what is killed ends. */
static void look_for_kills(void)
{
    int n, killed;

    for (n = 0; n < SESSIONS; n++) {
        killed = sessions[n] ? roster_killed(sessions[n]) : 0;
        if (killed & ROSTER_KILLED_CONNECTION) {
            ok(roster_session_close(sessions[n]), "close");
            sessions[n] = NULL;
        } else if (roster_killed_transaction(killed)) {
            ok(roster_txn_finish(sessions[n]), "finish");
        } else if (killed == ROSTER_KILL_REASON_INTERRUPTED) {
            (void)roster_stmt_end(sessions[n]);
        }
    }
}

static uint32_t server_number(void)
{
    const char *number = getenv("SERVED_NUMBER");

    return number ? (uint32_t)strtoul(number, NULL, 10) : 0;
}

/* Returns how many. */
static size_t open_more(struct roster *roster, struct roster_session ***more)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_conn_id parts = {.server = server_number(), .width = 32};
    const char *wanted = getenv("SERVED_MORE");
    size_t count = wanted ? strtoul(wanted, NULL, 10) : 0, n;

    attr.user = "crowd";
    *more = calloc(count + 1, sizeof(**more));
    ok(*more ? 0 : -ENOMEM, "memory");
    for (n = 0; n < count; n++) {
        parts.local = n + 1;
        if (parts.server)
            ok(roster_conn_id_compose(&parts, &attr.id), "id");
        ok(roster_session_open(roster, &attr, &(*more)[n]), "open");
    }
    return count;
}

static int drain(void *arg)
{
    int *draining = arg;

    return __atomic_exchange_n(draining, 1, __ATOMIC_RELAXED) ? -EALREADY : 0;
}

static void remember(struct roster *roster, struct roster_history *history)
{
    (void)roster;
    ok(roster_txn_begin(sessions[4], NULL), "begin");
    ok(roster_stmt_begin(sessions[4], ROSTER_COMMAND_QUERY, "x", 1, "d\"1", 3), "statement");
    (void)roster_stmt_end(sessions[4]);
    usleep(5000);
    ok(roster_history_add(history, sessions[4]), "history");
    ok(roster_txn_finish(sessions[4]), "finish");
}

static void wait_for(int n, int holder, uint32_t event)
{
    struct roster_block block = ROSTER_BLOCK_INIT;

    block.holder_id = roster_session_id(sessions[holder]);
    block.event = event;
    block.what = "table t, row 7";
    ok(roster_block_begin(sessions[n], &block), "block");
}

/* erin waits for carol, who waits for bob. */
static void block(void)
{
    uint32_t event;

    ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &event), "event");
    wait_for(2, 1, event);
    wait_for(4, 2, event);
}

/* Nothing keeps its lease, and it reports once: with an hour for both no verdict says so, however
 * slow the machine is. */
#define HOUR_MS 3600000

static struct roster_syncer *join(struct roster *roster, const char *name, const char *id,
                                  const char *address)
{
    struct roster_syncer_options options = {.size = sizeof(options), .server_id = id};
    struct roster_syncer *syncer;
    struct roster_store *store;

    options.status_address = address;
    options.number = server_number();
    options.ttl_ms = options.interval_ms = HOUR_MS;
    ok(roster_store_open(name, NULL, &store, NULL, 0), name);
    ok(roster_syncer_create(roster, store, &options, &syncer), "syncer");
    ok(roster_syncer_run_once(syncer, NULL), "registration");
    return syncer;
}

int main(int argc, char **argv)
{
    const char *store = getenv("SERVED_STORE"), *id = getenv("SERVED_ID");
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_activity_options sampling = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct pollfd input = {0, POLLIN, 0};
    struct roster_status *status;
    struct roster_session **more;
    struct roster *roster;
    int draining = 0, n;
    size_t crowd, m;

    setlocale(LC_ALL, ""); /* as many servers do */
    ok(roster_create(NULL, &roster), "create");
    if (store) { /* which fences until it is registered */
        options.syncer = join(roster, store, id, argc > 1 ? argv[1] : NULL);
        options.cluster = roster_cluster_calls();
    }
    ok(roster_history_create(10, 1, &options.history), "history");
    open_sessions(roster);
    remember(roster, options.history);
    if (store || getenv("SERVED_WAITS"))
        block();
    crowd = open_more(roster, &more);
    sampling.interval_ms = 10;
    ok(roster_activity_start(roster, &sampling, &options.activity), "activity");
    options.name = "served";
    options.address = argc > 1 ? argv[1] : NULL;
    options.token = argc > 2 ? argv[2] : NULL;
    options.old_ms = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    options.blocked_ms = getenv("SERVED_BLOCKED_MS")
                             ? strtoull(getenv("SERVED_BLOCKED_MS"), NULL, 10)
                             : 3600000; /* its waits never end */
    options.stuck_ms = 3600000;         /* a statement that was killed goes on */
    options.peers = true;
    options.drain = drain;
    options.drain_arg = &draining;
    ok(roster_status_start(roster, &options, &status), "start");
    printf("%s\n", roster_status_address(status));
    fflush(stdout);
    while (poll(&input, 1, 10) == 0 && !__atomic_load_n(&draining, __ATOMIC_RELAXED))
        look_for_kills();
    roster_status_stop(status);
    ok(roster_activity_stop(options.activity), "activity");
    for (n = 0; n < SESSIONS; n++)
        (void)roster_session_close(sessions[n]);
    for (m = 0; m < crowd; m++)
        (void)roster_session_close(more[m]);
    free(more);
    roster_history_destroy(options.history);
    if (store)
        exit(0); /* its record stays, as that of a server that was killed */
    ok(roster_destroy(roster), "destroy");
    return 0;
}
