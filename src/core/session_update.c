/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replacing a session's identity: every view that it has or keeps in reserve is built again.
 */
#include "identity.h"
#include "session.h"
#include "struct_size.h"

#include <stdlib.h>

/* An old identity that readers may still be looking at. */
struct old_identity {
    struct rcu_head rcu;
    struct roster_identity *identity;
};

static void free_old(struct rcu_head *head)
{
    struct old_identity *old = caa_container_of(head, struct old_identity, rcu);

    rst_callback_begin(head);
    free(old->identity);
    free(old);
}

/* The places in a session that lead to different views; all views are replaced or none. */
struct replacement {
    struct roster_view **place;
    struct roster_view *view;
};

static unsigned places(struct roster_session *session, struct replacement list[4])
{
    struct roster_view **all[] = {&session->view, &session->idle, &session->base, &session->spare};
    unsigned i, j, n = 0;

    for (i = 0; i < 4; i++) {
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
    struct roster_view *old[4];
    bool idle = session->view == session->idle;
    unsigned i;

    for (i = 0; i < n; i++) {
        old[i] = *list[i].place;
        *list[i].view = *old[i];
        list[i].view->identity = identity;
    }
    /* The published one first: list[0] is session->view. */
    rst_view_publish(session, list[0].view);
    if (idle)
        session->idle = list[0].view;
    for (i = 1; i < n; i++)
        *list[i].place = list[i].view;
    for (i = 0; i < n; i++)
        rst_view_retire(thread, old[i]);
}

static int update(struct rst_thread *thread, struct roster_session *session,
                  const struct roster_session_attr *attr)
{
    struct roster_identity *identity = NULL;
    struct replacement list[4] = {{NULL, NULL}};
    struct old_identity *old = malloc(sizeof(*old));
    unsigned taken, n = places(session, list);
    int err;

    if (!old)
        return -ENOMEM;
    err = rst_identity_build(attr, &identity);
    for (taken = 0; !err && taken < n; taken++) {
        list[taken].view = rst_view_take(thread, &err);
        if (!list[taken].view)
            break;
    }
    if (err) {
        while (taken--)
            rst_view_untake(thread, list[taken].view);
        free(identity);
        free(old);
        return err;
    }
    old->identity = (struct roster_identity *)(uintptr_t)session->identity;
    replace(thread, session, identity, list, n);
    session->identity = identity;
    rst_call_rcu(&old->rcu, free_old);
    return 0;
}

int roster_session_update(struct roster_session *session, const struct roster_session_attr *attr)
{
    struct roster_session_attr known;
    struct rst_thread *thread;
    int err;

    if (!attr)
        return -EINVAL;
    err = rst_struct_get(&known, sizeof(known), sizeof(known), attr);
    if (err)
        return err;
    thread = rst_session_enter(session, &err);
    if (!thread)
        return err;
    rst_owner_enter(session);
    err = update(thread, session, &known);
    rst_owner_leave(session);
    return err;
}
