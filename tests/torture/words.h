/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What sessions show of themselves: made so that every part can be told from the others, and a
 * mixture of two versions cannot look right (G1).
 */
#pragma once

#include <roster/roster.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_TEXT_MAX 2048

/* A statement's text of `length` bytes, which tells the session, the statement and the start
 * timestamp of the transaction in which it began (0 for none). */
void words_text(char *text, size_t length, uint64_t id, uint64_t seq, uint64_t start_ts);

/* Its digest; returns the length, 0 for some statements. */
size_t words_digest(char digest[ROSTER_DIGEST_MAX], uint64_t id, uint64_t seq);

/* How much a transaction has written: three numbers that belong together. */
void words_progress(uint64_t start_ts, uint64_t step, uint64_t *entries, uint64_t *entry_bytes,
                    uint32_t *schema_version);

struct words_identity {
    char user[40];
    char host[40];
    char database[40];
    char application[320];
    char attributes[64];
};

/* Fills `words` and lets attr's strings lead there. `id` is 0 when it is not known yet. */
void words_identity(struct words_identity *words, struct roster_session_attr *attr, uint64_t id,
                    uint64_t version);

/* Violates G1 unless the session shows one version of itself. */
void words_check(const struct roster_entry *entry, uint32_t text_limit);
