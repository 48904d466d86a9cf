/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "mariadb/text.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Of a word without quotes; other characters than ASCII's are letters to the server. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c & 0x80;
}

static void skip(struct rst_mdb_text *text, size_t length)
{
    text->text += length;
    text->length -= length;
}

static bool starts(const struct rst_mdb_text *text, const char *with)
{
    size_t length = strlen(with);

    return text->length >= length && memcmp(text->text, with, length) == 0;
}

/* Whether the text ends with another one, which is cut off. */
static bool cut(struct rst_mdb_text *text, const char *end)
{
    size_t length = strlen(end);

    if (text->length < length || memcmp(text->text + text->length - length, end, length) != 0)
        return false;
    text->length -= length;
    return true;
}

/* Cuts off what follows the last `mark` and returns it; the mark goes as well. */
static bool split_last(struct rst_mdb_text *text, const char *mark, struct rst_mdb_text *after)
{
    struct rst_mdb_text before = *text;

    while (!cut(&before, mark))
        if (!before.length--)
            return false;
    after->text = text->text + before.length + strlen(mark);
    after->length = text->length - before.length - strlen(mark);
    *text = before;
    return true;
}

static struct rst_mdb_text known(struct rst_mdb_text text)
{
    if (!text.length)
        text.text = NULL;
    return text;
}

/* An account is the user again, but for an anonymous one; either may contain brackets. */
static struct rst_mdb_text user_of(struct rst_mdb_text both)
{
    size_t half = both.length / 2;
    const char *bracket;

    if (both.length % 2 && both.text[half] == '[' &&
        memcmp(both.text, both.text + half + 1, half) == 0)
        return (struct rst_mdb_text){both.text, half};
    bracket = both.length ? memchr(both.text, '[', both.length) : NULL;
    if (!bracket)
        return (struct rst_mdb_text){NULL, 0};
    skip(&both, (size_t)(bracket + 1 - both.text));
    return both;
}

bool rst_mdb_account(struct rst_mdb_text who, struct rst_mdb_text *user, struct rst_mdb_text *host)
{
    struct rst_mdb_text address;

    /* From the end: a user's name may look like any of this, an address and a host may not. */
    if (!cut(&who, "]") || !split_last(&who, " [", &address) || !split_last(&who, "] @ ", host))
        return false;
    if (!memchr(who.text, '[', who.length))
        return false;
    *user = known(user_of(who));
    *host = known(host->length ? *host : address);
    return true;
}

/* What makes "--" the beginning of a comment. */
static bool ends_dashes(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The length of a comment at the beginning, 0 for none. What "/\*!" or "/\*M!" hides is executed.
 */
static size_t comment(const struct rst_mdb_text *text)
{
    const char *end;

    if (starts(text, "#") ||
        (starts(text, "--") && (text->length == 2 || ends_dashes(text->text[2])))) {
        end = memchr(text->text, '\n', text->length);
        return end ? (size_t)(end + 1 - text->text) : text->length;
    }
    if (!starts(text, "/*") || starts(text, "/*!") || starts(text, "/*M!"))
        return 0;
    end = memmem(text->text + 2, text->length - 2, "*/", 2);
    return end ? (size_t)(end + 2 - text->text) : text->length;
}

/* Skips what is before a word. */
static void skip_blank(struct rst_mdb_text *text)
{
    size_t length;

    while (text->length) {
        length = comment(text);
        if (!length && starts(text, "/*M!"))
            length = 4;
        if (!length && starts(text, "/*!"))
            length = 3;
        if (!length && (is_space(*text->text) || strchr("();*/", *text->text)))
            length = 1;
        if (!length)
            return;
        skip(text, length);
        /* The version in front of what is executed. */
        while (length > 2 && text->length && is_digit(*text->text))
            skip(text, 1);
    }
}

/* Takes the next word, in any case, and returns whether it is `word`; NULL takes any. */
static bool take(struct rst_mdb_text *text, const char *word)
{
    size_t length = 0;

    skip_blank(text);
    while (length < text->length && is_letter(text->text[length]))
        length++;
    if (!length || (word && !ascii_is(text->text, length, word)))
        return false;
    skip(text, length);
    return true;
}

bool rst_mdb_is_commit(struct rst_mdb_text statement)
{
    if (take(&statement, "commit"))
        return true;
    if (!take(&statement, "rollback"))
        return false;
    (void)take(&statement, "work");
    return !take(&statement, "to"); /* a savepoint */
}

bool rst_mdb_ends_txn(struct rst_mdb_text statement)
{
    static const char *const commits[] = {
        "alter", "analyze", "begin", "cache", "change",   "check",     "flush",
        "grant", "install", "load",  "lock",  "optimize", "rename",    "repair",
        "reset", "revoke",  "start", "stop",  "truncate", "uninstall",
    };
    size_t n;

    if (rst_mdb_is_commit(statement))
        return true;
    for (n = 0; n < sizeof(commits) / sizeof(*commits); n++)
        if (take(&statement, commits[n]))
            /* LOAD DATA is a statement as others; LOAD INDEX commits. */
            return strcmp(commits[n], "load") != 0 || take(&statement, "index");
    if (take(&statement, "drop"))
        return !take(&statement, "temporary") && !take(&statement, "prepare");
    if (!take(&statement, "create"))
        return false;
    if (take(&statement, "or"))
        (void)take(&statement, "replace");
    return !take(&statement, "temporary");
}

struct rst_mdb_text rst_mdb_rest(struct rst_mdb_text all, size_t length)
{
    if (!all.text || length >= all.length)
        return (struct rst_mdb_text){NULL, 0};
    skip(&all, length);
    while (all.length && (*all.text == ';' || is_space(*all.text)))
        skip(&all, 1);
    return known(all);
}

enum piece { PIECE_OTHER, PIECE_LITERAL, PIECE_PLACEHOLDER, PIECE_UNCERTAIN };

/*
 * The length of the quoted string at the beginning, to the end of its quote. A quote behind an odd
 * number of backslashes ends it or does not, as sql_mode says: then `*certain` is false.
 */
static size_t quoted(const struct rst_mdb_text *text, bool *certain)
{
    char quote = *text->text;
    size_t n = 1, slashes = 0;

    while (n < text->length) {
        if (text->text[n] == '\\' && quote != '`') {
            slashes++;
        } else {
            if (text->text[n] == quote) {
                if (slashes % 2) {
                    *certain = false;
                    return n + 1;
                }
                if (n + 1 == text->length || text->text[n + 1] != quote)
                    return n + 1;
                n++;
            }
            slashes = 0;
        }
        n++;
    }
    *certain = false; /* it has no end */
    return text->length;
}

/* x'4a', n'text', 0x4a, 1.5e-3: the letters in front belong to the literal. */
static size_t word(const struct rst_mdb_text *text)
{
    size_t n = 0;

    while (n < text->length && (is_letter(text->text[n]) || is_digit(text->text[n])))
        n++;
    return n;
}

static size_t number(const struct rst_mdb_text *text)
{
    size_t n = 0;

    while (n < text->length &&
           (is_letter(text->text[n]) || is_digit(text->text[n]) || text->text[n] == '.' ||
            (strchr("+-", text->text[n]) && n && (text->text[n - 1] | 0x20) == 'e')))
        n++;
    return n;
}

static bool is_utf8(struct rst_mdb_text text)
{
    uint32_t point;
    size_t length;

    for (; text.length; skip(&text, length)) {
        length = rst_utf8_next(text.text, text.length, &point);
        if (!length)
            return false;
    }
    return true;
}

/*
 * How much of a statement can be read without its character set. In some (GBK, Shift JIS, Big5)
 * the second byte of a character may be that of a backtick or a backslash; in others a character
 * beyond ASCII is a space.
 */
static size_t readable(struct rst_mdb_text text)
{
    size_t n;

    for (n = 1; n < text.length; n++)
        if ((text.text[n - 1] & 0x80 && (text.text[n] == '`' || text.text[n] == '\\')) ||
            (text.text[n - 1] == '-' && text.text[n] & 0x80))
            return is_utf8(text) ? text.length : n;
    return text.length;
}

/* Takes the next piece of a statement, which is not empty: what it is, and its length. */
static enum piece piece(const struct rst_mdb_text *text, size_t *length)
{
    bool certain = true;

    *length = comment(text);
    if (*length)
        return PIECE_OTHER;
    if (strchr("'\"`", *text->text) && *text->text) {
        *length = quoted(text, &certain);
        if (!certain)
            return PIECE_UNCERTAIN;
        return *text->text == '`' ? PIECE_OTHER : PIECE_LITERAL;
    }
    if (is_digit(*text->text) ||
        (*text->text == '.' && text->length > 1 && is_digit(text->text[1]))) {
        *length = number(text);
        return PIECE_LITERAL;
    }
    *length = is_letter(*text->text) ? word(text) : 1;
    return *text->text == '?' ? PIECE_PLACEHOLDER : PIECE_OTHER;
}

size_t rst_mdb_mask(struct rst_mdb_text statement, char *to, size_t room)
{
    enum piece kind = PIECE_OTHER;
    size_t used = 0, length, left_out = statement.length;

    statement.length = readable(statement);
    left_out -= statement.length;
    while (statement.length && used < room && kind != PIECE_UNCERTAIN) {
        kind = piece(&statement, &length);
        if (kind == PIECE_LITERAL || kind == PIECE_UNCERTAIN) {
            to[used++] = '?';
        } else {
            size_t copied = length < room - used ? length : room - used;

            memcpy(to + used, statement.text, copied);
            used += copied;
        }
        skip(&statement, length);
    }
    if (left_out && used < room && kind != PIECE_UNCERTAIN)
        to[used++] = '?';
    return used;
}

bool rst_mdb_has_placeholder(struct rst_mdb_text statement)
{
    enum piece kind = PIECE_OTHER;
    size_t length;

    statement.length = readable(statement);
    while (statement.length && kind != PIECE_PLACEHOLDER && kind != PIECE_UNCERTAIN) {
        kind = piece(&statement, &length);
        skip(&statement, length);
    }
    return kind == PIECE_PLACEHOLDER;
}

bool rst_mdb_has_variables(struct rst_mdb_text statement)
{
    static const char name[] = "NAME_CONST(";

    return statement.length && memmem(statement.text, statement.length, name, sizeof(name) - 1);
}

/* The end of the last place where the text has that word; 0: nowhere. */
static size_t last(struct rst_mdb_text text, const char *word)
{
    size_t length = strlen(word), end;

    for (end = text.length; end >= length; end--) {
        const char *at = text.text + end - length;

        if ((*at | 0x20) == *word && ascii_same(at, word, length))
            return end;
    }
    return 0;
}

size_t rst_mdb_password(struct rst_mdb_text text)
{
    size_t password = last(text, "password"), identified = last(text, "identified");

    return password > identified ? password : identified;
}
