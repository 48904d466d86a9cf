/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Base64 with the standard alphabet and padding, as in JSON made from protocol buffers. */
#ifndef ROSTER_STORE_ETCD_BASE64_H
#define ROSTER_STORE_ETCD_BASE64_H

#include <stddef.h>

/* Length of the text for a number of bytes, without a final zero. */
static inline size_t store_base64_encoded_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

/* Bytes that a text of this length can stand for at most. */
static inline size_t store_base64_decoded_size(size_t length)
{
    return length / 4 * 3;
}

void rst_store_base64_encode(const void *data, size_t size, char *text);

/*
 * Decodes and stores the number of bytes; -EPROTO unless the text is exactly what
 * rst_store_base64_encode() makes of those bytes.
 */
int rst_store_base64_decode(const char *text, size_t length, void *data, size_t *size);

#endif
