/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Text that grows, and JSON in it.
 */
#include "status/text.h"

#include "core/base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096
#define SECOND UINT64_C(1000000000)

void rst_status_text_free(struct text *text)
{
    budget_give(text->budget, text->size);
    free(text->data);
    text->data = NULL;
    text->length = text->size = text->read = 0;
    text->failed = false;
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
    data = budget_realloc(text->budget, text->data, text->size, size);
    text->failed = !data;
    if (!data)
        return false;
    text->data = data;
    text->size = size;
    return true;
}

void rst_status_text_add(struct text *text, const char *bytes, size_t length)
{
    if (!length || !reserve(text, length))
        return;
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->last = bytes[length - 1];
}

void rst_status_text_put(struct text *text, const char *string)
{
    rst_status_text_add(text, string, strlen(string));
}

void rst_status_text_printf(struct text *text, const char *format, ...)
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
        rst_status_text_add(text, line, (size_t)length);
}

static void escape(struct text *text, const char *at, size_t left)
{
    const char *end = at + left;
    char character[RST_UTF8_JSON_MAX];
    size_t run;

    while (at < end) {
        for (run = 0; at + run < end && rst_utf8_json_plain(at[run]); run++)
            ;
        rst_status_text_add(text, at, run);
        at += run;
        if (at < end)
            rst_status_text_add(text, character, rst_utf8_json(&at, (size_t)(end - at), character));
    }
}

/* A comma, unless something has just been opened, and the key. */
static void begin(struct text *text, const char *key)
{
    if (text->last && text->last != '{' && text->last != '[')
        rst_status_text_add(text, ",", 1);
    if (!key)
        return;
    rst_status_text_add(text, "\"", 1);
    rst_status_text_put(text, key);
    rst_status_text_add(text, "\":", 2);
}

/* A list of ten thousand sessions has a hundred thousand numbers: printf() would take half of the
 * time for all. */
static void put_decimal(struct text *text, uint64_t number)
{
    char digits[20], *first = digits + sizeof(digits);

    do
        *--first = "0123456789"[number % 10];
    while (number /= 10);
    rst_status_text_add(text, first, (size_t)(digits + sizeof(digits) - first));
}

void rst_status_text_seconds(struct text *text, int64_t ns)
{
    uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, rest = size % SECOND;
    char digits[] = ".000000000";
    size_t n;

    if (ns < 0)
        rst_status_text_add(text, "-", 1);
    put_decimal(text, size / SECOND);
    for (n = sizeof(digits) - 2; n; n--, rest /= 10)
        digits[n] = "0123456789"[rest % 10];
    for (n = sizeof(digits) - 1; digits[n - 1] == '0'; n--)
        ;
    rst_status_text_add(text, digits, n > 1 ? n : 0);
}

void rst_status_out_open(struct text *text, const char *key, char bracket)
{
    begin(text, key);
    rst_status_text_add(text, &bracket, 1);
}

void rst_status_out_close(struct text *text, char bracket)
{
    rst_status_text_add(text, &bracket, 1);
}

void rst_status_out_bytes(struct text *text, const char *key, const char *bytes, size_t length)
{
    if (!bytes) {
        rst_status_out_null(text, key);
        return;
    }
    begin(text, key);
    rst_status_text_add(text, "\"", 1);
    escape(text, bytes, length);
    rst_status_text_add(text, "\"", 1);
}

void rst_status_out_string(struct text *text, const char *key, const char *string)
{
    rst_status_out_bytes(text, key, string, string ? strlen(string) : 0);
}

void rst_status_out_number(struct text *text, const char *key, uint64_t number)
{
    begin(text, key);
    put_decimal(text, number);
}

void rst_status_out_signed(struct text *text, const char *key, int64_t number)
{
    begin(text, key);
    rst_status_text_printf(text, "%" PRId64, number);
}

void rst_status_out_id(struct text *text, const char *key, uint64_t id)
{
    begin(text, key);
    rst_status_text_add(text, "\"", 1);
    put_decimal(text, id);
    rst_status_text_add(text, "\"", 1);
}

void rst_status_out_bool(struct text *text, const char *key, bool value)
{
    begin(text, key);
    rst_status_text_put(text, value ? "true" : "false");
}

void rst_status_out_null(struct text *text, const char *key)
{
    begin(text, key);
    rst_status_text_put(text, "null");
}
