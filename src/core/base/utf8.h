/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * UTF-8 in text chosen by clients. All code that writes or shows such text uses these functions to
 * find characters, to encode them in JSON, and to keep control characters from terminals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Replaces a byte that is not part of a character. */
#define RST_UTF8_REPLACEMENT UINT32_C(0xfffd)

/*
 * Decodes the character that begins at `at`, reading at most `left` bytes; `left` is not 0.
 * Returns its length and stores its code point; for an invalid byte (truncated, overlong, a
 * surrogate, above U+10FFFF) it returns 0 and stores the replacement: skip one byte then.
 */
static inline size_t rst_utf8_next(const char *text, size_t left, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t length = *at < 0x80       ? 1
                    : *at >> 5 == 6  ? 2
                    : *at >> 4 == 14 ? 3
                    : *at >> 3 == 30 ? 4
                                     : 0;
    uint32_t value = length > 1 ? *at & (0x7fU >> length) : *at;
    size_t n;

    *point = RST_UTF8_REPLACEMENT;
    if (!length || length > left)
        return 0;
    for (n = 1; n < length; n++) {
        if (at[n] >> 6 != 2)
            return 0;
        value = value << 6 | (at[n] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *point = value;
    return length;
}

/*
 * Cuts a longer text to `most` bytes, or up to three less, so that no character is split. Text that
 * is not UTF-8 may have no start of a character nearby; it is cut at `most`.
 */
static inline size_t rst_utf8_cut(const char *text, size_t most)
{
    size_t length = most;

    while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return most - length < 4 ? length : most;
}

/*
 * Whether a character controls the display instead of being displayed: controls (C0, DEL, C1), line
 * separators, invisible and bidirectional formatting, all others for which Unicode has no glyph
 * (its Default_Ignorable_Code_Point: fillers, variation selectors, tags), and the noncharacters
 * U+FFFE, U+FFFF.
 */
static inline bool rst_utf8_steers(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
                  {0x61c, 0x61c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
                  {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
                  {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
                  {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
    size_t n;

    for (n = 0; n < sizeof(ranges) / sizeof(ranges[0]) && ranges[n].first <= point; n++)
        if (point <= ranges[n].last)
            return true;
    return false;
}

/* The most bytes that rst_utf8_json() writes for one byte, and at all. */
#define RST_UTF8_JSON_PER_BYTE 6
#define RST_UTF8_JSON_MAX 12

/* Whether a byte needs no escape in a JSON string, also within HTML. */
static inline bool rst_utf8_json_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '<' &&
           byte != '>' && byte != '&';
}

static inline size_t rst_utf8_json_unit(uint32_t unit, char *to)
{
    static const char hex[] = "0123456789abcdef";

    to[0] = '\\';
    to[1] = 'u';
    to[2] = hex[unit >> 12];
    to[3] = hex[unit >> 8 & 15];
    to[4] = hex[unit >> 4 & 15];
    to[5] = hex[unit & 15];
    return 6;
}

/*
 * Writes the character at `*text` as part of a JSON string, without a NUL, returns the length
 * written and advances `*text`. An invalid byte becomes U+FFFD, as does U+0000, which C programs
 * refuse or take for the end. Characters that control a display or HTML are escaped.
 */
static inline size_t rst_utf8_json(const char **text, size_t left, char to[RST_UTF8_JSON_MAX])
{
    uint32_t point;
    size_t length = rst_utf8_next(*text, left, &point), n;
    const char *from = *text;

    *text += length ? length : 1;
    if (!length || !point)
        return rst_utf8_json_unit(RST_UTF8_REPLACEMENT, to);
    if (point > 0xffff && rst_utf8_steers(point)) {
        point -= 0x10000;
        return rst_utf8_json_unit(0xd800 + (point >> 10), to) +
               rst_utf8_json_unit(0xdc00 + (point & 0x3ff), to + 6);
    }
    if (length == 1 ? !rst_utf8_json_plain(*from) : rst_utf8_steers(point))
        return rst_utf8_json_unit(point, to);
    for (n = 0; n < length; n++)
        to[n] = from[n];
    return length;
}
