/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/bytes.h"

#include <string.h>

int rst_store_bytes_compare(struct roster_store_bytes a, struct roster_store_bytes b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

bool rst_store_bytes_equal(struct roster_store_bytes a, struct roster_store_bytes b)
{
    return a.size == b.size && rst_store_bytes_compare(a, b) == 0;
}

bool rst_store_bytes_begins(struct roster_store_bytes bytes, struct roster_store_bytes prefix)
{
    return prefix.size == 0 ||
           (bytes.size >= prefix.size && memcmp(bytes.data, prefix.data, prefix.size) == 0);
}

bool rst_store_keys_match(const struct roster_store_keys *keys, struct roster_store_bytes key)
{
    if (!keys->prefix)
        return rst_store_bytes_equal(keys->key, key);
    return rst_store_bytes_begins(key, keys->key) &&
           (keys->after.size == 0 || rst_store_bytes_compare(key, keys->after) > 0);
}

struct roster_store_bytes rst_store_keys_first(const struct roster_store_keys *keys)
{
    return keys->prefix && keys->after.size > 0 ? keys->after : keys->key;
}

size_t rst_store_prefix_end(struct roster_store_bytes prefix, unsigned char *end)
{
    size_t size = prefix.size;

    if (size == 0)
        return 0;
    memcpy(end, prefix.data, size);
    while (size > 0 && end[size - 1] == 0xff)
        size--;
    if (size > 0)
        end[size - 1]++;
    return size;
}
