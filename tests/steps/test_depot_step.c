/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A thread that is preempted while it takes from the depot costs others no new memory, as long as
 * there is a surplus: however often that happens, memory follows what is in use. And what a trim
 * has missed because of it is looked for again.
 */

#include "core/base/hot.h"
#include "core/base/trim.h"
#include "steps.h"

#include <criterion/criterion.h>
#include <string.h>

#define SIZE 64
#define IN_USE 200
#define TIMES 20

static struct rst_hot hot;
static struct rst_account account;

/* Where threads keep what they took decides at which stack they begin: here all begin at the same.
 */
static struct beginner {
    struct rst_hot_cache cache;
    char room[RST_HOT_STACKS * RST_CACHE_LINE - sizeof(struct rst_hot_cache)];
} __attribute__((aligned(RST_CACHE_LINE))) beginners[2];

/* Takes and puts back more than a list holds, so that it goes through the depot. */
static void use(void *arg)
{
    struct rst_hot_cache *cache = &((struct beginner *)arg)->cache;
    void *held[IN_USE];
    int i;

    memset(cache, 0, sizeof(*cache));
    for (i = 0; i < IN_USE; i++)
        held[i] = rst_hot_take(&hot, cache);
    for (i = 0; i < IN_USE; i++)
        rst_hot_put(&hot, cache, held[i]);
    rst_hot_flush(&hot, cache);
}

Test(depot_step, a_taker_that_stands_still_makes_no_thread_carve)
{
    uint64_t enough;
    int i;

    rst_hot_init(&hot, SIZE, &account);
    use(&beginners[0]);
    for (i = 0; i < 3; i++) { /* a surplus: what two threads have in use, and the first stands */
        struct steps taker = {.fn = use, .arg = &beginners[1], .point = "hot: depot taken"};

        cr_assert(steps_start(&taker));
        use(&beginners[0]);
        use(&beginners[0]);
        steps_finish(&taker);
    }
    enough = account.memory;
    for (i = 0; i < TIMES; i++) {
        struct steps taker = {.fn = use, .arg = &beginners[1], .point = "hot: depot taken"};

        cr_assert(steps_start(&taker));
        use(&beginners[0]);
        steps_finish(&taker);
    }
    cr_expect_eq(account.memory, enough, "%d stops cost %llu bytes", TIMES,
                 (unsigned long long)(account.memory - enough));
    rst_hot_destroy(&hot);
}

static void take_one(void *arg)
{
    struct rst_hot_cache *cache = &((struct beginner *)arg)->cache;

    memset(cache, 0, sizeof(*cache));
    cr_assert_not_null(rst_hot_take(&hot, cache));
}

Test(depot_step, a_trim_beside_a_taker_that_stands_still_is_made_up_for)
{
    struct steps taker = {.fn = take_one, .arg = &beginners[1], .point = "hot: depot taken"};

    rst_hot_init(&hot, SIZE, &account);
    use(&beginners[0]);
    cr_assert(steps_start(&taker));
    /* As rst_trim_tick() does before a trim, which finds in the depot less than there is. */
    account.freed = 0;
    (void)rst_hot_trim(&hot, NULL, NULL);
    steps_finish(&taker);
    cr_expect_eq(account.freed, 1);
    rst_hot_destroy(&hot);
}
