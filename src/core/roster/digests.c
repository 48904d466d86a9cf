/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The digests of a transaction's statements. See digests.h.
 */
#include "core/roster/digests.h"

#include <string.h>

#define MOST_LOOKS 1000

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
    /* After the acquire loads: pairs with write_begin() of the writer that they saw. */
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
