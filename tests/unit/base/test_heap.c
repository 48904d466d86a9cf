/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A roster's own heap: objects of every size. */

#include "../unit.h"
#include "core/base/heap.h"
#include "core/base/reclaim.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

enum { LARGEST = 12000 };

struct fixture {
    struct rst_account account;
    struct rst_heap heap;
};

static struct fixture *fixture_new(void)
{
    struct fixture *f = aligned_alloc(RST_CACHE_LINE, (sizeof(*f) + 63) / 64 * 64);

    cr_assert_not_null(f);
    memset(f, 0, sizeof(*f));
    unit_ok(rst_reclaim_start(false));
    rst_heap_init(&f->heap, &f->account);
    return f;
}

static void fixture_free(struct fixture *f)
{
    unit_ok(rst_rcu_barrier());
    rst_heap_destroy(&f->heap);
    rst_reclaim_end(false);
    free(f);
}

static bool is_all(const unsigned char *bytes, size_t n, unsigned char value)
{
    while (n--)
        if (bytes[n] != value)
            return false;
    return true;
}

Test(heap, objects_of_every_size_are_zero_and_apart)
{
    static unsigned char *taken[LARGEST + 1];
    struct fixture *f = fixture_new();
    size_t n, step = UNIT_SCALE(1, 37);
    int round;

    for (round = 0; round < 2; round++) { /* also those that were used before */
        for (n = 1; n <= LARGEST; n += step) {
            taken[n] = rst_heap_take(&f->heap, n);
            cr_assert_not_null(taken[n]);
            cr_assert_eq((uintptr_t)taken[n] % 16, 0);
            cr_assert(is_all(taken[n], n, 0), "%zu", n);
            memset(taken[n], (int)(n % 255) + 1, n);
        }
        for (n = 1; n <= LARGEST; n += step)
            cr_assert(is_all(taken[n], n, (unsigned char)(n % 255 + 1)), "%zu", n);
        for (n = 1; n <= LARGEST; n += step)
            rst_heap_give(&f->heap, taken[n], n);
    }
    rst_heap_give(&f->heap, NULL, 100);
    fixture_free(f);
}

/* Of many objects of one size no more than a quarter is lost. */
Test(heap, little_is_lost)
{
    enum { N = 1000 };
    static void *taken[N];
    struct fixture *f = fixture_new();
    size_t size;
    int i;

    for (size = 65; size <= LARGEST; size += 1 + size / 9) {
        uint64_t before = rst_load(&f->account.memory);

        for (i = 0; i < N; i++) {
            taken[i] = rst_heap_take(&f->heap, size);
            cr_assert_not_null(taken[i]);
        }
        cr_assert_leq(rst_load(&f->account.memory), before + N * size * 4 / 3 + 32768, "%zu", size);
        for (i = 0; i < N; i++)
            rst_heap_give(&f->heap, taken[i], size);
    }
    fixture_free(f);
}

Test(heap, what_is_not_used_goes_back)
{
    enum { N = 3000 };
    static void *taken[N];
    struct fixture *f = fixture_new();
    int i;

    for (i = 0; i < N; i++)
        taken[i] = rst_heap_take(&f->heap, 1 + (size_t)i * 7 % LARGEST);
    for (i = 0; i < N; i++)
        rst_heap_give(&f->heap, taken[i], 1 + (size_t)i * 7 % LARGEST);
    while (rst_heap_trim(&f->heap))
        unit_ok(rst_rcu_barrier());
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(rst_load(&f->account.memory), 0);
    fixture_free(f);
}
