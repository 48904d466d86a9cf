/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The allocator of connection ids. Rows of the TiDB page: "Local 32-bit ids are reused first in,
 * first out; 0 is never an id. 200 local ids at the top are reserved."
 */

#include "config.h"

#include "../unit.h"
#include "core/sql/conn_ids.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <roster/roster.h>

static struct roster_conn_ids *make(struct roster *roster, uint32_t local_ids, uint32_t percent)
{
    struct roster_conn_ids_options options = ROSTER_CONN_IDS_OPTIONS_INIT;
    struct roster_conn_ids *ids = NULL;

    options.roster = roster;
    options.server = 5;
    options.local_ids = local_ids;
    options.narrow_percent = percent;
    cr_assert_eq(roster_conn_ids_create(&options, &ids), 0);
    return ids;
}

static struct roster_conn_id next(struct roster_conn_ids *ids, uint64_t *id)
{
    struct roster_conn_id parts = {0, 0, 0};
    uint64_t got = 0;

    cr_expect_eq(roster_conn_ids_next(ids, &got), 0);
    cr_expect_eq(roster_conn_id_parse(got, &parts), 0);
    if (id)
        *id = got;
    return parts;
}

static struct roster_conn_ids_stats stats(struct roster_conn_ids *ids)
{
    struct roster_conn_ids_stats found = {.size = sizeof(found)};

    cr_assert_eq(roster_conn_ids_stats(ids, &found), 0);
    return found;
}

/* Waits until only `used` 32-bit ids are out or waiting. */
static void wait_until_used(struct roster_conn_ids *ids, uint64_t used)
{
    for (int i = 0; i < 5000 && stats(ids).used_32 != used; i++)
        usleep(1000);
    cr_assert_eq(stats(ids).used_32, used);
}

Test(conn_ids, local_ids_are_reused_first_in_first_out)
{
    static const int order[] = {3, 0, 7, 5, 1, 6, 2, 4};
    struct roster_conn_ids *ids = make(NULL, 8, 0);
    uint64_t given[8], again[8];

    for (int i = 0; i < 8; i++) {
        struct roster_conn_id parts = next(ids, &given[i]);

        cr_assert_eq(parts.width, 32);
        cr_assert_eq(parts.server, 5);
        cr_assert_eq(parts.local, (uint64_t)i + 1, "new ids ascend from 1: 0 is never an id");
    }
    for (int i = 0; i < 8; i++)
        cr_assert_eq(roster_conn_ids_release(ids, given[order[i]]), 0);
    wait_until_used(ids, 0);
    for (int i = 0; i < 8; i++) {
        next(ids, &again[i]);
        cr_assert_eq(again[i], given[order[i]], "place %d", i);
    }
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, ids_never_used_go_before_those_that_were)
{
    struct roster_conn_ids *ids = make(NULL, 4, 0);
    uint64_t first;

    next(ids, &first);
    cr_assert_eq(roster_conn_ids_release(ids, first), 0);
    wait_until_used(ids, 0);
    for (uint64_t local = 2; local <= 4; local++)
        cr_assert_eq(next(ids, NULL).local, local);
    cr_assert_eq(next(ids, NULL).local, 1);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, an_id_rests_for_a_grace_period)
{
    struct roster_conn_ids *ids = make(NULL, 2, 100);
    struct roster *roster;
    uint64_t id;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    next(ids, &id);
    next(ids, NULL);
    cr_assert_eq(roster_read_lock(roster), 0);
    cr_assert_eq(roster_conn_ids_release(ids, id), 0);
    usleep(100 * 1000);
    cr_assert_eq(next(ids, NULL).width, 64, "a reader may still mean the former bearer by it");
    cr_assert_eq(stats(ids).used_32, 2);
    roster_read_unlock(roster);
    wait_until_used(ids, 1);
    for (int i = 0; i < 2; i++) {
        uint64_t other = ((uint64_t)5 << 21) | (uint64_t)(i + 1) << 1;

        (void)roster_conn_ids_release(ids, other);
    }
    wait_until_used(ids, 0);
    cr_assert_eq(next(ids, NULL).local, 1);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

/* What waits for readers is counted, and so is the memory that this many ids have touched. */
Test(conn_ids, says_how_many_rest)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_conn_ids *ids = make(roster, 0, 0);
    uint64_t given[1000], memory = stats(ids).memory;
    unsigned n;

    for (n = 0; n < 1000; n++)
        next(ids, &given[n]);
    cr_assert_eq(stats(ids).resting_32, 0);
    cr_assert_eq(stats(ids).memory, memory + 4000);
    unit_ok(roster_read_lock(roster));
    for (n = 0; n < 600; n++)
        cr_assert_eq(roster_conn_ids_release(ids, given[n]), 0);
    cr_assert_eq(roster_conn_ids_release(ids, given[0]), -EALREADY);
    cr_assert_eq(stats(ids).resting_32, 600);
    cr_assert_eq(stats(ids).used_32, 1000);
    roster_read_unlock(roster);
    for (n = 0; n < 2; n++) /* those that came while the first waited, wait for the second */
        unit_ok(roster_release_wait(roster));
    cr_assert_eq(stats(ids).used_32, 400);
    cr_assert_eq(stats(ids).resting_32, 0);
    cr_assert_eq(stats(ids).memory, memory + 4000 + 4800);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
    unit_destroy(roster);
}

Test(conn_ids, widens_when_32_bits_run_out_and_returns_with_hysteresis)
{
    struct roster_conn_ids *ids = make(NULL, 10, 40);
    uint64_t given[10], wide;

    for (int i = 0; i < 10; i++)
        cr_assert_eq(next(ids, &given[i]).width, 32);
    cr_assert_eq(next(ids, &wide).width, 64);
    cr_assert_eq(stats(ids).wide, 1);
    cr_assert_eq(stats(ids).widenings, 1);
    cr_assert_eq(stats(ids).open_64, 1);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(roster_conn_ids_release(ids, given[i]), 0);
    wait_until_used(ids, 7);
    cr_assert_eq(next(ids, NULL).width, 64, "three of ten are not enough to return");
    cr_assert_eq(roster_conn_ids_release(ids, given[3]), 0);
    wait_until_used(ids, 6);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(next(ids, NULL).width, 32, "four of ten are, and all four can be had");
    cr_assert_eq(stats(ids).wide, 0);
    cr_assert_eq(next(ids, NULL).width, 64);
    cr_assert_eq(stats(ids).widenings, 2);
    cr_assert_eq(roster_conn_ids_release(ids, wide), 0);
    cr_assert_eq(stats(ids).open_64, 2);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, all_32_bit_ids_can_be_out_at_once)
{
    struct roster_conn_ids *ids = make(NULL, 0, 0);
    uint64_t n;

    for (n = 1; n <= ROSTER_CONN_LOCAL_32_MAX; n++) {
        struct roster_conn_id parts = next(ids, NULL);

        if (parts.width != 32 || parts.local != n)
            break;
    }
    cr_assert_eq(n, ROSTER_CONN_LOCAL_32_MAX + 1);
    cr_assert_eq(next(ids, NULL).width, 64);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, a_server_beyond_32_bits_has_wide_ids_only)
{
    struct roster_conn_ids *ids = make(NULL, 0, 0);
    struct roster_conn_id parts;

    cr_assert_eq(roster_conn_ids_set_server(ids, 2048), 0);
    parts = next(ids, NULL);
    cr_assert(parts.width == 64 && parts.server == 2048 && parts.local == 1);
    cr_assert_eq(stats(ids).widenings, 0, "32 bits have not run out");
    cr_assert_eq(roster_conn_ids_set_server(ids, 2047), 0);
    parts = next(ids, NULL);
    cr_assert(parts.width == 32 && parts.server == 2047 && parts.local == 1);
    cr_assert_eq(roster_conn_ids_set_server(ids, 0), -EINVAL);
    cr_assert_eq(roster_conn_ids_set_server(ids, 0x400000), -EINVAL);
    cr_assert_eq(roster_conn_ids_set_server(NULL, 1), -EINVAL);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, two_hundred_ids_at_the_top_are_reserved)
{
    struct roster_conn_ids *ids = make(NULL, 1, 0);
    struct roster_conn_id parts;
    uint64_t id = 0;

    for (uint32_t n = 0; n < 200; n++) {
        cr_assert_eq(roster_conn_ids_reserved(ids, n, &id), 0);
        cr_assert_eq(roster_conn_id_parse(id, &parts), 0);
        cr_assert(parts.width == 64 && parts.server == 5);
        cr_assert_eq(parts.local, ROSTER_CONN_LOCAL_64_MAX - n);
        cr_assert_eq(roster_conn_ids_release(ids, id), -EINVAL, "it was not given out");
    }
    cr_assert_eq(roster_conn_ids_reserved(ids, 200, &id), -EINVAL);
    cr_assert_eq(roster_conn_ids_reserved(NULL, 0, &id), -EINVAL);
    cr_assert_eq(roster_conn_ids_reserved(ids, 0, NULL), -EINVAL);
    cr_assert_eq(next(ids, NULL).width, 32);
    ids->next_64 = RST_CONN_LOCALS_64 - 1;
    cr_assert_eq(next(ids, NULL).local, ROSTER_CONN_LOCAL_64_MAX - 200);
    cr_assert_eq(next(ids, NULL).local, 1, "the reserved ones are left out");
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, when_64_bit_ids_come_round_those_in_use_are_left_out)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_conn_ids *ids;
    struct roster_session *session;
    struct roster *roster;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    ids = make(roster, 1, 0);
    cr_assert_eq(next(ids, NULL).width, 32);
    cr_assert_eq(next(ids, &attr.id).local, 1);
    cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
    cr_assert_eq(next(ids, NULL).local, 2);
    ids->next_64 = RST_CONN_LOCALS_64;
    cr_assert_eq(next(ids, NULL).local, 2, "1 is borne by a session");
    cr_assert_eq(roster_session_close(session), 0);
    ids->next_64 = 2 * RST_CONN_LOCALS_64;
    cr_assert_eq(next(ids, NULL).local, 1, "and is not any more");
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

Test(conn_ids, what_is_not_out_cannot_be_released)
{
    struct roster_conn_ids *ids = make(NULL, 4, 0);
    uint64_t id;

    next(ids, &id);
    cr_assert_eq(roster_conn_ids_release(ids, id + 2), -EALREADY, "never given out");
    cr_assert_eq(roster_conn_ids_release(ids, id), 0);
    cr_assert_eq(roster_conn_ids_release(ids, id), -EALREADY);
    wait_until_used(ids, 0);
    cr_assert_eq(roster_conn_ids_release(ids, id), -EALREADY);
    cr_assert_eq(roster_conn_ids_release(ids, id + 2 * 4), -EINVAL, "there are four");
    cr_assert_eq(roster_conn_ids_release(ids, 0), -EINVAL);
    cr_assert_eq(roster_conn_ids_release(ids, 1), -EMSGSIZE);
    cr_assert_eq(roster_conn_ids_release(ids, UINT64_MAX), -EOVERFLOW);
    cr_assert_eq(roster_conn_ids_release(ids, UINT64_C(1) << 40), -EBADMSG);
    cr_assert_eq(roster_conn_ids_release(NULL, id), -EINVAL);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

/* Which 64-bit ids are out is not remembered, but how many: the count never passes 0. */
Test(conn_ids, no_more_wide_ids_come_back_than_were_given)
{
    struct roster_conn_ids *ids = make(NULL, 4, 0);
    uint64_t id, wide, other;

    cr_assert_eq(roster_conn_ids_reserved(ids, 0, &other), 0);
    cr_assert_eq(roster_conn_ids_release(ids, other), -EINVAL, "it is not released");
    cr_assert_eq(roster_conn_ids_set_server(ids, ROSTER_CONN_SERVER_64_MAX), 0);
    next(ids, &wide);
    next(ids, &other);
    cr_assert_eq(stats(ids).open_64, 2);
    cr_assert_eq(roster_conn_ids_release(ids, wide), 0);
    cr_assert_eq(roster_conn_ids_release(ids, other), 0);
    cr_assert_eq(roster_conn_ids_release(ids, wide), -EALREADY);
    cr_assert_eq(stats(ids).open_64, 0);
    cr_assert_eq(roster_conn_ids_set_server(ids, 5), 0);
    next(ids, &id);
    cr_assert_eq(roster_conn_ids_release(ids, wide), -EALREADY);
    cr_assert_eq(roster_conn_ids_release(ids, id), 0);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

Test(conn_ids, arguments_are_checked)
{
    struct roster_conn_ids_options options = ROSTER_CONN_IDS_OPTIONS_INIT;
    struct {
        struct roster_conn_ids_options known;
        uint64_t unknown;
    } larger = {ROSTER_CONN_IDS_OPTIONS_INIT, 0};
    struct roster_conn_ids_stats found = {.size = 1};
    struct roster_conn_ids *ids = NULL;
    uint64_t id;

    cr_assert_eq(roster_conn_ids_create(&options, NULL), -EINVAL);
    options.size--;
    cr_assert_eq(roster_conn_ids_create(&options, &ids), -EINVAL);
    options.size++;
    options.server = ROSTER_CONN_SERVER_64_MAX + 1;
    cr_assert_eq(roster_conn_ids_create(&options, &ids), -EINVAL);
    options.server = 1;
    options.local_ids = ROSTER_CONN_LOCAL_32_MAX + 1;
    cr_assert_eq(roster_conn_ids_create(&options, &ids), -EINVAL);
    options.local_ids = 1;
    options.narrow_percent = 101;
    cr_assert_eq(roster_conn_ids_create(&options, &ids), -EINVAL);
    options.narrow_percent = 100;
    options.reserved = 1;
    cr_assert_eq(roster_conn_ids_create(&options, &ids), -EINVAL);
    larger.known.size = sizeof(larger);
    larger.unknown = 1;
    cr_assert_eq(roster_conn_ids_create(&larger.known, &ids), -E2BIG);
    cr_assert_null(ids);
    larger.unknown = 0;
    cr_assert_eq(roster_conn_ids_create(&larger.known, &ids), 0);
    cr_assert_eq(roster_conn_ids_next(NULL, &id), -EINVAL);
    cr_assert_eq(roster_conn_ids_next(ids, NULL), -EINVAL);
    cr_assert_eq(roster_conn_ids_stats(ids, NULL), -EINVAL);
    cr_assert_eq(roster_conn_ids_stats(NULL, &found), -EINVAL);
    cr_assert_eq(roster_conn_ids_stats(ids, &found), -EINVAL);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
    cr_assert_eq(roster_conn_ids_destroy(NULL), 0);
    cr_assert_eq(roster_conn_ids_create(NULL, &ids), 0);
    cr_assert_eq(next(ids, NULL).server, 1);
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

/* ThreadSanitizer lets no child of a fork start threads. */
static bool may_have_own(void)
{
#ifdef ROSTER_SANITIZER_THREAD
    return true;
#else
    struct roster_conn_ids *own = NULL;

    return unit_emulated() || /* nor does qemu-user */
           (roster_conn_ids_create(NULL, &own) == 0 && roster_conn_ids_destroy(own) == 0);
#endif
}

Test(conn_ids, a_forked_child_leaves_them_alone)
{
    struct roster_conn_ids *ids = make(NULL, 4, 0);
    uint64_t id;

    next(ids, &id);
    unit_in_child(roster_conn_ids_release(ids, id) == -ECHILD &&
                  roster_conn_ids_destroy(ids) == -ECHILD && may_have_own());
    cr_assert_eq(roster_conn_ids_destroy(ids), 0);
}

#define THREADS 4
#define LOCALS 32
#define ROUNDS 3000

struct shared {
    struct roster_conn_ids *ids;
    uint32_t borne[LOCALS + 1];
    uint32_t doubled;
    uint32_t narrow;
};

static void *connect_and_go(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t id;
        struct roster_conn_id parts = next(shared->ids, &id);

        if (parts.width == 32) {
            __atomic_fetch_add(&shared->narrow, 1, __ATOMIC_RELAXED);
            if (__atomic_exchange_n(&shared->borne[parts.local], 1, __ATOMIC_RELAXED))
                __atomic_fetch_add(&shared->doubled, 1, __ATOMIC_RELAXED);
            __atomic_store_n(&shared->borne[parts.local], 0, __ATOMIC_RELAXED);
        }
        cr_expect_eq(roster_conn_ids_release(shared->ids, id), 0);
        if (i % 50 == 0)
            usleep(5000); /* grace periods pass */
    }
    return NULL;
}

Test(conn_ids, no_two_connections_bear_one_id)
{
    struct shared shared;
    pthread_t threads[THREADS];

    memset(&shared, 0, sizeof(shared));
    shared.ids = make(NULL, LOCALS, 1);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, connect_and_go, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(shared.doubled, 0, "%u ids were out twice", shared.doubled);
    cr_assert_gt(shared.narrow, LOCALS, "ids were reused");
    cr_assert_gt(stats(shared.ids).widenings, 0, "and ran out");
    wait_until_used(shared.ids, 0);
    cr_assert_eq(stats(shared.ids).open_64, 0);
    cr_assert_eq(roster_conn_ids_destroy(shared.ids), 0);
}
