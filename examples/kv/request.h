/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Requests in the Redis protocol, parsed by hiredis's reader: an array of bulk strings, or a line
 * of words as people type it.
 */
#ifndef KV_REQUEST_H
#define KV_REQUEST_H

#include "reply.h"

#include <hiredis/hiredis.h>

#define REQUEST_MAX_ARGS 65536
#define REQUEST_MAX_LINE 65536

struct request {
    struct request *next; /* of those between MULTI and EXEC */
    size_t argc;
    size_t bytes; /* of all arguments */
    struct slice argv[];
};

/* Whether argument `n` is there and is the word, in upper or lower case. */
bool request_is(const struct request *request, size_t n, const char *word);

void request_free(struct request *request);

/* What has come in of a client's requests. */
struct request_reader {
    redisReader *hiredis;
    uint64_t fed;      /* bytes that came in */
    uint64_t finished; /* bytes of complete requests */
    size_t limit;      /* bytes that one request may have */
    const char *error; /* what is wrong with the input */
};

/* Returns 0 or -ENOMEM. `limit` is what one request may have. */
int request_reader_init(struct request_reader *reader, size_t limit);
void request_reader_free(struct request_reader *reader);

/* Adds what came in. Returns 0 or -ENOMEM. */
int request_feed(struct request_reader *reader, const char *data, size_t len);

/* Bytes that wait for request_next(). */
size_t request_waiting(const struct request_reader *reader);

/* These, and what is kept already of an incomplete request. */
size_t request_held(const struct request_reader *reader);

/*
 * Takes the next complete request. Returns 1 and stores it, 0 when more must come in first, or
 * -EPROTO when the input is not to be understood; reader->error then says why, and there is no
 * way on.
 */
int request_next(struct request_reader *reader, struct request **request);

#endif
