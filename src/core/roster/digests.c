/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The digests of a transaction's statements. See digests.h.
 */
#include "core/roster/digests.h"

#include "core/roster/session.h"
#include "core/roster/side.h"

#include <string.h>

#define MOST_LOOKS 1000

/* Between these two the owner writes. Data is stored with release, so that nobody sees it before
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

static bool look(const struct rst_digests *digests, struct rst_digests *copy)
{
    uint64_t version = rst_load_acquire(&digests->version); /* pairs with write_end() */
    size_t n, i;

    copy->version = version;
    copy->total = rst_load_acquire(&digests->total);
    for (n = 0; n < copy->total && n < ROSTER_DIGESTS_KEPT; n++) {
        copy->kept[n].length = rst_load_acquire(&digests->kept[n].length);
        for (i = 0; i < RST_DIGEST_WORDS; i++)
            copy->kept[n].words[i] = rst_load_acquire(&digests->kept[n].words[i]);
    }
    /* After the acquire loads: pairs with write_begin() of whoever wrote what they saw. */
    return !(version & 1) && rst_load(&digests->version) == version;
}

bool rst_digests_copy(const struct rst_digests *digests, struct rst_digests *copy)
{
    int looks;

    for (looks = 0; looks < MOST_LOOKS; looks++)
        if (look(digests, copy))
            return true;
    return false;
}

size_t rst_digests_json(const struct rst_digests *copy, char *json)
{
    size_t n, i, length = 0;
    char character[RST_UTF8_JSON_MAX];

    json[length++] = '[';
    for (n = 0; n < copy->total && n < ROSTER_DIGESTS_KEPT; n++) {
        const char *at = (const char *)copy->kept[n].words, *end = at + copy->kept[n].length;

        if (n)
            json[length++] = ',';
        json[length++] = '"';
        while (at < end) {
            i = rst_utf8_json(&at, (size_t)(end - at), character);
            memcpy(json + length, character, i);
            length += i;
        }
        json[length++] = '"';
    }
    json[length++] = ']';
    json[length] = '\0';
    return length;
}
