/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Looks: what is copied, what is cut, what stays, and how often one tries. */

#include "../unit.h"
#include "core/base/reclaim.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define TEXT "select * from account"
#define DIGEST "0123456789abcdef"
#define GUARD 'G'

static void cut_to(const struct roster_session *session, size_t size)
{
    struct roster_copy copy;
    char room[128];
    const struct roster_statement *statement;

    memset(room, GUARD, sizeof(room));
    statement = roster_session_look(session, &copy, room, size)->statement;
    cr_assert_not_null(statement);
    cr_assert_eq(statement->text_full_length, strlen(TEXT));
    cr_assert_leq(statement->text_length, strlen(TEXT));
    cr_assert_eq(strlen(statement->text), statement->text_length);
    cr_assert_arr_eq(statement->text, TEXT, statement->text_length);
    cr_assert_eq(statement->digest_length, statement->digest ? strlen(DIGEST) : 0);
    if (statement->digest)
        cr_assert_str_eq(statement->digest, DIGEST);
    /* A long text does not push the digest out; both are whole as soon as both fit. */
    cr_assert_eq(statement->digest != NULL, size > sizeof(DIGEST));
    if (size >= sizeof(TEXT) + sizeof(DIGEST))
        cr_assert_eq(statement->text_length, strlen(TEXT));
    cr_assert_eq(room[size], GUARD, "%zu bytes", size);
}

Test(look, copies_what_fits)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    struct roster_copy copy;
    size_t size;

    unit_ok(roster_stmt_begin(session, 0, TEXT, strlen(TEXT), DIGEST, strlen(DIGEST)));
    for (size = 0; size < 100; size++)
        cut_to(session, size);
    cr_assert_str_eq(roster_session_look(session, &copy, NULL, 100)->statement->text, "");
    unit_end(roster, session);
}

/* What was copied belongs to the reader, whatever the owner does next. */
Test(look, what_was_copied_stays)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session *session = unit_open(roster);
    struct roster_copy copy;
    const struct roster_shown *shown;
    char room[100];
    uint64_t ts;
    int i;

    unit_ok(roster_read_lock(roster));
    unit_ok(roster_txn_begin(session, &ts));
    unit_ok(roster_txn_set_progress(session, 7, 8, 9));
    unit_ok(roster_stmt_begin(session, 0, TEXT, strlen(TEXT), NULL, 0));
    shown = roster_session_look(session, &copy, room, sizeof(room));
    for (i = 0; i < 300; i++) {
        unit_ok(roster_stmt_end(session));
        unit_ok(roster_txn_finish(session));
        unit_ok(roster_txn_begin(session, NULL));
        unit_ok(roster_stmt_begin(session, 0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32, NULL, 0));
    }
    cr_assert_eq(shown->start_ts, ts);
    cr_assert_eq(shown->entries, 7);
    cr_assert_eq(shown->run_state, ROSTER_RUN_RUNNING);
    cr_assert_eq(shown->statement->seq, 1);
    cr_assert_str_eq(shown->statement->text, TEXT);
    roster_read_unlock(roster);
    unit_end(roster, session);
}

/*
 * A session whose identity was replaced shows a view that others will use. When it is closed that
 * view stays with the record until a grace period has passed.
 */
Test(look, a_closed_session_goes_on_showing_its_own)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = unit_open(roster), *other = unit_open(roster);
    const struct roster_session *found;
    struct roster_copy copy;
    int i;

    attr.user = "who was found";
    unit_ok(roster_session_update(session, &attr));
    unit_ok(roster_read_lock(roster));
    found = roster_lookup(roster, roster_session_id(session));
    unit_close(session);
    for (i = 0; i < 3000; i++) {
        const struct roster_shown *shown = roster_session_look(found, &copy, NULL, 0);

        cr_assert_eq(shown->start_ts, 0);
        cr_assert_str_eq(roster_identity_user(shown->identity), "who was found");
        unit_ok(roster_txn_begin(other, NULL));
        unit_ok(roster_txn_set_progress(other, 1, 2, 3));
        unit_ok(roster_txn_set_progress(other, 2, 3, 4));
        if (i % 3)
            unit_ok(roster_txn_finish(other));
        else
            unit_close(other);
        if (i % 3 == 0)
            other = unit_open(roster);
    }
    roster_read_unlock(roster);
    unit_end(roster, other);
}

/* And comes back: sessions that are opened, updated and closed all the time need no more memory. A
 * reader keeps what is retired in a round back until its end, so each round needs as much. */
Test(look, the_view_of_a_closed_session_is_used_again)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    uint64_t memory = 0;
    int round, i;

    for (round = 0; round < 20; round++) {
        unit_ok(roster_read_lock(roster));
        for (i = 0; i < 200; i++) {
            struct roster_session *session = unit_open(roster);

            unit_ok(roster_session_update(session, &attr));
            unit_close(session);
        }
        roster_read_unlock(roster);
        unit_ok(rst_rcu_barrier());
        if (round == 9)
            memory = unit_stats(roster).memory;
    }
    cr_assert_eq(unit_stats(roster).memory, memory);
    unit_destroy(roster);
}

Test(look, by_id_copies_all)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    struct roster_entry entry;
    char room[200];

    attr.id = 7;
    attr.user = "user";
    attr.attributes = "a=b";
    unit_ok(roster_session_open(roster, &attr, &session));
    unit_ok(roster_txn_begin(session, NULL));
    unit_ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, TEXT, strlen(TEXT), DIGEST,
                              strlen(DIGEST)));
    unit_ok(roster_look(roster, 7, &entry, room, sizeof(room)));
    unit_close(session);
    unit_ok(rst_rcu_barrier());
    cr_assert_eq(entry.id, 7);
    cr_assert_eq(entry.txn_state, ROSTER_TXN_VALID);
    cr_assert_eq(entry.run_state, ROSTER_RUN_RUNNING);
    cr_assert_eq(entry.command, ROSTER_COMMAND_QUERY);
    cr_assert_eq(entry.stmt_seq, 1);
    cr_assert_str_eq(entry.user, "user");
    cr_assert_null(entry.host);
    cr_assert_str_eq(entry.attributes, "a=b");
    cr_assert_str_eq(entry.text, TEXT);
    cr_assert_str_eq(entry.digest, DIGEST);
    unit_destroy(roster);
}

static void look_refused(struct roster *roster, uint64_t id, char *room, size_t size, int error)
{
    struct roster_entry entry, before;

    memset(&entry, 0x5a, sizeof(entry));
    before = entry;
    cr_assert_eq(roster_look(roster, id, &entry, room, size), error);
    cr_assert_arr_eq(&entry, &before, sizeof(entry), "written after an error");
}

Test(look, by_id_refuses)
{
    struct roster *roster = unit_roster(NULL);
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    struct roster_entry entry;
    char room[16];
    size_t size;

    attr.id = 7;
    attr.user = "12345";
    attr.application = "1234";
    unit_ok(roster_session_open(roster, &attr, &session));
    cr_assert_eq(roster_look(NULL, 7, &entry, room, sizeof(room)), -EINVAL);
    cr_assert_eq(roster_look(roster, 7, NULL, room, sizeof(room)), -EINVAL);
    look_refused(roster, 7, NULL, 1, -EINVAL);
    look_refused(roster, 8, room, sizeof(room), -ESRCH);
    for (size = 0; size < 11; size++)
        look_refused(roster, 7, room, size, -ENOBUFS);
    unit_ok(roster_stmt_begin(session, 0, TEXT, strlen(TEXT), NULL, 0));
    unit_ok(roster_look(roster, 7, &entry, room, 11));
    cr_assert_str_eq(entry.text, "", "no room is left for the text");
    unit_ok(roster_look(roster, 7, &entry, room, sizeof(room)));
    cr_assert_str_eq(entry.text, "sele");
    unit_end(roster, session);
}

struct race {
    struct roster *roster;
    struct roster_session *session;
    bool stop;
};

/* Publishes as fast as it can, and is never idle in between. */
static void *publish(void *arg)
{
    struct race *race = arg;
    uint64_t n;

    cr_expect_eq(roster_txn_begin(race->session, NULL), 0);
    cr_expect_eq(roster_stmt_begin(race->session, 0, TEXT, strlen(TEXT), NULL, 0), 0);
    for (n = 1; !rst_load(&race->stop); n++)
        cr_expect_eq(roster_txn_set_progress(race->session, n, n * 3, (uint32_t)n), 0);
    cr_expect_eq(roster_stmt_end(race->session), 0);
    cr_expect_eq(roster_txn_finish(race->session), 0);
    return NULL;
}

/* Looks again are counted; some are needed, never many: owner and reader do not fall into step. */
Test(look, tries_are_counted_and_few)
{
    enum { LOOKS = 200000, MOST = 2000 };
    struct race race = {.roster = unit_roster(NULL)};
    int looks, n = UNIT_SCALE(LOOKS, LOOKS / 100);
    uint64_t before = 0, again, most = 0;
    struct roster_copy copy;
    pthread_t thread;
    char room[64];

    race.session = unit_open(race.roster);
    cr_assert_eq(pthread_create(&thread, NULL, publish, &race), 0);
    unit_ok(roster_read_lock(race.roster));
    for (looks = 0; looks < n; looks++) {
        const struct roster_shown *shown =
            roster_session_look(race.session, &copy, room, sizeof(room));

        cr_assert_eq(shown->entry_bytes, shown->entries * 3, "torn");
        cr_assert_eq(shown->schema_version, (uint32_t)shown->entries, "torn");
        again = rst_load(&race.roster->looks_again);
        if (again - before > most)
            most = again - before;
        before = again;
    }
    roster_read_unlock(race.roster);
    rst_store(&race.stop, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(unit_stats(race.roster).looks_again, before);
    cr_assert_lt(most, MOST, "one look took %llu tries", (unsigned long long)most);
    cr_assert_leq(before, 10 * (uint64_t)n, "%llu tries more in %d looks",
                  (unsigned long long)before, n);
    unit_close(race.session);
    unit_destroy(race.roster);
}

/* A thread that fills slots, another one in whose slot the session's transaction is, and what has
 * become of the block that has it. */
#define MANY (RST_BLOCK_SLOTS + 1)

struct slots {
    struct roster *roster;
    struct roster_session *session;
    struct roster_shown kept;
};

static void begin_and_finish(void *arg)
{
    struct slots *slots = arg;

    unit_ok(roster_txn_begin(slots->session, NULL));
    slots->kept = *unit_look(slots->session);
    cr_assert_neq(roster_txn_since(slots->session, &slots->kept), 0);
    unit_ok(roster_txn_finish(slots->session));
}

static void use_many_slots(void *arg)
{
    static struct roster_session *many[MANY];
    struct slots *slots = arg;
    size_t n;

    for (n = 0; n < MANY; n++) {
        many[n] = unit_open(slots->roster);
        unit_ok(roster_txn_begin(many[n], NULL));
    }
    unit_in_thread(begin_and_finish, slots);
    for (n = 0; n < MANY; n++)
        unit_close(many[n]);
}

/* What a look has shown may be kept: the slots that the session had may be gone by then. */
Test(look, since_when_a_transaction_was_open_that_was_kept)
{
    struct slots slots = {.roster = unit_roster(NULL)};
    struct roster_pin *pin = unit_pin(slots.roster, NULL, 0); /* so that the first block stays */

    slots.session = unit_open(slots.roster);
    unit_in_thread(use_many_slots, &slots);
    cr_assert_null(slots.roster->horizon.blocks->next, "the block is there still");
    unit_ok(rst_rcu_barrier());
    unit_ok(roster_read_lock(slots.roster));
    cr_assert_eq(roster_txn_since(slots.session, &slots.kept), 0);
    roster_read_unlock(slots.roster);
    unit_ok(roster_pin_release(pin));
    unit_close(slots.session);
    unit_destroy(slots.roster);
}
