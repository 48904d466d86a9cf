/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner's side of digests. See roster/digests.h.
 */
#include "core/owner/owner.h"

#include "core/base/rcu.h"
#include "core/roster/digests.h"
#include "core/roster/side.h"

#include <string.h>

/* Between these two the owner writes. Data is stored with release, so that no reader sees it before
 * the odd version; pairs with the acquire loads in look(). */
static void write_begin(struct rst_digests *digests)
{
    rst_store(&digests->version, digests->version + 1);
}

static void write_end(struct rst_digests *digests)
{
    rst_store_release(&digests->version, digests->version + 1); /* pairs with look() */
}

void rst_digests_add_slow(struct roster_session *session, const char *digest, size_t length)
{
    struct rst_digests *digests = session->side->digests;
    uint64_t words[RST_DIGEST_WORDS] = {0};
    size_t i;

    if (!length)
        return;
    memcpy(words, digest, length);
    write_begin(digests);
    if (digests->total < ROSTER_DIGESTS_KEPT) {
        struct rst_digest *kept = &digests->kept[digests->total];

        rst_store_release(&kept->length, length);
        for (i = 0; i < RST_DIGEST_WORDS; i++)
            rst_store_release(&kept->words[i], words[i]);
    }
    rst_store_release(&digests->total, digests->total + 1);
    write_end(digests);
}

void rst_digests_clear_slow(struct roster_session *session)
{
    struct rst_digests *digests = session->side->digests;

    if (!digests->total)
        return;
    write_begin(digests);
    rst_store_release(&digests->total, 0);
    write_end(digests);
}
