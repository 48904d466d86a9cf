/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Replacing a session's identity: every view that it has or keeps in reserve is built again. The
 * one of a session at rest has none.
 */
#include "core/base/reclaim.h"
#include "core/base/struct_size.h"
#include "core/owner/owner.h"
#include "core/roster/enter.h"
#include "core/roster/identity.h"
#include "core/roster/quota.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"
#include "core/roster/views.h"

/* An old identity that readers may still be looking at. */
struct old_identity {
    struct rcu_head rcu;
    struct roster_identity *identity; /* NULL when it is at home */
    struct rst_heap *heap;
    size_t bytes;
};

static void free_old(struct rcu_head *head)
{
    struct old_identity *old = caa_container_of(head, struct old_identity, rcu);

    rst_callback_begin(head);
    rst_fetch_sub(&old->heap->account->backlog, old->bytes);
    rst_identity_free(old->heap, old->identity, NULL);
    rst_heap_give(old->heap, old, sizeof(*old));
    rst_callback_end();
}

/* The same session's: its kind and flags do not change. */
static void bear(struct roster_identity *identity, const struct roster_identity *before)
{
    identity->session_kind = before->session_kind;
    identity->session_flags = before->session_flags;
}

/* The places in a session that lead to different views; all views are replaced or none. */
struct replacement {
    struct roster_shown **place;
    struct roster_shown *view;
};

static unsigned places(struct roster_session *session, struct replacement list[3])
{
    struct roster_shown **all[] = {&session->view, &session->base, &session->spare};
    unsigned i, j, n = 0;

    if (session->view == rst_view_at_rest())
        return 0;
    for (i = 0; i < 3; i++) {
        for (j = 0; j < n && *list[j].place != *all[i]; j++)
            ;
        if (*all[i] && j == n)
            list[n++].place = all[i];
    }
    return n;
}

static void replace(struct rst_thread *thread, struct roster_session *session,
                    const struct roster_identity *identity, struct replacement *list, unsigned n)
{
    struct roster_shown *old[3];
    unsigned i;

    for (i = 0; i < n; i++) {
        old[i] = *list[i].place;
        rst_view_copy(list[i].view, old[i]);
        rst_view_set_identity(list[i].view, identity);
    }
    if (n) /* list[0] is session->view */
        rst_view_publish(session, list[0].view);
    rst_test_point("update: view published");
    rst_assign_pointer(&session->identity, identity); /* pairs with r1 and r3 of look.h */
    for (i = 1; i < n; i++)
        *list[i].place = list[i].view;
    for (i = 0; i < n; i++)
        rst_view_retire(thread, session, old[i]);
}

static void retire_identity(struct rst_thread *thread, const struct roster_session *session,
                            struct roster_identity *gone, struct old_identity *old)
{
    old->identity = NULL;
    old->heap = &thread->roster->heap;
    old->bytes = sizeof(*old);
    if (gone != rst_session_home(session)) {
        old->identity = gone;
        old->bytes += rst_identity_bytes(gone);
    }
    rst_account_await(old->heap->account, old->bytes);
    rst_call_rcu(&old->rcu, free_old);
}

/* Moves the session to the groups of its new identity, and publishes that: 3 and 4 of quota.h. */
static rst_slow int move_slow(struct rst_thread *thread, struct roster_session *session,
                              const struct roster_identity *identity, struct replacement *list,
                              unsigned n, struct roster_quota_refusal *why)
{
    struct rst_values values;
    int err;

    rst_values_of(&values, identity);
    rst_quota_lock(thread->roster);
    err = rst_quota_move(thread->roster, session, &values, why);
    if (!err)
        replace(thread, session, identity, list, n);
    rst_quota_unlock(thread->roster);
    return err;
}

/* Publishes the new identity, unless a group has no place for it: 1 to 5 of quota.h. */
static int publish(struct rst_thread *thread, struct roster_session *session,
                   const struct roster_identity *identity, struct replacement *list, unsigned n,
                   struct roster_quota_refusal *why)
{
    int err = 0;

    rst_rcu_read_lock();
    if (rst_unlikely(rst_load(&thread->roster->registry.counting))) /* pairs with a of quota.h */
        err = move_slow(thread, session, identity, list, n, why);
    else {
        rst_test_point("update: not counted");
        replace(thread, session, identity, list, n);
    }
    rst_rcu_read_unlock();
    rst_test_point("update: published");
    return err;
}

static int update(struct rst_thread *thread, struct roster_session *session,
                  const struct roster_session_attr *attr, struct roster_quota_refusal *why)
{
    struct rst_heap *heap = &thread->roster->heap;
    struct roster_identity *identity = NULL;
    struct replacement list[3] = {{NULL, NULL}};
    unsigned taken, n = places(session, list);
    int err = rst_account_check(&thread->roster->account);
    struct roster_identity *gone;
    struct old_identity *old;

    if (err)
        return err;
    old = rst_heap_take(heap, sizeof(*old));
    if (!old)
        return -ENOMEM;
    err = rst_identity_build(heap, attr, NULL, &identity);
    if (!err)
        bear(identity, session->identity);
    for (taken = 0; !err && taken < n; taken++) {
        list[taken].view = rst_view_take(thread);
        if (!list[taken].view) {
            err = -ENOMEM;
            break;
        }
    }
    gone = (struct roster_identity *)(uintptr_t)session->identity;
    if (!err)
        err = publish(thread, session, identity, list, n, why);
    if (err) {
        while (taken--)
            rst_view_put(thread, list[taken].view);
        rst_identity_free(heap, identity, NULL);
        rst_heap_give(heap, old, sizeof(*old));
        return err;
    }
    retire_identity(thread, session, gone, old);
    return 0;
}

int roster_session_update(struct roster_session *session, const struct roster_session_attr *attr)
{
    struct roster_quota_refusal why;
    struct roster_session_attr known;
    struct rst_thread *thread;
    int err;

    if (!attr)
        return -EINVAL;
    err = rst_struct_get(&known, sizeof(known), sizeof(known), attr);
    if (!err)
        err = rst_refusal_check(known.refusal);
    if (err)
        return err;
    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    known.flags = session->flags;
    rst_owner_enter(session);
    err = update(thread, session, &known, &why);
    rst_owner_leave(session);
    if (rst_likely(err != -EDQUOT))
        return err;
    known.id = session->id;
    return rst_refusal_tell_slow(thread->roster, &known, &why, err);
}
