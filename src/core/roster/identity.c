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
    unsigned i;

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

/* Copies a string to `place`, which is at home. Returns the place of the next one; NULL: they do
 * not fit, or did not before. */
static rst_always_inline char *put(struct roster_identity *home, enum rst_identity_field field,
                                   const char *string, char *place)
{
    home->offset[field] = 0;
    if (!string || rst_unlikely(!place))
        return place;
    home->offset[field] = (uint16_t)(place - (char *)home);
    return memccpy(place, string, '\0', (size_t)((char *)home + RST_IDENTITY_HOME - place));
}

/* In one pass, as nearly every one fits; false: it does not. */
static inline bool build_at_home(const struct roster_session_attr *attr,
                                 struct roster_identity *home)
{
    char *place = (char *)home + RST_IDENTITY_TEXT;

    place = put(home, RST_IDENTITY_USER, attr->user, place);
    place = put(home, RST_IDENTITY_HOST, attr->host, place);
    place = put(home, RST_IDENTITY_DATABASE, attr->database, place);
    place = put(home, RST_IDENTITY_APPLICATION, attr->application, place);
    return put(home, RST_IDENTITY_ATTRIBUTES, attr->attributes, place) != NULL;
}

static rst_slow int build_slow(struct rst_heap *heap, const struct roster_session_attr *attr,
                               struct roster_identity **identity)
{
    const char *strings[RST_IDENTITY_FIELDS];
    size_t lengths[RST_IDENTITY_FIELDS], length = rst_identity_strings(attr, strings, lengths);
    size_t used = sizeof(struct rst_identity_allocated);
    struct rst_identity_allocated *made;
    unsigned i;

    if (length == SIZE_MAX)
        return -ENAMETOOLONG;
    made = rst_heap_take(heap, used + length);
    if (!made)
        return -ENOMEM;
    made->capacity = (uint16_t)length;
    for (i = 0; i < RST_IDENTITY_FIELDS; i++) {
        char *place = (char *)made + used;

        made->identity.offset[i] = strings[i] ? (uint16_t)used : 0;
        if (!strings[i])
            continue;
        memcpy(place, strings[i], lengths[i]);
        place[lengths[i]] = '\0';
        used += lengths[i] + 1;
    }
    *identity = &made->identity;
    return 0;
}

int rst_identity_build(struct rst_heap *heap, const struct roster_session_attr *attr,
                       struct roster_identity *home, struct roster_identity **identity)
{
    if (rst_unlikely(!home || !build_at_home(attr, home)))
        return build_slow(heap, attr, identity);
    *identity = home;
    return 0;
}
