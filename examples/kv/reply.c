/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Buffers and replies.
 */
#include "config.h"

#include "reply.h"

#include <inttypes.h>
#include <roster/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MAX 16384 /* an idle connection holds no more than this */

static bool reserve(struct buf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap : 256;
    char *data;

    if (buf->failed || (buf->limit && more > buf->limit - buf->len))
        return !(buf->failed = true);
    while (cap - buf->len < more)
        cap *= 2;
    if (cap == buf->cap)
        return true;
    data = realloc(buf->data, cap);
    if (!data)
        return !(buf->failed = true);
    buf->data = data;
    buf->cap = cap;
    return true;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    if (!len || !reserve(buf, len))
        return;
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

__attribute__((format(printf, 2, 0))) static void append_args(struct buf *buf, const char *format,
                                                              va_list args)
{
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (reserve(buf, (size_t)len + 1)) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    append_args(buf, format, args);
    va_end(args);
}

void buf_show(struct buf *buf, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (reserve(buf, len + 1))
        buf->len += roster_text_show(text, len, buf->data + buf->len, len + 1);
}

void buf_truncate(struct buf *buf, size_t len)
{
    buf->len = len;
    buf->failed = false;
}

void buf_clear(struct buf *buf)
{
    buf_truncate(buf, 0);
    if (buf->cap > KEEP_MAX)
        buf_free(buf);
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->cap = 0;
    buf_truncate(buf, 0);
}

void buf_move(struct buf *to, struct buf *from)
{
    free(to->data);
    to->data = from->data;
    to->len = from->len;
    to->cap = from->cap;
    from->data = NULL;
    from->len = from->cap = 0;
}

static int header(struct buf *out, char type, int64_t number)
{
    char line[32];
    int len = snprintf(line, sizeof(line), "%c%" PRId64 "\r\n", type, number);

    buf_append(out, line, (size_t)len);
    return 0;
}

int reply_status(struct buf *out, const char *text)
{
    buf_append(out, "+", 1);
    buf_append(out, text, strlen(text));
    buf_append(out, "\r\n", 2);
    return 0;
}

int reply_statusf(struct buf *out, const char *format, ...)
{
    va_list args;

    buf_append(out, "+", 1);
    va_start(args, format);
    append_args(out, format, args);
    va_end(args);
    buf_append(out, "\r\n", 2);
    return 0;
}

int reply_integer(struct buf *out, int64_t value)
{
    return header(out, ':', value);
}

int reply_bulk(struct buf *out, const char *data, size_t len)
{
    header(out, '$', (int64_t)len);
    buf_append(out, data, len);
    buf_append(out, "\r\n", 2);
    return 0;
}

int reply_string(struct buf *out, const char *text)
{
    if (text)
        return reply_bulk(out, text, strlen(text));
    if (!out->resp3)
        return header(out, '$', -1);
    buf_append(out, "_\r\n", 3);
    return 0;
}

int reply_array(struct buf *out, size_t count)
{
    return header(out, '*', (int64_t)count);
}

int reply_set(struct buf *out, size_t count)
{
    return header(out, out->resp3 ? '~' : '*', (int64_t)count);
}

int reply_map(struct buf *out, size_t pairs)
{
    return out->resp3 ? header(out, '%', (int64_t)pairs) : header(out, '*', (int64_t)(2 * pairs));
}

int reply_text(struct buf *out, const char *data, size_t len)
{
    if (!out->resp3)
        return reply_bulk(out, data, len);
    header(out, '=', (int64_t)len + 4);
    buf_append(out, "txt:", 4);
    buf_append(out, data, len);
    buf_append(out, "\r\n", 2);
    return 0;
}

int reply_error(struct buf *out, const char *format, ...)
{
    size_t at = out->len;
    va_list args;

    buf_append(out, "-", 1);
    va_start(args, format);
    append_args(out, format, args);
    va_end(args);
    for (; at < out->len; at++)
        if (out->data[at] < ' ')
            out->data[at] = '?';
    buf_append(out, "\r\n", 2);
    return 0;
}
