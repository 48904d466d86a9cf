/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Structs that begin with their size. See struct_size.h.
 */
#include "core/base/struct_size.h"

#include <errno.h>
#include <string.h>

/* More than any struct has: a size above it was never set, and is not to be read up to. */
#define SIZE_MOST ((size_t)64 * 1024)

int rst_struct_check(const void *callers, size_t known_size, size_t first_size)
{
    const unsigned char *bytes = callers;
    size_t size, i;

    memcpy(&size, callers, sizeof(size));
    if (size < first_size)
        return -EINVAL;
    if (size > SIZE_MOST)
        return -E2BIG;
    for (i = known_size; i < size; i++)
        if (bytes[i])
            return -E2BIG;
    return 0;
}

int rst_struct_get(void *known, size_t known_size, size_t first_size, const void *callers)
{
    int err = callers ? rst_struct_check(callers, known_size, first_size) : 0;
    size_t size;

    if (err)
        return err;
    memset(known, 0, known_size);
    if (callers) {
        memcpy(&size, callers, sizeof(size));
        memcpy(known, callers, size < known_size ? size : known_size);
    }
    memcpy(known, &known_size, sizeof(known_size));
    return 0;
}

void rst_struct_put(void *callers, const void *known, size_t known_size)
{
    size_t size;

    memcpy(&size, callers, sizeof(size));
    if (size > known_size)
        size = known_size;
    memcpy((char *)callers + sizeof(size), (const char *)known + sizeof(size), size - sizeof(size));
}
