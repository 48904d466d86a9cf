/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* After a peak memory goes back to the system: whole slabs, a grace period after the last use. */

#include "config.h"

#include "../unit.h"
#include "core/base/reclaim.h"
#include "core/base/trim.h"
#include "core/roster/roster.h"
#include "core/roster/trim.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 20000, SIZE = 128 };

struct fixture {
    struct rst_hot hot;
    struct rst_hot_cache cache;
    struct rst_account account;
    void *taken[N];
};

static struct fixture *fixture_new(void)
{
    struct fixture *f = aligned_alloc(RST_CACHE_LINE, (sizeof(*f) + 63) / 64 * 64);
    int i;

    memset(f, 0, sizeof(*f));
    unit_ok(rst_reclaim_start(false));
    rst_hot_init(&f->hot, SIZE, &f->account);
    for (i = 0; i < N; i++)
        f->taken[i] = rst_hot_take(&f->hot, &f->cache);
    return f;
}

static void fixture_free(struct fixture *f)
{
    unit_ok(rst_rcu_barrier());
    rst_hot_destroy(&f->hot);
    rst_reclaim_end(false);
    free(f);
}

static void put_all(struct fixture *f, int from)
{
    int i;

    for (i = from; i < N; i++)
        rst_hot_put(&f->hot, &f->cache, f->taken[i]);
    rst_hot_flush(&f->hot, &f->cache);
}

/* What is found unused twice goes. */
static void trim(struct fixture *f)
{
    cr_assert(rst_hot_trim(&f->hot, NULL, NULL));
    cr_assert_not(rst_hot_trim(&f->hot, NULL, NULL));
}

/* The kernel may give a slab as a whole that is no huge page, too: after mlockall(), or in pages of
 * 64 KiB. */
Test(trim, memory_counts_what_the_kernel_has_given)
{
    struct rst_account account = {.backlog_limit = UINT64_MAX};
    struct rst_slabs slabs;
    struct rst_slab *slab = NULL;
    int i;

    rst_slabs_init(&slabs, 4096, &account);
    for (i = 0; i < 500 && !(slab && slab->bytes >= 65536 && slab->carved < slab->bytes); i++) {
        cr_assert_not_null(rst_slabs_carve(&slabs));
        slab = slabs.newest;
    }
    if (i < 500) { /* else each slab is one piece */
        slab->base[slab->bytes - 1] = 1;
        cr_assert_lt(slab->bytes, (size_t)2 * 1024 * 1024);
        cr_assert_eq(rst_slabs_ahead(&slabs), slab->bytes - slab->carved);
    }
    rst_slabs_destroy(&slabs);
}

Test(trim, slabs_go_a_grace_period_after_they_were_withdrawn)
{
    struct fixture *f = fixture_new();
    uint64_t memory = rst_load(&f->account.memory);

    put_all(f, 0);
    rst_rcu_read_lock();
    trim(f);
    /* A late reader may still validate by the life of what it has found. */
    cr_assert_eq(rst_load(&f->account.memory), memory);
    memset(f->taken[0], 0, SIZE);
    memset(f->taken[N - 1], 0, SIZE);
    rst_rcu_read_unlock();
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(rst_load(&f->account.memory), 0);
    fixture_free(f);
}

Test(trim, what_is_in_use_stays)
{
    struct fixture *f = fixture_new();
    uint64_t memory = rst_load(&f->account.memory);
    int i;

    for (i = 0; i < N / 2; i++)
        memset(f->taken[i], 0x5a, SIZE);
    put_all(f, N / 2);
    trim(f);
    unit_ok(rst_rcu_barrier());
    cr_assert_lt(rst_load(&f->account.memory), memory);
    cr_assert_geq(rst_load(&f->account.memory), (uint64_t)N / 2 * SIZE);
    for (i = 0; i < N / 2; i++)
        cr_assert_eq(((char *)f->taken[i])[SIZE - 1], 0x5a);
    for (i = N / 2; i < N; i++)
        f->taken[i] = rst_hot_take(&f->hot, &f->cache);
    put_all(f, 0);
    fixture_free(f);
}

/* What has come back since the last trim may be needed again: it is looked at twice, as all is. */
Test(trim, a_slab_goes_after_two_looks_also_beside_others_that_go)
{
    struct fixture *f = fixture_new();
    uint64_t memory = rst_load(&f->account.memory);
    int i;

    for (i = N / 2; i < N; i++)
        rst_hot_put(&f->hot, &f->cache, f->taken[i]);
    rst_hot_flush(&f->hot, &f->cache);
    cr_assert(rst_hot_trim(&f->hot, NULL, NULL));
    for (i = 0; i < N / 2; i++)
        rst_hot_put(&f->hot, &f->cache, f->taken[i]);
    rst_hot_flush(&f->hot, &f->cache);
    cr_assert(rst_hot_trim(&f->hot, NULL, NULL));
    unit_ok(rst_rcu_barrier());
    cr_assert_lt(rst_load(&f->account.memory), memory);
    cr_assert_geq(rst_load(&f->account.memory), (uint64_t)N / 2 * SIZE);
    cr_assert_not(rst_hot_trim(&f->hot, NULL, NULL));
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(rst_load(&f->account.memory), 0);
    fixture_free(f);
}

/* What is free of a slab is a number of whole pieces, though not all of them. */
Test(trim, a_slab_with_one_piece_in_use_stays)
{
    struct fixture *f = fixture_new();
    int i, piece = (int)f->hot.per_piece;

    for (i = 0; i < piece; i++)
        memset(f->taken[i], 0x5a, SIZE);
    put_all(f, piece);
    trim(f);
    unit_ok(rst_rcu_barrier());
    cr_assert_gt(rst_load(&f->account.memory), (uint64_t)piece * SIZE);
    for (i = 0; i < piece; i++)
        cr_assert_eq(((char *)f->taken[i])[SIZE - 1], 0x5a);
    for (i = piece; i < N; i++)
        f->taken[i] = rst_hot_take(&f->hot, &f->cache);
    put_all(f, 0);
    fixture_free(f);
}

/* Another thread, that takes one while the depot is looked through. */
struct taker {
    struct fixture *f;
    struct rst_hot_cache cache;
    void *taken;
};

static void take_beside(void *arg, const struct rst_hot_node *node)
{
    struct taker *taker = arg;

    (void)node;
    if (!taker->taken)
        taker->taken = rst_hot_take(&taker->f->hot, &taker->cache);
}

Test(trim, a_look_makes_no_other_thread_carve)
{
    struct taker taker = {fixture_new(), {NULL, NULL, 0, 0}, NULL};
    uint64_t memory = rst_load(&taker.f->account.memory);

    put_all(taker.f, 0);
    rst_hot_visit(&taker.f->hot, take_beside, &taker);
    cr_assert_not_null(taker.taken);
    cr_assert_eq(rst_load(&taker.f->account.memory), memory);
    rst_hot_put(&taker.f->hot, &taker.cache, taker.taken);
    rst_hot_flush(&taker.f->hot, &taker.cache);
    fixture_free(taker.f);
}

/* Until nothing more goes back. */
static uint64_t memory_at_rest(struct roster *roster, uint64_t *clock)
{
    int i;

    for (i = 0; i < 5; i++) {
        *clock += UINT64_C(2000000000);
        unit_set_clock(roster, *clock);
        rst_trim_tick(roster);
        unit_ok(rst_rcu_barrier());
        unit_ok(rst_rcu_barrier());
    }
    return unit_stats(roster).memory;
}

Test(trim, after_a_peak_of_everything)
{
    enum { SESSIONS = 3000 };
    static struct roster_session *sessions[SESSIONS];
    static struct roster_pin *pins[SESSIONS];
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    char text[500];
    struct roster *roster;
    uint64_t peak, clock = UINT64_C(1) << 40;
    unsigned i;

    options.tick_ms = ROSTER_TICK_MANUAL;
    roster = unit_roster_with(&options);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    attr.attributes = text; /* more than a session's home has room for */
    attr.flags = ROSTER_SESSION_DIGESTS;
    for (i = 0; i < SESSIONS; i++) {
        unit_ok(roster_session_open(roster, &attr, &sessions[i]));
        unit_ok(roster_txn_begin(sessions[i], NULL));
        unit_ok(roster_stmt_begin(sessions[i], 0, text, sizeof(text), NULL, 0));
        pins[i] = unit_pin(roster, NULL, 0);
    }
    peak = unit_stats(roster).memory;
    cr_assert_gt(peak, (uint64_t)SESSIONS * (128 + 500 + 500));
    for (i = 0; i < SESSIONS; i++) {
        unit_ok(roster_pin_release(pins[i]));
        unit_close(sessions[i]);
    }
    cr_assert_leq(memory_at_rest(roster, &clock), peak / 10);
    cr_assert_eq(unit_stats(roster).backlog, 0);
    unit_destroy(roster);
}

/* One thread lives on that has run one long statement. */
Test(trim, after_a_long_statement)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    uint64_t before, clock = UINT64_C(1) << 40;
    size_t size = 1024 * 1024;
    char *text = calloc(1, size);
    struct roster_session *session;
    struct roster *roster;
    int i;

    cr_assert_not_null(text);
    options.tick_ms = ROSTER_TICK_MANUAL;
    options.text_limit = (uint32_t)size;
    roster = unit_roster_with(&options);
    session = unit_open(roster);
    unit_ok(roster_stmt_begin(session, 0, text, 100, NULL, 0));
    unit_ok(roster_stmt_end(session));
    before = memory_at_rest(roster, &clock);
    for (i = 0; i < 100; i++) {
        unit_ok(roster_stmt_begin(session, 0, text, size, NULL, 0));
        unit_ok(roster_stmt_end(session));
        unit_ok(roster_stmt_begin(session, 0, text, size >> i % 8, NULL, 0));
        unit_ok(roster_stmt_end(session));
    }
    cr_assert_geq(unit_stats(roster).memory, before + size);
    cr_assert_leq(memory_at_rest(roster, &clock), before + 16 * 1024);
    unit_end(roster, session);
    free(text);
}

/* Sanitizers and valgrind have memory of their own. */
#if !defined(ROSTER_SANITIZER_THREAD) && !defined(ROSTER_SANITIZER_ADDRESS)
static uint64_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long long pages = 0;

    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%*u %llu", &pages), 1);
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Also where the kernel gives more at once than is needed, as huge pages are. */
Test(trim, memory_is_what_the_process_has)
{
    enum { SESSIONS = 40000, STEP = 500, SLACK = 256 * 1024 };
    static struct roster_session *sessions[SESSIONS];
    uint64_t ours, theirs, before, held;
    struct roster *roster;
    unsigned n;

    if (unit_slow())
        return;
    memset(sessions, 0xff, sizeof(sessions));
    roster = unit_roster(NULL);
    unit_close(unit_open(roster));
    before = unit_stats(roster).memory;
    held = resident();
    for (n = 0; n < SESSIONS; n++) {
        sessions[n] = unit_open(roster);
        if (n % STEP)
            continue;
        ours = unit_stats(roster).memory - before;
        theirs = resident() - held;
        cr_assert_geq(ours + SLACK, theirs - theirs / 10, "%u sessions: %llu of %llu", n,
                      (unsigned long long)ours, (unsigned long long)theirs);
        cr_assert_leq(ours, theirs + theirs / 10 + SLACK, "%u sessions: %llu of %llu", n,
                      (unsigned long long)ours, (unsigned long long)theirs);
    }
    for (n = 0; n < SESSIONS; n++)
        unit_close(sessions[n]);
    unit_destroy(roster);
}

/* Not only what is counted: what the process has, whatever of it was given back last. */
Test(trim, the_process_gives_back_what_a_peak_has_taken)
{
    enum { SESSIONS = 20000 };
    static struct roster_session *sessions[SESSIONS];
    static struct roster_pin *pins[SESSIONS];
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    uint64_t before, peak, clock = UINT64_C(1) << 40;
    char text[1000];
    struct roster *roster;
    unsigned i;

    if (unit_slow())
        return;
    memset(sessions, 0xff, sizeof(sessions));
    memset(pins, 0xff, sizeof(pins));
    memset(text, 'x', sizeof(text));
    options.tick_ms = ROSTER_TICK_MANUAL;
    roster = unit_roster_with(&options);
    unit_close(unit_open(roster));
    before = resident();
    for (i = 0; i < SESSIONS; i++) {
        attr.attributes = text + i % sizeof(text);
        text[sizeof(text) - 1] = '\0';
        attr.flags = i % 8 ? 0 : ROSTER_SESSION_DIGESTS;
        unit_ok(roster_session_open(roster, &attr, &sessions[i]));
        pins[i] = unit_pin(roster, sessions[i], 0);
    }
    peak = resident() - before;
    cr_assert_gt(peak, (uint64_t)SESSIONS * 1000);
    for (i = 0; i < SESSIONS; i++) {
        unit_ok(roster_pin_release(pins[i]));
        unit_close(sessions[i]);
    }
    (void)memory_at_rest(roster, &clock);
    cr_assert_leq(resident(), before + peak / 10, "%llu of %llu",
                  (unsigned long long)(resident() - before), (unsigned long long)peak);
    unit_destroy(roster);
}
#endif
