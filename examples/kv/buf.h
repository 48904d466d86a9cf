/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A growing buffer with an upper limit.
 */
#ifndef KV_BUF_H
#define KV_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that belong to someone else. */
struct slice {
    const char *data;
    size_t len;
};

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t limit; /* 0: none */
    bool failed;  /* something did not fit, or memory was out: it is missing from here on */
};

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cuts off what came after `len`, and forgets a failure since. */
void buf_truncate(struct buf *buf, size_t len);

/* Empties it; a large buffer is given back. */
void buf_clear(struct buf *buf);

void buf_free(struct buf *buf);

#endif
