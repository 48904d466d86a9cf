/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Horizon slots: how they are taken, freed, handed back, and found by the scan. */

#include "../unit.h"
#include "core/base/reclaim.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

/* More than a block has. */
#define MANY (3 * RST_BLOCK_SLOTS + 5)

struct fixture {
    struct rst_horizon horizon;
    struct rst_account account;
    struct rst_horizon_cache mine;
    struct rst_horizon_cache other;
    uint64_t *slots[MANY];
};

static struct fixture *fixture_new(void)
{
    struct fixture *fixture = aligned_alloc(RST_CACHE_LINE, sizeof(*fixture));

    memset(fixture, 0, sizeof(*fixture));
    unit_ok(rst_reclaim_start(false));
    fixture->account.backlog_limit = UINT64_MAX;
    rst_horizon_init(&fixture->horizon, 1000, &fixture->account);
    rst_horizon_cache_init(&fixture->mine, &fixture->horizon);
    rst_horizon_cache_init(&fixture->other, &fixture->horizon);
    return fixture;
}

static void fixture_free(struct fixture *fixture)
{
    unit_ok(rst_rcu_barrier());
    rst_horizon_destroy(&fixture->horizon);
    rst_reclaim_end(false);
    free(fixture);
}

static uint64_t *take(struct fixture *f, struct rst_horizon_cache *cache, uint64_t since)
{
    uint64_t *slot = rst_horizon_take(&f->horizon, cache, (uintptr_t)f, since);

    cr_assert_not_null(slot);
    cr_assert_eq(*slot, 0, "a slot that pins something was handed out");
    cr_assert_eq(*rst_slot_holder(slot), (uintptr_t)f);
    cr_assert_eq(*rst_slot_since(slot), since);
    *slot = since + 1;
    return slot;
}

static int compare(const void *a, const void *b)
{
    uint64_t *const *left = a, *const *right = b;

    return *left < *right ? -1 : *left > *right;
}

static void all_differ(uint64_t **slots, size_t n)
{
    uint64_t **sorted = malloc(n * sizeof(*sorted));
    size_t i;

    memcpy(sorted, slots, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare);
    for (i = 1; i < n; i++)
        cr_assert_neq(sorted[i - 1], sorted[i], "a slot was handed out twice");
    free(sorted);
}

Test(horizon, no_slot_is_handed_out_twice)
{
    struct fixture *f = fixture_new();
    uint64_t memory;
    size_t i, round;

    for (i = 0; i < MANY; i++)
        f->slots[i] = take(f, &f->mine, i);
    all_differ(f->slots, MANY);
    memory = f->horizon.memory;
    srand(1);
    for (round = 0; round < 20000; round++) {
        i = (size_t)rand() % MANY;
        rst_horizon_release(&f->mine, f->slots[i]);
        f->slots[i] = take(f, &f->mine, round);
    }
    all_differ(f->slots, MANY);
    for (i = 0; i < MANY; i++)
        rst_horizon_release(&f->mine, f->slots[i]);
    for (i = 0; i < MANY; i++)
        f->slots[i] = take(f, &f->mine, i);
    all_differ(f->slots, MANY);
    unit_ok(rst_rcu_barrier());
    cr_assert_leq(f->horizon.memory, memory, "freed slots were not used again");
    fixture_free(f);
}

/* Each slot's own view is one line, its own, and never anything but a valid transaction's. */
Test(horizon, each_slot_has_a_view_of_its_own)
{
    struct fixture *f = fixture_new();
    size_t i;

    for (i = 0; i < MANY; i++) {
        struct roster_shown *view;

        f->slots[i] = take(f, &f->mine, i);
        view = rst_slot_view(f->slots[i]);
        cr_assert_eq((uintptr_t)view % RST_CACHE_LINE, 0);
        cr_assert_eq(view->start_ts, 0, "two slots have one view");
        cr_assert_eq(view->txn_state, ROSTER_TXN_VALID);
        cr_assert_eq(view->reserved, RST_VIEW_OF_SLOT);
        cr_assert_null(view->statement);
        view->start_ts = i + 1;
    }
    for (i = 0; i < MANY; i++)
        cr_assert_eq(rst_slot_view(f->slots[i])->start_ts, i + 1);
    fixture_free(f);
}

/* 0 would say that no transaction is open. */
Test(horizon, no_number_is_0_after_however_many_turns)
{
    static const uint64_t lives[] = {0, (UINT64_C(1) << 43) - 2, UINT64_C(0) - 2,
                                     UINT64_C(1) << 43};
    struct fixture *f = fixture_new();
    size_t i, n;

    for (i = 0; i < MANY; i++) {
        f->slots[i] = take(f, &f->mine, i);
        for (n = 0; n < sizeof(lives) / sizeof(*lives); n++) {
            rst_slot_view(f->slots[i])->life = lives[n];
            cr_assert_neq(rst_slot_txn_seq(f->slots[i]), 0, "slot %zu, life %zu", i, n);
        }
    }
    fixture_free(f);
}

/* Begin here, finish elsewhere: slots come back to the context whose chunk they are of. */
Test(horizon, slots_that_others_free_come_back)
{
    struct fixture *f = fixture_new();
    uint64_t memory = 0;
    size_t i, round;

    for (round = 0; round < 50; round++) {
        for (i = 0; i < 2 * RST_BLOCK_SLOTS; i++)
            f->slots[i] = take(f, &f->mine, i);
        all_differ(f->slots, 2 * RST_BLOCK_SLOTS);
        for (i = 0; i < 2 * RST_BLOCK_SLOTS; i++)
            rst_horizon_release(i % 3 ? &f->other : NULL, f->slots[i]);
        if (!round)
            memory = f->horizon.memory;
    }
    unit_ok(rst_rcu_barrier());
    cr_assert_leq(f->horizon.memory, memory + RST_BLOCK_SIZE);
    fixture_free(f);
}

/* Some freed here, some there, in every order, while the chunk is current and while it is not. */
Test(horizon, slots_freed_on_both_sides)
{
    struct fixture *f = fixture_new();
    size_t n = 3 * RST_CHUNK_SLOTS, i, round;
    uint64_t memory = 0;

    srand(2);
    for (i = 0; i < n; i++)
        f->slots[i] = take(f, &f->mine, i);
    for (round = 0; round < 50000; round++) {
        i = (size_t)rand() % n;
        rst_horizon_release(rand() % 2 ? &f->mine : &f->other, f->slots[i]);
        f->slots[i] = take(f, &f->mine, i);
        if (round == 10000)
            memory = f->horizon.memory;
    }
    all_differ(f->slots, n);
    unit_ok(rst_rcu_barrier());
    cr_assert_leq(f->horizon.memory, memory + RST_BLOCK_SIZE);
    fixture_free(f);
}

Test(horizon, the_scan_sees_every_block)
{
    struct unit_oracle oracle = {.next = 1000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_pin **pins = calloc(MANY, sizeof(*pins));
    struct roster_min min;
    size_t i;

    for (i = 0; i < MANY; i++)
        pins[i] = unit_pin(roster, NULL, MANY + 10 - i);
    oracle.next = 10 * MANY;
    /* The youngest slot is the oldest pin, then the next, and so on through all blocks. */
    for (i = MANY; i-- > 0;) {
        if (i % 97 == 0 || i + 1 == MANY) {
            min = unit_min(roster);
            cr_assert_eq(min.min_start_ts, roster_pin_ts(pins[i]));
            cr_assert_eq(min.holder.pin_id, roster_pin_id(pins[i]));
        }
        unit_ok(roster_pin_release(pins[i]));
    }
    cr_assert_eq(unit_min(roster).holder.kind, ROSTER_HOLDER_NONE);
    free(pins);
    unit_destroy(roster);
}

/* The words of a group are compared at once: each place in it has to be looked at. */
Test(horizon, the_scan_sees_every_place)
{
    enum { SLOTS = 3 * RST_CHUNK_SLOTS };
    struct unit_oracle oracle = {.next = 10000};
    struct roster *roster = unit_roster(&oracle);
    struct roster_pin *pins[SLOTS];
    struct roster_min min;
    unsigned i;

    for (i = 0; i < SLOTS; i++)
        pins[i] = unit_pin(roster, NULL, 1000 + i);
    /* Behind the first two, nothing else in a group is old enough to be looked at. */
    for (i = 2; i < SLOTS; i++) {
        unit_ok(roster_pin_release(pins[i]));
        pins[i] = unit_pin(roster, NULL, 500);
        min = unit_min(roster);
        cr_assert_eq(min.min_start_ts, 500, "slot %u", i);
        cr_assert_eq(min.holder.pin_id, roster_pin_id(pins[i]));
        cr_assert_eq(min.next.ts, 1000);
        unit_ok(roster_pin_release(pins[i]));
        pins[i] = unit_pin(roster, NULL, 1000 + i);
    }
    for (i = 0; i < SLOTS; i++)
        unit_ok(roster_pin_release(pins[i]));
    unit_destroy(roster);
}
