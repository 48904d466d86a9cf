/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Entries, and the copy of one session into the caller's memory.
 */
#include "core/reader/entry.h"

#include "core/roster/look.h"
#include "core/roster/session.h"

#include <errno.h>
#include <roster/block.h>
#include <roster/kill.h>
#include <roster/limits.h>
#include <roster/progress.h>
#include <roster/txn.h>
#include <roster/wait.h>
#include <string.h>

static void entry_statement(struct roster_entry *entry, const struct roster_statement *statement)
{
    entry->command = (enum roster_command)statement->command;
    entry->stmt_seq = statement->seq;
    entry->stmt_since = statement->since;
    entry->text_length = statement->text_length;
    entry->text_full_length = statement->text_full_length;
    entry->digest_length = statement->digest_length;
}

void rst_entry_last(struct roster_entry *entry, const struct roster_statement *last)
{
    entry->rest = sizeof(*entry) - RST_ENTRY_FRONT;
    entry->last_command = (enum roster_command)last->command;
    entry->last_seq = last->seq;
    entry->last_since = last->since;
    entry->last_text = last->text;
    entry->last_text_length = last->text_length;
    entry->last_text_full_length = last->text_full_length;
}

/* Whether it waits for another session is of the instant that the wait is of. */
static void entry_wait(struct roster_entry *entry, const struct roster_session *session,
                       struct roster_blocked *blocked)
{
    uint32_t wait = roster_session_wait(session, &entry->wait_since);

    blocked->size = sizeof(*blocked);
    if (wait && !roster_session_blocked(session, blocked)) {
        wait = blocked->event;
        entry->wait_since = blocked->since;
        entry->blocker = blocked->blocker;
        entry->blocker_start_ts = blocked->blocker_start_ts;
        entry->root_blocker = blocked->root_blocker;
        entry->blocked_depth = blocked->depth;
    }
    entry->wait_class = roster_wait_event_class(wait);
    entry->wait_event = roster_wait_event_name(wait);
}

/* What a session has that has a side. */
static void entry_side(struct roster_entry *entry, const struct roster_session *session,
                       const struct roster_shown *shown, struct roster_blocked *blocked)
{
    struct roster_progress progress;

    entry->rest = sizeof(*entry) - RST_ENTRY_FRONT;
    entry->disk = roster_session_disk(session);
    entry->tag = roster_session_tag(session);
    entry->txn_flags = entry->txn_seq ? roster_txn_flags(session, shown) : 0;
    entry_wait(entry, session, blocked);
    (void)roster_session_progress(session, shown, &progress);
    entry->progress_done = progress.done;
    entry->progress_total = progress.total;
    entry->phase = roster_wait_event_name(progress.phase);
}

void rst_entry_fill(struct roster_entry *entry, const struct roster_session *session,
                    const struct roster_shown *shown, struct roster_blocked *blocked)
{
    rst_entry_front(entry, session, shown);
    entry->rest = RST_ENTRY_SIDE - RST_ENTRY_FRONT;
    entry->txn_since = rst_txn_since(session, shown);
    entry->txn_seq = roster_txn_seq(session, shown);
    entry->blocked_since = shown->run_state == ROSTER_RUN_LOCK_WAITING ? shown->state_since : 0;
    entry->entries = shown->entries;
    entry->entry_bytes = shown->entry_bytes;
    entry->schema_version = shown->schema_version;
    if (rst_side_of(session))
        entry_side(entry, session, shown, blocked);
    if (shown->statement)
        entry_statement(entry, shown->statement);
}

/* What is left of the caller's room. */
struct room {
    char *next;
    size_t left;
};

static int copy_string(struct room *room, const char *string, const char **out)
{
    size_t size;

    *out = NULL;
    if (!string)
        return 0;
    size = strlen(string) + 1;
    if (size > room->left)
        return -ENOBUFS;
    *out = memcpy(room->next, string, size);
    room->next += size;
    room->left -= size;
    return 0;
}

static int copy_identity(struct room *room, const struct roster_identity *identity,
                         struct roster_entry *entry)
{
    int err = copy_string(room, roster_identity_user(identity), &entry->user);

    if (!err)
        err = copy_string(room, roster_identity_host(identity), &entry->host);
    if (!err)
        err = copy_string(room, roster_identity_database(identity), &entry->database);
    if (!err)
        err = copy_string(room, roster_identity_application(identity), &entry->application);
    if (!err)
        err = copy_string(room, roster_identity_attributes(identity), &entry->attributes);
    return err;
}

/* A place for what it waits for, if it waits for a session; NULL also where there is none. */
static char *take_text(struct room *room, const struct roster_session *session)
{
    struct roster_blocked blocked = {.size = sizeof(blocked)};
    char *text = room->next;

    if (room->left < sizeof(blocked.what) || roster_session_blocked(session, &blocked))
        return NULL;
    room->next += sizeof(blocked.what);
    room->left -= sizeof(blocked.what);
    return text;
}

/*
 * The identity first, because it must be whole, then the text into what is left. So there are two
 * looks, and what they show is of one instant when the second has found the same identity: that is
 * in force from the first to the second.
 */
static int copy_session(const struct roster_session *session, struct roster_entry *entry,
                        char *bytes, size_t size)
{
    struct roster_copy copy;
    const struct roster_shown *shown = rst_look_at(session, &copy, NULL, 0);
    const struct roster_identity *identity;
    struct roster_statement last;
    struct roster_blocked blocked;
    struct roster_entry strings;
    struct room room;
    char *what;
    int err;

    do {
        identity = shown->identity;
        room = (struct room){bytes, size};
        err = copy_identity(&room, identity, &strings);
        if (err)
            return err;
        what = take_text(&room, session);
        shown = rst_look_at(session, &copy, room.next, room.left);
    } while (rst_unlikely(shown->identity != identity));
    blocked.what_length = 0;
    memset(entry, 0, sizeof(*entry));
    rst_entry_fill(entry, session, shown, &blocked);
    if (what && entry->blocker && blocked.what_length)
        entry->blocked_on = memcpy(what, blocked.what, sizeof(blocked.what));
    entry->user = strings.user;
    entry->host = strings.host;
    entry->database = strings.database;
    entry->application = strings.application;
    entry->attributes = strings.attributes;
    if (shown->statement) {
        entry->text = shown->statement->text;
        entry->digest = shown->statement->digest;
    } else if (roster_session_last_statement(session, shown, &last, room.next, room.left)) {
        rst_entry_last(entry, &last);
    }
    return 0;
}

int roster_look(struct roster *roster, uint64_t id, struct roster_entry *entry, char *room,
                size_t size)
{
    const struct roster_session *session;
    int err;

    if (!roster || !entry || (!room && size))
        return -EINVAL;
    err = roster_read_lock(roster);
    if (err)
        return err;
    session = roster_lookup(roster, id);
    err = session ? copy_session(session, entry, room, size) : -ESRCH;
    roster_read_unlock(roster);
    return err;
}
