/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "cluster/oracle/oracle.h"

#include "cluster/keys/keys.h"
#include "store/base/backoff.h"
#include "store/base/clock.h"

#include <errno.h>
#include <roster/timestamp.h>

/* Of the year 2527. No oracle writes a value beyond this one, see leap(). */
#define LAST_SANE UINT64_C(4600000000000000000)
/* Of August 2025, more than a tenth of LAST_SANE. */
#define LEAP_LEAST UINT64_C(470000000000000000)
/* Number of swaps in a row that must have been lost. */
#define LEAP_LOSSES 2
#define LEAP_MOST_MS 10000

static void count(rst_word *counter)
{
    rst_fetch_add(counter, 1);
}

/* Whether it is as far from what was read before: others go on where this server's clock was set
 * back. */
static bool is_leap(const struct allotter *allotter, uint64_t next)
{
    uint64_t before = roster_ts_physical_ms(allotter->next);

    return roster_ts_physical_ms(next) > before + allotter->clock.max_ahead_ms;
}

/* Learns the key's value and revision. */
static int learn(struct allotter *allotter, const struct roster_store_range *range)
{
    int64_t created = range->count == 0 ? 0 : range->kvs[0].create_revision;
    uint64_t next = 0;
    int err = rst_record_of(range, &next);

    /* It has vanished, and may be there again, with less than was allotted before. */
    if (allotter->seen && created != allotter->created)
        return -EREMCHG;
    if (err && err != -ENOENT)
        return err;
    /* Others may have been allotted from there what this handle has given away: so it stays out,
     * also when the key has passed that. */
    allotter->gone_back |= next < allotter->next;
    if (allotter->gone_back)
        return -EREMCHG;
    if (next > LAST_SANE)
        return -EBADMSG;
    if (rst_wall_clock_is_too_far(&allotter->clock, next) && is_leap(allotter, next))
        return -EOVERFLOW;
    allotter->next = next;
    allotter->revision = rst_record_revision(range);
    allotter->created = created;
    allotter->seen = range->count != 0;
    allotter->known = true;
    return 0;
}

static int look(struct allotter *allotter, int64_t deadline)
{
    struct roster_store_keys keys = roster_store_key(roster_store_text(allotter->key));
    struct roster_store_range *range = NULL;
    int err = roster_store_get(allotter->store, &keys, 1, rst_store_remaining_ms(deadline), &range);

    if (!err)
        err = learn(allotter, range);
    roster_store_free(range);
    return err;
}

/* One attempt. */
struct attempt {
    uint64_t first; /* of the range */
    uint64_t end;   /* behind it */
    bool leap;
};

/* The comparisons of a transaction, and its texts. */
struct conditions {
    struct roster_store_compare list[3];
    size_t count;
    char least[RECORD_SIZE];
    char first[RECORD_SIZE];
};

/*
 * A client with high latency loses every compare-and-swap race: while its swap is under way, nearer
 * clients complete theirs. After some losses it reserves a range ahead of them, on the condition
 * that the key's value is less, whatever it is. Values are compared as texts, which is right as
 * long as they have the same number of digits: no oracle writes one with a digit more that begins
 * with 47 or above, and what stands there is not less than what was read.
 */
static void leap(const struct allotter *allotter, uint64_t first, struct conditions *conditions)
{
    struct roster_store_bytes key = roster_store_text(allotter->key);
    struct roster_store_compare *list = conditions->list;

    list[0] =
        roster_store_if(key, ROSTER_STORE_CREATE_REVISION, ROSTER_STORE_EQUAL, allotter->created);
    list[1] = roster_store_if_value(key, rst_record_format(allotter->next - 1, conditions->least));
    list[1].relation = ROSTER_STORE_GREATER;
    list[2] = roster_store_if_value(key, rst_record_format(first, conditions->first));
    list[2].relation = ROSTER_STORE_LESS;
    conditions->count = 3;
}

static void conditions_of(const struct allotter *allotter, const struct attempt *attempt,
                          struct conditions *conditions)
{
    if (attempt->leap) {
        leap(allotter, attempt->first, conditions);
        return;
    }
    conditions->list[0] =
        roster_store_if(roster_store_text(allotter->key), ROSTER_STORE_MOD_REVISION,
                        ROSTER_STORE_EQUAL, allotter->revision);
    conditions->count = 1;
}

/* One compare-and-swap: 1 done, 0 another was first, or an error. */
static int swap(struct allotter *allotter, const struct attempt *attempt, int64_t deadline)
{
    struct roster_store_bytes key = roster_store_text(allotter->key);
    char text[RECORD_SIZE];
    struct roster_store_op put = roster_store_put(key, rst_record_format(attempt->end, text), 0);
    struct roster_store_op get = roster_store_read(roster_store_key(key), 1);
    struct conditions conditions = {.count = 0};
    struct roster_store_txn txn = {conditions.list, 0, &put, 1, &get, 1};
    struct roster_store_txn_result *result = NULL;
    int err;

    conditions_of(allotter, attempt, &conditions);
    txn.n_compares = conditions.count;
    allotter->known = false;
    count(&allotter->transactions);
    err = roster_store_txn(allotter->store, &txn, rst_store_remaining_ms(deadline), &result);
    if (!err && result->succeeded) {
        allotter->revision = result->revision;
        allotter->created = allotter->seen ? allotter->created : result->revision;
        allotter->next = attempt->end;
        allotter->seen = true;
        allotter->known = true;
        err = 1;
    } else if (!err) {
        count(&allotter->conflicts);
        err = learn(allotter, &result->results[0].range);
    }
    roster_store_free(result);
    return err;
}

/* Where the next range begins: above all that were allotted, and not behind the wall clock. */
static uint64_t begin_at(const struct allotter *allotter)
{
    uint64_t wall = rst_wall_clock_ts(&allotter->clock);

    return wall > allotter->next ? wall : allotter->next;
}

/* The next attempt after `losses` of them. Returns 0 or -EBADMSG. */
static int plan(const struct allotter *allotter, uint64_t n, unsigned losses, int64_t took_ns,
                struct attempt *attempt)
{
    uint64_t lead_ms = ((uint64_t)(took_ns / STORE_NS_PER_MS) + 1)
                       << (losses < LEAP_LOSSES + 6 ? losses : LEAP_LOSSES + 6);

    attempt->first = begin_at(allotter);
    attempt->leap = losses >= LEAP_LOSSES && allotter->created != 0 && allotter->next >= LEAP_LEAST;
    if (attempt->leap)
        attempt->first += roster_ts_compose(lead_ms < LEAP_MOST_MS ? lead_ms : LEAP_MOST_MS, 0);
    attempt->end = attempt->first + n;
    return attempt->end > LAST_SANE ? -EBADMSG : 0;
}

/* After the first loss at once, then with longer and longer pauses. */
static void pause_after(unsigned losses)
{
    if (losses > 1)
        rst_store_sleep(rst_store_backoff_ns(1, 16, losses - 2));
}

int rst_allotter_allot(struct allotter *allotter, uint64_t n, uint64_t *first)
{
    int64_t deadline = rst_store_deadline_in(allotter->timeout_ms), begin, took = 0;
    struct attempt attempt;
    unsigned losses = 0;
    int err = 0;

    for (;;) {
        if (!allotter->known)
            err = look(allotter, deadline);
        if (!err)
            err = plan(allotter, n, losses, took, &attempt);
        if (err)
            return err;
        begin = rst_store_monotonic_ns();
        err = swap(allotter, &attempt, deadline);
        took = rst_store_since(rst_store_monotonic_ns(), begin);
        if (err == 1)
            break;
        /* What became of an unknown swap does not matter: its range belongs to no caller. */
        if (err && err != -EINPROGRESS)
            return err;
        if (!rst_store_remaining_ns(deadline))
            return -ETIMEDOUT;
        err = 0;
        pause_after(++losses);
    }
    *first = attempt.first;
    rst_store(&allotter->last, *first + n - 1);
    return 0;
}

int rst_allotter_read(struct allotter *allotter, uint64_t *last)
{
    int err = look(allotter, rst_store_deadline_in(allotter->timeout_ms));

    if (err)
        return err;
    if (allotter->next == 0 || rst_wall_clock_has_left(&allotter->clock, allotter->next - 1))
        return rst_allotter_allot(allotter, 1, last);
    *last = allotter->next - 1;
    return 0;
}
