/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * ASCII letters, independent of the host's locale: in Turkish, i and I are different letters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline char ascii_lower(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte + ('a' - 'A'));
    return byte;
}

/* Whether two texts of one length are the same but for case. */
static inline bool ascii_same(const char *a, const char *b, size_t length)
{
    size_t n;

    for (n = 0; n < length; n++)
        if (ascii_lower(a[n]) != ascii_lower(b[n]))
            return false;
    return true;
}

/* Whether `text`, which need not end with a NUL, is `word` but for case. */
static inline bool ascii_is(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && ascii_same(text, word, length);
}

/* Whether it begins with the first `start` bytes of `word`. */
static inline bool ascii_starts(const char *text, size_t length, const char *word, size_t start)
{
    return length >= start && ascii_same(text, word, start);
}

/* Whether `word` is somewhere in `text`. */
static inline bool ascii_contains(const char *text, const char *word)
{
    size_t length = strlen(word);

    while (strlen(text) >= length && !ascii_same(text, word, length))
        text++;
    return strlen(text) >= length;
}

/* The characters of an HTTP name: RFC 9110, 5.6.2. */
static inline bool ascii_is_token(char byte)
{
    return byte > ' ' && byte < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", byte);
}
