/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SipHash-1-3 (Aumasson and Bernstein, 2012): a hash with a secret key, so that nobody can choose
 * keys that all land in one bucket.
 */
#ifndef KV_HASH_H
#define KV_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const uint64_t key[2], const char *data, size_t len);

#endif
