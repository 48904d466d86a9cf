/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The sides of sessions.
 */
#include "core/roster/side.h"

#include "core/base/reclaim.h"
#include "core/roster/digests.h"
#include "core/roster/identity.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/views.h"

static struct rst_heap *heap_of(const struct roster_session *session)
{
    return &rst_session_roster(session)->heap;
}

struct rst_side *rst_side_make(const struct roster_session *session)
{
    return session->side ? session->side : rst_heap_take(heap_of(session), sizeof(struct rst_side));
}

void rst_side_drop(const struct roster_session *session, struct rst_side *side)
{
    if (session->side != side)
        rst_heap_give(heap_of(session), side, sizeof(*side));
}

void rst_side_keep(struct roster_session *session, struct rst_side *side)
{
    if (session->side) { /* it has been there, or an oracle that was called has used the session */
        rst_side_drop(session, side);
        return;
    }
    /* Complete before it is found; pairs with rst_side_of(). */
    rst_assign_pointer(&session->side, side);
}

struct rst_side *rst_side_need(struct roster_session *session)
{
    struct rst_side *side = rst_side_make(session);

    if (side)
        rst_side_keep(session, side);
    return side;
}

const struct rst_side *rst_side_of(const struct roster_session *session)
{
    return rst_dereference(&session->side); /* pairs with rst_side_need() */
}

uint64_t rst_side_generation(struct roster *roster, struct rst_side *side)
{
    if (!rst_load(&side->generation))
        rst_store(&side->generation, rst_fetch_add(&roster->generations, 1) + 1);
    return rst_load(&side->generation);
}

bool rst_side_is_of(const struct roster_session *session, uint64_t generation)
{
    const struct rst_side *side = rst_side_of(session);

    return side && rst_load(&side->generation) == generation;
}

/* The half above the count of its transactions differs for every such session of the roster, and
 * the bit above all from the numbers that slots give. */
static void begin_numbers(struct roster_session *session)
{
    uint64_t n = rst_fetch_add(&rst_session_roster(session)->non_pinning, 1);

    rst_store(&session->side->txn_seq, UINT64_C(1) << 63 | n << 33 >> 1);
}

void rst_side_next_txn_slow(struct roster_session *session)
{
    struct rst_side *side = session->side;

    /* Release: after the lives of what the transaction before has shown; pairs with rst_txn_seq()
     */
    rst_store_release(&side->txn_seq, rst_load(&side->txn_seq) + 1);
}

static int release_open(struct roster_session *session, const struct roster_session_attr *attr)
{
    struct rst_release *release = rst_heap_take(heap_of(session), sizeof(*release));

    if (!release)
        return -ENOMEM;
    release->heap = heap_of(session);
    release->release = attr->release;
    release->arg = attr->wake_arg;
    session->side->release = release;
    return 0;
}

static void call_release(struct rcu_head *head)
{
    struct rst_release *release = caa_container_of(head, struct rst_release, head);

    rst_callback_begin(head);
    release->release(release->arg);
    rst_fetch_sub(&release->heap->account->backlog, sizeof(*release));
    rst_heap_give(release->heap, release, sizeof(*release));
    rst_callback_end();
}

void rst_side_release_slow(struct rst_side *side)
{
    struct rst_release *release = side->release;

    side->release = NULL;
    rst_account_await(release->heap->account, sizeof(*release));
    rst_call_rcu(&release->head, call_release);
}

int rst_side_open(struct roster_session *session, const struct roster_session_attr *attr)
{
    int err = rst_account_check(&rst_session_roster(session)->account); /* as an identity */

    if (err)
        return err;
    if (!rst_side_need(session))
        return -ENOMEM;
    if (session->gate.non_pinning)
        begin_numbers(session);
    session->side->wake = attr->wake;
    session->side->wake_kill = attr->wake_kill;
    session->side->wake_arg = attr->wake_arg;
    rst_store(&session->side->tag, attr->tag);
    if (attr->release && release_open(session, attr))
        return -ENOMEM;
    if (!session->gate.remembers)
        return 0;
    session->side->digests = rst_heap_take(heap_of(session), sizeof(*session->side->digests));
    return session->side->digests ? 0 : -ENOMEM;
}

static size_t side_bytes(const struct rst_side *side)
{
    if (!side)
        return 0;
    return sizeof(*side) + (side->tables ? rst_tables_bytes(side->tables->capacity) : 0) +
           (side->digests ? sizeof(*side->digests) : 0) +
           (side->release ? sizeof(*side->release) : 0) +
           (side->nested ? sizeof(*side->nested) : 0) + (side->block ? sizeof(*side->block) : 0);
}

size_t rst_session_held(const struct roster_session *session)
{
    size_t bytes = side_bytes(session->side);

    if (session->identity && session->identity != rst_session_home(session))
        bytes += rst_identity_bytes(session->identity);
    return bytes;
}

static void drop_side(struct roster *roster, struct rst_side *side)
{
    struct rst_heap *heap = &roster->heap;

    if (side->block)
        rst_fetch_sub(&roster->blocks, 1);
    if (side->tables)
        rst_heap_give(heap, side->tables, rst_tables_bytes(side->tables->capacity));
    rst_heap_give(heap, side->block, sizeof(*side->block));
    rst_heap_give(heap, side->digests, sizeof(*side->digests));
    rst_heap_give(heap, side->release, sizeof(*side->release));
    rst_heap_give(heap, side->nested, sizeof(*side->nested));
    rst_heap_give(heap, side, sizeof(*side));
}

size_t rst_session_drop(struct rst_graced *sessions, void *object)
{
    struct roster_session *session = object;
    size_t bytes = rst_session_held(session);

    rst_identity_free(&sessions->owner->heap, session->identity, rst_session_home(session));
    session->identity = NULL;
    if (session->side)
        drop_side(sessions->owner, session->side);
    session->side = NULL;
    return bytes;
}
