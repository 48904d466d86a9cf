/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Roster itself, through its public functions.
 */
#include "engine.h"

#include <errno.h>
#include <roster/roster.h>
#include <stdlib.h>

static const char *version(void)
{
    return roster_version();
}

static int create(const struct engine_setup *setup, void **world)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster *roster;
    struct roster_pin *pin;
    int err;

    oracle_init(setup->oracle, ORACLE_THREAD, &options);
    err = roster_create(&options, &roster);
    if (err)
        return err;
    /* liburcu's thread is to be started by this thread, which is not pinned. */
    err = roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_OTHER, &pin);
    if (!err)
        err = roster_pin_release(pin);
    if (err)
        roster_destroy(roster);
    else
        *world = roster;
    return err;
}

static void destroy(void *world)
{
    roster_destroy(world);
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *opened;
    int err;

    attr.id = id;
    attr.user = who->user;
    attr.host = who->host;
    attr.database = who->database;
    err = roster_session_open(world, &attr, &opened);
    if (!err)
        *session = opened;
    return err;
}

static int close_session(void *world, void *session)
{
    (void)world;
    return roster_session_close(session);
}

static int begin(void *world, void *session, uint64_t *start_ts)
{
    (void)world;
    return roster_txn_begin(session, start_ts);
}

static int end(void *world, void *session)
{
    (void)world;
    return roster_txn_finish(session);
}

static int stmt_begin(void *world, void *session, const char *text, size_t length)
{
    (void)world;
    return roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, length, NULL, 0);
}

static int stmt_end(void *world, void *session)
{
    (void)world;
    return roster_stmt_end(session);
}

static int oldest(void *world, uint64_t *ts)
{
    struct roster_min min = {.size = sizeof(min)};
    int err = roster_min_advance(world, 0, &min);

    *ts = min.min_start_ts;
    return err;
}

static int each(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    const struct roster_statement *statement = view->statement;
    struct facts facts = {.id = roster_session_id(session),
                          .start_ts = view->start_ts,
                          .since = roster_session_since(session, view),
                          .state = view->txn_state == ROSTER_TXN_VALID,
                          .text_length = statement ? statement->text_length : 0,
                          .text = statement ? statement->text : NULL,
                          .who = {roster_identity_user(view->identity),
                                  roster_identity_host(view->identity),
                                  roster_identity_database(view->identity)}};

    read_facts(arg, &facts);
    return 0;
}

static int list(void *world, struct reading *reading)
{
    int err = roster_read_lock(world);

    if (err)
        return err;
    err = roster_for_each(world, each, reading);
    roster_read_unlock(world);
    return err;
}

static int lookup(void *world, uint64_t id, struct reading *reading)
{
    const struct roster_session *session;
    struct roster_copy copy;
    char text[ROSTER_WALK_TEXT];
    int err = roster_read_lock(world);

    if (err)
        return err;
    session = roster_lookup(world, id);
    if (session)
        each(session, roster_session_look(session, &copy, text, sizeof(text)), reading);
    roster_read_unlock(world);
    return session ? 0 : -ENOENT;
}

static int hold(void *world, void (*wait)(void *arg), void *arg)
{
    int err = roster_read_lock(world);

    if (err)
        return err;
    wait(arg);
    roster_read_unlock(world);
    return 0;
}

const struct engine engine_roster = {
    .name = "roster",
    .title = "Roster, read in place",
    .can = CAN_TXN | CAN_TEXT | CAN_OLDEST | CAN_VALUE | CAN_LIST | CAN_LOOKUP | CAN_HOLD,
    ENGINE_CALLS,
    .create = create,
};

static void read_snapshot(const struct roster_snapshot *snapshot, struct reading *reading)
{
    size_t i;

    for (i = 0; i < snapshot->count; i++) {
        const struct roster_entry *entry = &snapshot->entries[i];
        struct facts facts = {.id = entry->id,
                              .start_ts = entry->start_ts,
                              .since = entry->state_since,
                              .state = entry->txn_state == ROSTER_TXN_VALID,
                              .text_length = entry->text_length,
                              .text = entry->text,
                              .who = {entry->user, entry->host, entry->database}};

        read_facts(reading, &facts);
    }
}

static int list_copy(void *world, struct reading *reading)
{
    struct roster_snapshot *snapshot;
    int err = roster_snapshot(world, &snapshot);

    if (err)
        return err;
    read_snapshot(snapshot, reading);
    roster_snapshot_free(snapshot);
    return 0;
}

/* Only its list differs: a copy that outlives the lock, as roster_snapshot() makes it. */
const struct engine engine_roster_copy = {
    .name = "roster-copy",
    .title = "Roster, list copied by roster_snapshot()",
    .can = CAN_LIST,
    ENGINE_STATEMENTS,
    .create = create,
    .list = list_copy,
};

/* Kept from list to list, as the copies of locked.c are. */
static __thread struct roster_snapshot *kept;

static int list_again(void *world, struct reading *reading)
{
    int err = kept ? roster_snapshot_again(world, kept) : roster_snapshot(world, &kept);

    if (!err)
        read_snapshot(kept, reading);
    return err;
}

static void forget_kept(void *world)
{
    (void)world;
    roster_snapshot_free(kept);
    kept = NULL;
}

/* The same, copied into the memory of the list before. */
const struct engine engine_roster_again = {
    .name = "roster-again",
    .title = "Roster, list copied by roster_snapshot_again()",
    .can = CAN_LIST,
    ENGINE_STATEMENTS,
    .thread_leave = forget_kept,
    .create = create,
    .list = list_again,
};
