/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Statements. session.h says which view is published when.
 */
#include "core/owner/owner.h"

#include "core/owner/request.h"
#include "core/roster/enter.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

/* What a statement needs before anything is changed. */
struct parts {
    struct rst_statement *statement;
    struct roster_shown *view;
    struct roster_shown *spare; /* inside a transaction */
};

static rst_slow void parts_put_slow(struct rst_thread *thread, unsigned class,
                                    const struct parts *parts)
{
    if (parts->statement)
        rst_hot_put(&thread->roster->hot[class], &thread->hot[class], parts->statement);
    if (parts->view)
        rst_view_put(thread, parts->view);
}

static inline int parts_take(struct rst_thread *thread, const struct roster_session *session,
                             unsigned class, struct parts *parts)
{
    bool in_txn = session->gate.txn_state != ROSTER_TXN_INVALID;

    parts->statement = rst_hot_take(&thread->roster->hot[class], &thread->hot[class]);
    if (rst_likely(parts->statement))
        parts->view = rst_view_take(thread);
    if (rst_likely(parts->view) && in_txn)
        parts->spare = rst_view_take(thread);
    if (rst_likely(parts->view && (!in_txn || parts->spare)))
        return 0;
    parts_put_slow(thread, class, parts);
    return -ENOMEM;
}

/*
 * Publishes a statement that begins, made of `parts`. `common` is a constant: outside a
 * transaction, with the thread's gate_idle.
 */
static rst_always_inline void publish(struct rst_thread *thread, struct roster_session *session,
                                      unsigned class, const struct rst_request *request,
                                      const struct parts *parts, bool common)
{
    struct roster_shown *before = session->view;
    bool in_txn = !common && session->gate.txn_state != ROSTER_TXN_INVALID;
    uint64_t now = rst_ticker_now(&thread->roster->ticker);

    rst_write_fence(); /* before 3 of look.h */
    rst_statement_fill(parts->statement, class, ++session->stmt_seq, now, request, common);
    rst_view_fill(parts->view, session, common ? 0 : before->start_ts,
                  common ? ROSTER_TXN_INVALID : before->txn_state, now, parts->statement);
    if (in_txn) {
        rst_stay_end(&thread->stays, &thread->roster->stays, before, session->idle_since, now);
        rst_view_fill(parts->spare, session, 0, ROSTER_TXN_INVALID, now, parts->statement);
        rst_view_set_progress(parts->view, before->entries, before->entry_bytes,
                              before->schema_version);
        session->spare = parts->spare;
        session->base = before;
    }
    if (common)
        session->gate.word = thread->gate_stmt;
    else
        rst_gate_set_in_stmt(session, RST_IN_STMT);
    rst_test_point("statement: view filled");
    rst_view_publish(session, parts->view);
    rst_count(&thread->counts.statements);
}

static inline int begin(struct rst_thread *thread, struct roster_session *session,
                        struct rst_request *request)
{
    struct parts parts = {NULL, NULL, NULL};
    unsigned class;
    int err;

    if (rst_unlikely(session->gate.in_stmt))
        return -EBUSY;
    if (rst_unlikely(rst_kill_connection(session)) && !request->cleanup)
        return -ECANCELED;
    class = rst_request_cut(request, thread->roster);
    err = parts_take(thread, session, class, &parts);
    if (rst_unlikely(err))
        return err;
    publish(thread, session, class, request, &parts, false);
    return 0;
}

/* Every case that the common path below is not made for. */
static __attribute__((noinline)) int stmt_begin_request(struct roster_session *session,
                                                        struct rst_request *request)
{
    struct rst_thread *thread;
    int err;

    err = rst_request_refused(request);
    if (rst_unlikely(err))
        return err;
    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    rst_owner_enter(session);
    err = begin(thread, session, request);
    if (rst_unlikely(session->gate.remembers & RST_REMEMBERS_DIGESTS) && !err)
        rst_digests_add_slow(session, request->digest, request->digest_length);
    rst_owner_leave(session);
    return err;
}

static __attribute__((noinline)) int stmt_begin_any(struct roster_session *session,
                                                    enum roster_command command, const char *text,
                                                    size_t text_length, const char *digest,
                                                    size_t digest_length)
{
    struct rst_request request = {command, text, text_length, 0, digest, digest_length, false};

    return stmt_begin_request(session, &request);
}

int roster_stmt_begin_cleanup(struct roster_session *session, enum roster_command command,
                              const char *text, size_t text_length, const char *digest,
                              size_t digest_length)
{
    struct rst_request request = {command, text, text_length, 0, digest, digest_length, true};

    return stmt_begin_request(session, &request);
}

/*
 * The common path: begin() for an open session of the roster that the thread used last, without
 * transaction and statement, a text without digest, and objects at hand.
 */
int roster_stmt_begin(struct roster_session *session, enum roster_command command, const char *text,
                      size_t text_length, const char *digest, size_t digest_length)
{
    struct rst_thread *thread = rst_thread_last;
    struct rst_request request = {command, text, text_length, text_length, NULL, 0, false};
    struct rst_hot_cache *statements, *views = &thread->hot[RST_HOT_VIEW];
    struct parts parts = {NULL, NULL, NULL};
    unsigned class;

    if (rst_unlikely(!session || session->gate.word != thread->gate_idle ||
                     rst_kill_connection(session) || digest_length ||
                     text_length > thread->text_limit || (!text && text_length)))
        return stmt_begin_any(session, command, text, text_length, digest, digest_length);
    class = rst_statement_class(rst_statement_size(text_length, 0));
    statements = &thread->hot[class];
    if (rst_unlikely(!statements->top || !views->top))
        return stmt_begin_any(session, command, text, text_length, digest, digest_length);
    parts.statement = rst_hot_pop(statements);
    parts.view = rst_hot_pop(views);
    publish(thread, session, class, &request, &parts, true);
    return 0;
}

/* `common` is a constant: outside a transaction, with the thread's gate_stmt, with room for what is
 * given back, and no stay to count. */
static rst_always_inline int end(struct rst_thread *thread, struct roster_session *session,
                                 bool common)
{
    struct roster *roster = rst_likely(thread) ? thread->roster : rst_session_roster(session);
    struct roster_shown *before = session->view;
    struct rst_statement *statement = rst_view_statement(before);
    struct rst_hot_cache *statements = common ? &thread->hot[statement->class] : NULL;
    bool in_txn = !common && session->gate.txn_state != ROSTER_TXN_INVALID;
    uint64_t seq = common ? 0 : statement->seq;
    uint64_t now = common ? 0 : rst_ticker_now(&roster->ticker);
    bool too_early = rst_control(KILL_LOADED_EARLY) && rst_load(&session->kill) == 0;

    /* Before lists can see that it has ended; the one kept before is given back in its place. */
    if (rst_unlikely(in_txn && session->flags & ROSTER_SESSION_LAST_STATEMENT))
        statement = rst_last_swap_slow(session, statement);
    rst_test_point("end: view still published");
    if (!common) {
        if (rst_likely(thread))
            rst_stay_end(&thread->stays, &thread->roster->stays, before, session->idle_since, now);
        rst_store_changed(&session->idle_since, now);
    }
    /* A, see kill.c; 1 of look.h */
    rst_view_publish(session, in_txn ? session->base : rst_view_at_rest());
    rst_compiler_barrier(); /* B */
    if (common)
        session->gate.word = thread->gate_idle;
    else
        rst_gate_set_in_stmt(session, RST_IN_NO_STMT);
    rst_test_point("end: view unpublished");
    if (!common && rst_unlikely(!roster->membarrier))
        rst_fence_full_slow(); /* B: pairs with 3 of kill.c */
    if (rst_control(STATEMENT_FIRST) && statement)
        rst_statement_spoil(statement);
    rst_test_point("end: life not over");
    if (in_txn) {
        rst_view_retire(thread, session, session->spare);
        session->spare = NULL;
        session->base = NULL;
    }
    if (common)
        rst_view_retire_taken(thread, before); /* 2 of look.h */
    else
        rst_view_retire(thread, session, before); /* 2 of look.h */
    /* After the lives of both views that lead to it. */
    if (common) {
        rst_statement_spoil(statement);
        rst_hot_push(statements, statement);
    } else if (rst_likely(statement)) {
        rst_statement_put(thread, roster, statement);
    }
    if (!common && rst_unlikely(session->gate.remembers & RST_REMEMBERS_DIGESTS) && !in_txn)
        rst_digests_clear_slow(session);
    /* C: pairs with 2 of kill.c */
    if (rst_unlikely(!too_early && rst_load(&session->kill)))
        return rst_kill_acknowledge_slow(session, common ? session->stmt_seq : seq);
    return 0;
}

/* The number of the statement that is shown is not the last one, or others are suspended. */
static rst_slow int end_nested_slow(struct rst_thread *thread, struct roster_session *session)
{
    return rst_nested_has(session) ? rst_nested_end_slow(thread, session)
                                   : end(thread, session, false);
}

static rst_always_inline int end_shown(struct rst_thread *thread, struct roster_session *session)
{
    if (rst_unlikely(session->gate.in_stmt == RST_IN_NESTED_STMT))
        return end_nested_slow(thread, session);
    return end(thread, session, false);
}

int rst_statement_end(struct rst_thread *thread, struct roster_session *session)
{
    return end_shown(thread, session);
}

/* Ends without a context when there is none to be had (G7). */
static rst_slow int end_slow(struct roster_session *session, int err)
{
    if (err != -ENOMEM)
        return err;
    return session->gate.in_stmt ? end_shown(NULL, session) : -EALREADY;
}

/* Every case that the common path below is not made for. */
static __attribute__((noinline)) int stmt_end_any(struct roster_session *session)
{
    struct rst_thread *thread;
    int result;

    thread = rst_session_enter(session, &result);
    if (rst_unlikely(!thread))
        return end_slow(session, result);
    rst_owner_enter(session);
    result = rst_likely(session->gate.in_stmt) ? end_shown(thread, session) : -EALREADY;
    rst_owner_leave(session);
    return result;
}

/*
 * The common path: a statement outside a transaction. A kill is a matter of the protocol in kill.c,
 * and is looked for after the view was published.
 */
int roster_stmt_end(struct roster_session *session)
{
    struct rst_thread *thread = rst_thread_last;

    if (rst_unlikely(!session || session->gate.word != thread->gate_stmt))
        return stmt_end_any(session);
    /* A stay that is long enough to be counted. */
    if (rst_unlikely(rst_load(&session->idle_since) != rst_ticker_now(&thread->roster->ticker)))
        return stmt_end_any(session);
    if (rst_unlikely(!rst_hot_has_room(&thread->hot[RST_HOT_VIEW]) ||
                     !rst_hot_has_room(&thread->hot[rst_view_statement(session->view)->class])))
        return stmt_end_any(session);
    return end(thread, session, true);
}

uint64_t roster_stmt_seq(const struct roster_session *session)
{
    return session ? session->stmt_seq : 0;
}
