/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Sessions are counted once, whatever their owners do at the moment when counting begins or ends:
 * no place is taken twice, and none is lost.
 */

#include "steps.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <roster/roster.h>
#include <string.h>

#define PLACES 2

static struct roster *roster;

struct call {
    const char *user;
    struct roster_session *session;
    int err;
};

static int set_rules(uint64_t limit)
{
    struct roster_quota_rule rule = ROSTER_QUOTA_RULE_INIT;

    rule.by = ROSTER_GROUP_USER;
    rule.limit = limit;
    return roster_quota_set(roster, &rule, limit != 0);
}

static void begin(void *arg)
{
    struct call *call = arg;

    call->err = set_rules(PLACES);
}

static void end(void *arg)
{
    struct call *call = arg;

    call->err = set_rules(0);
}

static void open_it(void *arg)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct call *call = arg;

    attr.user = call->user;
    call->err = roster_session_open(roster, &attr, &call->session);
}

static void update_it(void *arg)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct call *call = arg;

    attr.user = call->user;
    call->err = roster_session_update(call->session, &attr);
}

static void close_it(void *arg)
{
    struct call *call = arg;

    call->err = roster_session_close(call->session);
    call->session = NULL;
}

/* The user has this number of sessions: as many as there are places left can be opened. */
static void check(const char *user, unsigned has, const char *where)
{
    struct call more[PLACES + 1];
    unsigned n;

    cr_assert_eq(set_rules(PLACES), 0);
    for (n = 0; n <= PLACES; n++) {
        more[n] = (struct call){user, NULL, 0};
        open_it(&more[n]);
        if (more[n].err)
            break;
    }
    cr_assert_eq(n, PLACES - has, "%s: user %s has %u places left, not %u", where, user, n,
                 PLACES - has);
    cr_assert_eq(more[n].err, -EDQUOT, "%s", where);
    while (n--)
        close_it(&more[n]);
}

/*
 * An owner stands at `at` of its call while the rules are set, up to `setter_at` (NULL: to the
 * end), and goes on then.
 */
static void one_order(void (*fn)(void *), const char *at, void (*set)(void *),
                      const char *setter_at)
{
    struct call owner = {"a", NULL, 0}, setting = {.err = 0};
    struct steps calls = {.fn = fn, .arg = &owner, .point = at};
    struct steps setter = {.fn = set, .arg = &setting, .point = setter_at};
    unsigned has;

    cr_assert_eq(roster_create(NULL, &roster), 0);
    if (set == end)
        cr_assert_eq(set_rules(PLACES), 0);
    if (fn != open_it) {
        owner.user = "b";
        open_it(&owner);
        owner.user = "a";
    }
    cr_assert(steps_start(&calls), "nothing passes \"%s\"", at);
    cr_assert_eq(steps_start(&setter), setter_at != NULL, "%s", at);
    if (!setter_at)
        steps_finish(&setter);
    steps_finish(&calls);
    if (setter_at)
        steps_finish(&setter);
    cr_assert_eq(setting.err, 0, "%s", at);
    cr_assert_eq(owner.err, 0, "%s", at);
    has = owner.session != NULL;
    check("a", has, at);
    check("b", 0, at);
    if (has)
        close_it(&owner);
    check("a", 0, at);
    cr_assert_eq(set_rules(0), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

/* Inside its read-side section an owner is waited for: there the setter stands first. */
Test(quota_step, an_open_when_counting_begins)
{
    one_order(open_it, "open: not counted", begin, NULL);
    one_order(open_it, "open: not counted", begin, "quota: counting begins");
    one_order(open_it, "open: not counted", begin, "quota: owners have looked");
    one_order(open_it, "open: need not be counted", begin, "quota: counting begins");
    one_order(open_it, "open: in the table", begin, "quota: counting begins");
    one_order(open_it, "open: can be walked", begin, NULL);
}

Test(quota_step, a_close_when_counting_begins)
{
    one_order(close_it, "close: cannot be walked", begin, "quota: counting begins");
    one_order(close_it, "close: left", begin, "quota: counting begins");
    one_order(close_it, "close: id is free", begin, "quota: counting begins");
}

Test(quota_step, an_update_when_counting_begins)
{
    one_order(update_it, "update: not counted", begin, "quota: counting begins");
    one_order(update_it, "update: published", begin, NULL);
}

Test(quota_step, an_open_when_counting_ends)
{
    one_order(open_it, "open: counted", end, "quota: counting ends");
    one_order(open_it, "open: in the table", end, "quota: counting ends");
    one_order(open_it, "open: can be walked", end, "quota: counting ends");
}

Test(quota_step, a_close_when_counting_ends)
{
    one_order(close_it, "close: cannot be walked", end, "quota: counting ends");
    one_order(close_it, "close: left", end, "quota: counting ends");
}

/* A walk that has found a session does not count it once it has left. */
Test(quota_step, a_close_beside_the_walk)
{
    struct call owner = {"a", NULL, 0}, setting = {.err = 0};
    struct steps setter = {.fn = begin, .arg = &setting, .point = "quota: sessions found"};

    cr_assert_eq(roster_create(NULL, &roster), 0);
    open_it(&owner);
    cr_assert(steps_start(&setter));
    close_it(&owner);
    steps_finish(&setter);
    cr_assert_eq(setting.err, 0);
    check("a", 0, "left beside the walk");
    cr_assert_eq(set_rules(0), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}

/*
 * A session leaves with a mark, beside the walk that takes marks away, and counting begins again
 * while its owner has not looked at the mark: it would give back the place of one that stays.
 */
Test(quota_step, a_close_while_counting_ends_and_begins)
{
    struct call stays = {"a", NULL, 0}, leaves = {"a", NULL, 0}, setting = {.err = 0};
    struct steps setter = {.fn = end, .arg = &setting, .point = "quota: owners have looked"};
    struct steps owner = {.fn = close_it, .arg = &leaves, .point = "close: cannot be walked"};
    struct steps again = {.fn = begin, .arg = &setting, .point = "quota: counting begins"};

    cr_assert_eq(roster_create(NULL, &roster), 0);
    cr_assert_eq(set_rules(PLACES), 0);
    open_it(&stays);
    open_it(&leaves);
    cr_assert(steps_start(&setter));
    cr_assert(steps_start(&owner));
    cr_assert(steps_go_to(&setter, "quota: marks are taken away"));
    if (steps_ends(&setter)) { /* which it must not */
        cr_assert(steps_start(&again));
        steps_finish(&owner);
        steps_finish(&again);
    } else
        steps_finish(&owner);
    steps_finish(&setter);
    cr_assert_eq(setting.err, 0);
    check("a", 1, "left while counting ended");
    close_it(&stays);
    check("a", 0, "left while counting ended");
    cr_assert_eq(set_rules(0), 0);
    cr_assert_eq(roster_destroy(roster), 0);
}
