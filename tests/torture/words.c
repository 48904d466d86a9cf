/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What sessions show of themselves.
 */
#include "words.h"

#include "report.h"
#include "rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The beginning of every text that is not empty. */
struct head {
    uint64_t id;
    uint64_t seq;
    uint64_t start_ts;
    uint64_t length;
    uint64_t sum;
};

static uint64_t sum_of(const struct head *head)
{
    return mix64(head->id ^ mix64(head->seq ^ mix64(head->start_ts ^ mix64(head->length))));
}

void words_text(char *text, size_t length, uint64_t id, uint64_t seq, uint64_t start_ts)
{
    struct head head = {id, seq, start_ts, length, 0};
    size_t n;

    if (!length)
        return;
    head.sum = sum_of(&head);
    memcpy(text, &head, sizeof(head));
    for (n = sizeof(head); n < length; n++)
        text[n] = (char)(head.sum >> (n % 8 * 8) ^ n);
}

static void check_text(const struct roster_entry *entry, uint32_t text_limit)
{
    uint32_t full = entry->text_full_length, kept = full < text_limit ? full : text_limit;
    struct head head;
    uint32_t n;

    require("G1", entry->text_length == kept && entry->text[kept] == '\0',
            "session %" PRIx64 ": %" PRIu32 " bytes of %" PRIu32 " are shown", entry->id,
            entry->text_length, full);
    if (!kept)
        return;
    memcpy(&head, entry->text, sizeof(head));
    require("G1", head.sum == sum_of(&head), "session %" PRIx64 ": torn text", entry->id);
    require("G1", head.id == entry->id && head.seq == entry->stmt_seq && head.length == full,
            "session %" PRIx64 " statement %" PRIu64 " shows the text of session %" PRIx64
            " statement %" PRIu64,
            entry->id, entry->stmt_seq, head.id, head.seq);
    for (n = sizeof(head); n < kept; n++)
        require("G1", entry->text[n] == (char)(head.sum >> (n % 8 * 8) ^ n),
                "session %" PRIx64 ": torn text at byte %" PRIu32, entry->id, n);
}

size_t words_digest(char digest[ROSTER_DIGEST_MAX], uint64_t id, uint64_t seq)
{
    size_t length = (size_t)(mix64(id + seq) % 4) * 16, n;
    uint64_t word = mix64(id ^ mix64(seq));

    for (n = 0; n < length; n++)
        digest[n] = (char)(word >> (n % 8 * 8) ^ n);
    return length;
}

static void check_digest(const struct roster_entry *entry)
{
    char digest[ROSTER_DIGEST_MAX];
    size_t length = words_digest(digest, entry->id, entry->stmt_seq);

    require("G1", !length == !entry->digest, "session %" PRIx64 ": a digest too many or missing",
            entry->id);
    require("G1", !length || (!memcmp(digest, entry->digest, length) && !entry->digest[length]),
            "session %" PRIx64 " statement %" PRIu64 ": the digest of another one", entry->id,
            entry->stmt_seq);
}

void words_progress(uint64_t start_ts, uint64_t step, uint64_t *entries, uint64_t *entry_bytes,
                    uint32_t *schema_version)
{
    *entries = mix64(start_ts ^ step) | 1;
    *entry_bytes = mix64(*entries ^ start_ts);
    *schema_version = (uint32_t)mix64(*entry_bytes ^ start_ts);
}

/* What the transaction's state says must fit the other fields. */
static void check_txn(const struct roster_entry *entry)
{
    bool valid = entry->txn_state == ROSTER_TXN_VALID;
    bool waiting = entry->run_state == ROSTER_RUN_LOCK_WAITING;

    require("G1", entry->txn_state <= ROSTER_TXN_VALID, "transaction state %d", entry->txn_state);
    require("G1", valid == (entry->start_ts != 0),
            "session %" PRIx64 ": state %s with start_ts %" PRIu64, entry->id,
            roster_txn_state_name(entry->txn_state), entry->start_ts);
    require("G1", waiting == (entry->blocked_since != 0),
            "session %" PRIx64 ": state %s, blocked since %" PRIu64, entry->id,
            roster_run_state_name(entry->run_state), entry->blocked_since);
    require("G1",
            valid || entry->run_state == (entry->stmt_seq ? ROSTER_RUN_RUNNING : ROSTER_RUN_IDLE),
            "session %" PRIx64 ": %s with statement %" PRIu64 " and no valid transaction",
            entry->id, roster_run_state_name(entry->run_state), entry->stmt_seq);
}

static void check_progress(const struct roster_entry *entry)
{
    uint64_t bytes = 0;
    uint32_t schema = 0;

    if (entry->entries) {
        require("G1", entry->txn_state == ROSTER_TXN_VALID,
                "session %" PRIx64 ": entries without a transaction", entry->id);
        bytes = mix64(entry->entries ^ entry->start_ts);
        schema = (uint32_t)mix64(bytes ^ entry->start_ts);
    }
    require("G1", entry->entry_bytes == bytes && entry->schema_version == schema,
            "session %" PRIx64 " start_ts %" PRIu64 ": entries, bytes and schema do not fit",
            entry->id, entry->start_ts);
}

void words_identity(struct words_identity *words, struct roster_session_attr *attr, uint64_t id,
                    uint64_t version)
{
    uint64_t mark = mix64(id ^ mix64(version));
    int padding = (int)(mark % 256);

    snprintf(words->user, sizeof(words->user), "u%016" PRIx64 "%016" PRIx64, id, version);
    snprintf(words->host, sizeof(words->host), "h%016" PRIx64 ":%u", mark,
             (unsigned)(version & 0xffff));
    snprintf(words->database, sizeof(words->database), "d%016" PRIx64, mix64(mark));
    snprintf(words->application, sizeof(words->application), "a%016" PRIx64 "%*s", mix64(mark ^ 1),
             padding, "");
    snprintf(words->attributes, sizeof(words->attributes), "kind=%d,flags=%" PRIu32, attr->kind,
             attr->flags);
    attr->user = words->user;
    attr->host = words->host;
    attr->database = mark % 3 ? words->database : NULL;
    attr->application = words->application;
    attr->attributes = words->attributes;
}

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void check_identity(const struct roster_entry *entry)
{
    struct roster_session_attr wanted = ROSTER_SESSION_ATTR_INIT;
    struct words_identity words;
    uint64_t id, version;

    require("G1",
            entry->user && sscanf(entry->user, "u%16" SCNx64 "%16" SCNx64, &id, &version) == 2,
            "session %" PRIx64 ": no user", entry->id);
    require("G1", id == 0 || id == entry->id, "session %" PRIx64 " shows the user of %" PRIx64,
            entry->id, id);
    wanted.kind = entry->kind;
    wanted.flags = entry->flags;
    words_identity(&words, &wanted, id, version);
    require("G1",
            same(entry->user, wanted.user) && same(entry->host, wanted.host) &&
                same(entry->database, wanted.database) &&
                same(entry->application, wanted.application) &&
                same(entry->attributes, wanted.attributes),
            "session %" PRIx64 ": an identity of several parts: %s %s %s %.20s %s", entry->id,
            entry->user, entry->host, entry->database ? entry->database : "-", entry->application,
            entry->attributes);
}

void words_check(const struct roster_entry *entry, uint32_t text_limit)
{
    check_txn(entry);
    check_progress(entry);
    check_identity(entry);
    if (!entry->stmt_seq)
        return;
    check_text(entry, text_limit);
    check_digest(entry);
}
