/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Filters and orders. See rows.h.
 */
#include "status/rows.h"

#include "core/base/ascii.h"
#include "core/base/clock.h"

#include <errno.h>
#include <roster/block.h>
#include <roster/kill.h>
#include <roster/limits.h>
#include <roster/wait.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* What clients have chosen, and what may be ended by it: "Bob" is another user than "bob". */
static bool is(const char *wanted, const char *value)
{
    return !wanted || !strcmp(wanted, value ? value : "");
}

static bool has(const char *value, const char *wanted)
{
    return value && ascii_contains(value, wanted);
}

/* Whether some text of the row has that in it. */
static bool is_found(const struct roster_entry *entry, const char *wanted)
{
    return !wanted || has(entry->user, wanted) || has(entry->host, wanted) ||
           has(entry->database, wanted) || has(entry->application, wanted) ||
           has(roster_command_name(entry->command), wanted) ||
           has(roster_run_state_name(entry->run_state), wanted) ||
           has(rst_kind_name(entry->kind), wanted) || has(entry->wait_class, wanted) ||
           has(entry->wait_event, wanted) || has(entry->text, wanted) ||
           has(entry->last_text, wanted);
}

/* An event, or all of a class; "" is none. */
static bool is_wait(const struct roster_entry *entry, const struct query *query)
{
    if (!query->wait || !*query->wait)
        return !query->wait || !entry->wait_event;
    if (!entry->wait_event)
        return false;
    return (!query->wait_class || !strcmp(query->wait_class, entry->wait_class)) &&
           (!query->wait_event || !strcmp(query->wait_event, entry->wait_event));
}

static bool is_digest(const struct roster_entry *entry, const char *wanted)
{
    size_t length = entry->digest ? entry->digest_length : 0;

    return !wanted ||
           (strlen(wanted) == length && !memcmp(wanted, length ? entry->digest : "", length));
}

static bool is_state(const struct roster_entry *entry, const struct query *query)
{
    return (query->run_state < 0 || (int)entry->run_state == query->run_state) &&
           (query->txn_states & 1U << entry->txn_state);
}

bool rst_rows_match(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                    const struct query *query)
{
    bool txns = query->list != LIST_SESSIONS; /* a holder's row has what it holds as its one */

    if ((txns || query->in_txn) && entry->txn_state != ROSTER_TXN_VALID)
        return false;
    if (query->min_ms &&
        (txns ? rst_entry_txn_age_ms : rst_entry_age_ms)(snapshot, entry) < query->min_ms)
        return false;
    return (!query->id || entry->id == query->id) && is_state(entry, query) &&
           (query->kind_number < 0 || (int)entry->kind == query->kind_number) &&
           (!query->command || ascii_is(query->command, strlen(query->command),
                                        roster_command_name(entry->command))) &&
           is(query->user, entry->user) && is(query->host, entry->host) &&
           is(query->db, entry->database) && is(query->application, entry->application) &&
           (!query->blocker || entry->blocker == query->blocker) && is_wait(entry, query) &&
           is_digest(entry, query->digest) && is_found(entry, query->search);
}

/* What is beside a session's look is read for those who ask for it. */
static bool wants_waits(const struct query *query)
{
    return query->wait || query->search || query->blocker || query->order == ORDER_WAIT ||
           query->order == ORDER_WAIT_MS || query->order == ORDER_BLOCKER;
}

static void look_at_wait(struct roster_entry *entry, const struct roster_session *session)
{
    struct roster_blocked blocked = {.size = sizeof(blocked)};
    uint32_t wait = roster_session_wait(session, &entry->wait_since);

    entry->blocker = 0;
    if (wait && !roster_session_blocked(session, &blocked)) {
        wait = blocked.event;
        entry->wait_since = blocked.since;
        entry->blocker = blocked.blocker;
    }
    entry->wait_class = roster_wait_event_class(wait);
    entry->wait_event = roster_wait_event_name(wait);
}

void rst_rows_look(struct roster_entry *entry, const struct roster_session *session,
                   const struct roster_shown *shown, const struct query *query)
{
    const struct roster_statement *statement = shown->statement;

    entry->id = roster_session_id(session);
    entry->kind = roster_session_kind(session);
    entry->start_ts = shown->start_ts;
    entry->txn_since = roster_txn_since(session, shown);
    entry->state_since = roster_session_since(session, shown);
    entry->entries = shown->entries;
    entry->entry_bytes = shown->entry_bytes;
    entry->txn_state = (enum roster_txn_state)shown->txn_state;
    entry->run_state = (enum roster_run_state)shown->run_state;
    entry->blocked_since = shown->run_state == ROSTER_RUN_LOCK_WAITING ? shown->state_since : 0;
    entry->command = statement ? (enum roster_command)statement->command : ROSTER_COMMAND_SLEEP;
    entry->stmt_seq = statement ? statement->seq : 0;
    entry->stmt_since = statement ? statement->since : 0;
    entry->text = statement ? statement->text : NULL;
    entry->digest = statement ? statement->digest : NULL;
    entry->digest_length = statement ? statement->digest_length : 0;
    entry->last_text = NULL;
    entry->user = roster_identity_user(shown->identity);
    entry->host = roster_identity_host(shown->identity);
    entry->database = roster_identity_database(shown->identity);
    entry->application = roster_identity_application(shown->identity);
    entry->memory = roster_session_memory(session);
    entry->disk = roster_session_disk(session);
    entry->txn_seq = roster_txn_seq(session, shown);
    entry->killed = roster_session_killed(session, shown);
    if (wants_waits(query))
        look_at_wait(entry, session);
}

/* A text that a list is ordered by; NULL: it is ordered by a number. */
static const char *text_of(const struct roster_entry *entry, enum order order)
{
    const char *text;

    switch (order) {
    case ORDER_KIND:
        return rst_kind_name(entry->kind);
    case ORDER_COMMAND:
        return roster_command_name(entry->command);
    case ORDER_STATE:
        return roster_run_state_name(entry->run_state);
    case ORDER_KILLED:
        text = rst_killed_name(entry->killed);
        break;
    case ORDER_WAIT:
        text = entry->wait_event;
        break;
    case ORDER_USER:
        text = entry->user;
        break;
    case ORDER_HOST:
        text = entry->host;
        break;
    case ORDER_DB:
        text = entry->database;
        break;
    case ORDER_APPLICATION:
        text = entry->application;
        break;
    default:
        return NULL;
    }
    return text ? text : "";
}

/* What is older has the greater number. */
static uint64_t number_of(const struct roster_snapshot *snapshot, const struct roster_entry *entry,
                          enum order order)
{
    switch (order) {
    case ORDER_TIME:
        return UINT64_MAX - (entry->stmt_seq ? entry->stmt_since : entry->state_since);
    case ORDER_TXN_STATE:
        return entry->txn_state;
    case ORDER_START_TS:
        return entry->start_ts;
    case ORDER_TXN_AGE:
        if (entry->txn_since)
            return rst_since(snapshot->taken_at, entry->txn_since);
        return entry->start_ts ? rst_entry_txn_age_ms(snapshot, entry) * 1000000 : 0;
    case ORDER_TXN:
        return entry->txn_seq;
    case ORDER_STATEMENT:
        return entry->stmt_seq;
    case ORDER_KEYS:
        return entry->entries;
    case ORDER_BYTES:
        return entry->entry_bytes;
    case ORDER_WAITING:
        return entry->blocked_since ? UINT64_MAX - entry->blocked_since : 0;
    case ORDER_WAIT_MS:
        return entry->wait_event ? UINT64_MAX - entry->wait_since : 0;
    case ORDER_BLOCKER:
        return entry->blocker;
    case ORDER_MEMORY:
        return entry->memory;
    case ORDER_DISK:
        return entry->disk;
    default:
        return entry->id;
    }
}

/* The beginning as a number that is in the order of the text. */
static uint64_t beginning(const char *text)
{
    uint64_t key = 0;
    unsigned n;

    for (n = 0; n < sizeof(key); n++) {
        key = key << 8 | (unsigned char)*text;
        text += *text != '\0';
    }
    return key;
}

struct candidate rst_rows_candidate(const struct roster_snapshot *snapshot,
                                    const struct roster_entry *entry, const struct query *query)
{
    const char *text = text_of(entry, query->order);
    uint64_t key = text ? beginning(text) : number_of(snapshot, entry, query->order);

    return (struct candidate){query->backwards ? ~key : key, entry->id, text ? text : ""};
}

/* Whether `a` comes later than `b`. */
static bool is_worse(const struct best *best, const struct candidate *a, const struct candidate *b)
{
    int texts;

    if (a->key != b->key)
        return a->key > b->key;
    texts = *a->text || *b->text ? strcmp(a->text, b->text) : 0;
    if (texts)
        return best->backwards ? texts < 0 : texts > 0;
    return a->id > b->id;
}

static size_t stride(const struct best *best)
{
    return sizeof(struct candidate) + best->payload;
}

static struct candidate *at(const struct best *best, size_t n)
{
    return (struct candidate *)(void *)((char *)best->all + n * stride(best));
}

static bool grow(struct best *best)
{
    size_t size = best->size ? best->size * 2 : FIRST_SIZE * stride(best);
    void *all = budget_realloc(best->budget, best->all, best->size, size);

    if (!all)
        return false;
    best->all = all;
    best->size = size;
    return true;
}

static void swap(const struct best *best, size_t a, size_t b)
{
    char before[sizeof(struct candidate) + PAYLOAD_MOST];

    memcpy(before, at(best, a), stride(best));
    memmove(at(best, a), at(best, b), stride(best)); /* it may be the same one */
    memcpy(at(best, b), before, stride(best));
}

/* Puts a candidate that was picked at random in its place: no worse one is before it, no better one
 * behind. Returns that place. */
static size_t part(struct best *best, size_t first, size_t last)
{
    size_t n, place = first;

    best->random = best->random * 6364136223846793005 + 1442695040888963407;
    n = last - first + 1; /* never 0, which the analyzer cannot know */
    swap(best, first + (n ? (size_t)(best->random >> 33) % n : 0), last);
    for (n = first; n < last; n++)
        if (is_worse(best, at(best, last), at(best, n)))
            swap(best, n, place++);
    swap(best, place, last);
    return place;
}

/* Leaves the best `most`, with the worst of them as the last. An order of arrival that makes this
 * slow would have to know the random numbers. */
static void cut(struct best *best)
{
    size_t first = 0, last = best->count - 1, place;

    while ((place = part(best, first, last)) != best->most - 1) {
        if (place < best->most - 1)
            first = place + 1;
        else
            last = place - 1;
    }
    best->count = best->most;
    best->worst = *at(best, best->most - 1);
    best->cut = true;
}

/*
 * Twice as many as are wanted are collected, then the worse half is dropped. So a candidate costs a
 * few comparisons in any order of arrival, where a heap takes as many as it is high for each one
 * that is better than all before.
 */
int rst_best_keep(struct best *best, const struct candidate *candidate, const void *payload)
{
    if (best->cut && !is_worse(best, &best->worst, candidate))
        return 0;
    if (best->count == 2 * best->most)
        cut(best);
    if ((best->count + 1) * stride(best) > best->size && !grow(best))
        return -ENOMEM;
    *at(best, best->count) = *candidate;
    if (best->payload)
        memcpy(at(best, best->count) + 1, payload, best->payload);
    best->count++;
    return 0;
}

static int compare(const void *a, const void *b, void *best)
{
    return is_worse(best, a, b) ? 1 : -1;
}

void *rst_best_take(struct best *best)
{
    size_t each = best->payload ? best->payload : sizeof(uint64_t), size, n;
    void *fewer;

    if (best->count > best->most)
        cut(best);
    if (best->count)
        qsort_r(best->all, best->count, stride(best), compare, best);
    for (n = 0; n < best->count; n++) /* it takes less room than the candidate that it comes from */
        memmove((char *)best->all + n * each,
                best->payload ? (void *)(at(best, n) + 1) : (void *)&at(best, n)->id, each);
    size = (best->count + 1) * each;
    fewer = best->count ? realloc(best->all, size) : NULL;
    if (fewer) {
        budget_give(best->budget, best->size - size);
        best->size = size;
        best->all = fewer;
    }
    return best->all;
}

void rst_best_free(struct best *best)
{
    budget_give(best->budget, best->size);
    free(best->all);
    best->all = NULL;
    best->size = best->count = 0;
}
