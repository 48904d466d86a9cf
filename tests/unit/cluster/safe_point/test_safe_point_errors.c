/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What moves a safe point or sets a barrier, where others are always faster, where no answer says
 * whether it was done, and where what stands in the store cannot be.
 */

#include "../../store/etcd/fake_answers.h"
#include "../../store/store_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <roster/barrier.h>
#include <roster/timestamp.h>

#define TXN "/roster/safepoint/txn"

/* The txn safe point is 1000, and nothing else is there. */
#define TXN_RANGE                                                                                  \
    "{\"response_range\":{\"kvs\":[{\"key\":\"L3Jvc3Rlci9zYWZlcG9pbnQvdHhu\","                     \
    "\"create_revision\":\"5\",\"mod_revision\":\"6\",\"version\":\"2\","                          \
    "\"value\":\"MTAwMA==\"}],\"count\":\"1\"}}"
#define EMPTY_RANGE ",{\"response_range\":{}}"

static int oracle_now(void *arg, uint64_t *ts)
{
    (void)arg;
    *ts = roster_ts_compose(1000000, 0);
    return 0;
}

static struct roster_safe_point *make(struct roster_store *store)
{
    struct roster_safe_point_options options = {
        .size = sizeof(options), .any_life_time = true, .oracle = oracle_now, .timeout_ms = 2000};
    struct roster_safe_point *safe_point = NULL;

    cr_assert_eq(roster_safe_point_create(store, &options, &safe_point), 0);
    return safe_point;
}

#define EXPECT(call, wanted)                                                                       \
    do {                                                                                           \
        int got = (call);                                                                          \
                                                                                                   \
        cr_expect_eq(got, wanted, "%s: %d", #call, got);                                           \
    } while (0)

static void expect_moves(struct roster_safe_point *safe_point, int wanted)
{
    EXPECT(roster_safe_point_advance_txn(safe_point, 2000, NULL), wanted);
    EXPECT(roster_safe_point_advance_gc(safe_point, 500, NULL), wanted);
    EXPECT(roster_safe_point_round(safe_point, NULL, NULL), wanted);
}

static void expect_all(struct roster_safe_point *safe_point, int wanted)
{
    expect_moves(safe_point, wanted);
    EXPECT(roster_barrier_set(safe_point, "b", 3000, ROSTER_BARRIER_FOREVER), wanted);
}

static void reply_reads(struct fake_request *request)
{
    char answer[1024] = "{" FAKE_HEADER ",\"succeeded\":true,\"responses\":[" TXN_RANGE;
    const char *at = strstr(request->body, "request_range");

    for (at = strstr(at + 1, "request_range"); at; at = strstr(at + 1, "request_range"))
        strcat(answer, EMPTY_RANGE);
    fake_reply(request, 200, strcat(answer, "]}"));
}

/* The gateway's argument says what becomes of a transaction that compares. */
static void answer_txn(struct fake_request *request)
{
    const int *outcome = request->gateway->arg;

    if (strstr(request->body, "\"compare\":[]"))
        reply_reads(request);
    else if (*outcome == -ERESTART)
        fake_reply(request, 200, "{" FAKE_HEADER "}");
    else
        request->close = true;
}

static uint64_t conflicts(struct roster_safe_point *safe_point)
{
    struct roster_safe_point_state state = {.size = sizeof(state)};

    cr_assert_eq(roster_safe_point_state(safe_point, &state), 0);
    return state.conflicts;
}

static void expect_of_gateway(int outcome, uint64_t swaps_lost)
{
    struct roster_store *store = NULL;
    struct roster_safe_point *safe_point;
    struct fake_gateway gateway;
    char url[80];

    fake_gateway_start(&gateway, answer_txn, &outcome);
    snprintf(url, sizeof(url), "etcd:%s", gateway.url);
    cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0);
    safe_point = make(store);
    expect_all(safe_point, outcome);
    cr_expect_eq(roster_txn_safe_point(safe_point), 0, "nothing is known to have moved");
    cr_expect_eq(conflicts(safe_point), swaps_lost);
    roster_safe_point_destroy(safe_point);
    fake_store_close(store, &gateway);
}

Test(safe_point_errors, others_are_always_faster)
{
    /* eight of each call; a round is for both safe points */
    expect_of_gateway(-ERESTART, 32);
}

Test(safe_point_errors, no_answer_says_whether_it_was_done)
{
    expect_of_gateway(-EINPROGRESS, 0);
}

Test(safe_point_errors, what_is_stored_is_no_timestamp)
{
    struct roster_store *store = NULL;
    struct roster_safe_point *safe_point;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    safe_point = make(store);
    put_text(store, TXN, "yesterday");
    expect_all(safe_point, -EBADMSG);
    put_text(store, TXN, "1000");
    expect_moves(safe_point, 0);
    roster_safe_point_destroy(safe_point);
    roster_store_close(store);
}

Test(safe_point_errors, what_was_known_is_gone)
{
    struct roster_store *store = NULL;
    struct roster_safe_point *safe_point;

    cr_assert_eq(roster_store_open("memory", NULL, &store, NULL, 0), 0);
    safe_point = make(store);
    cr_assert_eq(roster_safe_point_advance_txn(safe_point, 1000, NULL), 0);
    delete_key(store, TXN);
    expect_moves(safe_point, -EREMCHG);
    roster_safe_point_destroy(safe_point);
    roster_store_close(store);
}
