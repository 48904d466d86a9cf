/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Base64 with padding, as JSON has bytes. */

#include "store/etcd/json.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void rst_store_base64_encode(const void *data, size_t size, char *text)
{
    const unsigned char *in = data;
    size_t i;

    for (i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)in[i] << 16;

        if (left > 1)
            bits |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            bits |= in[i + 2];
        *text++ = alphabet[bits >> 18];
        *text++ = alphabet[bits >> 12 & 63];
        *text++ = (char)(left > 1 ? alphabet[bits >> 6 & 63] : '=');
        *text++ = (char)(left > 2 ? alphabet[bits & 63] : '=');
    }
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Decodes a group of four into up to three bytes and returns how many, or -EPROTO. */
static int decode_group(const char *text, unsigned char *out)
{
    int count = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
    uint32_t bits = 0;
    int i;

    for (i = 0; i < 4; i++) {
        int d = i <= count ? digit(text[i]) : 0;

        if (d < 0)
            return -EPROTO;
        bits = bits << 6 | (uint32_t)d;
    }
    /* Bits that no byte takes up would make several texts mean the same. */
    if ((count == 1 && (bits & 0xffff) != 0) || (count == 2 && (bits & 0xff) != 0))
        return -EPROTO;
    for (i = 0; i < count; i++)
        out[i] = (unsigned char)(bits >> (16 - 8 * i));
    return count;
}

int rst_store_base64_decode(const char *text, size_t length, void *data, size_t *size)
{
    unsigned char *out = data;
    size_t i;

    *size = 0;
    if (length % 4 != 0)
        return -EPROTO;
    for (i = 0; i < length; i += 4) {
        int count = decode_group(text + i, out + *size);

        /* Padding ends the text. */
        if (count < 0 || (count < 3 && i + 4 != length))
            return -EPROTO;
        *size += (size_t)count;
    }
    return 0;
}
