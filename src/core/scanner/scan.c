/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The scan over a roster's slots: it alone knows whether a session or a pin holds one. The
 * algorithm is described in base/horizon.h.
 */
#include "core/scanner/scan.h"

#include "core/roster/pin.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/timestamp.h>
#include <string.h>

/* A slot that may be the oldest or the next oldest. */
struct candidate {
    uint64_t ts;
    uint64_t since;
    uintptr_t holder;
    uint64_t session_id; /* slots of one session end together */
    uint64_t pin_id;     /* 0 for a transaction */
};

struct scan {
    struct candidate oldest; /* ts is now while there is none */
    struct candidate next;
    uint64_t lower;
    uint64_t expired;
    const struct roster_min_filter *filter; /* NULL: all count */
    struct roster *roster;                  /* to find the sessions of pins; for a filter */
};

static const struct roster_pin *pin_of(uintptr_t holder)
{
    return (const struct roster_pin *)(holder & ~RST_HOLDER_IS_PIN);
}

static const struct roster_session *session_of(uintptr_t holder)
{
    return (const struct roster_session *)holder;
}

static void identify(struct candidate *found)
{
    if (found->holder & RST_HOLDER_IS_PIN) {
        found->session_id = pin_of(found->holder)->session_id;
        found->pin_id = pin_of(found->holder)->id;
    } else {
        found->session_id = session_of(found->holder)->id;
        found->pin_id = 0;
    }
}

/* Whether ending what holds `a` also ends `b`. */
static bool end_together(const struct candidate *a, const struct candidate *b)
{
    return a->holder && a->session_id == b->session_id && (a->session_id || a->pin_id == b->pin_id);
}

/* Whether the filter means the session that holds what was found. Under the RCU read lock. */
static bool is_meant(const struct scan *scan, const struct candidate *found)
{
    const struct roster_min_filter *filter = scan->filter;
    const struct roster_session *session;
    const struct roster_identity *identity;
    const char *database;

    if (found->holder & RST_HOLDER_IS_PIN)
        session = rst_registry_find(&scan->roster->registry, found->session_id);
    else
        session = session_of(found->holder);
    if (!session)
        return !filter->kinds && !filter->database && !filter->tag_mask;
    if (filter->kinds && !(filter->kinds >> roster_session_kind(session) & 1))
        return false;
    if ((roster_session_tag(session) ^ filter->tag) & filter->tag_mask)
        return false;
    if (!filter->database)
        return true;
    identity = rst_dereference(&session->identity); /* pairs with replace() in owner/update.c */
    database = roster_identity_database(identity);
    return database && strcmp(database, filter->database) == 0;
}

static void consider(struct scan *scan, const struct candidate *found)
{
    if (found->ts < scan->oldest.ts) {
        if (!end_together(&scan->oldest, found))
            scan->next = scan->oldest;
        scan->oldest = *found;
    } else if (found->ts < scan->next.ts && !end_together(&scan->oldest, found)) {
        scan->next = *found;
    }
}

/* Looks again at a slot that seemed old: takes it with its holder, of one and the same moment. */
static void look_closer(struct scan *scan, const uint64_t *word)
{
    struct candidate found;
    uint64_t again = rst_load_acquire(word);

    do {
        found.ts = again;
        if (found.ts == 0 || found.ts >= scan->next.ts)
            return;
        rst_test_point("scan: word read");
        /* 2: acquire; pairs with 1: a scan that sees a new holder sees the word that was 0 before
         */
        found.holder = (uintptr_t)rst_load_acquire(rst_slot_holder(word));
        found.since = rst_load_acquire(rst_slot_since(word));
        rst_test_point("scan: holder read");
        again = rst_load_acquire(word); /* 3 */
    } while (again != found.ts);
    if (found.ts <= scan->lower) {
        scan->expired++;
        return;
    }
    identify(&found);
    if (rst_likely(!scan->filter) || is_meant(scan, &found))
        consider(scan, &found);
}

/* Words that are compared before one branch is taken for all of them. */
#define GROUP 8

_Static_assert(RST_CHUNK_SLOTS % GROUP == 0, "a chunk is whole groups");

/* A free slot's 0 wraps to the maximum and is never below; c pairs with A and D. */
static inline unsigned is_below(const uint64_t *word, uint64_t bound)
{
    return rst_load(word) - 1 < bound;
}

/* By a sum: an addition with carry a word, where a branch would cost as much as all the rest. */
static inline bool one_is_below(const uint64_t *word, uint64_t bound)
{
    unsigned n = is_below(word, bound);

    n += is_below(word + 1, bound);
    n += is_below(word + 2, bound);
    n += is_below(word + 3, bound);
    n += is_below(word + 4, bound);
    n += is_below(word + 5, bound);
    n += is_below(word + 6, bound);
    n += is_below(word + 7, bound);
    return n != 0;
}

static void scan_block(struct scan *scan, const struct rst_horizon_block *block)
{
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_CHUNK_SLOTS;
    const uint64_t *word = block->words, *end = word + slots;
    unsigned n;

    for (; word < end; word += GROUP) {
        if (rst_likely(!one_is_below(word, scan->next.ts - 1)))
            continue;
        for (n = 0; n < GROUP; n++)
            look_closer(scan, &word[n]);
    }
}

static void describe(struct roster_holder *out, const struct candidate *found)
{
    memset(out, 0, sizeof(*out));
    out->ts = found->ts;
    if (!found->holder)
        return;
    out->since = found->since;
    out->session_id = found->session_id;
    out->pin_id = found->pin_id;
    if (found->holder & RST_HOLDER_IS_PIN) {
        out->kind = ROSTER_HOLDER_PIN;
        out->pin_kind = pin_of(found->holder)->kind;
        out->session_kind = pin_of(found->holder)->session_kind;
    } else {
        out->kind = ROSTER_HOLDER_TXN;
        out->session_kind = (enum roster_session_kind)session_of(found->holder)->kind;
    }
}

static void advance(struct rst_horizon *horizon, const struct scan *scan, uint64_t now,
                    uint64_t life_time_ms)
{
    uint64_t bound = roster_ts_before(now, life_time_ms);
    uint64_t safe_point = scan->oldest.ts < bound ? scan->oldest.ts : bound;
    uint64_t protected_from = scan->lower && !rst_control(EXPIRED_UNTOLD) ? scan->lower + 1 : 0;

    rst_test_point("scan: slots read");
    if (!rst_control(SAFE_POINT_GOES_BACK) && safe_point < horizon->safe_point)
        safe_point = horizon->safe_point;
    if (protected_from < safe_point)
        protected_from = safe_point;
    if (rst_control(SAFE_POINT_FIRST))
        rst_store_release(&horizon->safe_point, safe_point);
    rst_test_point("scan: safe point computed");
    /* Before the safe point is known to any collector: pairs with rst_guard_check(). */
    rst_guard_raise_local(&horizon->guard, &horizon->words, protected_from);
    rst_store_release(&horizon->safe_point, safe_point);
    rst_test_point("scan: safe point stored");
    rst_store(&horizon->expired, scan->expired);
    rst_count(&horizon->scans);
    /* e: release, after c; pairs with A */
    if (now > horizon->floor)
        rst_store_release(&horizon->floor, now);
}

/* Which pins a scan gives up, see rst_scan(). */
struct age_limit {
    uint64_t lower;      /* pins at or below it; 0: none */
    uint64_t held_since; /* CLOCK_MONOTONIC, ns; 0: `lower` alone decides */
    uint64_t least;      /* pins below it, however young: they are lost; 0: none */
};

/* The lowest pin that is held for less than the limit, and the highest that is held for longer. A
 * slot that changes hands during the scan may look younger than it is, never older: the since of a
 * holder is there before its word, see 1 in horizon.h. */
static void compare_ages(const struct rst_horizon_block *block, uint64_t held_since,
                         uint64_t *young, uint64_t *old)
{
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_CHUNK_SLOTS, n;

    for (n = 0; n < slots; n++) {
        uint64_t ts = rst_load_acquire(&block->words[n]);

        if (!ts)
            continue;
        if (rst_load_acquire(&block->since[n]) > held_since) {
            if (ts < *young)
                *young = ts;
        } else if (ts > *old) {
            *old = ts;
        }
    }
}

/* The timestamp at and below which pins are given up; below now. After b. */
static uint64_t lower_of(const struct rst_horizon *horizon, const struct age_limit *limit,
                         uint64_t now)
{
    const struct rst_horizon_block *block;
    uint64_t lower = limit->lower, young = now, old = 0;

    if (limit->held_since) {
        for (block = rst_load_acquire(&horizon->blocks); block; block = block->next)
            compare_ages(block, limit->held_since, &young, &old);
        if (lower < old)
            lower = old;
        if (lower >= young)
            lower = young - 1;
    }
    return limit->least && lower < limit->least - 1 ? limit->least - 1 : lower;
}

/* Steps b and c, or the error of b. Under the RCU read lock, so that sessions and pins that hold a
 * slot stay readable, until they have been described. */
static int read_slots(struct roster *roster, uint64_t now, const struct age_limit *limit,
                      const struct roster_min_filter *filter, struct scan *scan)
{
    struct rst_horizon *horizon = &roster->horizon;
    const struct rst_horizon_block *block;
    int err = 0;

    memset(scan, 0, sizeof(*scan));
    scan->filter = filter;
    scan->roster = roster;
    /* Who began since the oracle's clock moved last holds `now` itself. */
    scan->oldest.ts = now + 1;
    scan->next.ts = now + 1;
    if (rst_control(NO_SCAN_BARRIER))
        rst_compiler_barrier();
    else
        err = rst_owners_barrier(roster->membarrier); /* b: pairs with B, or the fence after A */
    if (err)
        return err;
    rst_test_point("scan: owners fenced");
    scan->lower = lower_of(horizon, limit, now);
    for (block = rst_load_acquire(&horizon->blocks); block; block = block->next)
        scan_block(scan, block);
    if (scan->oldest.ts > now)
        scan->oldest.ts = now;
    if (scan->next.ts > now)
        scan->next.ts = now;
    return 0;
}

static void describe_all(const struct rst_horizon *horizon, const struct scan *scan, uint64_t now,
                         struct roster_min *min)
{
    min->now = now;
    min->min_start_ts = scan->oldest.ts;
    min->safe_point = horizon->safe_point;
    min->expired = scan->expired;
    describe(&min->holder, &scan->oldest);
    describe(&min->next, &scan->next);
}

/* Steps b to e. */
static int run(struct roster *roster, uint64_t now, const struct age_limit *limit,
               struct roster_min *min)
{
    struct rst_horizon *horizon = &roster->horizon;
    struct scan scan;
    int err;

    if (rst_control(SCAN_BEFORE_NOW))
        now = ROSTER_TS_MAX - 1;
    rst_rcu_read_lock();
    err = read_slots(roster, now, limit, NULL, &scan);
    if (rst_control(SCAN_BEFORE_NOW) && !rst_oracle_now(roster, &now) && scan.oldest.ts > now)
        scan.oldest.ts = now;
    if (!err) {
        advance(horizon, &scan, now, roster->life_time_ms);
        describe_all(horizon, &scan, now, min);
    }
    rst_rcu_read_unlock();
    return err;
}

int rst_scan(struct roster *roster, uint64_t max_age_ms, uint64_t least, struct roster_min *min)
{
    struct age_limit limit = {.least = least};
    uint64_t now, begun, held = rst_ticker_now(&roster->ticker);
    int err = rst_oracle_now(roster, &now); /* a: before everything else, see horizon.h */

    rst_test_point("scan: now known");
    if (err)
        return err;
    if (least > now)
        return -ERANGE;
    if (max_age_ms) {
        limit.lower = roster_ts_lower_limit(now, max_age_ms);
        /* A machine that has not been up for so long has no pin that is held for so long. */
        limit.held_since = held / 1000000 > max_age_ms ? held - max_age_ms * 1000000 : 1;
    }
    begun = rst_monotonic_ns();
    err = run(roster, now, &limit, min);
    if (!err)
        rst_scan_time_add(&roster->scan_times, rst_monotonic_ns() - begun);
    return err;
}

int rst_scan_peek(struct roster *roster, const struct roster_min_filter *filter,
                  struct roster_min *min)
{
    static const struct age_limit none;
    struct scan scan;
    uint64_t now;
    int err = rst_oracle_now(roster, &now); /* a */

    if (err)
        return err;
    rst_rcu_read_lock();
    err = read_slots(roster, now, &none, filter, &scan);
    if (!err)
        describe_all(&roster->horizon, &scan, now, min);
    rst_rcu_read_unlock();
    return err;
}
