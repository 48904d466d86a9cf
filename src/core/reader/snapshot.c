/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Copied lists of sessions: two blocks that grow, one of entries and one of text.
 */
#include "core/base/clock.h"
#include "core/owner/tables.h"
#include "core/reader/entry.h"
#include "core/reader/list.h"
#include "core/roster/digests.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LOOKS 100

struct block {
    char *bytes;
    size_t used;
    size_t size;
};

/* The blocks while they are filled: text is referred to by offset + 1, because it moves. */
struct copy {
    struct block entries;
    struct block text;
    char *room; /* for one statement's text and digest, whole */
    size_t room_size;
};

static void *reserve(struct block *block, size_t bytes)
{
    size_t size = block->size ? block->size : 4096;
    char *grown;

    while (size - block->used < bytes)
        size *= 2;
    if (size != block->size) {
        grown = realloc(block->bytes, size);
        if (!grown)
            return NULL;
        block->bytes = grown;
        block->size = size;
    }
    block->used += bytes;
    return block->bytes + block->used - bytes;
}

/* Copies `length` bytes and a NUL; `*out` becomes the offset + 1, or 0 for NULL. */
static int copy_bytes(struct copy *copy, const char *bytes, size_t length, const char **out)
{
    char *place;

    *out = NULL;
    if (!bytes)
        return 0;
    place = reserve(&copy->text, length + 1);
    if (!place)
        return -ENOMEM;
    memcpy(place, bytes, length);
    place[length] = '\0';
    *out = (const char *)(uintptr_t)(place - copy->text.bytes + 1);
    return 0;
}

static int copy_string(struct copy *copy, const char *string, const char **out)
{
    return copy_bytes(copy, string, string ? strlen(string) : 0, out);
}

static int copy_identity(struct copy *copy, const struct roster_identity *identity,
                         struct roster_entry *entry)
{
    int err = copy_string(copy, roster_identity_user(identity), &entry->user);

    if (!err)
        err = copy_string(copy, roster_identity_host(identity), &entry->host);
    if (!err)
        err = copy_string(copy, roster_identity_database(identity), &entry->database);
    if (!err)
        err = copy_string(copy, roster_identity_application(identity), &entry->application);
    if (!err)
        err = copy_string(copy, roster_identity_attributes(identity), &entry->attributes);
    return err;
}

static int copy_statement(struct copy *copy, const struct roster_statement *statement,
                          struct roster_entry *entry)
{
    int err = copy_bytes(copy, statement->text, statement->text_length, &entry->text);

    return err ? err
               : copy_bytes(copy, statement->digest, statement->digest_length, &entry->digest);
}

/* Into the room that a statement that runs would need. */
static int copy_last(struct copy *copy, const struct roster_session *session,
                     const struct roster_shown *shown, struct roster_entry *entry)
{
    struct roster_statement last;

    if (!roster_session_last_statement(session, shown, &last, copy->room, copy->room_size))
        return 0;
    rst_entry_last(entry, &last);
    return copy_bytes(copy, last.text, last.text_length, &entry->last_text);
}

/*
 * The digests of the transaction that a look has shown: the session must show the same when they
 * have been copied. `*shown` moves on to a newer look until it does, which needs the room again;
 * none when the owner is too fast.
 */
static void digests_of(const struct roster_session *session, const struct roster_shown **shown,
                       struct roster_copy *copy, char *room, size_t size,
                       struct rst_digests *digests)
{
    const struct rst_side *side = rst_side_of(session);
    struct roster_copy again;
    int looks;

    for (looks = 0; side && side->digests && looks < MOST_LOOKS; looks++) {
        bool whole;

        rst_test_point("snapshot: digests next");
        whole = rst_digests_copy(side->digests, digests);
        if (whole && rst_look_is_same(*shown, rst_look_at(session, &again, NULL, 0)))
            return;
        *shown = rst_look_at(session, copy, room, size);
    }
    digests->total = 0;
}

static int copy_digests(struct copy *copy, const struct rst_digests *digests,
                        struct roster_entry *entry)
{
    /* Written where it stays: it may be larger than a thread's stack. */
    char *place = reserve(&copy->text, RST_DIGESTS_JSON_MAX);

    if (!place)
        return -ENOMEM;
    copy->text.used -= RST_DIGESTS_JSON_MAX - rst_digests_json(digests, place) - 1;
    if (digests->total > ROSTER_DIGESTS_KEPT)
        entry->digests_dropped = digests->total - ROSTER_DIGESTS_KEPT;
    entry->all_digests = (const char *)(uintptr_t)(place - copy->text.bytes + 1);
    return 0;
}

static int copy_tables(struct copy *copy, const struct roster_session *session,
                       const struct roster_shown *view, struct roster_entry *entry)
{
    size_t n, count, used = 0;
    const struct rst_table *tables = rst_tables_of(session, view, &count);
    char *list = malloc(count * sizeof("18446744073709551615,") + 1);
    int err;

    if (!list)
        return -ENOMEM;
    for (n = 0; n < count; n++)
        used += (size_t)sprintf(list + used, "%s%" PRIu64, n ? "," : "", tables[n].id);
    err = copy_bytes(copy, list, used, &entry->tables);
    free(list);
    return err;
}

static int copy_session(const struct roster_session *session, const struct roster_shown *shown,
                        void *arg)
{
    struct copy *copy = arg;
    struct roster_entry *entry = reserve(&copy->entries, sizeof(*entry));
    struct roster_copy look;
    struct roster_blocked blocked;
    struct rst_digests digests;
    int err = 0;

    if (!entry)
        return -ENOMEM;
    digests_of(session, &shown, &look, copy->room, copy->room_size, &digests);
    rst_entry_fill(entry, session, shown, &blocked);
    if (entry->blocker && blocked.what_length)
        err = copy_string(copy, blocked.what, &entry->blocked_on);
    if (!err)
        err = shown->statement ? copy_statement(copy, shown->statement, entry)
                               : copy_last(copy, session, shown, entry);
    if (!err)
        err = copy_identity(copy, shown->identity, entry);
    if (err || shown->txn_state != ROSTER_TXN_VALID)
        return err;
    err = copy_digests(copy, &digests, entry);
    if (!err)
        err = copy_tables(copy, session, shown, entry);
    return err;
}

static void relocate(const char **string, const char *text)
{
    if (*string)
        *string = text + (uintptr_t)*string - 1;
}

static void relocate_all(struct roster_entry *entries, size_t count, const char *text)
{
    size_t i;

    for (i = 0; i < count; i++) {
        relocate(&entries[i].text, text);
        relocate(&entries[i].digest, text);
        relocate(&entries[i].last_text, text);
        relocate(&entries[i].blocked_on, text);
        relocate(&entries[i].user, text);
        relocate(&entries[i].host, text);
        relocate(&entries[i].database, text);
        relocate(&entries[i].application, text);
        relocate(&entries[i].attributes, text);
        relocate(&entries[i].all_digests, text);
        relocate(&entries[i].tables, text);
    }
}

/* The public part comes first, so that freeing needs no roster. */
struct snapshot {
    struct roster_snapshot list;
    struct copy copy;
};

static int copy_ids(struct roster *roster, const uint64_t *ids, size_t count, struct copy *copy)
{
    const struct roster_session *session;
    struct roster_copy look;
    size_t n;
    int err = 0;

    for (n = 0; !err && n < count; n++) {
        session = roster_lookup(roster, ids[n]);
        if (session)
            err = copy_session(session, rst_look_at(session, &look, copy->room, copy->room_size),
                               copy);
    }
    return err;
}

/* All sessions, or those with these ids. */
static int fill(struct roster *roster, const uint64_t *ids, size_t count, struct snapshot *snapshot)
{
    struct copy *copy = &snapshot->copy;
    int err;

    copy->room_size = (size_t)roster->text_limit + ROSTER_DIGEST_MAX + 2;
    copy->room = malloc(copy->room_size);
    if (!copy->room)
        return -ENOMEM;
    err = roster_read_lock(roster);
    if (err)
        return err;
    err = ids ? copy_ids(roster, ids, count, copy)
              : rst_for_each(roster, copy_session, copy, copy->room, copy->room_size);
    snapshot->list.taken_at = rst_monotonic_ns();
    snapshot->list.taken_at_ms = rst_wall_ms();
    roster_read_unlock(roster);
    if (err)
        return err;
    snapshot->list.count = copy->entries.used / sizeof(struct roster_entry);
    snapshot->list.entries = (struct roster_entry *)(void *)copy->entries.bytes;
    relocate_all((struct roster_entry *)(void *)copy->entries.bytes, snapshot->list.count,
                 copy->text.bytes);
    return 0;
}

static int make(struct roster *roster, const uint64_t *ids, size_t count,
                struct roster_snapshot **snapshot)
{
    struct snapshot *made;
    int err;

    if (!roster || !snapshot)
        return -EINVAL;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    err = fill(roster, ids, count, made);
    free(made->copy.room);
    if (err)
        roster_snapshot_free(&made->list);
    else
        *snapshot = &made->list;
    return err;
}

int roster_snapshot(struct roster *roster, struct roster_snapshot **snapshot)
{
    return make(roster, NULL, 0, snapshot);
}

int roster_snapshot_ids(struct roster *roster, const uint64_t *ids, size_t count,
                        struct roster_snapshot **snapshot)
{
    return ids ? make(roster, ids, count, snapshot) : -EINVAL;
}

void roster_snapshot_free(struct roster_snapshot *snapshot)
{
    struct snapshot *made = (struct snapshot *)snapshot;

    if (!made)
        return;
    free(made->copy.entries.bytes);
    free(made->copy.text.bytes);
    free(made);
}
