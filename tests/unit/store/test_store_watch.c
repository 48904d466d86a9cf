/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Conformance of every kind of store: watches. */

#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static struct roster_store_watch *watch_prefix(struct roster_store *store, const char *prefix,
                                               int64_t revision)
{
    struct roster_store_keys keys = roster_store_prefix(text(prefix));
    struct roster_store_watch *watch = NULL;

    cr_assert_eq(roster_store_watch_open(store, &keys, revision, &watch), 0);
    return watch;
}

static struct roster_store_events *next(struct roster_store_watch *watch)
{
    struct roster_store_events *events = NULL;
    int err = roster_store_watch_next(watch, 20000, &events);

    cr_assert_eq(err, 0, "the watch told nothing: %d", err);
    return events;
}

/* Asserts that the next batch is a snapshot of `count` keys; returns its revision. */
static int64_t next_snapshot(struct roster_store_watch *watch, size_t count)
{
    struct roster_store_events *events = next(watch);
    int64_t revision = events->revision;

    cr_assert(events->snapshot);
    cr_assert_eq(events->count, count, "%zu keys instead of %zu", events->count, count);
    roster_store_free(events);
    return revision;
}

static void expect_event(const struct roster_store_event *event, enum roster_store_event_type type,
                         const char *key, int64_t revision)
{
    cr_expect_eq(event->type, type, "%s: type %d", key, (int)event->type);
    cr_expect(bytes_are(event->kv.key, key), "not %s but %.*s", key, (int)event->kv.key.size,
              (const char *)event->kv.key.data);
    cr_expect_eq(event->kv.mod_revision, revision, "%s: revision %d instead of %d", key,
                 (int)event->kv.mod_revision, (int)revision);
}

/* Takes exactly one event, in a batch of its own or not. */
struct reader {
    struct roster_store_watch *watch;
    struct roster_store_events *batch;
    size_t place;
};

static const struct roster_store_event *next_event(struct reader *reader)
{
    while (reader->batch == NULL || reader->place == reader->batch->count) {
        roster_store_free(reader->batch);
        reader->batch = next(reader->watch);
        reader->place = 0;
        cr_assert(!reader->batch->snapshot);
    }
    return &reader->batch->events[reader->place++];
}

STORE_TEST(a_watch_tells_what_is_there_and_then_what_changes)
{
    struct reader reader = {0};
    struct roster_store_events *events;
    const struct roster_store_event *event;
    int64_t first = put_text(f->store, "w/1", "one"), second, third, fourth;

    put_text(f->store, "x", "outside");
    reader.watch = watch_prefix(f->store, "w/", 0);
    events = next(reader.watch);
    cr_assert(events->snapshot);
    cr_assert_eq(events->count, 1);
    cr_expect_eq(events->revision, first + 1);
    expect_event(&events->events[0], ROSTER_STORE_EVENT_PUT, "w/1", first);
    roster_store_free(events);

    second = put_text(f->store, "w/2", "two");
    put_text(f->store, "x", "outside");
    third = put_text(f->store, "w/1", "changed");
    fourth = delete_key(f->store, "w/2");
    event = next_event(&reader);
    expect_event(event, ROSTER_STORE_EVENT_PUT, "w/2", second);
    cr_expect(bytes_are(event->kv.value, "two"));
    cr_expect_eq(event->kv.version, 1);
    cr_expect_eq(event->kv.create_revision, second);
    event = next_event(&reader);
    expect_event(event, ROSTER_STORE_EVENT_PUT, "w/1", third);
    cr_expect_eq(event->kv.version, 2);
    cr_expect_eq(event->kv.create_revision, first);
    event = next_event(&reader);
    expect_event(event, ROSTER_STORE_EVENT_DELETE, "w/2", fourth);
    cr_expect_eq(event->kv.value.size, 0);
    cr_expect_geq(reader.batch->revision, fourth);
    roster_store_free(reader.batch);
    roster_store_watch_close(reader.watch);
}

STORE_TEST(a_watch_of_nothing_begins_with_an_empty_snapshot)
{
    struct roster_store_watch *watch = watch_prefix(f->store, "none/", 0);
    struct roster_store_events *events = NULL;

    next_snapshot(watch, 0);
    cr_expect_eq(roster_store_watch_next(watch, 300, &events), -ETIMEDOUT);
    cr_expect_null(events);
    cr_expect_eq(roster_store_watch_next(watch, 0, &events), -ETIMEDOUT);
    roster_store_watch_close(watch);
}

STORE_TEST(a_watch_may_begin_in_the_past)
{
    int64_t first = put_text(f->store, "w/1", "one"), second, third;
    struct reader reader = {0};

    second = put_text(f->store, "w/1", "two");
    third = delete_key(f->store, "w/1");
    reader.watch = watch_prefix(f->store, "w/", second);
    expect_event(next_event(&reader), ROSTER_STORE_EVENT_PUT, "w/1", second);
    expect_event(next_event(&reader), ROSTER_STORE_EVENT_DELETE, "w/1", third);
    cr_expect_gt(second, first);
    roster_store_free(reader.batch);
    roster_store_watch_close(reader.watch);
}

STORE_TEST(a_watch_may_begin_in_the_future)
{
    int64_t now = put_text(f->store, "w/1", "one");
    struct reader reader = {.watch = watch_prefix(f->store, "w/", now + 3)};
    struct roster_store_events *events = NULL;

    put_text(f->store, "w/1", "two");
    cr_expect_eq(roster_store_watch_next(reader.watch, 300, &events), -ETIMEDOUT);
    put_text(f->store, "w/1", "three");
    put_text(f->store, "w/1", "four");
    expect_event(next_event(&reader), ROSTER_STORE_EVENT_PUT, "w/1", now + 3);
    roster_store_free(reader.batch);
    roster_store_watch_close(reader.watch);
}

STORE_TEST(a_watch_of_one_key_tells_of_no_other)
{
    struct roster_store_keys key = roster_store_key(text("w"));
    int64_t before = put_text(f->store, "w", "one"), revision;
    struct reader reader = {0};

    cr_assert_eq(roster_store_watch_open(f->store, &key, before + 1, &reader.watch), 0);
    put_text(f->store, "w/1", "longer");
    put_text(f->store, "v", "other");
    revision = put_text(f->store, "w", "two");
    expect_event(next_event(&reader), ROSTER_STORE_EVENT_PUT, "w", revision);
    roster_store_free(reader.batch);
    roster_store_watch_close(reader.watch);
}

STORE_TEST(changes_of_a_transaction_are_told_together)
{
    struct roster_store_op ops[] = {
        roster_store_put(text("w/1"), text("one"), 0),
        roster_store_put(text("w/2"), text("two"), 0),
        roster_store_delete(roster_store_prefix(text("w/old/"))),
    };
    struct roster_store_txn txn = {.success = ops, .n_success = 3};
    struct roster_store_watch *watch;
    struct roster_store_events *events;
    int64_t before;

    put_text(f->store, "w/old/1", "");
    before = put_text(f->store, "w/old/2", "");
    watch = watch_prefix(f->store, "w/", before + 1);
    cr_assert_eq(roster_store_txn(f->store, &txn, 20000, NULL), 0);
    events = next(watch);
    cr_assert_eq(events->count, 4);
    expect_event(&events->events[0], ROSTER_STORE_EVENT_PUT, "w/1", before + 1);
    expect_event(&events->events[1], ROSTER_STORE_EVENT_PUT, "w/2", before + 1);
    expect_event(&events->events[2], ROSTER_STORE_EVENT_DELETE, "w/old/1", before + 1);
    expect_event(&events->events[3], ROSTER_STORE_EVENT_DELETE, "w/old/2", before + 1);
    roster_store_free(events);
    roster_store_watch_close(watch);
}

STORE_TEST(a_watch_tells_when_a_lease_runs_out)
{
    struct roster_store_lease lease;
    struct reader reader = {0};
    int64_t put;

    cr_assert_eq(roster_store_lease_grant(f->store, 1000, 20000, &lease), 0);
    put = put_leased(f->store, "w/leased", "value", lease.id);
    reader.watch = watch_prefix(f->store, "w/", put + 1);
    expect_event(next_event(&reader), ROSTER_STORE_EVENT_DELETE, "w/leased", put + 1);
    roster_store_free(reader.batch);
    roster_store_watch_close(reader.watch);
}

static const struct roster_store_options short_history = {.size = sizeof(short_history),
                                                          .history = 4};

STORE_TEST_WITH(a_watch_survives_the_loss_of_history, &short_history)
{
    int64_t first = put_text(f->store, "w/1", "one"), last;
    struct reader reader = {.watch = watch_prefix(f->store, "w/", first)};
    struct roster_store_stats stats = {.size = sizeof(stats)};

    put_text(f->store, "w/2", "two");
    delete_key(f->store, "w/1");
    store_fixture_compact(f);
    next_snapshot(reader.watch, 1);
    last = put_text(f->store, "w/3", "three");
    expect_event(next_event(&reader), ROSTER_STORE_EVENT_PUT, "w/3", last);
    cr_assert_eq(roster_store_stats(f->store, &stats), 0);
    cr_expect_eq(stats.watch_snapshots, 1);
    roster_store_free(reader.batch);
    roster_store_watch_close(reader.watch);
}

#define WRITERS 3
#define WRITES 40

static void *write_often(void *store)
{
    char key[32];

    for (int i = 0; i < WRITES; i++) {
        snprintf(key, sizeof(key), "w/%d", i % 7);
        put_text(store, key, "value");
    }
    return NULL;
}

STORE_TEST(no_change_is_left_out_told_twice_or_out_of_order)
{
    int64_t expected = put_text(f->store, "begin", "") + 1;
    struct roster_store *other = store_fixture_other(f);
    struct reader readers[2] = {{.watch = watch_prefix(f->store, "w/", expected)},
                                {.watch = watch_prefix(other, "w/", expected)}};
    pthread_t writers[WRITERS];

    for (int i = 0; i < WRITERS; i++)
        cr_assert_eq(pthread_create(&writers[i], NULL, write_often, i % 2 ? other : f->store), 0);
    for (int i = 0; i < WRITERS * WRITES; i++) {
        cr_assert_eq(next_event(&readers[0])->kv.mod_revision, expected + i);
        cr_assert_eq(next_event(&readers[1])->kv.mod_revision, expected + i);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (int i = 0; i < 2; i++) {
        roster_store_free(readers[i].batch);
        roster_store_watch_close(readers[i].watch);
    }
    store_fixture_close_other(f, other);
}

static void *cancel_soon(void *watch)
{
    sleep_ms(200);
    roster_store_watch_cancel(watch);
    return NULL;
}

STORE_TEST(a_watch_is_canceled_from_another_thread)
{
    struct roster_store_watch *watch = watch_prefix(f->store, "w/", 0);
    struct roster_store_events *events = NULL;
    struct timespec before, after;
    pthread_t thread;

    next_snapshot(watch, 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, watch), 0);
    cr_expect_eq(roster_store_watch_next(watch, -1, &events), -ECANCELED);
    clock_gettime(CLOCK_MONOTONIC, &after);
    pthread_join(thread, NULL);
    cr_expect_lt(after.tv_sec - before.tv_sec, 5);
    put_text(f->store, "w/1", "");
    cr_expect_eq(roster_store_watch_next(watch, -1, &events), -ECANCELED);
    cr_expect_null(events);
    roster_store_watch_close(watch);
}

STORE_TEST(a_watch_does_not_delay_other_calls)
{
    struct roster_store_watch *watch = watch_prefix(f->store, "w/", 0);
    struct roster_store_events *events = NULL;
    pthread_t thread;

    next_snapshot(watch, 0);
    cr_assert_eq(pthread_create(&thread, NULL, write_often, f->store), 0);
    cr_assert_eq(roster_store_watch_next(watch, 20000, &events), 0);
    roster_store_free(events);
    pthread_join(thread, NULL);
    roster_store_watch_close(watch);
}

STORE_TEST(watches_refuse_bad_arguments)
{
    struct roster_store_keys keys = roster_store_prefix(text("w/"));
    struct roster_store_keys after = keys, none = roster_store_key(text(""));
    struct roster_store_watch *watch = (void *)f;
    struct roster_store_events *events = NULL;

    after.after = text("w/1");
    cr_expect_eq(roster_store_watch_open(NULL, &keys, 0, &watch), -EINVAL);
    cr_expect_null(watch);
    cr_expect_eq(roster_store_watch_open(f->store, NULL, 0, &watch), -EINVAL);
    cr_expect_eq(roster_store_watch_open(f->store, &keys, 0, NULL), -EINVAL);
    cr_expect_eq(roster_store_watch_open(f->store, &keys, -1, &watch), -EINVAL);
    cr_expect_eq(roster_store_watch_open(f->store, &after, 0, &watch), -EINVAL);
    cr_expect_eq(roster_store_watch_open(f->store, &none, 0, &watch), -EINVAL);
    cr_expect_eq(roster_store_watch_next(NULL, 0, &events), -EINVAL);
    roster_store_watch_close(NULL);
    roster_store_watch_cancel(NULL);
}
