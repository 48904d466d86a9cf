/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* How many sessions a user, a database or an application may have, and which have how many. */

#include "../unit.h"
#include "core/roster/quota.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct roster *roster;

static void set_up(void)
{
    roster = unit_roster(NULL);
}

static void tear_down(void)
{
    unit_destroy(roster);
}

TestSuite(quota, .init = set_up, .fini = tear_down);

static struct roster_quota_rule rule(enum roster_group_by by, const char *value, uint64_t limit,
                                     uint64_t reserved)
{
    return (struct roster_quota_rule){sizeof(struct roster_quota_rule), by, value, limit, reserved};
}

static int set_one(enum roster_group_by by, const char *value, uint64_t limit, uint64_t reserved)
{
    struct roster_quota_rule one = rule(by, value, limit, reserved);

    return roster_quota_set(roster, &one, 1);
}

static struct roster_session_attr named(const char *user, const char *database,
                                        const char *application)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

    attr.user = user;
    attr.database = database;
    attr.application = application;
    return attr;
}

static struct roster_session *open_user(const char *user)
{
    struct roster_session_attr attr = named(user, NULL, NULL);
    struct roster_session *session = NULL;

    unit_ok(roster_session_open(roster, &attr, &session));
    return session;
}

static void refused_user(const char *user)
{
    struct roster_session_attr attr = named(user, NULL, NULL);
    struct roster_session *session = NULL;

    unit_refused(roster, NULL, roster_session_open(roster, &attr, &session), -EDQUOT);
    cr_assert_null(session);
}

/* How many sessions a group has; the table agrees with the sessions that there are. */
static uint64_t sessions_of(enum roster_group_by by, const char *value)
{
    struct roster_group groups[64];
    struct roster_groups sum = {.size = sizeof(sum)};
    size_t n, count = 64;

    unit_ok(roster_groups_top(roster, by, groups, &count, &sum));
    for (n = 0; n < count; n++)
        if (!strcmp(groups[n].value, value))
            return groups[n].sessions;
    return 0;
}

Test(quota, each_user_has_its_places)
{
    struct roster_session *a[2], *b;

    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 2, 0));
    a[0] = open_user("a");
    a[1] = open_user("a");
    refused_user("a");
    b = open_user("b");
    unit_close(a[0]);
    a[0] = open_user("a");
    refused_user("a");
    cr_assert_eq(sessions_of(ROSTER_GROUP_USER, "a"), 2);
    cr_assert_eq(unit_stats(roster).quota_refused, 2);
    cr_assert_eq(unit_stats(roster).sessions_refused, 0);
    unit_close(a[0]);
    unit_close(a[1]);
    unit_close(b);
}

Test(quota, a_rule_for_a_value_stands_before_that_for_each)
{
    struct roster_quota_rule rules[] = {rule(ROSTER_GROUP_USER, NULL, 1, 0),
                                        rule(ROSTER_GROUP_USER, "big", 2, 0),
                                        rule(ROSTER_GROUP_USER, "free", 0, 0)};
    struct roster_session *open[7];
    unsigned n;

    unit_ok(roster_quota_set(roster, rules, 3));
    open[0] = open_user("small");
    refused_user("small");
    open[1] = open_user("big");
    open[2] = open_user("big");
    refused_user("big");
    for (n = 3; n < 7; n++)
        open[n] = open_user("free");
    for (n = 0; n < 7; n++)
        unit_close(open[n]);
}

Test(quota, who_is_not_known_is_in_no_group_and_an_empty_name_is)
{
    struct roster_session *open[4];

    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 1, 0));
    open[0] = open_user(NULL);
    open[1] = open_user(NULL);
    open[2] = open_user("");
    refused_user("");
    open[3] = open_user("\xc3\xa4");
    unit_close(open[0]);
    unit_close(open[1]);
    unit_close(open[2]);
    unit_close(open[3]);
}

/* A session needs a place in each of its groups, or takes none. */
Test(quota, all_groups_or_none)
{
    struct roster_quota_rule rules[] = {rule(ROSTER_GROUP_USER, NULL, 2, 0),
                                        rule(ROSTER_GROUP_DATABASE, "d", 1, 0),
                                        rule(ROSTER_GROUP_APPLICATION, NULL, 2, 0)};
    struct roster_session_attr attr = named("u", "d", "a");
    struct roster_session *first = NULL, *second = NULL, *none = NULL;

    unit_ok(roster_quota_set(roster, rules, 3));
    unit_ok(roster_session_open(roster, &attr, &first));
    unit_refused(roster, NULL, roster_session_open(roster, &attr, &none), -EDQUOT);
    attr.database = "e";
    unit_ok(roster_session_open(roster, &attr, &second));
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EDQUOT);
    unit_close(first);
    unit_close(second);
}

Test(quota, reserved_places_are_for_administrators_and_the_server)
{
    struct roster_session_attr attr = named("u", NULL, NULL);
    struct roster_session *ordinary, *admin = NULL, *internal = NULL, *none = NULL;

    unit_ok(set_one(ROSTER_GROUP_USER, "u", 3, 2));
    ordinary = open_user("u");
    refused_user("u");
    attr.flags = ROSTER_SESSION_ADMIN;
    unit_ok(roster_session_open(roster, &attr, &admin));
    attr.flags = 0;
    attr.kind = ROSTER_SESSION_INTERNAL;
    unit_ok(roster_session_open(roster, &attr, &internal));
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EDQUOT, "the limit is for all");
    unit_close(ordinary);
    refused_user("u");
    unit_close(admin);
    unit_close(internal);
}

Test(quota, is_lowered_and_raised_at_run_time)
{
    struct roster_session *open[3];

    open[0] = open_user("u"); /* before there is any rule */
    open[1] = open_user("u");
    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 2, 0));
    refused_user("u");
    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 3, 0));
    open[2] = open_user("u");
    refused_user("u");
    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 1, 0));
    unit_close(open[2]);
    refused_user("u");
    unit_close(open[1]);
    refused_user("u");
    unit_close(open[0]);
    open[0] = open_user("u");
    unit_ok(roster_quota_set(roster, NULL, 0));
    open[1] = open_user("u");
    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 2, 0));
    refused_user("u");
    unit_close(open[0]);
    unit_close(open[1]);
}

/* What is counted changes, again and again, beside sessions that stay and sessions that go. */
Test(quota, counts_are_right_after_every_change)
{
    static const enum roster_group_by order[] = {ROSTER_GROUP_USER, ROSTER_GROUP_DATABASE,
                                                 ROSTER_GROUP_USER, ROSTER_GROUP_APPLICATION};
    struct roster_session_attr attr = named("x", "x", "x");
    struct roster_session *stays = NULL, *goes = NULL, *none = NULL;
    unsigned n;

    unit_ok(roster_session_open(roster, &attr, &stays));
    for (n = 0; n < 8; n++) {
        unit_ok(roster_session_open(roster, &attr, &goes));
        unit_ok(set_one(order[n % 4], "x", 2, 0));
        cr_assert_eq(roster_session_open(roster, &attr, &none), -EDQUOT, "round %u", n);
        unit_close(goes);
        unit_ok(roster_session_open(roster, &attr, &goes));
        cr_assert_eq(roster_session_open(roster, &attr, &none), -EDQUOT, "round %u", n);
        unit_close(goes);
    }
    unit_ok(roster_quota_set(roster, NULL, 0));
    for (n = 0; n < ROSTER_GROUP_BYS; n++)
        cr_assert_eq(roster->quota->bytes[n], 0, "groups are freed");
    unit_close(stays);
}

Test(quota, an_update_moves_or_changes_nothing)
{
    struct roster_quota_refusal why = ROSTER_QUOTA_REFUSAL_INIT;
    struct roster_session_attr attr = named("a", "d", NULL);
    struct roster_session *one, *two, *three;

    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 1, 0));
    one = open_user("a");
    two = open_user("b");
    attr.refusal = &why;
    unit_refused(roster, two, roster_session_update(two, &attr), -EDQUOT);
    cr_assert_str_eq(roster_identity_user(unit_look(two)->identity), "b");
    cr_assert_null(roster_identity_database(unit_look(two)->identity));
    cr_assert_str_eq(why.value, "a");
    cr_assert_eq(why.sessions, 1);
    attr.user = "b";
    unit_ok(roster_session_update(two, &attr)); /* its own place */
    attr.user = "c";
    unit_ok(roster_session_update(two, &attr));
    three = open_user("b");
    refused_user("c");
    attr.user = NULL;
    unit_ok(roster_session_update(two, &attr));
    unit_close(three);
    three = open_user("c");
    unit_close(one);
    attr.user = "a";
    unit_ok(roster_session_update(two, &attr));
    refused_user("a");
    unit_close(two);
    unit_close(three);
}

Test(quota, a_refusal_names_rule_limit_and_count)
{
    struct roster_quota_refusal why = ROSTER_QUOTA_REFUSAL_INIT;
    struct roster_session_attr attr = named("\033[31mu\n", NULL, NULL);
    struct roster_session *open = NULL, *none = NULL;
    struct roster_logged event = {.size = sizeof(event)};

    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 5, 4));
    attr.refusal = &why;
    attr.host = "h";
    unit_ok(roster_session_open(roster, &attr, &open));
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EDQUOT);
    cr_assert_eq(why.by, ROSTER_GROUP_USER);
    cr_assert_eq(why.each, 1);
    cr_assert_eq(why.limit, 5);
    cr_assert_eq(why.reserved, 4);
    cr_assert_eq(why.sessions, 1);
    cr_assert_str_eq(why.value, attr.user);
    cr_assert_str_eq(why.text, "user \"?[31mu \" has 1 session: the rule for each user allows 5, 4 "
                               "of them reserved; close one, or have the rule changed");
    unit_ok(roster_event_log_next(roster, 0, &event));
    cr_assert_eq(event.kind, ROSTER_LOGGED_OPEN_REJECTED);
    cr_assert_eq(event.result, -EDQUOT);
    cr_assert_str_eq(event.what, "user");
    cr_assert_str_eq(event.name, attr.user);
    cr_assert_str_eq(event.by, "rule for each, limit 5");
    cr_assert_str_eq(event.text, "h");
    why.size = 8;
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EINVAL);
    unit_close(open);
}

/* Values that are cut are in the group of what is left; long ones that differ at their end are two
 * groups. */
Test(quota, long_names)
{
    static char one[ROSTER_IDENTITY_MAX + 2], other[300], another[300];
    struct roster_session_attr attr = named(one, NULL, NULL);
    struct roster_session *open[3] = {NULL}, *none = NULL;
    struct roster_group groups[4];
    struct roster_groups sum = {.size = sizeof(sum)};
    size_t count = 4;

    memset(one, 'x', ROSTER_IDENTITY_MAX + 1);
    memset(other, 'y', sizeof(other) - 1);
    memset(another, 'y', sizeof(another) - 1);
    another[298] = 'z';
    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 1, 0));
    cr_assert_eq(roster_session_open(roster, &attr, &none), -ENAMETOOLONG);
    attr.flags = ROSTER_SESSION_TRUNCATE;
    unit_ok(roster_session_open(roster, &attr, &open[0]));
    cr_assert_eq(roster_session_open(roster, &attr, &none), -EDQUOT);
    open[1] = open_user(other);
    open[2] = open_user(another);
    refused_user(another);
    unit_ok(roster_groups_top(roster, ROSTER_GROUP_USER, groups, &count, &sum));
    cr_assert_eq(count, 3);
    cr_assert_eq(groups[0].cut, 1);
    cr_assert_eq(strlen(groups[0].value), ROSTER_GROUP_VALUE - 1);
    unit_close(open[0]);
    unit_close(open[1]);
    unit_close(open[2]);
    memset(other + 2, 0x80, sizeof(other) - 3); /* no UTF-8 */
    open[0] = open_user(other);
    count = 4;
    unit_ok(roster_groups_top(roster, ROSTER_GROUP_USER, groups, &count, &sum));
    cr_assert_eq(strlen(groups[0].value), ROSTER_GROUP_VALUE - 1);
    unit_close(open[0]);
}

Test(quota, arguments)
{
    static char longest[ROSTER_IDENTITY_MAX + 2];
    struct roster_quota_rule rules[] = {rule(ROSTER_GROUP_USER, "a", 1, 0),
                                        rule(ROSTER_GROUP_USER, "a", 2, 0)};
    struct roster_groups sum = {.size = sizeof(sum)};
    struct roster_group group;
    size_t count = 1;

    memset(longest, 'x', sizeof(longest) - 1);
    cr_assert_eq(roster_quota_set(NULL, rules, 1), -EINVAL);
    cr_assert_eq(roster_quota_set(roster, NULL, 1), -EINVAL);
    cr_assert_eq(roster_quota_set(roster, rules, 2), -EINVAL, "twice the same");
    cr_assert_eq(set_one((enum roster_group_by)ROSTER_GROUP_BYS, NULL, 1, 0), -EINVAL);
    cr_assert_eq(set_one(ROSTER_GROUP_USER, NULL, 1, 2), -EINVAL);
    cr_assert_eq(set_one(ROSTER_GROUP_USER, NULL, 0, 1), -EINVAL);
    cr_assert_eq(set_one(ROSTER_GROUP_USER, longest, 1, 0), -ENAMETOOLONG);
    unit_ok(roster_read_lock(roster));
    cr_assert_eq(set_one(ROSTER_GROUP_USER, NULL, 1, 0), -EBUSY);
    roster_read_unlock(roster);
    cr_assert_eq(roster_groups_top(NULL, ROSTER_GROUP_USER, &group, &count, &sum), -EINVAL);
    cr_assert_eq(roster_groups_top(roster, (enum roster_group_by)3, &group, &count, &sum), -EINVAL);
    cr_assert_eq(roster_groups_top(roster, ROSTER_GROUP_USER, NULL, &count, &sum), -EINVAL);
    cr_assert_eq(roster_groups_full(NULL, &group, &count), -EINVAL);
    cr_assert_eq(roster_groups_full(roster, NULL, &count), -EINVAL);
    cr_assert_str_eq(roster_group_by_name(ROSTER_GROUP_APPLICATION), "application");
    cr_assert_str_eq(roster_group_by_name((enum roster_group_by)3), "unknown");
}

Test(quota, a_group_is_full_once_it_has_refused)
{
    struct roster_group groups[2];
    struct roster_session *a, *b;
    size_t count = 2;

    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 1, 0));
    a = open_user("a");
    b = open_user("b");
    unit_ok(roster_groups_full(roster, groups, &count));
    cr_assert_eq(count, 0, "none was refused so far");
    refused_user("a");
    refused_user("b");
    refused_user("b");
    count = 1;
    unit_ok(roster_groups_full(roster, groups, &count));
    cr_assert_eq(count, 1);
    cr_assert_str_eq(groups[0].value, "b");
    cr_assert_eq(groups[0].refused, 2);
    unit_close(b);
    count = 2;
    unit_ok(roster_groups_full(roster, groups, &count));
    cr_assert_eq(count, 1);
    cr_assert_str_eq(groups[0].value, "a");
    unit_ok(roster_quota_set(roster, NULL, 0));
    count = 2;
    unit_ok(roster_groups_full(roster, groups, &count));
    cr_assert_eq(count, 0);
    unit_close(a);
}

/* However many names clients invent, what has many sessions is found, and all add up. */
Test(quota, the_largest_are_found_among_many_names)
{
    enum { NAMES = 2000, LARGE = 50 };
    static struct roster_session *open[NAMES + 2 * LARGE + 2];
    struct roster_group groups[3];
    struct roster_groups sum = {.size = sizeof(sum)};
    size_t n, opened = 0, count = 3;
    char name[16];

    for (n = 0; n < NAMES; n++) {
        snprintf(name, sizeof(name), "n%zu", n);
        open[opened++] = open_user(name);
        if (n % 40 == 0 && n / 40 < LARGE) {
            open[opened++] = open_user("large");
            open[opened++] = open_user("larger");
        }
    }
    open[opened++] = open_user("larger");
    open[opened++] = open_user(NULL);
    unit_ok(roster_groups_top(roster, ROSTER_GROUP_USER, groups, &count, &sum));
    cr_assert_eq(count, 3);
    cr_assert_str_eq(groups[0].value, "larger");
    cr_assert_eq(groups[0].sessions, 51);
    cr_assert_str_eq(groups[1].value, "large");
    cr_assert_eq(groups[1].sessions, 50);
    cr_assert_eq(sum.sessions, opened);
    cr_assert_eq(sum.unknown, 1);
    cr_assert_eq(sum.others, opened - 1 - 51 - 50 - groups[2].sessions);
    while (opened)
        unit_close(open[--opened]);
}

/* Names that clients invent take memory while their sessions are open, and none afterwards. */
Test(quota, invented_names_take_no_memory_for_long)
{
    struct roster_session *session;
    uint64_t memory = 0;
    char name[16];
    int n;

    unit_ok(set_one(ROSTER_GROUP_USER, NULL, 1, 0));
    for (n = 0; n < 1000; n++) {
        snprintf(name, sizeof(name), "n%d", n);
        session = open_user(name);
        unit_close(session);
        if (n == 0)
            memory = roster->quota->bytes[ROSTER_GROUP_USER];
    }
    cr_assert_eq(memory, 0);
    cr_assert_eq(roster->quota->bytes[ROSTER_GROUP_USER], 0);
}

/*
 * Threads whose user has few places come and go, and are refused all the time; so are those whose
 * sessions are moved to it.
 */
enum { CROWD = 3, PLACES = 2 };

struct crowd {
    bool moves;       /* every second session comes by an update */
    uint64_t crowded; /* sessions of the user with few places */
    uint64_t done;
};

/* Counts what is open for certain: never more than there are places. */
static void stay(struct crowd *crowd)
{
    cr_assert_leq(__atomic_add_fetch(&crowd->crowded, 1, __ATOMIC_SEQ_CST), (uint64_t)PLACES);
    sched_yield();
    __atomic_sub_fetch(&crowd->crowded, 1, __ATOMIC_SEQ_CST);
}

static int come(const struct crowd *crowd, int n, struct roster_session **session)
{
    struct roster_session_attr few = named("few", "d", NULL), moved = named("moved", "e", NULL);
    bool moves = crowd->moves && n % 2 == 0;
    int err = roster_session_open(roster, moves ? &moved : &few, session);

    if (!err && moves) {
        err = roster_session_update(*session, &few);
        if (err)
            unit_close(*session);
    }
    return err;
}

static void *come_and_go(void *arg)
{
    struct crowd *crowd = arg;
    int n, err;

    for (n = 0; n < UNIT_SCALE(4000, 300); n++) {
        struct roster_session *session = NULL;

        err = come(crowd, n, &session);
        cr_assert(!err || err == -EDQUOT, "%d", err);
        if (err)
            continue;
        stay(crowd);
        unit_close(session);
    }
    __atomic_add_fetch(&crowd->done, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* One whose user has enough places. */
static void *is_never_refused(void *arg)
{
    struct roster_session_attr enough = named("enough", "d", NULL);
    struct crowd *crowd = arg;

    while (__atomic_load_n(&crowd->done, __ATOMIC_ACQUIRE) < CROWD) {
        struct roster_session *session = NULL;

        unit_ok(roster_session_open(roster, &enough, &session));
        unit_close(session);
    }
    return NULL;
}

static void run_crowd(struct crowd *crowd, void (*beside)(void))
{
    pthread_t threads[CROWD + 1];
    struct roster_session *open[PLACES];
    int n;

    cr_assert_eq(pthread_create(&threads[CROWD], NULL, is_never_refused, crowd), 0);
    for (n = 0; n < CROWD; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, come_and_go, crowd), 0);
    while (beside && __atomic_load_n(&crowd->done, __ATOMIC_ACQUIRE) < CROWD)
        beside();
    for (n = 0; n <= CROWD; n++)
        pthread_join(threads[n], NULL);
    /* At rest all places are free. */
    for (n = 0; n < PLACES; n++)
        open[n] = open_user("few");
    refused_user("few");
    for (n = 0; n < PLACES; n++)
        unit_close(open[n]);
    cr_assert_eq(roster->quota->bytes[ROSTER_GROUP_USER], 0);
    cr_assert_eq(roster->quota->bytes[ROSTER_GROUP_DATABASE], 0);
}

/* Databases are counted no longer, and again. */
static void change_rules(void)
{
    struct roster_quota_rule rules[] = {rule(ROSTER_GROUP_USER, "few", PLACES, 0),
                                        rule(ROSTER_GROUP_USER, "enough", 1, 0),
                                        rule(ROSTER_GROUP_DATABASE, NULL, CROWD + 1, 0)};

    unit_ok(roster_quota_set(roster, rules, 2));
    unit_ok(roster_quota_set(roster, rules, 3));
}

Test(quota, is_never_exceeded)
{
    struct crowd crowd = {true, 0, 0};

    change_rules();
    run_crowd(&crowd, change_rules);
}

/* All places of the roster are needed by those who may have them: a place that is taken and given
 * back by one who is refused would be missing. */
Test(quota, a_refusal_takes_no_place_from_others)
{
    struct crowd crowd = {false, 0, 0};

    unit_ok(roster_set_max_sessions(roster, PLACES + 1 + CROWD,
                                    0)); /* one that closes has its place longer */
    change_rules();
    run_crowd(&crowd, NULL);
}
