/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text that grows, and JSON in it.
 */
#include "config.h"

#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

void text_free(struct text *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}

static bool reserve(struct text *text, size_t more)
{
    size_t size = text->size ? text->size : FIRST_SIZE;
    char *data;

    if (text->failed)
        return false;
    if (text->length + more < text->size)
        return true;
    while (size <= text->length + more)
        size *= 2;
    data = size <= TEXT_MAX ? realloc(text->data, size) : NULL;
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    if (!length || !reserve(text, length))
        return;
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
}

void text_put(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    char line[512];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(line))
        text->failed = true;
    else
        text_add(text, line, (size_t)length);
}

/* How many bytes the character takes that begins here; 0 when it is no UTF-8. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *at < 0x80       ? 1
                    : *at >> 5 == 6  ? 2
                    : *at >> 4 == 14 ? 3
                    : *at >> 3 == 30 ? 4
                                     : 0;
    uint32_t point;
    size_t n;

    if (length < 2 || length > left)
        return length > left ? 0 : length;
    point = *at & (0x7fU >> length);
    for (n = 1; n < length; n++) {
        if (at[n] >> 6 != 2)
            return 0;
        point = point << 6 | (at[n] & 0x3f);
    }
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    return length;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '<' &&
           byte != '>' && byte != '&';
}

static void escape(struct text *text, const unsigned char *at, size_t left)
{
    size_t run, length;

    while (left) {
        for (run = 0; run < left && is_plain(at[run]); run++)
            ;
        text_add(text, (const char *)at, run);
        at += run;
        left -= run;
        if (!left)
            return;
        length = utf8_length(at, left);
        if (length > 1)
            text_add(text, (const char *)at, length);
        else
            text_printf(text, "\\u%04x", length ? *at : 0xfffdU);
        length += !length;
        at += length;
        left -= length;
    }
}

/* A comma, unless something has just been opened, and the key. */
static void begin(struct text *text, const char *key)
{
    char last = '{';

    if (text->length)
        last = text->data[text->length - 1];
    if (last != '{' && last != '[')
        text_add(text, ",", 1);
    if (!key)
        return;
    text_add(text, "\"", 1);
    text_put(text, key);
    text_add(text, "\":", 2);
}

/* A list of ten thousand sessions has a hundred thousand numbers: printf() would take half of the
 * time for all. */
static void put_decimal(struct text *text, uint64_t number)
{
    char digits[20], *first = digits + sizeof(digits);

    do
        *--first = "0123456789"[number % 10];
    while (number /= 10);
    text_add(text, first, (size_t)(digits + sizeof(digits) - first));
}

void out_open(struct text *text, const char *key, char bracket)
{
    begin(text, key);
    text_add(text, &bracket, 1);
}

void out_close(struct text *text, char bracket)
{
    text_add(text, &bracket, 1);
}

void out_bytes(struct text *text, const char *key, const char *bytes, size_t length)
{
    begin(text, key);
    text_add(text, "\"", 1);
    escape(text, (const unsigned char *)bytes, length);
    text_add(text, "\"", 1);
}

void out_string(struct text *text, const char *key, const char *string)
{
    if (string)
        out_bytes(text, key, string, strlen(string));
    else
        out_null(text, key);
}

void out_number(struct text *text, const char *key, uint64_t number)
{
    begin(text, key);
    put_decimal(text, number);
}

void out_signed(struct text *text, const char *key, int64_t number)
{
    begin(text, key);
    text_printf(text, "%" PRId64, number);
}

void out_id(struct text *text, const char *key, uint64_t id)
{
    begin(text, key);
    text_add(text, "\"", 1);
    put_decimal(text, id);
    text_add(text, "\"", 1);
}

void out_bool(struct text *text, const char *key, bool value)
{
    begin(text, key);
    text_put(text, value ? "true" : "false");
}

void out_null(struct text *text, const char *key)
{
    begin(text, key);
    text_put(text, "null");
}
