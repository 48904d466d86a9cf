/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replies in the Redis protocol (RESP2), appended to a buffer.
 */
#include "config.h"

#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void header(struct buf *out, char type, int64_t number)
{
    char line[32];
    int len = snprintf(line, sizeof(line), "%c%" PRId64 "\r\n", type, number);

    buf_append(out, line, (size_t)len);
}

void reply_status(struct buf *out, const char *text)
{
    buf_append(out, "+", 1);
    buf_append(out, text, strlen(text));
    buf_append(out, "\r\n", 2);
}

void reply_integer(struct buf *out, int64_t value)
{
    header(out, ':', value);
}

void reply_bulk(struct buf *out, const char *data, size_t len)
{
    header(out, '$', (int64_t)len);
    buf_append(out, data, len);
    buf_append(out, "\r\n", 2);
}

void reply_string(struct buf *out, const char *text)
{
    if (text)
        reply_bulk(out, text, strlen(text));
    else
        reply_nil(out);
}

void reply_nil(struct buf *out)
{
    buf_append(out, "$-1\r\n", 5);
}

void reply_array(struct buf *out, size_t count)
{
    header(out, '*', (int64_t)count);
}

void reply_error(struct buf *out, const char *format, ...)
{
    size_t at = out->len;
    va_list args;

    buf_append(out, "-", 1);
    va_start(args, format);
    buf_vprintf(out, format, args);
    va_end(args);
    for (; at < out->len; at++)
        if (out->data[at] < ' ')
            out->data[at] = '?';
    buf_append(out, "\r\n", 2);
}
