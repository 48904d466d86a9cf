/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The scan over a roster's slots. The algorithm is described in base/horizon.h.
 */
#include "core/scanner/scan.h"

#include "core/base/clock.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/scanner/holder.h"

#include <roster/timestamp.h>
#include <string.h>

/* A slot that may be the oldest or the next oldest. */
struct candidate {
    uint64_t ts;
    uint64_t since;
    uintptr_t holder;                     /* 0: none was found */
    const struct roster_session *session; /* slots of one session end together; NULL: a pin's that
                                             ends by itself */
};

struct scan {
    struct candidate oldest; /* ts is now while there is none */
    struct candidate next;
    uint64_t lower;
    uint64_t noted; /* the lowest pin that it knew of before the walk */
    uint64_t expired;
    const struct roster_min_filter *filter; /* NULL: all count */
    struct roster *roster;                  /* to find the sessions of pins */
};

/* Whether ending what holds `a` also ends `b`. */
static bool end_together(const struct candidate *a, const struct candidate *b)
{
    return a->holder && (a->session ? a->session == b->session : a->holder == b->holder);
}

/* Whether the filter means the session that holds what was found. Under the RCU read lock. */
static bool is_meant(const struct scan *scan, const struct candidate *found)
{
    const struct roster_min_filter *filter = scan->filter;
    const struct roster_session *session = found->session;
    const struct roster_identity *identity;
    const char *database;

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
    struct rst_held held;

    if (!rst_slot_read(word, scan->next.ts, &held))
        return;
    if (held.ts <= scan->lower) {
        scan->expired++;
        return;
    }
    found =
        (struct candidate){held.ts, held.since, held.by, rst_holder_session(scan->roster, held.by)};
    if (rst_likely(!scan->filter) || is_meant(scan, &found))
        consider(scan, &found);
}

/* Words that are compared before one branch is taken for all of them. */
#define GROUP 8

_Static_assert(RST_UNIT_SLOTS % GROUP == 0, "a unit is whole groups");

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

/* Out of line, so that the loop below has nothing else to do. */
static __attribute__((noinline)) void look_closer_at_all(struct scan *scan, const uint64_t *word)
{
    unsigned n;

    for (n = 0; n < GROUP; n++)
        look_closer(scan, &word[n]);
}

static void scan_block(struct scan *scan, const struct rst_horizon_block *block)
{
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_UNIT_SLOTS;
    const uint64_t *word = block->words, *end = word + slots;

    for (; word < end; word += GROUP)
        if (rst_unlikely(one_is_below(word, scan->next.ts - 1)))
            look_closer_at_all(scan, word);
}

static void describe(struct roster *roster, struct roster_holder *out,
                     const struct candidate *found)
{
    const struct rst_held held = {found->ts, found->since, found->holder};

    if (found->holder)
        rst_holder_describe(roster, &held, out);
    else
        *out = (struct roster_holder){.ts = found->ts};
}

/* What a scan leads to. */
struct outcome {
    uint64_t minimum; /* also of pins that the walk has missed */
    struct rst_decision decision;
};

/*
 * Steps d and e of scanners.h. False when a pin was made below all that the walk has counted: the
 * next walk finds it, or it has ended. A pin made during the scan is young, so it lowers an age
 * limit.
 */
static bool decide(struct rst_scanner *scanner, const struct scan *scan,
                   const struct rst_scan_for *what, uint64_t bound, struct outcome *out)
{
    struct rst_decision *made = &out->decision;
    uint64_t low, lowest, lower;

    do {
        low = rst_load_acquire(&scanner->low); /* pairs with note() */
        if (low < scan->noted && low < scan->oldest.ts)
            return false;
        lowest = low > what->least ? low : what->least; /* of the pins that are not lost */
        lower = lowest > scan->lower ? scan->lower : lowest - 1;
        out->minimum = scan->oldest.ts < lowest ? scan->oldest.ts : lowest;
        made->safe_point = out->minimum < bound ? out->minimum : bound;
        made->from = lower && !rst_control(EXPIRED_UNTOLD) ? lower + 1 : 0;
        if (made->from < made->safe_point)
            made->from = made->safe_point;
        made->bound = what->report && out->minimum > made->from ? out->minimum : made->from;
        rst_test_point("scan: safe point computed");
    } while (!rst_scanner_decide(scanner, low, made));
    return true;
}

/*
 * The record is raised with the decision, under the lock that pins below it take (lease.c): they
 * come before it and are counted, or after it and lower the record again. For those, `from` is
 * again what is given up, no longer the record.
 */
static bool report(struct rst_horizon *horizon, struct rst_scanner *scanner,
                   const struct scan *scan, const struct rst_scan_for *what, uint64_t bound,
                   struct outcome *out)
{
    bool decided;

    pthread_mutex_lock(&horizon->report_lock);
    decided = decide(scanner, scan, what, bound, out);
    if (decided) {
        rst_horizon_publish(horizon, &out->decision);
        rst_guard_raise_record(&horizon->guard, &horizon->words, out->minimum);
        rst_store_release(&scanner->bound, out->decision.from); /* pairs with note() */
    }
    pthread_mutex_unlock(&horizon->report_lock);
    return decided;
}

/* Steps d to g. False, and nothing has changed: step c has to be done again. */
static bool advance(struct rst_horizon *horizon, struct rst_scanner *scanner,
                    const struct scan *scan, const struct rst_scan_for *what, uint64_t now,
                    uint64_t life_time_ms, struct outcome *out)
{
    uint64_t bound = roster_ts_before(now, life_time_ms);

    rst_test_point("scan: slots read");
    if (what->report) {
        if (!report(horizon, scanner, scan, what, bound, out))
            return false;
    } else {
        if (!decide(scanner, scan, what, bound, out))
            return false;
        rst_horizon_publish(horizon, &out->decision);
    }
    rst_store(&horizon->expired, scan->expired);
    rst_fetch_add(&horizon->scans, 1);
    rst_raise(&horizon->floor, now); /* e of horizon.h: release, after c; pairs with A */
    return true;
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
    size_t slots = (size_t)rst_load_acquire(&block->used) * RST_UNIT_SLOTS, n;

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
        for (block = rst_load_acquire(&horizon->blocks); block;
             block = rst_load_acquire(&block->next))
            compare_ages(block, limit->held_since, &young, &old);
        if (lower < old)
            lower = old;
        if (lower >= young)
            lower = young - 1;
    }
    return limit->least && lower < limit->least - 1 ? limit->least - 1 : lower;
}

/* Step b. */
static int fence_owners(const struct roster *roster)
{
    int err = 0;

    if (rst_control(NO_SCAN_BARRIER))
        rst_compiler_barrier();
    else
        err = rst_owners_barrier(roster->membarrier); /* b: pairs with B, or the fence after A */
    rst_test_point("scan: owners fenced");
    return err;
}

/* Step c, after b; any number of times. Under the RCU read lock, so that sessions and pins that
 * hold a slot stay readable, until they have been described. */
static void read_slots(struct roster *roster, uint64_t now, const struct age_limit *limit,
                       const struct roster_min_filter *filter, struct scan *scan)
{
    struct rst_horizon *horizon = &roster->horizon;
    const struct rst_horizon_block *block;

    memset(scan, 0, sizeof(*scan));
    scan->filter = filter;
    scan->roster = roster;
    /* Who began since the oracle's clock moved last holds `now` itself. */
    scan->oldest.ts = now + 1;
    scan->next.ts = now + 1;
    scan->lower = lower_of(horizon, limit, now);
    for (block = rst_load_acquire(&horizon->blocks); block; block = rst_load_acquire(&block->next))
        scan_block(scan, block);
    if (scan->oldest.ts > now)
        scan->oldest.ts = now;
    if (scan->next.ts > now)
        scan->next.ts = now;
}

static void describe_all(const struct scan *scan, uint64_t now, uint64_t safe_point,
                         struct roster_min *min)
{
    min->now = now;
    min->min_start_ts = scan->oldest.ts;
    min->safe_point = safe_point;
    min->expired = scan->expired;
    describe(scan->roster, &min->holder, &scan->oldest);
    describe(scan->roster, &min->next, &scan->next);
}

/* A pin that has ended during the scan holds its minimum: what the walk has found is next to it. */
static void describe_ended(struct scan *scan, uint64_t minimum)
{
    if (minimum >= scan->oldest.ts)
        return;
    scan->next = scan->oldest;
    memset(&scan->oldest, 0, sizeof(scan->oldest));
    scan->oldest.ts = minimum;
}

/* Steps b to g. `known` is the safe point before the scan began. */
static int run(struct roster *roster, struct rst_scanner *scanner, const struct rst_scan_for *what,
               const struct age_limit *limit, uint64_t now, uint64_t known, struct roster_min *min)
{
    struct scan scan;
    struct outcome out;
    uint64_t noted;
    int err;

    if (rst_control(SCAN_BEFORE_NOW))
        now = ROSTER_TS_MAX - 1;
    rst_rcu_read_lock();
    err = fence_owners(roster);
    if (err)
        goto out;
    do {
        noted = rst_load_acquire(&scanner->low); /* pairs with note(): the walk finds its slot */
        read_slots(roster, now, limit, NULL, &scan);
        scan.noted = noted;
        if (rst_control(SCAN_BEFORE_NOW) && !rst_oracle_now(roster, &now) && scan.oldest.ts > now)
            scan.oldest.ts = now;
    } while (!advance(&roster->horizon, scanner, &scan, what, now, roster->life_time_ms, &out));
    describe_ended(&scan, out.minimum);
    describe_all(&scan, now, known > out.decision.safe_point ? known : out.decision.safe_point,
                 min);
out:
    rst_rcu_read_unlock();
    return err;
}

/* Only results that depend on nothing but the age limit are shared. */
static bool is_shared(const struct rst_scan_for *what)
{
    return !what->least && !what->report;
}

static bool take(struct rst_last_scan *last)
{
    return !__atomic_exchange_n(&last->taken, 1, __ATOMIC_ACQUIRE); /* pairs with leave() */
}

static void leave(struct rst_last_scan *last)
{
    rst_store_release(&last->taken, 0); /* pairs with take() */
}

/* Whether a scan that began after the one of this number is complete and serves it. */
static bool is_served(struct rst_last_scan *last, uint64_t number, const struct rst_scan_for *what,
                      struct roster_min *min)
{
    bool served;

    if (!is_shared(what) || rst_load(&last->number) <= number || !take(last))
        return false;
    served = last->number > number && last->max_age_ms == what->max_age_ms;
    if (served)
        *min = last->min;
    leave(last);
    return served;
}

static void share(struct rst_last_scan *last, uint64_t number, const struct rst_scan_for *what,
                  const struct roster_min *min)
{
    if (!is_shared(what) || !take(last))
        return;
    if (last->number < number) {
        rst_store(&last->number, number);
        last->max_age_ms = what->max_age_ms;
        last->min = *min;
    }
    leave(last);
}

static void add_time(struct rst_scan_times *times, uint64_t ns)
{
    rst_fetch_add(&times->sum_ns, ns);
    rst_fetch_add(&times->buckets[63 - __builtin_clzll(ns | 1)], 1);
}

/* One scan with a scanner of its own. */
static int run_alone(struct roster *roster, const struct rst_scan_for *what,
                     const struct age_limit *limit, uint64_t now, uint64_t known,
                     struct roster_min *min)
{
    struct rst_horizon *horizon = &roster->horizon;
    uint64_t begun = rst_monotonic_ns();
    struct rst_scanner *scanner = rst_scanner_begin(&horizon->scanners, &horizon->memory);
    int err;

    if (!scanner)
        return -ENOMEM;
    err = run(roster, scanner, what, limit, now, known, min);
    rst_scanner_end(scanner);
    if (!err)
        add_time(&roster->scan_times, rst_since(rst_monotonic_ns(), begun));
    return err;
}

int rst_scan(struct roster *roster, const struct rst_scan_for *what, struct roster_min *min)
{
    struct rst_last_scan *last = &roster->last_scan;
    struct age_limit limit = {.least = what->least};
    /* Acquire: a scan with a higher number reads the oracle after this call began. */
    uint64_t number = __atomic_add_fetch(rst_whole(&last->begun), 1, __ATOMIC_ACQ_REL);
    /* Before the oracle is read, so that it is not above now; acquire, as a collector. */
    uint64_t known = rst_load_acquire(&roster->horizon.safe_point);
    uint64_t now, held = rst_ticker_now(&roster->ticker);
    int err = rst_oracle_now(roster, &now); /* a: before everything else, see horizon.h */

    rst_test_point("scan: now known");
    if (err)
        return err;
    if (what->least > now)
        return -ERANGE;
    if (what->max_age_ms) {
        limit.lower = roster_ts_lower_limit(now, what->max_age_ms);
        /* A machine that has not been up for so long has no pin that is held for so long. */
        limit.held_since =
            held / 1000000 > what->max_age_ms ? held - what->max_age_ms * 1000000 : 1;
    }
    if (is_served(last, number, what, min))
        return 0;
    err = run_alone(roster, what, &limit, now, known, min);
    if (!err)
        share(last, number, what, min);
    return err;
}

int rst_scan_peek(struct roster *roster, const struct roster_min_filter *filter,
                  struct roster_min *min)
{
    static const struct age_limit none;
    struct scan scan;
    uint64_t known = rst_load_acquire(&roster->horizon.safe_point), now; /* as in rst_scan() */
    int err = rst_oracle_now(roster, &now);                              /* a */

    if (err)
        return err;
    rst_rcu_read_lock();
    err = fence_owners(roster);
    if (!err) {
        read_slots(roster, now, &none, filter, &scan);
        describe_all(&scan, now, known, min);
    }
    rst_rcu_read_unlock();
    return err;
}
