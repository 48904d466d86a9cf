/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Identities. See identity.h.
 */
#include "core/roster/identity.h"

#include "core/base/rcu.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <string.h>

size_t rst_identity_strings(const struct roster_session_attr *attr,
                            const char *strings[RST_IDENTITY_FIELDS],
                            size_t lengths[RST_IDENTITY_FIELDS])
{
    size_t nuls = 0, left = ROSTER_IDENTITY_MAX;
    int i;

    strings[RST_IDENTITY_USER] = attr->user;
    strings[RST_IDENTITY_HOST] = attr->host;
    strings[RST_IDENTITY_DATABASE] = attr->database;
    strings[RST_IDENTITY_APPLICATION] = attr->application;
    strings[RST_IDENTITY_ATTRIBUTES] = attr->attributes;
    for (i = 0; i < RST_IDENTITY_FIELDS; i++) {
        lengths[i] = 0;
        if (!strings[i])
            continue;
        lengths[i] = strnlen(strings[i], left + 1);
        if (rst_unlikely(lengths[i] > left)) {
            if (!(attr->flags & ROSTER_SESSION_TRUNCATE))
                return SIZE_MAX;
            lengths[i] = rst_utf8_cut(strings[i], left);
        }
        left -= lengths[i];
        nuls++;
    }
    return ROSTER_IDENTITY_MAX - left + nuls;
}

void rst_identity_free(struct rst_heap *heap, const struct roster_identity *identity,
                       const struct roster_identity *home)
{
    if (identity && identity != home)
        rst_heap_give(heap, identity, rst_identity_bytes(identity));
}

size_t rst_identity_bytes(const struct roster_identity *identity)
{
    return sizeof(struct rst_identity_allocated) +
           ((const struct rst_identity_allocated *)identity)->capacity;
}

/* Room for `length` bytes of text; NULL when there is none. */
static struct roster_identity *room_for(struct rst_heap *heap, size_t length,
                                        struct roster_identity *home)
{
    struct rst_identity_allocated *made;

    if (home && RST_IDENTITY_TEXT + length <= RST_IDENTITY_HOME)
        return home;
    made = rst_heap_take(heap, sizeof(*made) + length);
    if (!made)
        return NULL;
    made->capacity = (uint16_t)length;
    return &made->identity;
}

int rst_identity_build(struct rst_heap *heap, const struct roster_session_attr *attr,
                       struct roster_identity *home, struct roster_identity **identity)
{
    const char *strings[RST_IDENTITY_FIELDS];
    size_t lengths[RST_IDENTITY_FIELDS];
    struct roster_identity *made;
    size_t length, used;
    int i;

    length = rst_identity_strings(attr, strings, lengths);
    if (length == SIZE_MAX)
        return -ENAMETOOLONG;
    made = room_for(heap, length, home);
    if (!made)
        return -ENOMEM;
    used = made == home ? RST_IDENTITY_TEXT : sizeof(struct rst_identity_allocated);
    for (i = 0; i < RST_IDENTITY_FIELDS; i++) {
        made->offset[i] = 0;
        if (strings[i]) {
            char *place = (char *)made + used;

            memcpy(place, strings[i], lengths[i]);
            place[lengths[i]] = '\0';
            made->offset[i] = (uint16_t)used;
            used += lengths[i] + 1;
        }
    }
    *identity = made;
    return 0;
}
