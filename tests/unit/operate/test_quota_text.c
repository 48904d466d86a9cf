/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Rules of how many sessions a group may have, as a text. */

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

static struct roster *roster;
static char why[512];

static void set_up(void)
{
    roster = unit_roster(NULL);
}

static void tear_down(void)
{
    unit_destroy(roster);
}

TestSuite(quota_text, .init = set_up, .fini = tear_down);

static int set(const char *text)
{
    return roster_quota_set_text(roster, text, why, sizeof(why));
}

/* How many sessions of this user and application can be open. */
static unsigned room(const char *user, const char *application)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *sessions[8];
    unsigned n = 0, opened;

    attr.user = user;
    attr.application = application;
    while (n < 8 && !roster_session_open(roster, &attr, &sessions[n]))
        n++;
    opened = n;
    while (n)
        cr_assert_eq(roster_session_close(sessions[--n]), 0);
    return opened;
}

Test(quota_text, rules_are_set)
{
    cr_assert_eq(set("user:3,user=report:1,application=a:b=c:5/3,database:18446744073709551615"),
                 0);
    cr_assert_eq(room("any", NULL), 3u);
    cr_assert_eq(room("report", NULL), 1u);
    cr_assert_eq(room(NULL, "a:b=c"), 2u);
    cr_assert_eq(set(""), 0, "none");
    cr_assert_eq(room("any", NULL), 8u);
}

Test(quota_text, what_is_wrong_is_named)
{
    static const struct {
        const char *text, *said;
    } wrong[] = {
        {"user", "rule 1, \"user\", has no ':'"},
        {"user:1,host:2", "rule 2, \"host:2\", is not about"},
        {"User:1", "is not about"},
        {"user:x", "in decimal digits"},
        {"user:", "in decimal digits"},
        {"user:1/", "in decimal digits"},
        {"user:1/x", "in decimal digits"},
        {"user:-1", "in decimal digits"},
        {"user: 1", "in decimal digits"},
        {"user:1 ", "in decimal digits"},
        {"user:18446744073709551616", "in decimal digits"},
        {"user:1/2", "reserves more"},
        {"user:1,", "rule 2, \"\", has no ':'"},
        {",", "rule 1, \"\", has no ':'"},
        {"user:1,user:2", "the same sessions"},
        {"user=a:1,user=a:2", "the same sessions"},
        {"us\033er:1", "rule 1, \"us?er:1\", is not about"},
    };
    size_t n;

    cr_assert_eq(set("user:2"), 0);
    for (n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++) {
        cr_assert_eq(set(wrong[n].text), -EINVAL, "%s", wrong[n].text);
        cr_assert_not_null(strstr(why, wrong[n].said), "%s: %s", wrong[n].text, why);
    }
    cr_assert_eq(room("any", NULL), 2u, "an error leaves the rules as they were");
}

Test(quota_text, other_errors)
{
    static char text[ROSTER_IDENTITY_MAX + 16] = "user=";

    memset(text + 5, 'v', ROSTER_IDENTITY_MAX + 1);
    strcat(text, ":1");
    cr_assert_eq(set(text), -ENAMETOOLONG);
    cr_assert_str_eq(why, roster_strerror(-ENAMETOOLONG));
    cr_assert_eq(roster_quota_set_text(NULL, "user:1", why, sizeof(why)), -EINVAL);
    cr_assert_eq(roster_quota_set_text(roster, NULL, why, sizeof(why)), -EINVAL);
    cr_assert_eq(roster_quota_set_text(roster, "user:1", NULL, 1), -EINVAL);
    cr_assert_eq(roster_quota_set_text(roster, "user", NULL, 0), -EINVAL, "no text is wanted");
    cr_assert_eq(roster_quota_set_text(roster, "user", why, 8), -EINVAL);
    cr_assert_str_eq(why, "rule 1,", "cut");
    cr_assert_eq(roster_read_lock(roster), 0);
    cr_assert_eq(set("user:1"), -EBUSY);
    roster_read_unlock(roster);
}
