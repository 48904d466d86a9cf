/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Identities: a session's identity as one immutable block with its strings. The session's kind and
 * flags are repeated there, so that a list need not read the session's other line for them.
 */
#pragma once

#include "core/base/heap.h"

#include <roster/session.h>
#include <roster/view.h>
#include <stddef.h>
#include <stdint.h>

enum rst_identity_field {
    RST_IDENTITY_USER,
    RST_IDENTITY_HOST,
    RST_IDENTITY_DATABASE,
    RST_IDENTITY_APPLICATION,
    RST_IDENTITY_ATTRIBUTES,
    RST_IDENTITY_FIELDS,
};

/* Where the strings begin, at home. */
#define RST_IDENTITY_TEXT                                                                          \
    (offsetof(struct roster_identity, offset) + RST_IDENTITY_FIELDS * sizeof(uint16_t))

/* One that was allocated, because it does not fit at home; its strings follow. */
struct rst_identity_allocated {
    struct roster_identity identity;
    uint16_t capacity; /* bytes of strings that there is room for */
};

_Static_assert(sizeof(((struct roster_identity *)0)->offset) ==
                   RST_IDENTITY_FIELDS * sizeof(uint16_t),
               "the public header counts the strings");

/* Bytes of a session's home for its identity: one line, which is all that a list reads of it. */
#define RST_IDENTITY_HOME 64

/* Past that, a session takes half as much memory again, and opening one calls the allocator. */
_Static_assert(RST_IDENTITY_TEXT + 40 + 4 <= RST_IDENTITY_HOME, "four strings of 40 bytes fit");

/* The place of its strings, one behind the other, and how many bytes they have at most. `home` is
 * that of its session. */
static inline size_t rst_identity_text(const struct roster_identity *identity,
                                       const struct roster_identity *home, size_t *bytes)
{
    if (__builtin_expect(identity == home, 1)) {
        *bytes = RST_IDENTITY_HOME - RST_IDENTITY_TEXT;
        return RST_IDENTITY_TEXT;
    }
    *bytes = ((const struct rst_identity_allocated *)identity)->capacity;
    return sizeof(struct rst_identity_allocated);
}

/* attr's strings, what of each is kept, and returns the bytes that this needs with its NULs;
 * SIZE_MAX when they are too long and may not be cut. */
size_t rst_identity_strings(const struct roster_session_attr *attr,
                            const char *strings[RST_IDENTITY_FIELDS],
                            size_t lengths[RST_IDENTITY_FIELDS]);

/*
 * Builds an identity from attr's strings: in `home`, RST_IDENTITY_HOME bytes or NULL, if it fits
 * there, else in memory of the heap. Returns 0, -ENAMETOOLONG or -ENOMEM; after an error
 * `*identity` is unchanged.
 */
int rst_identity_build(struct rst_heap *heap, const struct roster_session_attr *attr,
                       struct roster_identity *home, struct roster_identity **identity);

/* Frees an identity unless it is at home. NULL is allowed. */
void rst_identity_free(struct rst_heap *heap, const struct roster_identity *identity,
                       const struct roster_identity *home);

/* The bytes that one takes that was allocated. */
size_t rst_identity_bytes(const struct roster_identity *identity);
