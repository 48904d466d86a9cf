/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Timestamps as they stand in a store: decimal, without sign, leading zeros or anything else. */
#ifndef ROSTER_CLUSTER_KEYS_RECORD_H
#define ROSTER_CLUSTER_KEYS_RECORD_H

#include <stdint.h>

#include <roster/store.h>

/* Bytes for the longest one and its final zero. */
#define RECORD_SIZE 21

/* 0, or -EBADMSG when it is anything else than a timestamp from 1 to one below the maximum. */
int rst_record_parse(struct roster_store_bytes bytes, uint64_t *ts);

/* Writes it and returns it as bytes of `text`. */
struct roster_store_bytes rst_record_format(uint64_t ts, char text[RECORD_SIZE]);

/* Of the one key that a range is about, if it exists: 0, -ENOENT or -EBADMSG. */
int rst_record_of(const struct roster_store_range *range, uint64_t *ts);

/* The same for a key that need not exist: then 0 for success, and *ts is 0. */
int rst_record_or_none(const struct roster_store_range *range, uint64_t *ts);

/* The key's last change, 0 if it does not exist: what a compare-and-swap compares. */
int64_t rst_record_revision(const struct roster_store_range *range);

#endif
