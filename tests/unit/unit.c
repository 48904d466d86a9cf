/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "unit.h"

#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

bool unit_slow(void)
{
    return unit_emulated() || getenv("ROSTER_TEST_SLOW") != NULL;
}

bool unit_emulated(void)
{
    const char *emulator = getenv("ROSTER_TEST_EMULATOR");

    return emulator && *emulator;
}

int unit_oracle_get(void *arg, uint64_t *ts)
{
    struct unit_oracle *oracle = arg;

    __atomic_fetch_add(&oracle->calls, 1, __ATOMIC_RELAXED);
    if (oracle->err)
        return oracle->err;
    *ts = __atomic_fetch_add(&oracle->next, 1, __ATOMIC_RELAXED);
    return 0;
}

struct roster *unit_roster_with(const struct roster_options *options)
{
    struct roster *roster = NULL;

    unit_ok(roster_create(options, &roster));
    cr_assert_not_null(roster);
    return roster;
}

struct roster *unit_roster(struct unit_oracle *oracle)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.tick_ms = ROSTER_TICK_MANUAL;
    if (oracle) {
        options.oracle = unit_oracle_get;
        options.oracle_arg = oracle;
    }
    return unit_roster_with(&options);
}

void unit_destroy(struct roster *roster)
{
    cr_assert_eq(unit_slots_pinned(roster), 0, "a slot pins something that has ended");
    cr_assert_eq(unit_slots_taken(roster), 0, "a slot was not given back");
    unit_ok(roster_destroy(roster));
}

struct roster_session *unit_open_as(struct roster *roster, enum roster_session_kind kind,
                                    uint32_t flags)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    attr.kind = kind;
    attr.flags = flags;
    unit_ok(roster_session_open(roster, &attr, &session));
    cr_assert_not_null(session);
    return session;
}

struct roster_session *unit_open(struct roster *roster)
{
    return unit_open_as(roster, ROSTER_SESSION_USER, 0);
}

void unit_close(struct roster_session *session)
{
    unit_ok(roster_session_close(session));
}

void unit_end(struct roster *roster, struct roster_session *session)
{
    unit_close(session);
    unit_destroy(roster);
}

struct roster_stats unit_stats(struct roster *roster)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    unit_ok(roster_stats(roster, &stats));
    return stats;
}

struct roster_min unit_min(struct roster *roster)
{
    struct roster_min min = {.size = sizeof(min)};

    unit_ok(roster_min_advance(roster, 0, &min));
    return min;
}

struct roster_pin *unit_pin(struct roster *roster, struct roster_session *session, uint64_t ts)
{
    struct roster_pin *pin = NULL;

    unit_ok(roster_pin_acquire(roster, session, ts, ROSTER_PIN_CURSOR, &pin));
    cr_assert_not_null(pin);
    return pin;
}

const struct roster_shown *unit_look(const struct roster_session *session)
{
    static __thread struct {
        struct roster_copy copy;
        char text[8192];
    } looks[4];
    static __thread unsigned n;
    unsigned i = n++ % 4;

    return roster_session_look(session, &looks[i].copy, looks[i].text, sizeof(looks[i].text));
}

uint64_t unit_blocked_since(const struct roster_shown *shown)
{
    return shown->run_state == ROSTER_RUN_LOCK_WAITING ? shown->state_since : 0;
}

void unit_set_clock(struct roster *roster, uint64_t now)
{
    rst_store(&roster->ticker.now, now);
}

struct call {
    void (*fn)(void *arg);
    void *arg;
};

static void *call_main(void *arg)
{
    const struct call *call = arg;

    call->fn(call->arg);
    return NULL;
}

void unit_in_thread(void (*fn)(void *arg), void *arg)
{
    struct call call = {fn, arg};
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, call_main, &call), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

unsigned unit_slots_pinned(struct roster *roster)
{
    const struct rst_horizon_block *block;
    unsigned n, pinned = 0;

    rst_rcu_read_lock(); /* blocks stay */
    for (block = rst_load_acquire(&roster->horizon.blocks); block; block = block->next)
        for (n = 0; n < block->used * RST_UNIT_SLOTS; n++)
            pinned += rst_load(&block->words[n]) != 0;
    rst_rcu_read_unlock();
    return pinned;
}

unsigned unit_slots_taken(struct roster *roster)
{
    const struct rst_horizon_block *block;
    unsigned n, taken = 0;

    /* Threads that end give back their chunks under the lock; blocks stay in a read section. */
    rst_thread_process_lock();
    rst_rcu_read_lock();
    for (block = rst_load_acquire(&roster->horizon.blocks); block; block = block->next)
        for (n = 0; n < block->used; n++) {
            const struct rst_horizon_chunk *chunk = &block->chunks[n];
            uint64_t free = chunk->free | rst_load(&chunk->returned);

            if (block->first[n] != n || !chunk->owner)
                continue;
            taken += chunk->units * RST_UNIT_SLOTS - (unsigned)__builtin_popcountll(free);
            if (chunk->owner->current == chunk)
                taken -= chunk->owner->n_free;
        }
    rst_rcu_read_unlock();
    rst_thread_process_unlock();
    return taken;
}

uint64_t unit_pinned_by(const struct roster_session *session)
{
    bool open = session->gate.txn_state != ROSTER_TXN_INVALID;

    return open && session->slot ? rst_load(session->slot) : 0;
}

void unit_session_copy(struct roster_session *copy, const struct roster_session *session)
{
    *copy = *session;
    /* The hash table may be growing, and the slot means nothing without a transaction. */
    memset(&copy->node, 0, sizeof(copy->node));
    if (copy->gate.txn_state == ROSTER_TXN_INVALID)
        copy->slot = NULL;
}

void unit_state_take(struct unit_state *state, struct roster *roster,
                     const struct roster_session *session)
{
    memset(state, 0, sizeof(*state));
    state->stats = unit_stats(roster);
    /* What a refused call may change. */
    state->stats.sessions_refused = 0;
    state->stats.quota_refused = 0;
    state->stats.kills_refused = 0;
    state->stats.backlog_refused = 0;
    state->stats.memory = 0;
    state->stats.backlog = 0;
    state->stats.threads = 0;
    state->stats.membarrier_failures = 0;
    state->stats.membarrier_refused = 0;
    state->pinned = unit_slots_pinned(roster);
    state->taken = unit_slots_taken(roster);
    state->floor = rst_load(&roster->horizon.floor);
    state->safe_point = rst_load(&roster->horizon.safe_point);
    state->protected_from = rst_load(&roster->horizon.words.protected_from);
    if (session && session->gate.tag != RST_TAG_CLOSED) {
        unit_session_copy(&state->session, session);
        state->view = *session->view;
        state->slot = unit_pinned_by(session);
    }
}

const char *unit_state_differs(const struct unit_state *before, const struct unit_state *after)
{
    if (memcmp(&before->session, &after->session, sizeof(before->session)) != 0)
        return "the session";
    if (memcmp(&before->view, &after->view, sizeof(before->view)) != 0)
        return "the view in place";
    if (before->slot != after->slot)
        return "what the transaction pins";
    if (before->pinned != after->pinned || before->taken != after->taken)
        return "the slots";
    if (before->floor != after->floor || before->safe_point != after->safe_point ||
        before->protected_from != after->protected_from)
        return "the horizon";
    if (memcmp(&before->stats, &after->stats, sizeof(before->stats)) != 0)
        return "the statistics";
    return NULL;
}

unsigned unit_words_changed(const void *before, const void *now, size_t size)
{
    unsigned changed = 0;
    size_t at;

    for (at = 0; at < size; at += sizeof(uint64_t))
        changed += memcmp((const char *)before + at, (const char *)now + at, sizeof(uint64_t)) != 0;
    return changed;
}
