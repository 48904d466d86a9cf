/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What a wake callback learns, and when what it uses may be freed. */

#include "../unit.h"
#include "core/base/rcu.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conn {
    struct roster_kill_info kill;
    unsigned woken;
    int *released;
};

static void wake(const struct roster_kill_info *kill, void *arg)
{
    struct conn *conn = arg;

    conn->kill = *kill;
    conn->woken++;
}

static void release(void *arg)
{
    struct conn *conn = arg;

    __atomic_fetch_add(conn->released, 1, __ATOMIC_RELEASE);
    free(conn);
}

static struct roster_session *open_conn(struct roster *roster, struct conn **conn, int *released)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;

    *conn = calloc(1, sizeof(**conn));
    cr_assert_not_null(*conn);
    (*conn)->released = released;
    attr.wake_kill = wake;
    attr.wake_arg = *conn;
    attr.release = release;
    unit_ok(roster_session_open(roster, &attr, &session));
    return session;
}

Test(wake, says_what_was_killed)
{
    struct roster *roster = unit_roster(NULL);
    int released = 0;
    struct conn *conn;
    struct roster_session *session = open_conn(roster, &conn, &released);
    uint64_t id = roster_session_id(session), ts;
    struct roster_copy copy;

    unit_ok(roster_txn_begin(session, &ts));
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    unit_ok(roster_kill(roster, id, ROSTER_KILL_TARGET_STATEMENT, ROSTER_STMT_ANY,
                        ROSTER_KILL_REASON_RUNAWAY));
    cr_assert_eq(conn->woken, 1);
    cr_assert_eq(conn->kill.size, sizeof(conn->kill));
    cr_assert_eq(conn->kill.session_id, id);
    cr_assert_eq(conn->kill.target, ROSTER_KILL_TARGET_STATEMENT);
    cr_assert_eq(conn->kill.reason, ROSTER_KILL_REASON_RUNAWAY);
    cr_assert_eq(conn->kill.stmt_seq, roster_stmt_seq(session));
    cr_assert_eq(conn->kill.txn_seq, 0);
    unit_ok(roster_kill(roster, id, ROSTER_KILL_TARGET_TRANSACTION, ROSTER_TXN_ANY,
                        ROSTER_KILL_REASON_TXN_AGE));
    cr_assert_eq(conn->woken, 2);
    cr_assert_eq(conn->kill.target, ROSTER_KILL_TARGET_TRANSACTION);
    cr_assert_eq(conn->kill.start_ts, ts);
    cr_assert_eq(conn->kill.txn_seq,
                 roster_txn_seq(session, roster_session_look(session, &copy, NULL, 0)));
    cr_assert_eq(conn->kill.stmt_seq, 0);
    cr_assert_eq(roster_kill(roster, id, ROSTER_KILL_TARGET_TRANSACTION, ROSTER_TXN_ANY,
                             ROSTER_KILL_REASON_TXN_AGE),
                 -EALREADY);
    cr_assert_eq(conn->woken, 2, "what is refused wakes no owner");
    unit_ok(roster_kill(roster, id, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_IDLE));
    cr_assert_eq(conn->kill.target, ROSTER_KILL_TARGET_CONNECTION);
    cr_assert_eq(conn->kill.stmt_seq, 0);
    cr_assert_eq(conn->kill.txn_seq, 0);
    cr_assert_eq(released, 0);
    unit_close(session);
    unit_ok(roster_release_wait(roster));
    cr_assert_eq(__atomic_load_n(&released, __ATOMIC_ACQUIRE), 1);
    unit_destroy(roster);
}

/* Destroying waits for them, too; what was refused by open is the caller's still. */
Test(wake, is_released_at_last)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session, *second;
    struct conn *conn;
    int released = 0, n;

    for (n = 0; n < 50; n++)
        unit_close(open_conn(roster, &conn, &released));
    session = open_conn(roster, &conn, &released);
    attr.id = roster_session_id(session);
    attr.release = release;
    attr.wake_arg = NULL; /* release() would crash */
    cr_assert_eq(roster_session_open(roster, &attr, &second), -EEXIST);
    unit_end(roster, session);
    cr_assert_eq(released, 51);
}

/* What kills, and the wake callback that it calls. */
struct waker {
    struct roster *roster;
    struct roster_session *session;
    uint64_t id;
    bool woke, early, released;
    int wait;
    pthread_t owner;
};

static void notes_release(void *arg)
{
    struct waker *waker = arg;

    waker->early = !rst_load(&waker->woke);
    rst_store_release(&waker->released, true);
}

static void *close_it(void *arg)
{
    struct waker *waker = arg;

    unit_close(waker->session);
    unit_ok(roster_release_wait(waker->roster));
    return NULL;
}

/* The owner closes while the killer is here, and has a grace period and more for it. */
static void closes_in_between(uint64_t id, void *arg)
{
    struct waker *waker = arg;
    unsigned n;

    waker->id = id;
    cr_assert(!urcu_bp_read_ongoing(), "the killer holds the read lock");
    waker->wait = roster_release_wait(waker->roster);
    cr_assert_eq(pthread_create(&waker->owner, NULL, close_it, waker), 0);
    urcu_bp_synchronize_rcu();
    for (n = 0; n < 30 && !rst_load_acquire(&waker->released); n++)
        usleep(1000);
    rst_store(&waker->woke, true);
}

static int by_kill(struct roster *roster, uint64_t id)
{
    return roster_kill(roster, id, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_IDLE);
}

static int by_kill_all(struct roster *roster, uint64_t id)
{
    (void)id;
    return roster_kill_all(roster, ROSTER_KILL_TARGET_CONNECTION, ROSTER_KILL_REASON_IDLE, NULL,
                           NULL);
}

static int by_drain(struct roster *roster, uint64_t id)
{
    (void)id;
    return roster_drain(roster, NULL, NULL);
}

static int by_watchdog(struct roster *roster, uint64_t id)
{
    struct roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    struct roster_watchdog *watchdog;
    int err;

    (void)id;
    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    options.idle_ms = 1;
    unit_ok(roster_watchdog_start(roster, &options, &watchdog));
    usleep(5000);
    err = roster_watchdog_run_once(watchdog);
    unit_ok(roster_watchdog_stop(watchdog));
    return err;
}

/* Whatever kills: the host's grace periods do not wait for the callback, and the release does. */
Test(wake, holds_up_its_own_release_alone)
{
    static int (*const killers[])(struct roster *, uint64_t) = {by_kill, by_kill_all, by_drain,
                                                                by_watchdog};
    unsigned n;

    for (n = 0; n < sizeof(killers) / sizeof(killers[0]); n++) {
        struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
        struct waker waker = {.roster = unit_roster(NULL)};

        attr.wake = closes_in_between;
        attr.wake_arg = &waker;
        attr.release = notes_release;
        unit_ok(roster_session_open(waker.roster, &attr, &waker.session));
        unit_ok(killers[n](waker.roster, roster_session_id(waker.session)));
        cr_expect_neq(waker.id, 0, "killer %u has woken no owner", n);
        cr_expect_eq(waker.wait, -EBUSY, "killer %u", n);
        pthread_join(waker.owner, NULL);
        cr_expect(rst_load_acquire(&waker.released));
        cr_expect(!waker.early, "killer %u", n);
        unit_destroy(waker.roster);
    }
}

/* A reader that has found the session holds its release back. */
Test(wake, waits_for_readers)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session;
    struct conn *conn;
    int released = 0;

    session = open_conn(roster, &conn, &released);
    unit_ok(roster_read_lock(roster));
    unit_close(session);
    cr_assert_eq(roster_release_wait(roster), -EBUSY);
    cr_assert_eq(__atomic_load_n(&released, __ATOMIC_ACQUIRE), 0);
    roster_read_unlock(roster);
    unit_ok(roster_release_wait(roster));
    cr_assert_eq(__atomic_load_n(&released, __ATOMIC_ACQUIRE), 1);
    cr_assert_eq(roster_release_wait(NULL), -EINVAL);
    unit_destroy(roster);
}

/* What is called back in the middle of a round. */
struct inside {
    struct roster *roster, *other;
    struct roster_conn_ids *ids;
    int wait, destroy, create, set, end_ids;
};

static void waits_inside(void *arg)
{
    struct inside *inside = arg;
    struct roster *made = NULL;

    inside->wait = roster_release_wait(inside->roster);
    inside->destroy = roster_destroy(inside->other);
    inside->create = roster_create(NULL, &made);
    inside->set = roster_quota_set_text(inside->roster, "user:1", NULL, 0);
    inside->end_ids = roster_conn_ids_destroy(inside->ids);
}

/* It must not call any of these; that it waits for itself for ever helps no one. */
Test(wake, no_release_waits_for_itself)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_options by_hand = ROSTER_OPTIONS_INIT;
    struct roster_session *session;
    struct inside inside;
    unsigned n;

    by_hand.flags = ROSTER_RECLAIM_MANUAL;
    attr.release = waits_inside;
    attr.wake_arg = &inside;
    for (n = 0; n < 2; n++) {
        memset(&inside, 0, sizeof(inside));
        unit_ok(roster_create(n ? &by_hand : NULL, &inside.roster));
        unit_ok(roster_create(n ? &by_hand : NULL, &inside.other));
        if (!n)
            unit_ok(roster_conn_ids_create(NULL, &inside.ids));
        unit_ok(roster_session_open(inside.roster, &attr, &session));
        unit_close(session);
        unit_ok(roster_release_wait(inside.roster));
        cr_expect_eq(inside.wait, -EBUSY);
        cr_expect_eq(inside.destroy, -EBUSY);
        cr_expect_eq(inside.create, -EBUSY);
        cr_expect_eq(inside.set, -EBUSY);
        cr_expect_eq(inside.end_ids, n ? 0 : -EBUSY);
        unit_ok(roster_conn_ids_destroy(inside.ids));
        unit_destroy(inside.other);
        unit_destroy(inside.roster);
    }
}
