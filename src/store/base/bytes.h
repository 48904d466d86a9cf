/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Byte strings and the sets of keys that they select. */
#pragma once

#include <stdbool.h>

#include <roster/store.h>

/* Less than, equal to or greater than 0, as memcmp with the shorter of equal strings first. */
int rst_store_bytes_compare(struct roster_store_bytes a, struct roster_store_bytes b);

bool rst_store_bytes_equal(struct roster_store_bytes a, struct roster_store_bytes b);

bool rst_store_bytes_begins(struct roster_store_bytes bytes, struct roster_store_bytes prefix);

/* Whether keys select this key. */
bool rst_store_keys_match(const struct roster_store_keys *keys, struct roster_store_bytes key);

/* The string from which a walk over the selected keys begins; `after` itself is to be skipped. */
struct roster_store_bytes rst_store_keys_first(const struct roster_store_keys *keys);

/*
 * Writes the least string greater than all that begin with the prefix to `end`, which has room
 * for prefix.size bytes, and returns its length; 0 when there is no such string.
 */
size_t rst_store_prefix_end(struct roster_store_bytes prefix, unsigned char *end);
