/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Copied lists of sessions: an array of entries, and text in pieces, which never move. Both can be
 * reused: new memory costs more than all writes to it, because the kernel provides it page by page.
 */
#include "core/base/clock.h"
#include "core/base/slab.h"
#include "core/owner/owner.h"
#include "core/reader/entry.h"
#include "core/reader/list.h"
#include "core/roster/digests.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/session.h"
#include "core/roster/side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LOOKS 100

struct text {
    struct text *next; /* kept from the last time, or NULL */
    size_t used;
    size_t size;
    char bytes[];
};

/* The public part comes first, so that freeing needs no roster. */
struct copy {
    struct roster_snapshot list;
    struct roster_entry *entries;
    size_t count;
    size_t capacity;   /* of the entries; what comes after `rest` in each is 0, or `rest` is 1 */
    void *memory;      /* that they are in */
    struct text *text; /* the first; NULL: none */
    struct text *last; /* that is in use */
    char *room;        /* for one statement's text and digest, whole */
    size_t room_size;
};

#define LEAST_ENTRIES 8
#define HOME_TEXT (RST_IDENTITY_HOME - RST_IDENTITY_TEXT)

/* Entries that are asked for before they are written: their lines are too far apart for the
 * processor to guess. */
#define AHEAD 8

/* Entries and text of a list that is this many times smaller than its memory get other memory. */
#define TOO_LARGE 4

static size_t entries_bytes(size_t capacity)
{
    return (capacity + 1) * sizeof(struct roster_entry); /* one more, to begin at a line */
}

static void entries_free(struct copy *copy)
{
    rst_zeroed_give(copy->memory, entries_bytes(copy->capacity));
    copy->memory = NULL;
    copy->capacity = 0;
}

/* Makes room for `capacity` entries, with those that there are. */
static int entries_make(struct copy *copy, size_t capacity)
{
    struct roster_entry *entries;
    void *memory;

    if (!copy->count)
        entries_free(copy);
    memory = rst_zeroed_take(entries_bytes(capacity));
    if (!memory)
        return -ENOMEM;
    entries = (struct roster_entry *)(void *)((char *)memory + -(uintptr_t)memory % RST_CACHE_LINE);
    if (copy->count)
        memcpy(entries, copy->entries, copy->count * sizeof(*entries));
    entries_free(copy);
    copy->memory = memory;
    copy->entries = entries;
    copy->capacity = capacity;
    return 0;
}

static inline struct roster_entry *entry_next(struct copy *copy)
{
    if (rst_unlikely(copy->count == copy->capacity) && entries_make(copy, 2 * copy->capacity))
        return NULL;
    rst_prefetch_write(&copy->entries[copy->count + AHEAD]);
    rst_prefetch_write(&copy->entries[copy->count + AHEAD].disk);
    return &copy->entries[copy->count++];
}

static rst_slow char *text_more_slow(struct copy *copy, size_t bytes)
{
    struct text **place = copy->last ? &copy->last->next : &copy->text, *made = *place;
    size_t size = copy->last ? 2 * copy->last->size : copy->capacity * HOME_TEXT;

    if (!made || made->size < bytes) {
        while (size < bytes)
            size *= 2;
        made = rst_zeroed_take(sizeof(*made) + size);
        if (!made)
            return NULL;
        made->size = size;
        made->next = *place;
        *place = made;
    }
    made->used = bytes;
    copy->last = made;
    return made->bytes;
}

static inline char *text_reserve(struct copy *copy, size_t bytes)
{
    struct text *text = copy->last;

    if (rst_unlikely(!text || text->size - text->used < bytes))
        return text_more_slow(copy, bytes);
    text->used += bytes;
    return text->bytes + text->used - bytes;
}

static void text_free(struct text **place)
{
    struct text *text, *next;

    for (text = *place; text; text = next) {
        next = text->next;
        rst_zeroed_give(text, sizeof(*text) + text->size);
    }
    *place = NULL;
}

/* Copies `length` bytes and a NUL, or NULL. */
static int copy_bytes(struct copy *copy, const char *bytes, size_t length, const char **out)
{
    char *place;

    *out = NULL;
    if (!bytes)
        return 0;
    place = text_reserve(copy, length + 1);
    if (!place)
        return -ENOMEM;
    memcpy(place, bytes, length);
    place[length] = '\0';
    *out = place;
    return 0;
}

static inline const char *moved(const char *to, size_t from, size_t offset)
{
    return offset ? to + (offset - from) : NULL;
}

/* All strings as the one piece that they are. */
static inline int copy_identity(struct copy *copy, const struct roster_session *session,
                                const struct roster_identity *identity, struct roster_entry *entry)
{
    size_t bytes, from;
    char *place;

    from = rst_identity_text(identity, rst_session_home(session), &bytes);
    place = text_reserve(copy, bytes);
    if (!place)
        return -ENOMEM;
    if (rst_likely(bytes == HOME_TEXT))
        memcpy(place, (const char *)identity + from, HOME_TEXT);
    else
        memcpy(place, (const char *)identity + from, bytes);
    entry->user = moved(place, from, identity->offset[RST_IDENTITY_USER]);
    entry->host = moved(place, from, identity->offset[RST_IDENTITY_HOST]);
    entry->database = moved(place, from, identity->offset[RST_IDENTITY_DATABASE]);
    entry->application = moved(place, from, identity->offset[RST_IDENTITY_APPLICATION]);
    entry->attributes = moved(place, from, identity->offset[RST_IDENTITY_ATTRIBUTES]);
    return 0;
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
    char *place;

    entry->all_digests = "[]";
    if (!digests->total)
        return 0;
    /* Written where it stays: it may be larger than a thread's stack. */
    place = text_reserve(copy, RST_DIGESTS_JSON_MAX);
    if (!place)
        return -ENOMEM;
    copy->last->used -= RST_DIGESTS_JSON_MAX - rst_digests_json(digests, place) - 1;
    if (digests->total > ROSTER_DIGESTS_KEPT)
        entry->digests_dropped = digests->total - ROSTER_DIGESTS_KEPT;
    entry->all_digests = place;
    return 0;
}

#define TABLE_MAX sizeof("18446744073709551615,")

static int copy_tables(struct copy *copy, const struct roster_session *session,
                       const struct roster_shown *view, struct roster_entry *entry)
{
    size_t n, count, used = 0;
    const struct rst_table *tables = rst_tables_of(session, view, &count);
    char *place;

    entry->tables = "";
    if (!count)
        return 0;
    place = text_reserve(copy, count * TABLE_MAX);
    if (!place)
        return -ENOMEM;
    for (n = 0; n < count; n++)
        used += (size_t)sprintf(place + used, "%s%" PRIu64, n ? "," : "", tables[n].id);
    copy->last->used -= count * TABLE_MAX - used - 1;
    entry->tables = place;
    return 0;
}

/* What a session has that is not at rest. */
static __attribute__((noinline)) int copy_busy(struct copy *copy,
                                               const struct roster_session *session,
                                               const struct roster_shown *shown,
                                               struct roster_entry *entry)
{
    struct roster_copy look;
    struct roster_blocked blocked;
    struct rst_digests digests;
    int err = 0;

    digests_of(session, &shown, &look, copy->room, copy->room_size, &digests);
    rst_entry_fill(entry, session, shown, &blocked);
    if (entry->blocker && blocked.what_length)
        err = copy_bytes(copy, blocked.what, strlen(blocked.what), &entry->blocked_on);
    if (!err)
        err = shown->statement ? copy_statement(copy, shown->statement, entry)
                               : copy_last(copy, session, shown, entry);
    if (!err)
        err = copy_identity(copy, session, shown->identity, entry);
    if (err || shown->txn_state != ROSTER_TXN_VALID)
        return err;
    err = copy_digests(copy, &digests, entry);
    if (!err)
        err = copy_tables(copy, session, shown, entry);
    return err;
}

static int copy_session(const struct roster_session *session, const struct roster_shown *shown,
                        void *arg)
{
    struct copy *copy = arg;
    struct roster_entry *entry = entry_next(copy);

    if (!entry)
        return -ENOMEM;
    if (rst_unlikely(!rst_entry_is_at_rest(session, shown)))
        return copy_busy(copy, session, shown, entry);
    rst_entry_front(entry, session, shown);
    return copy_identity(copy, session, shown->identity, entry);
}

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

/* Under the read lock: all sessions, or those with these ids. */
static int copy_sessions(struct roster *roster, const uint64_t *ids, size_t count,
                         struct copy *copy)
{
    size_t open = (size_t)rst_load(&roster->registry.open);
    size_t capacity = LEAST_ENTRIES + (ids && count < open ? count : open);

    if ((copy->capacity < capacity || copy->capacity / TOO_LARGE > capacity) &&
        entries_make(copy, capacity))
        return -ENOMEM;
    if (copy->text && copy->text->size / TOO_LARGE > copy->capacity * HOME_TEXT)
        text_free(&copy->text);
    return ids ? copy_ids(roster, ids, count, copy)
               : rst_for_each_whole(roster, copy_session, copy, copy->room, copy->room_size);
}

static int fill(struct roster *roster, const uint64_t *ids, size_t count, struct copy *copy)
{
    int err = roster_read_lock(roster);

    if (err)
        return err;
    copy->list.count = copy->count = 0;
    copy->last = NULL;
    copy->room_size = (size_t)roster->text_limit + ROSTER_DIGEST_MAX + 2;
    copy->room = malloc(copy->room_size);
    err = copy->room ? copy_sessions(roster, ids, count, copy) : -ENOMEM;
    copy->list.taken_at = rst_monotonic_ns();
    copy->list.taken_at_ms = rst_wall_ms();
    roster_read_unlock(roster);
    free(copy->room);
    text_free(copy->last ? &copy->last->next : &copy->text); /* what was not needed this time */
    if (err)
        return err;
    copy->list.count = copy->count;
    copy->list.entries = copy->entries;
    return 0;
}

static int make(struct roster *roster, const uint64_t *ids, size_t count,
                struct roster_snapshot **snapshot)
{
    struct copy *made;
    int err;

    if (!roster || !snapshot)
        return -EINVAL;
    made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    err = fill(roster, ids, count, made);
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

int roster_snapshot_again(struct roster *roster, struct roster_snapshot *snapshot)
{
    return roster && snapshot ? fill(roster, NULL, 0, (struct copy *)snapshot) : -EINVAL;
}

void roster_snapshot_free(struct roster_snapshot *snapshot)
{
    struct copy *made = (struct copy *)snapshot;

    if (!made)
        return;
    text_free(&made->text);
    entries_free(made);
    free(made);
}
