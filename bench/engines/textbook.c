/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * textbook: RCU as it is taught. Sessions stand in a cds_lfht; each has a pointer to an immutable
 * view, which its owner replaces with malloc(), rcu_assign_pointer() and call_rcu(); readers walk
 * the table under rcu_read_lock(). The flavour is urcu-bp, as Roster's, with its read lock inlined.
 * call_rcu() has no bound of its own, so an owner waits with rcu_barrier() after each batch of
 * objects; without, a busy owner outruns the one thread that frees them. A scan's now comes before
 * its walk, and a view is published with a bound of its timestamp first, as Roster does it: that
 * race has no textbook.
 */
#define _LGPL_SOURCE
#define RCU_BP
#include "views.h"

#include <stddef.h>
#include <urcu/rculfhash.h>

#define RETIRED_BEFORE_BARRIER 100000
#define FIRST_BUCKETS 1024

struct session {
    struct cds_lfht_node node;
    struct rcu_head rcu;
    struct shown shown;
};

struct world {
    struct cds_lfht *table;
    struct oracle *oracle;
    bool unbounded; /* owners never wait */
};

static __thread unsigned retired;

static const char *version(void)
{
    return "liburcu, flavour bp";
}

static unsigned long hash(uint64_t id)
{
    return (unsigned long)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20);
}

static int match(struct cds_lfht_node *node, const void *key)
{
    return caa_container_of(node, struct session, node)->shown.id == *(const uint64_t *)key;
}

static int create(const struct engine_setup *setup, void **world)
{
    struct world *made = malloc(sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->oracle = setup->oracle;
    made->unbounded = false;
    made->table = cds_lfht_new(FIRST_BUCKETS, FIRST_BUCKETS, 0,
                               CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING, NULL);
    if (!made->table) {
        free(made);
        return -ENOMEM;
    }
    *world = made;
    return 0;
}

static void destroy(void *world)
{
    struct world *it = world;

    rcu_barrier();
    cds_lfht_destroy(it->table, NULL);
    free(it);
}

static struct oracle *oracle_of(void *world)
{
    return ((struct world *)world)->oracle;
}

static void free_object(struct rcu_head *head)
{
    free(head);
}

static void free_session(struct rcu_head *head)
{
    struct session *session = caa_container_of(head, struct session, rcu);

    free(session->shown.view);
    free(session);
}

static void retire_by(const struct world *it, struct rcu_head *head,
                      void (*fn)(struct rcu_head *head))
{
    call_rcu(head, fn);
    if (!it->unbounded && ++retired >= RETIRED_BEFORE_BARRIER) {
        retired = 0;
        rcu_barrier();
    }
}

static void retire(void *world, struct rcu_head *object)
{
    retire_by(world, object, free_object);
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    struct session *made = malloc(sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->shown.id = id;
    who_copy(&made->shown.who, who);
    made->shown.view = view_new(0, 0, NULL);
    if (!made->shown.view) {
        free(made);
        return -ENOMEM;
    }
    cds_lfht_node_init(&made->node);
    rcu_read_lock();
    cds_lfht_add(it->table, hash(id), &made->node);
    rcu_read_unlock();
    *session = &made->shown;
    return 0;
}

static int close_session(void *world, void *session)
{
    struct world *it = world;
    struct session *closed = caa_container_of(session, struct session, shown);

    rcu_read_lock();
    cds_lfht_del(it->table, &closed->node);
    rcu_read_unlock();
    retire_by(it, &closed->rcu, free_session);
    return 0;
}

static int oldest(void *world, uint64_t *ts)
{
    struct world *it = world;
    struct cds_lfht_iter iter;
    uint64_t min = oracle_now(it->oracle);
    struct session *session;

    cmm_smp_mb();
    rcu_read_lock();
    cds_lfht_for_each_entry (it->table, &iter, session, node)
        min = older(min, &session->shown);
    rcu_read_unlock();
    *ts = min;
    return 0;
}

static int list(void *world, struct reading *reading)
{
    struct world *it = world;
    struct cds_lfht_iter iter;
    struct session *session;

    rcu_read_lock();
    cds_lfht_for_each_entry (it->table, &iter, session, node)
        read_shown(&session->shown, reading);
    rcu_read_unlock();
    return 0;
}

static int lookup(void *world, uint64_t id, struct reading *reading)
{
    struct world *it = world;
    struct cds_lfht_iter iter;
    struct cds_lfht_node *node;

    rcu_read_lock();
    cds_lfht_lookup(it->table, hash(id), match, &id, &iter);
    node = cds_lfht_iter_get_node(&iter);
    if (node)
        read_shown(&caa_container_of(node, struct session, node)->shown, reading);
    rcu_read_unlock();
    return node ? 0 : -ENOENT;
}

static int hold(void *world, void (*wait)(void *arg), void *arg)
{
    (void)world;
    rcu_read_lock();
    wait(arg);
    rcu_read_unlock();
    return 0;
}

static int create_unbounded(const struct engine_setup *setup, void **world)
{
    int err = create(setup, world);

    if (!err)
        ((struct world *)*world)->unbounded = true;
    return err;
}

const struct engine engine_textbook = {
    .name = "textbook",
    .title = "cds_lfht, malloc, rcu_assign_pointer, call_rcu",
    .can = CAN_TXN | CAN_TEXT | CAN_OLDEST | CAN_VALUE | CAN_LIST | CAN_LOOKUP | CAN_HOLD,
    ENGINE_CALLS,
    .create = create,
};

/* Shows what the barriers are for: how memory grows behind a reader that does not leave. */
const struct engine engine_textbook_free = {
    .name = "textbook-free",
    .title = "textbook without rcu_barrier()",
    .can = CAN_TXN | CAN_TEXT | CAN_HOLD,
    ENGINE_STATEMENTS,
    .create = create_unbounded,
    .hold = hold,
};
