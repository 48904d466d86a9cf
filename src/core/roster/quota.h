/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Quotas: the table of groups, with the number of sessions of each. One lock guards all of it, so a
 * session gets its places in all of its groups and its place in the roster at once, or none of
 * them.
 *
 * Sessions are counted only while there are rules, and only by the attributes in these rules. When
 * counting begins, the open sessions have to be counted while their owners continue:
 *
 *     opening, updating, closing                    setting rules
 *     1 enter a read-side section                   a counting := user, ...     (under the lock)
 *     2 load counting: is anything counted?         b wait for a grace period
 *     3 if so, take the lock and move the           c walk the registry, count each session that
 *       session's places and the mark on it           is not marked              (under the lock)
 *     4 add to the registry, publish the            d enforce the rules         (under the lock)
 *       identity, or leave the registry
 *     5 leave the section
 *
 * If 2 misses a, then b waits for 5. So c finds a session that 4 has added, in its present state,
 * and does not find one that has left. If 2 sees a, the lock and the mark decide which side counts
 * the session, and each is counted once. A session that has left is marked as well, so a walk that
 * found it earlier does not count it.
 *
 * To stop counting is the same: nothing is counted from a on, and groups are freed there. After b
 * the marks of all sessions that c finds are removed. A session that was leaving is no longer in
 * the registry and keeps its mark until its owner reaches 3. So there is a second b, and only then
 * may counting begin again. Otherwise that owner would give back another session's place.
 */
#pragma once

#include "core/base/rcu.h"

#include <pthread.h>
#include <roster/quota.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster;
struct roster_identity;
struct roster_session;
struct roster_session_attr;
struct rst_group;

/* The mark of a session: the bits of what it is counted by, and these. */
#define RST_COUNTED 0x40u /* it was opened with regard to what is counted */
#define RST_LEFT 0x80u    /* it is closed */

struct rst_rule {
    char *value; /* NULL: for each group */
    uint64_t limit;
    uint64_t reserved;
    uint64_t refused;
    enum roster_group_by by;
};

struct rst_quota {
    pthread_mutex_t setting; /* calls that set rules take turns */
    unsigned stale;          /* no longer counted, but marks may remain; under `setting` */
    pthread_mutex_t lock;    /* of all below, and of the sessions' marks once they are open */
    struct rst_rule *rules;  /* sorted, see compare_rules() */
    size_t rule_count;
    size_t rule_bytes;                   /* that they take, counted as the roster's */
    uint64_t version;                    /* of the rules */
    void *trees[ROSTER_GROUP_BYS];       /* of groups, as tsearch() has them */
    size_t bytes[ROSTER_GROUP_BYS];      /* that these take */
    struct cds_list_head refused_groups; /* refused last first */
    uint64_t refused[ROSTER_GROUP_BYS];
};

/* The values of a session, by enum roster_group_by; NULL: in no group. */
struct rst_values {
    const char *value[ROSTER_GROUP_BYS];
    size_t length[ROSTER_GROUP_BYS];
};

struct rst_quota *rst_quota_create(void); /* NULL: out of memory */

/* No session is open; there may be no quota. */
void rst_quota_destroy(struct roster *roster);

void rst_quota_lock(struct roster *roster);
void rst_quota_unlock(struct roster *roster);

/* The values that an identity has. */
void rst_values_of(struct rst_values *values, const struct roster_identity *identity);

/* The values that an identity of these attributes will have. Returns 0 or -ENAMETOOLONG. */
int rst_values_kept(struct rst_values *values, const struct roster_session_attr *attr);

/*
 * The next functions: under the lock.
 *
 * Takes the places of a session to be opened, including that in the registry, and stores its mark.
 * Returns 0; -EDQUOT with the reason in `*why`; -EUSERS; -ENOMEM. An error changes nothing but the
 * counts of refusals.
 */
int rst_quota_take(struct roster *roster, const struct rst_values *values, bool privileged,
                   uint8_t *mark, struct roster_quota_refusal *why);

/* Gives the places in groups back: of a session that was not opened, or is closed. */
void rst_quota_give(struct roster *roster, const struct rst_values *values, unsigned mark);

/* Moves an open session to the groups of other values. Returns as rst_quota_take(). */
int rst_quota_move(struct roster *roster, const struct roster_session *session,
                   const struct rst_values *to, struct roster_quota_refusal *why);

/* Counts an open session also by the attributes in `bits`; limits may be exceeded. Returns 0 or
 * -ENOMEM. */
int rst_quota_count(struct roster *roster, struct roster_session *session, unsigned bits);

/* Frees the groups of the attributes in `bits`. */
void rst_quota_drop(struct roster *roster, unsigned bits);

/* Orders rules: by what they are about, that for each group first, then by value. */
int rst_rules_compare(const void *one, const void *other);

/* Fills in what the table knows of a group, whose `by` is set: its limits and refusals. */
void rst_quota_describe(struct roster *roster, const char *value, size_t length,
                        struct roster_group *group);

/* As roster_groups_full(). */
size_t rst_quota_full(struct roster *roster, struct roster_group *groups, size_t most);

/* Without the lock, in a read-side section: the session has left the registry. */
rst_slow void rst_quota_leave_slow(struct roster_session *session);

/* Copies a value as a struct roster_group shows it; returns whether it was cut. */
bool rst_group_value(char *to, const char *value, size_t length);
