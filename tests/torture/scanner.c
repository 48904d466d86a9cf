/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Scans: each minimum is compared with what was pinned during all of the scan, and joins the
 * limits with which all transactions are compared (G2, G3); who is said to hold it must hold it.
 */
#include "actor.h"
#include "report.h"
#include "core/scanner/lease.h"

#include <inttypes.h>
#include <string.h>

struct sight {
    uint64_t seq;
    uint64_t ts;
    uint64_t floor;
    uint64_t holder;
};

static void look(const struct arena *arena, struct sight *sights)
{
    unsigned n;

    for (n = 0; n < SHADOWS; n++) {
        const struct shadow *shadow = &arena->shadows[n];

        sights[n].seq = __atomic_load_n(&shadow->seq, __ATOMIC_ACQUIRE);
        sights[n].ts = __atomic_load_n(&shadow->ts, __ATOMIC_ACQUIRE);
        sights[n].floor = __atomic_load_n(&shadow->floor, __ATOMIC_ACQUIRE);
        sights[n].holder = __atomic_load_n(&shadow->holder, __ATOMIC_ACQUIRE);
    }
}

/* Whether what was seen there before the scan is there still. */
static bool unchanged(const struct arena *arena, const struct sight *sights, unsigned n)
{
    return (sights[n].seq & 1) &&
           __atomic_load_n(&arena->shadows[n].seq, __ATOMIC_ACQUIRE) == sights[n].seq;
}

static void compare(const struct arena *arena, const struct sight *sights, uint64_t lower,
                    const struct roster_min *min)
{
    uint64_t expired = relaxed(&arena->limits.lower_asked);
    unsigned n;

    for (n = 0; n < SHADOWS; n++) {
        uint64_t ts = sights[n].ts;

        if (ts <= lower || !unchanged(arena, sights, n))
            continue;
        require("G2", min->min_start_ts <= ts,
                "arena %u: minimum %" PRIu64 " at %" PRIu64 ", but %s %" PRIx64 " held %" PRIu64
                " all the time",
                arena->number, min->min_start_ts, min->now, n < PLACES ? "session" : "pin",
                sights[n].holder, ts);
        require(
            "G2", min->safe_point <= ts || sights[n].floor <= expired,
            "arena %u: safe point %" PRIu64 ", but %s %" PRIx64 " held %" PRIu64 " all the time",
            arena->number, min->safe_point, n < PLACES ? "session" : "pin", sights[n].holder, ts);
    }
}

/* A session that is named and did not change during the scan holds what it is said to hold. */
static void check_holder(const struct arena *arena, const struct sight *sights,
                         const struct roster_holder *holder)
{
    bool is_pin = holder->kind == ROSTER_HOLDER_PIN;
    uint64_t id = is_pin ? holder->pin_id : holder->session_id;
    unsigned n, end = is_pin ? SHADOWS : PLACES;

    if (holder->kind == ROSTER_HOLDER_NONE)
        return;
    for (n = is_pin ? PLACES : 0; n < end; n++)
        require("G2",
                sights[n].holder != id || !unchanged(arena, sights, n) ||
                    sights[n].ts == holder->ts,
                "arena %u: %s %" PRIx64 " is said to hold %" PRIu64 ", but holds %" PRIu64,
                arena->number, is_pin ? "pin" : "session", id, holder->ts, sights[n].ts);
}

/* An age limit below which something stands, if anything does. */
static uint64_t age_limit(struct actor *actor, struct arena *arena)
{
    const struct shadow *shadow = &arena->shadows[rng_below(&actor->rng, SHADOWS)];
    uint64_t seq = __atomic_load_n(&shadow->seq, __ATOMIC_ACQUIRE);
    uint64_t ts = __atomic_load_n(&shadow->ts, __ATOMIC_ACQUIRE);

    return (seq & 1) && ts ? ts - rng_below(&actor->rng, 2) : 0;
}

void scan_once(struct actor *actor, struct arena *arena)
{
    struct limits *limits = &arena->limits;
    struct roster_min min = {.size = sizeof(min)};
    struct sight sights[SHADOWS];
    uint64_t lower = 0, before;
    int err;

    if (arena->age_limits && rng_one_in(&actor->rng, 50))
        lower = age_limit(actor, arena);
    /* Who began last may have the timestamp that this scan reads, which is no limit. */
    if (lower >= __atomic_load_n(&limits->now, __ATOMIC_ACQUIRE))
        lower = 0;
    raise_to(&limits->lower_asked, lower);
    look(arena, sights);
    before = __atomic_load_n(&limits->safe_point, __ATOMIC_ACQUIRE);
    err = lower ? rst_lease_scan(arena->roster, 0, lower + 1, false, &min)
                : roster_min_advance(arena->roster, 0, &min);
    require("API", err == 0, "a scan: error %d", err);
    require("G2", min.min_start_ts <= min.now && min.safe_point <= min.now,
            "minimum %" PRIu64 ", safe point %" PRIu64 ", now %" PRIu64, min.min_start_ts,
            min.safe_point, min.now);
    require("G3", min.safe_point >= before, "the safe point went back from %" PRIu64 " to %" PRIu64,
            before, min.safe_point);
    compare(arena, sights, lower, &min);
    check_holder(arena, sights, &min.holder);
    check_holder(arena, sights, &min.next);
    raise_to(&limits->now, min.now);
    raise_to(&limits->lower_told, lower);
    raise_to(&limits->minimum, min.min_start_ts);
    raise_to(&limits->safe_point, min.safe_point);
    count(&actor->tally.scans);
}

void collect_once(struct actor *actor, struct arena *arena)
{
    struct limits *limits = &arena->limits;
    uint64_t before = __atomic_load_n(&limits->safe_point, __ATOMIC_ACQUIRE);
    uint64_t safe_point = roster_local_safe_point(arena->roster);

    (void)actor;
    require("G3", safe_point >= before, "the safe point went back from %" PRIu64 " to %" PRIu64,
            before, safe_point);
    raise_to(&limits->safe_point, safe_point);
}
