/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statements. session.h tells which view is published when.
 */
#include "core/owner/statement.h"

#include "core/owner/digests.h"
#include "core/owner/txn.h"
#include "core/roster/digests.h"
#include "core/roster/enter.h"
#include "core/roster/kill_word.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

#include <string.h>

/* What a statement needs before anything is changed. */
struct parts {
    struct roster_statement *statement;
    struct roster_view *view;
    struct roster_view *spare; /* inside a transaction */
};

static inline void *object_take(struct rst_thread *thread, enum rst_pool_class class, int *err)
{
    struct roster *roster = thread->roster;

    return rst_pool_take(&roster->pools[class], &thread->pools[class], &roster->door, err);
}

static inline int parts_take(struct rst_thread *thread, const struct roster_session *session,
                             enum rst_pool_class class, struct parts *parts)
{
    int err = 0;

    parts->statement = object_take(thread, class, &err);
    if (rst_unlikely(!parts->statement))
        return err;
    parts->view = rst_view_take(thread, &err);
    if (rst_unlikely(!parts->view)) {
        rst_pool_untake(&thread->pools[class], parts->statement);
        return err;
    }
    if (session->gate.txn_state == ROSTER_TXN_INVALID)
        return 0;
    parts->spare = rst_view_take(thread, &err);
    if (rst_unlikely(!parts->spare)) {
        rst_view_untake(thread, parts->view);
        rst_pool_untake(&thread->pools[class], parts->statement);
        return err;
    }
    return 0;
}

struct request {
    enum roster_command command;
    const char *text;
    size_t text_length;
    size_t full_length;
    const char *digest;
    size_t digest_length;
};

static inline void statement_fill(struct roster_statement *statement, uint64_t seq, uint64_t now,
                                  const struct request *request)
{
    char *text = (char *)(statement + 1);

    statement->seq = seq;
    statement->since = now;
    statement->command = (uint32_t)request->command;
    statement->text_length = (uint32_t)request->text_length;
    statement->text_full_length = (uint32_t)request->full_length;
    statement->digest_length = (uint32_t)request->digest_length;
    statement->digest = NULL;
    statement->text = text;
    if (request->text_length)
        memcpy(text, request->text, request->text_length);
    text[request->text_length] = '\0';
    if (request->digest_length) {
        char *digest = text + request->text_length + 1;

        memcpy(digest, request->digest, request->digest_length);
        digest[request->digest_length] = '\0';
        statement->digest = digest;
    }
}

static inline void running_fill(struct roster_view *view, const struct roster_session *session,
                                const struct roster_statement *statement)
{
    rst_view_fill(view, session, statement);
    view->state_since = statement->since;
    view->run_state = ROSTER_RUN_RUNNING;
}

static inline void publish(struct roster_session *session, const struct parts *parts)
{
    const struct roster_view *before = session->view;

    running_fill(parts->view, session, parts->statement);
    if (session->gate.txn_state != ROSTER_TXN_INVALID) {
        parts->view->start_ts = before->start_ts;
        parts->view->entries = before->entries;
        parts->view->entry_bytes = before->entry_bytes;
        parts->view->schema_version = before->schema_version;
        parts->view->txn_state = before->txn_state;
        running_fill(parts->spare, session, parts->statement);
        session->spare = parts->spare;
        session->base = session->view;
    }
    session->gate.in_stmt = true;
    rst_test_point("statement: view filled");
    rst_view_publish(session, parts->view);
}

static inline int begin(struct rst_thread *thread, struct roster_session *session,
                        struct request *request)
{
    struct roster *roster = thread->roster;
    enum rst_pool_class class;
    struct parts parts = {NULL, NULL, NULL};
    int err;

    if (rst_unlikely(session->gate.in_stmt))
        return -EBUSY;
    if (rst_unlikely(rst_kill_connection(session)))
        return -ECANCELED;
    request->full_length = request->text_length;
    if (request->text_length > roster->text_limit)
        request->text_length = roster->text_limit;
    class = rst_statement_class(rst_statement_size(request->text_length, request->digest_length));
    err = parts_take(thread, session, class, &parts);
    if (rst_unlikely(err))
        return err;
    statement_fill(parts.statement, ++session->stmt_seq, rst_ticker_now(&roster->ticker), request);
    if (session->gate.txn_state != ROSTER_TXN_INVALID)
        rst_stay_end(thread->stays, session->view, session->idle_since, parts.statement->since);
    publish(session, &parts);
    rst_count(&thread->counts.statements);
    return 0;
}

/* Only one of the two objects of a statement was at hand. */
static rst_slow void begin_untake_slow(struct rst_thread *thread, void *statement, void *view)
{
    if (statement)
        rst_pool_untake(&thread->pools[RST_POOL_STATEMENT_SMALL], statement);
    if (view)
        rst_view_untake(thread, view);
}

/* Every case that the common path below is not made for. */
static __attribute__((noinline)) int stmt_begin_any(struct roster_session *session,
                                                    enum roster_command command, const char *text,
                                                    size_t text_length, const char *digest,
                                                    size_t digest_length)
{
    struct request request = {command, text, text_length, 0, digest, digest_length};
    struct rst_thread *thread;
    int err;

    if (rst_unlikely((!text && text_length) || (!digest && digest_length) ||
                     text_length > UINT32_MAX))
        return -EINVAL;
    if (rst_unlikely(digest_length > ROSTER_DIGEST_MAX))
        return -ENAMETOOLONG;
    thread = rst_session_enter(session, &err);
    if (rst_unlikely(!thread))
        return err;
    rst_owner_enter(session);
    err = begin(thread, session, &request);
    if (rst_unlikely(session->gate.remembers) && !err)
        rst_digests_add_slow(session, digest, digest_length);
    rst_owner_leave(session);
    return err;
}

/*
 * The common path: begin() for an open session of the roster that the thread used last, without
 * transaction and statement, a short text without digest, and objects at hand.
 */
int roster_stmt_begin(struct roster_session *session, enum roster_command command, const char *text,
                      size_t text_length, const char *digest, size_t digest_length)
{
    struct rst_thread *thread = rst_thread_last;
    struct roster_statement *statement;
    struct roster_view *view;

    if (rst_unlikely(!session || session->gate.word != thread->gate_idle ||
                     rst_kill_connection(session) || digest_length ||
                     text_length > thread->short_text || (!text && text_length)))
        return stmt_begin_any(session, command, text, text_length, digest, digest_length);
    statement = rst_pool_try_take(&thread->pools[RST_POOL_STATEMENT_SMALL], &thread->roster->door);
    view = rst_pool_try_take(&thread->pools[RST_POOL_VIEW], &thread->roster->door);
    if (rst_unlikely(!statement || !view)) {
        begin_untake_slow(thread, statement, view);
        return stmt_begin_any(session, command, text, text_length, digest, digest_length);
    }
    statement_fill(statement, ++session->stmt_seq, rst_ticker_now(&thread->roster->ticker),
                   &(struct request){command, text, text_length, text_length, NULL, 0});
    running_fill(view, session, statement);
    session->gate.word = thread->gate_stmt;
    rst_test_point("statement: view filled");
    rst_view_publish(session, view);
    rst_count(&thread->counts.statements);
    return 0;
}

static rst_always_inline void statement_retire(struct rst_thread *thread, struct roster *roster,
                                               const struct roster_statement *statement)
{
    struct roster_statement *object = (struct roster_statement *)(uintptr_t)statement;
    enum rst_pool_class class =
        rst_statement_class(rst_statement_size(statement->text_length, statement->digest_length));

    if (rst_likely(thread))
        rst_pool_retire(&roster->pools[class], &thread->pools[class], &roster->door, object);
    else
        rst_pool_retire_alone_slow(&roster->pools[class], object);
}

static rst_always_inline int end(struct rst_thread *thread, struct roster_session *session)
{
    struct roster *roster = rst_likely(thread) ? thread->roster : rst_session_roster(session);
    struct roster_view *before = session->view;
    bool in_txn = session->gate.txn_state != ROSTER_TXN_INVALID;
    uint64_t now = rst_ticker_now(&roster->ticker);
    bool too_early = rst_control(KILL_LOADED_EARLY) && rst_load(&session->kill) == 0;
    int killed = 0;

    rst_test_point("end: view still published");
    if (rst_likely(thread))
        rst_stay_end(thread->stays, before, session->idle_since, now);
    rst_store_changed(&session->idle_since, now);
    rst_view_publish(session, in_txn ? session->base : session->idle); /* A, see kill.c */
    rst_compiler_barrier();                                            /* B */
    rst_test_point("end: view unpublished");
    if (rst_unlikely(!roster->membarrier))
        rst_fence_full_slow(); /* B: pairs with 3 in kill_statement() */
    /* C: pairs with 2 in kill_statement() */
    if (rst_unlikely(!too_early && rst_load(&session->kill)))
        killed = rst_kill_acknowledge_slow(session, session->stmt_seq);
    session->gate.in_stmt = false;
    statement_retire(thread, roster, before->statement);
    if (in_txn) {
        rst_view_retire_by(thread, session, session->spare);
        session->spare = NULL;
        session->base = NULL;
    }
    rst_view_retire_by(thread, session, before);
    if (rst_unlikely(session->gate.remembers) && !in_txn)
        rst_digests_clear_slow(session);
    return killed;
}

int rst_statement_end(struct rst_thread *thread, struct roster_session *session)
{
    return end(thread, session);
}

/* Ends without a context when there is none to be had (G7). */
static rst_slow int end_slow(struct roster_session *session, int err)
{
    if (err != -ENOMEM)
        return err;
    return session->gate.in_stmt ? end(NULL, session) : -EALREADY;
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
    result = rst_likely(session->gate.in_stmt) ? end(thread, session) : -EALREADY;
    rst_owner_leave(session);
    return result;
}

/*
 * The common path: end() for a short statement outside a transaction that was not killed, with
 * room for what is retired. A kill that comes later is a matter of the protocol in kill.c: this
 * looks at the word after it has published, as end() does.
 */
int roster_stmt_end(struct roster_session *session)
{
    struct rst_thread *thread = rst_thread_last;
    struct rst_pool_cache *views = &thread->pools[RST_POOL_VIEW];
    struct rst_pool_cache *statements = &thread->pools[RST_POOL_STATEMENT_SMALL];
    struct roster_view *before;
    uint64_t now;
    bool too_early;

    if (rst_unlikely(!session || session->gate.word != thread->gate_stmt ||
                     !rst_pool_has_room(views) || !rst_pool_has_room(statements)))
        return stmt_end_any(session);
    before = session->view;
    if (rst_unlikely(!rst_statement_is_short(before->statement)))
        return stmt_end_any(session);
    too_early = rst_control(KILL_LOADED_EARLY) && rst_load(&session->kill) == 0;
    rst_test_point("end: view still published");
    now = rst_ticker_now(&thread->roster->ticker);
    if (rst_unlikely(rst_load(&session->idle_since) != now)) {
        rst_stay_end(thread->stays, before, session->idle_since, now);
        rst_store(&session->idle_since, now);
    }
    rst_view_publish(session, session->idle); /* A, see kill.c */
    rst_compiler_barrier();                   /* B */
    session->gate.word = thread->gate_idle;
    rst_test_point("end: view unpublished");
    rst_pool_put(statements, (void *)(uintptr_t)before->statement);
    rst_pool_put(views, before);
    /* C: pairs with 2 in kill_statement() */
    if (rst_unlikely(!too_early && rst_load(&session->kill)))
        return rst_kill_acknowledge_slow(session, session->stmt_seq);
    return 0;
}

uint64_t roster_stmt_seq(const struct roster_session *session)
{
    return session ? session->stmt_seq : 0;
}
