/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Structs that begin with their size. See struct_size.h.
 */
#include "core/base/struct_size.h"

#include <errno.h>
#include <string.h>

int rst_struct_check(size_t size, size_t known_size, size_t first_size)
{
    if (size < first_size)
        return -EINVAL;
    return size > known_size ? -E2BIG : 0;
}

int rst_struct_get(void *known, size_t known_size, size_t first_size, const void *callers)
{
    const unsigned char *bytes = callers;
    size_t size, i;

    memcpy(&size, callers, sizeof(size));
    if (size < first_size)
        return -EINVAL;
    for (i = known_size; i < size; i++)
        if (bytes[i])
            return -E2BIG;
    memset(known, 0, known_size);
    memcpy(known, callers, size < known_size ? size : known_size);
    return 0;
}
