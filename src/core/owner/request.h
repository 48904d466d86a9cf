/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The inputs of a statement.
 */
#pragma once

#include "core/roster/look.h"
#include "core/roster/roster.h"

#include <errno.h>
#include <roster/statement.h>

/* The bytes of the smallest class; each has twice as many as the one before. */
#define RST_STATEMENT_LEAST 128

/* The bytes that a statement object needs. */
static inline size_t rst_statement_size(size_t text_length, size_t digest_length)
{
    return sizeof(struct rst_statement) + text_length + digest_length;
}

/* The class of objects that a statement of this size comes from. */
static inline unsigned rst_statement_class(size_t size)
{
    unsigned log2 = 63 - (unsigned)__builtin_clzll((size - 1) | (RST_STATEMENT_LEAST - 1));

    return RST_HOT_STATEMENT + log2 - 6; /* 127 is 6 */
}

/* The bytes of its objects. */
static inline size_t rst_statement_class_size(unsigned class)
{
    return (size_t)RST_STATEMENT_LEAST << (class - RST_HOT_STATEMENT);
}

struct rst_request {
    enum roster_command command;
    const char *text;
    size_t text_length;
    size_t full_length;
    const char *digest;
    size_t digest_length;
    bool cleanup; /* allowed when the connection was killed */
};

/* Checks the inputs: 0, -EINVAL, -ENAMETOOLONG. */
static inline int rst_request_refused(const struct rst_request *request)
{
    if (rst_unlikely((!request->text && request->text_length) ||
                     (!request->digest && request->digest_length) ||
                     request->text_length > UINT32_MAX))
        return -EINVAL;
    return rst_unlikely(request->digest_length > ROSTER_DIGEST_MAX) ? -ENAMETOOLONG : 0;
}

/* Cuts its text to the roster's limit, and returns the class of the statement that it makes. */
static inline unsigned rst_request_cut(struct rst_request *request, const struct roster *roster)
{
    request->full_length = request->text_length;
    if (request->text_length > roster->text_limit)
        request->text_length = roster->text_limit;
    return rst_statement_class(rst_statement_size(request->text_length, request->digest_length));
}

/* 3 of look.h, after the barrier. `common` is a constant: the text is not long. */
static rst_always_inline void rst_statement_fill(struct rst_statement *statement, unsigned class,
                                                 uint64_t seq, uint64_t now,
                                                 const struct rst_request *request, bool common)
{
    char *text = rst_statement_text(statement);

    if (!common && rst_unlikely(request->text_length > RST_LONG_TEXT))
        rst_fence_full_slow(); /* pairs with the fence of e */
    rst_store_shown(&statement->seq, seq);
    rst_store_shown(&statement->since, now);
    rst_store_shown(&statement->command, (uint32_t)request->command);
    rst_store_shown(&statement->text_length, (uint32_t)request->text_length);
    rst_store_shown(&statement->text_full_length, (uint32_t)request->full_length);
    rst_store_shown(&statement->digest_length, (uint16_t)request->digest_length);
    rst_store_shown(&statement->class, (uint16_t) class);
    if (request->text_length)
        rst_copy_bytes(text, request->text, request->text_length);
    if (request->digest_length)
        rst_copy_bytes(text + request->text_length, request->digest, request->digest_length);
}
