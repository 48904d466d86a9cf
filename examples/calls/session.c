/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Functions for owners beyond begin and finish, for readers, and for operating all sessions.
 */
#include "must.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/roster.h>
#include <roster/wait.h>
#include <string.h>
#include <time.h>

/* Begins in two steps, with the oracle in between; and at a chosen timestamp, for a stale read. */
static void begin_in_other_ways(struct roster_session *session, struct roster_oracle_local *oracle)
{
    uint64_t start_ts;

    MUST(roster_txn_prepare(session)); /* from here on nothing above the floor is collected */
    MUST(roster_oracle_local_read(oracle, &start_ts));
    MUST(roster_txn_activate(session, start_ts));
    MUST(roster_txn_set_state(session, ROSTER_RUN_COMMITTING));
    MUST(roster_txn_finish(session));
    MUST(roster_txn_begin_at(session, start_ts));
    MUST(roster_txn_finish(session));
}

/* Call under the read lock, which keeps the session readable. */
static void look(struct roster *roster, uint64_t id)
{
    const struct roster_session *session;
    const struct roster_shown *shown;
    struct roster_copy copy;
    char text[64];

    MUST(roster_read_lock(roster));
    session = roster_lookup(roster, id);
    shown = roster_session_look(session, &copy, text, sizeof(text));
    printf("session %" PRIu64 ": %zu bytes of a statement, transaction %" PRIu64 " since %s, %s\n",
           id, (size_t)(shown->statement ? shown->statement->text_length : 0),
           roster_txn_seq(session, shown),
           roster_txn_since(session, shown) <= roster_session_since(session, shown) ? "before"
                                                                                    : "?",
           roster_identity_attributes(shown->identity) ? "with attributes" : "without attributes");
    printf("of %s at %s, in %s, by %s\n", roster_identity_user(shown->identity),
           roster_identity_host(shown->identity), roster_identity_database(shown->identity),
           roster_identity_application(shown->identity));
    printf("flags of the transaction: %" PRIu32 "\n", roster_txn_flags(session, shown));
    printf("it %s\n", roster_session_killed(session, shown) > 0 ? "was killed" : "goes on");
    printf("%" PRIu64 " bytes in memory, %" PRIu64 " on disk, limit %" PRIu64 " ms, flags %" PRIu32
           "\n",
           roster_session_memory(session), roster_session_disk(session),
           roster_session_limit(session, ROSTER_LIMIT_EXECUTION), roster_session_flags(session));
    roster_read_unlock(roster);
}

/* The last statement of an idle transaction. */
static void leave_open(struct roster *roster)
{
    static const char text[] = "select for update";
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    const struct roster_statement *found;
    struct roster_statement last;
    struct roster_session *session;
    struct roster_copy copy;
    char room[64];

    attr.flags = ROSTER_SESSION_LAST_STATEMENT;
    MUST(roster_session_open(roster, &attr, &session));
    MUST(roster_txn_begin(session, NULL));
    MUST(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text) - 1, NULL, 0));
    MUST(roster_stmt_end(session));
    MUST(roster_read_lock(roster)); /* any thread */
    found = roster_session_last_statement(session, roster_session_look(session, &copy, NULL, 0),
                                          &last, room, sizeof(room));
    printf("it is idle after: %.*s\n", found ? (int)found->text_length : 1,
           found ? found->text : "?");
    roster_read_unlock(roster);
    MUST(roster_session_close(session));
}

/* Two open cursors: lists show the one that began last, and they end in any order. */
static void open_cursors(struct roster_session *session)
{
    uint64_t first, second;

    MUST(roster_stmt_push(session, ROSTER_COMMAND_QUERY, "outer", 5, NULL, 0));
    first = roster_stmt_seq(session);
    MUST(roster_stmt_push(session, ROSTER_COMMAND_QUERY, "inner", 5, NULL, 0));
    second = roster_stmt_seq(session);
    MUST(roster_stmt_pop(session, first));
    MUST(roster_stmt_pop(session, second));
    printf("statements %" PRIu64 " and %" PRIu64 " were open at once\n", first, second);
}

/* A deadlock: two sessions wait for each other's lock, and the second wait is refused. */
static void lock_crosswise(struct roster *roster)
{
    struct roster_blocked blocked = {.size = sizeof(blocked)};
    struct roster_blocking blocking = {.size = sizeof(blocking)};
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_row_lock_wait wait;
    struct roster_row_deadlock row;
    struct roster_deadlock_list *deadlocks;
    struct roster_session *first, *second;
    struct roster_snapshot *all;
    size_t n;

    MUST(roster_wait_event_register(ROSTER_WAIT_LOCK, "Row", &block.event));
    block.flags = ROSTER_BLOCK_CHECK;
    MUST(roster_session_open(roster, NULL, &first));
    MUST(roster_session_open(roster, NULL, &second));
    block.what = "row 2";
    block.holder_id = roster_session_id(second);
    MUST(roster_session_generation(second, &block.holder_generation)); /* when it takes the lock */
    MUST(roster_block_begin(first, &block));
    MUST(roster_session_blocked(first, &blocked));
    printf("session %" PRIu64 " waits for %" PRIu64 "\n", roster_session_id(first),
           blocked.blocker);
    MUST(roster_blocking(roster, 0, &blocking));
    printf("session %" PRIu64 " blocks %" PRIu64 "\n", blocking.root_blocker,
           blocking.root_waiting);
    MUST(roster_snapshot(roster, &all));
    for (n = 0; n < all->count; n++)
        if (!roster_row_lock_wait(all, &all->entries[n], &wait))
            printf("session %" PRIu64 " waits for %s\n", wait.session_id, wait.key_info);
    MUST(roster_snapshot_again(roster, all)); /* in the same memory */
    printf("%zu sessions\n", all->count);
    roster_snapshot_free(all);

    block.what = "row 1";
    block.holder_id = roster_session_id(first);
    MUST(roster_session_generation(first, &block.holder_generation));
    printf("its wait for the first: %s\n", roster_strerror(roster_block_begin(second, &block)));
    MUST(roster_deadlocks(roster, &deadlocks));
    MUST(roster_row_deadlock(&deadlocks->deadlocks[0], 0, &row));
    printf("deadlock %" PRIu64 " of session %" PRIu64 ", which wanted %s\n",
           roster_session_deadlock(second), row.session_id, row.key_info);
    roster_deadlock_list_free(deadlocks);
    roster_wait_end(first);
    MUST(roster_session_close(second));
    MUST(roster_session_close(first));
}

/* Prints the progress of a statement. Call under the read lock or as the owner. */
static void report_progress(struct roster_session *session)
{
    struct roster_progress progress;
    struct roster_copy copy;
    uint32_t phase;

    MUST(roster_wait_event_register("Phase", "Sorting", &phase));
    MUST(roster_stmt_set_progress(session, phase, 40, 100));
    if (roster_session_progress(session, roster_session_look(session, &copy, NULL, 0), &progress))
        printf("%s: %" PRIu64 " of %" PRIu64 "\n", roster_wait_event_name(progress.phase),
               progress.done, progress.total);
}

/* A server's own data in a session: a tag and the current wait event. */
static void wait_for_disk(struct roster *roster, struct roster_session *session)
{
    uint32_t event, seen;

    MUST(roster_wait_event_register(ROSTER_WAIT_IO, "SortSpill", &event)); /* once, at the start */
    MUST(roster_session_set_tag(session, 4711));
    MUST(roster_wait_begin(session, event));
    MUST(roster_read_lock(roster)); /* any thread */
    seen = roster_session_wait(session, NULL);
    printf("session with tag %" PRIu64 " waits for %s %s\n", roster_session_tag(session),
           roster_wait_event_class(seen), roster_wait_event_name(seen));
    roster_read_unlock(roster);
    roster_wait_end(session);
}

/* The process' memory use as the operating system reports it, instead of the sessions' sum. */
static uint64_t memory_used(void *arg)
{
    return *(const uint64_t *)arg;
}

static void count_event(const struct roster_event *event, void *arg)
{
    *(unsigned *)arg += event->kind == ROSTER_EVENT_KILL;
}

/* The server is out of memory: the watchdog kills the largest statement. */
static void run_out_of_memory(struct roster *roster, struct roster_session *session)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_memory_kill kills[4];
    struct roster_watchdog *watchdog;
    uint64_t used = 2 << 20;
    unsigned events = 0;
    size_t count = 4;

    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.server_memory = 1 << 20;
    options.server_memory_least = 1 << 20;
    options.server_memory_force_ms = 5000; /* then its connection, if it still runs */
    options.memory_used = memory_used;
    options.memory_used_arg = &used;
    options.statement_repeat_ms = 600000; /* repeat reports less often than by default */
    options.txn_repeat_ms = 3600000;
    options.stuck_ms = 30000;
    options.event = count_event;
    options.event_arg = &events;
    MUST(roster_watchdog_start(roster, &options, &watchdog));
    MUST(roster_watchdog_run_once(watchdog));
    MUST(roster_watchdog_memory_kills(watchdog, kills, &count));
    printf("%u event, %zu kills for memory, statement %" PRIu64 ": %s\n", events, count,
           kills[0].stmt_seq, roster_killed(session) > 0 ? "it sees it" : "it does not see it");
    MUST(roster_watchdog_stop(watchdog));
}

static int count_holder(const struct roster_holder *holder, void *arg)
{
    (void)holder;
    ++*(unsigned *)arg;
    return 0;
}

/* Kills the transaction that holds the minimum; its connection stays. */
static void kill_the_holder(struct roster *roster)
{
    struct roster_min_filter filter = ROSTER_MIN_FILTER_INIT;
    struct roster_min min = {.size = sizeof(min)};
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .target = ROSTER_KILL_TARGET_TRANSACTION,
                                    .reason = ROSTER_KILL_REASON_INTERRUPTED,
                                    .by = "operator"};
    unsigned holders = 0;

    MUST(roster_for_each_holder(roster, count_holder, &holders));
    printf("%u transactions and pins hold it\n", holders);
    filter.kinds = ROSTER_KIND_BIT(ROSTER_SESSION_BACKGROUND);
    filter.tag_mask = 0xff; /* only sessions with these bits in the tag */
    filter.tag = 7;
    MUST(roster_min_of(roster, &filter, &min)); /* the minimum of the server's own sessions */
    printf("background sessions hold %s\n",
           min.holder.kind == ROSTER_HOLDER_NONE ? "nothing" : "the minimum");
    MUST(roster_min_peek(roster, &min)); /* unlike roster_min_advance(), moves no safe point */
    MUST(roster_kill_txn(roster, min.holder.session_id, min.min_start_ts, 0,
                         ROSTER_KILL_REASON_TXN_AGE));
    kill.session_id = min.holder.session_id;
    kill.start_ts = min.min_start_ts;
    if (roster_kill_by(roster, &kill) == -EALREADY)
        printf("it was killed already\n");
}

/* The privilege check: `arg` is the user that kills. */
static int may_kill(const struct roster_session *session, const struct roster_shown *shown,
                    void *arg)
{
    const char *user = roster_identity_user(shown->identity);

    (void)session;
    return !user || !strcmp(user, arg);
}

static void kill_the_others(struct roster *roster, uint64_t me)
{
    static char user[] = "root";
    struct roster_kill_filter filter = ROSTER_KILL_FILTER_INIT;
    struct roster_kill_counts counts = {.size = sizeof(counts)};

    filter.except = me;
    filter.may = may_kill;
    filter.may_arg = user;
    MUST(roster_kill_all(roster, ROSTER_KILL_TARGET_CONNECTION, ROSTER_KILL_REASON_SHUTDOWN,
                         &filter, &counts));
    printf("%" PRIu64 " killed: %s\n", counts.delivered,
           roster_kill_result_name(ROSTER_KILL_RESULT_DELIVERED));
}

static void show_metrics(struct roster *roster)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};

    MUST(roster_metrics(roster, &metrics));
    printf("%" PRIu64 " connections were killed for the shutdown\n",
           metrics.kills[ROSTER_KILL_REASON_SHUTDOWN][ROSTER_KILL_RESULT_DELIVERED]);
}

/* Users active in the last minute. A server starts the sampling once, with a thread. */
static void show_activity(struct roster *roster)
{
    struct roster_activity_options options = ROSTER_ACTIVITY_OPTIONS_INIT;
    struct roster_activity_sum sum = {.size = sizeof(sum)};
    struct roster_activity_row row[4];
    struct roster_activity *activity;
    struct timespec now;
    uint64_t now_ms;
    size_t count = 4;

    options.interval_ms = ROSTER_ACTIVITY_MANUAL;
    MUST(roster_activity_start(roster, &options, &activity));
    MUST(roster_activity_run_once(activity));
    MUST(clock_gettime(CLOCK_REALTIME, &now));
    now_ms = (uint64_t)now.tv_sec * 1000;
    MUST(roster_activity_top(activity, now_ms - 60000, now_ms, ROSTER_ACTIVITY_USER, NULL, row,
                             &count, &sum));
    printf("%zu users were busy, by %" PRIu64 " samples of complete seconds\n", count, sum.times);
    MUST(roster_activity_stop(activity));
}

/* Finds the origin and the reason of a kill in the event log. */
static void tell_what_happened(struct roster *roster)
{
    struct roster_event_log_state state = {.size = sizeof(state)};
    struct roster_logged event = {.size = sizeof(event)};
    uint64_t last = 0;

    while (!roster_event_log_next(roster, last, &event)) {
        printf("%s of session %" PRIu64 " for %s, asked for by %s\n",
               roster_logged_kind_name(event.kind), event.session_id,
               roster_kill_reason_name(event.reason), *event.by ? event.by : "the server");
        last = event.id;
    }
    MUST(roster_event_log_state(roster, &state));
    printf("%" PRIu64 " events, %" PRIu64 " dropped\n", state.events, state.events_dropped);
}

/* A roster without threads: calls advance its clock and reclaim memory. */
static void start_no_thread(void)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    struct roster *roster;

    options.tick_ms = ROSTER_TICK_MANUAL;
    options.flags = ROSTER_RECLAIM_MANUAL;
    MUST(roster_create(&options, &roster));
    MUST(roster_session_open(roster, NULL, &session));
    MUST(roster_tick(roster)); /* now and then, from a timer */
    MUST(roster_session_close(session));
    MUST(roster_reclaim(roster)); /* frees objects whose readers have left */
    MUST(roster_destroy(roster));
}

/* The first call of a plugin: the library may not be the one that it was compiled for. */
static void check_build(void)
{
    const struct roster_build build = ROSTER_BUILD_INIT;
    const char *differs;

    MUST(roster_build_check(&build, &differs));
}

/* Users with the most sessions, and those at the limit of their rule. */
static void count_users(struct roster *roster)
{
    struct roster_quota_rule rule = ROSTER_QUOTA_RULE_INIT;
    struct roster_groups all = {.size = sizeof(all)};
    struct roster_group groups[4];
    size_t count = 4, full = 4;

    rule.by = ROSTER_GROUP_USER;
    rule.limit = 10; /* without a value: for each user */
    MUST(roster_quota_set(roster, &rule, 1));
    printf("no %s has more than %" PRIu64 " sessions\n", roster_group_by_name(rule.by), rule.limit);
    MUST(roster_groups_top(roster, ROSTER_GROUP_USER, groups, &count, &all));
    printf("%zu user has %" PRIu64 " of %" PRIu64 " sessions\n", count, groups[0].sessions,
           all.sessions);
    MUST(roster_groups_full(roster, groups, &full));
    printf("%zu users are at their limit\n", full);
}

/* Called after each look; a result other than 0 ends the wait. */
static int on_progress(const struct roster_drain_progress *progress, void *arg)
{
    *(uint64_t *)arg = progress->sessions;
    return 0;
}

int main(void)
{
    struct roster_session_attr client = ROSTER_SESSION_ATTR_INIT;
    struct roster_drain_options patience = ROSTER_DRAIN_OPTIONS_INIT;
    static const char text[] = "sort";
    struct roster_drain_report report = {.size = sizeof(report)};
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_oracle_local *oracle;
    struct roster_session *session, *other;
    struct roster_pin *pin;
    struct roster *roster;
    uint64_t start_ts, left;
    char url[64];

    check_build();
    MUST(roster_oracle_local_create(&oracle));
    options.oracle = roster_oracle_local_read;
    options.oracle_arg = oracle;
    MUST(roster_create(&options, &roster));
    roster_oracle_local_advance(oracle); /* now and then, so that reads follow the wall clock */
    printf("the clock is %" PRIu64 " ms ahead\n", roster_oracle_local_ahead_ms(oracle));
    MUST(roster_set_max_sessions(roster, 1000, 2)); /* two of them for administrators */
    client.user = "root";
    client.host = "localhost";
    client.database = "test";
    client.application = "backup";
    MUST(roster_session_open(roster, &client, &session));
    MUST(roster_session_open(roster, NULL, &other));
    count_users(roster);
    begin_in_other_ways(session, oracle);
    open_cursors(session);

    MUST(roster_txn_begin(session, &start_ts));
    MUST(roster_pin_acquire(roster, session, start_ts, ROSTER_PIN_CURSOR, &pin));
    printf("pin %" PRIu64 ": %s\n", roster_pin_id(pin), roster_pin_kind_name(ROSTER_PIN_CURSOR));
    MUST(roster_pin_release(pin));
    MUST(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text) - 1, NULL, 0));
    printf("statement %" PRIu64 "\n", roster_stmt_seq(session));
    wait_for_disk(roster, session);
    report_progress(session);
    leave_open(roster);
    lock_crosswise(roster);
    MUST(roster_txn_set_flags(session, ROSTER_TXN_READ_ONLY));
    MUST(roster_session_set_limit(session, ROSTER_LIMIT_EXECUTION, 1000));
    MUST(roster_session_set_memory(session, 2 << 20));
    MUST(roster_session_set_disk(session, 1 << 20));
    look(roster, roster_session_id(session));
    run_out_of_memory(roster, session);
    (void)roster_stmt_end(session); /* returns that it was killed */
    kill_the_holder(roster);
    printf("the transaction is %s\n", roster_killed(session) > 0 ? "killed" : "alive");
    MUST(roster_txn_finish(session));

    kill_the_others(roster, roster_session_id(session));
    /* The connection is killed, but a statement may still roll its transaction back. */
    MUST(roster_stmt_begin_cleanup(other, ROSTER_COMMAND_QUERY, "rollback", 8, NULL, 0));
    (void)roster_stmt_end(other);
    MUST(roster_session_close(other));
    MUST(roster_release_wait(roster)); /* attr.release has returned for all closed sessions */
    show_metrics(roster);
    tell_what_happened(roster);
    show_activity(roster);
    MUST(roster_session_close(session));
    patience.finish_ms = 30000;
    patience.kill_ms = 10000;
    patience.poll_ms = 50;
    patience.progress = on_progress;
    patience.progress_arg = &left;
    MUST(roster_drain(roster, &patience, &report));
    printf("%" PRIu64 " sessions were left at the last look\n", left);
    MUST(roster_drain_undo(roster)); /* the server continues */
    roster_text_redact("etcd:http://root:secret@db1:2379", url, sizeof(url));
    printf("%s\n", url);
    MUST(roster_destroy(roster));
    start_no_thread();
    roster_oracle_local_destroy(oracle);
    return 0;
}
