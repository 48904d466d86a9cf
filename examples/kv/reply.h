/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Growing buffers with an upper limit, and replies of the Redis protocol in them: RESP2, or RESP3
 * once the client has asked for it.
 */
#ifndef KV_REPLY_H
#define KV_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to someone else. */
struct slice {
    const char *data;
    size_t len;
};

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t limit; /* 0: none */
    bool failed;  /* something did not fit, or memory was out: it is missing from here on */
    bool resp3;   /* which replies are written here */
};

void buf_append(struct buf *buf, const void *data, size_t len);
/* Text that a client or another server chose: on one line, and such that a terminal can show it. */
void buf_show(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cuts off what came after `len`, and forgets a failure since. */
void buf_truncate(struct buf *buf, size_t len);

/* Empties it; a large buffer is given back. */
void buf_clear(struct buf *buf);

/* Gives the memory back. The limit and the protocol stay. */
void buf_free(struct buf *buf);

/* Moves the bytes to an empty buffer. */
void buf_move(struct buf *to, struct buf *from);

/* Replies return 0, so that a command can end with them. What cannot be appended fails the buffer.
 */
int reply_status(struct buf *out, const char *text);
int reply_statusf(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int reply_integer(struct buf *out, int64_t value);
int reply_bulk(struct buf *out, const char *data, size_t len);
int reply_string(struct buf *out, const char *text); /* nil for NULL */
int reply_array(struct buf *out, size_t count);      /* the elements follow */
int reply_set(struct buf *out, size_t count);        /* the same, without an order */
int reply_map(struct buf *out, size_t pairs);        /* keys, each with its value, follow */
int reply_text(struct buf *out, const char *data, size_t len); /* for people to read */

/* The first word is the kind of error ("ERR", "CONFLICT"); what would end the line is replaced. */
int reply_error(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
