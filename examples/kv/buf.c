/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A growing buffer with an upper limit.
 */
#include "config.h"

#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MAX 16384 /* an idle connection holds no more than this */

static bool reserve(struct buf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap : 256;
    char *data;

    if (buf->failed || (buf->limit && more > buf->limit - buf->len))
        return false;
    while (cap - buf->len < more)
        cap *= 2;
    if (cap == buf->cap)
        return true;
    data = realloc(buf->data, cap);
    if (!data)
        return false;
    buf->data = data;
    buf->cap = cap;
    return true;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    if (!reserve(buf, len)) {
        buf->failed = true;
        return;
    }
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len < 0 || !reserve(buf, (size_t)len + 1)) {
        buf->failed = true;
    } else {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
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
    buf->len = buf->cap = 0;
    buf->failed = false;
}
