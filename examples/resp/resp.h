/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The Redis protocol: requests, growing buffers, and replies in version 2 or 3. The reader of
 * hiredis does not do for requests: up to 0.14, which Debian 12 has, it allocates as many arguments
 * as a client announces, and it takes arguments of any length into memory before it says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that another object owns. */
struct slice {
    const char *data;
    size_t len;
};

/* The order of two slices, which their owners begin with: for tfind(). */
int slice_compare(const void *a, const void *b);

/* Whether a text is the word: the whole of it, as a NUL does not end it. */
bool slice_is(struct slice text, const char *word);

/* A number that is all of a text, which ends with a zero; one as Redis writes it, with a sign. */
bool slice_number(struct slice text, uint64_t *number);
bool slice_integer(struct slice text, long long *value);

struct buf {
    char *data;
    size_t len, cap;
    size_t limit; /* 0: none */
    bool failed;  /* out of memory or above the limit: the contents are incomplete */
    bool resp3;   /* which replies are written here */
};

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops what came after `len`, and a failure with it. */
void buf_truncate(struct buf *buf, size_t len);

/* Empties it; frees a large buffer. */
void buf_clear(struct buf *buf);
void buf_free(struct buf *buf);

/*
 * One line, whose first character is its type: "+OK", ":5", "*2" before an array's elements, or an
 * error: "-KIND text". Control characters become '?'. Returns 1 for an error, 0 for others, as do
 * the functions below, so that a command can end with them.
 */
int reply(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int reply_done(struct buf *out, int err); /* OK, unless there is an error: returns it */
int reply_bulk(struct buf *out, struct slice data);
int reply_string(struct buf *out, const char *text); /* nil for NULL */
int reply_strings(struct buf *out, ...) __attribute__((sentinel));

/* Makes one reply of what was appended since the buffer had the length `mark`. */
int reply_bulk_since(struct buf *out, size_t mark);
int reply_text_since(struct buf *out, size_t mark); /* for people to read */
int reply_array_since(struct buf *out, size_t mark, size_t count);
int reply_map_since(struct buf *out, size_t mark, size_t pairs); /* keys, each with its value */

struct request {
    struct request *next; /* queued by MULTI */
    size_t argc;
    size_t bytes; /* of all arguments */
    struct slice argv[];
};

/* Requests that wait, the first one first. */
struct request_queue {
    struct request *first, *last;
    size_t count, bytes;
};

size_t request_size(const struct request *request); /* in memory */
void request_queue(struct request_queue *queue, struct request *request);
void request_queue_free(struct request_queue *queue);

/* Whether argument `n` exists and is the word, in any case. */
bool request_is(const struct request *request, size_t n, const char *word);

/* Writes it as it may be shown: words of printable characters, cut to `size`. Returns the length.
 */
size_t request_text(const struct request *request, char *text, size_t size);

/* The input of a client. */
struct request_reader {
    struct buf in;
    size_t at;         /* the current request begins here */
    size_t scanned;    /* up to here it is complete */
    size_t argc, seen; /* arguments of an array: announced, complete */
    size_t limit;      /* bytes of one request */
    const char *error;
};

/* Adds input. Returns 0 or -ENOMEM. */
int request_feed(struct request_reader *reader, const char *data, size_t len);

/* Bytes that are not yet returned as requests. */
size_t request_held(const struct request_reader *reader);

/*
 * Takes the next complete request. Returns 1 and stores it (to be freed with free()); 0 when it is
 * incomplete; -EPROTO, with reader->error, when the input is invalid: no further call is allowed.
 */
int request_next(struct request_reader *reader, struct request **request);

/* Counts of several threads. */
static inline void count_add(uint64_t *counter, uint64_t value)
{
    __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static inline uint64_t count_read(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}
