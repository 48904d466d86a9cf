/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identities: who a session is, as one immutable block with its strings.
 */
#ifndef ROSTER_CORE_IDENTITY_H
#define ROSTER_CORE_IDENTITY_H

#include <roster/session.h>
#include <roster/view.h>
#include <stdint.h>

enum rst_identity_field {
    RST_IDENTITY_USER,
    RST_IDENTITY_HOST,
    RST_IDENTITY_DATABASE,
    RST_IDENTITY_APPLICATION,
    RST_IDENTITY_ATTRIBUTES,
    RST_IDENTITY_FIELDS,
};

struct roster_identity {
    uint16_t capacity;                    /* bytes in `text` */
    uint16_t offset[RST_IDENTITY_FIELDS]; /* into `text`, plus 1; 0 when not known */
    char text[];
};

/*
 * Builds an identity from attr's strings. `*identity` may lead to an old one that nobody can see
 * any more: it is used again if it is large enough, else freed. Returns 0, -ENAMETOOLONG or
 * -ENOMEM; after an error `*identity` is unchanged.
 */
int rst_identity_build(const struct roster_session_attr *attr, struct roster_identity **identity);

#endif /* ROSTER_CORE_IDENTITY_H */
