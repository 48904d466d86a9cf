/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The private side of statements.
 */
#ifndef ROSTER_CORE_OWNER_STATEMENT_H
#define ROSTER_CORE_OWNER_STATEMENT_H

#include "core/roster/session.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/thread.h"

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

/* Ends the running statement; `thread` is NULL when there is no context. As roster_stmt_end(). */
int rst_statement_end(struct rst_thread *thread, struct roster_session *session);

#endif /* ROSTER_CORE_OWNER_STATEMENT_H */
