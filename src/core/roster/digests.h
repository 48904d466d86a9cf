/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The digests of a transaction's statements: those of a statement that runs when the transaction
 * begins and of all that begin before it ends. Only sessions with ROSTER_SESSION_DIGESTS keep
 * them; the gate of such a session never matches a common path, so that these stay as they are.
 *
 * A sequence lock: the owner never waits, a reader retries.
 */
#pragma once

#include "core/base/rcu.h"
#include "core/base/utf8.h"

#include <roster/history.h>
#include <roster/statement.h>
#include <stddef.h>
#include <stdint.h>

#define RST_DIGEST_WORDS (ROSTER_DIGEST_MAX / sizeof(uint64_t))

struct rst_digest {
    rst_word length;
    rst_word words[RST_DIGEST_WORDS];
};

struct rst_digests {
    rst_word version; /* odd while the owner writes */
    rst_word total;   /* also those that were not kept */
    struct rst_digest kept[ROSTER_DIGESTS_KEPT];
};

/* Copies them; under the read lock or by the owner. False if the owner writes continuously. */
bool rst_digests_copy(const struct rst_digests *digests, struct rst_digests *copy);

/* The most bytes that rst_digests_json() writes, its NUL included. */
#define RST_DIGESTS_JSON_MAX                                                                       \
    ((size_t)ROSTER_DIGESTS_KEPT * (RST_UTF8_JSON_PER_BYTE * ROSTER_DIGEST_MAX + 3) + 3)

/* Writes the copied digests as a JSON array of strings; returns its length without the NUL. */
size_t rst_digests_json(const struct rst_digests *copy, char *json);
