/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What a server sees of itself and of its cluster. */

#include "log.h"
#include "member.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *scanner_main(void *arg)
{
    struct member *member = arg;
    struct roster_min min = {.size = sizeof(min)};
    int64_t begin;

    while (!atomic_load(&member->stop)) {
        begin = boottime_ns();
        if (roster_min_advance(member->roster, 0, &min) == 0)
            log_event(EVENT_MINIMUM, begin,
                      (struct event){.ts = min.min_start_ts, .value = min.now});
        sleep_us(30000);
    }
    return NULL;
}

/* The timestamp at a key that was read, 0 when there is none; false: something else is there. */
static bool point(const struct roster_store_range *range, const char *key, uint64_t *ts)
{
    char digits[24] = "0";

    for (size_t i = 0; i < range->count; i++) {
        const struct roster_store_kv *kv = &range->kvs[i];

        if (kv->key.size == strlen(key) && memcmp(kv->key.data, key, kv->key.size) == 0)
            snprintf(digits, sizeof(digits), "%.*s", (int)kv->value.size,
                     (const char *)kv->value.data);
    }
    *ts = strtoull(digits, NULL, 10);
    return digits[strspn(digits, "0123456789")] == '\0';
}

/* What stands in the store, past everything that remembers it. */
static void observe_store(struct member *member)
{
    char prefix[128], txn[160], gc[160];
    struct roster_store_range *range = NULL;
    struct event event = {.key = 0};
    struct roster_store_keys keys;
    int64_t begin = boottime_ns();

    snprintf(prefix, sizeof(prefix), "%s/safepoint/", member->options.prefix);
    snprintf(txn, sizeof(txn), "%stxn", prefix);
    snprintf(gc, sizeof(gc), "%sgc", prefix);
    keys = roster_store_prefix(roster_store_text(prefix));
    if (roster_store_get(member->store, &keys, 0, (int)member->options.timeout_ms, &range) != 0)
        return;
    if (point(range, txn, &event.value) && point(range, gc, &event.ts))
        log_event(EVENT_STORED, begin, event);
    roster_store_free(range);
}

static void *store_observer_main(void *arg)
{
    struct member *member = arg;

    while (!atomic_load(&member->stop)) {
        observe_store(member);
        sleep_us(20000);
    }
    return NULL;
}

#define TELL_NS 500000000

/* Says what blocks, twice a second. */
static void tell_blocker(const struct roster_safe_point_state *state, int64_t *told_at)
{
    const struct roster_blocker *blocker =
        state->txn_blocker.kind != ROSTER_BLOCKER_NONE ? &state->txn_blocker : &state->gc_blocker;
    char text[512];

    if (!state->leads || boottime_ns() - *told_at < TELL_NS)
        return;
    *told_at = boottime_ns();
    say("blocker: %s", roster_blocker_describe(blocker, text, sizeof(text)));
}

static void *observer_main(void *arg)
{
    struct member *member = arg;
    struct roster_safe_point_state state = {.size = sizeof(state)};
    uint64_t txn = 0, gc = 0;
    int64_t begin, told_at = 0;

    while (!atomic_load(&member->stop)) {
        begin = boottime_ns();
        if (roster_safe_point_state(member->safe_point, &state) != 0)
            abort();
        if (state.txn != txn || state.gc != gc)
            log_event(EVENT_KNOWN, begin, (struct event){.value = state.txn, .ts = state.gc});
        txn = state.txn;
        gc = state.gc;
        tell_blocker(&state, &told_at);
        sleep_us(2000);
    }
    return NULL;
}

void member_observe(struct member *member)
{
    member_thread(member, scanner_main);
    member_thread(member, store_observer_main);
    member_thread(member, observer_main);
}
