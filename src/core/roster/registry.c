/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The registry of open sessions. See registry.h.
 */
#include "core/roster/registry.h"

#include "core/base/graced.h"
#include "core/base/reclaim.h"
#include "core/roster/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_BUCKETS UINT64_C(256)

/* liburcu starts threads to make a table larger than this, which have the signals of their maker.
 */
#define MOST_BUCKETS_BY_HAND UINT64_C(8192)

/*
 * The table is resized here because liburcu, left to itself, lets chains grow to eight nodes, each
 * of them a cache miss to everyone who opens, closes or looks up a session in a large table. It is
 * done after a grace period, in the thread of reclaim.h if there is one. The table waits for grace
 * periods of its own; where none can be had it stays as it is, and the next open or close asks
 * again.
 */
static bool fits(const struct rst_registry *registry, uint64_t open)
{
    uint64_t buckets = rst_load(&registry->buckets);

    return (open <= buckets || buckets == registry->most_buckets) &&
           (open >= buckets / 8 || buckets == MIN_BUCKETS);
}

/* b of hints.h */
static int fill(struct roster_session *const *batch, unsigned n, void *arg)
{
    const struct rst_registry *registry = arg;
    struct rst_hints *hints = registry->hints.next;
    unsigned i;

    for (i = 0; i < n; i++)
        rst_hint_add(hints, batch[i]);
    rst_test_point("hints: added");
    rst_fence_full_slow(); /* pairs with that of 1 */
    for (i = 0; i < n; i++)
        if (!rst_registry_has(registry, batch[i]))
            rst_hint_remove(hints, batch[i]);
    return 0;
}

/* a to d of hints.h. Without memory the hints stay as they are. */
static void resize_hints(struct rst_registry *registry, uint64_t sessions)
{
    if (!rst_hints_drop(&registry->hints) || sessions == rst_load(&registry->hints.sessions) ||
        !rst_hints_begin(&registry->hints, sessions))
        return;
    rst_keep_begin();
    (void)rst_registry_walk(registry, fill, registry);
    rst_keep_end();
    rst_hints_end(&registry->hints, sessions);
}

/*
 * liburcu ends the process where it gets no memory for a table. So what it is about to ask for is
 * asked for here first: another thread may take it in between, but where memory is out that is
 * seen.
 */
static bool has_memory_for(uint64_t buckets)
{
    void *volatile memory = calloc((size_t)buckets, sizeof(struct cds_lfht_node));
    bool has = memory;

    free(memory);
    return has;
}

/*
 * As long as buckets are held they are counted: those to come before, those to go after. Without
 * memory the lists grow instead. It waits for a grace period before it unlinks buckets and for one
 * before it frees them: a step at a time, so that these two can still be had when it is asked.
 */
static void resize_table(struct rst_registry *registry, uint64_t buckets)
{
    uint64_t now = rst_load(&registry->buckets);

    if (now < buckets && has_memory_for(buckets)) {
        rst_store(&registry->buckets, buckets);
        cds_lfht_resize(registry->table, (unsigned long)buckets);
    }
    for (; now > buckets && !rst_rcu_ready(); rst_store(&registry->buckets, now)) {
        now /= 2;
        cds_lfht_resize(registry->table, (unsigned long)now);
    }
}

static void resize(struct rcu_head *head)
{
    struct rst_registry *registry = caa_container_of(head, struct rst_registry, resize_head);
    uint64_t buckets;

    rst_callback_begin(head);
    do {
        uint64_t open = rst_load(&registry->open);

        for (buckets = MIN_BUCKETS; buckets < open && buckets < registry->most_buckets;)
            buckets *= 2;
        resize_table(registry, buckets);
        resize_hints(registry, rst_load(&registry->buckets));
        /* Opens and closes in the meantime have queued nothing. What cannot be had now is left, and
         * the next one tries again. */
    } while (rst_load(&registry->buckets) == buckets && !fits(registry, rst_load(&registry->open)));
    /* Release: the head has left the queue; pairs with the acquire in resize_if_needed(). */
    rst_store_release(&registry->resizing, false);
    rst_callback_end();
}

static inline void resize_if_needed(struct rst_registry *registry)
{
    if (rst_likely(fits(registry, rst_load(&registry->open))) || rst_load(&registry->resizing))
        return;
    if (!__atomic_exchange_n(&registry->resizing, true, __ATOMIC_ACQUIRE))
        rst_call_rcu(&registry->resize_head, resize);
}

int rst_registry_init(struct rst_registry *registry, struct rst_graced *pool, uint64_t limit,
                      bool by_hand)
{
    memset(registry, 0, sizeof(*registry));
    registry->pool = pool;
    rst_registry_limit(registry, limit, 0);
    registry->buckets = MIN_BUCKETS;
    registry->most_buckets = by_hand ? MOST_BUCKETS_BY_HAND : UINT64_MAX;
    if (!rst_hints_init(&registry->hints, MIN_BUCKETS) &&
        has_memory_for(2 * MIN_BUCKETS)) /* it is a struct, too */
        registry->table =
            cds_lfht_new_flavor(MIN_BUCKETS, MIN_BUCKETS, 0, 0, &urcu_bp_flavor, NULL);
    return registry->table ? 0 : -ENOMEM;
}

/*
 * Each open looks at one of the two, so they need not change at once. It looks before it takes a
 * place, and again after that, each on its side of a fence: who misses these limits the second time
 * had its place when they were set.
 */
void rst_registry_limit(struct rst_registry *registry, uint64_t limit, uint64_t reserved)
{
    rst_store(&registry->ordinary, limit ? limit - reserved : UINT64_MAX);
    rst_store(&registry->limit, limit);
    rst_fence_full_slow(); /* pairs with that in rst_registry_reserve() */
}

/* Whether there is no place beside those that are taken. */
static inline bool is_full(const struct rst_registry *registry, bool privileged, uint64_t taken)
{
    uint64_t limit = rst_load(privileged ? &registry->limit : &registry->ordinary);

    return taken >= limit && (limit || !privileged);
}

void rst_registry_destroy(struct rst_registry *registry)
{
    rst_hints_destroy(&registry->hints);
    if (registry->table)
        (void)cds_lfht_destroy(registry->table, NULL);
}

void rst_registry_unreserve(struct rst_registry *registry)
{
    rst_let_go(&registry->open);
}

int rst_registry_reserve(struct rst_registry *registry, bool privileged)
{
    uint64_t open = rst_load(&registry->open);

    do {
        if (rst_unlikely(is_full(registry, privileged, open)))
            goto refuse;
        rst_test_point("open: places counted");
    } while (!__atomic_compare_exchange_n(&registry->open, &open, open + 1, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    rst_fence_after_rmw(); /* pairs with that in rst_registry_limit() */
    if (rst_likely(!is_full(registry, privileged, open)))
        return 0;
    rst_registry_unreserve(registry);
refuse:
    rst_fetch_add(&registry->refused, 1);
    return -EUSERS;
}

/* Buckets of one row of ids. */
#define NEIGHBOURS UINT64_C(1024)

/*
 * Ids that follow each other have buckets that do, so that sessions that are opened in turn find
 * the table's lines in the cache. Every bit of what is above reaches every bit of the hash, by the
 * finalizer of MurmurHash3.
 */
static unsigned long hash_id(uint64_t id)
{
    uint64_t row = id / NEIGHBOURS;

    row ^= row >> 33;
    row *= UINT64_C(0xff51afd7ed558ccd);
    row ^= row >> 33;
    row *= UINT64_C(0xc4ceb9fe1a85ec53);
    row ^= row >> 33;
    return (unsigned long)(row + id % NEIGHBOURS);
}

static int has_id(struct cds_lfht_node *node, const void *key)
{
    rst_tsan_acquire(node);
    return caa_container_of(node, struct roster_session, node)->id == *(const uint64_t *)key;
}

/* In a read-side section. */
static bool add_unique(struct rst_registry *registry, struct roster_session *session)
{
    struct cds_lfht_node *found;

    rst_hints_expect(&registry->hints, session->id);
    cds_lfht_node_init(&session->node);
    rst_tsan_release(&session->node);
    found = cds_lfht_add_unique(registry->table, hash_id(session->id), has_id, &session->id,
                                &session->node);
    return found == &session->node;
}

static uint64_t *occupied_word(const struct rst_registry *registry,
                               const struct roster_session *session, uint64_t *bit)
{
    struct rst_graced_chunk *chunk;
    unsigned n = rst_graced_index(registry->pool, session, &chunk);

    *bit = UINT64_C(1) << (n % 64);
    return &chunk->occupied[n / 64];
}

void rst_registry_expect(const struct rst_registry *registry, const struct roster_session *session)
{
    uint64_t bit;

    rst_prefetch_write(session);
    rst_prefetch_write(&session->node);
    rst_prefetch_write(occupied_word(registry, session, &bit));
}

/* In a read-side section: 2 to 5 of quota.h. */
static int insert_session(struct rst_registry *registry, struct roster_session *session)
{
    uint64_t bit, *word = occupied_word(registry, session, &bit);

    if (rst_unlikely(rst_load(&registry->counting)) && !session->counted) /* pairs with a there */
        return -EAGAIN;
    rst_test_point("open: need not be counted");
    if (session->id) {
        if (!add_unique(registry, session)) /* 3: pairs with 2 */
            return -EEXIST;
    } else {
        do /* again only when a caller chose the number that is next */
            session->id = rst_fetch_add(&registry->next_id, 1) + 1;
        while (!add_unique(registry, session));
    }
    rst_test_point("open: in the table");
    /* 4: after 3, and the owner, whose number it is, has not got the session yet; pairs with 1 */
    session->stmt_seq = rst_load_acquire(&registry->last_seq);
    rst_test_point("open: can be found");
    /* The session is complete before it can be walked; pairs with rst_registry_walk(). */
    __atomic_fetch_or(word, bit, __ATOMIC_RELEASE);
    rst_hints_add(&registry->hints, session);
    return 0;
}

int rst_registry_add(struct rst_registry *registry, struct roster_session *session)
{
    int err;

    rst_rcu_read_lock();
    err = insert_session(registry, session);
    rst_rcu_read_unlock();
    if (err)
        return err;
    rst_test_point("open: can be walked");
    resize_if_needed(registry);
    /* Of sessions that were opened: a reservation may still be given back. */
    rst_raise(&registry->peak, rst_load(&registry->open));
    return 0;
}

void rst_registry_del(struct rst_registry *registry, struct roster_session *session)
{
    uint64_t bit, *word = occupied_word(registry, session, &bit);

    rst_hints_expect(&registry->hints, session->id);
    rst_raise(&registry->last_seq, session->stmt_seq); /* 1: before 2; release, pairs with 4 */
    __atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);  /* 1 of hints.h */
    rst_hints_remove(&registry->hints, session);
    rst_test_point("close: cannot be walked");
    cds_lfht_del(registry->table, &session->node); /* 2: pairs with 3 */
    rst_test_point("close: id is free");
    resize_if_needed(registry);
}

bool rst_registry_has(const struct rst_registry *registry, const struct roster_session *session)
{
    uint64_t bit;
    const uint64_t *word = occupied_word(registry, session, &bit);

    return rst_load_acquire(word) & bit; /* pairs with insert_session() */
}

static rst_slow struct roster_session *find_slow(const struct rst_registry *registry, uint64_t id)
{
    struct cds_lfht_iter iter;
    struct cds_lfht_node *node;

    cds_lfht_lookup(registry->table, hash_id(id), has_id, &id, &iter);
    node = cds_lfht_iter_get_node(&iter);
    return node ? caa_container_of(node, struct roster_session, node) : NULL;
}

struct roster_session *rst_registry_find(struct rst_registry *registry, uint64_t id)
{
    struct roster_session *session;

    /* Acquire: pairs with c of hints.h. */
    session = rst_hints_find(rst_load_acquire(&registry->hints.current), id);
    if (rst_unlikely(!session))
        return find_slow(registry, id);
    /* What its caller reads next, in most cases: at the same time as what leads there. */
    rst_prefetch(session->home);
    return session;
}

static int walk_word(const struct rst_graced_chunk *chunk, unsigned word, rst_registry_fn *fn,
                     void *arg)
{
    struct roster_session *batch[64];
    /* Pairs with the release in rst_registry_add(). */
    uint64_t bits = rst_load_acquire(&chunk->occupied[word]);
    struct roster_session *first = rst_graced_object(chunk, word * 64);
    unsigned n = 0;

    for (; bits; bits &= bits - 1)
        batch[n++] = first + __builtin_ctzll(bits);
    return n ? fn(batch, n, arg) : 0;
}

int rst_registry_walk(struct rst_registry *registry, rst_registry_fn *fn, void *arg)
{
    /* Pairs with the release in the pool's grow(). */
    const struct rst_graced_chunk *chunk = rst_load_acquire(&registry->pool->chunks);
    unsigned words = (registry->pool->per_chunk + 63) / 64;

    for (; chunk; chunk = rst_load_acquire(&chunk->next)) { /* pairs with unlink_chunks() */
        unsigned word;

        for (word = 0; word < words; word++) {
            int stop = walk_word(chunk, word, fn, arg);

            if (stop)
                return stop;
        }
    }
    return 0;
}
