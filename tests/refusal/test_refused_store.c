/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Every call of the environment that a store makes is refused, each in turn. The store's call says
 * so by an error of its table or goes on without; -EINPROGRESS aside nothing has changed; it works
 * afterwards, and nothing is leaked.
 *
 * ROSTER_REFUSE_ALL: each single one, not some 30 of each of the store's calls where that takes
 * long.
 */
#include "config.h"

#include "../unit/store/store_fixture.h"
#include "refuse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is refused something may give up soon; what is not must work, also on a busy machine. */
#define SOON_MS 500
#define AT_LAST_MS 10000

static int timeout_ms = SOON_MS;

/* What is tried: `prepare` and `undo` are not refused anything. */
struct scene {
    struct store_fixture *f;
    struct roster_store *store;
    struct roster_store *opened;
    struct roster_store_watch *watch;
    int64_t lease;
};

struct act {
    const char *name;
    void (*prepare)(struct scene *scene);
    int (*call)(struct scene *scene);
    bool changes; /* may end with -EINPROGRESS */
};

static void nothing(struct scene *scene)
{
    (void)scene;
}

static void leased(struct scene *scene)
{
    scene->lease = grant_lease(scene->store, 60000);
}

static void leased_key(struct scene *scene)
{
    leased(scene);
    put_leased(scene->store, "leased", "x", scene->lease);
}

static void watched(struct scene *scene)
{
    struct roster_store_keys keys = roster_store_prefix(text("k"));

    cr_assert_eq(roster_store_watch_open(scene->store, &keys, 0, &scene->watch), 0);
}

static int get(struct scene *scene)
{
    struct roster_store_keys keys = roster_store_prefix(text("k"));
    struct roster_store_range *range;
    int err = roster_store_get(scene->store, &keys, 0, timeout_ms, &range);

    if (!err)
        cr_assert_eq(range->count, 2);
    roster_store_free(range);
    return err;
}

static int run(struct scene *scene, const struct roster_store_compare *compare,
               const struct roster_store_op *ops, size_t n_ops)
{
    struct roster_store_txn txn = {compare, compare != NULL, ops, n_ops, NULL, 0};
    struct roster_store_txn_result *result;
    int err = roster_store_txn(scene->store, &txn, timeout_ms, &result);

    cr_assert(err || (result->succeeded && result->count == n_ops));
    roster_store_free(result);
    return err;
}

static int change(struct scene *scene)
{
    struct roster_store_compare compare = roster_store_if_value(text("k1"), text("one"));
    struct roster_store_op ops[] = {
        roster_store_put(text("k3"), text("three"), scene->lease),
        roster_store_delete(roster_store_key(text("k2"))),
        roster_store_read(roster_store_prefix(text("k")), 0),
    };

    return run(scene, &compare, ops, 3);
}

static int grant(struct scene *scene)
{
    struct roster_store_lease lease;

    return roster_store_lease_grant(scene->store, 60000, timeout_ms, &lease);
}

static int keep(struct scene *scene)
{
    struct roster_store_lease lease;

    return roster_store_lease_keep_alive(scene->store, scene->lease, timeout_ms, &lease);
}

static int look(struct scene *scene)
{
    struct roster_store_lease lease;

    return roster_store_lease_time_to_live(scene->store, scene->lease, timeout_ms, &lease);
}

static int revoke(struct scene *scene)
{
    return roster_store_lease_revoke(scene->store, scene->lease, timeout_ms);
}

static int watch_open(struct scene *scene)
{
    struct roster_store_keys keys = roster_store_prefix(text("k"));

    return roster_store_watch_open(scene->store, &keys, 0, &scene->watch);
}

static int watch_next(struct scene *scene)
{
    struct roster_store_events *events;
    int err = roster_store_watch_next(scene->watch, timeout_ms, &events);

    cr_assert(err || (events->snapshot && events->count == 2));
    roster_store_free(events);
    return err;
}

static int open_another(struct scene *scene)
{
    return roster_store_open(scene->f->url, NULL, &scene->opened, NULL, 0);
}

static int rebind(struct scene *scene)
{
    return roster_store_rebind(scene->store);
}

static const struct act acts[] = {
    {"open", nothing, open_another, false},
    {"get", nothing, get, false},
    {"txn", nothing, change, true},
    {"txn with a lease", leased, change, true},
    {"lease_grant", nothing, grant, true},
    {"lease_keep_alive", leased, keep, false},
    {"lease_time_to_live", leased, look, false},
    {"lease_revoke", leased_key, revoke, true},
    {"watch_open", nothing, watch_open, false},
    {"watch_next", watched, watch_next, false},
    {"rebind", nothing, rebind, false},
};

/* The errors of the table in store.h that a refusal may lead to; of /proc only opening asks. */
static bool is_documented(const struct act *act, int err)
{
    static const int errors[] = {-ETIMEDOUT, -ENOLCK, -EHOSTUNREACH, -EPROTO, -ENOSPC,
                                 -EROFS,     -EACCES, -EUCLEAN,      -EIO,    -ENOMEM};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i] == err)
            return true;
    return err == -ENOTSUP && act->call == open_another;
}

static void open_scene(struct scene *scene, struct store_fixture *f)
{
    memset(scene, 0, sizeof(*scene));
    scene->f = f;
    cr_assert_eq(roster_store_open(f->url, NULL, &scene->store, NULL, 0), 0);
    put_text(scene->store, "k1", "one");
    put_text(scene->store, "k2", "two");
    if (key_exists(scene->store, "k3"))
        delete_key(scene->store, "k3");
}

static void close_scene(struct scene *scene)
{
    roster_store_watch_close(scene->watch);
    roster_store_close(scene->opened);
    roster_store_close(scene->store);
}

/* What the call could have changed; a lease shows in no revision of all stores. */
static void check_unchanged(struct scene *scene, const struct act *act, const char *refused,
                            unsigned nth, int err)
{
    bool leased_key_is_there = act->call != revoke || key_exists(scene->store, "leased");

    cr_assert(key_exists(scene->store, "k2") && !key_exists(scene->store, "k3") &&
                  leased_key_is_there,
              "%s, %s (%u) refused, %d: changed although it failed", act->name, refused, nth, err);
}

/* One attempt. Returns whether anything was refused. */
static bool attempt(struct store_fixture *f, const struct act *act, unsigned nth)
{
    const char *refused;
    struct scene scene;
    int err, again;

    open_scene(&scene, f);
    act->prepare(&scene);
    refuse_nth(nth);
    err = act->call(&scene);
    refused = refuse_none();
    cr_assert(!err || (refused && is_documented(act, err)) || (act->changes && err == -EINPROGRESS),
              "%s, %s (%u) refused: %d", act->name, refused ? refused : "nothing", nth, err);
    if (err && err != -EINPROGRESS) {
        check_unchanged(&scene, act, refused, nth, err);
        timeout_ms = AT_LAST_MS;
        again = act->call(&scene);
        timeout_ms = SOON_MS;
        cr_assert_eq(again, 0, "%s, after %s (%u) was refused, with %d: %d", act->name, refused,
                     nth, err, again);
    }
    close_scene(&scene);
    return refused;
}

/* Which ones are refused: all, or each so manieth. */
static unsigned step(unsigned calls)
{
    return getenv("ROSTER_REFUSE_ALL") ? 1 : calls / 30 + 1;
}

static unsigned calls_of(struct store_fixture *f, const struct act *act)
{
    unsigned low = 0, high = 1;

    while (attempt(f, act, high))
        high *= 2;
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;

        if (attempt(f, act, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* libcurl 7.88 itself leaks an address when it cannot remember it. */
static long leaks_of_others(const struct store_fixture *f, unsigned refusals)
{
    return store_fixture_is(f, "etcd") ? refusals / 10 + 1 : 0;
}

STORE_TEST(each_call_of_the_environment_is_refused)
{
    unsigned refusals = 0;

    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        unsigned calls = calls_of(f, &acts[i]), by = step(calls), files = refuse_files();
        long blocks = refuse_blocks();

        for (unsigned nth = 1; nth <= calls; nth += by) {
            attempt(f, &acts[i], nth);
            refusals++;
        }
        cr_expect_leq(refuse_blocks(), blocks + leaks_of_others(f, calls / by),
                      "%s: %ld blocks leaked", acts[i].name, refuse_blocks() - blocks);
        cr_expect_leq(refuse_files(), files, "%s: %d files leaked", acts[i].name,
                      (int)(refuse_files() - files));
        cr_log_info("%s: %s makes %u calls", f->kind, acts[i].name, calls);
    }
    cr_assert_gt(refusals, 10);
}

#ifdef HAVE_ETCD_STORE
/* As where there may be fewer descriptors than it waits for: it looks again and again, not at once.
 */
Test(refused_store, a_watch_that_cannot_wait_does_not_spin)
{
    struct roster_store_keys keys = roster_store_key(text("k"));
    struct roster_store_events *events = NULL;
    struct roster_store_watch *watch;
    struct roster_store *store;
    unsigned times;
    int err;

    cr_assert_eq(roster_store_open("etcd:http://127.0.0.1:1", NULL, &store, NULL, 0), 0);
    cr_assert_eq(roster_store_watch_open(store, &keys, 0, &watch), 0);
    refuse_always("poll", EINVAL);
    err = roster_store_watch_next(watch, 300, &events);
    times = refuse_times();
    cr_expect_not_null(refuse_none());
    cr_expect_eq(err, -EHOSTUNREACH, "%d", err);
    cr_expect_lt(times, 1000U);
    roster_store_watch_close(watch);
    roster_store_close(store);
}
#endif
