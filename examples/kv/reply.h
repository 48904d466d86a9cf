/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replies in the Redis protocol (RESP2), appended to a buffer.
 */
#ifndef KV_REPLY_H
#define KV_REPLY_H

#include "buf.h"

#include <stdint.h>

void reply_status(struct buf *out, const char *text);
void reply_integer(struct buf *out, int64_t value);
void reply_bulk(struct buf *out, const char *data, size_t len);
void reply_string(struct buf *out, const char *text); /* nil for NULL */
void reply_nil(struct buf *out);
void reply_array(struct buf *out, size_t count); /* the elements follow */

/* The first word is the kind of error ("ERR", "CONFLICT"); what would end the line is replaced. */
void reply_error(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
