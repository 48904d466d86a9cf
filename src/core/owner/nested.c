/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Nested statements. A session shows the open statement that began last. The others are suspended
 * in its side, each with the view that has shown it, so that an end allocates nothing (G7): that
 * view is rewritten in a new life and shows the statement again.
 *
 * A suspended statement is not shown, so it cannot be killed (G5). So when an owner suspends a
 * statement, it checks for a kill as at its end:
 *
 *     killer, under kill_lock                     owner, suspends statement q
 *     1 look: statement q runs                    A publish the view of another one   (release)
 *     2 word := {q, reason}      (cmpxchg)        B compiler barrier
 *     3 membarrier                                C load word
 *     4 look again                                D names q: set its ack bit,
 *                                                   publish q's view again
 *
 * As in kill.c: if 4 does not see q, either D's ack is first, or the killer takes the word back
 * first. If 4 sees q, q has not ended and its owner has yet to check.
 *
 * But here another statement is shown before C, and a kill of that one would replace the word. So
 * the session is marked from before A until after D, here and when a nested statement ends. A
 * killer that sees another statement also sees the mark, unless D is over, and then does nothing.
 */
#include "core/owner/owner.h"

#include "core/owner/request.h"
#include "core/roster/enter.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"
#include "core/roster/views.h"

#include <string.h>

static struct rst_nested *nested_of(const struct roster_session *session)
{
    return session->side ? session->side->nested : NULL;
}

bool rst_nested_has(const struct roster_session *session)
{
    const struct rst_nested *nested = nested_of(session);

    return nested && nested->count;
}

/* The side last: without memory it is not there as before. */
static struct rst_nested *nested_need(struct roster_session *session)
{
    struct rst_heap *heap = &rst_session_roster(session)->heap;
    struct rst_nested *nested = nested_of(session);
    struct rst_side *side;

    if (nested)
        return nested;
    nested = rst_heap_take(heap, sizeof(*nested));
    side = nested ? rst_side_need(session) : NULL;
    if (!side) {
        rst_heap_give(heap, nested, sizeof(*nested));
        return NULL;
    }
    side->nested = nested;
    return nested;
}

/* 3 of look.h: the view shows what the session does, but in that statement. */
static void show_in(struct roster_shown *view, const struct roster_session *session,
                    const struct rst_statement *statement)
{
    rst_view_copy(view, session->view);
    rst_view_set_states(view, session->gate.txn_state, ROSTER_RUN_RUNNING);
    rst_view_set_since(view, statement->since);
    rst_view_set_statement(view, statement);
}

/* The view to publish when the transaction ends first. No session leads to it. */
static void spare_in(struct roster_session *session, const struct rst_statement *statement)
{
    if (session->gate.txn_state == ROSTER_TXN_INVALID)
        return;
    rst_life_end(session->spare);
    rst_write_fence();
    rst_view_fill(session->spare, session, 0, ROSTER_TXN_INVALID, statement->since, statement);
}

/* C and D: whether the statement that is shown, or was just now, was killed. */
static bool is_killed(struct roster_session *session, uint64_t seq)
{
    /* C: pairs with 2 of kill.c */
    if (!rst_kill_names(rst_load(&session->kill), seq))
        return false;
    (void)rst_kill_acknowledge_slow(session, seq);
    return rst_kill_names(rst_load(&session->kill), seq);
}

/* Around A to D. */
static void change_begin(struct roster_session *session)
{
    rst_store(&session->side->changing, 1); /* before A; pairs with is_changing() in kill.c */
}

static void change_end(struct roster_session *session)
{
    rst_store_release(&session->side->changing,
                      0); /* after D; pairs with is_changing() in kill.c */
}

/* B to D: whether the statement that is suspended was killed. */
static bool was_killed(struct roster_session *session, uint64_t seq)
{
    rst_compiler_barrier(); /* B */
    rst_test_point("push: published");
    if (!rst_session_roster(session)->membarrier)
        rst_fence_full_slow(); /* B: pairs with 3 of kill.c */
    return is_killed(session, seq);
}

/* The statement does not begin, but lists may have shown it: no other one has its number, so that a
 * kill of it hits nothing. Hence the number of the one that is shown is not the last one. */
static int push_undo(struct rst_thread *thread, struct roster_session *session,
                     struct roster_shown *view, struct rst_statement *statement,
                     const struct rst_suspended *shown)
{
    session->stmt_seq++;
    rst_gate_set_in_stmt(session, RST_IN_NESTED_STMT);
    rst_view_publish(session, shown->view);
    change_end(session);
    spare_in(session, shown->statement);
    rst_view_retire(thread, session, view);
    rst_statement_put(thread, thread->roster, statement);
    return -ECANCELED;
}

static int push(struct rst_thread *thread, struct roster_session *session,
                struct rst_request *request)
{
    struct roster *roster = thread->roster;
    struct rst_nested *nested = nested_of(session);
    unsigned class = rst_request_cut(request, roster);
    struct rst_suspended shown = {rst_view_statement(session->view), session->view};
    struct rst_statement *statement;
    struct roster_shown *view;

    if (nested && nested->count == ROSTER_STMT_SUSPENDED)
        return -ENOSPC;
    if (rst_kill_connection(session) || is_killed(session, shown.statement->seq))
        return -ECANCELED; /* and no number is spent */
    view = rst_view_take(thread);
    if (!view)
        return -ENOMEM;
    statement = rst_hot_take(&roster->hot[class], &thread->hot[class]);
    nested = statement ? nested_need(session) : NULL;
    if (!nested) {
        if (statement)
            rst_hot_put(&roster->hot[class], &thread->hot[class], statement);
        rst_view_put(thread, view);
        return -ENOMEM;
    }
    rst_write_fence(); /* before 3 of look.h */
    rst_statement_fill(statement, class, session->stmt_seq + 1, rst_ticker_now(&roster->ticker),
                       request, false);
    show_in(view, session, statement);
    spare_in(session, statement);
    rst_test_point("push: view filled");
    change_begin(session);
    rst_view_publish(session, view); /* A */
    if (was_killed(session, shown.statement->seq))
        return push_undo(thread, session, view, statement, &shown);
    change_end(session);
    session->stmt_seq++;
    rst_gate_set_in_stmt(session, RST_IN_NESTED_STMT);
    nested->list[nested->count++] = shown;
    rst_count(&thread->counts.statements);
    return 0;
}

int roster_stmt_push(struct roster_session *session, enum roster_command command, const char *text,
                     size_t text_length, const char *digest, size_t digest_length)
{
    struct rst_request request = {command, text, text_length, 0, digest, digest_length, false};
    struct rst_thread *thread;
    int err;

    if (session && session->gate.in_stmt == RST_IN_NO_STMT)
        return roster_stmt_begin(session, command, text, text_length, digest, digest_length);
    err = rst_request_refused(&request);
    if (err)
        return err;
    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    rst_owner_enter(session);
    err = push(thread, session, &request);
    if (!err && session->gate.remembers & RST_REMEMBERS_DIGESTS)
        rst_digests_add_slow(session, digest, digest_length);
    rst_owner_leave(session);
    return err;
}

int rst_nested_end_slow(struct rst_thread *thread, struct roster_session *session)
{
    struct roster *roster = rst_session_roster(session);
    struct rst_nested *nested = nested_of(session);
    const struct rst_suspended *next = &nested->list[--nested->count];
    struct roster_shown *before = session->view;
    struct rst_statement *statement = rst_view_statement(before);
    int killed = 0;

    if (thread)
        rst_stay_end(&thread->stays, &roster->stays, before, session->idle_since,
                     rst_ticker_now(&roster->ticker));
    rst_life_end(next->view);
    show_in(next->view, session, next->statement);
    change_begin(session);
    rst_view_publish(session, next->view); /* A of kill.c */
    rst_compiler_barrier();                /* B */
    rst_test_point("pop: published");
    if (!roster->membarrier)
        rst_fence_full_slow(); /* B: pairs with 3 of kill.c */
    /* C: pairs with 2 of kill.c */
    if (rst_load(&session->kill))
        killed = rst_kill_acknowledge_slow(session, statement->seq);
    change_end(session);
    spare_in(session, next->statement);
    rst_view_retire(thread, session, before);
    rst_statement_put(thread, roster, statement); /* after the lives of both views */
    return killed;
}

/* Ends a statement that is not shown. */
static int end_suspended(struct rst_thread *thread, struct roster_session *session, unsigned n)
{
    struct rst_nested *nested = nested_of(session);
    struct rst_suspended gone = nested->list[n];

    memmove(&nested->list[n], &nested->list[n + 1],
            (--nested->count - n) * sizeof(nested->list[0]));
    rst_view_retire(thread, session, gone.view);
    rst_statement_put(thread, rst_session_roster(session), gone.statement);
    return 0;
}

int roster_stmt_pop(struct roster_session *session, uint64_t seq)
{
    const struct rst_nested *nested;
    struct rst_thread *thread;
    int err = rst_session_refuses(session);
    unsigned n;

    if (err)
        return err;
    if (session->gate.in_stmt == RST_IN_NO_STMT)
        return -EALREADY;
    if (rst_view_statement(session->view)->seq == seq)
        return roster_stmt_end(session);
    nested = nested_of(session);
    for (n = nested ? nested->count : 0; n && nested->list[n - 1].statement->seq != seq; n--)
        ;
    if (!n)
        return -EALREADY;
    thread = rst_session_enter(session, &err);
    if (!thread && err != -ENOMEM)
        return err;
    rst_owner_enter(session);
    err = end_suspended(thread, session, n - 1);
    rst_owner_leave(session);
    return err;
}
