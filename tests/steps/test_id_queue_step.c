/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* However many threads look for an id at once, none is hidden from those who look later. */

#include "core/sql/id_queue.h"
#include "steps.h"

#include <criterion/criterion.h>

/* More than there could be ids in the ring, and misses that a taker may have there. */
#define TAKERS 8

static struct rst_id_queue queue;

static void take(void *id)
{
    *(uint32_t *)id = rst_id_queue_take(&queue);
}

/* All have seen that there is an id; one gets it, and puts it back while the others stand. */
Test(id_queue_step, takers_who_miss_hide_no_id)
{
    struct steps takers[TAKERS];
    uint32_t taken[TAKERS] = {0}, found = 0;
    unsigned n;

    cr_assert_eq(rst_id_queue_init(&queue, 1), 0);
    rst_id_queue_put(&queue, 1);
    for (n = 0; n < TAKERS; n++) {
        takers[n] = (struct steps){.fn = take, .arg = &taken[n], .point = "id queue: has more"};
        cr_assert(steps_start(&takers[n]));
    }
    steps_finish(&takers[0]);
    cr_assert_eq(taken[0], 1);
    for (n = 1; n < TAKERS; n++)
        cr_assert(steps_go_to(&takers[n], "id queue: missed"));
    rst_id_queue_put(&queue, 1);
    for (n = 1; n < TAKERS; n++) {
        steps_finish(&takers[n]);
        found += taken[n];
    }
    found += rst_id_queue_take(&queue);
    cr_assert_eq(found, 1, "the id was taken %u times", found);
    rst_id_queue_destroy(&queue);
}
