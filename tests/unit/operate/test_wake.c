/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What a wake callback learns, and when what it uses may be freed. */

#include "config.h"

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

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
    cr_assert_eq(conn->woken, 2, "what is refused wakes nobody");
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
    unit_close(session);
    unit_destroy(roster);
    cr_assert_eq(released, 51);
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
