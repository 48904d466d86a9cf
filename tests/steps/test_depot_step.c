/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A thread that is preempted while it takes from the depot costs others no new memory, as long as
 * there is a surplus: however often that happens, memory follows what is in use.
 */

#include "config.h"

#include "core/base/hot.h"
#include "steps.h"

#include <criterion/criterion.h>

#define SIZE 64
#define IN_USE 200
#define TIMES 20

static struct rst_hot hot;
static struct rst_account account;

/* Takes and puts back more than a list holds, so that it goes through the depot. */
static void use(void *arg)
{
    struct rst_hot_cache cache = {NULL, NULL, 0, 0};
    void *held[IN_USE];
    int i;

    (void)arg;
    for (i = 0; i < IN_USE; i++)
        held[i] = rst_hot_take(&hot, &cache);
    for (i = 0; i < IN_USE; i++)
        rst_hot_put(&hot, &cache, held[i]);
    rst_hot_flush(&hot, &cache);
}

Test(depot_step, a_taker_that_stands_still_makes_nobody_carve)
{
    uint64_t enough;
    int i;

    cr_assert_eq(rst_hot_init(&hot, SIZE, &account), 0);
    use(NULL);
    for (i = 0; i < 3; i++) { /* a surplus: what two threads have in use, and the first stands */
        struct steps taker = {.fn = use, .point = "hot: depot taken"};

        cr_assert(steps_start(&taker));
        use(NULL);
        use(NULL);
        steps_finish(&taker);
    }
    enough = account.memory;
    for (i = 0; i < TIMES; i++) {
        struct steps taker = {.fn = use, .point = "hot: depot taken"};

        cr_assert(steps_start(&taker));
        use(NULL);
        steps_finish(&taker);
    }
    cr_expect_eq(account.memory, enough, "%d stops cost %llu bytes", TIMES,
                 (unsigned long long)(account.memory - enough));
    rst_hot_destroy(&hot);
}
