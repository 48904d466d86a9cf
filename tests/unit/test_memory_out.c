/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Memory is out at any allocation. For each function, the first thing it asks for is refused, then
 * the second, and so on until it asks no more: it says -ENOMEM (or -EAGAIN for a thread), nothing
 * has changed, it works afterwards, and nothing is leaked. What ends something never fails (G7).
 */

#include "core/base/trim.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"
#include "failing.h"
#include "unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static char long_text[600];

struct scene {
    struct roster *roster;
    struct roster_session *session;
    struct roster_session *made;
    struct roster_pin *pin;
    struct roster_snapshot *snapshot;
};

/* What is tried: on a stage that `prepare` sets, `call` is made, and `undo` clears up after it. */
struct act {
    const char *name;
    void (*prepare)(struct scene *scene);
    int (*call)(struct scene *scene);
    void (*undo)(struct scene *scene);
    bool ends; /* never fails */
};

static void use_up(struct rst_slabs *slabs)
{
    if (slabs->newest)
        slabs->newest->carved = slabs->newest->bytes;
}

/* Takes away all objects and slots that are at hand, so that the next call has to ask for more. */
static void starve(struct roster *roster)
{
    const struct cds_list_head *node;
    struct rst_thread *thread;
    unsigned class;

    rst_for_each_thread (thread, node, roster) {
        for (class = 0; class < roster->hot_classes; class ++)
            thread->hot[class] = (struct rst_hot_cache){NULL, NULL, 0, 0};
        thread->sessions = (struct rst_graced_cache){.retired = NULL};
        thread->horizon.n_free = 0;
        if (thread->horizon.current)
            thread->horizon.current->free = 0;
        CDS_INIT_LIST_HEAD(&thread->horizon.available);
        CDS_INIT_LIST_HEAD(&thread->horizon.unused);
    }
    for (class = 0; class < roster->hot_classes; class ++) {
        memset(roster->hot[class].depot, 0, sizeof(roster->hot[class].depot));
        use_up(&roster->hot[class].slabs);
    }
    memset(roster->sessions.free.depot, 0, sizeof(roster->sessions.free.depot));
    use_up(&roster->sessions.free.slabs);
    if (roster->horizon.blocks)
        memset(roster->horizon.blocks->taken, 0xff, sizeof(roster->horizon.blocks->taken));
}

static void nothing(struct scene *scene)
{
    (void)scene;
}

static void begun(struct scene *scene)
{
    unit_ok(roster_txn_begin(scene->session, NULL));
}

static void prepared(struct scene *scene)
{
    unit_ok(roster_txn_prepare(scene->session));
}

static void running(struct scene *scene)
{
    unit_ok(roster_stmt_begin(scene->session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
}

static void running_large(struct scene *scene)
{
    unit_ok(roster_stmt_begin(scene->session, ROSTER_COMMAND_QUERY, long_text, sizeof(long_text),
                              NULL, 0));
}

static void begun_and_running(struct scene *scene)
{
    begun(scene);
    running(scene);
}

static void running_and_begun(struct scene *scene)
{
    running(scene);
    begun(scene);
}

static void running_and_prepared(struct scene *scene)
{
    running(scene);
    prepared(scene);
}

static void updated(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    begun_and_running(scene);
    unit_ok(roster_session_update(scene->session, &attr));
}

static void waiting(struct scene *scene)
{
    begun(scene);
    unit_ok(roster_lock_wait_begin(scene->session));
}

static void pinned(struct scene *scene)
{
    scene->pin = unit_pin(scene->roster, scene->session, 0);
}

static int open_plain(struct scene *scene)
{
    return roster_session_open(scene->roster, NULL, &scene->made);
}

static int open_named(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char user[200];

    memset(user, 'u', sizeof(user) - 1);
    user[sizeof(user) - 1] = '\0';
    attr.user = user;
    return roster_session_open(scene->roster, &attr, &scene->made);
}

static void close_made(struct scene *scene)
{
    unit_close(scene->made);
}

static int update(struct scene *scene)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = "somebody";
    return roster_session_update(scene->session, &attr);
}

static int stmt_begin_small(struct scene *scene)
{
    return roster_stmt_begin(scene->session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1);
}

static int stmt_begin_short(struct scene *scene)
{
    return roster_stmt_begin(scene->session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0);
}

static int stmt_begin_cleanup(struct scene *scene)
{
    return roster_stmt_begin_cleanup(scene->session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0);
}

static int stmt_push(struct scene *scene)
{
    return roster_stmt_push(scene->session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1);
}

static void nested(struct scene *scene)
{
    running(scene);
    unit_ok(stmt_push(scene));
    begun(scene);
}

static int stmt_pop(struct scene *scene)
{
    return roster_stmt_pop(scene->session, roster_stmt_seq(scene->session) - 1);
}

static int stmt_begin_large(struct scene *scene)
{
    return roster_stmt_begin(scene->session, ROSTER_COMMAND_QUERY, long_text, sizeof(long_text),
                             NULL, 0);
}

static int stmt_end(struct scene *scene)
{
    return roster_stmt_end(scene->session);
}

static int txn_prepare(struct scene *scene)
{
    return roster_txn_prepare(scene->session);
}

static int txn_activate(struct scene *scene)
{
    return roster_txn_activate(scene->session, ROSTER_TS_MAX - 1);
}

static int txn_begin(struct scene *scene)
{
    return roster_txn_begin(scene->session, NULL);
}

static int txn_begin_at(struct scene *scene)
{
    return roster_txn_begin_at(scene->session, 4711);
}

static int txn_set_state(struct scene *scene)
{
    return roster_txn_set_state(scene->session, ROSTER_RUN_COMMITTING);
}

static int txn_set_progress(struct scene *scene)
{
    return roster_txn_set_progress(scene->session, 1, 2, 3);
}

static int txn_set_flags(struct scene *scene)
{
    return roster_txn_set_flags(scene->session, ROSTER_TXN_READ_ONLY);
}

static int set_tag(struct scene *scene)
{
    return roster_session_set_tag(scene->session, 7);
}

static int lock_wait_begin(struct scene *scene)
{
    return roster_lock_wait_begin(scene->session);
}

static int lock_wait_end(struct scene *scene)
{
    return roster_lock_wait_end(scene->session);
}

static uint32_t event;

static int wait_begin(struct scene *scene)
{
    return roster_wait_begin(scene->session, event);
}

static int block_begin(struct scene *scene)
{
    struct roster_block block = ROSTER_BLOCK_INIT;

    block.holder_id = UINT64_MAX - 1;
    block.event = event;
    return roster_block_begin(scene->session, &block);
}

static int block_check(struct scene *scene)
{
    struct roster_block block = ROSTER_BLOCK_INIT;

    block.holder_id = UINT64_MAX - 1;
    block.flags = ROSTER_BLOCK_CHECK;
    block.event = event;
    return roster_block_begin(scene->session, &block);
}

static void blocked(struct scene *scene)
{
    unit_ok(block_begin(scene));
    roster_wait_end(scene->session);
}

static int set_progress(struct scene *scene)
{
    return roster_stmt_set_progress(scene->session, event, 1, 2);
}

static int generation(struct scene *scene)
{
    uint64_t number;

    return roster_session_generation(scene->session, &number);
}

static int deadlocks(struct scene *scene)
{
    struct roster_deadlock_list *list;
    int err = roster_deadlocks(scene->roster, &list);

    if (!err)
        roster_deadlock_list_free(list);
    return err;
}

static int txn_check(struct scene *scene)
{
    return roster_txn_check(scene->session);
}

static int txn_finish(struct scene *scene)
{
    return roster_txn_finish(scene->session);
}

static int close_session(struct scene *scene)
{
    int err = roster_session_close(scene->session);

    if (!err)
        scene->session = NULL;
    return err;
}

static int pin_acquire(struct scene *scene)
{
    return roster_pin_acquire(scene->roster, scene->session, 0, ROSTER_PIN_CURSOR, &scene->pin);
}

static int pin_release(struct scene *scene)
{
    return roster_pin_release(scene->pin);
}

static void release_pin(struct scene *scene)
{
    unit_ok(roster_pin_release(scene->pin));
}

static int read_lock(struct scene *scene)
{
    return roster_read_lock(scene->roster);
}

static void read_unlock(struct scene *scene)
{
    roster_read_unlock(scene->roster);
}

static int take_snapshot(struct scene *scene)
{
    return roster_snapshot(scene->roster, &scene->snapshot);
}

static int take_some(struct scene *scene)
{
    uint64_t id = roster_session_id(scene->session);

    return roster_snapshot_ids(scene->roster, &id, 1, &scene->snapshot);
}

#define MANY 64

static struct roster_session *more[MANY];

/* There is a list of one, whose memory is too small. */
static void many(struct scene *scene)
{
    unsigned n;

    unit_ok(roster_snapshot(scene->roster, &scene->snapshot));
    for (n = 0; n < MANY; n++)
        more[n] = unit_open(scene->roster);
}

static int take_again(struct scene *scene)
{
    int err = roster_snapshot_again(scene->roster, scene->snapshot);

    cr_expect_eq(scene->snapshot->count, err ? 0 : MANY + 1);
    return err;
}

static void free_many(struct scene *scene)
{
    unsigned n;

    roster_snapshot_free(scene->snapshot);
    for (n = 0; n < MANY; n++)
        unit_close(more[n]);
}

static int look(struct scene *scene)
{
    struct roster_entry entry;

    return roster_look(scene->roster, roster_session_id(scene->session), &entry, NULL, 0);
}

static void free_snapshot(struct scene *scene)
{
    cr_expect_eq(scene->snapshot->count, 1);
    roster_snapshot_free(scene->snapshot);
}

static int kill_it(struct scene *scene)
{
    return roster_kill(scene->roster, roster_session_id(scene->session),
                       ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY,
                       ROSTER_KILL_REASON_INTERRUPTED);
}

static int kill_it_by(struct scene *scene)
{
    struct roster_kill_info kill = {.size = sizeof(kill),
                                    .session_id = roster_session_id(scene->session),
                                    .target = ROSTER_KILL_TARGET_STATEMENT,
                                    .reason = ROSTER_KILL_REASON_INTERRUPTED};

    return roster_kill_by(scene->roster, &kill);
}

/* Another scan is under way. */
static void scanning(struct scene *scene)
{
    cr_assert_not_null(
        rst_scanner_begin(&scene->roster->horizon.scanners, &scene->roster->horizon.memory));
}

static int minimum(struct scene *scene)
{
    return roster_min_advance(scene->roster, 0, NULL);
}

static const struct act acts[] = {
    {"open", nothing, open_plain, close_made, false},
    {"open, with a long name", nothing, open_named, close_made, false},
    {"update", nothing, update, nothing, false},
    {"update, in a transaction", begun, update, nothing, false},
    {"update, in a statement", running, update, nothing, false},
    {"update, in both", begun_and_running, update, nothing, false},
    {"stmt_begin", nothing, stmt_begin_small, nothing, false},
    {"stmt_begin, short", nothing, stmt_begin_short, nothing, false},
    {"stmt_begin, large", nothing, stmt_begin_large, nothing, false},
    {"stmt_begin, in a transaction", begun, stmt_begin_small, nothing, false},
    {"stmt_begin, large, in a transaction", begun, stmt_begin_large, nothing, false},
    {"stmt_begin_cleanup", nothing, stmt_begin_cleanup, nothing, false},
    {"stmt_push", running, stmt_push, nothing, false},
    {"stmt_push, in a transaction", begun_and_running, stmt_push, nothing, false},
    {"txn_prepare", nothing, txn_prepare, nothing, false},
    {"txn_prepare, in a statement", running, txn_prepare, nothing, false},
    {"txn_activate", prepared, txn_activate, nothing, false},
    {"txn_activate, in a statement", running_and_prepared, txn_activate, nothing, false},
    {"txn_begin", nothing, txn_begin, nothing, false},
    {"txn_begin, in a statement", running, txn_begin, nothing, false},
    {"txn_begin_at", nothing, txn_begin_at, nothing, false},
    {"txn_begin_at, in a statement", running, txn_begin_at, nothing, false},
    {"txn_set_state", begun, txn_set_state, nothing, false},
    {"txn_set_state, in a statement", begun_and_running, txn_set_state, nothing, false},
    {"txn_set_progress", begun, txn_set_progress, nothing, false},
    {"txn_set_progress, in a statement", running_and_begun, txn_set_progress, nothing, false},
    {"txn_set_flags", begun, txn_set_flags, nothing, false},
    {"session_set_tag", nothing, set_tag, nothing, false},
    {"lock_wait_begin", begun, lock_wait_begin, nothing, false},
    {"lock_wait_end", waiting, lock_wait_end, nothing, false},
    {"wait_begin", nothing, wait_begin, nothing, false},
    {"block_begin", nothing, block_begin, nothing, false},
    {"block_begin, with the check", blocked, block_check, nothing, false},
    {"stmt_set_progress", running, set_progress, nothing, false},
    {"session_generation", nothing, generation, nothing, false},
    {"deadlocks", nothing, deadlocks, nothing, false},
    {"pin_acquire", nothing, pin_acquire, release_pin, false},
    {"read_lock", nothing, read_lock, read_unlock, false},
    {"snapshot", running, take_snapshot, free_snapshot, false},
    {"some of: snapshot", running, take_some, free_snapshot, false},
    {"snapshot_again", many, take_again, free_many, false},
    {"min_advance, beside another", scanning, minimum, nothing, false},
    {"kill", running, kill_it, nothing, false},
    {"kill_by", running, kill_it_by, nothing, false},
    {"min_start_ts", begun, minimum, nothing, true},
    {"look", running, look, nothing, true},
    {"stmt_end", running, stmt_end, nothing, true},
    {"stmt_end, large", running_large, stmt_end, nothing, true},
    {"stmt_end, in a transaction", begun_and_running, stmt_end, nothing, true},
    {"stmt_end, beside another", nested, stmt_end, nothing, true},
    {"stmt_pop, of another", nested, stmt_pop, nothing, true},
    {"txn_finish", begun, txn_finish, nothing, true},
    {"txn_finish, pending", prepared, txn_finish, nothing, true},
    {"txn_finish, in a statement", running_and_begun, txn_finish, nothing, true},
    {"txn_finish, after an update", updated, txn_finish, nothing, true},
    {"close", nothing, close_session, nothing, true},
    {"close, in a transaction", begun, close_session, nothing, true},
    {"close, in a statement", running_large, close_session, nothing, true},
    {"close, in both", running_and_prepared, close_session, nothing, true},
    {"close, after an update", updated, close_session, nothing, true},
    {"pin_release", pinned, pin_release, nothing, true},
};

struct attempt {
    const struct act *act;
    struct scene *scene;
    unsigned nth; /* 0: all */
    unsigned failed;
    int result;
    bool undo;
};

static void try_once(void *arg)
{
    struct attempt *attempt = arg;

    if (attempt->nth)
        failing_nth(attempt->nth);
    else
        failing_all();
    attempt->result = attempt->act->call(attempt->scene);
    attempt->failed = failing_none();
    if (attempt->undo && !attempt->result)
        attempt->act->undo(attempt->scene);
}

static void do_it(struct attempt *attempt, bool in_new_thread)
{
    if (in_new_thread)
        unit_in_thread(try_once, attempt);
    else
        try_once(attempt);
}

/* Refused, so nothing has changed; then not refused. */
static void check_refused(struct attempt *attempt, const struct unit_state *before,
                          bool in_new_thread)
{
    struct scene *scene = attempt->scene;
    struct unit_state after;
    const char *changed;

    cr_assert_eq(attempt->result, -ENOMEM, "%s, allocation %u: %d", attempt->act->name,
                 attempt->nth, attempt->result);
    unit_state_take(&after, scene->roster, scene->session);
    changed = unit_state_differs(before, &after);
    cr_assert_null(changed, "%s, allocation %u: changed %s", attempt->act->name, attempt->nth,
                   changed);
    attempt->nth = 1000;
    do_it(attempt, in_new_thread);
    cr_assert_eq(attempt->result, 0, "%s, afterwards: %d", attempt->act->name, attempt->result);
}

static void clear_up(struct scene *scene, const char *name)
{
    if (scene->session)
        unit_close(scene->session);
    cr_assert_eq(unit_slots_pinned(scene->roster), 0, "%s: something is still pinned", name);
    unit_ok(roster_destroy(scene->roster));
}

/* One attempt on a new roster. Returns whether anything was refused. */
static bool attempt_nth(const struct act *act, unsigned nth, bool in_new_thread)
{
    struct scene scene = {unit_roster(NULL), NULL, NULL, NULL, NULL};
    struct attempt attempt = {act, &scene, nth, 0, 0, true};
    struct unit_state before;
    bool refused;

    scene.session = unit_open(scene.roster);
    act->prepare(&scene);
    starve(scene.roster);
    unit_state_take(&before, scene.roster, scene.session);
    do_it(&attempt, in_new_thread);
    refused = attempt.failed != 0;
    if (refused && !act->ends)
        check_refused(&attempt, &before, in_new_thread);
    else
        cr_assert_eq(attempt.result, 0, "%s, allocation %u: %d", act->name, nth, attempt.result);
    clear_up(&scene, act->name);
    return refused;
}

static unsigned act_all(bool in_new_thread)
{
    unsigned refusals = 0, nth;
    long kept;
    size_t i;

    unit_ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "row", &event));
    kept = failing_blocks(); /* events stay as long as the process */
    memset(long_text, 'l', sizeof(long_text));
    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        for (nth = 1; attempt_nth(&acts[i], nth, in_new_thread); nth++)
            cr_assert_lt(nth, 50);
        refusals += nth - 1;
        if (acts[i].ends)
            attempt_nth(&acts[i], 0, in_new_thread);
    }
    cr_assert_eq(failing_blocks(), kept, "%ld blocks were leaked", failing_blocks() - kept);
    printf("%u refusals\n", refusals);
    return refusals;
}

Test(memory_out, where_the_thread_has_a_context)
{
    cr_assert_gt(act_all(false), 40);
}

/* The thread is new to the roster: its context is one more thing that may be refused. */
Test(memory_out, where_the_thread_has_none)
{
    cr_assert_gt(act_all(true), 100);
}

/* One more step for each call that creation makes, the first ones of the process included. */
Test(memory_out, creation)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster = NULL;
    unsigned nth;
    int err;

    for (nth = 1;; nth++) {
        failing_nth(nth);
        err = roster_create(&options, &roster);
        if (!failing_none())
            break;
        cr_assert(err == -ENOMEM || err == -EAGAIN, "allocation %u: %d", nth, err);
        cr_assert_null(roster);
        cr_assert_eq(failing_blocks(), 0, "allocation %u", nth);
    }
    cr_assert_eq(err, 0);
    cr_assert_geq(nth, 10);
    unit_destroy(roster);
    cr_assert_eq(failing_blocks(), 0);
}

Test(memory_out, an_oracle)
{
    struct roster_oracle_local *clock = NULL;

    failing_all();
    cr_assert_eq(roster_oracle_local_create(&clock), -ENOMEM);
    failing_none();
    cr_assert_null(clock);
    unit_ok(roster_oracle_local_create(&clock));
    roster_oracle_local_destroy(clock);
    cr_assert_eq(failing_blocks(), 0);
}

Test(memory_out, an_event)
{
    uint32_t first, second = 0;

    unit_ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "first", &first));
    failing_all();
    cr_assert_eq(roster_wait_event_register(ROSTER_WAIT_LOCK, "second", &second), -ENOMEM);
    failing_none();
    cr_assert_eq(second, 0);
    cr_assert_null(roster_wait_event_name(first + 1));
    unit_ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "second", &second));
    cr_assert_eq(second, first + 1);
}

/* What neither allocates nor needs a context works as ever. */
Test(memory_out, questions_need_no_memory)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_stats stats = {.size = sizeof(stats)};
    struct scene scene = {roster, unit_open(roster), NULL, NULL, NULL};

    begun_and_running(&scene);
    failing_all();
    cr_assert_eq(roster_stats(roster, &stats), 0);
    cr_assert_eq(roster_tick(roster), 0);
    cr_assert_eq(roster_killed(scene.session), 0);
    cr_assert_eq(txn_check(&scene), 0);
    cr_assert_eq(roster_local_safe_point(roster), 0);
    cr_assert_eq(failing_none(), 0);
    unit_close(scene.session);
    unit_destroy(roster);
}

/* A trim that gets no memory for its list says that another may find more. */
Test(memory_out, a_trim_is_made_up_for)
{
    struct rst_account account = {.backlog_limit = UINT64_MAX};
    struct rst_hot hot;

    memset(&hot, 0, sizeof(hot));
    rst_hot_init(&hot, 128, &account);
    cr_assert_not(rst_hot_trim(&hot, NULL, NULL));
    rst_hot_put_alone_slow(&hot, rst_hot_take(&hot, &(struct rst_hot_cache){NULL, NULL, 0, 0}));
    failing_all();
    cr_expect(rst_hot_trim(&hot, NULL, NULL));
    cr_expect_geq(failing_none(), 1);
    rst_hot_destroy(&hot);
}

/* What a list of many took goes back when there are few. */
Test(memory_out, a_snapshot_again_follows_the_sessions)
{
    enum { OPEN = 500 };
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session *sessions[OPEN];
    struct roster_snapshot *snapshot = NULL;
    struct roster *roster;
    size_t i, round;
    long large;

    options.tick_ms = ROSTER_TICK_MANUAL;
    roster = unit_roster_with(&options);
    sessions[0] = unit_open(roster);
    unit_ok(roster_snapshot(roster, &snapshot));
    for (round = 0; round < 3; round++) {
        for (i = 1; i < OPEN; i++)
            sessions[i] = unit_open(roster);
        unit_ok(roster_snapshot_again(roster, snapshot));
        cr_assert_eq(snapshot->count, OPEN);
        large = failing_bytes();
        for (i = 1; i < OPEN; i++)
            unit_close(sessions[i]);
        unit_ok(roster_snapshot_again(roster, snapshot));
        cr_assert_eq(snapshot->count, 1);
        cr_expect_eq(snapshot->entries->id, roster_session_id(sessions[0]));
        cr_assert_leq(failing_bytes(), large - (long)(OPEN / 2 * sizeof(struct roster_entry)));
    }
    roster_snapshot_free(snapshot);
    unit_end(roster, sessions[0]);
}

static void *use_first(void *roster)
{
    struct roster_session *session = unit_open(roster);
    long blocks;

    unit_ok(roster_txn_begin(session, NULL));
    blocks = failing_blocks();
    unit_ok(roster_txn_finish(session));
    unit_close(session);
    return (void *)blocks;
}

/* Or the C library would make a cache for each thread, and keep most of them when they have ended.
 * Under the sanitizers all memory is its own. */
Test(memory_out, a_new_thread_takes_nothing_from_the_heap)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    pthread_t thread;
    void *blocks;
    long before;

    unit_ok(roster_txn_begin(session, NULL));
    before = failing_blocks();
    unit_ok(pthread_create(&thread, NULL, use_first, roster));
    unit_ok(pthread_join(thread, &blocks));
    if (RST_SMALL_IF_SANITIZED(true, false))
        cr_assert_eq((long)blocks, before, "%ld blocks", (long)blocks - before);
    unit_end(roster, session);
}
