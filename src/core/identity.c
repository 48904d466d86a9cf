/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identities. See identity.h.
 */
#include "identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void strings_of(const struct roster_session_attr *attr,
                       const char *strings[RST_IDENTITY_FIELDS])
{
    strings[RST_IDENTITY_USER] = attr->user;
    strings[RST_IDENTITY_HOST] = attr->host;
    strings[RST_IDENTITY_DATABASE] = attr->database;
    strings[RST_IDENTITY_APPLICATION] = attr->application;
    strings[RST_IDENTITY_ATTRIBUTES] = attr->attributes;
}

/* The bytes that the strings need with their NULs; more than the limit when they are too long. */
static size_t length_of(const char *const strings[RST_IDENTITY_FIELDS])
{
    size_t total = 0, text = 0;
    int i;

    for (i = 0; i < RST_IDENTITY_FIELDS && text <= ROSTER_IDENTITY_MAX; i++) {
        size_t length = strings[i] ? strnlen(strings[i], ROSTER_IDENTITY_MAX + 1) : 0;

        text += length;
        total += strings[i] ? length + 1 : 0;
    }
    return text <= ROSTER_IDENTITY_MAX ? total : SIZE_MAX;
}

int rst_identity_build(const struct roster_session_attr *attr, struct roster_identity **identity)
{
    const char *strings[RST_IDENTITY_FIELDS];
    struct roster_identity *made = *identity;
    size_t length, used = 0;
    int i;

    strings_of(attr, strings);
    length = length_of(strings);
    if (length == SIZE_MAX)
        return -ENAMETOOLONG;
    if (!made || made->capacity < length) {
        made = malloc(sizeof(*made) + length);
        if (!made)
            return -ENOMEM;
        free(*identity);
        made->capacity = (uint16_t)length;
    }
    for (i = 0; i < RST_IDENTITY_FIELDS; i++) {
        made->offset[i] = 0;
        if (strings[i]) {
            size_t size = strlen(strings[i]) + 1;

            memcpy(made->text + used, strings[i], size);
            made->offset[i] = (uint16_t)(used + 1);
            used += size;
        }
    }
    *identity = made;
    return 0;
}

static const char *field(const struct roster_identity *identity, enum rst_identity_field which)
{
    if (!identity || !identity->offset[which])
        return NULL;
    return identity->text + identity->offset[which] - 1;
}

const char *roster_identity_user(const struct roster_identity *identity)
{
    return field(identity, RST_IDENTITY_USER);
}

const char *roster_identity_host(const struct roster_identity *identity)
{
    return field(identity, RST_IDENTITY_HOST);
}

const char *roster_identity_database(const struct roster_identity *identity)
{
    return field(identity, RST_IDENTITY_DATABASE);
}

const char *roster_identity_application(const struct roster_identity *identity)
{
    return field(identity, RST_IDENTITY_APPLICATION);
}

const char *roster_identity_attributes(const struct roster_identity *identity)
{
    return field(identity, RST_IDENTITY_ATTRIBUTES);
}
