/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Keys in statements: of files that an encrypting SQLite (SEE, SQLCipher and others) opens. They
 * are cut off, with all that follows them.
 */
#include "sqlite/extension.h"

#include "core/base/ascii.h"

#include <stdlib.h>
#include <string.h>

/* A piece of a statement: a word, a quoted text with its quotes, or a character. */
struct piece {
    const char *text;
    size_t length;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c & 0x80;
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"' || c == '`' || c == '[';
}

static size_t quoted(const char *text)
{
    char end = *text;
    size_t n;

    if (end == '[')
        end = ']';
    for (n = 1; text[n]; n++)
        if (text[n] == end) {
            if (end == ']' || text[n + 1] != end)
                return n + 1;
            n++;
        }
    return n;
}

/* Takes the piece behind `at`; false at the end. */
static bool take(const char **at, struct piece *piece)
{
    piece->text = rst_ext_first_word(*at);
    piece->length = *piece->text != '\0';
    if (is_quote(*piece->text))
        piece->length = quoted(piece->text);
    else
        while (is_letter(*piece->text) && is_letter(piece->text[piece->length]))
            piece->length++;
    *at = piece->text + piece->length;
    return piece->length > 0;
}

/* Whether it is that word, also in quotes. */
static bool is_word(struct piece piece, const char *word)
{
    if (piece.length > 2 && is_quote(*piece.text)) {
        piece.text++;
        piece.length -= 2;
    }
    return ascii_is(piece.text, piece.length, word);
}

/* PRAGMA [SCHEMA.]NAME, and a value or none. */
static const char *end_of_pragma(const char *at)
{
    static const char *const names[] = {"key",      "rekey",   "hexkey",
                                        "hexrekey", "textkey", "textrekey"};
    struct piece name, dot;
    const char *after;
    size_t n;

    if (!take(&at, &name))
        return NULL;
    after = at;
    if (take(&after, &dot) && *dot.text == '.' && take(&after, &name))
        at = after;
    for (n = 0; n < sizeof(names) / sizeof(*names); n++)
        if (is_word(name, names[n]))
            return at;
    return NULL;
}

/* KEY and an expression; or a file as a URI, among whose parameters a key may be, also as %6bey. A
 * name that an expression puts together may be one, and have its parameters in any of its parts. */
static const char *end_of_file(const char *at)
{
    struct piece piece;
    const char *query;

    while (take(&at, &piece)) {
        if (!is_quote(*piece.text) && is_word(piece, "key"))
            return at;
        if (*piece.text == '|' || *piece.text == '(')
            return piece.text;
        query = is_quote(*piece.text) ? memchr(piece.text, '?', piece.length) : NULL;
        if (query && (strchr(query, '%') || ascii_contains(query, "key")))
            return query;
    }
    return NULL;
}

size_t rst_ext_without_key(const char *sql)
{
    const char *at = sql, *end = NULL;
    struct piece piece;

    if (!take(&at, &piece))
        return strlen(sql);
    if (is_word(piece, "pragma"))
        end = end_of_pragma(at);
    else if (is_word(piece, "attach") || is_word(piece, "vacuum"))
        end = end_of_file(at);
    return end ? (size_t)(end - sql) : strlen(sql);
}
