/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Lists of sessions, walked in place and copied. */

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 500

struct seen {
    unsigned visits;
    unsigned stop_after;
    unsigned of_id[MANY + 1];
};

static int see(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    struct seen *seen = arg;

    cr_expect(view->txn_state == ROSTER_TXN_INVALID && view->run_state == ROSTER_RUN_IDLE);
    cr_expect_eq(view->identity, session->identity);
    seen->visits++;
    seen->of_id[roster_session_id(session)]++;
    return seen->visits == seen->stop_after ? -77 : 0;
}

/* Any number of sessions, small ones above all: the walk has stages. */
Test(list, visits_each_once)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *sessions[MANY];
    struct seen seen;
    unsigned n, i;

    for (n = 0; n < MANY; n++) {
        memset(&seen, 0, sizeof(seen));
        unit_ok(roster_read_lock(roster));
        unit_ok(roster_for_each(roster, see, &seen));
        roster_read_unlock(roster);
        cr_assert_eq(seen.visits, n);
        for (i = 1; i <= n; i++)
            cr_assert_eq(seen.of_id[i], 1);
        sessions[n] = unit_open(roster);
    }
    for (n = 0; n < MANY; n++)
        unit_close(sessions[n]);
    unit_destroy(roster);
}

Test(list, stops_where_it_is_told_to)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *sessions[MANY];
    struct seen seen;
    unsigned n;

    for (n = 0; n < MANY; n++)
        sessions[n] = unit_open(roster);
    unit_ok(roster_read_lock(roster));
    for (n = 1; n <= MANY; n++) {
        memset(&seen, 0, sizeof(seen));
        seen.stop_after = n;
        cr_assert_eq(roster_for_each(roster, see, &seen), -77);
        cr_assert_eq(seen.visits, n);
    }
    roster_read_unlock(roster);
    for (n = 0; n < MANY; n++)
        unit_close(sessions[n]);
    unit_destroy(roster);
}

Test(list, null)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_snapshot *snapshot = NULL;

    cr_assert_eq(roster_for_each(NULL, see, NULL), -EINVAL);
    unit_ok(roster_read_lock(roster));
    cr_assert_eq(roster_for_each(roster, NULL, NULL), -EINVAL);
    roster_read_unlock(roster);
    cr_assert_eq(roster_snapshot(NULL, &snapshot), -EINVAL);
    cr_assert_eq(roster_snapshot(roster, NULL), -EINVAL);
    cr_assert_eq(roster_snapshot_ids(NULL, &(uint64_t){1}, 1, &snapshot), -EINVAL);
    cr_assert_eq(roster_snapshot_ids(roster, NULL, 1, &snapshot), -EINVAL);
    cr_assert_eq(roster_snapshot_ids(roster, &(uint64_t){1}, 1, NULL), -EINVAL);
    cr_assert_null(snapshot);
    cr_assert_eq(roster_snapshot_again(roster, NULL), -EINVAL);
    unit_ok(roster_snapshot(roster, &snapshot));
    cr_assert_eq(roster_snapshot_again(NULL, snapshot), -EINVAL);
    roster_snapshot_free(snapshot);
    roster_snapshot_free(NULL);
    cr_assert_eq(roster_read_lock(NULL), -EINVAL);
    unit_destroy(roster);
}

Test(list, a_snapshot_of_nothing)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_snapshot *snapshot = NULL;

    unit_ok(roster_snapshot(roster, &snapshot));
    cr_assert_eq(snapshot->count, 0);
    cr_assert_gt(snapshot->taken_at, 0);
    roster_snapshot_free(snapshot);
    unit_destroy(roster);
}

/* In the order that is asked for, without those that are not open; nothing for no ids. */
Test(list, a_snapshot_of_some)
{
    static const uint64_t ids[] = {9, 3, 4, 7};
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *sessions[3];
    struct roster_snapshot *snapshot = NULL;

    for (int i = 0; i < 3; i++) {
        attr.id = (uint64_t[]){3, 7, 9}[i];
        attr.user = (const char *[]){"three", "seven", "nine"}[i];
        unit_ok(roster_session_open(roster, &attr, &sessions[i]));
    }
    unit_ok(roster_snapshot_ids(roster, ids, 4, &snapshot));
    cr_assert_eq(snapshot->count, 3);
    cr_expect_str_eq(snapshot->entries[0].user, "nine");
    cr_expect_str_eq(snapshot->entries[1].user, "three");
    cr_expect_eq(snapshot->entries[2].id, 7);
    cr_expect_gt(snapshot->taken_at, 0);
    roster_snapshot_free(snapshot);
    unit_ok(roster_snapshot_ids(roster, ids, 0, &snapshot));
    cr_expect_eq(snapshot->count, 0);
    roster_snapshot_free(snapshot);
    for (int i = 0; i < 3; i++)
        unit_ok(roster_session_close(sessions[i]));
    unit_destroy(roster);
}

static void make_busy(struct roster *roster, struct roster_session **session)
{
    struct roster_session_attr attr = {
        .size = sizeof(attr),
        .id = 5,
        .kind = ROSTER_SESSION_INTERNAL,
        .flags = ROSTER_SESSION_NON_PINNING,
        .user = "u",
        .host = "",
        .application = "app",
        .attributes = "a=b",
    };

    unit_set_clock(roster, 10);
    unit_ok(roster_session_open(roster, &attr, session));
    unit_set_clock(roster, 20);
    unit_ok(roster_txn_begin_at(*session, 4711));
    unit_ok(roster_txn_set_progress(*session, 7, 8, 9));
    unit_set_clock(roster, 30);
    unit_ok(roster_stmt_begin(*session, ROSTER_COMMAND_QUERY, "sel\0ect", 7, "\0\1", 2));
    unit_set_clock(roster, 40);
    unit_ok(roster_txn_set_state(*session, ROSTER_RUN_LOCK_WAITING));
}

static void check_busy(const struct roster_entry *entry)
{
    cr_assert_eq(entry->id, 5);
    cr_assert_eq(entry->kind, ROSTER_SESSION_INTERNAL);
    cr_assert_eq(entry->flags, ROSTER_SESSION_NON_PINNING);
    cr_assert_eq(entry->start_ts, 4711);
    cr_assert_eq(entry->state_since, 40);
    cr_assert_eq(entry->blocked_since, 40);
    cr_assert_eq(entry->entries, 7);
    cr_assert_eq(entry->entry_bytes, 8);
    cr_assert_eq(entry->schema_version, 9);
    cr_assert_eq(entry->txn_state, ROSTER_TXN_VALID);
    cr_assert_eq(entry->run_state, ROSTER_RUN_LOCK_WAITING);
    cr_assert_eq(entry->command, ROSTER_COMMAND_QUERY);
    cr_assert_eq(entry->stmt_seq, 1);
    cr_assert_eq(entry->stmt_since, 30);
    cr_assert_eq(entry->text_length, 7);
    cr_assert_eq(entry->text_full_length, 7);
    cr_assert_arr_eq(entry->text, "sel\0ect", 8);
    cr_assert_arr_eq(entry->digest, "\0\1", 3);
    cr_assert_str_eq(entry->user, "u");
    cr_assert_str_eq(entry->host, "");
    cr_assert_null(entry->database);
    cr_assert_str_eq(entry->application, "app");
    cr_assert_str_eq(entry->attributes, "a=b");
}

static void check_idle(const struct roster_entry *entry, uint64_t id, uint64_t since)
{
    cr_assert_eq(entry->id, id);
    cr_assert_eq(entry->state_since, since);
    cr_assert_eq(entry->txn_state, ROSTER_TXN_INVALID);
    cr_assert_eq(entry->run_state, ROSTER_RUN_IDLE);
    cr_assert_eq(entry->command, ROSTER_COMMAND_SLEEP);
    cr_assert_eq(entry->stmt_seq, 0);
    cr_assert_eq(entry->stmt_since, 0);
    cr_assert_null(entry->text);
    cr_assert_null(entry->digest);
    cr_assert_null(entry->user);
}

/* The copy outlives sessions and roster. */
Test(list, a_snapshot_has_all_and_outlives_all)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *busy = NULL, *idle;
    struct roster_snapshot *snapshot = NULL;
    unsigned n;

    make_busy(roster, &busy);
    unit_set_clock(roster, 50);
    idle = unit_open(roster);
    unit_set_clock(roster, 60);
    unit_ok(roster_txn_begin(idle, NULL));
    unit_ok(roster_txn_finish(idle));
    unit_ok(roster_snapshot(roster, &snapshot));
    unit_close(busy);
    unit_end(roster, idle);
    cr_assert_eq(snapshot->count, 2);
    n = snapshot->entries[0].id == 5 ? 0 : 1;
    check_busy(&snapshot->entries[n]);
    check_idle(&snapshot->entries[1 - n], 1, 60);
    roster_snapshot_free(snapshot);
}

static void check_rest(const struct roster_entry *entry)
{
    const char *rest = (const char *)&entry->rest;
    size_t n;

    for (n = 0; n < sizeof(*entry) - offsetof(struct roster_entry, rest); n++)
        cr_assert_eq(rest[n], 0, "byte %zu", n);
}

/* The memory is used again, and nothing is left of what was in it: not of a session that was busy,
 * whether it has a side or not, nor of a roster that had more of them. */
Test(list, a_snapshot_again)
{
    struct roster *roster = unit_roster(NULL), *other = unit_roster(NULL);
    struct roster_session *busy = NULL, *idle;
    struct roster_snapshot *snapshot = NULL;
    const struct roster_entry *entries;

    unit_set_clock(other, 70);
    idle = unit_open(other);
    make_busy(roster, &busy);
    unit_ok(roster_session_set_disk(busy, 1));
    unit_ok(roster_session_set_tag(busy, 2));
    unit_ok(roster_snapshot(roster, &snapshot));
    entries = snapshot->entries;
    for (int i = 0; i < 3; i++) {
        unit_ok(roster_snapshot_again(roster, snapshot));
        cr_assert_eq(snapshot->count, 1);
        check_busy(snapshot->entries);
        cr_expect_eq(snapshot->entries->disk + snapshot->entries->tag, 3);
    }
    unit_ok(roster_snapshot_again(other, snapshot));
    cr_assert_eq(snapshot->count, 1);
    cr_expect_eq(snapshot->entries, entries, "other memory");
    check_idle(snapshot->entries, 1, 70);
    cr_expect_eq(snapshot->entries->disk + snapshot->entries->tag + snapshot->entries->start_ts, 0);
    check_rest(snapshot->entries);
    unit_ok(roster_stmt_begin(idle, ROSTER_COMMAND_QUERY, "select 1", 8, "d", 1));
    unit_ok(roster_txn_begin(idle, NULL));
    unit_ok(roster_txn_set_progress(idle, 1, 2, 3));
    unit_ok(roster_snapshot_again(other, snapshot));
    cr_expect_str_eq(snapshot->entries->digest, "d");
    cr_expect_str_eq(snapshot->entries->tables, "");
    unit_ok(roster_stmt_end(idle));
    unit_ok(roster_txn_finish(idle));
    unit_ok(roster_snapshot_again(other, snapshot));
    check_rest(snapshot->entries);
    unit_ok(roster_snapshot_again(roster, snapshot));
    unit_close(busy);
    check_busy(snapshot->entries);
    unit_ok(roster_snapshot_again(roster, snapshot));
    cr_expect_eq(snapshot->count, 0);
    roster_snapshot_free(snapshot);
    unit_end(other, idle);
    unit_destroy(roster);
}

/* All five strings, whether they are at home, too long for it, or replaced. */
Test(list, a_snapshot_has_all_strings)
{
    static char text[5][300];
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = NULL;
    struct roster_snapshot *snapshot = NULL;
    unsigned length, known, update, i;

    unit_ok(roster_snapshot(roster, &snapshot));
    for (length = 0; length < sizeof(text[0]); length += length < 12 ? 1 : 96)
        for (known = 0; known < 32; known++)
            for (update = 0; update < 2; update++) {
                struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
                const char **to[] = {&attr.user, &attr.host, &attr.database, &attr.application,
                                     &attr.attributes};

                for (i = 0; i < 5; i++) {
                    memset(text[i], 'a' + (int)i, length);
                    text[i][length] = '\0';
                    *to[i] = known & 1U << i ? text[i] : NULL;
                }
                unit_ok(roster_session_open(roster, update ? NULL : &attr, &session));
                if (update)
                    unit_ok(roster_session_update(session, &attr));
                unit_ok(roster_snapshot_again(roster, snapshot));
                unit_close(session);
                cr_assert_eq(snapshot->count, 1);
                for (i = 0; i < 5; i++) {
                    const struct roster_entry *entry = snapshot->entries;
                    const char *found[] = {entry->user, entry->host, entry->database,
                                           entry->application, entry->attributes};

                    if (known & 1U << i)
                        cr_assert_str_eq(found[i], text[i], "string %u of %u", i, length);
                    else
                        cr_assert_null(found[i]);
                }
            }
    roster_snapshot_free(snapshot);
    unit_destroy(roster);
}

/* The text of many statements is in many pieces. */
Test(list, a_large_snapshot)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *sessions[MANY];
    struct roster_snapshot *snapshot = NULL;
    char user[32], text[32];
    unsigned i;

    for (i = 0; i < MANY; i++) {
        struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

        snprintf(user, sizeof(user), "user %u", i + 1);
        snprintf(text, sizeof(text), "text %u", i + 1);
        attr.user = user;
        unit_ok(roster_session_open(roster, &attr, &sessions[i]));
        unit_ok(roster_stmt_begin(sessions[i], ROSTER_COMMAND_QUERY, text, strlen(text), NULL, 0));
    }
    unit_ok(roster_snapshot(roster, &snapshot));
    for (i = 0; i < MANY; i++)
        unit_close(sessions[i]);
    cr_assert_eq(snapshot->count, MANY);
    for (i = 0; i < MANY; i++) {
        const struct roster_entry *entry = &snapshot->entries[i];

        snprintf(user, sizeof(user), "user %u", (unsigned)entry->id);
        snprintf(text, sizeof(text), "text %u", (unsigned)entry->id);
        cr_assert_str_eq(entry->user, user);
        cr_assert_str_eq(entry->text, text);
    }
    roster_snapshot_free(snapshot);
    unit_destroy(roster);
}

Test(list, a_snapshot_under_the_read_lock)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    struct roster_snapshot *snapshot = NULL;

    unit_ok(roster_read_lock(roster));
    unit_ok(roster_snapshot(roster, &snapshot));
    cr_assert_eq(roster_lookup(roster, 1), session, "the lock is still held");
    cr_assert_eq(roster_destroy(roster), -EBUSY);
    roster_read_unlock(roster);
    cr_assert_eq(snapshot->count, 1);
    roster_snapshot_free(snapshot);
    unit_end(roster, session);
}

struct churn {
    struct roster *roster;
    bool stop;
};

/* One statement text per transaction state and identity, so that a mixture would be seen (G1). */
static void *owner_main(void *arg)
{
    struct churn *churn = arg;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    char text[32];
    uint64_t n = 0, ts;

    attr.user = "owner";
    cr_expect_eq(roster_session_open(churn->roster, &attr, &session), 0);
    while (!rst_load(&churn->stop)) {
        ts = 0;
        cr_expect_eq(roster_txn_begin(session, &ts), 0);
        snprintf(text, sizeof(text), "%llu", (unsigned long long)ts);
        cr_expect_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, strlen(text), NULL, 0),
                     0);
        cr_expect_eq(roster_txn_set_progress(session, ts, ts, (uint32_t)ts), 0);
        cr_expect_eq(roster_stmt_end(session), 0);
        cr_expect_eq(roster_txn_finish(session), 0);
        if (++n % 16 == 0) {
            cr_expect_eq(roster_session_close(session), 0);
            cr_expect_eq(roster_session_open(churn->roster, &attr, &session), 0);
        }
    }
    cr_expect_eq(roster_session_close(session), 0);
    return NULL;
}

static void check_whole(const struct roster_entry *entry)
{
    char text[32];

    cr_assert_str_eq(entry->user, "owner");
    cr_assert_eq(entry->start_ts != 0, entry->txn_state == ROSTER_TXN_VALID);
    cr_assert_eq(entry->entries, entry->entry_bytes);
    cr_assert(entry->entries == 0 || entry->entries == entry->start_ts);
    cr_assert_eq(entry->schema_version, (uint32_t)entry->entries);
    cr_assert_eq(entry->run_state, entry->text ? ROSTER_RUN_RUNNING : ROSTER_RUN_IDLE);
    if (entry->text) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)entry->start_ts);
        cr_assert_str_eq(entry->text, text);
    }
}

/* Which of the states that an owner goes through a list has shown. */
enum {
    SEEN_IDLE = 1,
    SEEN_TXN = 2,
    SEEN_STATEMENT = 4,
    SEEN_PROGRESS = 8,
    SEEN_ALL = 15,
};

static unsigned state_of(const struct roster_entry *entry)
{
    if (entry->txn_state == ROSTER_TXN_INVALID)
        return SEEN_IDLE;
    if (entry->text)
        return entry->entries ? SEEN_PROGRESS : SEEN_STATEMENT;
    return SEEN_TXN;
}

static unsigned list_once(struct roster *roster, struct roster_snapshot **kept)
{
    struct roster_snapshot *snapshot = *kept;
    unsigned seen = 0;
    size_t i;

    if (snapshot)
        unit_ok(roster_snapshot_again(roster, snapshot));
    else
        unit_ok(roster_snapshot(roster, &snapshot));
    for (i = 0; i < snapshot->count; i++) {
        check_whole(&snapshot->entries[i]);
        seen |= state_of(&snapshot->entries[i]);
    }
    *kept = snapshot;
    return seen;
}

Test(list, each_entry_is_of_one_instant)
{
    struct churn churn = {unit_roster(NULL), false};
    struct roster_snapshot *kept = NULL;
    pthread_t threads[2];
    unsigned seen = 0;
    int i, round;

    for (i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, owner_main, &churn), 0);
    for (round = 0; round < UNIT_SCALE(50000, 3000) || seen != SEEN_ALL; round++) {
        cr_assert_lt(round, 10000000, "owners were never seen in the states %x", SEEN_ALL & ~seen);
        if (round % 2) {
            roster_snapshot_free(kept);
            kept = NULL;
        }
        seen |= list_once(churn.roster, &kept);
    }
    roster_snapshot_free(kept);
    rst_store(&churn.stop, true);
    for (i = 0; i < 2; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    unit_destroy(churn.roster);
}
