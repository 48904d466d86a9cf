/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Quotas: limits on the open sessions of a user, a database or an application, so that none takes
 * all the places. Also reports the number of sessions of each.
 *
 * A group consists of the sessions with the same value of one of the three. A session whose value
 * is unknown (NULL) is in no such group; one with the value "" is. Rules limit the sessions of a
 * group. A session's groups are determined when it is opened, and again in roster_session_update();
 * transactions and statements are not affected.
 *
 * While there is any rule, opening, closing and updating a session take a lock for a few hundred
 * nanoseconds. Without rules they take none. A group lives as long as it has a session, so its
 * memory is bounded by the sessions, no matter how many names clients invent; it is part of
 * roster_stats().memory.
 */
#ifndef ROSTER_QUOTA_H
#define ROSTER_QUOTA_H

#include <roster/export.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

/* The attribute that the sessions of a group share. */
enum roster_group_by {
    ROSTER_GROUP_USER = 0,
    ROSTER_GROUP_DATABASE = 1,
    ROSTER_GROUP_APPLICATION = 2,
};

#define ROSTER_GROUP_BYS 3

/* "user", "database" or "application"; "unknown" for an unknown number. */
ROSTER_API const char *roster_group_by_name(enum roster_group_by by);

/* A limit on a group's sessions. Begin with ROSTER_QUOTA_RULE_INIT. */
struct roster_quota_rule {
    size_t size; /* sizeof(struct roster_quota_rule) */
    enum roster_group_by by;
    const char *value; /* of this group; NULL: of each group that has no rule of its own */
    uint64_t limit;    /* sessions that may be open at once; 0: no limit */
    uint64_t reserved; /* of these places, for internal and background sessions and for those with
                          ROSTER_SESSION_ADMIN; with limit 0 there can be none */
};

#define ROSTER_QUOTA_RULE_INIT ROSTER_SIZED(struct roster_quota_rule)

/*
 * Replaces all rules by `count` others, which are copied; 0 removes all. A session is in up to
 * three groups, and needs a place in each. The rule with a group's value applies, else the rule
 * without a value. Reserved places are used as those of roster_set_max_sessions().
 *
 * After it has returned, no session is opened, or moved by roster_session_update(), beyond the
 * rules, even if many threads do so at once; and no session is refused because of another one that
 * is itself refused. Open sessions stay open, even if there are more of them. Any thread, but not
 * under the read lock; calls take turns. Waits for a grace period if sessions start or cease to be
 * counted by one of the attributes.
 *
 * Returns 0; -EINVAL for NULL, an unknown `by`, more places reserved than there are, two rules for
 * the same groups, or a struct smaller than the first version's or of another size than the first
 * one; -E2BIG for larger ones with something unknown in them; -ENAMETOOLONG for a value of more
 * than ROSTER_IDENTITY_MAX bytes; -EBUSY at once under the read lock of any roster; -EPERM when the
 * kernel refuses the membarrier that a grace period needs; -ENOMEM; -ECHILD. After an error nothing
 * has changed.
 */
ROSTER_API int roster_quota_set(struct roster *roster, const struct roster_quota_rule *rules,
                                size_t count) ROSTER_MUST_CHECK;

/*
 * As roster_quota_set(), with rules in the form of an option or a line of a configuration:
 *
 *     user:10               each user may have 10 sessions
 *     user=report:5         the user "report" 5
 *     application=etl:4/1   one of these places is for administrators
 *
 * separated by commas, where "user" may be "database" or "application"; "" has no rules. A value
 * ends at the last colon and contains no comma. Stores in the `size` bytes at `why` which rule is
 * wrong and why, as one line that is safe to show, cut if necessary. Any thread, as
 * roster_quota_set().
 *
 * Returns 0; -EINVAL for NULL, anything but a list of rules, or two rules for the same groups;
 * -ENOMEM; as roster_quota_set(), -E2BIG excepted. After an error the rules are as before.
 */
ROSTER_API int roster_quota_set_text(struct roster *roster, const char *text, char *why,
                                     size_t size) ROSTER_MUST_CHECK;

/* Bytes of a value that are shown, with the NUL: longer ones are cut. */
#define ROSTER_GROUP_VALUE 128

/* Why roster_session_open() or roster_session_update() returned -EDQUOT, see attr.refusal. */
struct roster_quota_refusal {
    size_t size; /* sizeof(struct roster_quota_refusal), set by the caller */
    enum roster_group_by by;
    uint32_t each; /* 1: the rule is for each group without one of its own, 0: for this value */
    uint64_t limit;
    uint64_t reserved;
    uint64_t sessions;              /* that the group had */
    char value[ROSTER_GROUP_VALUE]; /* of the group; may hold anything but NUL */
    char text[384]; /* all of this in a sentence, to be logged or sent to the client: the value is
                       shown as by roster_text_show() */
};

#define ROSTER_QUOTA_REFUSAL_INIT ROSTER_SIZED(struct roster_quota_refusal)

/* A group, as it is now. */
struct roster_group {
    enum roster_group_by by;
    uint32_t cut;      /* 1: the value is longer than what is shown */
    uint64_t sessions; /* that it has */
    uint64_t limit;    /* that its rule allows; 0: there is no rule, or no limit */
    uint64_t reserved;
    uint64_t refused; /* sessions refused because of its rule, during its life */
    char value[ROSTER_GROUP_VALUE];
};

/* All groups of a kind together. */
struct roster_groups {
    size_t size;       /* sizeof(struct roster_groups), set by the caller */
    uint64_t sessions; /* that are open */
    uint64_t unknown;  /* of them, those in no group, because it is not known */
    uint64_t others;   /* in groups that are not among those returned */
    uint64_t refused;  /* sessions refused since the roster was created, over all groups */
    uint64_t rules;    /* how many there are for this kind */
};

/*
 * Counts the sessions by user, database or application, with or without rules, and stores the
 * groups with the most sessions in `groups`, the largest first: at most `*count`, and stores their
 * number in `*count`. Every group that has more than one in ROSTER_GROUPS_FOUND of the grouped
 * sessions is found, and all groups if there are no more than that; smaller ones may be counted as
 * others. Takes fixed memory. Any thread, the read lock need not be held; the sessions are
 * walked under it, so that no owner waits.
 *
 * Returns 0; -EINVAL for NULL, an unknown `by` or a struct smaller than the first version's; -E2BIG
 * for a larger one with something unknown in it; -ENOMEM; -ECHILD.
 */
ROSTER_API int roster_groups_top(struct roster *roster, enum roster_group_by by,
                                 struct roster_group *groups, size_t *count,
                                 struct roster_groups *sum) ROSTER_MUST_CHECK;

#define ROSTER_GROUPS_FOUND 256

/*
 * Stores in `groups` the groups that have refused sessions and have no ordinary place now, the most
 * recent refusal first: at most `*count`, and stores their number in `*count`. Considers only the
 * 256 groups that refused last. Any thread; owners that open or close sessions wait for the copy.
 *
 * Returns 0; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_groups_full(struct roster *roster, struct roster_group *groups,
                                  size_t *count) ROSTER_MUST_CHECK;

ROSTER_END_DECLS

#endif /* ROSTER_QUOTA_H */
