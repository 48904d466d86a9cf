/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The private side of statements.
 */
#ifndef ROSTER_CORE_OWNER_STATEMENT_H
#define ROSTER_CORE_OWNER_STATEMENT_H

#include "core/roster/session.h"
#include "core/roster/thread.h"

#include <roster/statement.h>

/* Bytes of the objects for short statements: most texts fit, and they stay in the cache. */
#define RST_STATEMENT_SMALL 256

/* The bytes that a statement object needs. */
static inline size_t rst_statement_size(size_t text_length, size_t digest_length)
{
    return sizeof(struct roster_statement) + text_length + 1 +
           (digest_length ? digest_length + 1 : 0);
}

/* The class of objects that a statement of this size comes from. */
static inline enum rst_pool_class rst_statement_class(size_t size)
{
    return size <= RST_STATEMENT_SMALL ? RST_POOL_STATEMENT_SMALL : RST_POOL_STATEMENT_LARGE;
}

/* The longest text without digest that fits into a small object. */
#define RST_STATEMENT_SHORT_TEXT (RST_STATEMENT_SMALL - sizeof(struct roster_statement) - 1)

static inline bool rst_statement_is_short(const struct roster_statement *statement)
{
    return rst_statement_size(statement->text_length, statement->digest_length) <=
           RST_STATEMENT_SMALL;
}

/* Ends the running statement; `thread` is NULL when there is no context. As roster_stmt_end(). */
int rst_statement_end(struct rst_thread *thread, struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_STATEMENT_H */
